/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm64: traps and their handlers. entry.S stores the frame and calls, with
 * interrupts masked, the handler of the exception class (`trap_table`), or
 * irq_dispatch() for interrupts. Handlers run on the VCPU's own stack and
 * return to the guest, or reschedule.
 */
#ifndef ARCH_IMPL_TRAP_H
#define ARCH_IMPL_TRAP_H

#include <arch_impl/el2_regs.h>
#include <arch_impl/vcpu.h>
#include <libs/types.h>

/* A trap handler: one per exception class, in a table of 64. `esr` is
 * ESR_EL2. It advances regs->elr itself where the instruction is done. */
typedef void (*trap_handler_t)(struct vcpu *v, struct guest_regs *regs,
			       uint64_t esr);

/* vcpu/: the handlers. */
void trap_wfx(struct vcpu *v, struct guest_regs *regs, uint64_t esr);
void trap_fp(struct vcpu *v, struct guest_regs *regs, uint64_t esr);
void trap_sve(struct vcpu *v, struct guest_regs *regs, uint64_t esr);
void trap_hvc64(struct vcpu *v, struct guest_regs *regs, uint64_t esr);
void trap_smc64(struct vcpu *v, struct guest_regs *regs, uint64_t esr);
void trap_sysreg(struct vcpu *v, struct guest_regs *regs, uint64_t esr);
void trap_cp15_32(struct vcpu *v, struct guest_regs *regs, uint64_t esr);
void trap_cp15_64(struct vcpu *v, struct guest_regs *regs, uint64_t esr);
void trap_data_abort(struct vcpu *v, struct guest_regs *regs, uint64_t esr);
void trap_insn_abort(struct vcpu *v, struct guest_regs *regs, uint64_t esr);
/* Everything else that EL1/EL0 can be trapped for: UNDEF to the guest. */
void trap_undef(struct vcpu *v, struct guest_regs *regs, uint64_t esr);

/* vcpu/inject.c: the architecture's answers, taken at once by the guest.
 * Current VCPU only (its EL1 registers are loaded). */
void inject_undef(struct vcpu *v);
/* Synchronous external abort for an instruction fetch at `far`. */
void inject_insn_abort(struct vcpu *v, uint64_t far);

/* entry.S: SErrors that `v`, which has run until now, has caused are taken and
 * attributed to it. Interrupts masked, no lock held. */
void serror_collect(struct vcpu *v);
extern const uint8_t serror_collect_end[];

/* vcpu/context.c: EL1 state between registers and v->arch.sys. Interrupts
 * masked, no lock held. restore skips what this CPU still holds of `v`. */
void vcpu_context_save(struct vcpu *v);
void vcpu_context_restore(struct vcpu *v);
/* Remove all state of `v`, which is off, from all CPUs. Thread context. */
void vcpu_context_unload(struct vcpu *v);

/* vcpu/fp.c: FP/SIMD ownership. Interrupts masked. */
void fp_leave(struct vcpu *prev);  /* its registers: saved, traps armed */
void fp_return(struct vcpu *next); /* disarm if its copy is still valid */
void fp_take(struct vcpu *v);      /* trap: load v's state, disarm */
void fp_reset(struct vcpu *v);     /* zeroes, and no CPU has a copy */
/* The current VCPU's registers in memory, to be read, or changed and put. */
struct fp_state *fp_image_get(struct vcpu *v);
void fp_image_put(struct vcpu *v);

/* The instruction is done: PC, and what stepping and branches left. */
void trap_skip_aa32(struct guest_regs *regs, uint64_t esr);
static inline void trap_skip_a64(struct guest_regs *regs)
{
	regs->elr += 4;
	regs->spsr &= ~(PSR_SS | PSR_BTYPE);
}

static inline void trap_skip(struct guest_regs *regs, uint64_t esr)
{
	if (unlikely(regs->spsr & PSR_AA32)) {
		trap_skip_aa32(regs, esr);
		return;
	}
	trap_skip_a64(regs);
}

/* Register `n` as an operand: 31 is zero. */
static inline uint64_t trap_reg(const struct guest_regs *regs, unsigned int n)
{
	return n == 31 ? 0 : regs->x[n];
}

static inline void trap_set_reg(struct guest_regs *regs, unsigned int n,
				uint64_t val)
{
	if (n != 31) {
		regs->x[n] = val;
	}
}

#endif
