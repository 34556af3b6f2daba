/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messaging domains and their nodes, for the terminal: creation, listings,
 * monitoring. Owners of nodes need only core/vmsg.h. docs/design/messaging.md.
 * Thread context.
 */
#ifndef CORE_VMSG_ADMIN_H
#define CORE_VMSG_ADMIN_H

#include <core/time.h>
#include <core/vmsg.h>

/* What is done with a message when VMSG_PARKED_MAX of the same sender wait
 * for the same receiver. */
enum vmsg_policy {
	VMSG_POLICY_BLOCK, /* the sender has to wait: nothing is lost */
	VMSG_POLICY_DROP,  /* it is dropped and counted */
};

/*
 * Create a domain. -ERR_EXIST: there is one of that name; -ERR_INVAL: it is not
 * a valid name; -ERR_NOSPC: VMSG_DOMAINS_MAX exist; -ERR_NOMEM.
 */
int __must_check vmsg_domain_create(const char *name, enum vmsg_policy policy);
/* Detach all nodes of a domain and free it. -ERR_NOENT. */
int __must_check vmsg_domain_destroy(const char *name);
/* -ERR_NOENT. */
int __must_check vmsg_domain_set_policy(const char *name,
					enum vmsg_policy policy);

/* Ports of a domain's nodes with which others may begin a connection. */
#define VMSG_RANGES_MAX 16
struct vmsg_ports {
	bool all;
	unsigned int n; /* of ranges, unless all are open */
	struct {
		uint32_t first, last;
	} range[VMSG_RANGES_MAX];
};
/* Set them: all at first. It holds for connections that begin from now on.
 * -ERR_NOENT; -ERR_INVAL: too many ranges, or one that ends before it begins.
 */
int __must_check vmsg_domain_set_ports(const char *name,
				       const struct vmsg_ports *ports);

struct vmsg_counts {
	uint64_t sent, sent_bytes; /* that were delivered */
	uint64_t received, received_bytes;
	uint64_t parked;              /* of those it sent: had to wait */
	uint64_t blocked;             /* times that it had to stop sending */
	uint64_t dropped;             /* of those it sent: too many waited */
	uint64_t refused;             /* of those it sent: no such peer, or
					  it went down */
	uint64_t faults[VMSG_FAULTS]; /* its own */
	uint64_t lost_notices;        /* names whose end it was not told */
};

struct vmsg_domain_info {
	char name[VMSG_NAME_MAX];
	enum vmsg_policy policy;
	struct vmsg_ports ports;
	unsigned int nodes;
	unsigned int waiting;      /* messages that are parked */
	struct vmsg_counts counts; /* sums of its nodes of now */
};
/* By name, or number n in order of creation; false: there is none. */
bool vmsg_domain_info(const char *name, struct vmsg_domain_info *out);
bool vmsg_domain_nth(unsigned int n, struct vmsg_domain_info *out);

/* A snapshot of everything about a node. */
struct vmsg_node_info {
	char name[VMSG_NODE_NAME_MAX];
	char domain[VMSG_NAME_MAX]; /* "": not attached */
	const char *kind;
	uint32_t address; /* 0: none */
	bool service, up;
	unsigned int endpoints; /* that it has announced */
	unsigned int peers;     /* that it has been told are up */
	unsigned int waiting;   /* messages that wait for its buffers */
	struct vmsg_counts counts;
};
/* Find a node by name, or by number n in order of creation, with a counted
 * reference; NULL if there is none. */
struct vmsg_node *vmsg_node_get(const char *name);
struct vmsg_node *vmsg_node_get_nth(unsigned int n);
void vmsg_node_put(struct vmsg_node *n);
void vmsg_node_info(struct vmsg_node *n, struct vmsg_node_info *out);
/* The names that a node has announced, by number; false: there is no more. */
bool vmsg_node_endpoint(struct vmsg_node *n, unsigned int number,
			struct vmsg_notice *out);

/* A message that somebody has sent, for `monitor`. */
struct vmsg_record {
	ticks_t when;
	char domain[VMSG_NAME_MAX];
	const struct vmsg_kind *kind;
	uint32_t from, to; /* addresses */
	uint32_t len;      /* bytes behind the header */
	int result;        /* of vmsg_send() */
	uint64_t head[VMSG_HEAD_MAX / sizeof(uint64_t)];
};
/* From now on records are kept, until the last watcher has ended that. *at: for
 * vmsg_watch_next(). -ERR_NOMEM. */
int __must_check vmsg_watch_begin(uint64_t *at);
void vmsg_watch_end(void);
/* The next record after *at, which it advances; *lost: how many before it were
 * overwritten. False: none. */
bool vmsg_watch_next(uint64_t *at, struct vmsg_record *out, uint64_t *lost);

/* What vmsg_send() returned, in words. Pure. */
const char *vmsg_result_name(int result);

#endif
