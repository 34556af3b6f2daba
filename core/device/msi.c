/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of controllers for message-signalled interrupts. */
#include <core/msi.h>

/* Drivers add to it when they are probed, one at a time; nothing is removed. */
static struct list controllers = LIST_INIT(controllers);

void msi_add(struct msi_controller *mc)
{
	list_append(&controllers, &mc->node);
}

struct msi_controller *msi_find(dt_node_t node)
{
	struct msi_controller *mc;

	list_for_each(mc, &controllers, node) {
		if (mc->dt == node) {
			return mc;
		}
	}
	return NULL;
}
