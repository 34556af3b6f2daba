/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of the trace about which VCPU runs. While tracing is on, the policy's
 * callbacks runs(), stops() and enqueue() are called from here; while it is
 * off, directly.
 */
#include <core/trace.h>

#include "sched_priv.h"

static void traced_runs(struct runqueue *rq, struct vcpu *v)
{
	trace_write(TRACE_RUN, v->id, 0, 0, 0);
	if (rq->policy->runs) {
		rq->policy->runs(rq, v);
	}
}

static void traced_stops(struct runqueue *rq, struct vcpu *v,
			 enum sched_why why)
{
	trace_write(TRACE_STOP, v->id, why, 0, 0);
	if (rq->policy->stops) {
		rq->policy->stops(rq, v, why);
	}
}

static void traced_enqueue(struct runqueue *rq, struct vcpu *v,
			   enum sched_why why)
{
	trace_write(TRACE_READY, v->id, why, 0, 0);
	rq->policy->enqueue(rq, v, why);
}

void rq_set_hooks(struct runqueue *rq)
{
	rq->runs = trace_on() ? traced_runs : rq->policy->runs;
	rq->stops = trace_on() ? traced_stops : rq->policy->stops;
	rq->enqueue = trace_on() ? traced_enqueue : rq->policy->enqueue;
}

void sched_trace(void)
{
	struct runqueue *rq = this_cpu()->rq;

	spin_lock(&rq->lock);
	rq_set_hooks(rq);
	if (trace_on() && !rq->idling) {
		trace_write(TRACE_RUN, rq->curr->id, 0, 0, 0);
	}
	spin_unlock(&rq->lock);
}
