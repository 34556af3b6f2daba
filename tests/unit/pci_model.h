/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model of PCI functions' configuration space, and a host bridge for it. */
#ifndef TESTS_PCI_MODEL_H
#define TESTS_PCI_MODEL_H

#include <arch/mmu.h>
#include <arch_impl/host.h>
#include <core/dt_pci.h>
#include <core/msi.h>
#include <core/pci.h>
#include <libs/error.h>

/* --- the model ------------------------------------------------------------ */

#define MODEL_MAX 64

struct model {
	int parent; /* index of the bridge above, -1: the root bus */
	uint8_t slot, fn;
	uint8_t space[4096];
	uint32_t bar_mask[PCI_BARS]; /* writable bits */
	uint32_t bar_type[PCI_BARS]; /* low bits */
};

static struct model models[MODEL_MAX];
static unsigned int nmodels;
static bool endless; /* below each bridge there is another */

static uint32_t model_get(const struct model *m, unsigned int off,
			  unsigned int size)
{
	uint32_t v = 0;

	memcpy(&v, m->space + off, size);
	return v;
}

static void model_put(struct model *m, unsigned int off, unsigned int size,
		      uint32_t v)
{
	memcpy(m->space + off, &v, size);
}

static struct model *model_add(int parent, uint8_t slot, uint8_t fn,
			       uint8_t header)
{
	struct model *m = &models[nmodels++];

	assert_true(nmodels <= MODEL_MAX);
	memset(m, 0, sizeof(*m));
	m->parent = parent;
	m->slot = slot;
	m->fn = fn;
	model_put(m, PCI_VENDOR_ID, 2, 0x1af4);
	model_put(m, PCI_DEVICE_ID, 2, 0x1000 + nmodels);
	m->space[PCI_HEADER_TYPE] = header;
	model_put(m, PCI_CLASS_REVISION, 4,
		  (header & 0x7f) == 1 ? 0x06040000 : 0x01080207);
	if ((header & 0x7f) == 1) {
		model_put(m, 0x24, 2, 1); /* 64-bit prefetchable window */
	}
	return m;
}

/* size 0x1000 and type 4: a 64-bit memory BAR of 4 KiB */
static void model_bar(struct model *m, unsigned int n, uint64_t size,
		      uint32_t type)
{
	uint64_t mask = ~(size - 1);

	m->bar_mask[n] = (uint32_t)mask;
	m->bar_type[n] = type;
	if ((type & 7) == 4) {
		m->bar_mask[n + 1] = (uint32_t)(mask >> 32);
	}
	model_put(m, PCI_BAR(n), 4, type);
}

static int model_bus(const struct model *m)
{
	const struct model *above;

	if (m->parent < 0) {
		return 0;
	}
	above = &models[m->parent];
	if (model_bus(above) < 0 || above->space[0x19] == 0) {
		return -1;
	}
	return above->space[0x19];
}

static struct model *model_find(uint16_t rid)
{
	static struct model any;
	unsigned int found = 0;
	struct model *m = NULL;

	for (unsigned int i = 0; i < nmodels; i++) {
		if (model_bus(&models[i]) == rid >> 8 &&
		    models[i].slot == (rid >> 3 & 0x1f) &&
		    models[i].fn == (rid & 7)) {
			m = &models[i];
			found++;
		}
	}
	/* Two functions that answer to one number would corrupt each other's
	 * answers. */
	assert_true(found <= 1);
	if (!m && endless && (rid & 0xff) == 0) {
		memset(&any, 0, sizeof(any));
		model_put(&any, PCI_VENDOR_ID, 2, 0x1234);
		any.space[PCI_HEADER_TYPE] = 1;
		m = &any;
	}
	return m;
}

static int model_open(struct pci_host *h, uint8_t bus)
{
	(void)h;
	(void)bus;
	return 0;
}

