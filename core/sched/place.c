/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The choice of a CPU for a ready VCPU, and what idle CPUs take from busy
 * ones. */
#include "sched_priv.h"

#include <string.h>

/*
 * CPUs that went idle. This is a hint that is changed without a lock: a bit is
 * cleared only by code that claims the CPU or finds it busy. A CPU that
 * alternates between idle and busy therefore writes nothing.
 */
uint64_t idle_cpus[DIV_ROUND_UP(CONFIG_MAX_CPUS, 64)];

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
	return READ_ONCE(rq->idling) && READ_ONCE(rq->nr_ready) == 0;
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

bool sched_idle_elsewhere(const struct cpumask *m)
{
	unsigned int here = this_cpu()->id;

	for (unsigned int i = 0; i < ARRAY_SIZE(idle_cpus); i++) {
		uint64_t found = READ_ONCE(idle_cpus[i]) & m->bits[i];

		for (; found; found &= found - 1) {
			unsigned int cpu =
				i * 64 + (unsigned int)__builtin_ctzll(found);

			if (cpu != here && looks_idle(rq_of(cpu))) {
				return true;
			}
		}
	}
	return false;
}

/* Lock a second queue, in order of CPU; `held` is locked already. True if it
 * was unlocked in between. */
static bool lock_other(struct runqueue *held, struct runqueue *other)
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

/* The CPU where `v` would run soonest; `rq`, its last one, wins a tie. */
static unsigned int least_loaded(const struct vcpu *v, struct runqueue *rq)
{
	unsigned int best = rq->cpu;
	uint64_t best_load = UINT64_MAX;

	for (unsigned int i = 0; i < cpu_count; i++) {
		struct runqueue *r;
		uint64_t load;

		if (!cpumask_test(&v->allowed, i)) {
			continue;
		}
		r = rq_of(i);
		load = READ_ONCE(r->policy)->load(r, v) * 2 + (r != rq);
		if (load < best_load) {
			best_load = load;
			best = i;
		}
	}
	return best;
}

static __noinline unsigned int choose_of_many(const struct vcpu *v,
					      struct runqueue *rq, bool here)
{
	int idle = idle_claim(&v->allowed);

	if (idle >= 0) {
		return (unsigned int)idle;
	}
	if (here && !rq->idling && rq->policy->preempts(v, rq->curr)) {
		return rq->cpu;
	}
	return least_loaded(v, rq);
}

/*
 * The last CPU if there is no other, or if it is idle, because its caches may
 * still hold data of `v`; else another idle CPU; else the last CPU if `v` may
 * preempt there; else the one with the lowest load.
 */
static inline unsigned int choose(const struct vcpu *v, struct runqueue *rq)
{
	bool here = cpumask_test(&v->allowed, rq->cpu);

	if (here && (READ_ONCE(rq->pool->nr_cpus) == 1 || looks_idle(rq))) {
		return rq->cpu;
	}
	return choose_of_many(v, rq, here);
}

/*
 * `v` belongs to `to` from now on. Both queues are locked. In another pool, and
 * while the pool changes its policy, the policy's data of `v` begins empty.
 */
static void move(struct vcpu *v, struct runqueue *from, struct runqueue *to,
		 ticks_t now)
{
	to->now = now;
	rq_leave(from, v);
	if (unlikely(from->policy != to->policy || from->pool != to->pool)) {
		memset(v->sched_data, 0, sizeof(v->sched_data));
	}
	WRITE_ONCE(v->cpu, to->cpu);
	rq_join(to, v);
}

/*
 * Move unplaced `v` from `rq`, which is locked, to the queue of `cpu`, which is
 * locked on return instead. NULL with neither locked if another CPU has placed
 * `v` in between.
 */
static struct runqueue *change_queue(struct vcpu *v, struct runqueue *rq,
				     unsigned int cpu)
{
	struct runqueue *to = rq_of(cpu);

	if (lock_other(rq, to) && (v->cpu != rq->cpu || !vcpu_unplaced(v))) {
		spin_unlock(&to->lock);
		spin_unlock(&rq->lock);
		return NULL;
	}
	move(v, rq, to, rq->now);
	spin_unlock(&rq->lock);
	return to;
}

void sched_place(struct vcpu *v, struct runqueue *rq, enum sched_why why)
{
	bool leaving = vcpu_leaving(v);
	unsigned int cpu;

	while (unlikely(leaving) && !cpumask_test(&v->allowed, rq->cpu)) {
		if (sched_defer(v)) {
			spin_unlock(&rq->lock);
			return;
		}
		leaving = vcpu_leaving(v);
	}
	cpu = leaving ? rq->cpu : choose(v, rq);
	/* The affinity may change while neither queue is locked. */
	while (cpu != rq->cpu) {
		rq = change_queue(v, rq, cpu);
		if (!rq) {
			return;
		}
		if (!cpumask_test(&v->allowed, cpu)) {
			cpu = choose(v, rq);
		}
	}
	rq_enqueue(rq, v, why);
	rq_check_preempt(rq, v);
	spin_unlock(&rq->lock);
}

/* Neither queued nor running nor being switched: only `v->cpu` has to
 * change. */
