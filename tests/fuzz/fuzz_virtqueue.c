/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtqueues in memory that a hostile driver writes as it likes, at any time:
 * the first bytes choose the format and the size, then each record writes to
 * the rings, or lets the device do something. Everything it takes is in RAM and
 * in the right order, and it writes only to its own part of the ring.
 */
#include <core/virtio.h>

#include "tests/unit/virtio_driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BASE FAKE_RAM_BASE
#define RINGS 0x2000 /* bytes that records write to, tables among them */
#define PARTS 16
#define TAKEN_MAX 64

struct record {
	uint8_t what, value8;
	uint16_t at;
	uint32_t value;
};

static struct virtio_device vd;
static struct virtqueue vq;
static struct emu_device emu = { .name = "queue" };
static struct drv drv;
static struct taken {
	struct io_segment segs[PARTS];
	struct virtq_chain chain;
} taken[TAKEN_MAX];
static unsigned int ntaken;
static unsigned int fresh; /* of them, taken since the last was given back */
static uint8_t before[RINGS];

static void interrupt(struct virtio_device *dev, struct virtqueue *queue)
{
	(void)dev;
	(void)queue;
}

static void config_interrupt(struct virtio_device *dev)
{
	(void)dev;
}

static const struct virtio_transport transport = { interrupt,
						   config_interrupt };

static bool start(uint8_t how, uint8_t size)
{
	uint64_t features = (how & 1 ? VIRTIO_F_RING_PACKED : 0) |
			    (how & 2 ? VIRTIO_F_EVENT_IDX : 0) |
			    (how & 4 ? VIRTIO_F_INDIRECT_DESC : 0);

	fake_flat = how & 8;
	fake_config("none", 0x200);
	drv_init(&drv, BASE, size % DRV_SIZE_MAX + 1, features);
	memset(&vd, 0, sizeof(vd));
	memset(&vq, 0, sizeof(vq));
	vd.emu = &emu;
	vd.guest = &fake_guest;
	vd.transport = &transport;
	vd.status = VIRTIO_STATUS_DRIVER_OK;
	spin_init(&vq.lock, LOCK_VIRTQUEUE);
	vq.vd = &vd;
	vq.guest = &fake_guest;
	vq.size_max = DRV_SIZE_MAX;
	vq.num = drv.size;
	vq.desc_addr = IPA(DRV_DESC(&drv));
	vq.driver_addr = IPA(DRV_DRIVER(&drv));
	vq.device_addr = IPA(DRV_DEVICE(&drv));
	ntaken = fresh = 0;
	if (virtqueue_start(&vq, features)) {
		fake_check(fake_pins == 0);
		return false;
	}
	vq.live = vq.open = true;
	return true;
}

static uint64_t check_list(const struct io_list *l)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < l->n; i++) {
		const uint8_t *at = l->segs[i].va;

		fake_check(l->segs[i].size > 0 && at >= fake_ram &&
			   l->segs[i].size <= FAKE_RAM_SIZE &&
			   at + l->segs[i].size <= fake_ram + FAKE_RAM_SIZE);
		n += l->segs[i].size;
	}
	return n;
}

static void pop(void)
{
	struct taken *t = &taken[ntaken];
	int got;

	if (ntaken == TAKEN_MAX) {
		return;
	}
	t->chain = (struct virtq_chain){ .segs = t->segs, .max = PARTS };
	got = virtqueue_pop(&vq, &t->chain);
	fake_check(got == 1 || got == 0 || got == -ERR_FORMAT);
	fake_check((got == -ERR_FORMAT) <= vq.broken);
	if (got != 1) {
		return;
	}
	fake_check(t->chain.readable.n + t->chain.writable.n <= PARTS);
	fake_check(check_list(&t->chain.readable) == t->chain.readable_size);
	fake_check(check_list(&t->chain.writable) == t->chain.writable_size);
	ntaken++;
	fresh++;
}

/* Memory that the device must not write is unchanged. */
static bool is_device_s(uint64_t at)
{
	uint64_t ipa = BASE + at;

	if (drv.packed) {
		return ipa < DRV_DESC(&drv) + drv.size * 16u ||
		       (ipa >= DRV_DEVICE(&drv) && ipa < DRV_DEVICE(&drv) + 4);
	}
	return ipa >= DRV_DEVICE(&drv) &&
	       ipa < DRV_DEVICE(&drv) + virtq_used_bytes(drv.size);
}

static void check_writes(void)
{
	const uint8_t *now = drv_at(BASE, RINGS);

	for (unsigned int i = 0; i < RINGS; i++) {
		fake_check(now[i] == before[i] || is_device_s(i));
	}
}

static void give_back(uint32_t which, uint32_t written)
{
	if (ntaken) {
		which %= ntaken;
		virtqueue_push(&vq, &taken[which].chain, written);
		ntaken--;
		fresh = 0;
		memmove(&taken[which], &taken[which + 1],
			(ntaken - which) * sizeof(taken[0]));
	}
}

/* A descriptor that is more likely to be right than random bytes are. */
static void write_desc(const struct record *r)
{
	struct drv_buf buf = { BASE + (r->value & 0x3ffff), r->value >> 18,
			       false };

	if (r->value8 & VIRTQ_DESC_F_INDIRECT) {
		buf.addr = BASE + DRV_TABLES + (r->value & 0x7f);
		buf.len = (r->value >> 7 & 7) * 16;
	}
	if (drv.packed) {
		drv_desc(BASE + r->at % (RINGS - 16), &buf, r->at,
			 (r->value8 & 7u) | (r->value8 & 8u) << 4 |
				 (r->value8 & 16u) << 11);
	} else {
		drv_desc(BASE + r->at % (RINGS - 16), &buf, r->value8 & 7u,
			 r->value8 >> 3);
	}
}

static void step(const struct record *r)
{
	switch (r->what & 7) {
	case 0:
		memcpy(drv_at(BASE + r->at % (RINGS - 4), 4), &r->value, 4);
		break;
	case 1:
		write_desc(r);
		break;
	case 2: /* the driver's count goes on */
		drv_set16(DRV_DRIVER(&drv) + 2,
			  drv_get16(DRV_DRIVER(&drv) + 2) + r->value8 % 4u);
		break;
	case 3:
	case 4:
		pop();
		break;
	case 5:
		give_back(r->value8, r->value);
		break;
	case 6:
		(void)!virtqueue_publish(&vq);
		break;
	default:
		if (r->value8 & 1) {
			virtqueue_kicks_off(&vq);
		} else if (r->value8 & 2) {
			(void)!virtqueue_kicks_on(&vq);
		} else if (fresh) {
			fresh--;
			virtqueue_unpop(&vq, &taken[--ntaken].chain);
		}
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record r;

	if (size < 2 || !start(data[0], data[1])) {
		return 0;
	}
	spin_lock(&vq.lock);
	for (size_t at = 2; at + sizeof(r) <= size; at += sizeof(r)) {
		memcpy(&r, data + at, sizeof(r));
		if ((r.what & 7) > 2) {
			memcpy(before, drv_at(BASE, RINGS), RINGS);
			step(&r);
			check_writes();
		} else {
			step(&r);
		}
	}
	while (ntaken) {
		give_back(0, 0);
	}
	spin_unlock(&vq.lock);
	fake_check(vq.taken == 0);
	vq.live = vq.open = false;
	virtqueue_stop(&vq);
	fake_check(fake_pins == 0);
	return 0;
}
