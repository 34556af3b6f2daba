/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VirtIO over PCI, legacy interface: registers in BAR 0 (VirtIO 1.2, 4.1.4.10).
 * */
#include <arch/cpu.h>
#include <arch/mmio.h>
#include <libs/error.h>

#include "pci_priv.h"

#define LEGACY_DEVICE_FEATURES 0x00
#define LEGACY_DRIVER_FEATURES 0x04
#define LEGACY_QUEUE_ADDRESS 0x08
#define LEGACY_QUEUE_SIZE 0x0c
#define LEGACY_QUEUE_SELECT 0x0e
#define LEGACY_QUEUE_NOTIFY 0x10
#define LEGACY_STATUS 0x12
#define LEGACY_ISR 0x13
#define LEGACY_CONFIG_VECTOR 0x14 /* these two only with MSI-X on */
#define LEGACY_QUEUE_VECTOR 0x16
#define LEGACY_CONFIG 0x14
#define LEGACY_CONFIG_MSIX 0x18
#define LEGACY_PAGE 4096U

static volatile uint8_t *regs_of(struct virtio_host *vh)
{
	return virtio_pci_of(vh)->common;
}

static uint64_t legacy_features(struct virtio_host *vh)
{
	return mmio_read32(regs_of(vh) + LEGACY_DEVICE_FEATURES);
}

static void legacy_set_features(struct virtio_host *vh, uint64_t features)
{
	mmio_write32(regs_of(vh) + LEGACY_DRIVER_FEATURES, (uint32_t)features);
}

static uint8_t legacy_status(struct virtio_host *vh)
{
	return mmio_read8(regs_of(vh) + LEGACY_STATUS);
}

static void legacy_set_status(struct virtio_host *vh, uint8_t status)
{
	mmio_write8(regs_of(vh) + LEGACY_STATUS, status);
}

/* The place of the configuration depends on whether MSI-X is on. */
static void place_config(struct virtio_pci *vp)
{
	unsigned int off = vp->pci->irq_mode == PCI_IRQ_MSIX
				   ? LEGACY_CONFIG_MSIX
				   : LEGACY_CONFIG;

	vp->config = vp->common + off;
	vp->config_size = vp->pci->bars[0].size - off;
}

static uint32_t legacy_config_read(struct virtio_host *vh, unsigned int off,
				   unsigned int size)
{
	place_config(virtio_pci_of(vh));
	return virtio_pci_config_read(vh, off, size);
}

static unsigned int legacy_queue_max(struct virtio_host *vh, unsigned int index,
				     bool *fixed)
{
	*fixed = true;
	mmio_write16(regs_of(vh) + LEGACY_QUEUE_SELECT, (uint16_t)index);
	return mmio_read16(regs_of(vh) + LEGACY_QUEUE_SIZE);
}

static int legacy_queue_set(struct virtio_host *vh, struct virtio_queue *q)
{
	struct virtio_pci *vp = virtio_pci_of(vh);
	uint16_t vector = virtio_pci_vector(vp, q);
	volatile uint8_t *regs = vp->common;

	q->doorbell = regs + LEGACY_QUEUE_NOTIFY;
	mmio_write16(regs + LEGACY_QUEUE_SELECT, q->index);
	mmio_write32(regs + LEGACY_QUEUE_ADDRESS,
		     (uint32_t)(q->ring_mem.addr / LEGACY_PAGE));
	if (vector == VIRTIO_PCI_NO_VECTOR) {
		return 0;
	}
	mmio_write16(regs + LEGACY_CONFIG_VECTOR, virtio_pci_config_vector(vp));
	mmio_write16(regs + LEGACY_QUEUE_VECTOR, vector);
	return mmio_read16(regs + LEGACY_QUEUE_VECTOR) == vector ? 0 : -ERR_IO;
}

static void legacy_notify(struct virtio_queue *q)
{
	arch_dma_wmb();
	mmio_write16(q->doorbell, q->index);
}

static const struct virtio_host_transport legacy_transport = {
	.name = "pci",
	.features = legacy_features,
	.set_features = legacy_set_features,
	.status = legacy_status,
	.set_status = legacy_set_status,
	.config_read = legacy_config_read,
	.queue_max = legacy_queue_max,
	.queue_set = legacy_queue_set,
	.notify = legacy_notify,
	.irq_on = virtio_pci_irq_on,
	.irq_off = virtio_pci_irq_off,
	.isolate = virtio_pci_isolate,
};

int virtio_pci_legacy(struct virtio_pci *vp)
{
	volatile void *regs;
	uint64_t size;
	int err = pci_map_bar(vp->pci, 0, &regs, &size);

	if (err) {
		return err;
	}
	if (size < LEGACY_CONFIG_MSIX) {
		return -ERR_NOSUPP;
	}
	vp->common = regs;
	vp->isr = vp->common + LEGACY_ISR;
	vp->vh.ops = &legacy_transport;
	vp->vh.legacy = true;
	return 0;
}
