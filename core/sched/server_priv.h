/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Servers: VCPUs with a budget in each period, as the policies rm and edf run
 * them. Both share a heap of those that may run, by a key, a heap of those that
 * may not run until a date, and the handling of VCPUs without a budget. A
 * policy defines the key, and when the budget is refilled.
 */
#ifndef CORE_SCHED_SERVER_PRIV_H
#define CORE_SCHED_SERVER_PRIV_H

#include <core/sched_policy.h>

/* On a CPU. Any VCPUs beyond this run as if they had no budget. */
#define SERVER_MAX 64
/* Parts in which a sporadic server's budget may come back: see policy_rm.c. */
#define SERVER_CHUNKS 4
/* The whole of a CPU, in units of which shares are counted. */
#define SERVER_WHOLE (UINT64_C(1) << 32)
/* The longest period, in ticks, so that a product of two fits in 64 bits. */
#define SERVER_PERIOD_MAX UINT32_MAX
/* The period in which the hypervisor's threads have their share of a CPU. */
#define SERVER_SYSTEM_MS 10
#define SERVER_RESERVE_DEFAULT 5 /* per cent */
#define SERVER_RESERVE_MAX 50
/* A delay up to this after a deadline is not a miss: interrupts may be masked,
 * and the switch itself is charged to the budget. */
#define SERVER_LATE_US 100

enum server_where {
	SERVER_AWAY, /* blocked, off, elsewhere */
	SERVER_READY,
	SERVER_PARKED,
	SERVER_RUNS,
	SERVER_LISTED, /* in a list, without a budget */
};

struct server_chunk {
	uint64_t time;  /* available from then on */
	int64_t amount; /* ticks */
};

/* A VCPU's data. All of it is zero at first. */
struct server {
	struct list node; /* LISTED */
	uint64_t key;     /* the smallest runs first */
	uint64_t date;    /* when it is refilled: edf: the end of its period;
			     rm: when the first chunk is available */
	uint64_t from;    /* it may not run before; edf: 0, rm: as date */
	int64_t left;     /* of the budget; edf: negative: debt; rm: of the
			     first chunk */
	uint64_t since;   /* RUNS: charged up to then */
	uint16_t at;      /* in its heap, from 1 */
	uint8_t where;    /* enum server_where */
	uint8_t head;     /* rm: first chunk */
	uint8_t chunks;   /* rm: how many; 0: none yet */
	struct server_chunk chunk[SERVER_CHUNKS]; /* rm */
};
_Static_assert(sizeof(struct server) <= SCHED_VCPU_SIZE, "VCPU's data");

/* With what it is ordered by, which does not change meanwhile: so servers that
 * are only passed over are not touched. */
struct server_slot {
	uint64_t value; /* READY: key, PARKED: date */
	struct server *server;
};

/* slot[1] is the smallest. A pool's data has two of these for each CPU. */
struct server_heap {
	struct server_slot slot[SERVER_MAX + 2];
	uint32_t count;
};

struct server_cpu {
	struct server_heap ready, parked;
};

/* What a policy defines. `p` has the server's budget and period. */
struct server_ops {
	/* It becomes ready: begin a new period, or keep the old one. */
	void (*wakes)(struct server *s, const struct sched_params *p,
		      uint64_t now);
	/* It ran for `spent` until now. True: it missed its deadline, by more
	 * than `late`. */
	bool (*charge)(struct server *s, const struct sched_params *p,
		       int64_t spent, uint64_t now, ticks_t late);
	/* Its date has come: give it its next budget. */
	void (*refill)(struct server *s, const struct sched_params *p,
		       uint64_t now);
};

struct server_pool {
	unsigned int reserve; /* per cent of each CPU, for threads */
	struct server_cpu cpu[];
};

/* A CPU's data. */
struct server_queue {
	const struct server_ops *ops;
	struct server_cpu *heaps;
	struct server *running; /* NULL: a VCPU without budget runs, or none */
	ticks_t late;           /* [I] SERVER_LATE_US */
	struct list threads;    /* of the hypervisor, by arrival */
	struct list work;       /* those that work for guests */
	struct list rest;       /* VCPUs without a budget */
	uint64_t until;         /* end of the turn of a VCPU without one */
	struct sched_params system_params;
	struct server system; /* for the threads */
};
_Static_assert(sizeof(struct server_queue) <= SCHED_CPU_SIZE, "CPU's data");

static inline struct server_queue *server_queue(struct runqueue *rq)
{
	return (void *)rq->data;
}

/* The ticks that it may run at `now`; 0: none. */
static inline int64_t server_budget(const struct server *s, uint64_t now)
{
	return s->from <= now ? MAX(s->left, 0) : 0;
}

/* From the beginning of a period. */
static inline ticks_t server_deadline(const struct sched_params *p)
{
	return p->deadline ? p->deadline : p->period;
}

/* Its deadline is before the end of its period. */
static inline bool server_constrained(const struct sched_params *p)
{
	return server_deadline(p) < p->period;
}

/* --- server.c: callbacks of policies --- */

int server_pool_init(void **pool_data, const char *options,
		     struct sched_refusal *why);
void server_pool_fini(void *pool_data);
void server_describe(const void *pool_data, char *buf, size_t size);
void server_cpu_init(struct runqueue *rq, const struct server_ops *ops);
void server_params(struct runqueue *rq, struct vcpu *v,
		   const struct sched_params *old);
void server_enqueue(struct runqueue *rq, struct vcpu *v, enum sched_why why);
void server_dequeue(struct runqueue *rq, struct vcpu *v);
struct vcpu *server_pick(struct runqueue *rq);
void server_runs(struct runqueue *rq, struct vcpu *v);
void server_stops(struct runqueue *rq, struct vcpu *v, enum sched_why why);
ticks_t server_slice(struct runqueue *rq, struct vcpu *v);
bool server_tick(struct runqueue *rq, struct vcpu *v);
bool server_preempts(const struct vcpu *v, const struct vcpu *cur);
uint64_t server_load(const struct runqueue *rq, const struct vcpu *v);
struct vcpu *server_offer(struct runqueue *rq, unsigned int cpu);

/* --- server_admit.c --- */

/* Do the tasks of the set that are bound to `cpu` meet their deadlines there,
 * with the threads' share taken off? */
typedef bool (*server_fits_t)(const struct sched_set *set, unsigned int cpu);
/* As policy->admit(); binds VCPUs with budgets to CPUs. */
int server_admit(struct sched_set *set, server_fits_t fits);
/* What the threads are promised on each CPU of the pool. */
struct sched_params server_system(const void *pool_data);

#endif
