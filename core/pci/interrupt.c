/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of PCI functions: MSI-X, MSI, or one of the four INTx lines, which
 * functions share.
 */
#include <arch/mmio.h>
#include <arch/mmu.h>
#include <core/dt_pci.h>
#include <core/log.h>
#include <core/msi.h>
#include <core/pci.h>
#include <core/spinlock.h>
#include <libs/error.h>

#include "pci_priv.h"

/* MSI (PCI Express Base Specification 7.7.1). */
#define MSI_CONTROL 2
#define MSI_ENABLE BIT(0)
#define MSI_MESSAGES(control) FIELD(control, 3, 1)
#define MSI_MESSAGES_SHIFT 4
#define MSI_64 BIT(7)
#define MSI_ADDRESS 4
#define MSI_ADDRESS_HIGH 8
#define MSI_DATA 8 /* 4 more with 64-bit addresses */

/* MSI-X (7.7.2). */
#define MSIX_CONTROL 2
#define MSIX_ENABLE BIT(15)
#define MSIX_ENTRIES(control) (FIELD(control, 10, 0) + 1)
#define MSIX_TABLE 4
#define MSIX_ENTRY_SIZE 16
#define MSIX_ENTRY_CONTROL 12
#define MSIX_MASKED 1U

#define INTX_LINES 16 /* of all host bridges */
#define INTX_SHARERS 16

/*
 * A line and the functions on it. [L] lock; handlers read the slots without it.
 */
struct pci_intx {
	unsigned int irq;
	struct pci_device *sharers[INTX_SHARERS]; /* [A] NULL: free */
};

static struct spinlock lock = SPINLOCK_INIT(LOCK_DRIVER);
static struct pci_intx lines[INTX_LINES]; /* [L] sharers: those in use */
static unsigned int nlines;               /* [L] */

/* --- messages ------------------------------------------------------------- */

/*
 * The requester ID of its writes at the host bridge: a bridge to conventional
 * PCI sends them under its own ID (PCI Express to PCI/PCI-X Bridge
 * Specification 2.3), with the number of its secondary bus if the bridge is on
 * PCI Express.
 */
static uint16_t requester_id(struct pci_device *p)
{
	uint16_t rid = p->rid;

	for (struct pci_device *b = p->bridge; b; b = b->bridge) {
		unsigned int cap = pci_find_capability(b, PCI_CAP_EXPRESS, 0);

		if (cap == 0) {
			rid = b->rid;
		} else if (pci_express_type(b, cap) == PCI_EXPRESS_TO_PCI) {
			rid = (uint16_t)(b->secondary << 8);
		}
	}
	return rid;
}

static struct msi_controller *controller_of(struct pci_device *p,
					    uint32_t *device)
{
	dt_node_t node;

	if (dt_pci_msi(p->host->dev->dt, requester_id(p), &node, device)) {
		return NULL;
	}
	return msi_find(node);
}

static void free_message(struct pci_device *p, unsigned int n, unsigned int irq)
{
	uint32_t device;
	struct msi_controller *mc = controller_of(p, &device);
	struct msi msi = { .irq = irq };

	if (mc) {
		mc->free(mc, device, n, &msi);
	}
}

static void msix_set(struct pci_device *p, unsigned int vector,
		     const struct msi *msi)
{
	volatile uint8_t *entry = p->msix + vector * MSIX_ENTRY_SIZE;
	uint64_t addr = msi->address - p->dev.dma.offset;

	mmio_write32(entry + MSIX_ENTRY_CONTROL, MSIX_MASKED);
	mmio_write32(entry, (uint32_t)addr);
	mmio_write32(entry + 4, (uint32_t)(addr >> 32));
	mmio_write32(entry + 8, msi->data);
}

static int msix_map(struct pci_device *p, unsigned int cap,
		    unsigned int entries)
{
	uint32_t where = pci_read32(p, cap + MSIX_TABLE);
	volatile void *bar;
	uint64_t size;
	int err = pci_map_bar(p, where & 7, &bar, &size);

	if (err) {
		return err;
	}
	where &= ~7U;
	if (where > size || entries * MSIX_ENTRY_SIZE > size - where) {
		return -ERR_FORMAT;
	}
	p->msix = (volatile uint8_t *)bar + where;
	return 0;
}

static unsigned int msix_alloc(struct pci_device *p, unsigned int want)
{
	unsigned int cap = pci_find_capability(p, PCI_CAP_MSIX, 0);
	struct msi_controller *mc;
	uint16_t control;
	uint32_t device;
	struct msi msi;
	unsigned int n;

	mc = cap ? controller_of(p, &device) : NULL;
	if (!mc) {
		return 0;
	}
	control = pci_read16(p, cap + MSIX_CONTROL);
	want = MIN(want, (unsigned int)MSIX_ENTRIES(control));
	if (msix_map(p, cap, want)) {
		return 0;
	}
	/* Entries are masked after reset, or, if in use, by us. */
	pci_write16(p, cap + MSIX_CONTROL, control | MSIX_ENABLE);
	for (n = 0; n < want && mc->alloc(mc, device, 1, &msi) == 0; n++) {
		p->vectors[n].irq = msi.irq;
		msix_set(p, n, &msi);
	}
	if (n == 0) {
		pci_write16(p, cap + MSIX_CONTROL, control);
	}
	return n;
}

