/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's side of a coprocessor's vring: the split ring of VirtIO 1.2,
 * 2.7, in the layout of legacy devices (2.7.2), which remoteproc's firmware
 * expects. The coprocessor is not trusted: it can write to all of the ring, and
 * we read nothing but `used`, each value once.
 */
#include <libs/checked.h>
#include <libs/error.h>

#include "rproc_priv.h"

_Static_assert(RESOURCE_VRING_MAX <= VIRTQ_SIZE_LIMIT, "entries");

static uint64_t used_offset(uint32_t num, uint32_t align)
{
	return ALIGN_UP((uint64_t)virtq_desc_bytes(num) +
				virtq_avail_bytes(num),
			align);
}

/* Bytes of a vring, without buffers. */
static uint64_t ring_bytes(uint32_t num, uint32_t align)
{
	return used_offset(num, align) + virtq_used_bytes(num);
}

void rproc_ring_init(struct rproc_ring *r, void *base, uint32_t num,
		     uint32_t align, void *buffers, uint64_t address)
{
	uint8_t *at = base;
	volatile struct virtq_used *used =
		(void *)(at + used_offset(num, align));

	*r = (struct rproc_ring){
		.desc = base,
		.avail = (void *)(at + virtq_desc_bytes(num)),
		.used = used,
		.buffers = buffers,
		.address = address,
		.num = (uint16_t)num,
	};
	r->avail->flags = 0;
	r->avail->idx = 0;
	used->flags = 0;
	used->idx = 0;
}

void rproc_ring_add(struct rproc_ring *r, uint16_t id, uint32_t len,
		    bool to_write)
{
	r->desc[id] = (struct virtq_desc){
		.addr = r->address + (uint64_t)id * RPMSG_BUFFER,
		.len = len,
		.flags = to_write ? VIRTQ_DESC_F_WRITE : 0,
	};
	r->theirs[id] = true;
	r->avail->ring[r->added % r->num] = id;
	r->added++;
	/* 2.7.13.3.1: what was written comes before the index. */
	__atomic_store_n(&r->avail->idx, r->added, __ATOMIC_RELEASE);
}

bool rproc_ring_take(struct rproc_ring *r, uint16_t *id, uint32_t *len)
{
	/* 2.7.14: the entry is read after the index. */
	uint16_t now = __atomic_load_n(&r->used->idx, __ATOMIC_ACQUIRE);
	uint16_t there = (uint16_t)(now - r->seen);
	uint32_t which;

	if (r->broken || there == 0) {
		return false;
	}
	which = r->used->ring[r->seen % r->num].id;
	*len = r->used->ring[r->seen % r->num].len;
	if (there > r->num || which >= r->num || !r->theirs[which]) {
		r->broken = true;
		return false;
	}
	r->theirs[which] = false;
	r->seen++;
	*id = (uint16_t)which;
	return true;
}

bool rproc_ring_due(struct rproc_ring *r)
{
	bool added = r->told != r->added;

	r->told = r->added;
	/* 2.7.13.4.1: the index before the flags are looked at. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return added && (r->used->flags & VIRTQ_USED_F_NO_NOTIFY) == 0;
}

void rproc_ring_notify(struct rproc_ring *r, bool on)
{
	r->avail->flags = on ? 0 : VIRTQ_AVAIL_F_NO_INTERRUPT;
	/* 2.7.10: then it is looked for what was used meanwhile. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* --- where they are ------------------------------------------------------- */

/* Parts of the memory that are taken. */
#define PARTS 5

struct part {
	uint64_t at, size;
};

static bool is_free(const struct part *parts, unsigned int n, uint64_t at,
		    uint64_t size)
{
	for (unsigned int i = 0; i < n; i++) {
		if (ranges_overlap(parts[i].at, parts[i].size, at, size)) {
			return false;
		}
	}
	return true;
}

/* Take the lowest free place: that is the start, or behind a part. `address` is
 * that of the memory, which alignment is about. */
static int take(struct part *parts, unsigned int *n, uint64_t size,
		uint64_t align, uint64_t address, uint64_t all, uint64_t *out)
{
	uint64_t best = UINT64_MAX;

	for (unsigned int i = 0; i <= *n; i++) {
		uint64_t end = i == 0 ? 0 : parts[i - 1].at + parts[i - 1].size;
		uint64_t at = ALIGN_UP(address + end, align) - address;

		if (at < best && range_within(at, size, all) &&
		    is_free(parts, *n, at, size)) {
			best = at;
		}
	}
	if (best == UINT64_MAX) {
		return -ERR_NOSPC;
	}
	parts[(*n)++] = (struct part){ best, size };
	*out = best;
	return 0;
}

/* Take the place that the table gives. */
static int fix(struct part *parts, unsigned int *n, uint64_t at, uint64_t size,
	       uint64_t all)
{
	if (!range_within(at, size, all) || !is_free(parts, *n, at, size)) {
		return -ERR_RANGE;
	}
	parts[(*n)++] = (struct part){ at, size };
	return 0;
}

int rproc_place(struct rproc_layout *out, const struct resource_table *t,
		uint64_t address, uint64_t size)
{
	struct part parts[PARTS] = { { 0, 0 } };
	unsigned int n = 0;
	int err;

	/* The table has 32 bits for addresses. */
	if (address > UINT32_MAX || size > UINT32_MAX - address) {
		return -ERR_RANGE;
	}
	out->table = t->address - address;
	err = fix(parts, &n, out->table, t->size, size);
	/* Those that are given first: else one that is not could be there. */
	for (unsigned int i = 0; err == 0 && i < RESOURCE_VRINGS; i++) {
		const struct resource_vring *v = &t->vring[i];

		out->ring[i] = v->address - address;
		if (v->address != RESOURCE_ADDRESS_ANY) {
			err = fix(parts, &n, out->ring[i],
				  ring_bytes(v->num, v->align), size);
		}
	}
	for (unsigned int i = 0; err == 0 && i < RESOURCE_VRINGS; i++) {
		const struct resource_vring *v = &t->vring[i];

		if (v->address == RESOURCE_ADDRESS_ANY) {
			err = take(parts, &n, ring_bytes(v->num, v->align),
				   MAX(v->align, (uint32_t)PAGE_SIZE), address,
				   size, &out->ring[i]);
		}
		if (err == 0) {
			err = take(parts, &n, (uint64_t)v->num * RPMSG_BUFFER,
				   PAGE_SIZE, address, size, &out->buffers[i]);
		}
	}
	return err;
}
