/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host interrupt lines: handlers, counts, and the interrupt controller. */
#include <core/heap.h>
#include <core/irq_dispatch.h>
#include <core/log.h>
#include <core/smp.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <libs/error.h>

/* [L] irq_lock; [I] before it is enabled. Counts are in percpu.irq_counts. */
struct irq_desc {
	irq_handler_t fn; /* [L], called without */
	void *arg;        /* [L], likewise */
	const char *name; /* [L] */
	uint32_t cpu;     /* [L] where a shared one goes */
	uint8_t priority; /* [I] enum irq_priority */
	bool enabled;     /* [L] */
	bool forwarded;   /* [I] */
};

const struct irqchip *irqchip;
static struct irq_desc *descs;
static struct spinlock irq_lock = SPINLOCK_INIT(LOCK_IRQ);

static __cold void irq_unexpected(unsigned int irq, void *arg);

__cold int irqchip_install(const struct irqchip *chip)
{
	if (irqchip) {
		return -ERR_BUSY;
	}
	descs = heap_alloc_array(chip->nr_irqs, sizeof(*descs));
	if (!descs) {
		return -ERR_NOMEM;
	}
	for (unsigned int i = 0; i < chip->nr_irqs; i++) {
		descs[i].fn = irq_unexpected;
		descs[i].priority = IRQ_PRIORITY_DEVICE;
	}
	irqchip = chip;
	return 0;
}

static void enable_line(unsigned int irq)
{
	irqchip->set_priority(irq, (enum irq_priority)descs[irq].priority);
	irqchip->enable(irq);
}

__cold int irqchip_cpu_init(void)
{
	struct percpu *cpu = this_cpu();
	int err;

	cpu->irq_counts = heap_alloc_array(irqchip->nr_irqs + IPI_COUNT,
					   sizeof(cpu->irq_counts[0]));
	if (!cpu->irq_counts) {
		return -ERR_NOMEM;
	}
	err = irqchip->cpu_init();
	if (err) {
		return err;
	}
	for (unsigned int i = 0; i < irqchip->nr_private; i++) {
		if (descs[i].enabled) {
			enable_line(i);
		}
	}
	return 0;
}

static struct irq_desc *desc_of(unsigned int irq)
{
	if (!irqchip || irq >= irqchip->nr_irqs) {
		return NULL;
	}
	return &descs[irq];
}

__cold int irq_request(unsigned int irq, irq_handler_t fn, void *arg,
		       const char *name)
{
	struct irq_desc *d = desc_of(irq);
	unsigned long flags;
	int err = 0;

	if (!d) {
		return -ERR_RANGE;
	}
	flags = spin_lock_irqsave(&irq_lock);
	if (d->fn != irq_unexpected) {
		err = -ERR_BUSY;
	} else {
		d->arg = arg;
		d->name = name;
		d->cpu = cpu_id();
		__atomic_store_n(&d->fn, fn, __ATOMIC_RELEASE);
	}
	spin_unlock_irqrestore(&irq_lock, flags);
	return err;
}

__cold void irq_release(unsigned int irq)
{
	struct irq_desc *d = desc_of(irq);

	if (d) {
		irq_disable(irq);
		d->fn = irq_unexpected;
		d->priority = IRQ_PRIORITY_DEVICE;
		d->name = NULL;
	}
}

void irq_set_trigger(unsigned int irq, enum irq_trigger trigger)
{
	if (desc_of(irq)) {
		irqchip->set_trigger(irq, trigger);
	}
}

void irq_set_priority(unsigned int irq, enum irq_priority priority)
{
	struct irq_desc *d = desc_of(irq);

	if (d) {
		d->priority = (uint8_t)priority;
	}
}

void irq_enable(unsigned int irq)
{
	struct irq_desc *d = desc_of(irq);
	unsigned long flags;

	if (!d) {
		return;
	}
	flags = spin_lock_irqsave(&irq_lock);
	d->enabled = true;
	if (irq >= irqchip->nr_private) {
		irqchip->set_affinity(irq, d->cpu);
	}
	enable_line(irq);
	spin_unlock_irqrestore(&irq_lock, flags);
}

void irq_disable(unsigned int irq)
{
	struct irq_desc *d = desc_of(irq);
	unsigned long flags;

	if (!d) {
		return;
	}
	flags = spin_lock_irqsave(&irq_lock);
	d->enabled = false;
	irqchip->disable(irq);
	spin_unlock_irqrestore(&irq_lock, flags);
}

/* Handlers run with interrupts masked, so a CPU that takes this call runs
 * none. */
void irq_synchronize(void)
{
	cpu_quiesce();
}

/*
 * The line is off while it moves, until no CPU runs its handler: messages have
 * no active state, and the next one could meet the handler of the last one.
 * What comes meanwhile pends. A driver that enables it meanwhile does without
 * that.
 */
