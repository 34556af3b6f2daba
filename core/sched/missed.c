/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deadlines that were missed, and who is told. */
#include <core/event.h>
#include <core/guest.h>
#include <core/sched_policy.h>

void sched_missed(struct vcpu *v)
{
	v->times.misses++;
	trace(TRACE_MISS, v->id, 0, 0, 0);
	event_post(EVENT_DEADLINE, v->guest != NULL ? v->guest->name : NULL,
		   "%s: %llu missed", v->name,
		   (unsigned long long)v->times.misses);
}
