/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of a VCPU's time this hypervisor runs on its behalf: from a trap or
 * an interrupt until the guest goes on, as far as the VCPU has the CPU. It is
 * measured while a person wants it: docs/design/scheduling.md.
 */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include <core/vcpu.h>
#include <core/watch.h>

/* Of a VCPU, or a thread that works for a guest, since account_start(). */
struct account {
	bool any;        /* it was measured */
	ticks_t running; /* it has run so long meanwhile */
	ticks_t traps;   /* and of that in this hypervisor: a thread always */
};

/* Is it measured now? Any context. */
static inline bool account_on(void)
{
	return READ_ONCE(watch_enabled) & WATCH_ACCOUNT;
}

/* Measure on all CPUs from now on, from zero, or no longer. Thread context.
 * -ERR_STATE: it is so already. */
int __must_check account_start(void);
int __must_check account_stop(void);

/* `v` has left its guest, or is about to go on. It runs on this CPU. Interrupts
 * masked, no run queue's lock held. */
void account_exit(struct vcpu *v);
void account_enter(struct vcpu *v);

/* What was measured; it stays after account_stop(). Any context, as
 * sched_times(). */
void account_get(struct vcpu *v, struct account *out);

#endif
