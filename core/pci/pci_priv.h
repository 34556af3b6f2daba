/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the parts of the PCI bus. */
#ifndef CORE_PCI_PRIV_H
#define CORE_PCI_PRIV_H

#include <core/pci.h>

/* Offsets in the header of a bridge (PCI Express Base Specification 7.5.1.3).
 * */
#define PCI_PRIMARY_BUS 0x18
#define PCI_SECONDARY_BUS 0x19
#define PCI_SUBORDINATE_BUS 0x1a
#define PCI_IO_BASE 0x1c
#define PCI_IO_LIMIT 0x1d
#define PCI_MEM_BASE 0x20
#define PCI_MEM_LIMIT 0x22
#define PCI_PREF_BASE 0x24
#define PCI_PREF_LIMIT 0x26
#define PCI_PREF_BASE_UPPER 0x28
#define PCI_PREF_LIMIT_UPPER 0x2c
#define PCI_IO_BASE_UPPER 0x30
#define PCI_IO_LIMIT_UPPER 0x32

#define PCI_BRIDGE_BARS 2

/* Kinds of ports (7.5.3.2), in the capability at `cap`. */
#define PCI_EXPRESS_ROOT_PORT 4
#define PCI_EXPRESS_DOWNSTREAM 6
#define PCI_EXPRESS_TO_PCI 7

static inline unsigned int pci_express_type(struct pci_device *p,
					    unsigned int cap)
{
	return pci_read16(p, cap + 2) >> 4 & 0xf;
}

/* Measure each BAR; the function does not decode addresses meanwhile. */
void pci_size_bars(struct pci_device *p);

/* Assign addresses to all BARs and bridges' windows behind a host bridge: those
 * that the firmware has set if they are consistent, otherwise new ones. */
void pci_assign(struct pci_host *h);

/* The functions of one bus, in the order they were found. */
#define pci_for_each_on(p, h, above) \
	list_for_each((p), &(h)->functions, node) \
		if ((p)->bridge == (above))

#endif
