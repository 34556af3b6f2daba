/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Budgets at run time: while a VCPU runs, counters run with a grant from each
 * budget that it belongs to. An overflow, a switch or the end of a period ends
 * and charges the grant. A VCPU that gets no grant is throttled until a period
 * begins.
 *
 * Nothing here allocates, and each step takes a bounded time: an interrupt
 * releases UNTHROTTLE_BATCH VCPUs at most.
 */
#include "budget_priv.h"

#include <arch/pmu.h>
#include <core/event.h>
#include <core/guest.h>
#include <core/percpu.h>
#include <core/sched.h>

/* VCPUs that one timer interrupt releases; the next one releases the others. */
#define UNTHROTTLE_BATCH 16
/*
 * A budget that several VCPUs share is granted in parts, so that no VCPU keeps
 * what it does not use from the others. A grant is at least 1/CHUNK_OF_ALL of
 * the budget, which bounds the number of overflows in a period; otherwise it is
 * 1/CHUNK_OF_LEFT of what is left, divided by the number of VCPUs.
 */
#define CHUNK_OF_LEFT 4
#define CHUNK_OF_ALL 64
/* Counters have 32 bits; half of their range is for events beyond the grant. */
#define GRANT_MAX BIT(31)
/* Borrowed at once: this fraction of the budget. */
#define BORROW_SHIFT 4

static struct budget_account *accounts_of(struct budget_vcpu *b, unsigned int n)
{
	struct budget_account *a = n == 0 ? &b->own : &b->guest->all;

	return a->pool.period ? a : NULL;
}

#define for_each_account(a, b) \
	for (unsigned int n_ = 0; n_ < 2; n_++) \
		if (((a) = accounts_of(b, n_)) != NULL)

/* --- time --------------------------------------------------------------- */

static void roll(struct budget_account *a, ticks_t now)
{
	uint64_t before[BUDGET_KINDS];

	if (now < a->pool.next) {
		return;
	}
	for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
		before[i] = a->pool.part[i].donated;
		a->pool.part[i].extra = bandwidth_extra(&a->spec, i);
	}
	(void)budget_pool_roll(&a->pool, now);
	for (unsigned int i = 0; a->spec.reclaim && i < BUDGET_KINDS; i++) {
		if (a->spec.events[i] > 0) {
			bandwidth_lend(a->spec.event[i],
				       budget_pool_donate(&a->pool.part[i]),
				       before[i]);
		}
	}
}

static void roll_all(struct budget_vcpu *b, ticks_t now)
{
	struct budget_account *a;

	for_each_account(a, b)
	{
		roll(a, now);
	}
}

/*
 * The timer of a budget of one VCPU is on the CPU where its counters run, so
 * that the end of the period can separate what they counted before it from what
 * comes later. The timer of a budget of several VCPUs stays where it is.
 */
static void arm(struct budget_account *a, const struct budget_vcpu *runs)
{
	bool follow = runs && (a == &runs->own || a->guest->nvcpus == 1);

	if (!timer_armed(&a->timer) || (follow && a->timer.cpu != cpu_id())) {
		timer_set(&a->timer, a->pool.next);
	}
}

bool budget_lends(const struct budget_account *a)
{
	return a->pool.period && a->spec.reclaim;
}

/* --- grants ------------------------------------------------------------- */

static uint64_t offer(const struct budget_vcpu *b, struct budget_account *a,
		      unsigned int kind)
{
	struct budget_part *part = &a->pool.part[kind];
	uint64_t chunk;

	if (part->left == 0 && a->spec.reclaim) {
		budget_pool_borrow(
			part,
			bandwidth_borrow(a->spec.event[kind],
					 (part->limit >> BORROW_SHIFT) + 1));
	}
	chunk = part->left;
	if (a == &b->guest->all && b->guest->nvcpus > 1) {
		chunk = MAX(part->left / (CHUNK_OF_LEFT * b->guest->nvcpus),
			    part->limit / CHUNK_OF_ALL + 1);
	}
	return MIN(chunk, part->left);
}

/* The largest possible grant. 0: a budget of this kind is used up; UINT64_MAX:
 * there is no budget of this kind. */
static uint64_t grantable(struct budget_vcpu *b, unsigned int kind)
{
	struct budget_account *a;
	uint64_t most = UINT64_MAX;

	for_each_account(a, b)
	{
		if (a->pool.part[kind].limit > 0) {
			uint64_t can = offer(b, a, kind);

			most = MIN(most, can);
			if (can == 0) {
				budget_pool_note_dry(&a->pool);
			}
		}
	}
	return most;
}

static void take(struct budget_vcpu *b, unsigned int kind, uint64_t events)
{
	struct budget_account *a;

	b->grant[kind] = (uint32_t)events;
	for_each_account(a, b)
	{
		if (a->pool.part[kind].limit > 0) {
			(void)budget_pool_take(&a->pool.part[kind], events);
		}
	}
	arch_pmu_start(kind, b->guest->event[kind], (uint32_t)events);
}

/* Take grants of all kinds and start the counters; or do nothing: false. */
static bool begin(struct budget_vcpu *b)
{
	uint64_t can[BUDGET_KINDS];
	struct budget_account *a;

	for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
		can[i] = grantable(b, i);
		if (can[i] == 0) {
			return false;
		}
	}
	for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
		if (can[i] != UINT64_MAX) {
			take(b, i, MIN(can[i], GRANT_MAX));
		}
	}
	b->running = true;
	for_each_account(a, b)
	{
		a->running++;
		arm(a, b);
	}
	return true;
}

