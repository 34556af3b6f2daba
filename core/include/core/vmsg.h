/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between guests: domains say who may talk to whom, nodes are what
 * talks (a device of a guest, a service of the hypervisor). This is for the
 * owners of nodes; core/vmsg_admin.h is for the terminal.
 * docs/design/messaging.md.
 *
 * Contexts: T thread, interrupts enabled, no spinlock held; A any context, on
 * several CPUs at a time, with no lock held that comes after LOCK_DEVICE.
 */
#ifndef CORE_VMSG_H
#define CORE_VMSG_H

#include <core/io_segment.h>
#include <libs/list.h>
#include <libs/types.h>

struct vmsg;
struct vmsg_node;

#define VMSG_NAME_MAX 32      /* of a domain, with its terminator */
#define VMSG_NODE_NAME_MAX 65 /* of a node, likewise: "GUEST.DEVICE" */
#define VMSG_NODES_MAX 64     /* of a domain: a bit each in one word */
#define VMSG_DOMAINS_MAX 64   /* of the host */
/* Messages of one sender that wait for one receiver's buffers. */
#define VMSG_PARKED_MAX 64
#define VMSG_HEAD_MAX 48 /* bytes of a message's header, of any kind */

/*
 * A kind of node: only nodes of one kind exchange messages. The kind is that of
 * a device's protocol.
 */
struct vmsg_kind {
	const char *name;     /* "rpmsg", "vsock" */
	uint32_t first, last; /* addresses that a node may have */
	/* An address is that of one node of the host, whatever its domain; a
	 * node has it from vmsg_node_create() on. Else it is that of one node
	 * of the domain, and a node has it while it is attached. */
	bool host_wide;
	bool announces; /* nodes announce names: vmsg_announce() */
	bool lossless;  /* messages wait, whatever the domain's policy is */
	/* Write the header's own text for `vmsg domain monitor`: at most
	 * `size` bytes with the terminator. T. NULL: it has none. */
	void (*show_head)(const void *head, char *text, size_t size);
};

/* What became of a message. */
enum vmsg_result {
	VMSG_DELIVERED, /* the receiver's driver has it, or will find it */
	VMSG_PARKED,    /* it waits for buffers; done() will be called */
	VMSG_DROPPED,   /* too many wait, and the domain's policy is to drop */
	VMSG_REFUSED,   /* done() only: the receiver is gone, or took no more */
	VMSG_CANCELLED, /* done() only: by vmsg_cancel(), or by the detaching
			   of the sender */
};

/*
 * A message. Its owner is the sender, which has an array of them, one for each
 * chain that it may have taken: nothing is allocated. The sender fills in the
 * first part before vmsg_send(). While the message is parked it is core's, and
 * the memory that `data` describes must stay where it is.
 */
struct vmsg {
	/* The header, read once from the sender's memory and checked. What it
	 * holds is up to the kind; the receiver's deliver() translates it. */
	uint64_t head[VMSG_HEAD_MAX / sizeof(uint64_t)];
	/* What follows the header: in the sender's memory, which it may change
	 * at any time. deliver() takes from the front what it has copied. */
	struct io_list data;
	uint32_t len; /* bytes of data in all */
	/* The message was parked, and that is over: VMSG_DELIVERED,
	 * VMSG_REFUSED or VMSG_CANCELLED. It is the sender's again, and so may
	 * be sent or freed. A, interrupts masked, no lock held; must not call
	 * vmsg_send(). */
	void (*done)(struct vmsg *m, enum vmsg_result how);

	uint32_t moved; /* bytes of data that were delivered; 0 at first */
	/* core/msg only. [V] the receiver's lock. */
	struct vmsg_node *from; /* [V] */
	struct list link;       /* [V] */
	uint32_t epoch;         /* [V] of the receiver */
	bool moving;            /* [V] deliver() is being called */
};

/* What deliver() says. */
enum vmsg_take {
	VMSG_TAKEN, /* all of it */
	VMSG_FULL,  /* no buffer for the rest: the owner calls vmsg_ready() when
		       there is one */
	VMSG_TURNED_DOWN, /* it cannot be delivered: it is refused */
	VMSG_LATER, /* nothing of it now, nor of what the same sender has sent
		       after it; others go on. The owner calls vmsg_resume() */
};

