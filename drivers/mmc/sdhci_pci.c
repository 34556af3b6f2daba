/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SD host controllers on PCI (SD Host Controller 3.00, appendix A). */
#include <core/pci.h>
#include <libs/error.h>

#include "sdhci_priv.h"

/* A.3: BAR n belongs to slot n; only the first slot is used; controllers with
 * several are not made any more. */
#define SDHCI_PCI_BAR 0

static void irq_off(struct pci_device *p)
{
	pci_irq_disable(p, 0);
	irq_synchronize();
}

static int start(struct pci_device *p, struct sdhci *s)
{
	unsigned int got;
	int err = pci_irq_alloc(p, 1, &got);

	if (err == 0) {
		err = pci_irq_request(p, 0, sdhci_interrupt, s);
	}
	if (err) {
		return err;
	}
	pci_irq_enable(p, 0);
	err = sdhci_add(s);
	if (err) {
		irq_off(p);
	}
	return err;
}

static int sdhci_pci_probe(struct device *dev)
{
	struct pci_device *p = pci_device(dev);
	volatile void *regs;
	struct sdhci *s;
	int err = pci_enable(p);

	if (err == 0) {
		err = pci_map_bar(p, SDHCI_PCI_BAR, &regs, NULL);
	}
	if (err) {
		return err;
	}
	s = sdhci_create(dev, regs);
	if (!s) {
		return -ERR_NOMEM;
	}
	err = start(p, s);
	if (err) {
		sdhci_destroy(s);
		return err;
	}
	dev->priv = s;
	return 0;
}

static void sdhci_pci_remove(struct device *dev)
{
	sdhci_stop(dev->priv);
	irq_off(pci_device(dev));
	sdhci_destroy(dev->priv);
}

static const struct pci_id sdhci_pci_ids[] = {
	{ PCI_ANY, PCI_ANY, 0x080500, 0xffff00 },
	{ 0, 0, 0, 0 },
};

static const struct driver sdhci_pci_driver = {
	.name = "sdhci-pci",
	.class = DEVICE_BLOCK,
	.bus = &pci_bus,
	.ids = sdhci_pci_ids,
	.probe = sdhci_pci_probe,
	.remove = sdhci_pci_remove,
};
DRIVER(sdhci_pci_driver);
