/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual switches: the settings and states of switches and ports for the
 * terminal, and the interface of policies. Owners of ports need only
 * core/netport.h. docs/design/net.md. Thread context, unless it says otherwise.
 */
#ifndef CORE_NETSWITCH_H
#define CORE_NETSWITCH_H

#include <core/netport.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <core/vcpu.h>
#include <libs/registry.h>
#include <libs/types.h>

struct netswitch;

#define NETSWITCH_NAME_MAX 32  /* with its terminator */
#define NETSWITCH_PORTS_MAX 64 /* of one switch: a bit each in one word */
#define NETSWITCH_MAX 64       /* switches of the host */
#define NETSWITCH_FLOOD NETSWITCH_PORTS_MAX
#define NETSWITCH_DROP (NETSWITCH_PORTS_MAX + 1)
#define NET_VLAN_MAX 4094            /* IEEE 802.1Q, table 9-2: 1 to 4094 */
#define NET_VLAN_DEFAULT 1           /* the VLAN of a port by default */
#define NETSWITCH_AGEING 300         /* seconds; IEEE 802.1Q, table 8-6 */
#define NETSWITCH_AGEING_MAX 1000000 /* the same table */
/* Default of the flooded frames a second for each port. */
#define NETSWITCH_STORM 10000

/*
 * An address as one number: its bytes in the order of the frame, the first in
 * bits 7..0. So bit 0 is set in group addresses.
 */
typedef uint64_t net_mac_t;
#define NET_MAC_GROUP BIT(0)
#define NET_MAC_BROADCAST UINT64_C(0xffffffffffff)
net_mac_t net_mac(const uint8_t bytes[NET_MAC_LEN]);
void net_mac_bytes(net_mac_t mac, uint8_t bytes[NET_MAC_LEN]);

/* What a policy is given to decide on a frame. */
struct netswitch_query {
	net_mac_t dst, src;
	uint16_t vlan;
	uint8_t from; /* the port where it came in */
	ticks_t now;
};

/* One address that a switch knows, for `net switch info`. */
struct netswitch_entry {
	net_mac_t mac;
	uint16_t vlan;
	uint8_t port;
	bool fixed;    /* static */
	uint32_t idle; /* seconds since it was seen last */
};

/* How a switch forwards. Contexts: T thread, the configuration locked; A any,
 * on several CPUs at a time, interrupts masked. */
struct netswitch_policy {
	const char *name, *summary;
	/* T. Create the policy's state for a switch, the argument of the other
	 * functions. -ERR_NOMEM. */
	int (*create)(struct netswitch *sw, void **state);
	void (*destroy)(void *state);
	/* A. Returns a port's number, NETSWITCH_FLOOD or NETSWITCH_DROP, and
	 * learns where the sender is. Bounded. */
	unsigned int (*forward)(void *state, const struct netswitch_query *q);
	/* T. The port with this number is going: forget its addresses. NULL,
	 * like the functions below: the policy has no table. */
	void (*forget_port)(void *state, unsigned int port);
	/* T. */
	void (*set_ageing)(void *state, uint32_t seconds);
	/* T. -ERR_NOSPC; -ERR_NOENT */
	int (*add_static)(void *state, net_mac_t mac, uint16_t vlan,
			  unsigned int port);
	int (*remove)(void *state, net_mac_t mac, uint16_t vlan);
	/* T. Read the next entry at or after *at, and advance *at; false if
	 * there is none. */
	bool (*next)(void *state, unsigned int *at,
		     struct netswitch_entry *out);
};
#define NETSWITCH_POLICY(ident) \
	REGISTRY_ADD(netswitch_policy, struct netswitch_policy, ident)
REGISTRY_DECLARE(netswitch_policy);

/*
 * Create a switch. -ERR_EXIST: there is one of that name; -ERR_INVAL: it is not
 * a valid name; -ERR_NOENT: no such policy; -ERR_NOSPC: NETSWITCH_MAX exist;
 * -ERR_NOMEM. Thread context, as all that follows.
 */
int __must_check netswitch_create(const char *name, const char *policy);
/* Detach all ports of a switch and free it. -ERR_NOENT. */
int __must_check netswitch_destroy(const char *name);

/*
 * Attach a port to a switch, or detach it; a port is attached to at most one.
 * `make`: create the switch, as a learning bridge, if it does not exist.
 * -ERR_NOENT: no such switch; -ERR_STATE: the port is attached already, or is
 * not; -ERR_NOSPC: the switch has NETSWITCH_PORTS_MAX ports; errors of
 * netswitch_create().
 */
int __must_check netport_attach(struct netport *p, const char *name, bool make);
int __must_check netport_detach(struct netport *p);

