/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the architecture's interrupt vector, the interrupt controller's
 * driver, and the handlers behind core/irq.h.
 */
#ifndef CORE_IRQ_DISPATCH_H
#define CORE_IRQ_DISPATCH_H

#include <core/irq.h>
#include <core/percpu.h>

/* The host's interrupt controller; the driver that probes installs it. */
struct irqchip {
	const char *name;
	unsigned int nr_irqs;		/* numbers 0..nr_irqs-1 */
	unsigned int nr_private;	/* numbers below are per CPU */
	/* Acknowledge what pends, drop its priority, and hand it to
	 * irq_handle(); one interrupt a call. */
	void (*dispatch)(void);
	void (*deactivate)(unsigned int irq);
	void (*enable)(unsigned int irq);
	void (*disable)(unsigned int irq);
	void (*set_trigger)(unsigned int irq, enum irq_trigger trigger);
	void (*set_affinity)(unsigned int irq, unsigned int cpu);
	void (*send_ipi)(unsigned int cpu, unsigned int ipi);
	int (*cpu_init)(void);		/* this CPU's part */
};
extern const struct irqchip *irqchip;

/* -ERR_BUSY when one is installed already; -ERR_NOMEM. */
int __must_check irqchip_install(const struct irqchip *chip);
/* This CPU's interface; enables what private lines were asked for. */
int __must_check irqchip_cpu_init(void);

/* Vector: interrupts masked. */
void irq_dispatch(void);

/* From irqchip->dispatch(): run the handler of `irq`, acknowledged, and
 * deactivate it unless it is forwarded. */
void irq_handle(unsigned int irq);
/* As irq_handle() for IPI number `ipi`, which the driver deactivated. */
void irq_handle_ipi(unsigned int ipi);

/* `irq` is delivered on to guests, whose end of interrupt deactivates it. */
void irq_set_forwarded(unsigned int irq);

#endif