struct vmsg_ops {
	/*
	 * Copy the message, or what of it fits, into the node's buffers: the
	 * one copy. m->data and m->moved are advanced by what was copied.
	 * Before VMSG_FULL the driver must be asked to kick, and looked for
	 * buffers again (virtqueue_kicks_on()), so that vmsg_ready() is called
	 * for the next one. It is called for m->from's address `source`. A,
	 * interrupts masked, no lock held; not after vmsg_down(). Must not
	 * call vmsg_send().
	 */
	enum vmsg_take (*deliver)(struct vmsg_node *n, uint32_t source,
				  struct vmsg *m);
	/* After the last of several deliver(): publish, interrupt the driver.
	 * Context as deliver(). NULL: deliver() does that. */
	void (*flush)(struct vmsg_node *n);
	/*
	 * A send had -ERR_BUSY, and there is room again for some messages.
	 * Context as deliver(): it queues work that goes on sending, and does
	 * not send itself.
	 */
	void (*room)(struct vmsg_node *n);
	/*
	 * The driver of the peer at this address runs now, or does so no more
	 * (reset, crash, detached, destroyed). Up comes before the first
	 * message from it, down after the last one, and the two alternate; a
	 * node that goes down itself forgets its peers, and is told of all of
	 * them after vmsg_up(). T, one call at a time for all nodes of a
	 * domain, vmsg_mutex held: must not attach, detach, create or destroy
	 * nodes. May send. NULL: not needed.
	 */
	void (*peer)(struct vmsg_node *n, uint32_t address, bool up);
	/*
	 * The peer at this address has given the node up (vmsg_give_up()):
	 * what it has begun with this node is over. Context as deliver().
	 * NULL: not needed.
	 */
	void (*given_up)(struct vmsg_node *n, uint32_t address);
	/* vmsg_next_notice() has something. Context as peer(). For kinds that
	 * announce names. */
	void (*notice)(struct vmsg_node *n);
};

struct vmsg_node_attr {
	const char *name; /* copied; unique in the host */
	const struct vmsg_kind *kind;
	const struct vmsg_ops *ops;
	void *arg;        /* the owner's: vmsg_node_arg() */
	uint32_t address; /* 0: the lowest that is free */
	bool service;     /* of the hypervisor, not of a guest */
};

/*
 * Create a node that is not attached to a domain, and down. -ERR_EXIST: the
 * name is taken, or (host_wide) the address; -ERR_INVAL: not a valid name;
 * -ERR_RANGE: the kind has no such address; -ERR_NOSPC: none is free;
 * -ERR_NOMEM. T.
 */
int __must_check vmsg_node_create(struct vmsg_node **out,
				  const struct vmsg_node_attr *attr);
/* Detach the node, wait until none of its operations is being called, and drop
 * the owner's reference. The owner no longer sends, and all its messages are
 * its own again. T. */
void vmsg_node_destroy(struct vmsg_node *n);

/* The owner's argument, and the node's name. A. */
void *vmsg_node_arg(const struct vmsg_node *n);
const char *vmsg_node_name(const struct vmsg_node *n);
/* 0: it has none, since it is not attached. A. */
uint32_t vmsg_node_address(const struct vmsg_node *n);

/*
 * Attach a node to the domain of this name, or detach it; a node is attached to
 * at most one. `make`: create the domain if it does not exist. -ERR_NOENT: no
 * such domain; -ERR_STATE: the node is attached already, or is not; -ERR_EXIST:
 * its address is taken there; -ERR_NOSPC: the domain has VMSG_NODES_MAX nodes;
 * -ERR_NOMEM; errors of vmsg_domain_create(). T.
 *
 * Detaching ends all that waits: the node's own messages are cancelled, those
 * for it are refused, and its peers are told that it is down.
 */
int __must_check vmsg_node_attach(struct vmsg_node *n, const char *domain,
				  bool make);
int __must_check vmsg_node_detach(struct vmsg_node *n);

/*
 * The node's driver runs and may be given messages, or does so no more. After
 * vmsg_down() messages for it are refused, also those that wait: their done()
 * is called soon. May be called twice. A, also with a lock of LOCK_DEVICE held.
 */
void vmsg_up(struct vmsg_node *n);
void vmsg_down(struct vmsg_node *n);

/*
 * Send a message to the node of the sender's kind at this address in its
 * domain. Messages of one sender to one receiver are delivered in order, as
 * long as the sender sends from one CPU at a time, which is up to its owner.
 * Returns an enum vmsg_result: VMSG_DELIVERED, VMSG_PARKED or VMSG_DROPPED; or
 * -ERR_NOENT: there is no such peer, it is down, or turned it down; -ERR_BUSY:
 * VMSG_PARKED_MAX messages wait already: the sender has to keep this one, and
 * try again after ops->room(). In all cases but VMSG_PARKED the message remains
 * the sender's, and done() is not called; it may have been called already when
 * VMSG_PARKED is returned. A; not from deliver(), done(),
 * flush() and room().
 */
