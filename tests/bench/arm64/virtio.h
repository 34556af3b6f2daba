/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The measuring guest's side of virtio-mmio (VirtIO 1.2, 4.2) and of split
 * rings (2.7): only what the measurements need. */
#ifndef BENCH_VIRTIO_H
#define BENCH_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>

enum { ID_NET = 1, ID_BLOCK = 2, ID_CONSOLE = 3, ID_RPMSG = 7 };

#define F_EVENT_IDX (1ull << 29)
#define F_VERSION_1 (1ull << 32)

#define DESC_NEXT 1
#define DESC_WRITE 2
#define RING_MAX 128

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct avail {
	uint16_t flags, idx, ring[RING_MAX], used_event;
};

struct used {
	uint16_t flags, idx;
	struct {
		uint32_t id, len;
	} ring[RING_MAX];
	uint16_t avail_event;
};

struct queue {
	struct desc *desc;
	volatile struct avail *avail;
	volatile struct used *used;
	uint16_t index;    /* the device's number of it */
	uint16_t next;     /* our avail->idx */
	uint16_t notified; /* of which the device knows */
	uint16_t seen;     /* used->idx up to which we looked */
};

struct virtio {
	uint64_t regs;
	uint32_t intid;
	bool edge;         /* its interrupt */
	uint64_t features; /* agreed on */
};

/* The n-th device with that ID, reset and with the features of `want` that it
 * has; false: there is none. */
bool virtio_find(const void *tree, struct virtio *v, unsigned int id,
		 unsigned int n, uint64_t want);
/* Its queue `index`, of RING_MAX entries, which the device must take. */
bool virtio_queue(struct virtio *v, struct queue *q, uint16_t index);
void virtio_start(struct virtio *v);

/* Make the chain at descriptor `head` available; notify the device of all
 * available chains, if it wants that. */
void queue_add(struct queue *q, uint16_t head);
void queue_kick(struct virtio *v, struct queue *q);
/* Has another buffer been used? Returns its first descriptor and length. */
bool queue_used(struct queue *q, uint16_t *head, uint32_t *len);
/* Ask for an interrupt after `n` more buffers than those seen. */
void queue_want(struct queue *q, uint16_t n);

#endif
