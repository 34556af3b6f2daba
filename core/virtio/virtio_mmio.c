/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transport virtio-mmio for guests' devices: version 2 (VirtIO 1.2, 4.2.2)
 * and, by a property of the device's node, version 1 (4.2.4, legacy).
 */
#include <core/guest.h>
#include <core/guest_config.h>
#include <core/heap.h>
#include <core/virtio.h>
#include <core/virtio_mmio.h>
#include <libs/error.h>
#include <string.h>

/* [L] vd.lock, [I] irq_lock. */
struct virtio_mmio {
	struct virtio_device vd;
	struct spinlock irq_lock; /* LOCK_VIRTIO_IRQ */
	uint32_t interrupts;      /* [I] VIRTIO_MMIO_INT_* */
	bool edge;                /* the line; immutable */
	uint32_t device_features_sel, driver_features_sel; /* [A] */
	uint32_t queue_sel;                                /* [A] */
	uint32_t page_size, queue_align;                   /* [A] legacy */
};

const char *const virtio_mmio_versions[] = { "modern", "legacy", NULL };
const char *const virtio_mmio_rings[] = { "split", "packed", NULL };
const char *const virtio_mmio_os_compatible[] = { "virtio,mmio", NULL };
const struct emu_os_prop virtio_mmio_os_props[] = {
	{ .name = "dma-coherent", .flag = true },
	{ .name = NULL },
};

static struct virtio_mmio *of(struct virtio_device *vd)
{
	return container_of(vd, struct virtio_mmio, vd);
}

/* --- interrupts ---------------------------------------------------------- */

/*
 * If the cause is already pending, the driver has not acknowledged it yet and
 * will look at everything after it has: a level is already high, and a further
 * edge would add nothing.
 */
static void raise(struct virtio_device *vd, uint32_t cause)
{
	struct virtio_mmio *m = of(vd);
	unsigned long flags = spin_lock_irqsave(&m->irq_lock);

	if (!(m->interrupts & cause)) {
		WRITE_ONCE(m->interrupts, m->interrupts | cause);
		emu_irq(vd->emu, 0, true);
	}
	spin_unlock_irqrestore(&m->irq_lock, flags);
}

static void __noinline traced_interrupt(struct virtio_device *vd,
					const struct virtqueue *vq)
{
	virtio_trace_queue(vq, TRACE_USED);
	raise(vd, VIRTIO_MMIO_INT_QUEUE);
}

static void mmio_interrupt(struct virtio_device *vd, struct virtqueue *vq)
{
	if (trace_on()) {
		traced_interrupt(vd, vq);
	} else {
		raise(vd, VIRTIO_MMIO_INT_QUEUE);
	}
}

static void mmio_config_interrupt(struct virtio_device *vd)
{
	raise(vd, VIRTIO_MMIO_INT_CONFIG);
}

static const struct virtio_transport mmio_transport = {
	.interrupt = mmio_interrupt,
	.config_interrupt = mmio_config_interrupt,
};

/* Causes that came after the driver read the status need a new edge. 0. */
static int acknowledge(struct virtio_mmio *m, uint32_t causes)
{
	unsigned long flags = spin_lock_irqsave(&m->irq_lock);
	uint32_t left = m->interrupts & ~causes;

	WRITE_ONCE(m->interrupts, left);
	if (m->edge ? left != 0 : left == 0) {
		emu_irq(m->vd.emu, 0, m->edge);
	}
	spin_unlock_irqrestore(&m->irq_lock, flags);
	return 0;
}

/* --- registers ----------------------------------------------------------- */

/* The selected queue; NULL if there is none of that number. */
static struct virtqueue *selected(struct virtio_mmio *m)
{
	uint64_t i = READ_ONCE(m->queue_sel);

	return arch_index_below(&i, m->vd.nqueues) ? &m->vd.queues[i] : NULL;
}

