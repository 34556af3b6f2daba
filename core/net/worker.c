/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A switch's worker: a thread that sends what its ports' owners have left over,
 * because it was too much for the trap of a guest's kick. docs/design/net.md
 * has the rule by which one of both is chosen.
 *
 * A port that has something left is `owing`, from netport_defer() until its
 * owner has sent all. While it is not being worked on it is in the list of its
 * switch's worker.
 */
#include <arch/cpu.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/thread.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "net_priv.h"

/* Most turns of a port that is leaving its switch: all that a ring holds, and
 * as much as a guest adds meanwhile if it does not mean harm. */
#define LAST_TURNS 1024

void netport_worker_init(struct net_worker *w)
{
	spin_init(&w->lock, LOCK_NETSWITCH);
	list_init(&w->todo);
	wait_init(&w->work);
	w->set = (struct netswitch_worker){
		.priority = SCHED_PRIO_DEFAULT,
		.inline_packets = NETSWITCH_INLINE,
	};
	cpumask_set_all(&w->set.cpus);
}

/* --- on the way of packets ------------------------------------------------ */

/* A port is put there once. Interrupts are masked. */
static void worker_add(struct net_worker *w, struct netport *p)
{
	spin_lock(&w->lock);
	if (!p->listed) {
		p->listed = true;
		list_append(&w->todo, &p->todo);
	}
	spin_unlock(&w->lock);
}

static struct netport *worker_take(struct net_worker *w)
{
	struct netport *p = NULL;

	spin_lock(&w->lock);
	if (!list_empty(&w->todo)) {
		p = list_first(&w->todo, struct netport, todo);
		list_remove(&p->todo);
		p->listed = false;
	}
	spin_unlock(&w->lock);
	return p;
}

/*
 * Is the worker the better place? It costs a wake and two switches of threads,
 * which is nothing to the guest where another CPU has nothing else to do, or is
 * at it already. On the guest's own CPU it would only come later.
 */
static bool worker_wanted(const struct net_worker *w)
{
	unsigned int here = this_cpu()->id;

	if (READ_ONCE(w->set.inline_packets) == 0) {
		return true;
	}
	if (READ_ONCE(w->busy) && READ_ONCE(w->thread->cpu) != here) {
		return true;
	}
	return sched_idle_elsewhere(&w->set.cpus);
}

bool netport_defer(struct netport *p)
{
	unsigned long flags = arch_irq_save();
	/* Pairs with netport_attach_locked(); it stays while interrupts are
	 * masked. */
	struct netswitch *sw = __atomic_load_n(&p->sw, __ATOMIC_ACQUIRE);
	bool taken = sw != NULL && READ_ONCE(sw->worker.thread) != NULL &&
		     worker_wanted(&sw->worker);

	if (taken) {
		WRITE_ONCE(p->owing, true);
		worker_add(&sw->worker, p);
		wait_wake_one(&sw->worker.work);
	}
	arch_irq_restore(flags);
	return taken;
}

/* --- the thread ----------------------------------------------------------- */

/* One turn of one port. Interrupts are masked from taking it out of the list to
 * the end: so whoever detaches it has only to wait for cpu_quiesce(). */
static bool worker_turn(struct netswitch *sw)
{
	unsigned long flags = arch_irq_save();
	struct netport *p = worker_take(&sw->worker);

	if (p != NULL) {
		WRITE_ONCE(sw->worker.turns, sw->worker.turns + 1);
		/* First: what is deferred meanwhile makes it owe again. */
		WRITE_ONCE(p->owing, false);
		if (p->ops->send(p)) {
			WRITE_ONCE(p->owing, true);
			if (__atomic_load_n(&p->sw, __ATOMIC_ACQUIRE) == sw) {
				worker_add(&sw->worker, p);
			}
		}
	}
	arch_irq_restore(flags);
	return p != NULL;
}

static bool worker_has(struct net_worker *w)
{
	unsigned long flags = spin_lock_irqsave(&w->lock);
	bool any = !list_empty(&w->todo);

	spin_unlock_irqrestore(&w->lock, flags);
	return any;
}

static void worker_main(void *arg)
{
	struct netswitch *sw = arg;

	for (;;) {
		wait_event(&sw->worker.work,
			   thread_should_stop() || worker_has(&sw->worker));
		if (thread_should_stop()) {
			return;
		}
		WRITE_ONCE(sw->worker.busy, true);
		while (worker_turn(sw)) {}
		WRITE_ONCE(sw->worker.busy, false);
	}
}

/* --- life and settings ---------------------------------------------------- */

int netswitch_start_worker(struct netswitch *sw)
{
	struct net_worker *w = &sw->worker;
	char name[VCPU_NAME_LEN];
	const struct thread_attr attr = {
		.name = name,
		.priority = w->set.priority,
		.joinable = true,
		.affinity = &w->set.cpus,
	};
	struct vcpu *thread;
	int err;

	mutex_assert_held(&net_mutex);
	if (w->thread != NULL) {
		return 0;
	}
	(void)snprintf(name, sizeof(name), "net/%.18s", sw->name);
	err = thread_create(&thread, &attr, worker_main, sw);
	if (err == 0) {
		__atomic_store_n(&w->thread, thread, __ATOMIC_RELEASE);
	}
	return err;
}

void netswitch_stop_worker(struct netswitch *sw)
{
	struct vcpu *thread = sw->worker.thread;

	mutex_assert_held(&net_mutex);
	if (thread != NULL) {
		thread_stop(thread);
		thread_join(thread);
	}
}

void netport_leave_worker(struct netport *p, struct net_worker *w)
{
	unsigned long flags = spin_lock_irqsave(&w->lock);
	bool more;

	if (p->listed) {
		p->listed = false;
		list_remove(&p->todo);
	}
	spin_unlock_irqrestore(&w->lock, flags);
	/* Its owner asks for no more kicks until it has sent all, which from
	 * here on is dropped. */
	more = READ_ONCE(p->owing);
	for (unsigned int i = 0; more && i < LAST_TURNS; i++) {
		flags = arch_irq_save();
		more = p->ops->send(p);
		arch_irq_restore(flags);
	}
	WRITE_ONCE(p->owing, false);
}

static int worker_apply(struct netswitch *sw)
{
	struct net_worker *w = &sw->worker;
	int err = 0;

	if (w->thread != NULL) {
		err = sched_set_priority(w->thread, w->set.priority);
	}
	if (w->thread != NULL && err == 0) {
		err = sched_set_affinity(w->thread, &w->set.cpus, NULL);
	}
	for (unsigned int i = 0; err == 0 && i < NETSWITCH_PORTS_MAX; i++) {
		if (sw->port[i] != NULL && sw->port[i]->ops->send != NULL) {
			sw->port[i]->ops->set_inline(sw->port[i],
						     w->set.inline_packets);
		}
	}
	return err;
}

int netswitch_set_worker(const char *name, const struct netswitch_worker *set)
{
	struct netswitch_worker before;
	struct netswitch *sw;
	int err = -ERR_NOENT;

	if (set->priority > SCHED_PRIO_MAX ||
	    set->inline_packets > NETSWITCH_INLINE) {
		return -ERR_RANGE;
	}
	mutex_lock(&net_mutex);
	sw = netswitch_find(name);
	if (sw != NULL) {
		before = sw->worker.set;
		sw->worker.set = *set;
		err = worker_apply(sw);
		if (err != 0) {
			sw->worker.set = before;
			(void)worker_apply(sw);
		}
	}
	mutex_unlock(&net_mutex);
	return err;
}