static unsigned int msi_alloc(struct pci_device *p, unsigned int want)
{
	unsigned int cap = pci_find_capability(p, PCI_CAP_MSI, 0);
	struct msi_controller *mc;
	unsigned int log2 = 0;
	uint16_t control;
	uint32_t device;
	struct msi msi;
	uint64_t addr;

	mc = cap ? controller_of(p, &device) : NULL;
	if (!mc) {
		return 0;
	}
	control = pci_read16(p, cap + MSI_CONTROL);
	while (log2 < MSI_MESSAGES(control) && 2U << log2 <= want) {
		log2++;
	}
	while (mc->alloc(mc, device, 1U << log2, &msi)) {
		if (log2-- == 0) {
			return 0;
		}
	}
	addr = msi.address - p->dev.dma.offset;
	if (addr >> 32 && !(control & MSI_64)) {
		mc->free(mc, device, 1U << log2, &msi);
		return 0;
	}
	pci_write32(p, cap + MSI_ADDRESS, (uint32_t)addr);
	if (control & MSI_64) {
		pci_write32(p, cap + MSI_ADDRESS_HIGH, (uint32_t)(addr >> 32));
	}
	pci_write16(p, cap + MSI_DATA + (control & MSI_64 ? 4 : 0),
		    (uint16_t)msi.data);
	control &= (uint16_t)~GENMASK(6, 4);
	pci_write16(p, cap + MSI_CONTROL,
		    (uint16_t)(control | log2 << MSI_MESSAGES_SHIFT |
			       MSI_ENABLE));
	for (unsigned int n = 0; n < 1U << log2; n++) {
		p->vectors[n].irq = msi.irq + n;
	}
	return 1U << log2;
}

static void messages_off(struct pci_device *p)
{
	unsigned int cap;

	if (p->irq_mode == PCI_IRQ_MSIX) {
		cap = pci_find_capability(p, PCI_CAP_MSIX, 0);
		pci_write16(p, cap + MSIX_CONTROL,
			    pci_read16(p, cap + MSIX_CONTROL) &
				    (uint16_t)~MSIX_ENABLE);
		for (unsigned int n = 0; n < p->nvectors; n++) {
			free_message(p, 1, p->vectors[n].irq);
		}
	} else if (p->irq_mode == PCI_IRQ_MSI) {
		cap = pci_find_capability(p, PCI_CAP_MSI, 0);
		pci_write16(p, cap + MSI_CONTROL,
			    pci_read16(p, cap + MSI_CONTROL) &
				    (uint16_t)~MSI_ENABLE);
		free_message(p, p->nvectors, p->vectors[0].irq);
	}
}

/* --- INTx ----------------------------------------------------------------- */

/* Call the handler of every function that asserts the line. If again and again
 * none does, the line is disabled. */
static void intx_handle(unsigned int irq, void *arg)
{
	struct pci_intx *line = arg;
	bool found = false;

	for (unsigned int i = 0; i < INTX_SHARERS; i++) {
		struct pci_device *p =
			__atomic_load_n(&line->sharers[i], __ATOMIC_ACQUIRE);

		if (p && (pci_read16(p, PCI_STATUS) & PCI_STATUS_INTX)) {
			found = true;
			p->vectors[0].fn(irq, p->vectors[0].arg);
		}
	}
	if (!found && irq_spurious(irq)) {
		irq_silence(irq);
	}
}

/* The line with this number, created when it is first asked for. */
static int intx_line(unsigned int irq, enum irq_trigger trigger,
		     struct pci_intx **out)
{
	int err;

	for (unsigned int i = 0; i < nlines; i++) {
		if (lines[i].irq == irq) {
			*out = &lines[i];
			return 0;
		}
	}
	if (nlines == INTX_LINES) {
		return -ERR_NOSPC;
	}
	err = irq_request(irq, intx_handle, &lines[nlines], "pci-intx");
	if (err) {
		return err;
	}
	irq_set_trigger(irq, trigger);
	lines[nlines].irq = irq;
	*out = &lines[nlines++];
	irq_enable(irq);
	return 0;
}

/*
 * Map the pin of a function behind bridges to the pin on the root bus. Returns
 * the device on the root bus whose pin it is (PCI-to-PCI Bridge Specification
 * 9.1).
 */
static struct pci_device *swizzle(struct pci_device *p, unsigned int *pin)
{
	*pin = p->pin;
	while (p->bridge) {
		*pin = (*pin - 1 + (p->rid >> 3 & 0x1f)) % 4 + 1;
		p = p->bridge;
	}
	return p;
}

static int intx_alloc(struct pci_device *p)
{
	unsigned int pin, irq = 0;
	struct pci_device *root = swizzle(p, &pin);
	enum irq_trigger trigger;
	struct dt_interrupt in;
	int err;

	if (p->pin < 1 || p->pin > 4) {
		return -ERR_NOSUPP;
	}
	err = dt_pci_interrupt(p->host->dev->dt, root->rid, pin, &in);
	if (!err) {
		err = irq_of_cells(&in, &irq, &trigger);
	}
	if (!err) {
		err = intx_line(irq, trigger, &p->intx);
	}
	p->vectors[0].irq = irq;
	return err;
}

