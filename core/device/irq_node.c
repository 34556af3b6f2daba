/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of interrupts that nodes of the host's tree name. */
#include <core/irq_dispatch.h>
#include <libs/error.h>

int irq_of_cells(const struct dt_interrupt *in, unsigned int *irq,
		 enum irq_trigger *trigger)
{
	/* The same cells may mean something else at another controller. */
	if (!irqchip || in->controller != irqchip->node) {
		return -ERR_DEFER;
	}
	return irqchip->decode(in->cell, in->cells, irq, trigger);
}

int irq_of_node(dt_node_t node, unsigned int index, unsigned int *irq,
		enum irq_trigger *trigger)
{
	struct dt_interrupt in;
	int err = dt_interrupt(node, index, &in);

	return err ? err : irq_of_cells(&in, irq, trigger);
}

int irq_of_node_named(dt_node_t node, const char *name, unsigned int otherwise,
		      unsigned int *irq, enum irq_trigger *trigger)
{
	struct dt_interrupt in;
	int err = dt_interrupt_named(node, name, otherwise, &in);

	return err ? err : irq_of_cells(&in, irq, trigger);
}
