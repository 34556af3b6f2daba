/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic of a budget: a number of events in each period, which the VCPUs
 * that share it take in grants. Pure.
 *
 * In each period, for each kind, the sum of `left`, `out` and what was counted
 * in it is at most limit + extra + borrowed - donated. What is granted (`out`)
 * and not used when a period ends is part of the next one's budget, so that no
 * CPU has to be told that a period has begun.
 */
#ifndef BUDGET_POOL_PRIV_H
#define BUDGET_POOL_PRIV_H

#include <core/budget.h>

struct budget_part {
	uint64_t limit; /* events in each period; 0: this kind is not counted */
	uint64_t extra; /* added to it: a share of the bandwidth not promised */
	uint64_t left;  /* may be granted in this period */
	uint64_t out;   /* granted, and not yet given back */
	uint64_t debt;  /* counted beyond the budget; the next period pays */
	uint64_t used;  /* events counted in all */
	uint64_t used_before; /* `used` when this period began */
	uint64_t donated;     /* of this period's, to others */
	uint64_t expected;    /* use of a period, an average */
	uint64_t overrun;     /* the largest debt so far */
};

struct budget_pool {
	ticks_t period; /* 0: there is no such budget */
	ticks_t next;   /* when the next period begins */
	struct budget_part part[BUDGET_KINDS];
	uint64_t throttles; /* periods in which a VCPU had to wait */
	bool dry;           /* one had to wait in this period */
};

/* Begin with a full budget, the first period at `now`. */
void budget_pool_begin(struct budget_pool *p,
		       const uint64_t limit[BUDGET_KINDS], ticks_t period,
		       ticks_t now);
/* End all periods that are over at `now`; returns how many. */
uint64_t budget_pool_roll(struct budget_pool *p, ticks_t now);
/* Take at most `want` events; returns how many. */
uint64_t budget_pool_take(struct budget_part *part, uint64_t want);
/* Give back a grant of which `counted` events were used, or more than all if it
 * ended late. */
void budget_pool_settle(struct budget_part *part, uint64_t granted,
			uint64_t counted);
/* Is there anything left of each kind that counts? */
bool budget_pool_has_left(const struct budget_pool *p);
/* Note that a VCPU has to wait for the next period. */
void budget_pool_note_dry(struct budget_pool *p);
/* Take out of `left` what is not expected to be used in this period; returns
 * how much. Called when a period begins. */
uint64_t budget_pool_donate(struct budget_part *part);
/* Add borrowed events to `left`. */
void budget_pool_borrow(struct budget_part *part, uint64_t events);

#endif