/* Find a port by name, or by number n in order of creation, with a counted
 * reference; NULL if there is none. */
struct netport *netport_get(const char *name);
struct netport *netport_get_nth(unsigned int n);
void netport_put(struct netport *p);

/* Directions as the switch sees them: frames that come in at the port, and that
 * go out. */
enum netport_direction { NETPORT_IN, NETPORT_OUT, NETPORT_DIRECTIONS };

struct netport_counts {
	uint64_t packets, bytes; /* that were passed on */
	uint64_t drops[NET_DROPS];
};

/* VLANs of a port: access to one, or a trunk of several, all tagged except
 * the native one (0: all are tagged). `allowed` has a bit for each VLAN of
 * a trunk. */
struct netport_vlan {
	bool trunk;
	uint16_t vid; /* of the access port; the trunk's native one, or 0 */
	uint64_t allowed[64];
};

struct netport_limit {
	uint64_t bytes_per_second; /* 0: none */
	uint64_t burst;            /* bytes */
};

/* A snapshot of everything about a port. */
struct netport_info {
	char name[NETPORT_NAME_MAX];
	char switch_name[NETSWITCH_NAME_MAX]; /* "": not attached */
	unsigned int index;                   /* in it */
	uint8_t mac[NET_MAC_LEN];
	bool uplink;
	bool set_down, carrier, up;
	bool isolated, check_source;
	uint32_t accepts, max_len;
	struct netport_vlan vlan;
	struct netport_limit limit[NETPORT_DIRECTIONS];
	struct netport_counts counts[NETPORT_DIRECTIONS];
};
void netport_get_info(struct netport *p, struct netport_info *out);
/* The counts of queue n of the port's owner; false if there is no such queue.
 * Thread context. */
bool netport_queue_counts(struct netport *p, unsigned int n,
			  struct queue_counts *out);
const char *net_drop_name(enum net_drop why);

/* Settings of a port, for the terminal: take its link down. */
void netport_set_down(struct netport *p, bool down);
/* Frames between two isolated ports of a switch are dropped. */
void netport_set_isolated(struct netport *p, bool on);
/* Frames that come in with another source address than the port's are
 * dropped. */
void netport_set_check_source(struct netport *p, bool on);
/* -ERR_RANGE: not a valid VLAN; -ERR_NOMEM. */
int __must_check netport_set_vlan(struct netport *p,
				  const struct netport_vlan *vlan);
/* -ERR_RANGE: a rate or burst outside of NET_RATE_MIN, NET_RATE_MAX and what
 * one frame needs. */
#define NET_RATE_MIN UINT64_C(1000) /* bytes in a second */
#define NET_RATE_MAX UINT64_C(100000000000)
int __must_check netport_set_limit(struct netport *p,
				   enum netport_direction dir,
				   const struct netport_limit *limit);

/* Where a switch's worker runs, and how many packets of one kick are sent
 * without it. 0: none; NETSWITCH_INLINE, the default: as many as a trap may
 * send. */
struct netswitch_worker {
	struct cpumask cpus;
	uint8_t priority;
	uint32_t inline_packets;
};
/* -ERR_NOENT; -ERR_RANGE: the priority, or the number of packets, is too large;
 * -ERR_INVAL: none of the CPUs is online. */
int __must_check netswitch_set_worker(const char *name,
				      const struct netswitch_worker *set);

struct netswitch_info {
	char name[NETSWITCH_NAME_MAX];
	const char *policy;
	unsigned int ports;
	bool has_table;  /* the policy has one: ageing, entries */
	uint32_t ageing; /* seconds */
	uint32_t storm;  /* frames in a second; 0: no limit */
	struct netswitch_worker worker;
	uint64_t worker_turns; /* times that it has sent for a port */
};
/* By name, or number n in order of creation; false: there is none. */
bool netswitch_get_info(const char *name, struct netswitch_info *out);
bool netswitch_get_nth(unsigned int n, struct netswitch_info *out);
/* -ERR_NOENT; -ERR_NOSUPP: its policy has none; -ERR_RANGE. */
int __must_check netswitch_set_ageing(const char *name, uint32_t seconds);
int __must_check netswitch_set_storm(const char *name, uint32_t per_second);
/* Entries of its table: see struct netswitch_policy. -ERR_NOSUPP; -ERR_RANGE;
 * -ERR_STATE: the port is not attached to it. */
int __must_check netswitch_add_static(const char *name, net_mac_t mac,
				      uint16_t vlan, struct netport *p);
int __must_check netswitch_remove(const char *name, net_mac_t mac,
				  uint16_t vlan);
bool netswitch_next(const char *name, unsigned int *at,
		    struct netswitch_entry *out);

#endif
