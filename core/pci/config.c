/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration space of PCI functions, and the capabilities listed there. */
#include <core/pci.h>

#include "pci_priv.h"

/* A capability has at least 4 bytes, behind the header: a list with more
 * entries than this loops (PCI Express Base Specification 7.5.3, 7.6.2). */
#define CAPABILITIES_MAX ((0x100 - 0x40) / 4)

uint8_t pci_read8(struct pci_device *p, unsigned int off)
{
	return (uint8_t)p->host->ops->read(p->host, p->rid, off, 1);
}

uint16_t pci_read16(struct pci_device *p, unsigned int off)
{
	return (uint16_t)p->host->ops->read(p->host, p->rid, off, 2);
}

uint32_t pci_read32(struct pci_device *p, unsigned int off)
{
	return p->host->ops->read(p->host, p->rid, off, 4);
}

void pci_write8(struct pci_device *p, unsigned int off, uint8_t val)
{
	p->host->ops->write(p->host, p->rid, off, 1, val);
}

void pci_write16(struct pci_device *p, unsigned int off, uint16_t val)
{
	p->host->ops->write(p->host, p->rid, off, 2, val);
}

void pci_write32(struct pci_device *p, unsigned int off, uint32_t val)
{
	p->host->ops->write(p->host, p->rid, off, 4, val);
}

bool pci_present(struct pci_device *p)
{
	return pci_read16(p, PCI_VENDOR_ID) == p->vendor;
}

unsigned int pci_find_capability(struct pci_device *p, uint8_t id,
				 unsigned int from)
{
	unsigned int off = from + 1;

	if (from == 0) {
		if (!(pci_read16(p, PCI_STATUS) & PCI_STATUS_CAPABILITIES)) {
			return 0;
		}
		off = PCI_CAPABILITIES;
	}
	off = pci_read8(p, off) & 0xfcU;
	for (unsigned int n = 0; off >= 0x40 && n < CAPABILITIES_MAX; n++) {
		uint16_t head = pci_read16(p, off);

		if ((head & 0xff) == id) {
			return off;
		}
		off = head >> 8 & 0xfcU;
	}
	return 0;
}
