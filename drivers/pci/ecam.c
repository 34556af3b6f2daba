/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI Express host bridge with an enhanced configuration access mechanism (PCI
 * Express Base Specification 7.2.2) that needs no set-up. The binding is
 * Linux's host-generic-pci.yaml.
 */
#include <arch/boot.h>
#include <arch/mmio.h>
#include <core/device.h>
#include <core/dt_blob.h>
#include <core/dt_pci.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/pci.h>
#include <libs/error.h>

#define BUS_SHIFT 20 /* 1 MiB of configuration space for each bus */
#define FUNCTION_SHIFT 12
#define BUSES 256
/* Buses are mapped in pairs, which fill one block of the translation tables. */
#define MAP_SHIFT 21
#define RANGES_MAX 8 /* most windows that are looked at */

struct ecam {
	struct pci_host host;
	paddr_t base; /* of bus host.first_bus */
	uint64_t size;
	volatile uint8_t *bus[BUSES]; /* NULL: not mapped yet */
};

static struct ecam *ecam_of(struct pci_host *h)
{
	return container_of(h, struct ecam, host);
}

static int ecam_open(struct pci_host *h, uint8_t bus)
{
	struct ecam *e = ecam_of(h);
	uint64_t off = (uint64_t)(bus - h->first_bus) << BUS_SHIFT;
	uint64_t at = e->base.v + off, from = ALIGN_DOWN(at, BIT(MAP_SHIFT));
	uint64_t to = from + BIT(MAP_SHIFT);
	volatile void *regs;
	int err;

	from = MAX(from, e->base.v);
	to = MIN(to, e->base.v + e->size);
	err = device_map_range(h->dev, PADDR(from), to - from, &regs);
	if (err == 0) {
		e->bus[bus] = (volatile uint8_t *)regs + (at - from);
	}
	return err;
}

static volatile uint8_t *ecam_reg(struct pci_host *h, uint16_t rid,
				  unsigned int off)
{
	volatile uint8_t *bus = ecam_of(h)->bus[rid >> 8];

	return bus ? bus + ((rid & 0xffU) << FUNCTION_SHIFT) + off : NULL;
}

static uint32_t ecam_read(struct pci_host *h, uint16_t rid, unsigned int off,
			  unsigned int size)
{
	volatile uint8_t *reg = ecam_reg(h, rid, off);

	if (!reg) {
		return ~0U;
	}
	switch (size) {
	case 1:
		return mmio_read8(reg);
	case 2:
		return mmio_read16(reg);
	default:
		return mmio_read32(reg);
	}
}

static void ecam_write(struct pci_host *h, uint16_t rid, unsigned int off,
		       unsigned int size, uint32_t val)
{
	volatile uint8_t *reg = ecam_reg(h, rid, off);

	if (!reg) {
		return;
	}
	switch (size) {
	case 1:
		mmio_write8(reg, (uint8_t)val);
		break;
	case 2:
		mmio_write16(reg, (uint16_t)val);
		break;
	default:
		mmio_write32(reg, val);
		break;
	}
}

static const struct pci_host_ops ecam_ops = {
	.open = ecam_open,
	.read = ecam_read,
	.write = ecam_write,
};

/* Take the buses that the node names, as far as its registers hold them. */
static int take_buses(struct ecam *e, dt_node_t node)
{
	struct pci_host *h = &e->host;
	uint32_t first = 0, last = BUSES - 1;
	const void *range;
	int len;

	range = dt_prop(node, "bus-range", &len);
	if (range && len == 8) {
		first = (uint32_t)dt_cells(range, 1);
		last = (uint32_t)dt_cells((const uint8_t *)range + 4, 1);
	}
	if (first > last || last >= BUSES || e->size < BIT(BUS_SHIFT)) {
		return -ERR_FORMAT;
	}
	last = MIN(last, (uint32_t)(first + (e->size >> BUS_SHIFT) - 1));
	h->first_bus = (uint8_t)first;
	h->last_bus = (uint8_t)last;
	return 0;
}

/*
 * The kind of a window; PCI_SPACES if it is none that we use. A window at
 * 64-bit addresses is used for prefetchable BARs, even if the tree does not
 * call it prefetchable: the other window of a bridge has only 32 bits.
 */
static enum pci_space space_of(const struct dt_pci_range *r)
{
	switch (r->space) {
	case DT_PCI_IO:
		return PCI_IO;
	case DT_PCI_MEM32:
	case DT_PCI_MEM64:
		if (r->bus + r->size > BIT(32)) {
			return PCI_PREF;
		}
		return r->prefetchable ? PCI_PREF : PCI_MEM;
	default:
		return PCI_SPACES;
	}
}

/* Take the largest window of each kind that the CPUs can reach. */
static void take_windows(struct pci_host *h, dt_node_t node)
{
	struct dt_pci_range ranges[RANGES_MAX];
	unsigned int n = dt_pci_ranges(node, ranges, ARRAY_SIZE(ranges));

	for (unsigned int i = 0; i < n; i++) {
		const struct dt_pci_range *r = &ranges[i];
		enum pci_space s = space_of(r);

		if (s == PCI_SPACES || r->size <= h->windows[s].size ||
		    r->cpu.v + r->size > arch_boot_ram_limit()) {
			continue;
		}
		h->windows[s] = (struct pci_window){
			.bus = r->bus,
			.size = r->size,
			.cpu = r->cpu,
		};
	}
}

static int ecam_probe(struct device *dev)
{
	struct ecam *e = heap_alloc(sizeof(*e));
	struct dt_chosen chosen;
	int err;

	if (!e) {
		return -ERR_NOMEM;
	}
	err = dt_reg(dev->dt, 0, &e->base, &e->size);
	if (!err) {
		err = take_buses(e, dev->dt);
	}
	if (err) {
		heap_free(e);
		return err;
	}
	if (dt_u32(dev->dt, "linux,pci-domain", &e->host.domain)) {
		e->host.domain = 0;
	}
	dt_get_chosen(&chosen);
	e->host.probe_only = chosen.pci_probe_only;
	e->host.dev = dev;
	e->host.ops = &ecam_ops;
	take_windows(&e->host, dev->dt);
	pci_host_add(&e->host);
	dev->priv = e;
	return 0;
}

static void ecam_remove(struct device *dev)
{
	struct ecam *e = dev->priv;

	pci_host_remove(&e->host);
	heap_free(e);
}

static const char *const ecam_compatible[] = {
	"pci-host-ecam-generic",
	NULL,
};

static const struct driver ecam_driver = {
	.name = "pci-ecam",
	.class = DEVICE_BUS,
	.compatible = ecam_compatible,
	.probe = ecam_probe,
	.remove = ecam_remove,
};
DRIVER(ecam_driver);
