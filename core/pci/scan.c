/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scanning the buses of a PCI host bridge, and registering the functions as
 * devices. */
#include <core/dt_pci.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/pci.h>
#include <libs/error.h>
#include <stdio.h>

#include "pci_priv.h"

#define FUNCTIONS_MAX 512 /* most functions of one host bridge */
#define DEPTH_MAX 16      /* most bridges in a row */
#define SLOTS 32
#define CLASS_HOST_BRIDGE 0x0600
#define SLOT_FUNCTIONS 8
#define HEADER_MULTI 0x80

#define RID(bus, slot, fn) ((uint16_t)((bus) << 8 | (slot) << 3 | (fn)))

struct scan {
	struct pci_host *h;
	unsigned int next_bus; /* the first bus number that is free */
	unsigned int found;
};

static void release_function(struct device *dev)
{
	struct pci_device *p = pci_device(dev);

	heap_free(p);
}

static void read_header(struct pci_device *p)
{
	uint32_t class = pci_read32(p, PCI_CLASS_REVISION);

	p->vendor = pci_read16(p, PCI_VENDOR_ID);
	p->device = pci_read16(p, PCI_DEVICE_ID);
	p->class = class >> 8;
	p->revision = (uint8_t) class;
	p->header = pci_read8(p, PCI_HEADER_TYPE) & (uint8_t)~HEADER_MULTI;
	p->pin = pci_read8(p, PCI_INTERRUPT_PIN);
	if (p->header == 0) {
		p->subsystem_vendor = pci_read16(p, PCI_SUBSYSTEM_VENDOR);
		p->subsystem = pci_read16(p, PCI_SUBSYSTEM_ID);
	}
	if (p->header == 1) {
		p->pref_64 = (pci_read16(p, PCI_PREF_BASE) & 0xf) == 1;
	}
}

static struct pci_device *add_function(struct scan *sc,
				       struct pci_device *bridge, uint16_t rid)
{
	struct pci_device *p = heap_alloc(sizeof(*p));

	if (!p) {
		return NULL;
	}
	p->host = sc->h;
	p->bridge = bridge;
	p->rid = rid;
	p->dev.bus = &pci_bus;
	p->dev.parent = sc->h->dev;
	p->dev.dt = -1;
	p->dev.release = release_function;
	(void)snprintf(p->dev.name, sizeof(p->dev.name), "%04x:%02x:%02x.%x",
		       sc->h->domain, rid >> 8, rid >> 3 & 0x1fU, rid & 7U);
	read_header(p);
	if (p->header > 1) {
		heap_free(p);
		return NULL; /* a CardBus bridge, or an unknown type */
	}
	list_append(&sc->h->functions, &p->node);
	sc->found++;
	pci_size_bars(p);
	return p;
}

static bool answers(struct pci_host *h, uint16_t rid)
{
	uint32_t vendor = h->ops->read(h, rid, PCI_VENDOR_ID, 2) & 0xffff;

	return vendor != 0xffff && vendor != 0;
}

static void scan_slot(struct scan *sc, struct pci_device *bridge, uint8_t bus,
		      unsigned int slot)
{
	struct pci_host *h = sc->h;
	unsigned int functions = 1;

	if (!answers(h, RID(bus, slot, 0))) {
		return;
	}
	if (h->ops->read(h, RID(bus, slot, 0), PCI_HEADER_TYPE, 1) &
	    HEADER_MULTI) {
		functions = SLOT_FUNCTIONS;
	}
	for (unsigned int fn = 0; fn < functions; fn++) {
		if (fn > 0 && !answers(h, RID(bus, slot, fn))) {
			continue;
		}
		if (sc->found == FUNCTIONS_MAX) {
			log_warn("pci: more than %u functions; the rest is "
				 "left out",
				 FUNCTIONS_MAX);
			return;
		}
		(void)add_function(sc, bridge, RID(bus, slot, fn));
	}
}

/* Behind a root port or a switch's downstream port there is only device 0; some
 * devices answer to all numbers (PCI Express Base Specification 7.3.1). */
