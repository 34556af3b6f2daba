/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties of a PCI host bridge in the host's tree. Boot or thread context.
 */
#ifndef CORE_DT_PCI_H
#define CORE_DT_PCI_H

#include <core/dt.h>
#include <libs/types.h>

enum { DT_PCI_CONFIG, DT_PCI_IO, DT_PCI_MEM32, DT_PCI_MEM64 };

/* A window of the bridge: bus address `bus` is CPU address `cpu`. */
struct dt_pci_range {
	unsigned int space; /* DT_PCI_* */
	bool prefetchable;
	uint64_t bus, size;
	paddr_t cpu;
};
/* Read the windows that the CPUs can reach, at most `max`. Returns their
 * number. */
unsigned int dt_pci_ranges(dt_node_t bridge, struct dt_pci_range *out,
			   unsigned int max);

/* The interrupt that interrupt-map gives for INTx `pin` (1 to 4) of the
 * function with this requester ID on the root bus. Errors of dt_interrupt(). */
int __must_check dt_pci_interrupt(dt_node_t bridge, uint16_t rid,
				  unsigned int pin, struct dt_interrupt *out);

/* The MSI controller of a function, and the function's ID for this controller:
 * from msi-map, else msi-parent. -ERR_NOENT, -ERR_FORMAT. */
int __must_check dt_pci_msi(dt_node_t bridge, uint16_t rid,
			    dt_node_t *controller, uint32_t *device);

/* How functions behind the bridge reach memory. */
void dt_pci_dma(dt_node_t bridge, struct dt_dma *out);

#endif
