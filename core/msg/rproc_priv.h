/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of coprocessors in messaging domains (core/rproc.h). */
#ifndef CORE_MSG_RPROC_PRIV_H
#define CORE_MSG_RPROC_PRIV_H

#include <core/log.h>
#include <core/rproc.h>
#include <core/spinlock.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/virtio_ring.h>
#include <core/virtio_rpmsg.h>
#include <libs/token_bucket.h>

/* Messages of the coprocessor that are taken before other work comes first. */
#define RPROC_BATCH 32
/* A peer of which this many answers wait is not served until half of them are
 * gone. */
#define RPROC_ANSWERS_MAX (VMSG_PARKED_MAX / 2)
/* Rounds in which messages are taken back, before other work comes first. */
#define RPROC_CANCEL_ROUNDS 64

/*
 * Our side of a split vring: each buffer is one descriptor, whose number is the
 * buffer's. What the coprocessor may write, the used ring, is read once. All
 * else is written from what we keep here, so that it may scribble over that,
 * too. [L] the coprocessor's lock.
 */
struct rproc_ring {
	struct virtq_desc *desc;                /* [L] */
	volatile struct virtq_avail *avail;     /* [L] */
	const volatile struct virtq_used *used; /* [L] */
	uint8_t *buffers;     /* [L] RPMSG_BUFFER bytes each */
	uint64_t address;     /* [L] of the buffers, the coprocessor's */
	uint16_t num;         /* [L] */
	uint16_t added, seen; /* [L] indices: of ours, of what was used */
	uint16_t told;        /* [L] `added` at the last kick */
	bool broken;          /* [L] it used what it did not have */
	bool theirs[RESOURCE_VRING_MAX]; /* [L] the coprocessor has it */
};

/* Begin with an empty ring at `base`, where rproc_place() has found room. */
void rproc_ring_init(struct rproc_ring *r, void *base, uint32_t num,
		     uint32_t align, void *buffers, uint64_t address);
/* Let the coprocessor have a buffer: to write, or to read `len` bytes. */
void rproc_ring_add(struct rproc_ring *r, uint16_t id, uint32_t len,
		    bool to_write);
/* A buffer that it has used, and the bytes that it says it has written. False:
 * there is none, or r->broken is set. */
bool rproc_ring_take(struct rproc_ring *r, uint16_t *id, uint32_t *len);
/* Is it to be told of buffers that were added since the last time? It then
 * counts as told. */
bool rproc_ring_due(struct rproc_ring *r);
/* Ask for a notification of used buffers, or for none. */
void rproc_ring_notify(struct rproc_ring *r, bool on);

/* Where everything is in the memory, as offsets. */
struct rproc_layout {
	uint64_t table, ring[RESOURCE_VRINGS], buffers[RESOURCE_VRINGS];
};
/*
 * Give each vring that has no address one, and the buffers. -ERR_RANGE: the
 * table or a vring is not within the memory, or over another; -ERR_NOSPC: there
 * is no room. Pure.
 */
int __must_check rproc_place(struct rproc_layout *out,
			     const struct resource_table *t, uint64_t address,
			     uint64_t size);

/* A peer of the coprocessor. The entry of one that is gone stays until another
 * one needs it: else a guest could restart its driver for a full bucket. */
struct rproc_link {
	uint32_t address;           /* [L] 0: never used */
	bool up;                    /* [L] */
	uint32_t generation;        /* [L] times that it came up */
	struct token_bucket bucket; /* [L] */
	bool late, full;            /* [L] it was counted as limited, stopped */
	ticks_t asked;              /* [L] 0: no message is on its way */
	struct rproc_link_info info; /* [L] counters; ticks in place of ns */
};

/* A buffer of the coprocessor's, while its message is on its way. */
struct rproc_slot {
	struct vmsg m;
	struct io_segment segment;
	uint16_t link;       /* [L] which peer it waits for, */
	uint32_t generation; /* [L] and which use of the entry */
};

enum rproc_state { RPROC_OFF, RPROC_UP, RPROC_BROKEN };

/* [I] immutable, [L] lock, [W] the work's thread alone, [R] rproc_mutex. */
struct rproc {
	const struct mailbox_ops *ops; /* [I] */
	void *arg;                     /* [I] */
	struct vmsg_node *node;        /* [I] */
	uint64_t rate, burst;          /* [I] */
	struct resource_table table;   /* [I] */
	struct list list;              /* [R] */
	struct spinlock lock;
	enum rproc_state state;            /* [L] */
	volatile uint8_t *status;          /* [L] in the memory; NULL: none */
	struct rproc_ring from, to;        /* [L] */
	uint32_t held;                     /* [L] slots whose messages wait */
	uint16_t nfree;                    /* [L] buffers to send in */
	uint16_t free[RESOURCE_VRING_MAX]; /* [L] */
	uint64_t sent;     /* [L] links with messages since the last kick */
	uint64_t received; /* [W] likewise, of this batch */
	ticks_t next;      /* [L] when the timer is set for; 0: it is not */
	uint64_t starts, breaks; /* [L] */
	bool resume;             /* [A] senders that were stopped may go on */
	struct log_limit limit;  /* of what is wrong with its messages */
	struct work work;
	struct timer timer;
	struct rproc_slot slots[RESOURCE_VRING_MAX];
	struct rproc_link links[VMSG_NODES_MAX];
	/* [L] The link of each address, and 1; 0: none. */
	uint8_t of[RPMSG_NODE_LAST + 1];
};
_Static_assert(VMSG_NODES_MAX < UINT8_MAX, "of");

extern struct mutex rproc_mutex;
extern struct list rproc_all; /* [R] */

/* rproc.c. It broke a rule of vrings: nothing more is done until it begins
 * anew. A, no lock held. */
void rproc_break(struct rproc *rp, const char *why);

/* rproc_link.c. [L] The coprocessor knows none of its peers any more. */
void rproc_forget(struct rproc *rp);
/* See struct vmsg_ops. */
void rproc_peer(struct vmsg_node *n, uint32_t address, bool up);
/* [L] The link of a peer; NULL: it is none. */
struct rproc_link *rproc_link_of(struct rproc *rp, uint32_t address);
/* [L] Set the timer for `when`, unless it is set for an earlier time. */
void rproc_wake_at(struct rproc *rp, ticks_t when);

/* rproc_send.c: to the coprocessor. See struct vmsg_ops. */
enum vmsg_take rproc_deliver(struct vmsg_node *n, uint32_t source,
			     struct vmsg *m);
void rproc_flush(struct vmsg_node *n);
void rproc_notice(struct vmsg_node *n);

/* rproc_receive.c: from the coprocessor. True: there is more. T. */
bool rproc_receive(struct rproc *rp);
void rproc_done(struct vmsg *m, enum vmsg_result how);

#endif
