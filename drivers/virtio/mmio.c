/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO over MMIO (VirtIO 1.2, 4.2), of version 2 and the legacy version 1
 * (4.2.4). In an empty slot only the device ID is read.
 */
#include <arch/cpu.h>
#include <arch/mmio.h>
#include <core/device.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/virtio_driver.h>
#include <libs/error.h>

#define MMIO_MAGIC 0x000
#define MMIO_VERSION 0x004
#define MMIO_DEVICE_ID 0x008
#define MMIO_DEVICE_FEATURES 0x010
#define MMIO_DEVICE_FEATURES_SEL 0x014
#define MMIO_DRIVER_FEATURES 0x020
#define MMIO_DRIVER_FEATURES_SEL 0x024
#define MMIO_GUEST_PAGE_SIZE 0x028 /* legacy */
#define MMIO_QUEUE_SEL 0x030
#define MMIO_QUEUE_NUM_MAX 0x034
#define MMIO_QUEUE_NUM 0x038
#define MMIO_QUEUE_ALIGN 0x03c /* legacy */
#define MMIO_QUEUE_PFN 0x040   /* legacy */
#define MMIO_QUEUE_READY 0x044
#define MMIO_QUEUE_NOTIFY 0x050
#define MMIO_INTERRUPT_STATUS 0x060
#define MMIO_INTERRUPT_ACK 0x064
#define MMIO_STATUS 0x070
#define MMIO_QUEUE_DESC 0x080
#define MMIO_QUEUE_DRIVER 0x090
#define MMIO_QUEUE_DEVICE 0x0a0
#define MMIO_GENERATION 0x0fc
#define MMIO_CONFIG 0x100

#define MAGIC 0x74726976 /* "virt" */
#define INTERRUPT_QUEUE BIT(0)
#define INTERRUPT_CONFIG BIT(1)
#define LEGACY_PAGE 4096U

/* Freed when the last reference to the device on it is dropped. */
struct virtio_mmio {
	struct virtio_host vh;
	volatile uint8_t *regs; /* [I] */
	unsigned int irq;       /* [I] */
};

static struct virtio_mmio *mmio_of(struct virtio_host *vh)
{
	return container_of(vh, struct virtio_mmio, vh);
}

static uint32_t get(struct virtio_host *vh, unsigned int off)
{
	return mmio_read32(mmio_of(vh)->regs + off);
}

static void set(struct virtio_host *vh, unsigned int off, uint32_t val)
{
	mmio_write32(mmio_of(vh)->regs + off, val);
}

static void set64(struct virtio_host *vh, unsigned int off, uint64_t val)
{
	set(vh, off, (uint32_t)val);
	set(vh, off + 4, (uint32_t)(val >> 32));
}

static uint64_t mmio_features(struct virtio_host *vh)
{
	uint64_t low;

	set(vh, MMIO_DEVICE_FEATURES_SEL, 0);
	low = get(vh, MMIO_DEVICE_FEATURES);
	if (vh->legacy) {
		return low;
	}
	set(vh, MMIO_DEVICE_FEATURES_SEL, 1);
	return low | (uint64_t)get(vh, MMIO_DEVICE_FEATURES) << 32;
}

