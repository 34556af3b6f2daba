/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CPU a ready VCPU goes to, and what idle CPUs take from busy ones. */
#include "sched_priv.h"

/*
 * CPUs that went idle. A hint, changed without any lock: a bit is cleared by
 * who claims the CPU, or finds it busy; so that going idle and on again in
 * turns writes nothing.
 */
static uint64_t idle_cpus[DIV_ROUND_UP(CONFIG_MAX_CPUS, 64)];

void idle_mark(unsigned int cpu)
{
	if (!(READ_ONCE(idle_cpus[cpu / 64]) & BIT(cpu % 64))) {
		__atomic_fetch_or(&idle_cpus[cpu / 64], BIT(cpu % 64),
				  __ATOMIC_RELAXED);
	}
}

/* True if it was this caller that cleared the bit. */
static bool idle_take(unsigned int cpu)
{
	uint64_t old = __atomic_fetch_and(&idle_cpus[cpu / 64], ~BIT(cpu % 64),
					  __ATOMIC_RELAXED);

	return old & BIT(cpu % 64);
}

static bool looks_idle(const struct runqueue *rq)
{
	return READ_ONCE(rq->curr_prio) < 0 && READ_ONCE(rq->nr_ready) == 0;
}

/* Claiming keeps two wakers from choosing the same CPU. */
int idle_claim(const struct cpumask *m)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(idle_cpus); i++) {
		uint64_t found = READ_ONCE(idle_cpus[i]) & m->bits[i];

		for (; found; found &= found - 1) {
			unsigned int cpu =
				i * 64 + (unsigned int)__builtin_ctzll(found);

			if (idle_take(cpu) && looks_idle(rq_of(cpu))) {
				return (int)cpu;
			}
		}
	}
	return -1;
}

bool rq_lock_other(struct runqueue *held, struct runqueue *other)
{
	if (other->cpu > held->cpu) {
		spin_lock_nested(&other->lock);
		return false;
	}
	if (spin_trylock(&other->lock)) {
		return false;
	}
	spin_unlock(&held->lock);
	spin_lock(&other->lock);
	spin_lock_nested(&held->lock);
	return true;
}

/* CPUs by how soon `v` would run there; `rq`, its last one, wins a tie. */
static unsigned int least_loaded(const struct vcpu *v, struct runqueue *rq)
{
	unsigned int best = rq->cpu;
	uint64_t best_load = UINT64_MAX;

	for (unsigned int i = 0; i < cpu_count; i++) {
		struct runqueue *r;
		uint64_t load;

		if (!cpumask_test(&v->affinity, i) || !cpu_usable(i)) {
			continue;
		}
		r = rq_of(i);
		load = (uint64_t)READ_ONCE(r->nr_ready) * 2;
		if (READ_ONCE(r->curr_prio) >= v->priority) {
			load += BIT(32);
		}
		load += r != rq;
		if (load < best_load) {
			best_load = load;
			best = i;
		}
	}
	return best;
}

/*
 * The last CPU if it idles, for what its caches hold; else another that
 * idles; else the last if `v` may run there at once; else the best of all.
 */
static unsigned int choose(const struct vcpu *v, struct runqueue *rq)
{
	bool here = cpumask_test(&v->affinity, rq->cpu);
	int idle;

	if (here && looks_idle(rq)) {
		return rq->cpu;
	}
	idle = idle_claim(&v->affinity);
	if (idle >= 0) {
		return (unsigned int)idle;
	}
	if (here && rq->curr_prio >= 0 && rq->policy->preempts(v, rq->curr)) {
		return rq->cpu;
	}
	return least_loaded(v, rq);
}

/* Both queues locked: `v` belongs to `to` from now on. */
static void move(struct vcpu *v, struct runqueue *to, ticks_t now)
{
	to->now = now;
	WRITE_ONCE(v->cpu, to->cpu);
}

/*
 * Move unplaced `v` from `rq`, locked, to the queue of `cpu`, which is locked
 * instead. NULL, and neither is, if somebody else took care of `v` meanwhile.
 */
static struct runqueue *change_queue(struct vcpu *v, struct runqueue *rq,
				     unsigned int cpu)
{
	struct runqueue *to = rq_of(cpu);

	if (rq_lock_other(rq, to) && (v->cpu != rq->cpu || !vcpu_unplaced(v))) {
		spin_unlock(&to->lock);
		spin_unlock(&rq->lock);
		return NULL;
	}
	move(v, to, rq->now);
	spin_unlock(&rq->lock);
	return to;
}

void sched_place(struct vcpu *v, struct runqueue *rq)
{
	unsigned int cpu;

	while (vcpu_leaving(v) && !cpumask_test(&v->affinity, rq->cpu)) {
		if (sched_defer(v)) {
			spin_unlock(&rq->lock);
			return;
		}
	}
	cpu = vcpu_leaving(v) ? rq->cpu : choose(v, rq);
	/* The affinity may change while queues are exchanged. */
	while (cpu != rq->cpu) {
		rq = change_queue(v, rq, cpu);
		if (!rq) {
			return;
		}
		if (!cpumask_test(&v->affinity, cpu)) {
			cpu = choose(v, rq);
		}
	}
	rq_enqueue(rq, v, false);
	rq_check_preempt(rq, v);
	spin_unlock(&rq->lock);
}

/* Take a VCPU from `from` to `me`, both locked. */
static bool take(struct runqueue *me, struct runqueue *from)
{
	struct vcpu *v = from->policy->offer(from, me->cpu);

	if (!v || vcpu_leaving(v)) {
		return false;
	}
	rq_dequeue(from, v);
	move(v, me, time_now());
	rq_enqueue(me, v, false);
	rq_resched(me);
	return true;
}

static bool pull_from(struct runqueue *me, struct runqueue *from)
{
	bool taken;

	if (me->cpu < from->cpu) {
		spin_lock(&me->lock);
		spin_lock_nested(&from->lock);
	} else {
		spin_lock(&from->lock);
		spin_lock_nested(&me->lock);
	}
	taken = take(me, from);
	spin_unlock(&me->lock);
	spin_unlock(&from->lock);
	return taken;
}

bool sched_pull(void)
{
	struct runqueue *me = this_cpu()->rq;

	for (unsigned int i = 1; i < cpu_count; i++) {
		unsigned int cpu = (me->cpu + i) % cpu_count;
		struct runqueue *from;

		if (!cpu_usable(cpu)) {
			continue;
		}
		from = rq_of(cpu);
		/* An idle one is about to run what it has. */
		if (READ_ONCE(from->nr_ready) > 0 &&
		    READ_ONCE(from->curr_prio) >= 0 && pull_from(me, from)) {
			return true;
		}
	}
	return false;
}
