/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A coprocessor that runs firmware for Linux's remoteproc, in a messaging
 * domain: its endpoints are those of a node, and nodes of guests send to them.
 * We are the driver of its VirtIO device (number 7), as Linux's host is: the
 * two vrings and their buffers are in memory that both access, and a mailbox
 * tells either side of a vring. docs/design/messaging.md.
 *
 * Contexts: T thread, interrupts enabled, no spinlock held; A any context, with
 * no lock held that comes after LOCK_DEVICE.
 */
#ifndef CORE_RPROC_H
#define CORE_RPROC_H

#include <core/resource_table.h>
#include <core/vmsg.h>
#include <core/work.h>

struct rproc;

/* How a coprocessor is reached: one for each kind of mailbox. */
struct mailbox_ops {
	/*
	 * The memory that it shares with us: `size` bytes at its address, and
	 * at *base, normal write-back memory, which we may use until
	 * rproc_quiesce(). False: there is none now; rproc_changed() is called
	 * when there is. T.
	 */
	bool (*memory)(void *arg, uint64_t *address, void **base,
		       uint64_t *size);
	/* Does it run? A. */
	bool (*running)(void *arg);
	/* Tell it of the vring with this notification ID. A; a lock of
	 * LOCK_VIRTQUEUE may be held. */
	void (*kick)(void *arg, uint32_t notifyid);
};

struct rproc_attr {
	const char *name; /* of the node; copied */
	const struct mailbox_ops *ops;
	void *arg;                          /* the mailbox's */
	const struct resource_table *table; /* copied */
	struct workqueue *workqueue;        /* whose thread does the work */
	uint32_t address; /* of the node; 0: the lowest that is free */
	/* What each guest may send it: messages a second, and at once. 0: no
	 * limit; what a tenth of a second yields. */
	uint64_t rate, burst;
};

/* The notification IDs of the two vrings, which the table tells the
 * coprocessor. */
#define RPROC_NOTIFY_FROM 0 /* what it sends */
#define RPROC_NOTIFY_TO 1   /* what it receives */

/* Create the coprocessor's node, which is down and in no domain. Errors of
 * vmsg_node_create(). T. */
int __must_check rproc_create(struct rproc **out,
			      const struct rproc_attr *attr);
/* After this the mailbox is not used, nor its memory. T. */
void rproc_destroy(struct rproc *rp);
/* Its node, to be attached to a domain. */
struct vmsg_node *rproc_node(struct rproc *rp);

/* The coprocessor was started, reset or stopped, or its memory has come: all
 * peers are told at once that it is down, if it is not running, and later that
 * it is up. A. */
void rproc_changed(struct rproc *rp);
/* The mailbox was rung for vrings. A. */
void rproc_rung(struct rproc *rp);
/* Its memory goes: when this returns it is not accessed any more. T. */
void rproc_quiesce(struct rproc *rp);

/* --- for listings, T */

/* A peer of the coprocessor, in one direction. */
struct rproc_way {
	uint64_t messages, bytes;
	/* Kicks with which at least one of the link's messages came: each is
	 * an exit of the guest, or of a coprocessor that is one. */
	uint64_t exits;
};

struct rproc_link_info {
	char name[VMSG_NODE_NAME_MAX]; /* of the coprocessor's node */
	char domain[VMSG_NAME_MAX];
	uint32_t address; /* of the peer */
	struct rproc_way to, from;
	uint64_t limited; /* times that it came to its rate */
	uint64_t stopped; /* times that it had to take answers first */
	uint64_t lost;    /* answers that it had no room for */
	uint32_t waiting; /* answers that wait for its buffers */
	/* From a message of the peer, to which no other was on its way, to the
	 * next answer to it. */
	uint64_t answers, mean_ns, worst_ns;
};
/* The n-th link of all coprocessors; false past the last. */
bool rproc_link_nth(unsigned int n, struct rproc_link_info *out);

struct rproc_info {
	char name[VMSG_NODE_NAME_MAX];
	const char *state; /* "off", "up", "broken" */
	uint64_t rate, burst;
	uint64_t starts; /* times that it came up; */
	uint64_t breaks; /* that it broke the rules of vrings */
};
/* -ERR_NOENT: there is no coprocessor whose node has this name. */
int __must_check rproc_get_info(const char *name, struct rproc_info *out);

#endif