static void mmio_set_features(struct virtio_host *vh, uint64_t features)
{
	set(vh, MMIO_DRIVER_FEATURES_SEL, 0);
	set(vh, MMIO_DRIVER_FEATURES, (uint32_t)features);
	if (!vh->legacy) {
		set(vh, MMIO_DRIVER_FEATURES_SEL, 1);
		set(vh, MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
	}
}

static uint8_t mmio_status(struct virtio_host *vh)
{
	return (uint8_t)get(vh, MMIO_STATUS);
}

static void mmio_set_status(struct virtio_host *vh, uint8_t status)
{
	set(vh, MMIO_STATUS, status);
}

static uint32_t mmio_generation(struct virtio_host *vh)
{
	return vh->legacy ? 0 : get(vh, MMIO_GENERATION);
}

static uint32_t mmio_config_read(struct virtio_host *vh, unsigned int off,
				 unsigned int size)
{
	volatile uint8_t *reg = mmio_of(vh)->regs + MMIO_CONFIG + off;

	switch (size) {
	case 1:
		return mmio_read8(reg);
	case 2:
		return mmio_read16(reg);
	default:
		return mmio_read32(reg);
	}
}

static unsigned int mmio_queue_max(struct virtio_host *vh, unsigned int index,
				   bool *fixed)
{
	*fixed = false;
	set(vh, MMIO_QUEUE_SEL, index);
	return get(vh, MMIO_QUEUE_NUM_MAX);
}

static int mmio_queue_set(struct virtio_host *vh, struct virtio_queue *q)
{
	q->doorbell = mmio_of(vh)->regs + MMIO_QUEUE_NOTIFY;
	set(vh, MMIO_QUEUE_SEL, q->index);
	set(vh, MMIO_QUEUE_NUM, q->size);
	if (vh->legacy) {
		set(vh, MMIO_GUEST_PAGE_SIZE, LEGACY_PAGE);
		set(vh, MMIO_QUEUE_ALIGN, LEGACY_PAGE);
		set(vh, MMIO_QUEUE_PFN,
		    (uint32_t)(q->ring_mem.addr / LEGACY_PAGE));
		return 0;
	}
	set64(vh, MMIO_QUEUE_DESC, q->ring_mem.addr);
	set64(vh, MMIO_QUEUE_DRIVER, q->ring_mem.addr + q->driver_off);
	set64(vh, MMIO_QUEUE_DEVICE, q->ring_mem.addr + q->device_off);
	set(vh, MMIO_QUEUE_READY, 1);
	return get(vh, MMIO_QUEUE_READY) ? 0 : -ERR_IO;
}

static void mmio_notify(struct virtio_queue *q)
{
	/* Make descriptors visible before the device is notified. */
	arch_dma_wmb();
	mmio_write32(q->doorbell, q->index);
}

static void mmio_interrupt(unsigned int irq, void *arg)
{
	struct virtio_mmio *m = arg;
	uint32_t why = mmio_read32(m->regs + MMIO_INTERRUPT_STATUS);

	if (why == 0) {
		if (irq_spurious(irq)) {
			irq_silence(irq);
		}
		return;
	}
	/* Acknowledge first, so that whatever comes while the queues are being
	 * handled raises a new interrupt. */
	mmio_write32(m->regs + MMIO_INTERRUPT_ACK, why);
	virtio_host_interrupt(&m->vh, (why & INTERRUPT_QUEUE) != 0,
			      (why & INTERRUPT_CONFIG) != 0);
}

static int mmio_irq_on(struct virtio_host *vh)
{
	irq_enable(mmio_of(vh)->irq);
	return 0;
}

static void mmio_irq_off(struct virtio_host *vh)
{
	irq_disable(mmio_of(vh)->irq);
	irq_synchronize();
}

static const struct virtio_host_transport mmio_transport = {
	.name = "mmio",
	.features = mmio_features,
	.set_features = mmio_set_features,
	.status = mmio_status,
	.set_status = mmio_set_status,
	.generation = mmio_generation,
	.config_read = mmio_config_read,
	.queue_max = mmio_queue_max,
	.queue_set = mmio_queue_set,
	.notify = mmio_notify,
	.irq_on = mmio_irq_on,
	.irq_off = mmio_irq_off,
};

static void mmio_release(struct device *dev)
{
	heap_free(mmio_of(virtio_host(dev)));
}

static int mmio_add(struct device *dev, volatile uint8_t *regs,
		    uint32_t version, uint32_t id)
{
	struct virtio_mmio *m = heap_alloc(sizeof(*m));
	int err;

	if (!m) {
		return -ERR_NOMEM;
	}
	m->regs = regs;
	m->vh.ops = &mmio_transport;
	m->vh.dma = dev;
	m->vh.id = (uint16_t)id;
	m->vh.legacy = version == 1;
	m->vh.dev.parent = dev;
	m->vh.dev.release = mmio_release;
	err = device_irq_request(dev, 0, mmio_interrupt, m, &m->irq);
	if (!err) {
		err = virtio_host_add(&m->vh);
	}
	if (err) {
		heap_free(m);
		return err;
	}
	dev->priv = m;
	return 0;
}

static int mmio_probe(struct device *dev)
{
	volatile void *regs;
	volatile uint8_t *at;
	uint32_t version, id;
	uint64_t size;
	int err = device_map(dev, 0, &regs, &size);

	if (err) {
		return err;
	}
	at = regs;
	if (size < MMIO_CONFIG || mmio_read32(at + MMIO_MAGIC) != MAGIC) {
		return -ERR_NOSUPP;
	}
	id = mmio_read32(at + MMIO_DEVICE_ID);
	if (id == VIRTIO_ID_NONE) {
		return DEVICE_EMPTY;
	}
	version = mmio_read32(at + MMIO_VERSION);
	if (version != 1 && version != 2) {
		return -ERR_NOSUPP;
	}
	return mmio_add(dev, at, version, id);
}

static void mmio_remove(struct device *dev)
{
	struct virtio_mmio *m = dev->priv;
	/* A slot whose device is in use cannot be unbound. */
	int err = device_remove_locked(&m->vh.dev);

	assert(!err);
}

static const char *const mmio_compatible[] = { "virtio,mmio", NULL };

static const struct driver virtio_mmio_driver = {
	.name = "virtio-mmio",
	.class = DEVICE_BUS,
	.compatible = mmio_compatible,
	.probe = mmio_probe,
	.remove = mmio_remove,
};
DRIVER(virtio_mmio_driver);
