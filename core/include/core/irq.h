/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host interrupts. Numbers are the interrupt controller's own. */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include <core/dt.h>
#include <libs/types.h>

/* Interrupt context, interrupts masked. */
typedef void (*irq_handler_t)(unsigned int irq, void *arg);

enum irq_trigger { IRQ_TRIGGER_LEVEL, IRQ_TRIGGER_EDGE };

/*
 * If several interrupts are pending, a CPU takes the one that comes first in
 * this list. Interrupts do not nest. The order depends on who can raise them:
 * only the hypervisor sets its own timer; no guest controls the rate of a host
 * device; VCPUs of a guest can kick each other endlessly; and a guest's own
 * timer, device or virtual interface may raise its interrupt for ever.
 */
enum irq_priority {
	IRQ_PRIORITY_TIMER,
	IRQ_PRIORITY_DEVICE, /* the default */
	IRQ_PRIORITY_IPI,
	IRQ_PRIORITY_GUEST,
};

/*
 * The number of a node's interrupt: entry `index`, or as dt_interrupt_named()
 * finds it. Besides the errors of dt_interrupt(): -ERR_RANGE, the controller
 * has no such interrupt; -ERR_DEFER, no driver has that controller (yet). Boot
 * or thread context.
 */
int __must_check irq_of_node(dt_node_t node, unsigned int index,
			     unsigned int *irq, enum irq_trigger *trigger);
int __must_check irq_of_node_named(dt_node_t node, const char *name,
				   unsigned int otherwise, unsigned int *irq,
				   enum irq_trigger *trigger);

/* The same for an interrupt specifier that was found elsewhere. Errors as for
 * irq_of_node(). Any context. */
int __must_check irq_of_cells(const struct dt_interrupt *in, unsigned int *irq,
			      enum irq_trigger *trigger);

/* Install a handler; the line stays disabled. -ERR_RANGE; -ERR_BUSY if it has
 * one. Boot or thread context. */
int __must_check irq_request(unsigned int irq, irq_handler_t fn, void *arg,
			     const char *name);
void irq_release(unsigned int irq);
void irq_set_trigger(unsigned int irq, enum irq_trigger trigger);
/* Set the priority, which takes effect at the next irq_enable(). Boot or thread
 * context. */
void irq_set_priority(unsigned int irq, enum irq_priority priority);
void irq_enable(unsigned int irq); /* private lines: on this CPU */
void irq_disable(unsigned int irq);
/* Returns when all handlers that are running now have returned. Disable the
 * line first. Thread context, no spinlock held. */
void irq_synchronize(void);
/* Deliver a shared line to that CPU from now on; none is lost. -ERR_INVAL: it
 * is private, or there is no such line or CPU. Boot or thread context, no
 * spinlock held. */
int __must_check irq_set_affinity(unsigned int irq, unsigned int cpu);

/*
 * For a handler that finds nothing to do. True if this has happened
 * IRQ_SPURIOUS_MOST times in a row within IRQ_SPURIOUS_MS: the line keeps the
 * CPU from doing anything else, and must be stopped, by irq_silence().
 * Interrupt context.
 */
#define IRQ_SPURIOUS_MOST 1000
#define IRQ_SPURIOUS_MS 10
bool irq_spurious(unsigned int irq);
/* Switch the line off, a private one on this CPU, and say so. */
void irq_silence(unsigned int irq);

enum irq_kind { IRQ_IPI, IRQ_PER_CPU, IRQ_SHARED };

struct irq_info {
	enum irq_kind kind;
	unsigned int irq; /* IPI: enum ipi */
	const char *name;
	bool enabled;
	unsigned int cpu; /* IRQ_SHARED: where it is delivered */
};
/* What is in use at or after *pos (0: the first); advances it. False at the
 * end. Any context. */
bool irq_next(unsigned int *pos, struct irq_info *out);
/* How often it was taken on that CPU so far; 0 if there is no such CPU. */
uint64_t irq_count_on(const struct irq_info *info, unsigned int cpu);
/* The number of all interrupts taken on that CPU. */
uint64_t irq_total_on(unsigned int cpu);

#endif
