/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of domains and nodes, for the files of core/msg. */
#ifndef CORE_MSG_PRIV_H
#define CORE_MSG_PRIV_H

#include <core/spinlock.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/vmsg_admin.h>
#include <core/work.h>

/* Messages delivered, or cancelled, in one section with interrupts masked. */
#define VMSG_BATCH 16
#define VMSG_BATCH_BYTES KIB(64)
/* Rounds of tend() before it lets other work come first. */
#define VMSG_TEND_ROUNDS 8
/* A domain is tended at most this often, whatever its guests do. */
#define VMSG_TEND_MS 1
/* Slots of a look-up table: at most half of them are taken. */
#define VMSG_TABLE_SLOTS (2 * VMSG_NODES_MAX)

/* Messages of one sender that wait for one receiver. [V] its lock. */
struct vmsg_pair {
	struct list waiting; /* [V] struct vmsg */
	unsigned int count;  /* [V] */
	bool blocked;        /* [V] a send had -ERR_BUSY */
	/* [V] Until then none may wait, in this epoch of the receiver. */
	ticks_t shut_until;
	uint32_t shut_epoch;
};

/*
 * [I] immutable, [N] vmsg_mutex, [S] vmsg_state_lock, [V] lock, [A] atomic:
 * read by senders with interrupts masked, without a lock. Objects that such a
 * pointer leads to are freed only after cpu_quiesce(). [O] the owner's: one CPU
 * at a time.
 */
struct vmsg_node {
	const struct vmsg_ops *ops;   /* [I] */
	const struct vmsg_kind *kind; /* [I] */
	struct vmsg_domain *domain;   /* [A] written with N */
	uint32_t address;             /* [A] written with N; 0: none */
	uint8_t index;                /* [N] in the domain; read by senders */
	bool up;                      /* [A] written with S and V */
	uint8_t held;                 /* [A] written with N: VMSG_HELD_* */
	uint32_t parked;              /* [A] written with V: that wait for it */
	uint64_t peers;               /* [A] written with S: told of */
	uint64_t touched;             /* [O] receivers to be flushed */
	struct spinlock lock;
	bool draining, again; /* [V] vmsg_drain() */
	uint8_t turn;         /* [V] the pair that was last served */
	uint64_t waiting;     /* [V] pairs that are not empty */
	uint64_t later; /* [V] of these: VMSG_LATER, until vmsg_resume() */
	struct vmsg_pair pair[VMSG_NODES_MAX]; /* by sender */
	uint32_t epoch;                /* [A] written with S and V; odd: up */
	uint32_t told_epoch;           /* [A] written with N: its own, when it
					 was last told of others */
	uint32_t seen[VMSG_NODES_MAX]; /* [N] peers' epochs, as it was told */
	uint64_t notices;              /* [A] peers whose names have changed */
	struct vmsg_kept *kept;      /* [N] NULL: its kind announces nothing */
	struct vmsg_domain *leaving; /* [A] written with N: being detached */
	struct vmsg_counts counts;   /* [A] */
	uint32_t fixed;              /* [I] its address; 0: any */
	bool service;                /* [I] */
	bool destroyed;              /* [N] only references are left */
	void *arg;                   /* [I] */
	uint32_t refs;               /* [N] */
	struct list node;            /* [N] */
	char name[VMSG_NODE_NAME_MAX]; /* [I] */
};

/* Why what the node has sent and what waits is not delivered now. */
#define VMSG_HELD_PAUSED 1
#define VMSG_HELD_LEAVING 2

/* Nodes by address: immutable while it is in use. */
struct vmsg_table {
	struct vmsg_node *slot[VMSG_TABLE_SLOTS];
};

/* A name that a node has announced. It stays until all who were told of it have
 * been told that it is gone. [L] the lock of its list. */
struct vmsg_endpoint {
	enum { VMSG_FREE, VMSG_LIVE, VMSG_DYING } state; /* [L] */
	uint32_t endpoint;                               /* [L] */
	uint32_t address;                                /* [L] of the node */
	uint64_t told;                 /* [L] nodes, a bit each */
	char name[VMSG_ENDPOINT_NAME]; /* [L] */
};

