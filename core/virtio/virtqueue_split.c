/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Split virtqueues (VirtIO 1.2, 2.7). */
#include <arch/cpu.h>
#include <libs/error.h>

#include "virtqueue_split.h"

/* Walk an indirect table, whose buffers are linked as those of the queue. */
static int walk_table(struct virtqueue *vq, struct virtq_chain *chain,
		      const struct virtq_raw *at)
{
	struct virtq_table t;
	struct virtq_raw d;
	uint64_t i = 0;
	int err = table_open(vq, at->addr, at->len, &t);

	if (err) {
		return err;
	}
	for (uint32_t n = 0; n < t.n; n++) {
		if (unlikely(!arch_index_below(&i, t.n))) {
			return ring_fault(vq, "a link out of its table");
		}
		err = table_read(vq, &t, (uint32_t)i, &d);
		if (unlikely(err)) {
			return err;
		}
		if (unlikely(d.third & VIRTQ_DESC_F_INDIRECT)) {
			return ring_fault(vq, "a table in an indirect table");
		}
		err = chain_add(vq, chain, d.addr, d.len,
				d.third & VIRTQ_DESC_F_WRITE);
		if (err || !(d.third & VIRTQ_DESC_F_NEXT)) {
			return err;
		}
		i = d.fourth;
	}
	return ring_fault(vq, "a chain that loops");
}

static int walk(struct virtqueue *vq, struct virtq_chain *chain)
{
	uint64_t i = chain->id;
	struct virtq_raw d;
	int err;

	for (uint32_t n = 0; n < vq->size; n++) {
		if (unlikely(!arch_index_below(&i, vq->size))) {
			return ring_fault(vq, "a descriptor it does not have");
		}
		d = read_desc(area_at(&vq->desc, DESC(i)));
		if (d.third & VIRTQ_DESC_F_INDIRECT) {
			/* 2.7.5.3.1: no descriptor may follow a table. */
			if (unlikely(d.third & VIRTQ_DESC_F_NEXT)) {
				return ring_fault(vq, "a chain that goes on "
						      "behind a table");
			}
			return walk_table(vq, chain, &d);
		}
		err = chain_add(vq, chain, d.addr, d.len,
				d.third & VIRTQ_DESC_F_WRITE);
		if (err || !(d.third & VIRTQ_DESC_F_NEXT)) {
			return err;
		}
		i = d.fourth;
	}
	return ring_fault(vq, "a chain that loops");
}

/* The chain as an indirect table has it, the usual way. */
static bool usual_walk_table(const struct virtqueue *vq, struct usual *u,
			     const struct virtq_raw *at)
{
	const uint8_t *table = usual_table(vq, u, at);
	uint32_t size = at->len / sizeof(struct virtq_raw);
	struct virtq_raw d;
	uint64_t i = 0;

	for (uint32_t n = 0; table && n < size; n++) {
		if (unlikely(!arch_index_below(&i, size))) {
			return false;
		}
		d = read_desc(table + sizeof(d) * i);
		if (unlikely((d.third & VIRTQ_DESC_F_INDIRECT) ||
			     !usual_add(u, d.addr, d.len,
					d.third & VIRTQ_DESC_F_WRITE))) {
			return false;
		}
		if (!(d.third & VIRTQ_DESC_F_NEXT)) {
			return true;
		}
		i = d.fourth;
	}
	return false;
}

static inline bool usual_walk(struct virtqueue *vq,
			      const struct virtq_chain *chain, struct usual *u)
{
	const uint8_t *ring = vq->desc.flat;
	uint64_t i = chain->id;
	struct virtq_raw d;

	if (unlikely(!usual_begin(vq, chain, u) || !ring)) {
		return false;
	}
	for (uint32_t n = 0; n < vq->size; n++) {
		if (unlikely(!arch_index_below(&i, vq->size))) {
			return false;
		}
		d = read_desc(ring + sizeof(d) * i);
		if (d.third & VIRTQ_DESC_F_INDIRECT) {
			return !(d.third & VIRTQ_DESC_F_NEXT) &&
			       usual_walk_table(vq, u, &d);
		}
		if (!usual_add(u, d.addr, d.len,
			       d.third & VIRTQ_DESC_F_WRITE)) {
			return false;
		}
		if (!(d.third & VIRTQ_DESC_F_NEXT)) {
			if (unlikely(n == 0)) {
				vq->single = true;
			}
			return true;
		}
		i = d.fourth;
	}
	return false;
}

static __noinline int pop_thoroughly(struct virtqueue *vq,
				     struct virtq_chain *chain)
{
	int err;

	chain_begin(chain);
	chain->ndescs = 1; /* of the used ring */
	err = walk(vq, chain);
	if (!err) {
		err = chain_end(vq, chain);
	}
	if (err) {
		return err;
	}
	vq->next++;
	return 1;
}

/*
 * Hot: a chain of one descriptor, as most packets and buffers for them are. It
 * is checked as by usual_add() and usual_end(). False: another, or something is
 * different; read it again.
 */
static inline bool usual_single(struct virtqueue *vq, struct virtq_chain *chain)
{
	const struct guest_memory_hint *h = &vq->hint;
	struct io_segment *s = chain->segs;
	uint64_t i = chain->id, off;
	struct virtq_raw d;
	bool write;

	if (unlikely(!vq->desc.flat || chain->max == 0 ||
		     !guest_hint_holds(&vq->guest->memory, h) ||
		     !arch_index_below(&i, vq->size))) {
		return false;
	}
	d = read_desc(vq->desc.flat + sizeof(d) * i);
	if (unlikely(d.third & (VIRTQ_DESC_F_INDIRECT | VIRTQ_DESC_F_NEXT))) {
		vq->single = false;
		return false;
	}
	off = d.addr - h->ipa;
	write = (d.third & VIRTQ_DESC_F_WRITE) != 0;
	if (unlikely(off >= h->size || d.len - UINT64_C(1) >= h->size - off ||
		     (write && !h->writable) || vq->taken >= vq->size)) {
		return false;
	}
	s->va = h->va + off;
	s->pa = PADDR(h->pa + off);
	s->size = d.len;
	chain->ndescs = 1;
	chain->readable.segs = s;
	chain->readable.n = !write;
	chain->readable_size = write ? 0 : d.len;
	chain->writable.segs = s + !write;
	chain->writable.n = write;
	chain->writable_size = write ? d.len : 0;
	vq->taken++;
	vq->stats.chains++;
	return true;
}

int split_pop(struct virtqueue *vq, struct virtq_chain *chain)
{
	struct usual u;

	if (vq->next == vq->avail && !split_more(vq)) {
		return 0;
	}
	if (unlikely((uint16_t)(vq->avail - vq->next) > vq->size)) {
		return ring_fault(vq, "an available index that is too far");
	}
	chain->id = READ_ONCE(*(const uint16_t *)area_at(
		&vq->driver, AVAIL_RING(split_slot(vq, vq->next))));
	if ((vq->single && likely(usual_single(vq, chain))) ||
	    likely(usual_walk(vq, chain, &u) && usual_end(vq, chain, &u, 1))) {
		vq->next++;
		return 1;
	}
	return pop_thoroughly(vq, chain);
}
