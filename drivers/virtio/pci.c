/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO over PCI (VirtIO 1.2, 4.1): finding functions, their interrupts, and
 * the device's configuration space; the rest is in pci_modern.c and
 * pci_legacy.c.
 */
#include <arch/mmio.h>
#include <core/heap.h>
#include <core/log.h>
#include <libs/error.h>

#include "pci_priv.h"

#define VENDOR 0x1af4
#define FIRST_TRANSITIONAL 0x1000
#define FIRST_MODERN 0x1040
#define LAST 0x107f

#define ISR_QUEUE BIT(0)
#define ISR_CONFIG BIT(1)

/* --- interrupts: vector 0 is the configuration's, others the queues' ------ */

static bool has_vectors(const struct virtio_pci *vp)
{
	return vp->pci->irq_mode == PCI_IRQ_MSIX;
}

uint16_t virtio_pci_vector(const struct virtio_pci *vp,
			   const struct virtio_queue *q)
{
	if (!has_vectors(vp) || !q->used) {
		return VIRTIO_PCI_NO_VECTOR;
	}
	if (vp->nvectors == 1) {
		return 0;
	}
	return (uint16_t)(1 + q->interrupt % (vp->nvectors - 1));
}

uint16_t virtio_pci_config_vector(const struct virtio_pci *vp)
{
	return has_vectors(vp) ? 0 : VIRTIO_PCI_NO_VECTOR;
}

static void vector_interrupt(unsigned int irq, void *arg)
{
	const struct virtio_pci_vector *v = arg;
	struct virtio_host *vh = &v->vp->vh;

	(void)irq;
	for (unsigned int i = 0; i < vh->nqueues; i++) {
		struct virtio_queue *q = vh->queues[i];

		if (virtio_pci_vector(v->vp, q) == v->n) {
			q->interrupts++;
			q->used(q);
		}
	}
	if (v->n == 0) {
		virtio_host_interrupt(vh, false, true);
	}
}

/* Reading the ISR clears the line (4.1.4.5.1). */
static void line_interrupt(unsigned int irq, void *arg)
{
	const struct virtio_pci_vector *v = arg;
	uint8_t why = mmio_read8(v->vp->isr);

	(void)irq;
	virtio_host_interrupt(&v->vp->vh, (why & ISR_QUEUE) != 0,
			      (why & ISR_CONFIG) != 0);
}

static int request_irqs(struct virtio_pci *vp)
{
	int err = pci_irq_alloc(vp->pci, PCI_VECTORS_MAX, &vp->nvectors);

	for (unsigned int n = 0; !err && n < vp->nvectors; n++) {
		vp->vectors[n] = (struct virtio_pci_vector){ vp, n };
		err = pci_irq_request(vp->pci, n,
				      has_vectors(vp) ? vector_interrupt
						      : line_interrupt,
				      &vp->vectors[n]);
	}
	return err;
}

int virtio_pci_irq_on(struct virtio_host *vh)
{
	struct virtio_pci *vp = virtio_pci_of(vh);

	for (unsigned int n = 0; n < vp->nvectors; n++) {
		pci_irq_enable(vp->pci, n);
	}
	return 0;
}

/* Do other queues' interrupts come with it, or the configuration's? */
static bool is_shared(const struct virtio_pci *vp, unsigned int v)
{
	unsigned int users = v == virtio_pci_config_vector(vp);

	for (unsigned int i = 0; i < vp->vh.nqueues; i++) {
		users += virtio_pci_vector(vp, vp->vh.queues[i]) == v;
	}
	return users > 1;
}

void virtio_pci_steer(struct virtio_queue *q, unsigned int cpu)
{
	struct virtio_pci *vp = virtio_pci_of(q->host);
	unsigned int v = virtio_pci_vector(vp, q);

	if (v != VIRTIO_PCI_NO_VECTOR && !is_shared(vp, v) &&
	    irq_set_affinity(vp->pci->vectors[v].irq, cpu)) {
		log_debug("%s: vector %u stays where it is", vp->vh.dev.name,
			  v);
	}
}

