/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions in a trace, how long they keep interrupts masked, and how much of
 * a VCPU's time they take. A CPU that is watched has vectors of its own
 * (entry.S): the others' cost nothing.
 */
#include <arch/cpu.h>
#include <arch/vcpu.h>
#include <arch_impl/esr.h>
#include <arch_impl/trap.h>
#include <core/account.h>
#include <core/irq_dispatch.h>
#include <core/latency.h>
#include <core/trace.h>

extern const uint8_t vectors[], watch_vectors[];

void arch_watch_exceptions(bool on)
{
	write_sysreg((uintptr_t)(on ? watch_vectors : vectors), vbar_el2);
	isb();
}

const char *arch_exception_name(uint32_t number)
{
	return esr_ec_name(number);
}

/* What the syndrome leaves open: the address of an abort, what a call or an
 * instruction is about. */
static uint64_t detail(const struct guest_regs *regs, uint64_t esr)
{
	switch (esr_ec(esr)) {
	case EC_HVC64:
	case EC_SMC64:
		return regs->x[0];
	case EC_INSN_LOWER:
	case EC_DATA_LOWER:
		return esr_fault_ipa(read_sysreg(hpfar_el2),
				     read_sysreg(far_el2));
	default:
		return 0;
	}
}

/*
 * Called by entry.S, with interrupts masked. What measures is in functions of
 * its own: while there is only a trace they cost a load and a branch, and
 * nothing is kept across them.
 */
static void trace_exit(const struct vcpu *v, const struct guest_regs *regs,
		       uint64_t esr)
{
	trace_write(TRACE_EXIT, v->id, (uint32_t)esr, regs->elr,
		    detail(regs, esr));
}

static __noinline void measure_exit(struct vcpu *v,
				    const struct guest_regs *regs, uint64_t esr)
{
	if (account_on()) {
		account_exit(v);
	}
	if (latency_on()) {
		latency_begin(LATENCY_TRAP, esr_ec(esr), 0);
	}
	trace_exit(v, regs, esr);
}

/* Before the handler. */
void trap_watch_exit(struct vcpu *v, const struct guest_regs *regs,
		     uint64_t esr);
void trap_watch_exit(struct vcpu *v, const struct guest_regs *regs,
		     uint64_t esr)
{
	if (watch_on()) {
		measure_exit(v, regs, esr);
	} else {
		trace_exit(v, regs, esr);
	}
}

/* An interrupt, of which the controller says what it is. `left`: a VCPU's
 * guest, or NULL. */
static __noinline void measure_irq(enum trace_event event, uint32_t vcpu,
				   uint64_t pc, struct vcpu *left)
{
	if (left && account_on()) {
		account_exit(left);
	}
	if (latency_on()) {
		latency_begin(LATENCY_IRQ, irqchip->pending(), 0);
	}
	trace_write(event, vcpu, irqchip->pending(), pc, 0);
}

static inline void watch_irq(enum trace_event event, uint32_t vcpu, uint64_t pc,
			     struct vcpu *left)
{
	if (watch_on()) {
		measure_irq(event, vcpu, pc, left);
	} else {
		trace_write(event, vcpu, irqchip->pending(), pc, 0);
	}
}

void trap_watch_exit_irq(struct vcpu *v, const struct guest_regs *regs);
void trap_watch_exit_irq(struct vcpu *v, const struct guest_regs *regs)
{
	watch_irq(TRACE_EXIT_IRQ, v->id, regs->elr, v);
}

void trap_watch_irq(void);
void trap_watch_irq(void)
{
	watch_irq(TRACE_IRQ, vcpu_current()->id, 0, NULL);
}

void trap_watch_irq_end(void);
void trap_watch_irq_end(void)
{
	trace_write(TRACE_IRQ_END, vcpu_current()->id, 0, 0, 0);
}

/* The last before the registers are restored. */
static __noinline void measure_enter(struct vcpu *v,
				     const struct guest_regs *regs)
{
	trace_write(TRACE_ENTER, v->id, 0, regs->elr, 0);
	if (account_on()) {
		account_enter(v);
	}
	if (latency_on()) {
		latency_end(0);
	}
}

void trap_watch_enter(struct vcpu *v, const struct guest_regs *regs);
void trap_watch_enter(struct vcpu *v, const struct guest_regs *regs)
{
	if (watch_on()) {
		measure_enter(v, regs);
	} else {
		trace_write(TRACE_ENTER, v->id, 0, regs->elr, 0);
	}
}

void trap_watch_irq_return(void);
void trap_watch_irq_return(void)
{
	if (latency_on()) {
		latency_end(0);
	}
}