static uint32_t read_queue(struct virtio_mmio *m, uint64_t off)
{
	struct virtqueue *vq = selected(m);
	uint32_t page = READ_ONCE(m->page_size);

	if (!vq) {
		return 0;
	}
	switch (off) {
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return vq->size_max;
	case VIRTIO_MMIO_QUEUE_READY:
		return !m->vd.legacy && vq->ready;
	case VIRTIO_MMIO_QUEUE_PFN:
		return m->vd.legacy && vq->ready && page
			       ? (uint32_t)(vq->desc_addr.v / page)
			       : 0;
	default:
		return 0;
	}
}

static uint32_t read_register(struct virtio_mmio *m, uint64_t off)
{
	switch (off) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return VIRTIO_MMIO_MAGIC;
	case VIRTIO_MMIO_VERSION:
		return m->vd.legacy ? VIRTIO_MMIO_LEGACY : VIRTIO_MMIO_MODERN;
	case VIRTIO_MMIO_DEVICE_ID:
		return m->vd.kind->id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VIRTIO_VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return virtio_get_features(&m->vd,
					   READ_ONCE(m->device_features_sel));
	case VIRTIO_MMIO_STATUS:
		return READ_ONCE(m->vd.status);
	case VIRTIO_MMIO_SHM_LEN_LOW:
	case VIRTIO_MMIO_SHM_LEN_HIGH:
	case VIRTIO_MMIO_SHM_BASE_LOW:
	case VIRTIO_MMIO_SHM_BASE_HIGH:
		/* 4.2.2: no region has this number. */
		return m->vd.legacy ? 0 : UINT32_MAX;
	case VIRTIO_MMIO_CONFIG_GENERATION:
		return m->vd.legacy ? 0 : READ_ONCE(m->vd.generation);
	default:
		return read_queue(m, off);
	}
}

static ipa_t with_half(ipa_t addr, bool high, uint32_t v)
{
	return high ? IPA((addr.v & UINT32_MAX) | (uint64_t)v << 32)
		    : IPA((addr.v & ~(uint64_t)UINT32_MAX) | v);
}

/*
 * Set the address of a queue, which cannot change while the queue is enabled.
 */
static void place_queue(struct virtqueue *vq, uint64_t off, uint32_t v)
{
	unsigned long flags = spin_lock_irqsave(&vq->vd->lock);

	if (vq->ready) {
		spin_unlock_irqrestore(&vq->vd->lock, flags);
		return;
	}
	switch (off) {
	case VIRTIO_MMIO_QUEUE_NUM:
		/* An invalid size is refused when the queue is enabled. */
		vq->num = (uint16_t)MIN(v, (uint32_t)UINT16_MAX);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		vq->desc_addr = with_half(vq->desc_addr, off & 4, v);
		break;
	case VIRTIO_MMIO_QUEUE_DRIVER_LOW:
	case VIRTIO_MMIO_QUEUE_DRIVER_HIGH:
		vq->driver_addr = with_half(vq->driver_addr, off & 4, v);
		break;
	case VIRTIO_MMIO_QUEUE_DEVICE_LOW:
	case VIRTIO_MMIO_QUEUE_DEVICE_HIGH:
		vq->device_addr = with_half(vq->device_addr, off & 4, v);
		break;
	default:
		break;
	}
	spin_unlock_irqrestore(&vq->vd->lock, flags);
}

