/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VirtIO over PCI: registers where capabilities say (VirtIO 1.2, 4.1.4). */
#include <arch/cpu.h>
#include <arch/mmio.h>
#include <libs/error.h>

#include "pci_priv.h"

/* A capability (4.1.4). */
#define CAP_TYPE 3
#define CAP_BAR 4
#define CAP_OFFSET 8
#define CAP_LENGTH 12
#define CAP_MULTIPLIER 16

enum { CFG_COMMON = 1, CFG_NOTIFY, CFG_ISR, CFG_DEVICE };

/* Common configuration (4.1.4.3). */
#define COMMON_DEVICE_FEATURE_SELECT 0x00
#define COMMON_DEVICE_FEATURE 0x04
#define COMMON_DRIVER_FEATURE_SELECT 0x08
#define COMMON_DRIVER_FEATURE 0x0c
#define COMMON_CONFIG_VECTOR 0x10
#define COMMON_NUM_QUEUES 0x12
#define COMMON_STATUS 0x14
#define COMMON_GENERATION 0x15
#define COMMON_QUEUE_SELECT 0x16
#define COMMON_QUEUE_SIZE 0x18
#define COMMON_QUEUE_VECTOR 0x1a
#define COMMON_QUEUE_ENABLE 0x1c
#define COMMON_QUEUE_NOTIFY_OFF 0x1e
#define COMMON_QUEUE_DESC 0x20
#define COMMON_QUEUE_DRIVER 0x28
#define COMMON_QUEUE_DEVICE 0x30
#define COMMON_SIZE 0x38

static volatile uint8_t *common(struct virtio_host *vh)
{
	return virtio_pci_of(vh)->common;
}

static uint64_t modern_features(struct virtio_host *vh)
{
	volatile uint8_t *c = common(vh);
	uint64_t low;

	mmio_write32(c + COMMON_DEVICE_FEATURE_SELECT, 0);
	low = mmio_read32(c + COMMON_DEVICE_FEATURE);
	mmio_write32(c + COMMON_DEVICE_FEATURE_SELECT, 1);
	return low | (uint64_t)mmio_read32(c + COMMON_DEVICE_FEATURE) << 32;
}

static void modern_set_features(struct virtio_host *vh, uint64_t features)
{
	volatile uint8_t *c = common(vh);

	mmio_write32(c + COMMON_DRIVER_FEATURE_SELECT, 0);
	mmio_write32(c + COMMON_DRIVER_FEATURE, (uint32_t)features);
	mmio_write32(c + COMMON_DRIVER_FEATURE_SELECT, 1);
	mmio_write32(c + COMMON_DRIVER_FEATURE, (uint32_t)(features >> 32));
}

static uint8_t modern_status(struct virtio_host *vh)
{
	return mmio_read8(common(vh) + COMMON_STATUS);
}

static void modern_set_status(struct virtio_host *vh, uint8_t status)
{
	mmio_write8(common(vh) + COMMON_STATUS, status);
}

static uint32_t modern_generation(struct virtio_host *vh)
{
	return mmio_read8(common(vh) + COMMON_GENERATION);
}

static unsigned int modern_queue_max(struct virtio_host *vh, unsigned int index,
				     bool *fixed)
{
	volatile uint8_t *c = common(vh);

	*fixed = false;
	if (index >= mmio_read16(c + COMMON_NUM_QUEUES)) {
		return 0;
	}
	mmio_write16(c + COMMON_QUEUE_SELECT, (uint16_t)index);
	return mmio_read16(c + COMMON_QUEUE_SIZE);
}

static void set64(volatile uint8_t *reg, uint64_t val)
{
	mmio_write32(reg, (uint32_t)val);
	mmio_write32(reg + 4, (uint32_t)(val >> 32));
}