static uint32_t model_read(struct pci_host *h, uint16_t rid, unsigned int off,
			   unsigned int size)
{
	const struct model *m = model_find(rid);

	(void)h;
	assert_true(off % size == 0 && off + size <= 4096);
	return m ? model_get(m, off, size) : ~0U;
}

static void model_write(struct pci_host *h, uint16_t rid, unsigned int off,
			unsigned int size, uint32_t val)
{
	struct model *m = model_find(rid);

	(void)h;
	assert_true(off % size == 0 && off + size <= 4096);
	if (!m) {
		return;
	}
	if (off >= PCI_BAR(0) &&
	    off < PCI_BAR((m->space[PCI_HEADER_TYPE] & 0x7f) == 1 ? 2 : 6)) {
		unsigned int n = (off - PCI_BAR(0)) / 4;

		/* A BAR must not be sized while it is decoded. */
		assert_true(val != ~0U || (m->space[PCI_COMMAND] & 3) == 0);
		val = (val & m->bar_mask[n]) | m->bar_type[n];
	}
	if ((m->space[PCI_HEADER_TYPE] & 0x7f) == 1 &&
	    (off == 0x24 || off == 0x26)) {
		val = (val & 0xfff0) | 1;
	}
	model_put(m, off, size, val);
}

static const struct pci_host_ops model_ops = { model_open, model_read,
					       model_write };

/* --- what it stands on ---------------------------------------------------- */

static struct pci_host host;
static struct device bridge_dev = { .dt = -1 };
static unsigned int added;

int device_map_range(struct device *dev, paddr_t base, uint64_t size,
		     volatile void **regs)
{
	(void)dev;
	assert_true(size > 0);
	*regs = arch_phys_to_virt(base);
	return 0;
}

int device_add_locked(struct device *dev)
{
	(void)dev;
	added++;
	return 0;
}

int device_remove_locked(struct device *dev)
{
	added--;
	dev->release(dev);
	return 0;
}

static struct {
	irq_handler_t fn;
	void *arg;
	bool enabled;
} irqs[128];
static unsigned int silenced, spurious;

int irq_request(unsigned int irq, irq_handler_t fn, void *arg, const char *name)
{
	(void)name;
	assert_true(irq < 128);
	if (irqs[irq].fn) {
		return -ERR_BUSY;
	}
	irqs[irq].fn = fn;
	irqs[irq].arg = arg;
	return 0;
}

void irq_release(unsigned int irq)
{
	irqs[irq].fn = NULL;
	irqs[irq].enabled = false;
}

void irq_set_trigger(unsigned int irq, enum irq_trigger trigger)
{
	(void)irq;
	(void)trigger;
}

void irq_enable(unsigned int irq)
{
	irqs[irq].enabled = true;
}

void irq_disable(unsigned int irq)
{
	irqs[irq].enabled = false;
}

void irq_synchronize(void)
{
}

bool irq_spurious(unsigned int irq)
{
	(void)irq;
	return ++spurious == 3;
}

void irq_silence(unsigned int irq)
{
	silenced++;
	irqs[irq].enabled = false;
}

int irq_of_cells(const struct dt_interrupt *in, unsigned int *irq,
		 enum irq_trigger *trigger)
{
	*irq = 32 + in->cell[1];
	*trigger = IRQ_TRIGGER_LEVEL;
	return 0;
}

static void model_reset(void)
{
	nmodels = 0;
	endless = false;
	host = (struct pci_host){
		.dev = &bridge_dev,
		.ops = &model_ops,
		.last_bus = 255,
		.windows = { { 0, 0x10000, PADDR(0x3eff0000) },
			     { 0x10000000, 0x2eff0000, PADDR(0x10000000) },
			     { GIB(512), GIB(512), PADDR(GIB(512)) } },
	};
}

static struct pci_device *function(unsigned int n)
{
	struct pci_device *p;

	list_for_each(p, &host.functions, node) {
		if (n-- == 0) {
			return p;
		}
	}
	return NULL;
}

#endif