static int intx_join(struct pci_device *p)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	int err = -ERR_NOSPC;

	for (unsigned int i = 0; err && i < INTX_SHARERS; i++) {
		if (!p->intx->sharers[i]) {
			__atomic_store_n(&p->intx->sharers[i], p,
					 __ATOMIC_RELEASE);
			err = 0;
		}
	}
	spin_unlock_irqrestore(&lock, flags);
	return err;
}

static void intx_leave(struct pci_device *p)
{
	unsigned long flags = spin_lock_irqsave(&lock);

	for (unsigned int i = 0; i < INTX_SHARERS; i++) {
		if (p->intx->sharers[i] == p) {
			__atomic_store_n(&p->intx->sharers[i], NULL,
					 __ATOMIC_RELAXED);
		}
	}
	spin_unlock_irqrestore(&lock, flags);
}

static void intx_mask(struct pci_device *p, bool masked)
{
	uint16_t command = pci_read16(p, PCI_COMMAND);

	pci_write16(p, PCI_COMMAND,
		    masked ? command | PCI_COMMAND_INTX_DISABLE
			   : command & (uint16_t)~PCI_COMMAND_INTX_DISABLE);
}

/* --- all three ------------------------------------------------------------ */

int pci_irq_alloc(struct pci_device *p, unsigned int want, unsigned int *got)
{
	int err;

	assert(p->irq_mode == PCI_IRQ_NONE && want > 0);
	want = MIN(want, (unsigned int)PCI_VECTORS_MAX);
	intx_mask(p, true);
	p->nvectors = msix_alloc(p, want);
	if (p->nvectors) {
		p->irq_mode = PCI_IRQ_MSIX;
	} else {
		p->nvectors = msi_alloc(p, want);
		p->irq_mode = p->nvectors ? PCI_IRQ_MSI : PCI_IRQ_NONE;
	}
	if (p->nvectors == 0) {
		err = intx_alloc(p);
		if (err) {
			return -ERR_NOSUPP;
		}
		p->nvectors = 1;
		p->irq_mode = PCI_IRQ_INTX;
	}
	*got = p->nvectors;
	return 0;
}

int pci_irq_request(struct pci_device *p, unsigned int vector, irq_handler_t fn,
		    void *arg)
{
	struct pci_vector *v = &p->vectors[vector];
	int err;

	assert(vector < p->nvectors && !v->fn);
	v->fn = fn;
	v->arg = arg;
	if (p->irq_mode == PCI_IRQ_INTX) {
		err = intx_join(p);
	} else {
		err = irq_request(v->irq, fn, arg, p->dev.name);
		if (!err) {
			irq_set_trigger(v->irq, IRQ_TRIGGER_EDGE);
		}
		if (!err && p->irq_mode == PCI_IRQ_MSIX) {
			irq_enable(v->irq); /* its entry is masked */
		}
	}
	if (err) {
		v->fn = NULL;
		return err;
	}
	/* Only to be shown to people; we release it. */
	p->dev.irqs[p->dev.nirqs++] = v->irq;
	return 0;
}

static void set_enabled(struct pci_device *p, unsigned int vector, bool on)
{
	struct pci_vector *v = &p->vectors[vector];

	switch (p->irq_mode) {
	case PCI_IRQ_MSIX:
		mmio_write32(p->msix + vector * MSIX_ENTRY_SIZE +
				     MSIX_ENTRY_CONTROL,
			     on ? 0 : MSIX_MASKED);
		break;
	case PCI_IRQ_MSI:
		if (on) {
			irq_enable(v->irq);
		} else {
			irq_disable(v->irq);
		}
		break;
	case PCI_IRQ_INTX:
		intx_mask(p, !on);
		break;
	case PCI_IRQ_NONE:
		break;
	}
}

void pci_irq_enable(struct pci_device *p, unsigned int vector)
{
	set_enabled(p, vector, true);
}

void pci_irq_disable(struct pci_device *p, unsigned int vector)
{
	set_enabled(p, vector, false);
}

void pci_irq_free(struct pci_device *p)
{
	if (p->irq_mode == PCI_IRQ_NONE) {
		return;
	}
	for (unsigned int n = 0; n < p->nvectors; n++) {
		struct pci_vector *v = &p->vectors[n];

		pci_irq_disable(p, n);
		if (v->fn && p->irq_mode == PCI_IRQ_INTX) {
			intx_leave(p);
		} else if (v->fn) {
			irq_release(v->irq);
		}
	}
	irq_synchronize();
	messages_off(p);
	for (unsigned int n = 0; n < p->nvectors; n++) {
		p->vectors[n] = (struct pci_vector){ .fn = NULL };
	}
	p->irq_mode = PCI_IRQ_NONE;
	p->nvectors = 0;
	p->dev.nirqs = 0;
	p->intx = NULL;
	p->msix = NULL;
}
