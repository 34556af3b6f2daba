/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switching this CPU from one VCPU to another (arch/vcpu.h). */
#include <arch/vcpu.h>
#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <arch_impl/trap.h>
#include <core/latency.h>
#include <core/sched.h>
#include <string.h>

#include "arch/arm64/vcpu/pvtime.h"

/* entry.S */
struct vcpu *switch_stack(struct vcpu *prev, struct vcpu *next);
void thread_trampoline(void);
void guest_enter(struct guest_regs *regs) __noreturn;

/* What switch_stack() pops: x29, x30, x19-x28. */
struct switch_frame {
	uint64_t x29, x30, x19_28[10];
};

void arch_vcpu_prepare_thread(struct vcpu *v)
{
	uint64_t top = (uint64_t)v->stack + v->stack_size;
	struct switch_frame *f;

	/* A guest's register frame lies above the stack that hypervisor code
	 * uses. */
	if (v->guest) {
		top = (uint64_t)v->arch.regs;
	}
	f = (struct switch_frame *)(top - sizeof(*f));
	memset(f, 0, sizeof(*f));
	f->x30 = (uint64_t)thread_trampoline;
	v->arch.sp = (uint64_t)f;
}

/* vcpu/fp.c has the rest, where registers are saved, or used again. */
static inline void fp_switch(struct vcpu *prev)
{
	if (!(read_sysreg(cptr_el2) & CPTR_TFP)) {
		fp_leave(prev);
	}
}

struct vcpu *arch_vcpu_switch(struct vcpu *prev, struct vcpu *next)
{
	if (prev->guest) {
		vcpu_context_save(prev);
	}
	fp_switch(prev);
	serror_collect(prev);
	if (next->guest) {
		vcpu_context_restore(next);
		if (next->arch.pvtime) {
			pvtime_update(next);
		}
		if (READ_ONCE(next->stop_requested)) {
			/* It has to check for that before it continues. */
			this_cpu()->need_resched = 1;
		}
	}
	if (this_cpu()->arch.fp_owner == next) {
		fp_return(next);
	}
	return switch_stack(prev, next);
}

void arch_vcpu_enter(void *vcpu)
{
	struct vcpu *v = vcpu;

	/* This way in is not watched: entry.S. */
	if (latency_on()) {
		latency_end(0);
	}
	guest_enter(v->arch.regs);
}
