/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replacing a pool's schedule: a frame and all windows in it are admitted as a
 * whole, and take effect on all CPUs at the end of the same frame.
 */
#include "admit_priv.h"
#include "arinc653_priv.h"

#include <inttypes.h>
#include <libs/error.h>
#include <string.h>

/* From now until end_change(), no CPU takes over new windows. */
static int begin_change(struct arinc_pool *pool, struct sched_refusal *why)
{
	unsigned long flags = spin_lock_irqsave(&pool->lock);
	ticks_t now = time_now();
	int err = 0;

	if (pool->next_at > now) {
		sched_refuse(why,
			     "the last change of the schedule takes effect in "
			     "%" PRIu64 " us; then it can be changed again",
			     ticks_to_ns(pool->next_at - now) / 1000);
		err = -ERR_BUSY;
	} else {
		if (pool->next_at) {
			pool->origin = pool->next_at;
			pool->frame = pool->next;
			pool->next_at = 0;
		}
		pool->held = true;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return err;
}

/* Takes effect at the first end of a frame that no CPU can have passed yet. */
static void end_change(struct arinc_pool *pool, ticks_t frame)
{
	unsigned long flags = spin_lock_irqsave(&pool->lock);
	ticks_t soon = time_now() + arinc_ticks(ARINC_NOTICE_US);
	ticks_t past = (soon - pool->origin) % pool->frame;

	pool->next = frame;
	pool->next_at = soon - past + pool->frame;
	pool->held = false;
	spin_unlock_irqrestore(&pool->lock, flags);
}

static void set_windows(struct plan *p, const struct sched_schedule *s)
{
	for (unsigned int i = 0; i < p->set.count; i++) {
		p->set.tasks[i].params.windows = 0;
		memset(p->set.tasks[i].params.window, 0,
		       sizeof(p->set.tasks[i].params.window));
	}
	for (unsigned int i = 0; i < s->count; i++) {
		const struct sched_schedule_entry *e = &s->entries[i];
		struct sched_params *params = &plan_task(p, e->v)->params;

		params->windows = e->windows;
		memcpy(params->window, e->window, sizeof(params->window));
	}
}

static void change_one(struct plan *p, const struct sched_task *t)
{
	struct runqueue *rq = rq_lock_of(t->v);

	(void)p;
	sched_change_params(rq, t->v, &t->params);
	spin_unlock(&rq->lock);
}

/* One after the other: none takes effect before end_change(). */
static void change_all(struct plan *p)
{
	plan_each(p, change_one);
	plan_bind(p);
}

static int in_pool(const struct sched_pool *pool,
		   const struct sched_schedule *s, struct sched_refusal *why)
{
	for (unsigned int i = 0; i < s->count; i++) {
		const struct vcpu *v = s->entries[i].v;

		if (v->pool != pool) {
			sched_refuse(why,
				     "%s is in pool '%s', not in '%s'; 'sched "
				     "pool move' takes it there",
				     v->name, v->pool->name, pool->name);
			return -ERR_INVAL;
		}
	}
	return 0;
}

static int set_schedule(struct sched_pool *pool, const struct sched_schedule *s,
			bool force, struct sched_refusal *why)
{
	struct plan p;
	int err = in_pool(pool, s, why);

	if (err) {
		return err;
	}
	err = plan_begin(&p, pool, NULL, NULL, why);
	if (!err) {
		p.set.change = &s->frame;
		set_windows(&p, s);
		err = plan_admit(&p, force);
	}
	if (!err) {
		err = begin_change(pool->data, why);
	}
	if (!err) {
		change_all(&p);
		end_change(pool->data, s->frame);
	}
	plan_end(&p);
	return err;
}

int sched_pool_set_schedule(struct sched_pool *pool,
			    const struct sched_schedule *s, bool force,
			    struct sched_refusal *why)
{
	int err;

	if (s->frame < arinc_ticks(ARINC_FRAME_MIN_US) ||
	    s->frame > arinc_ticks(ARINC_FRAME_MAX_US)) {
		sched_refuse(why, "a frame is 1 ms to 10 s long");
		return -ERR_INVAL;
	}
	mutex_lock(&sched_admission);
	if (pool->policy->admit != arinc_admit) {
		sched_refuse(why,
			     "pool '%s' has policy '%s'; 'sched pool policy "
			     "... arinc653' has a schedule",
			     pool->name, pool->policy->name);
		err = -ERR_INVAL;
	} else {
		err = set_schedule(pool, s, force, why);
	}
	mutex_unlock(&sched_admission);
	return err;
}
