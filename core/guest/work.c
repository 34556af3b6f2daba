/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work for a guest: clearing its memory, loading its images, restarting it,
 * memory for its flash. It takes longer the larger the guest is, and a guest
 * can ask for it again and again. So each guest has a thread for it, with the
 * guest's priority and CPUs, which takes turns with the guest's VCPUs as one
 * group. Other guests neither wait for it nor lose CPU time to it, except one
 * part in twenty of a CPU while a person waits.
 */
#include <core/guest.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/thread.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "guest_priv.h"

/* While a thread waits for work, which may get no CPU at the guest's priority:
 * how often it asks `stop`, and for how much of that time it lends its own. */
#define ASK_MS 20
#define LEND_MS 1
#define REPORT_TEXT 512 /* bytes of mistakes, until they are reported */

/* What a thread asked for, on the stack of that thread, which waits. */
struct errand {
	struct work work;
	struct guest *g;
	int (*fn)(struct guest *g, struct attempt *a);
	struct attempt attempt;
	int err;
	struct completion done;
	size_t n;
	char text[REPORT_TEXT]; /* messages, each with its terminating 0 */
};

/* Runs in the guest's thread; the messages are shown by the asker's thread. */
static void keep_report(void *ctx, const char *message)
{
	struct errand *e = ctx;
	size_t n = strlen(message) + 1;

	if (n <= sizeof(e->text) - e->n) {
		memcpy(e->text + e->n, message, n);
		e->n += n;
	}
}

static void run_errand(struct work *w)
{
	struct errand *e = container_of(w, struct errand, work);

	e->err = e->fn(e->g, &e->attempt);
	completion_done(&e->done);
}

static bool done_in(struct errand *e, unsigned int ms)
{
	return !completion_wait_until(&e->done, time_now() + ms_to_ticks(ms));
}

/* With the caller's priority for a moment. True if that was enough. Nobody
 * waits at a terminal that is not there. */
static bool done_on_loan(struct errand *e)
{
	bool done;

	if (!IS_ENABLED(CONFIG_TERMINAL)) {
		return false;
	}
	guest_hurry(e->g, false);
	done = done_in(e, LEND_MS);
	guest_relax(e->g, false);
	return done;
}

static void wait_for(struct errand *e, const struct guest_asker *asker)
{
	bool given_up = false;

	while (!done_in(e, ASK_MS - LEND_MS) && !done_on_loan(e)) {
		if (!given_up && asker->stop && asker->stop(asker->stop_ctx)) {
			given_up = true;
			guest_hurry(e->g, true);
		}
	}
	if (given_up) {
		guest_relax(e->g, true);
	}
}

int guest_run(struct guest *g, const struct guest_asker *asker,
	      int (*fn)(struct guest *g, struct attempt *a))
{
	struct errand e = {
		.g = g,
		.fn = fn,
		.attempt = { .report = keep_report },
	};

	e.attempt.ctx = &e;
	completion_init(&e.done);
	work_init(&e.work, &g->work, run_errand);
	work_queue(&e.work);
	wait_for(&e, asker);
	for (size_t at = 0; asker->report && at < e.n;
	     at += strlen(e.text + at) + 1) {
		asker->report(asker->report_ctx, e.text + at);
	}
	return e.err;
}

/* --- its thread ---------------------------------------------------------- */

/* CPUs and priority of the VCPUs, by the description, before they exist. */
static void described(const struct guest_config *cfg, struct cpumask *cpus,
		      unsigned int *prio)
{
	*prio = cfg->priority;
	guest_config_cpus(cfg, cpus);
}

static void of_vcpus(const struct guest *g, struct cpumask *cpus,
		     unsigned int *prio)
{
	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		const struct vcpu *v = g->vcpus[i];

		for (unsigned int k = 0; k < ARRAY_SIZE(cpus->bits); k++) {
			cpus->bits[k] |= READ_ONCE(v->affinity.bits[k]);
		}
		*prio = MAX(*prio, READ_ONCE(v->own_priority));
	}
}

/* Follow the VCPUs' priority and CPUs, unless guest_hurry() is in effect. The
 * lock is held. */
static void follow_locked(struct guest *g)
{
	struct cpumask cpus = { 0 };
	unsigned int prio = 0;
	int err;

	assert_held(&g->work_lock);
	if (g->hurried > 0) {
		return;
	}
	if (g->vcpus && g->vcpus[g->cfg->vcpus - 1]) {
		of_vcpus(g, &cpus, &prio);
	} else {
		described(g->cfg, &cpus, &prio);
	}
	err = sched_set_priority(g->work.thread, prio);
	assert(!err);
	/* If none of the CPUs is online it is refused, and nothing changes. */
	err = sched_set_affinity(g->work.thread, &cpus, NULL);
	(void)err;
}

void guest_work_follow(struct guest *g)
{
	unsigned long flags = spin_lock_irqsave(&g->work_lock);

	follow_locked(g);
	spin_unlock_irqrestore(&g->work_lock, flags);
}

void guest_hurry(struct guest *g, bool cancel)
{
	unsigned int prio = vcpu_current()->params.priority;
	unsigned long flags = spin_lock_irqsave(&g->work_lock);
	int err = 0;

	g->hurried++;
	g->cancels += cancel;
	if (prio > READ_ONCE(g->work.thread->own_priority)) {
		err = sched_set_priority(g->work.thread, prio);
	}
	assert(!err);
	spin_unlock_irqrestore(&g->work_lock, flags);
}

void guest_relax(struct guest *g, bool cancel)
{
	unsigned long flags = spin_lock_irqsave(&g->work_lock);

	g->hurried--;
	g->cancels -= cancel;
	follow_locked(g);
	spin_unlock_irqrestore(&g->work_lock, flags);
}

bool guest_given_up(void *guest)
{
	const struct guest *g = guest;

	return READ_ONCE(g->cancels) > 0;
}

bool guest_works(const struct guest *g)
{
	return vcpu_current() == g->work.thread;
}

int guest_work_start(struct guest *g)
{
	char name[VCPU_NAME_LEN];
	struct thread_attr attr = { .name = name, .group = &g->group };
	struct cpumask cpus;
	unsigned int prio;
	int err = sched_group_init(&g->group);

	if (err) {
		return err;
	}
	snprintf(name, sizeof(name), "%.18s/work", g->name);
	described(g->cfg, &cpus, &prio);
	attr.priority = (uint8_t)prio;
	attr.affinity = &cpus;
	return workqueue_start(&g->work, &attr);
}

void guest_work_stop(struct guest *g)
{
	if (g->work.thread) {
		guest_hurry(g, true); /* without a guest_relax() */
	}
	workqueue_stop(&g->work);
}
