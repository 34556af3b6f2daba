/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data of the budgets of a guest and its VCPUs. [L] budget_guest's lock, [I]
 * immutable after creation, [M] budget_mutex.
 */
#ifndef BUDGET_PRIV_H
#define BUDGET_PRIV_H

#include <core/budget.h>
#include <core/spinlock.h>

#include "pool_priv.h"

struct budget_guest;

/* A budget's pool with its timer, and how many VCPUs use it. */
struct budget_account {
	struct budget_pool pool; /* [L] */
	struct timer timer; /* begins the next period while anybody needs it */
	struct budget_guest *guest; /* [I] */
	struct budget_spec spec;    /* [M] what was asked for */
	unsigned int running;       /* [L] VCPUs whose counters run */
	unsigned int waiting;       /* [L] VCPUs throttled */
};

struct budget_vcpu {
	struct budget_account own;    /* [L] of this VCPU alone */
	struct budget_guest *guest;   /* [I] */
	struct vcpu *vcpu;            /* [I] */
	uint32_t grant[BUDGET_KINDS]; /* [L] of the running counters */
	bool running;                 /* [L] they run, on vcpu's CPU */
	bool waiting;                 /* [L] throttled */
};

struct budget_guest {
	struct spinlock lock;
	struct budget_account all;    /* [L] of all VCPUs together */
	uint32_t event[BUDGET_KINDS]; /* [L] counted for all of them */
	unsigned int nvcpus;          /* [I] */
	struct budget_vcpu vcpus[];   /* [L] */
};

/* account.c: callbacks of the accounts' timers. budget_unthrottle() releases
 * `b`, which waits; its guest's lock is held. */
void budget_period_of_vcpu(struct timer *t);
void budget_period_of_guest(struct timer *t);
void budget_unthrottle(struct budget_vcpu *b);
/* Does it lend what it does not use? Then its periods begin also while none of
 * its VCPUs runs: it has most to lend then. */
bool budget_lends(const struct budget_account *a);

/*
 * bandwidth.c: promise what `spec` needs in place of `old` (either may be
 * NULL). -ERR_BUSY, reported; -ERR_NOMEM: too many events, reported. Thread
 * context.
 */
int __must_check bandwidth_promise(const struct budget_spec *spec,
				   const struct budget_spec *old,
				   budget_report_t report, void *ctx);
/* Take back the promise of `spec`. Thread context. */
void bandwidth_release(const struct budget_spec *spec);
/* The share of `spec` in the bandwidth that is not promised, in events per
 * period. Any context. */
uint64_t bandwidth_extra(const struct budget_spec *spec, unsigned int kind);
/* Lend `give` events, and take back what is left of `old` events that were lent
 * before. */
void bandwidth_lend(uint32_t event, uint64_t give, uint64_t old);
/* Borrow at most `want`; returns how many. Any context. */
uint64_t bandwidth_borrow(uint32_t event, uint64_t want);

#endif
