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
	unsigned int nr_irqs;    /* numbers 0..nr_irqs-1 */
	unsigned int nr_private; /* numbers below are per CPU */
	dt_node_t node;          /* its own in the host's tree, -1: none */
	/* Decode the n cells of a specifier of the host's tree. -ERR_FORMAT;
	 * -ERR_RANGE: there is no such interrupt. */
	int (*decode)(const uint32_t *cells, unsigned int n, unsigned int *irq,
		      enum irq_trigger *trigger);
	/* Acknowledge the pending interrupt, drop its priority, and pass it to
	 * irq_handle(); one interrupt a call. */
	void (*dispatch)(void);
	/* What dispatch() would acknowledge, as the controller numbers it, for
	 * a trace; the number of no interrupt if there is none. */
	unsigned int (*pending)(void);
	void (*deactivate)(unsigned int irq);
	void (*enable)(unsigned int irq);
	void (*disable)(unsigned int irq);
	void (*set_trigger)(unsigned int irq, enum irq_trigger trigger);
	/* Private lines: on this CPU. The driver itself sets those of IPIs. */
	void (*set_priority)(unsigned int irq, enum irq_priority priority);
	void (*set_affinity)(unsigned int irq, unsigned int cpu);
	void (*send_ipi)(unsigned int cpu, unsigned int ipi);
	int (*cpu_init)(void); /* this CPU's part */
};
extern const struct irqchip *irqchip;

/* -ERR_BUSY when one is installed already; -ERR_NOMEM. Boot context, in the
 * controller's probe(). */
int __must_check irqchip_install(const struct irqchip *chip);
/* This CPU's interface; enables the private lines that were asked for.
 * -ERR_NOMEM, or the error of the controller's cpu_init. Start-up of the
 * CPU. */
int __must_check irqchip_cpu_init(void);

/* Vector: interrupts masked. */
void irq_dispatch(void);

/* From irqchip->dispatch(): run the handler of `irq`, acknowledged, and
 * deactivate it unless it is forwarded. Interrupt context. */
void irq_handle(unsigned int irq);
/* As irq_handle(), for an interrupt without an active state, which is not
 * deactivated. */
void irq_handle_message(unsigned int irq);
/* As irq_handle() for IPI number `ipi`, which the driver deactivated. */
void irq_handle_ipi(unsigned int ipi);

/* `irq` is forwarded to guests: the guest's end of interrupt deactivates it. It
 * gets IRQ_PRIORITY_GUEST. Before irq_enable(). Any context. */
void irq_set_forwarded(unsigned int irq);

#endif
