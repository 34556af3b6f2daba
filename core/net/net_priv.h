/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of ports and switches, for the files of core/net. */
#ifndef CORE_NET_PRIV_H
#define CORE_NET_PRIV_H

#include <core/netswitch.h>
#include <core/sync.h>
#include <libs/list.h>

#include "rate_priv.h"

/* Most bytes that are copied when one frame is flooded; see net_flood(). */
#define NET_FLOOD_BYTES KIB(256)

struct netport_traffic {
	uint64_t packets, bytes;   /* [A] */
	uint64_t drops[NET_DROPS]; /* [A] */
	struct net_rate rate;
};

/*
 * [I] immutable, [N] net_mutex, [S] net_state_lock, [A] atomic: read by senders
 * with interrupts masked, without a lock. Objects that such a pointer leads to
 * are freed only after cpu_quiesce().
 */
struct netport {
	const struct netport_ops *ops;   /* [I] NULL once it is destroyed */
	void *arg;                       /* [I] */
	struct netswitch *sw;            /* [A] written with N and S */
	const struct netport_vlan *vlan; /* [A] written with N */
	struct netcapture *tap;          /* [A] written with N; NULL: none */
	net_mac_t mac;                   /* [I] the owner's */
	uint32_t accepts;                /* [A] */
	uint32_t max_len;                /* [I] without a tag */
	uint8_t index;                   /* [N] in sw; read by senders */
	bool up;                         /* [A] written with S */
	bool isolated, check_source;     /* [A] written with N */
	bool uplink;                     /* [I] */
	bool set_down, carrier;          /* [S] */
	struct netport_limit limit[NETPORT_DIRECTIONS]; /* [N] */
	bool owing;                                     /* [A] worker.c */
	bool listed;           /* the worker's lock: in its list */
	struct list todo;      /* the worker's lock */
	struct net_rate storm; /* for flooded frames that come in here */
	struct netport_traffic traffic[NETPORT_DIRECTIONS];
	struct list node;            /* [N] */
	uint32_t refs;               /* [N] */
	char name[NETPORT_NAME_MAX]; /* [I] */
};

/* [L] lock. */
struct net_worker {
	struct spinlock lock;
	struct list todo;            /* [L] ports */
	struct waitqueue work;       /* it waits there */
	struct vcpu *thread;         /* [A] written with N; NULL: none yet */
	bool busy;                   /* [A] it has ports to work on */
	uint64_t turns;              /* [A] written by the thread */
	struct netswitch_worker set; /* [N]; senders read it */
};

struct netswitch {
	const struct netswitch_policy *policy;     /* [I] */
	void *state;                               /* [I] the policy's */
	uint64_t active;                           /* [A] ports that are up */
	struct netport *port[NETSWITCH_PORTS_MAX]; /* [A] written with N */
	uint32_t ageing, storm;                    /* [N] */
	struct net_worker worker;
	struct list node;              /* [N] */
	char name[NETSWITCH_NAME_MAX]; /* [I] */
};

/* Guards the lists and the settings. Taken inside the mutexes of guests and of
 * the list of devices; held when owners' link() is called. */
extern struct mutex net_mutex;

/* Is the name made of letters, digits, '-', '_' and '.', not empty, and shorter
 * than `max`? */
bool net_name_ok(const char *name, size_t max);

/* netport.c; net_mutex is held. */
void netport_detach_locked(struct netport *p);

/* netswitch.c; net_mutex is held. */
struct netswitch *netswitch_find(const char *name);
void netswitch_storm_port(const struct netswitch *sw, struct netport *p);

/* worker.c; net_mutex is held but for the first. */
void netport_worker_init(struct net_worker *w);
/* Start the thread, if it does not run yet. Errors of thread_create(). */
int __must_check netswitch_start_worker(struct netswitch *sw);
/* The last port has left. */
void netswitch_stop_worker(struct netswitch *sw);
/* The port has been detached, and cpu_quiesce() has been called. */
void netport_leave_worker(struct netport *p, struct net_worker *w);

#endif