static int modern_queue_set(struct virtio_host *vh, struct virtio_queue *q)
{
	struct virtio_pci *vp = virtio_pci_of(vh);
	uint16_t vector = virtio_pci_vector(vp, q);
	volatile uint8_t *c = vp->common;
	uint64_t off;

	mmio_write16(c + COMMON_QUEUE_SELECT, q->index);
	mmio_write16(c + COMMON_QUEUE_SIZE, q->size);
	off = (uint64_t)mmio_read16(c + COMMON_QUEUE_NOTIFY_OFF) *
	      vp->notify_multiplier;
	if (off + sizeof(uint16_t) > vp->notify_size) {
		return -ERR_FORMAT;
	}
	q->doorbell = vp->notify + off;
	set64(c + COMMON_QUEUE_DESC, q->ring_mem.addr);
	set64(c + COMMON_QUEUE_DRIVER, q->ring_mem.addr + q->driver_off);
	set64(c + COMMON_QUEUE_DEVICE, q->ring_mem.addr + q->device_off);
	mmio_write16(c + COMMON_CONFIG_VECTOR, virtio_pci_config_vector(vp));
	mmio_write16(c + COMMON_QUEUE_VECTOR, vector);
	/* The device reports if it has no room for a vector (4.1.5.1.2). */
	if (mmio_read16(c + COMMON_QUEUE_VECTOR) != vector) {
		return -ERR_IO;
	}
	mmio_write16(c + COMMON_QUEUE_ENABLE, 1);
	return 0;
}

static void modern_notify(struct virtio_queue *q)
{
	/* Make descriptors visible before the device is notified. */
	arch_dma_wmb();
	mmio_write16(q->doorbell, q->index);
}

static const struct virtio_host_transport modern_transport = {
	.name = "pci",
	.features = modern_features,
	.set_features = modern_set_features,
	.status = modern_status,
	.set_status = modern_set_status,
	.generation = modern_generation,
	.config_read = virtio_pci_config_read,
	.queue_max = modern_queue_max,
	.queue_set = modern_queue_set,
	.notify = modern_notify,
	.irq_on = virtio_pci_irq_on,
	.irq_off = virtio_pci_irq_off,
	.steer = virtio_pci_steer,
	.own_interrupts = virtio_pci_own_interrupts,
	.isolate = virtio_pci_isolate,
};

/* The first usable structure of a type (4.1.4). */
static int map_structure(struct pci_device *p, uint8_t type, uint64_t least,
			 volatile uint8_t **regs, uint64_t *bytes,
			 unsigned int *where)
{
	unsigned int cap = pci_find_capability(p, PCI_CAP_VENDOR, 0);

	for (; cap; cap = pci_find_capability(p, PCI_CAP_VENDOR, cap)) {
		uint32_t off = pci_read32(p, cap + CAP_OFFSET);
		uint32_t len = pci_read32(p, cap + CAP_LENGTH);
		volatile void *bar;
		uint64_t size;

		if (pci_read8(p, cap + CAP_TYPE) != type || len < least ||
		    pci_map_bar(p, pci_read8(p, cap + CAP_BAR), &bar, &size) ||
		    off > size || len > size - off) {
			continue;
		}
		*regs = (volatile uint8_t *)bar + off;
		*bytes = len;
		*where = cap;
		return 0;
	}
	return -ERR_NOSUPP;
}

int virtio_pci_modern(struct virtio_pci *vp)
{
	struct pci_device *p = vp->pci;
	unsigned int cap;
	uint64_t unused;
	int err = map_structure(p, CFG_COMMON, COMMON_SIZE, &vp->common,
				&unused, &cap);

	if (!err) {
		err = map_structure(p, CFG_ISR, 1, &vp->isr, &unused, &cap);
	}
	if (!err) {
		err = map_structure(p, CFG_NOTIFY, 2, &vp->notify,
				    &vp->notify_size, &cap);
	}
	if (err) {
		return err;
	}
	vp->notify_multiplier = pci_read32(p, cap + CAP_MULTIPLIER);
	/* A device without configuration space has none of these. */
	if (map_structure(p, CFG_DEVICE, 1, &vp->config, &vp->config_size,
			  &cap)) {
		vp->config = NULL;
	}
	vp->vh.ops = &modern_transport;
	return 0;
}