static unsigned int slots_behind(struct pci_device *bridge)
{
	unsigned int cap, type;

	if (!bridge) {
		return SLOTS;
	}
	cap = pci_find_capability(bridge, PCI_CAP_EXPRESS, 0);
	if (cap == 0) {
		return SLOTS;
	}
	type = pci_express_type(bridge, cap);
	return type == PCI_EXPRESS_ROOT_PORT || type == PCI_EXPRESS_DOWNSTREAM
		       ? 1
		       : SLOTS;
}

static void set_buses(struct pci_device *p, uint8_t secondary,
		      uint8_t subordinate)
{
	pci_write8(p, PCI_PRIMARY_BUS, (uint8_t)(p->rid >> 8));
	pci_write8(p, PCI_SECONDARY_BUS, secondary);
	pci_write8(p, PCI_SUBORDINATE_BUS, subordinate);
	p->secondary = secondary;
	p->subordinate = subordinate;
}

static void scan_bus(struct scan *sc, struct pci_device *bridge, uint8_t bus,
		     unsigned int depth);

/* Number the bus behind a bridge, and scan it; meanwhile the bridge forwards
 * all bus numbers that are still free. */
/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX levels */
static void scan_behind(struct scan *sc, struct pci_device *p,
			unsigned int depth)
{
	if (depth == DEPTH_MAX || sc->next_bus > sc->h->last_bus) {
		log_warn("pci: %s: no bus number left for what is behind it",
			 p->dev.name);
		return;
	}
	set_buses(p, (uint8_t)sc->next_bus, sc->h->last_bus);
	sc->next_bus++;
	scan_bus(sc, p, p->secondary, depth + 1);
	set_buses(p, p->secondary, (uint8_t)(sc->next_bus - 1));
}

/* Scan buses as the firmware has numbered them; a bridge whose number is not
 * above its own bus's, or out of range, is left alone. */
/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX levels */
static void scan_numbered(struct scan *sc, struct pci_device *p,
			  unsigned int depth)
{
	p->secondary = pci_read8(p, PCI_SECONDARY_BUS);
	p->subordinate = pci_read8(p, PCI_SUBORDINATE_BUS);
	if (depth < DEPTH_MAX && p->secondary > p->rid >> 8 &&
	    p->secondary <= sc->h->last_bus) {
		scan_bus(sc, p, p->secondary, depth + 1);
	}
}

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX levels */
static void scan_bus(struct scan *sc, struct pci_device *bridge, uint8_t bus,
		     unsigned int depth)
{
	unsigned int slots = slots_behind(bridge);
	struct pci_host *h = sc->h;
	struct pci_device *p;

	if (h->ops->open(h, bus)) {
		return;
	}
	for (unsigned int slot = 0; slot < slots; slot++) {
		scan_slot(sc, bridge, bus, slot);
	}
	/* With numbers left from before, two bridges could forward the same
	 * bus. */
	pci_for_each_on(p, h, bridge)
	{
		if (p->header == 1 && !h->probe_only) {
			set_buses(p, 0, 0);
		}
	}
	pci_for_each_on(p, h, bridge)
	{
		if (p->header != 1) {
			continue;
		}
		if (h->probe_only) {
			scan_numbered(sc, p, depth);
		} else {
			scan_behind(sc, p, depth);
		}
	}
}

static void open_bridges(struct pci_host *h)
{
	struct pci_device *p;

	list_for_each(p, &h->functions, node) {
		if (p->header == 1) {
			pci_write16(p, PCI_COMMAND,
				    pci_read16(p, PCI_COMMAND) |
					    PCI_COMMAND_IO |
					    PCI_COMMAND_MEMORY |
					    PCI_COMMAND_MASTER);
		}
	}
}

void pci_host_add(struct pci_host *h)
{
	struct scan sc = { .h = h, .next_bus = h->first_bus + 1U };
	struct pci_device *p, *tmp;
	bool known = false;

	list_init(&h->functions);
	scan_bus(&sc, NULL, h->first_bus, 0);
	pci_assign(h);
	open_bridges(h);
	list_for_each_safe(p, tmp, &h->functions, node) {
		int err;

		/* Most host bridges show themselves as a function, which needs
		 * no driver. */
		if (p->class >> 8 != CLASS_HOST_BRIDGE && !known) {
			dt_pci_dma(h->dev->dt, &h->dma);
			known = true;
		}
		p->dev.dma = h->dma;
		err = device_add_locked(&p->dev);

		if (err) {
			log_warn("pci: %s: %s", p->dev.name, err_str(err));
			list_remove(&p->node);
			heap_free(p);
		}
	}
}

