/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows in a major frame, as ARINC 653 part 1 (2.3.1) schedules partitions:
 * what the files of the policy share.
 */
#ifndef CORE_SCHED_ARINC653_PRIV_H
#define CORE_SCHED_ARINC653_PRIV_H

#include <core/sched_policy.h>
#include <core/time.h>

#define ARINC_WINDOWS 64 /* of a CPU in a frame */
#define ARINC_FRAME_MIN_US 1000
#define ARINC_FRAME_MAX_US 10000000
#define ARINC_WINDOW_MIN_US 50
#define ARINC_RESERVE_DEFAULT 5 /* per cent of each CPU for threads */
#define ARINC_RESERVE_MAX 50
/* A new frame takes effect no sooner, so that its windows are in place by
 * then. */
#define ARINC_NOTICE_US 500

struct arinc_window {
	ticks_t start, end; /* from the frame's start */
	struct vcpu *owner; /* NULL: it has left */
	bool last;          /* of its owner's in the frame */
};

/* Of a CPU, by start. */
struct arinc_table {
	uint32_t count;
	struct arinc_window window[ARINC_WINDOWS];
};

/* One table is in effect, the other is for the next frame. [L] The run queue's
 * lock. */
struct arinc_cpu {
	struct arinc_table table[2];
	struct timer alarm; /* reports overruns, with no lock held */
};

/* A pool's data. [S] its lock. */
struct arinc_pool {
	struct spinlock lock;
	ticks_t origin;  /* [S] when one of the frames began */
	ticks_t frame;   /* [S] its length */
	ticks_t next_at; /* [S] frames are `next` long from then on; 0: no
			    change is due */
	ticks_t next;    /* [S] */
	bool held; /* [S] windows are being changed: no CPU takes them yet */
	uint32_t reserve; /* [I] per cent of each CPU */
	struct arinc_cpu cpu[];
};

/* A CPU's data. */
struct arinc_queue {
	struct arinc_pool *pool;
	struct arinc_cpu *cpu;
	/* The position in the frame, by arinc_advance(). */
	ticks_t edge;       /* until then nothing of it changes */
	struct vcpu *owner; /* of the window that is open; NULL: none is */
	bool windows;       /* there are some, or will be in the next frame */
	bool changed;       /* the other table is to be next */
	uint32_t in_effect; /* which of its tables */
	uint32_t at;        /* first window that has not ended */
	ticks_t begin, end; /* of the present frame */

	ticks_t turn;        /* [I] of a VCPU without windows */
	ticks_t until;       /* end of the present one */
	struct list members; /* VCPUs that have windows: arinc_vcpu.member */
	struct list threads; /* of the hypervisor, by arrival */
	struct list work;    /* those that work for guests */
	struct list rest;    /* VCPUs without windows */
};
_Static_assert(sizeof(struct arinc_queue) <= SCHED_CPU_SIZE, "CPU's data");

enum arinc_where { ARINC_AWAY, ARINC_LISTED, ARINC_READY };

/* A VCPU's data. */
struct arinc_vcpu {
	struct list node;   /* LISTED */
	struct list member; /* if it is one */
	uint8_t where;      /* enum arinc_where */
	bool is_member;
	bool lingers;   /* has windows only in the present frame */
	bool waited;    /* has blocked since it was started */
	ticks_t opened; /* its window began then, and it waits; 0: no */
};
_Static_assert(sizeof(struct arinc_vcpu) <= SCHED_VCPU_SIZE, "VCPU's data");

static inline struct arinc_queue *arinc_queue(struct runqueue *rq)
{
	return (void *)rq->data;
}

static inline struct arinc_vcpu *arinc_vcpu(const struct vcpu *v)
{
	return (void *)(uintptr_t)v->sched_data;
}

/* Does `v` run in its windows only? */
static inline bool arinc_windowed(const struct vcpu *v)
{
	const struct arinc_vcpu *a = arinc_vcpu(v);

	return a->is_member || a->lingers;
}

static inline struct list *arinc_list(struct arinc_queue *q,
				      const struct vcpu *v)
{
	if (v->guest) {
		return &q->rest;
	}
	return v->group ? &q->work : &q->threads;
}

static inline ticks_t arinc_ticks(uint32_t us)
{
	return ns_to_ticks(UINT64_C(1000) * us);
}

/* --- arinc653_table.c: with the run queue locked --- */

/* Is the present time beyond arinc_queue.edge? */
static inline bool arinc_behind(struct runqueue *rq)
{
	return rq->now >= arinc_queue(rq)->edge;
}
/* Advance to the present time in the frame: the owner of a window that has
 * ended is parked, the owner of one that is open is unparked. */
void arinc_advance(struct runqueue *rq);
/* The windows of `v` have changed, with effect from the next frame. */
void arinc_change(struct runqueue *rq, struct vcpu *v);
/* `v` no longer belongs to this CPU. */
void arinc_forget(struct runqueue *rq, struct vcpu *v);
void arinc_table_init(struct runqueue *rq);

/* --- arinc653_admit.c --- */

int arinc_admit(struct sched_set *set);

#endif