unsigned int virtio_pci_own_interrupts(const struct virtio_host *vh)
{
	const struct virtio_pci *vp =
		container_of(vh, const struct virtio_pci, vh);

	return has_vectors(vp) ? vp->nvectors - 1 : 0;
}

void virtio_pci_irq_off(struct virtio_host *vh)
{
	struct virtio_pci *vp = virtio_pci_of(vh);

	for (unsigned int n = 0; n < vp->nvectors; n++) {
		pci_irq_disable(vp->pci, n);
	}
	irq_synchronize();
}

void virtio_pci_isolate(struct virtio_host *vh)
{
	struct pci_device *p = virtio_pci_of(vh)->pci;

	pci_write16(p, PCI_COMMAND,
		    pci_read16(p, PCI_COMMAND) & (uint16_t)~PCI_COMMAND_MASTER);
}

/* --- configuration space -------------------------------------------------- */

static bool in_config(const struct virtio_pci *vp, unsigned int off,
		      unsigned int size)
{
	return vp->config && off + size <= vp->config_size;
}

uint32_t virtio_pci_config_read(struct virtio_host *vh, unsigned int off,
				unsigned int size)
{
	struct virtio_pci *vp = virtio_pci_of(vh);

	if (!in_config(vp, off, size)) {
		return 0;
	}
	switch (size) {
	case 1:
		return mmio_read8(vp->config + off);
	case 2:
		return mmio_read16(vp->config + off);
	default:
		return mmio_read32(vp->config + off);
	}
}

/* --- the driver ----------------------------------------------------------- */

static void virtio_pci_release(struct device *dev)
{
	heap_free(virtio_pci_of(virtio_host(dev)));
}

/* 4.1.2: the subsystem ID of a transitional device is its device type. */
static int device_id(const struct pci_device *p, uint16_t *id)
{
	if (p->device < FIRST_TRANSITIONAL || p->device > LAST) {
		return -ERR_NOSUPP;
	}
	*id = p->device >= FIRST_MODERN ? (uint16_t)(p->device - FIRST_MODERN)
					: p->subsystem;
	return 0;
}

static int set_up(struct virtio_pci *vp)
{
	int err = device_id(vp->pci, &vp->vh.id);

	if (!err) {
		err = pci_enable(vp->pci);
	}
	if (!err) {
		err = virtio_pci_modern(vp);
	}
	if (err == -ERR_NOSUPP && vp->pci->device < FIRST_MODERN) {
		err = virtio_pci_legacy(vp);
	}
	if (!err) {
		err = request_irqs(vp);
	}
	return err;
}

static int virtio_pci_probe(struct device *dev)
{
	struct virtio_pci *vp = heap_alloc(sizeof(*vp));
	int err;

	if (!vp) {
		return -ERR_NOMEM;
	}
	vp->pci = pci_device(dev);
	vp->vh.dma = dev;
	vp->vh.dev.parent = dev;
	vp->vh.dev.release = virtio_pci_release;
	err = set_up(vp);
	if (!err) {
		err = virtio_host_add(&vp->vh);
	}
	if (err) {
		pci_irq_free(vp->pci);
		heap_free(vp);
		return err;
	}
	dev->priv = vp;
	return 0;
}

static void virtio_pci_remove(struct device *dev)
{
	struct virtio_pci *vp = dev->priv;
	int err;

	/* Its handlers use what is freed next. */
	pci_irq_free(vp->pci);
	vp->nvectors = 0;
	err = device_remove_locked(&vp->vh.dev);
	assert(!err);
}

static const struct pci_id virtio_pci_ids[] = { { VENDOR, PCI_ANY, 0, 0 },
						{ 0 } };

static const struct driver virtio_pci_driver = {
	.name = "virtio-pci",
	.class = DEVICE_BUS,
	.bus = &pci_bus,
	.ids = virtio_pci_ids,
	.probe = virtio_pci_probe,
	.remove = virtio_pci_remove,
};
DRIVER(virtio_pci_driver);
