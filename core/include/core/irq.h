/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host interrupts. Numbers are the interrupt controller's own (GIC INTID). */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include <libs/types.h>

/* Interrupt context, interrupts masked. */
typedef void (*irq_handler_t)(unsigned int irq, void *arg);

enum irq_trigger { IRQ_TRIGGER_LEVEL, IRQ_TRIGGER_EDGE };

/* -ERR_RANGE, -ERR_BUSY if taken. The line stays disabled. */
int __must_check irq_request(unsigned int irq, irq_handler_t fn, void *arg,
			     const char *name);
void irq_release(unsigned int irq);
void irq_set_trigger(unsigned int irq, enum irq_trigger trigger);
void irq_enable(unsigned int irq);	/* private lines: on this CPU */
void irq_disable(unsigned int irq);
int __must_check irq_set_affinity(unsigned int irq, unsigned int cpu);

enum irq_kind { IRQ_IPI, IRQ_PER_CPU, IRQ_SHARED };

struct irq_info {
	enum irq_kind kind;
	unsigned int irq;	/* IPI: enum ipi */
	const char *name;
	bool enabled;
	unsigned int cpu;	/* IRQ_SHARED: where it is delivered */
};
/* What is in use at or after *pos (0: the first); advances it. False at the
 * end. */
bool irq_next(unsigned int *pos, struct irq_info *out);
/* How often it came on that CPU so far; 0 if there is no such CPU. */
uint64_t irq_count_on(const struct irq_info *info, unsigned int cpu);
/* All that came on that CPU. */
uint64_t irq_total_on(unsigned int cpu);

#endif