/* The names of the node with one index of a domain, and of the nodes that had
 * this index before it. */
struct vmsg_names {
	struct spinlock lock;
	unsigned int live; /* [L] */
	unsigned int turn; /* [L] the last one that was given up */
	struct vmsg_endpoint slot[VMSG_ENDPOINTS_MAX];
};

/* What a node had announced when it was detached: its driver does not know of
 * that, and will not announce it again. */
struct vmsg_kept {
	unsigned int n;
	uint32_t epoch; /* of the node: later its driver has begun anew */
	struct {
		uint32_t endpoint;
		char name[VMSG_ENDPOINT_NAME];
	} name[VMSG_ENDPOINTS_MAX];
};

struct vmsg_domain {
	struct vmsg_table *table;                 /* [A] written with N */
	struct vmsg_node *node[VMSG_NODES_MAX];   /* [A] written with N */
	struct vmsg_names *names[VMSG_NODES_MAX]; /* [A] written with N; NULL:
						     none so far */
	enum vmsg_policy policy;                  /* [A] */
	const struct vmsg_ports *ports;           /* [A] written with N */
	bool tending;     /* [A] tend() has been asked for */
	ticks_t next;     /* [A] not before */
	struct work work; /* tend() */
	struct timer timer;
	struct vmsg_table tables[2];    /* one in use, one to be filled next */
	struct vmsg_ports port_sets[2]; /* likewise */
	struct list list;               /* [N] */
	char name[VMSG_NAME_MAX];       /* [I] */
};

/* Guards lists, names, who is attached where. Held when owners' peer() and
 * notice() are called. */
extern struct mutex vmsg_mutex;
/* Guards who is up, and who has been told. */
extern struct spinlock vmsg_state_lock;

static inline void vmsg_add(uint64_t *count, uint64_t n)
{
	(void)__atomic_fetch_add(count, n, __ATOMIC_RELAXED);
}

/* vmsg_mutex is held. It holds for sends that begin after cpu_quiesce(). */
static inline void vmsg_hold(struct vmsg_node *n, uint8_t why, bool on)
{
	WRITE_ONCE(n->held, (uint8_t)(on ? n->held | why : n->held & ~why));
}

/* Is the name made of letters, digits, '-', '_', '.' and '@', not empty, and
 * shorter than `max`? */
bool vmsg_name_ok(const char *name, size_t max);

/* domain.c; vmsg_mutex is held. */
void vmsg_detach_locked(struct vmsg_node *n);

/* send.c. The first slot of a table for an address. vmsg_drain(): deliver what
 * waits for a node, interrupts masked; true if it stopped before the end of it.
 * vmsg_take_back(): as vmsg_cancel(). */
unsigned int vmsg_slot(uint32_t address);
bool vmsg_drain(struct vmsg_node *n);
bool vmsg_take_back(struct vmsg_domain *d, struct vmsg_node *n);

/* peers.c */
void vmsg_tend(struct work *w);
void vmsg_tend_timer(struct timer *t);
/* Soon, in a thread: tell nodes of their peers, and deliver what was left. Any
 * context, interrupts masked. */
void vmsg_tend_soon(struct vmsg_domain *d);
/* vmsg_mutex is held. The node is no longer found, and nothing of it is being
 * delivered: tell its peers that it is down, and the node that they are. */
void vmsg_part(struct vmsg_domain *d, struct vmsg_node *n);

/* names.c. All names of the node with this index end. Any context. */
void vmsg_names_end(struct vmsg_domain *d, unsigned int index);
/* The node was told nothing, or no longer knows it. vmsg_mutex is held. */
void vmsg_names_forget(struct vmsg_domain *d, const struct vmsg_node *n);

/* The node is being detached: keep what it has announced; it is attached again:
 * announce that. vmsg_mutex is held. */
void vmsg_names_keep(struct vmsg_domain *d, struct vmsg_node *n);
void vmsg_names_restore(struct vmsg_domain *d, struct vmsg_node *n);

/* monitor.c. Any context. */
extern uint32_t vmsg_watchers; /* [A] */
void vmsg_watch_add(const struct vmsg_node *from, uint32_t to,
		    const struct vmsg *m, int result);

#endif