static bool at_rest(const struct runqueue *rq, const struct vcpu *v)
{
	return v->cpu == rq->cpu && v->queued == NOT_QUEUED &&
	       v->state != VCPU_RUNNING && rq->curr != v && !vcpu_unplaced(v) &&
	       !vcpu_leaving(v);
}

/*
 * `v` may no longer run on the CPU of `rq`, its queue, which is locked and is
 * unlocked on return. A VCPU that is being switched out is placed elsewhere
 * when the switch has ended and it is ready.
 */
static void send_away(struct vcpu *v, struct runqueue *rq)
{
	struct runqueue *to = rq_of(cpumask_first(&v->allowed));

	if (rq->curr == v) {
		rq_resched(rq);
		spin_unlock(&rq->lock);
		return;
	}
	rq->now = time_now();
	if (v->queued != NOT_QUEUED) {
		rq_dequeue(rq, v);
		sched_place(v, rq, SCHED_MOVED);
		return;
	}
	if (at_rest(rq, v)) {
		if (!lock_other(rq, to) || at_rest(rq, v)) {
			move(v, rq, to, rq->now);
		}
		spin_unlock(&to->lock);
	}
	spin_unlock(&rq->lock);
}

__cold void sched_bind_locked(struct vcpu *v, struct runqueue *rq,
			      struct sched_pool *pool, int32_t home)
{
	struct cpumask m;

	assert_held(&sched_pools_lock);
	m = cpumask_and(&v->affinity, &pool->cpus);
	if (home >= 0) {
		memset(&m, 0, sizeof(m));
		cpumask_set(&m, (unsigned int)home);
	} else if (cpumask_empty(&m)) {
		m = pool->cpus; /* a thread's affinity is a preference */
	}
	v->pool = pool;
	v->home = home;
	v->allowed = m;
	if (cpumask_test(&m, rq->cpu)) {
		spin_unlock(&rq->lock);
	} else {
		send_away(v, rq);
	}
}

void sched_bind(struct vcpu *v, struct sched_pool *pool, int32_t home)
{
	sched_bind_locked(v, rq_lock_of(v), pool, home);
}

/* `v`, which waits, from one queue to another, both locked. */
static void pass_on(struct vcpu *v, struct runqueue *from, struct runqueue *to)
{
	rq_dequeue(from, v);
	move(v, from, to, from->now);
	rq_enqueue(to, v, SCHED_MOVED);
}

/* Take a VCPU from `from` to `me`, both locked. */
static bool take(struct runqueue *me, struct runqueue *from)
{
	struct vcpu *v;

	from->now = time_now();
	v = from->policy->offer(from, me->cpu);
	if (!v || vcpu_leaving(v)) {
		return false;
	}
	pass_on(v, from, me);
	rq_resched(me);
	return true;
}

static void lock_both(struct runqueue *a, struct runqueue *b)
{
	if (a->cpu < b->cpu) {
		spin_lock(&a->lock);
		spin_lock_nested(&b->lock);
	} else {
		spin_lock(&b->lock);
		spin_lock_nested(&a->lock);
	}
}

static bool pull_from(struct runqueue *me, struct runqueue *from)
{
	bool taken;

	lock_both(me, from);
	taken = take(me, from);
	spin_unlock(&me->lock);
	spin_unlock(&from->lock);
	return taken;
}

/* VCPUs wait there. (An idle CPU is about to run those it has.) */
static bool looks_busy(const struct runqueue *rq)
{
	return READ_ONCE(rq->nr_ready) > 0 && !READ_ONCE(rq->idling);
}

bool sched_pull(void)
{
	struct runqueue *me = this_cpu()->rq;

	for (unsigned int i = 1; i < cpu_count; i++) {
		unsigned int cpu = (me->cpu + i) % cpu_count;
		/* NULL until the CPU has started; pairs with
		 * sched_cpu_init(). */
		struct runqueue *from = __atomic_load_n(&percpu_table[cpu]->rq,
							__ATOMIC_ACQUIRE);

		if (from && looks_busy(from) && from->pool == me->pool &&
		    pull_from(me, from)) {
			return true;
		}
	}
	return false;
}

static void even_with(struct runqueue *from, struct runqueue *to)
{
	struct vcpu *v = NULL;

	lock_both(from, to);
	from->now = time_now();
	to->now = from->now;
	if (to->policy == from->policy && from->policy->even) {
		v = from->policy->even(from, to);
	}
	if (v && !vcpu_leaving(v)) {
		pass_on(v, from, to);
		rq_check_preempt(to, v);
	}
	spin_unlock(&from->lock);
	spin_unlock(&to->lock);
}

void sched_even(struct runqueue *from)
{
	unsigned int looked = 0;

	for (unsigned int i = 0; i < cpu_count && looked < SCHED_EVEN_CPUS;
	     i++) {
		struct runqueue *to;

		from->even_cpu = (from->even_cpu + 1) % cpu_count;
		to = __atomic_load_n(&percpu_table[from->even_cpu]->rq,
				     __ATOMIC_ACQUIRE);
		if (to && to != from && to->pool == from->pool) {
			even_with(from, to);
			looked++;
		}
	}
}
