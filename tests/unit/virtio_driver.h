/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver's side of a virtqueue, split or packed, written only from VirtIO 1.2
 * (2.7.13 to 2.7.14, 2.8.21 to 2.8.22), for tests of the device's side. Its
 * memory is emu_fake.h's guest's; each queue of it has DRV_AREA bytes there.
 */
#ifndef TESTS_UNIT_VIRTIO_DRIVER_H
#define TESTS_UNIT_VIRTIO_DRIVER_H

#include <core/virtio_ring.h>

#include "tests/unit/emu_fake.h"

#define DRV_SIZE_MAX 64
#define DRV_TABLE_MAX 8   /* entries of an indirect table */
#define DRV_AREA 0x4000   /* bytes of a queue in RAM */
#define DRV_TABLES 0x1800 /* offset of the indirect tables in it */

struct drv_buf {
	uint64_t addr;
	uint32_t len;
	bool write;
};

struct drv {
	bool packed, event_idx;
	uint16_t size, used_seen, free_descs;
	uint64_t base;
	/* Split. */
	uint16_t avail, kicked, free_head;
	/* Packed. */
	uint16_t next, used_at;
	bool wrap, used_wrap;
	bool in_use[DRV_SIZE_MAX];
	uint16_t descs[DRV_SIZE_MAX]; /* length of a chain, by id */
};

#define DRV_DESC(d) ((d)->base)
/* At odd offsets from the end of a page: the device must handle entries across
 * two pages. */
#define DRV_DRIVER(d) ((d)->base + (d)->size * 16 + 4)
#define DRV_DEVICE(d) ((d)->base + 0x1000 - 8)

static inline void *drv_at(uint64_t ipa, size_t n)
{
	void *p = fake_ram_at(IPA(ipa), n);

	fake_check(p);
	return p;
}

static inline uint16_t drv_get16(uint64_t ipa)
{
	uint16_t v;

	memcpy(&v, drv_at(ipa, 2), 2);
	return v;
}

static inline uint32_t drv_get32(uint64_t ipa)
{
	uint32_t v;

	memcpy(&v, drv_at(ipa, 4), 4);
	return v;
}

static inline void drv_set16(uint64_t ipa, unsigned int v)
{
	uint16_t half = (uint16_t)v;

	memcpy(drv_at(ipa, 2), &half, 2);
}

static inline void drv_init(struct drv *d, uint64_t base, uint16_t size,
			    uint64_t features)
{
	*d = (struct drv){
		.base = base,
		.size = size,
		.packed = (features & VIRTIO_F_RING_PACKED) != 0,
		.event_idx = (features & VIRTIO_F_EVENT_IDX) != 0,
		.free_descs = size,
		.wrap = true,
		.used_wrap = true,
	};
	memset(drv_at(base, DRV_AREA), 0, DRV_AREA);
}

static inline void drv_desc(uint64_t at, const struct drv_buf *b,
			    unsigned int third, unsigned int fourth)
{
	struct virtq_desc desc = { b->addr, b->len, (uint16_t)third,
				   (uint16_t)fourth };

	memcpy(drv_at(at, sizeof(desc)), &desc, sizeof(desc));
}

static inline uint16_t drv_free_id(const struct drv *d)
{
	uint16_t id = 0;

	while (d->in_use[id]) {
		id++;
	}
	return id;
}

/* Write the table of chain `id`; returns the descriptor that refers to it. The
 * tables of odd ids cross the end of a page, unaligned. */
static inline struct drv_buf drv_table(struct drv *d, uint16_t id,
				       const struct drv_buf *bufs,
				       unsigned int n)
{
	uint64_t at = d->base + DRV_TABLES + (uint64_t)id * DRV_TABLE_MAX * 16;

	if (id & 1) {
		at += 4;
	}
	for (unsigned int i = 0; i < n; i++) {
		unsigned int flags = (bufs[i].write ? VIRTQ_DESC_F_WRITE : 0);

		if (d->packed) {
			drv_desc(at + i * 16, &bufs[i], 0, flags);
		} else {
			flags |= i + 1 < n ? VIRTQ_DESC_F_NEXT : 0;
			drv_desc(at + i * 16, &bufs[i], flags, i + 1);
		}
	}
	return (struct drv_buf){ at, n * 16, false };
}

static inline uint16_t drv_add_split(struct drv *d, const struct drv_buf *bufs,
				     unsigned int n, unsigned int more)
{
	uint16_t id[DRV_SIZE_MAX];

	for (unsigned int i = 0; i < n; i++) {
		id[i] = drv_free_id(d);
		d->in_use[id[i]] = true;
	}
	for (unsigned int i = 0; i < n; i++) {
		unsigned int flags = more |
				     (bufs[i].write ? VIRTQ_DESC_F_WRITE : 0) |
				     (i + 1 < n ? VIRTQ_DESC_F_NEXT : 0);

		drv_desc(DRV_DESC(d) + id[i] * 16u, &bufs[i], flags,
			 i + 1 < n ? id[i + 1] : 0xffff);
	}
	drv_set16(DRV_DRIVER(d) + 4 + 2u * (d->avail & (d->size - 1)), id[0]);
	d->avail++;
	drv_set16(DRV_DRIVER(d) + 2, d->avail);
	d->descs[id[0]] = (uint16_t)n;
	return id[0];
}

