/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preparing a function for its driver: waking it, enabling decoding, mapping
 * its registers. */
#include <core/pci.h>
#include <core/time.h>
#include <libs/error.h>

#define POWER_CONTROL 4 /* in the capability */
#define POWER_STATE 3U
#define POWER_WAIT_MS 10 /* D3hot to D0 (PCI Express Base Spec. 5.9) */

static void wake(struct pci_device *p)
{
	unsigned int cap = pci_find_capability(p, PCI_CAP_POWER, 0);
	uint16_t control;

	if (cap == 0) {
		return;
	}
	control = pci_read16(p, cap + POWER_CONTROL);
	if (control & POWER_STATE) {
		pci_write16(p, cap + POWER_CONTROL,
			    control & (uint16_t)~POWER_STATE);
		delay_us(POWER_WAIT_MS * 1000);
	}
}

int pci_enable(struct pci_device *p)
{
	uint16_t command = PCI_COMMAND_MASTER;

	if (!pci_present(p)) {
		return -ERR_IO;
	}
	wake(p);
	for (unsigned int n = 0; n < PCI_BARS; n++) {
		const struct pci_bar *bar = &p->bars[n];

		if (bar->assigned) {
			command |= bar->space == PCI_IO ? PCI_COMMAND_IO
							: PCI_COMMAND_MEMORY;
		}
	}
	pci_write16(p, PCI_COMMAND, pci_read16(p, PCI_COMMAND) | command);
	return 0;
}

int pci_map_bar(struct pci_device *p, unsigned int n, volatile void **regs,
		uint64_t *size)
{
	const struct pci_bar *bar;

	if (n >= PCI_BARS || p->bars[n].size == 0) {
		return -ERR_NOENT;
	}
	bar = &p->bars[n];
	if (!bar->assigned) {
		return -ERR_NOSPC;
	}
	for (unsigned int s = 0; s < PCI_SPACES; s++) {
		const struct pci_window *w = &p->host->windows[s];
		uint64_t off = bar->addr - w->bus;

		if ((s == PCI_IO) != (bar->space == PCI_IO) ||
		    bar->addr < w->bus || off >= w->size) {
			continue;
		}
		if (size) {
			*size = bar->size;
		}
		return device_map_range(&p->dev, PADDR(w->cpu.v + off),
					bar->size, regs);
	}
	return -ERR_NOSPC;
}