int __must_check vmsg_send(struct vmsg_node *n, uint32_t address,
			   struct vmsg *m);
/* As vmsg_send(), to the peer with this number: see vmsg_peers(). */
int __must_check vmsg_send_peer(struct vmsg_node *n, unsigned int number,
				struct vmsg *m);
/* The sender has sent its last message for now: receivers are told of what
 * they have got (ops->flush()). After a vmsg_send() that was VMSG_DELIVERED or
 * VMSG_PARKED. Context as vmsg_send(). */
void vmsg_flush(struct vmsg_node *n);
/* The peers of the node that it has been told are up, a bit for each number. A.
 */
uint64_t vmsg_peers(const struct vmsg_node *n);

/* May a peer begin a connection with this port of the node, as far as its
 * domain decides that (vmsg_domain_set_ports())? For kinds that have ports.
 * Context as deliver(). */
bool vmsg_port_open(const struct vmsg_node *n, uint32_t port);

/*
 * The node's driver has added buffers: deliver messages that wait. Costs a load
 * when none does. Bounded, for a trap: true if there are more, so that it has
 * to be called again. Context as vmsg_send().
 */
bool __must_check vmsg_ready(struct vmsg_node *n);
/* As vmsg_ready(), also for senders of which it has said VMSG_LATER. */
bool __must_check vmsg_resume(struct vmsg_node *n);
/*
 * Take back messages that the node has parked, for its reset: done() is called
 * with VMSG_CANCELLED. Bounded, for a trap: true if there are more, so that it
 * has to be called again. One that is being delivered at this moment is left;
 * it is done soon. Context as vmsg_send().
 */
bool vmsg_cancel(struct vmsg_node *n);
/*
 * The peer at this address takes too long: what the node has parked for it is
 * cancelled, as by vmsg_cancel(), and for `ms` milliseconds a message for which
 * it has no buffer is refused instead of parked, unless its driver starts anew
 * meanwhile. Its given_up() is called. Bounded, for a trap: true if more is
 * parked, so that it has to be called again. Context as vmsg_send().
 */
bool __must_check vmsg_give_up(struct vmsg_node *n, uint32_t address,
			       uint32_t ms);
/*
 * The node's guest is paused: when this returns none of its messages is being
 * delivered, and those that wait go on waiting; or it continues. T.
 */
void vmsg_pause(struct vmsg_node *n, bool paused);

/*
 * Names of endpoints, for kinds that announce them. What a node announces is
 * kept as long as it is up, and the peers that it has are told of it; so is who
 * comes later. When it ends they are told that, too.
 */
#define VMSG_ENDPOINT_NAME 32 /* bytes, with the terminator */
#define VMSG_ENDPOINTS_MAX 64 /* names of one node */

struct vmsg_notice {
	uint32_t address;  /* of the node that announces; */
	uint32_t endpoint; /* the kind's own number within it */
	char name[VMSG_ENDPOINT_NAME];
	bool gone; /* it is there no more */
};

/*
 * Announce a name, or take it back. -ERR_INVAL: the name is empty, not
 * terminated or not printable ASCII; -ERR_EXIST: the node has announced this
 * name for this endpoint; -ERR_NOSPC: it has announced VMSG_ENDPOINTS_MAX;
 * -ERR_STATE: it is not up, or not attached; -ERR_NOENT: it has not announced
 * that. A.
 */
int __must_check vmsg_announce(struct vmsg_node *n, const char *name,
			       uint32_t endpoint);
int __must_check vmsg_withdraw(struct vmsg_node *n, const char *name,
			       uint32_t endpoint);
/*
 * What the node has to be told next; false: nothing. It then counts as told:
 * the owner has a buffer for it already. For one CPU at a time. A;
 * LOCK_VIRTQUEUE may be held.
 */
bool vmsg_next_notice(struct vmsg_node *n, struct vmsg_notice *out);
/* Is it worth while to look for a buffer, and then to call it? A. */
bool vmsg_has_notice(const struct vmsg_node *n);

/* Counters of a node that its owner adds to. A. */
enum vmsg_fault {
	VMSG_FAULT_FORGED,    /* another's source address */
	VMSG_FAULT_MALFORMED, /* header or length */
	VMSG_FAULT_NAMES,     /* announcements that were refused */
	VMSG_FAULTS
};
void vmsg_count_fault(struct vmsg_node *n, enum vmsg_fault why);

#endif