/* 2.7.2: the three parts follow one another, the used ring aligned. */
static int write_pfn(struct virtio_mmio *m, struct virtqueue *vq, uint32_t pfn)
{
	uint64_t align = READ_ONCE(m->queue_align);
	uint64_t desc = (uint64_t)pfn * READ_ONCE(m->page_size), avail, used;

	if (pfn == 0) {
		return virtio_queue_stop(vq);
	}
	if (align == 0 || (align & (align - 1))) {
		align = 1; /* invalid: refused later, unless it fits */
	}
	avail = desc + virtq_desc_bytes(vq->num);
	used = ALIGN_UP(avail + virtq_avail_bytes(vq->num), align);
	place_queue(vq, VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)desc);
	place_queue(vq, VIRTIO_MMIO_QUEUE_DESC_HIGH, (uint32_t)(desc >> 32));
	place_queue(vq, VIRTIO_MMIO_QUEUE_DRIVER_LOW, (uint32_t)avail);
	place_queue(vq, VIRTIO_MMIO_QUEUE_DRIVER_HIGH, (uint32_t)(avail >> 32));
	place_queue(vq, VIRTIO_MMIO_QUEUE_DEVICE_LOW, (uint32_t)used);
	place_queue(vq, VIRTIO_MMIO_QUEUE_DEVICE_HIGH, (uint32_t)(used >> 32));
	virtio_queue_start(vq);
	return 0;
}

static int write_legacy(struct virtio_mmio *m, uint64_t off, uint32_t v)
{
	struct virtqueue *vq = selected(m);

	switch (off) {
	case VIRTIO_MMIO_GUEST_PAGE_SIZE:
		WRITE_ONCE(m->page_size, v);
		break;
	case VIRTIO_MMIO_QUEUE_ALIGN:
		WRITE_ONCE(m->queue_align, v);
		break;
	case VIRTIO_MMIO_QUEUE_NUM:
		if (vq) {
			place_queue(vq, off, v);
		}
		break;
	case VIRTIO_MMIO_QUEUE_PFN:
		return vq ? write_pfn(m, vq, v) : 0;
	default:
		break;
	}
	return 0;
}

static int write_queue(struct virtio_mmio *m, uint64_t off, uint32_t v)
{
	struct virtqueue *vq = selected(m);

	if (!vq) {
		return 0;
	}
	switch (off) {
	case VIRTIO_MMIO_QUEUE_READY:
		if (v & 1) {
			virtio_queue_start(vq);
			return 0;
		}
		return virtio_queue_stop(vq);
	case VIRTIO_MMIO_QUEUE_RESET:
		/* 2.6.1: it reads as 0 when the reset is complete, which it is
		 * when the store returns. */
		return (v & 1) && virtio_has(&m->vd, VIRTIO_F_RING_RESET)
			       ? virtio_queue_stop(vq)
			       : 0;
	default:
		place_queue(vq, off, v);
		return 0;
	}
}

static int write_status(struct virtio_mmio *m, uint32_t v)
{
	int err = virtio_set_status(&m->vd, v);

	if (!err && v == 0) {
		(void)acknowledge(m, UINT32_MAX);
	}
	return err;
}

static int write_register(struct virtio_mmio *m, uint64_t off, uint32_t v)
{
	switch (off) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		WRITE_ONCE(m->device_features_sel, v);
		return 0;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		WRITE_ONCE(m->driver_features_sel, v);
		return 0;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		virtio_set_features(&m->vd, READ_ONCE(m->driver_features_sel),
				    v);
		return 0;
	case VIRTIO_MMIO_QUEUE_SEL:
		WRITE_ONCE(m->queue_sel, v);
		return 0;
	case VIRTIO_MMIO_STATUS:
		return write_status(m, v);
	default:
		return m->vd.legacy ? write_legacy(m, off, v)
				    : write_queue(m, off, v);
	}
}

static void access_config(struct virtio_mmio *m, struct emu_access *a)
{
	uint32_t off = (uint32_t)a->off - VIRTIO_MMIO_CONFIG;

	if (a->write) {
		virtio_config_write(&m->vd, off, a->size, a->value);
	} else {
		a->value = virtio_config_read(&m->vd, off, a->size);
	}
}

