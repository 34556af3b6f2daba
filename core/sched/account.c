/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's time on behalf of guests. When a VCPU leaves its guest, the
 * time that it has run is noted; when it goes on, what it has run since is
 * added up. So what it waits, or is preempted, in between is not counted.
 */
#include <core/account.h>
#include <core/smp.h>
#include <core/sync.h>
#include <libs/error.h>

#include "sched_priv.h"

static struct mutex account_mutex = MUTEX_INIT(account_mutex);
static bool measuring; /* account_mutex is held */

/* Run queue locked. */
static ticks_t run_until(const struct vcpu *v, ticks_t now)
{
	return v->times.running +
	       (v->state == VCPU_RUNNING ? now - v->times.since : 0);
}

void account_exit(struct vcpu *v)
{
	struct runqueue *rq = rq_lock_of(v);

	v->account.left = true;
	v->account.left_at = run_until(v, time_now());
	spin_unlock(&rq->lock);
}

void account_enter(struct vcpu *v)
{
	struct runqueue *rq = rq_lock_of(v);

	/* Not if measuring has begun meanwhile. */
	if (v->account.left) {
		v->account.left = false;
		v->account.traps +=
			run_until(v, time_now()) - v->account.left_at;
	}
	spin_unlock(&rq->lock);
}

static void forget(struct vcpu *v, void *arg)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = rq_lock_of(v);

	(void)arg;
	v->account = (struct vcpu_account){
		.since = run_until(v, time_now()),
	};
	spin_unlock(&rq->lock);
	arch_irq_restore(flags);
}

static void change_here(void *arg)
{
	(void)arg;
	watch_here();
}

int account_start(void)
{
	int err = 0;

	mutex_lock(&account_mutex);
	if (measuring) {
		err = -ERR_STATE;
	} else {
		measuring = true;
		sched_for_each(forget, NULL);
		watch_set(WATCH_ACCOUNT, true);
		cpu_call_all(change_here, NULL);
	}
	mutex_unlock(&account_mutex);
	return err;
}

static void stop_one(struct vcpu *v, void *arg)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = rq_lock_of(v);

	(void)arg;
	v->account.stopped = true;
	v->account.ran = run_until(v, time_now()) - v->account.since;
	spin_unlock(&rq->lock);
	arch_irq_restore(flags);
}

int account_stop(void)
{
	int err = 0;

	mutex_lock(&account_mutex);
	if (measuring) {
		measuring = false;
		watch_set(WATCH_ACCOUNT, false);
		cpu_call_all(change_here, NULL);
		sched_for_each(stop_one, NULL);
	} else {
		err = -ERR_STATE;
	}
	mutex_unlock(&account_mutex);
	return err;
}

void account_get(struct vcpu *v, struct account *out)
{
	unsigned long flags = arch_irq_save();
	struct runqueue *rq = rq_lock_of(v);
	const struct vcpu_account *a = &v->account;
	ticks_t now = time_now();

	out->any = account_on() || a->stopped;
	out->running = a->stopped ? a->ran : run_until(v, now) - a->since;
	out->traps = a->traps;
	if (!v->guest) {
		out->traps = out->running;
	} else if (a->left && !a->stopped) {
		out->traps += run_until(v, now) - a->left_at;
	}
	spin_unlock(&rq->lock);
	arch_irq_restore(flags);
}
