/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SD host controllers of the host tree (bindings mmc/mmc-controller.yaml and
 * mmc/arasan,sdhci.yaml). */
#include <core/device.h>
#include <core/heap.h>
#include <libs/error.h>

#include "sdhci_priv.h"

static bool has(const struct device *dev, const char *property)
{
	return dt_prop(dev->dt, property, NULL) != NULL;
}

/*
 * Where card detection is wired to a GPIO or not at all, the card is taken to
 * be fixed.
 */
static void read_node(struct sdhci *s)
{
	const struct device *dev = s->host.dev;
	uint32_t width;

	s->host.width_8 = dt_u32(dev->dt, "bus-width", &width) == 0 &&
			  width == 8;
	s->fixed = has(dev, "non-removable") || has(dev, "broken-cd") ||
		   has(dev, "cd-gpios");
	s->no_write_protect = has(dev, "disable-wp") || has(dev, "wp-gpios");
	s->host.no_sd = has(dev, "no-sd");
	s->host.no_mmc = has(dev, "no-mmc");
}

/* Free the interrupt; no handler runs after this. */
static void irq_off(struct device *dev)
{
	for (unsigned int i = 0; i < dev->nirqs; i++) {
		irq_disable(dev->irqs[i]);
	}
	irq_synchronize();
}

static int sdhci_tree_probe(struct device *dev)
{
	volatile void *regs;
	struct sdhci *s;
	unsigned int irq;
	int err = device_map(dev, 0, &regs, NULL);

	if (err) {
		return err;
	}
	s = sdhci_create(dev, regs);
	if (!s) {
		return -ERR_NOMEM;
	}
	read_node(s);
	err = device_irq_request(dev, 0, sdhci_interrupt, s, &irq);
	if (err == 0) {
		irq_enable(irq);
		err = sdhci_add(s);
	}
	if (err) {
		irq_off(dev);
		sdhci_destroy(s);
		return err;
	}
	dev->priv = s;
	return 0;
}

static void sdhci_tree_remove(struct device *dev)
{
	sdhci_stop(dev->priv);
	irq_off(dev);
	sdhci_destroy(dev->priv);
}

static const char *const sdhci_tree_compatible[] = {
	"arasan,sdhci-8.9a",
	"generic-sdhci",
	"xlnx,zynqmp-8.9a",
	"xlnx,versal-8.9a",
	NULL,
};

static const struct driver sdhci_tree_driver = {
	.name = "sdhci",
	.class = DEVICE_BLOCK,
	.compatible = sdhci_tree_compatible,
	.probe = sdhci_tree_probe,
	.remove = sdhci_tree_remove,
};
DRIVER(sdhci_tree_driver);