__cold int irq_set_affinity(unsigned int irq, unsigned int cpu)
{
	struct irq_desc *d = desc_of(irq);
	unsigned long flags;

	if (!d || irq < irqchip->nr_private || !cpu_online(cpu)) {
		return -ERR_INVAL;
	}
	flags = spin_lock_irqsave(&irq_lock);
	d->cpu = cpu;
	if (d->enabled) {
		irqchip->disable(irq);
		spin_unlock_irqrestore(&irq_lock, flags);
		irq_synchronize();
		flags = spin_lock_irqsave(&irq_lock);
	}
	irqchip->set_affinity(irq, d->cpu);
	if (d->enabled) {
		enable_line(irq);
	}
	spin_unlock_irqrestore(&irq_lock, flags);
	return 0;
}

void irq_dispatch(void)
{
	irqchip->dispatch();
}

void irq_set_forwarded(unsigned int irq)
{
	struct irq_desc *d = desc_of(irq);

	if (d) {
		d->forwarded = true;
		d->priority = IRQ_PRIORITY_GUEST;
	}
}

bool irq_spurious(unsigned int irq)
{
	struct irq_spurious *s = &this_cpu()->spurious;
	ticks_t now = time_now();

	if (s->irq != irq || now - s->since > ms_to_ticks(IRQ_SPURIOUS_MS)) {
		*s = (struct irq_spurious){ .irq = irq, .since = now };
	}
	if (++s->count < IRQ_SPURIOUS_MOST) {
		return false;
	}
	s->count = 0;
	return true;
}

void irq_silence(unsigned int irq)
{
	log_err("irq: interrupt %u comes without a cause, again and again: "
		"switched off on CPU %u",
		irq, cpu_id());
	if (irq < irqchip->nr_private) {
		irqchip->disable(irq); /* the other CPUs' are not affected */
	} else {
		irq_disable(irq);
	}
}

/* The handler of each line that was not requested. */
static void irq_unexpected(unsigned int irq, void *arg)
{
	static struct log_limit limit = LOG_LIMIT_INIT;

	(void)arg;
	if (log_allow(&limit)) {
		log_warn("irq: nobody handles interrupt %u", irq);
	}
	if (irq_spurious(irq)) {
		irq_silence(irq);
	}
}

/* Hot: runs for each timer interrupt of each guest. */
void irq_handle(unsigned int irq)
{
	struct percpu *cpu = this_cpu();
	struct irq_desc *d = &descs[irq];

	cpu->irq_depth++;
	cpu->irq_counts[irq]++;
	d->fn(irq, d->arg);
	cpu->irq_depth--;
	if (!d->forwarded) {
		irqchip->deactivate(irq);
	}
}

void irq_handle_message(unsigned int irq)
{
	struct percpu *cpu = this_cpu();
	struct irq_desc *d = &descs[irq];

	cpu->irq_depth++;
	cpu->irq_counts[irq]++;
	d->fn(irq, d->arg);
	cpu->irq_depth--;
}

void irq_handle_ipi(unsigned int ipi)
{
	struct percpu *cpu = this_cpu();

	if (ipi >= IPI_COUNT) {
		return; /* it is never sent */
	}
	cpu->irq_depth++;
	cpu->irq_counts[irqchip->nr_irqs + ipi]++;
	smp_ipi((enum ipi)ipi);
	cpu->irq_depth--;
}

static void ipi_info(unsigned int ipi, struct irq_info *out)
{
	static const char *const names[] = {
		[IPI_RESCHED] = "resched",
		[IPI_CALL] = "call",
		[IPI_STOP] = "stop",
	};

	*out = (struct irq_info){
		.kind = IRQ_IPI,
		.irq = ipi,
		.name = names[ipi],
		.enabled = true,
	};
}

__cold bool irq_next(unsigned int *pos, struct irq_info *out)
{
	if (*pos < IPI_COUNT) {
		ipi_info((*pos)++, out);
		return true;
	}
	while (irqchip && *pos - IPI_COUNT < irqchip->nr_irqs) {
		unsigned int irq = (*pos)++ - IPI_COUNT;
		const struct irq_desc *d = &descs[irq];

		if (d->fn != irq_unexpected) {
			*out = (struct irq_info){
				.kind = irq < irqchip->nr_private ? IRQ_PER_CPU
								  : IRQ_SHARED,
				.irq = irq,
				.name = d->name,
				.enabled = d->enabled,
				.cpu = d->cpu,
			};
			return true;
		}
	}
	return false;
}

static uint64_t count_at(unsigned int index, unsigned int cpu)
{
	const uint64_t *counts = NULL;

	if (cpu < cpu_count && percpu_table[cpu]) {
		counts = READ_ONCE(percpu_table[cpu]->irq_counts);
	}
	return counts ? READ_ONCE(counts[index]) : 0;
}

__cold uint64_t irq_count_on(const struct irq_info *info, unsigned int cpu)
{
	if (info->kind != IRQ_IPI) {
		return count_at(info->irq, cpu);
	}
	return irqchip ? count_at(irqchip->nr_irqs + info->irq, cpu) : 0;
}

__cold uint64_t irq_total_on(unsigned int cpu)
{
	uint64_t total = 0;

	for (unsigned int i = 0; irqchip && i < irqchip->nr_irqs + IPI_COUNT;
	     i++) {
		total += count_at(i, cpu);
	}
	return total;
}