static __noinline int access_other(struct virtio_mmio *m, struct emu_access *a)
{
	if (a->off >= VIRTIO_MMIO_CONFIG) {
		access_config(m, a);
		return 0;
	}
	if (a->size != 4) {
		return 0; /* 4.2.2.2: drivers use words only */
	}
	if (a->write) {
		return write_register(m, a->off, (uint32_t)a->value);
	}
	a->value = read_register(m, a->off);
	return 0;
}

/* Hot: the three registers that each request uses, without saving registers. */
int virtio_mmio_access(struct emu_device *dev, struct emu_access *a)
{
	struct virtio_mmio *m = dev->state;

	if (unlikely(a->size != 4)) {
		return access_other(m, a);
	}
	if (!a->write) {
		if (likely(a->off == VIRTIO_MMIO_INTERRUPT_STATUS)) {
			a->value = READ_ONCE(m->interrupts);
			return 0;
		}
	} else if (a->off == VIRTIO_MMIO_QUEUE_NOTIFY) {
		return virtio_kick(&m->vd, (uint32_t)a->value);
	} else if (a->off == VIRTIO_MMIO_INTERRUPT_ACK) {
		return acknowledge(m, (uint32_t)a->value);
	}
	return access_other(m, a);
}

int virtio_mmio_empty_access(struct emu_device *dev, struct emu_access *a)
{
	(void)dev;
	if (a->write || a->size != 4) {
		return 0;
	}
	switch (a->off) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		a->value = VIRTIO_MMIO_MAGIC;
		break;
	case VIRTIO_MMIO_VERSION:
		a->value = VIRTIO_MMIO_MODERN;
		break;
	case VIRTIO_MMIO_DEVICE_ID:
		a->value = VIRTIO_ID_NONE;
		break;
	case VIRTIO_MMIO_VENDOR_ID:
		a->value = VIRTIO_VENDOR;
		break;
	default:
		break;
	}
	return 0;
}

/* --- life ---------------------------------------------------------------- */

static bool prop_is(const struct emu_device *dev, const char *name,
		    const char *value)
{
	const char *s = emu_prop_str(dev, name, 0);

	return s && strcmp(s, value) == 0;
}

struct virtio_device *virtio_mmio_device(const struct emu_device *dev)
{
	struct virtio_mmio *m = dev->state;

	return dev->emu->virtio ? &m->vd : NULL;
}

int virtio_mmio_init(struct emu_device *dev)
{
	uint64_t ring = VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC |
			VIRTIO_F_EVENT_IDX | VIRTIO_F_RING_RESET;
	struct virtio_mmio *m = heap_alloc(sizeof(*m));
	int err;

	if (!m) {
		return -ERR_NOMEM;
	}
	if (prop_is(dev, "ring", "packed")) {
		ring |= VIRTIO_F_RING_PACKED;
	}
	m->edge = dev->cfg->irqs[0].edge;
	m->vd.legacy = prop_is(dev, "transport", "legacy");
	spin_init(&m->irq_lock, LOCK_VIRTIO_IRQ);
	err = virtio_device_init(&m->vd, dev->emu->virtio, dev, &mmio_transport,
				 ring);
	if (err) {
		heap_free(m);
		return err;
	}
	dev->state = m;
	return 0;
}

void virtio_mmio_fini(struct emu_device *dev)
{
	struct virtio_mmio *m = dev->state;

	virtio_device_fini(&m->vd);
}

void virtio_mmio_reset(struct emu_device *dev)
{
	struct virtio_mmio *m = dev->state;

	virtio_device_reset(&m->vd);
	(void)acknowledge(m, UINT32_MAX);
	m->device_features_sel = m->driver_features_sel = 0;
	m->queue_sel = m->page_size = m->queue_align = 0;
}

void virtio_mmio_stopped(struct emu_device *dev)
{
	struct virtio_mmio *m = dev->state;

	virtio_device_stopped(&m->vd);
}

void virtio_mmio_pause(struct emu_device *dev, bool paused)
{
	struct virtio_mmio *m = dev->state;

	virtio_device_pause(&m->vd, paused);
}
