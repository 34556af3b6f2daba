/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mutexes, with priority inheritance: while others wait for a mutex, its owner
 * has at least the highest of their priorities, as they were when they began to
 * wait; and so has the owner of a mutex that this owner waits for. So a thread
 * of middle priority cannot keep one of high priority waiting by keeping the
 * owner, of low priority, from the CPU.
 *
 * A mutex that nobody waits for is one compare-and-swap to take and one to give
 * back. WAITED in the owner word sends the owner through inherit_lock, which
 * covers everything else: waiters, who waits for what, and who inherits. While
 * that bit is set and the lock is held, the owner can neither give the mutex
 * back nor end. The lock is one for all mutexes, since a chain of owners may go
 * through any of them; only those that have to wait meet there.
 */
#include <core/log.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/sync.h>

/* In the owner word: others wait. VCPUs are aligned. */
#define WAITED ((uintptr_t)1)
/* Owners that wait for owners: beyond this nobody inherits, as in a circle. */
#define CHAIN_MAX 8

static struct spinlock inherit_lock = SPINLOCK_INIT(LOCK_WAIT);

static struct vcpu *owner_of(uintptr_t word)
{
	return (struct vcpu *)(word & ~WAITED);
}

static bool change(struct mutex *m, uintptr_t from, uintptr_t to)
{
	return __atomic_compare_exchange_n(&m->owner, &from, to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void mutex_init(struct mutex *m)
{
	list_init(&m->waiters);
	m->owner = 0;
}

/* --- who inherits what; inherit_lock is held ------------------------------ */

/* The first of the waiters of highest priority; NULL: there are none. */
static struct wait_entry *first_waiter(const struct mutex *m)
{
	struct wait_entry *e, *best = NULL;

	list_for_each(e, &m->waiters, node) {
		if (!best ||
		    e->vcpu->params.priority > best->vcpu->params.priority) {
			best = e;
		}
	}
	return best;
}

/* `v` inherits from those that wait for its mutexes, and from nobody else. */
static void inherit(struct vcpu *v)
{
	unsigned int most = 0;
	struct mutex *m;

	assert_held(&inherit_lock);
	list_for_each(m, &v->waited, node) {
		const struct wait_entry *e = first_waiter(m);

		if (e) {
			most = MAX(most,
				   (unsigned int)e->vcpu->params.priority);
		}
	}
	sched_inherit(v, most);
}

/* Others wait for `m` from now on: it is in its owner's list. */
static void mark(struct mutex *m, struct vcpu *owner)
{
	list_append(&owner->waited, &m->node);
}

/* Who owns `m`, whom that waits for, and so on, inherit anew. */
static void inherit_along(struct mutex *m)
{
	for (unsigned int i = 0; m && i < CHAIN_MAX; i++) {
		uintptr_t word = __atomic_load_n(&m->owner, __ATOMIC_RELAXED);

		if (!(word & WAITED)) {
			return;
		}
		inherit(owner_of(word));
		m = owner_of(word)->waits_for;
	}
}

/* --- taking --------------------------------------------------------------- */

bool mutex_trylock(struct mutex *m)
{
	uintptr_t none = 0;

	return __atomic_compare_exchange_n(&m->owner, &none,
					   (uintptr_t)vcpu_current(), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Take it, or see to it that its owner knows that somebody waits. */
static bool take_or_mark(struct mutex *m, struct vcpu *me)
{
	for (;;) {
		uintptr_t word = __atomic_load_n(&m->owner, __ATOMIC_RELAXED);

		if (word & WAITED) {
			return false;
		}
		if (word == 0 && change(m, 0, (uintptr_t)me)) {
			return true;
		}
		if (word != 0 && change(m, word, word | WAITED)) {
			mark(m, owner_of(word));
			return false;
		}
	}
}

/* It is ours; some may still wait. */
static void taken(struct mutex *m, struct vcpu *me)
{
	if (!list_empty(&m->waiters)) {
		__atomic_store_n(&m->owner, (uintptr_t)me | WAITED,
				 __ATOMIC_RELAXED);
		mark(m, me);
		inherit(me);
	}
}

static void wait_for(struct mutex *m)
{
	struct vcpu *me = vcpu_current();
	struct wait_entry e = { .vcpu = me };
	unsigned long flags = spin_lock_irqsave(&inherit_lock);

	wait_entry_init(&e);
	while (!take_or_mark(m, me)) {
		if (list_empty(&e.node)) {
			list_append(&m->waiters, &e.node);
		}
		me->waits_for = m;
		inherit_along(m);
		spin_unlock_irqrestore(&inherit_lock, flags);
		sched_block();
		flags = spin_lock_irqsave(&inherit_lock);
	}
	list_remove(&e.node);
	me->waits_for = NULL;
	taken(m, me);
	spin_unlock_irqrestore(&inherit_lock, flags);
}

void mutex_lock(struct mutex *m)
{
	assert(owner_of(READ_ONCE(m->owner)) != vcpu_current());
	if (!mutex_trylock(m)) {
		wait_for(m);
	}
}

/* --- giving back ---------------------------------------------------------- */

/* Preemption is disabled, so that the one that is woken preempts after the
 * lock. */
static void give_back(struct mutex *m, struct vcpu *me)
{
	unsigned long flags = spin_lock_irqsave(&inherit_lock);
	struct wait_entry *e = first_waiter(m);

	list_remove(&m->node);
	__atomic_store_n(&m->owner, 0, __ATOMIC_RELEASE);
	if (e) {
		list_remove(&e->node);
		e->vcpu->waits_for = NULL;
		sched_wake(e->vcpu);
	}
	inherit(me);
	spin_unlock_irqrestore(&inherit_lock, flags);
}

void mutex_unlock(struct mutex *m)
{
	struct vcpu *me = vcpu_current();
	uintptr_t word = (uintptr_t)me;

	mutex_assert_held(m);
	if (__atomic_compare_exchange_n(&m->owner, &word, 0, false,
					__ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
		return;
	}
	preempt_disable();
	give_back(m, me);
	preempt_enable();
}

void mutex_assert_held(const struct mutex *m)
{
	assert(owner_of(READ_ONCE(m->owner)) == vcpu_current());
}
