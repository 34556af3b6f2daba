/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structure offsets for assembly. Compiled to assembler text only, from
 * which the build makes generated/asm_offsets.h.
 */
#include <core/percpu.h>
#include <core/vcpu.h>

#define OFFSET(name, value) \
	__asm__ volatile("\n.ascii \"->" #name " %0\"" : : "i"(value))

void asm_offsets(void);

void asm_offsets(void)
{
	OFFSET(REGS_VCPU, offsetof(struct guest_regs, vcpu));
	OFFSET(REGS_SIZE, sizeof(struct guest_regs));
	OFFSET(VCPU_SP, offsetof(struct vcpu, arch.sp));
	OFFSET(VCPU_VGIC_FLUSH, offsetof(struct vcpu, arch.vgic.flush));
	OFFSET(VCPU_EXIT_COUNTS, offsetof(struct vcpu, arch.exits));
	OFFSET(VCPU_EXIT_COUNT_IRQ,
	       offsetof(struct vcpu, arch.exits[VCPU_EXIT_CLASS_IRQ]));
	OFFSET(PERCPU_RESCHED, offsetof(struct percpu, need_resched));
	OFFSET(STACK_SHIFT, __builtin_ctz(CONFIG_STACK_SIZE));
}
