/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Budgets of events, such as accesses to memory, for VCPUs and for guests: a
 * VCPU that has used up its budget waits until its period begins again.
 * docs/design/budgets.md.
 *
 * Locks: a guest's budgets are changed in thread context by one thread at a
 * time, and used in switches and interrupts; LOCK_BUDGET.
 */
#ifndef CORE_BUDGET_H
#define CORE_BUDGET_H

#include <core/time.h>
#include <libs/types.h>

struct guest;
struct vcpu;

/* What is counted, each by a counter of its own. */
enum budget_kind {
	BUDGET_ACCESSES, /* reads alone, if writes have a budget too */
	BUDGET_WRITES,
	BUDGET_KINDS
};

#define BUDGET_PERIOD_MIN_US 100
#define BUDGET_PERIOD_MAX_US 10000000
/* Switching in and out uses some of them: with fewer, a VCPU would do
 * nothing. */
#define BUDGET_EVENTS_MIN 1000
#define BUDGET_EVENTS_MAX BIT(36)

struct budget_spec {
	uint64_t events[BUDGET_KINDS]; /* in a period; 0: not counted */
	uint32_t event[BUDGET_KINDS];  /* arch_pmu_event() */
	uint64_t period_us;
	bool reclaim; /* lends what it will not use, and borrows */
	bool share;   /* gets a part of the bandwidth that is not promised */
};

/* Of a guest as a whole, in place of a VCPU's number. */
#define BUDGET_OF_GUEST UINT32_MAX

/* A message for the user: why something is refused, and what is allowed. */
typedef void (*budget_report_t)(void *ctx, const char *message);

/*
 * Give VCPU `index` of `g`, or all its VCPUs together (BUDGET_OF_GUEST), a
 * budget, or another one; a new period begins. -ERR_INVAL, -ERR_NOSUPP,
 * -ERR_BUSY (the bandwidth is promised to others) and -ERR_STATE are reported,
 * and nothing is changed; -ERR_NOMEM, -ERR_NOENT: the guest is being destroyed.
 * Thread context; its VCPUs stand still for a moment.
 */
int __must_check budget_set(struct guest *g, uint32_t index,
			    const struct budget_spec *spec,
			    budget_report_t report, void *ctx);
/* Take it away. -ERR_NOENT: there is none. Thread context. */
int __must_check budget_remove(struct guest *g, uint32_t index);
/* Find an event that this host's CPUs count. -ERR_INVAL and -ERR_NOSUPP are
 * reported. An empty text means the host's default. Thread context. */
int __must_check budget_event(const char *text, enum budget_kind kind,
			      uint32_t *event, budget_report_t report,
			      void *ctx);

struct budget_info {
	struct budget_spec spec;
	uint64_t used[BUDGET_KINDS];    /* events in all */
	uint64_t overrun[BUDGET_KINDS]; /* the most beyond a period's budget */
	uint64_t throttles;             /* periods in which a VCPU waited */
	unsigned int waiting;           /* VCPUs that wait now */
};
/* False: none. Any context. */
bool budget_get_info(struct guest *g, uint32_t index, struct budget_info *out);

/*
 * How many of an event all CPUs together can do in a second. Budgets of that
 * event are admitted up to that sum, from then on. 0: not known, all are
 * admitted. -ERR_RANGE: more
 * than BUDGET_BANDWIDTH_MAX; -ERR_BUSY: more is promised already; -ERR_NOMEM:
 * BUDGET_BANDWIDTHS events are in use. Thread context.
 */
#define BUDGET_BANDWIDTHS 8
#define BUDGET_BANDWIDTH_MAX BIT(40)
int __must_check budget_set_bandwidth(uint32_t event, uint64_t per_second);
struct budget_bandwidth {
	uint32_t event;
	uint64_t per_second; /* 0: not known */
	uint64_t promised;   /* of it, to budgets */
	uint64_t spare;      /* events lent and not borrowed just now */
};
/* The n-th event in use; false past the end. Any context. */
bool budget_bandwidth_nth(unsigned int n, struct budget_bandwidth *out);

#if IS_ENABLED(CONFIG_BUDGET)
/* Set those of its description: the guest is made, its VCPUs are off. Errors
 * as for budget_set(); context as there. */
int __must_check budget_init(struct guest *g, budget_report_t report,
			     void *ctx);
/* Free what `g` has; its VCPUs are off, and none is started again. */
void budget_fini(struct guest *g);
/* `v`, whose stop_requested is set, must not wait for its period any longer. */
void budget_leave(struct vcpu *v);

/* For the architecture: a VCPU that it follows gets a CPU or loses it; the
 * counters of this CPU have passed what was granted. Interrupts masked. */
void budget_switch_in(struct vcpu *v);
void budget_switch_out(struct vcpu *v);
void budget_overflow(void);
#else
static inline int budget_init(struct guest *g, budget_report_t report,
			      void *ctx)
{
	(void)g;
	(void)report;
	(void)ctx;
	return 0;
}

static inline void budget_fini(struct guest *g)
{
	(void)g;
}

static inline void budget_leave(struct vcpu *v)
{
	(void)v;
}

static inline void budget_switch_in(struct vcpu *v)
{
	(void)v;
}

static inline void budget_switch_out(struct vcpu *v)
{
	(void)v;
}

static inline void budget_overflow(void)
{
}
#endif

#endif