/* The flags of the first descriptor are written last. */
static inline uint16_t drv_add_packed(struct drv *d, const struct drv_buf *bufs,
				      unsigned int n, unsigned int more)
{
	uint16_t id = drv_free_id(d), first = d->next, first_flags = 0;

	d->in_use[id] = true;
	d->descs[id] = (uint16_t)n;
	for (unsigned int i = 0; i < n; i++) {
		unsigned int flags =
			more | (bufs[i].write ? VIRTQ_DESC_F_WRITE : 0) |
			(i + 1 < n ? VIRTQ_DESC_F_NEXT : 0) |
			(d->wrap ? VIRTQ_PACKED_F_AVAIL : VIRTQ_PACKED_F_USED);
		uint16_t was = drv_get16(DRV_DESC(d) + d->next * 16u + 14);

		if (i == 0) {
			first_flags = (uint16_t)flags;
			flags = was;
		}
		drv_desc(DRV_DESC(d) + d->next * 16u, &bufs[i], id, flags);
		if (++d->next == d->size) {
			d->next = 0;
			d->wrap = !d->wrap;
		}
	}
	drv_set16(DRV_DESC(d) + first * 16u + 14, first_flags);
	return id;
}

/* Make a chain available. Returns its id, or -1 if there is no room. */
static inline int drv_add(struct drv *d, const struct drv_buf *bufs,
			  unsigned int n, bool indirect)
{
	struct drv_buf table;
	unsigned int flags = 0;

	if (d->free_descs < (indirect ? 1 : n)) {
		return -1;
	}
	if (indirect) {
		table = drv_table(d, drv_free_id(d), bufs, n);
		bufs = &table;
		n = 1;
		flags = VIRTQ_DESC_F_INDIRECT;
	}
	d->free_descs = (uint16_t)(d->free_descs - n);
	return d->packed ? drv_add_packed(d, bufs, n, flags)
			 : drv_add_split(d, bufs, n, flags);
}

/* 2.7.13.4, 2.8.14: does the device want to be kicked for what was added? */
static inline bool drv_kick_needed(struct drv *d, unsigned int added)
{
	uint32_t event;
	uint16_t now, old, at;

	if (!d->packed) {
		old = d->kicked;
		d->kicked = d->avail;
		if (d->event_idx) {
			return virtq_need_event(
				drv_get16(DRV_DEVICE(d) + 4 + 8u * d->size),
				d->avail, old);
		}
		return !(drv_get16(DRV_DEVICE(d)) & VIRTQ_USED_F_NO_NOTIFY);
	}
	event = drv_get32(DRV_DEVICE(d));
	if (event >> 16 != VIRTQ_PACKED_EVENT_DESC) {
		return event >> 16 != VIRTQ_PACKED_EVENT_DISABLE;
	}
	now = d->next;
	old = (uint16_t)(now - added);
	at = event & 0x7fff;
	if (((event & VIRTQ_PACKED_EVENT_WRAP) != 0) != d->wrap) {
		at = (uint16_t)(at - d->size);
	}
	return virtq_need_event(at, now, old);
}

static inline void drv_release(struct drv *d, unsigned int id)
{
	unsigned int n = d->descs[id], i = id;

	fake_check(id < d->size && d->in_use[id] && n > 0);
	d->free_descs = (uint16_t)(d->free_descs + n);
	d->descs[id] = 0;
	while (!d->packed && n-- > 1) {
		d->in_use[i] = false;
		i = drv_get16(DRV_DESC(d) + i * 16 + 14);
	}
	d->in_use[i] = false;
}

/* Take the next used chain. Returns its id, and its length in *len; -1:
 * none. */
static inline int drv_used(struct drv *d, uint32_t *len)
{
	uint64_t at;
	uint16_t flags;
	uint32_t id, n;

	if (!d->packed) {
		if (d->used_seen == drv_get16(DRV_DEVICE(d) + 2)) {
			return -1;
		}
		at = DRV_DEVICE(d) + 4 + 8u * (d->used_seen & (d->size - 1));
		d->used_seen++;
		id = drv_get32(at);
		*len = drv_get32(at + 4);
		drv_release(d, id);
		return (int)id;
	}
	at = DRV_DESC(d) + d->used_at * 16u;
	flags = drv_get16(at + 14);
	if (((flags & VIRTQ_PACKED_F_AVAIL) != 0) != d->used_wrap ||
	    ((flags & VIRTQ_PACKED_F_USED) != 0) != d->used_wrap) {
		return -1;
	}
	id = drv_get16(at + 12);
	*len = drv_get32(at + 8);
	fake_check(*len == 0 || (flags & VIRTQ_DESC_F_WRITE));
	n = d->descs[id];
	d->used_at = (uint16_t)(d->used_at + n);
	if (d->used_at >= d->size) {
		d->used_at = (uint16_t)(d->used_at - d->size);
		d->used_wrap = !d->used_wrap;
	}
	drv_release(d, id);
	return (int)id;
}

/* Ask for no interrupts, for each, or (with EVENT_IDX) for one after `after`
 * more used chains. */
static inline void drv_interrupts(struct drv *d, bool on, unsigned int after)
{
	unsigned int at;

	if (!d->packed) {
		drv_set16(DRV_DRIVER(d), on ? 0 : VIRTQ_AVAIL_F_NO_INTERRUPT);
		drv_set16(DRV_DRIVER(d) + 4 + 2u * d->size,
			  on ? d->used_seen + after : d->used_seen - 1u);
		return;
	}
	drv_set16(DRV_DRIVER(d) + 2, VIRTQ_PACKED_EVENT_DISABLE);
	if (on && d->event_idx) {
		at = d->used_at + after;
		at = at >= d->size
			     ? (at - d->size) | (d->used_wrap ? 0 : 0x8000)
			     : at | (d->used_wrap ? 0x8000 : 0);
		drv_set16(DRV_DRIVER(d), at);
		drv_set16(DRV_DRIVER(d) + 2, VIRTQ_PACKED_EVENT_DESC);
	} else if (on) {
		drv_set16(DRV_DRIVER(d) + 2, VIRTQ_PACKED_EVENT_ENABLE);
	}
}

#endif
