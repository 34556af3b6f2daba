/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm64: from a trap to its handler. entry.S stores the frame and calls
 * trap_sync()/trap_irq() with interrupts masked; handlers run on the VCPU's
 * own stack and return to the guest, or reschedule.
 */
#ifndef ARCH_IMPL_TRAP_H
#define ARCH_IMPL_TRAP_H

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
void trap_data_abort(struct vcpu *v, struct guest_regs *regs, uint64_t esr);
void trap_insn_abort(struct vcpu *v, struct guest_regs *regs, uint64_t esr);
/* Everything else that EL1/EL0 can be trapped for: UNDEF to the guest. */
void trap_undef(struct vcpu *v, struct guest_regs *regs, uint64_t esr);

/* vcpu/inject.c: the architecture's answers, taken at once by the guest.
 * Current VCPU only (its EL1 registers are loaded). */
void inject_undef(struct vcpu *v);
/* Synchronous external abort for a data/instruction access at `far`. */
void inject_data_abort(struct vcpu *v, uint64_t far);
void inject_insn_abort(struct vcpu *v, uint64_t far);

/* vcpu/context.c: EL1 state between registers and v->arch.sys. Interrupts
 * masked. restore skips what this CPU still holds of `v`. */
void vcpu_context_save(struct vcpu *v);
void vcpu_context_restore(struct vcpu *v);

/* vcpu/fp.c: FP/SIMD ownership. Interrupts masked. */
void fp_switch_out(struct vcpu *prev);	/* traps armed for whoever is next */
void fp_take(struct vcpu *v);		/* trap: load v's state, disarm */
void fp_forget(struct vcpu *v);		/* v is going away */

/* vcpu/psci.c, smccc.c */
void psci_cpu_off(struct vcpu *v) __noreturn;

#endif
