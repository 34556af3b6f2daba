/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Message-signalled interrupts of the host: a device's write of some data to
 * some address is an interrupt. docs/design/pci.md.
 */
#ifndef CORE_MSI_H
#define CORE_MSI_H

#include <core/dt.h>
#include <libs/list.h>
#include <libs/types.h>

/* The message of a device: writing data + n to `address` raises interrupt irq +
 * n. */
struct msi {
	uint64_t address; /* physical */
	uint32_t data;
	unsigned int irq;
};

/* [I] once added. Owned by its driver, and never removed. */
struct msi_controller {
	struct list node;
	dt_node_t dt;
	/*
	 * Allocate `n` interrupts, a power of two, for the device with the ID
	 * `device` (its requester ID, mapped by msi-map). -ERR_NOSPC; -ERR_IO,
	 * -ERR_NOMEM. free takes the same number, with no handler installed.
	 * Thread or boot context; callers take turns.
	 */
	int (*alloc)(struct msi_controller *mc, uint32_t device, unsigned int n,
		     struct msi *out);
	void (*free)(struct msi_controller *mc, uint32_t device, unsigned int n,
		     const struct msi *msi);
};

/* Register a controller, in the context of its probe(). */
void msi_add(struct msi_controller *mc);
/* The controller at a node of the host's tree, or NULL. Thread or boot
 * context. */
struct msi_controller *msi_find(dt_node_t node);

#endif
