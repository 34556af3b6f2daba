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

struct irq_info {
	unsigned int irq;
	const char *name;
	bool enabled;
	unsigned int cpu;
	uint64_t count;
};
/* Next requested line at or after `irq`; false when there is none. */
bool irq_get_info(unsigned int irq, struct irq_info *out);

#endif
