/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by both ring formats: reading the guest's memory, and adding the
 * buffers of descriptors to a chain. */
#ifndef CORE_VIRTIO_VIRTQUEUE_PRIV_H
#define CORE_VIRTIO_VIRTQUEUE_PRIV_H

#include <core/guest.h>
#include <core/virtqueue.h>
#include <libs/types.h>

/* A packed descriptor has its id where a split one has `flags`, and its flags
 * where that has `next`; also in indirect tables. */
struct virtq_raw {
	uint64_t addr;
	uint32_t len;
	uint16_t third, fourth;
};

/* The address of byte `at` of the area, which must be below its size. */
static inline void *area_at(const struct virtq_area *a, uint32_t at)
{
	if (likely(a->flat != NULL)) {
		return a->flat + at;
	}
	at += a->offset;
	return a->page[at >> PAGE_SHIFT] + (at & PAGE_MASK);
}

/* Read a descriptor by two single loads. It is aligned to 8 bytes. */
static inline struct virtq_raw read_desc(const void *at)
{
	const uint64_t *w = at;
	uint64_t second = READ_ONCE(w[1]);

	return (struct virtq_raw){
		.addr = READ_ONCE(w[0]),
		.len = (uint32_t)second,
		.third = (uint16_t)(second >> 32),
		.fourth = (uint16_t)(second >> 48),
	};
}

static inline uint16_t load_acquire(const void *at)
{
	return __atomic_load_n((const uint16_t *)at, __ATOMIC_ACQUIRE);
}

static inline void store_release(void *at, uint16_t v)
{
	__atomic_store_n((uint16_t *)at, v, __ATOMIC_RELEASE);
}

static inline void store_16(void *at, uint16_t v)
{
	WRITE_ONCE(*(uint16_t *)at, v);
}

static inline void store_32(void *at, uint32_t v)
{
	WRITE_ONCE(*(uint32_t *)at, v);
}

/* An indirect table (2.7.5.3, 2.8.7). */
struct virtq_table {
	uint64_t addr;
	uint32_t n;             /* entries */
	struct io_segment head; /* the contiguous memory from addr on */
};

/*
 * A chain is walked in one of two ways. Nearly all are usual: each buffer lies
 * as a whole where the queue's last one did, and nothing is wrong. This way
 * keeps its results in registers and gives up (false) if anything is different.
 * Then everything is read again by the thorough way, which finds out what it
 * is; nothing that was read before is used.
 */
struct usual {
	struct guest_memory_hint at; /* the queue's, in registers */
	struct io_segment *next, *end;
	unsigned int readable, writable; /* buffers */
	uint64_t readable_bytes, bytes;
};

static inline bool usual_begin(const struct virtqueue *vq,
			       const struct virtq_chain *chain, struct usual *u)
{
	*u = (struct usual){
		.at = vq->hint,
		.next = chain->segs,
		.end = chain->segs + chain->max,
	};
	return guest_hint_holds(&vq->guest->memory, &u->at);
}

/* Add a buffer. An empty one counts as the longest. */
static inline bool usual_add(struct usual *u, uint64_t addr, uint32_t len,
			     bool write)
{
	uint64_t off = addr - u->at.ipa;
	struct io_segment *s = u->next;

	if (unlikely(off >= u->at.size ||
		     len - UINT64_C(1) >= u->at.size - off || s == u->end)) {
		return false;
	}
	if (write) {
		u->writable++;
	} else if (unlikely(u->writable > 0)) {
		return false; /* 2.7.4.2: what the device reads comes first */
	} else {
		u->readable++;
		u->readable_bytes += len;
	}
	u->bytes += len;
	s->va = u->at.va + off;
	s->pa = PADDR(u->at.pa + off);
	s->size = len;
	u->next = s + 1;
	return true;
}

/* The chain is complete: accept it, counting `ndescs` entries of the ring. */
static inline bool usual_end(struct virtqueue *vq, struct virtq_chain *chain,
			     const struct usual *u, uint16_t ndescs)
{
	if (unlikely(u->bytes > UINT32_MAX || ndescs > vq->size - vq->taken ||
		     (u->writable > 0 && !u->at.writable))) {
		return false;
	}
	chain->ndescs = ndescs;
	chain->readable.segs = chain->segs;
	chain->readable.n = u->readable;
	chain->writable.segs = chain->segs + u->readable;
	chain->writable.n = u->writable;
	chain->readable_size = (uint32_t)u->readable_bytes;
	chain->writable_size = (uint32_t)(u->bytes - u->readable_bytes);
	vq->taken = (uint16_t)(vq->taken + ndescs);
	vq->stats.chains++;
	return true;
}

/* An indirect table as a whole where the last buffer was: its entries, or
 * NULL. */
static inline const uint8_t *usual_table(const struct virtqueue *vq,
					 const struct usual *u,
					 const struct virtq_raw *d)
{
	const struct guest_memory_hint *h = &u->at;
	uint64_t off = d->addr - h->ipa;

	if (unlikely(!vq->indirect || off >= h->size ||
		     d->len - UINT64_C(1) >= h->size - off || (d->addr & 7) ||
		     d->len % sizeof(*d) ||
		     d->len / sizeof(*d) > VIRTQUEUE_SIZE_MAX)) {
		return NULL;
	}
	return h->va + off;
}

/* The thorough way. Begin an empty chain, and end it. */
void chain_begin(struct virtq_chain *chain);
/* End a chain and count its descriptors: it is a fault if more are in use than
 * the queue has. 0, or -ERR_FORMAT after ring_fault(). */
int chain_end(struct virtqueue *vq, struct virtq_chain *chain);
/* Add a descriptor's buffer. 0, or -ERR_FORMAT and the device is told. */
int chain_add(struct virtqueue *vq, struct virtq_chain *chain, uint64_t addr,
	      uint32_t len, bool write);

/* Check and find a table; and read entry i of it, which is below n. 0, or
 * -ERR_FORMAT after ring_fault(). */
int table_open(struct virtqueue *vq, uint64_t addr, uint32_t len,
	       struct virtq_table *t);
int table_read(struct virtqueue *vq, const struct virtq_table *t, uint32_t i,
	       struct virtq_raw *d);
/* Report a fault of the ring: the device needs a reset. Returns -ERR_FORMAT. */
int ring_fault(struct virtqueue *vq, const char *why);

int split_pop(struct virtqueue *vq, struct virtq_chain *chain);

int packed_pop(struct virtqueue *vq, struct virtq_chain *chain);
void packed_unpop(struct virtqueue *vq, const struct virtq_chain *chain);
void packed_push(struct virtqueue *vq, const struct virtq_chain *chain,
		 uint32_t written);
bool packed_show(struct virtqueue *vq);
bool packed_due(struct virtqueue *vq);
void packed_kicks(struct virtqueue *vq, bool on);
bool packed_pending(const struct virtqueue *vq);

#endif
