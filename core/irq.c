/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host interrupt lines: who handles what, counts, and the controller. */
#include <core/heap.h>
#include <core/irq_dispatch.h>
#include <core/log.h>
#include <core/smp.h>
#include <core/spinlock.h>
#include <libs/error.h>

/* [I] set by irq_request(); count [C] for private lines, else owning CPU. */
struct irq_desc {
	irq_handler_t fn;
	void *arg;
	const char *name;
	uint64_t count;
	uint32_t cpu;
	bool enabled;
	bool forwarded;
};

const struct irqchip *irqchip;
static struct irq_desc *descs;
static struct spinlock irq_lock = SPINLOCK_INIT(LOCK_IRQ);

static void irq_unexpected(unsigned int irq, void *arg);

int irqchip_install(const struct irqchip *chip)
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
	}
	irqchip = chip;
	return 0;
}

int irqchip_cpu_init(void)
{
	int err = irqchip->cpu_init();

	if (err) {
		return err;
	}
	for (unsigned int i = 0; i < irqchip->nr_private; i++) {
		if (descs[i].enabled) {
			irqchip->enable(i);
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

int irq_request(unsigned int irq, irq_handler_t fn, void *arg,
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

void irq_release(unsigned int irq)
{
	struct irq_desc *d = desc_of(irq);

	if (d) {
		irq_disable(irq);
		d->fn = irq_unexpected;
		d->name = NULL;
	}
}

void irq_set_trigger(unsigned int irq, enum irq_trigger trigger)
{
	if (desc_of(irq)) {
		irqchip->set_trigger(irq, trigger);
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
	irqchip->enable(irq);
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

int irq_set_affinity(unsigned int irq, unsigned int cpu)
{
	struct irq_desc *d = desc_of(irq);
	unsigned long flags;

	if (!d || irq < irqchip->nr_private || !cpu_online(cpu)) {
		return -ERR_INVAL;
	}
	flags = spin_lock_irqsave(&irq_lock);
	d->cpu = cpu;
	irqchip->set_affinity(irq, cpu);
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
	}
}

/* The handler of every line that nobody asked for. */
static void irq_unexpected(unsigned int irq, void *arg)
{
	static struct log_limit limit = LOG_LIMIT_INIT;

	(void)arg;
	if (log_allow(&limit)) {
		log_warn("irq: nobody handles interrupt %u", irq);
	}
}

/* Hot: every timer interrupt of every guest. */
void irq_handle(unsigned int irq)
{
	struct percpu *cpu = this_cpu();
	struct irq_desc *d = &descs[irq];

	cpu->irq_depth++;
	cpu->irq_count++;
	d->count++;
	d->fn(irq, d->arg);
	cpu->irq_depth--;
	if (!d->forwarded) {
		irqchip->deactivate(irq);
	}
}

void irq_handle_ipi(unsigned int ipi)
{
	struct percpu *cpu = this_cpu();

	cpu->irq_depth++;
	cpu->irq_count++;
	smp_ipi((enum ipi)ipi);
	cpu->irq_depth--;
}

bool irq_get_info(unsigned int irq, struct irq_info *out)
{
	for (; irqchip && irq < irqchip->nr_irqs; irq++) {
		const struct irq_desc *d = &descs[irq];

		if (d->fn != irq_unexpected) {
			*out = (struct irq_info){
				.irq = irq, .name = d->name,
				.enabled = d->enabled, .cpu = d->cpu,
				.count = d->count,
			};
			return true;
		}
	}
	return false;
}