void pci_host_remove(struct pci_host *h)
{
	while (!list_empty(&h->functions)) {
		struct pci_device *p =
			list_entry(h->functions.prev, struct pci_device, node);
		int err;

		list_remove(&p->node);
		err = device_remove_locked(&p->dev);
		/* A bus whose function is in use cannot be unbound. */
		assert(!err);
	}
}

/* --- drivers -------------------------------------------------------------- */

static unsigned int id_fit(const struct pci_device *p, const struct pci_id *id)
{
	unsigned int fit = 1;

	if (id->vendor != PCI_ANY) {
		if (id->vendor != p->vendor) {
			return 0;
		}
		fit += 2;
	}
	if (id->device != PCI_ANY) {
		if (id->device != p->device) {
			return 0;
		}
		fit += 4;
	}
	if ((p->class ^ id->class) & id->class_mask) {
		return 0;
	}
	return fit + (id->class_mask != 0);
}

static unsigned int pci_match(const struct device *dev,
			      const struct driver *drv)
{
	const struct pci_device *p =
		container_of(dev, const struct pci_device, dev);
	const struct pci_id *id = drv->ids;
	unsigned int best = 0;

	for (; id && (id->vendor | id->device | id->class_mask); id++) {
		best = MAX(best, id_fit(p, id));
	}
	return best;
}

static void pci_unbound(struct device *dev)
{
	struct pci_device *p = pci_device(dev);

	pci_irq_free(p);
	pci_write16(p, PCI_COMMAND,
		    pci_read16(p, PCI_COMMAND) &
			    (uint16_t) ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
					 PCI_COMMAND_MASTER));
}

/* --- for a person --------------------------------------------------------- */

static void describe_bar(const struct pci_bar *bar, unsigned int n,
			 struct device_fact *out)
{
	static const char *const spaces[PCI_SPACES] = { "I/O", "memory",
							"prefetchable" };

	(void)snprintf(out->name, sizeof(out->name), "BAR %u", n);
	if (bar->assigned) {
		(void)snprintf(out->value, sizeof(out->value),
			       "0x%llx, 0x%llx bytes, %s",
			       (unsigned long long)bar->addr,
			       (unsigned long long)bar->size,
			       spaces[bar->space]);
	} else {
		(void)snprintf(out->value, sizeof(out->value),
			       "no place for 0x%llx bytes of %s",
			       (unsigned long long)bar->size,
			       spaces[bar->space]);
	}
}

static bool pci_describe(const struct device *dev, unsigned int n,
			 struct device_fact *out)
{
	static const char *const modes[] = {
		[PCI_IRQ_NONE] = "none",
		[PCI_IRQ_INTX] = "INTx",
		[PCI_IRQ_MSI] = "MSI",
		[PCI_IRQ_MSIX] = "MSI-X",
	};
	const struct pci_device *p =
		container_of(dev, const struct pci_device, dev);

	if (n == 0) {
		(void)snprintf(out->name, sizeof(out->name), "Identity");
		(void)snprintf(out->value, sizeof(out->value),
			       "%04x:%04x, class %06x, revision %u", p->vendor,
			       p->device, p->class, p->revision);
		return true;
	}
	if (n == 1) {
		(void)snprintf(out->name, sizeof(out->name), "Interrupts");
		(void)snprintf(out->value, sizeof(out->value), "%s",
			       modes[p->irq_mode]);
		return true;
	}
	if (n == 2 && p->header == 1) {
		(void)snprintf(out->name, sizeof(out->name), "Bridge to");
		(void)snprintf(out->value, sizeof(out->value),
			       "buses %02x to %02x", p->secondary,
			       p->subordinate);
		return true;
	}
	n -= p->header == 1 ? 3 : 2;
	for (unsigned int bar = 0; bar < PCI_BARS; bar++) {
		if (p->bars[bar].size && n-- == 0) {
			describe_bar(&p->bars[bar], bar, out);
			return true;
		}
	}
	return false;
}

const struct device_bus pci_bus = {
	.name = "pci",
	.match = pci_match,
	.unbound = pci_unbound,
	.describe = pci_describe,
};