/* Stop the counters and charge what they counted. Runs on their CPU. */
static void end(struct budget_vcpu *b)
{
	struct budget_account *a;

	for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
		uint64_t counted;

		if (b->grant[i] == 0) {
			continue;
		}
		counted = arch_pmu_stop(i);
		for_each_account(a, b)
		{
			if (a->pool.part[i].limit > 0) {
				budget_pool_settle(&a->pool.part[i],
						   b->grant[i], counted);
			}
		}
		b->grant[i] = 0;
	}
	b->running = false;
	for_each_account(a, b)
	{
		a->running--;
	}
}

/* --- throttling --------------------------------------------------------- */

static void throttle(struct budget_vcpu *b)
{
	struct budget_account *a;

	if (READ_ONCE(b->vcpu->stop_requested)) {
		return; /* it is being stopped: budget_leave() */
	}
	b->waiting = true;
	for_each_account(a, b)
	{
		a->waiting++;
		arm(a, NULL);
	}
	event_post(EVENT_THROTTLED, b->vcpu->guest->name, "VCPU %u",
		   b->vcpu->index);
	sched_throttle(b->vcpu);
}

void budget_unthrottle(struct budget_vcpu *b)
{
	struct budget_account *a;

	assert_held(&b->guest->lock);
	b->waiting = false;
	for_each_account(a, b)
	{
		a->waiting--;
	}
	sched_unthrottle(b->vcpu);
}

static void begin_or_throttle(struct budget_vcpu *b)
{
	if (!begin(b)) {
		throttle(b);
	}
}

static bool may_go_on(struct budget_vcpu *b)
{
	struct budget_account *a;
	bool may = true;

	for_each_account(a, b)
	{
		may = may && budget_pool_has_left(&a->pool);
	}
	return may;
}

/* --- calls from the architecture and the guest -------------------------- */

void budget_switch_in(struct vcpu *v)
{
	struct budget_vcpu *b = v->budget;

	spin_lock(&b->guest->lock);
	roll_all(b, time_now());
	if (!b->waiting) {
		begin_or_throttle(b);
	}
	spin_unlock(&b->guest->lock);
}

void budget_switch_out(struct vcpu *v)
{
	struct budget_vcpu *b = v->budget;

	spin_lock(&b->guest->lock);
	if (b->running) {
		end(b);
	}
	spin_unlock(&b->guest->lock);
}

/* The counters belong to the VCPU that runs here. They may have been stopped
 * since, if it was switched out just before the interrupt was taken. */
void budget_overflow(void)
{
	struct vcpu *v = this_cpu()->current;
	struct budget_vcpu *b = v->budget;

	if (!b) {
		return;
	}
	spin_lock(&b->guest->lock);
	if (b->running) {
		end(b);
		roll_all(b, time_now());
		begin_or_throttle(b);
	}
	spin_unlock(&b->guest->lock);
}

void budget_leave(struct vcpu *v)
{
	unsigned long flags = arch_irq_save();
	struct budget_vcpu *b = v->budget;

	if (b) {
		spin_lock(&b->guest->lock);
		if (b->waiting) {
			budget_unthrottle(b);
		}
		spin_unlock(&b->guest->lock);
	}
	arch_irq_restore(flags);
}

/* --- periods ------------------------------------------------------------ */

/* Release the VCPUs that have budget now; false: the rest has to wait for the
 * next interrupt. */
static bool release(struct budget_account *a, struct budget_vcpu *first,
		    unsigned int count)
{
	unsigned int released = 0;

	for (unsigned int i = 0; i < count && a->waiting > 0; i++) {
		struct budget_vcpu *b = &first[i];

		if (!b->waiting || !may_go_on(b)) {
			continue;
		}
		if (released++ == UNTHROTTLE_BATCH) {
			return false;
		}
		budget_unthrottle(b);
	}
	return true;
}

/* The VCPU that runs on this CPU, if it is in the account. */
static struct budget_vcpu *running_here(struct budget_account *a)
{
	struct vcpu *v = this_cpu()->current;
	struct budget_vcpu *b = v->budget;

	if (!b || b->guest != a->guest || !b->running ||
	    (a != &a->guest->all && a != &b->own)) {
		return NULL;
	}
	return b;
}

static void period(struct budget_account *a, struct budget_vcpu *first,
		   unsigned int count)
{
	struct budget_vcpu *here;
	ticks_t now = time_now();
	bool all;

	spin_lock(&a->guest->lock);
	here = running_here(a);
	if (here) {
		/* Before roll(), so that it is charged to the period that
		 * ends. */
		end(here);
	}
	if (a->pool.period) {
		roll(a, now);
	}
	if (here) {
		roll_all(here, now);
		begin_or_throttle(here);
	}
	all = release(a, first, count);
	if (!all) {
		timer_set(&a->timer, time_now() + 1);
	} else if (a->running + a->waiting > 0 || budget_lends(a)) {
		timer_set(&a->timer, a->pool.next);
	}
	spin_unlock(&a->guest->lock);
}

void budget_period_of_vcpu(struct timer *t)
{
	struct budget_vcpu *b = container_of(t, struct budget_vcpu, own.timer);

	period(&b->own, b, 1);
}

void budget_period_of_guest(struct timer *t)
{
	struct budget_guest *g =
		container_of(t, struct budget_guest, all.timer);

	period(&g->all, g->vcpus, g->nvcpus);
}
