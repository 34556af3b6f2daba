/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's life cycle: list, references, start, stop, and its own requests. */
#include <arch/vcpu.h>
#include <core/event.h>
#include <core/guest.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/smp.h>
#include <core/trace.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guest_priv.h"

/*
 * The shortest time between two starts of a guest that restarts itself. Each
 * restart is a line in the log.
 */
#define RESTART_NS UINT64_C(1000000000)

/* Of VCPUs that are to go off: as the terminal, and the work for all. */
#define STOP_PRIO (SCHED_PRIO_MAX - 1)

static struct spinlock list_lock = SPINLOCK_INIT(LOCK_GUEST_LIST);
static struct list guests = LIST_INIT(guests);
static uint32_t next_id;

/* --- list and references ------------------------------------------------ */

int guest_link(struct guest *g)
{
	unsigned long flags;
	struct guest *other;
	int err = 0;

	flags = spin_lock_irqsave(&list_lock);
	list_for_each(other, &guests, node) {
		if (strcmp(other->name, g->name) == 0) {
			err = -ERR_EXIST;
		}
	}
	if (!err) {
		g->id = next_id++;
		list_append(&guests, &g->node);
	}
	spin_unlock_irqrestore(&list_lock, flags);
	return err;
}

static void guest_unlink(struct guest *g)
{
	unsigned long flags = spin_lock_irqsave(&list_lock);

	list_remove(&g->node);
	spin_unlock_irqrestore(&list_lock, flags);
}

static void guest_ref(struct guest *g)
{
	__atomic_add_fetch(&g->refs, 1, __ATOMIC_RELAXED);
}

static void free_work(struct work *w)
{
	guest_free(container_of(w, struct guest, free_work));
}

void guest_put(struct guest *g)
{
	if (__atomic_sub_fetch(&g->refs, 1, __ATOMIC_ACQ_REL) != 0) {
		return;
	}
	if (guest_works(g)) {
		work_queue(&g->free_work); /* which ends this very thread */
	} else {
		guest_free(g);
	}
}

struct guest *guest_get(const char *name)
{
	unsigned long flags;
	struct guest *g, *found = NULL;
	uint64_t id = 0;
	bool number = parse_u64(name, &id) == 0;

	flags = spin_lock_irqsave(&list_lock);
	list_for_each(g, &guests, node) {
		if (strcmp(g->name, name) == 0 || (number && g->id == id)) {
			guest_ref(g);
			found = g;
			break;
		}
	}
	spin_unlock_irqrestore(&list_lock, flags);
	return found;
}

struct guest *guest_get_nth(unsigned int n)
{
	unsigned long flags;
	struct guest *g, *found = NULL;

	flags = spin_lock_irqsave(&list_lock);
	list_for_each(g, &guests, node) {
		if (n-- == 0) {
			guest_ref(g);
			found = g;
			break;
		}
	}
	spin_unlock_irqrestore(&list_lock, flags);
	return found;
}

const char *guest_state_name(enum guest_state s)
{
	static const char *const names[] = {
		[GUEST_CREATED] = "created", [GUEST_RUNNING] = "running",
		[GUEST_PAUSED] = "paused",   [GUEST_STOPPED] = "stopped",
		[GUEST_CRASHED] = "crashed",
	};

	return names[s];
}

/* --- start and stop; the guest's mutex is held -------------------------- */

static void pause_devices(struct guest *g, bool paused)
{
	for (uint32_t i = 0; i < g->cfg->ndevices; i++) {
		emu_device_pause(&g->devices[i], paused);
	}
}

static void stopped_devices(struct guest *g)
{
	for (uint32_t i = 0; i < g->cfg->ndevices; i++) {
		emu_device_stopped(&g->devices[i]);
	}
}

static void reset_devices(struct guest *g)
{
	for (uint32_t i = 0; i < g->cfg->ndevices; i++) {
		emu_device_reset(&g->devices[i]);
	}
	arch_guest_reset(g);
}

static bool has_vcpus_on(const struct guest *g)
{
	return g->state == GUEST_RUNNING || g->state == GUEST_PAUSED;
}

static enum guest_action requested(const struct guest *g)
{
	return (enum guest_action)__atomic_load_n(&g->action, __ATOMIC_ACQUIRE);
}

/* Stop or resume VCPUs, devices and time, as pauses and holds require. Those of
 * a guest that waits for its restart are stopped anyway. */
static void update_frozen(struct guest *g)
{
	bool freeze = g->state == GUEST_PAUSED ||
		      (g->state == GUEST_RUNNING && g->holds > 0);

	if (freeze == g->frozen || g->restarting) {
		return;
	}
	g->frozen = freeze;
	if (freeze) {
		for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
			sched_pause(g->vcpus[i]);
		}
		pause_devices(g, true);
		arch_guest_time_pause(g);
	} else {
		arch_guest_time_resume(g);
		pause_devices(g, false);
		for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
			sched_resume(g->vcpus[i]);
		}
	}
}

static void set_state(struct guest *g, enum guest_state state)
{
	g->state = state;
	trace_named(TRACE_GUEST, 0, state, g->name);
	event_post(EVENT_GUEST, g->name, "%s", guest_state_name(state));
}

/* Resume, and do what the guest asked for while it was stopped. */
static void go_on(struct guest *g)
{
	update_frozen(g);
	if (g->state == GUEST_RUNNING && requested(g) != GUEST_ACT_NONE) {
		work_queue(&g->action_work);
	}
}

static int try_start(struct guest *g, struct attempt *a)
{
	struct guest_entry entry;
	int err = guest_load(g, &entry, attempt_report, a);

	if (err) {
		return err;
	}
	pause_devices(g, false);
	reset_devices(g);
	g->crash_vcpu = NULL;
	g->crash_reason[0] = '\0';
	g->restarting = false;
	__atomic_store_n(&g->action, GUEST_ACT_NONE, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		g->vcpus[i]->stop_requested = false;
	}
	g->started_at = time_now_ns();
	set_state(g, GUEST_RUNNING);
	arch_vcpu_reset(g->vcpus[0], entry.pc, entry.arg);
	sched_start(g->vcpus[0]);
	update_frozen(g);
	return 0;
}

/* `report` is NULL if no operator asked for the start. */
static int start_locked(struct guest *g, config_report_t report, void *ctx)
{
	struct attempt a = { .report = report, .ctx = ctx };
	int err = try_start(g, &a);

	if (err && err != -ERR_INTR) {
		attempt_failed(&a, err, "guest %s cannot be started", g->name);
	}
	return err;
}

/* Called on the VCPU's CPU: makes it leave the guest and look at
 * stop_requested. */
static void force_exit(void *arg)
{
	(void)arg;
	this_cpu()->need_resched = 1;
}

/* For a person who waits. */
static void lend(struct vcpu *v, unsigned int prio)
{
	if (IS_ENABLED(CONFIG_TERMINAL)) {
		sched_lend(v, prio);
	}
}

/*
 * On return no VCPU of `g` runs, and none will. Each needs a CPU for a moment,
 * to find that it must go off; it enters the guest no more. So it is lent a
 * priority, since at its own it might never get one.
 */
static void stop_vcpus(struct guest *g)
{
	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		struct vcpu *v = g->vcpus[i];

		WRITE_ONCE(v->stop_requested, true);
		arch_mb();
		if (g->frozen) {
			sched_resume(v);
		}
		budget_leave(v);
		sched_wake(v);
		/* One that runs must leave the guest; one that does not run
		 * looks before it enters it. */
		if (cpu_call(READ_ONCE(v->cpu), force_exit, NULL, true)) {
			continue; /* an offline CPU runs no VCPU */
		}
		lend(v, STOP_PRIO);
	}
	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		sched_wait_off(g->vcpus[i]);
		lend(g->vcpus[i], 0);
	}
}

#define CRASHES_DUMPED 4 /* logged with registers, of a restarted guest */

/* Report a crash that has not been reported yet. The VCPUs are stopped. */
static void tell_crash(struct guest *g)
{
	if (requested(g) != GUEST_ACT_CRASH || g->restarting) {
		return;
	}
	g->crashes++;
	/* A guest that crashes again and again must not fill the log. */
	crash_record(g, g->cfg->on_crash != CRASH_RESTART ||
				g->crashes <= CRASHES_DUMPED);
}

static void stop_locked(struct guest *g, enum guest_state state)
{
	if (has_vcpus_on(g)) {
		stop_vcpus(g);
		/* Before the devices are stopped: that may take as long as a
		 * request to a disk of the host. */
		tell_crash(g);
		pause_devices(g, true);
		stopped_devices(g);
		g->frozen = false;
	}
	g->restarting = false;
	set_state(g, state);
}

/* --- life cycle --------------------------------------------------------- */

void guest_lock(struct guest *g, bool cancel)
{
	bool hurry;

	if (mutex_trylock(&g->lock)) {
		return;
	}
	hurry = !guest_works(g);
	if (hurry) {
		guest_hurry(g, cancel);
	}
	mutex_lock(&g->lock);
	if (hurry) {
		guest_relax(g, cancel);
	}
}

/* Take the mutex. -ERR_NOENT if the guest has been destroyed. */
static int enter_first(struct guest *g, bool cancel)
{
	guest_lock(g, cancel);
	if (g->destroyed) {
		mutex_unlock(&g->lock);
		return -ERR_NOENT;
	}
	return 0;
}

static int enter(struct guest *g)
{
	return enter_first(g, false);
}

static int start_errand(struct guest *g, struct attempt *a)
{
	int err = enter(g);

	if (err) {
		return err;
	}
	if (has_vcpus_on(g)) {
		err = -ERR_STATE;
	} else {
		err = start_locked(g, a->report, a->ctx);
	}
	mutex_unlock(&g->lock);
	return err;
}

int guest_start(struct guest *g, config_report_t report,
		bool (*stop)(void *ctx), void *ctx)
{
	const struct guest_asker asker = { report, ctx, stop, ctx };

	return guest_run(g, &asker, start_errand);
}

int guest_stop(struct guest *g)
{
	int err = enter_first(g, true);

	if (err) {
		return err;
	}
	stop_locked(g, GUEST_STOPPED);
	mutex_unlock(&g->lock);
	return 0;
}

static int reset_errand(struct guest *g, struct attempt *a)
{
	int err = enter(g);

	if (err) {
		return err;
	}
	stop_locked(g, GUEST_STOPPED);
	g->resets++;
	err = start_locked(g, a->report, a->ctx);
	mutex_unlock(&g->lock);
	return err;
}

int guest_reset(struct guest *g, config_report_t report,
		bool (*stop)(void *ctx), void *ctx)
{
	const struct guest_asker asker = { report, ctx, stop, ctx };

	return guest_run(g, &asker, reset_errand);
}

int guest_pause(struct guest *g)
{
	int err = enter(g);

	if (err) {
		return err;
	}
	if (g->state == GUEST_RUNNING) {
		set_state(g, GUEST_PAUSED);
		update_frozen(g);
	} else {
		err = -ERR_STATE;
	}
	mutex_unlock(&g->lock);
	return err;
}

int guest_resume(struct guest *g)
{
	int err = enter(g);

	if (err) {
		return err;
	}
	if (g->state == GUEST_PAUSED) {
		set_state(g, GUEST_RUNNING);
		go_on(g);
	} else {
		err = -ERR_STATE;
	}
	mutex_unlock(&g->lock);
	return err;
}

int guest_hold(struct guest *g)
{
	int err = enter(g);

	if (err) {
		return err;
	}
	g->holds++;
	update_frozen(g);
	mutex_unlock(&g->lock);
	return 0;
}

void guest_release(struct guest *g)
{
	guest_lock(g, false);
	assert(g->holds > 0);
	g->holds--;
	if (g->holds == 0) {
		go_on(g);
	}
	mutex_unlock(&g->lock);
}

int guest_powerdown(struct guest *g)
{
	int err = enter(g);

	if (err) {
		return err;
	}
	if (g->state != GUEST_RUNNING) {
		err = -ERR_STATE;
	} else if (g->restarting) {
		/* It is off, so that its OS would not see the key. */
		stop_locked(g, GUEST_STOPPED);
	} else {
		err = emu_power_key(g->devices, g->cfg->ndevices);
	}
	mutex_unlock(&g->lock);
	return err;
}

/* The mutex is held. From now on enter() refuses all others. */
static void destroy_locked(struct guest *g)
{
	stop_locked(g, GUEST_STOPPED);
	g->destroyed = true;
}

/* The rest of its destruction, without the mutex. */
static void bury(struct guest *g)
{
	bool hurry = !guest_works(g);

	guest_unlink(g);
	timer_cancel(&g->restart);
	if (hurry) {
		guest_hurry(g, true);
	}
	/* Needed even if this is that work: a VCPU may have made another
	 * request before it was stopped, which queued the work again. */
	work_cancel(&g->action_work);
	if (hurry) {
		guest_relax(g, true);
	}
	guest_put(g); /* the list's */
}

int guest_destroy(struct guest *g)
{
	int err = enter_first(g, true);

	if (err) {
		return err;
	}
	destroy_locked(g);
	mutex_unlock(&g->lock);
	bury(g);
	return 0;
}

/* --- a guest's own requests --------------------------------------------- */

static void restart_due(struct timer *t)
{
	work_queue(&container_of(t, struct guest, restart)->action_work);
}

/* Stop it until the restart. An operator's command in between overrides it. */
static void begin_restart(struct guest *g, enum guest_action action)
{
	stop_locked(g, GUEST_RUNNING);
	if (action == GUEST_ACT_RESET) {
		log_info("guest %s: reboots", g->name);
	} else {
		log_warn("guest %s: restarts (on-crash)", g->name);
	}
	g->restarting = true;
}

static void restart(struct guest *g, enum guest_action action)
{
	uint64_t due = g->started_at + RESTART_NS;

	if (!g->restarting) {
		begin_restart(g, action);
	}
	if (time_now_ns() < due) {
		timer_set(&g->restart, ns_to_ticks(due));
		return;
	}
	g->resets++;
	if (start_locked(g, NULL, NULL)) {
		stop_locked(g, action == GUEST_ACT_CRASH ? GUEST_CRASHED
							 : GUEST_STOPPED);
	}
}

static void crash(struct guest *g)
{
	switch (g->cfg->on_crash) {
	case CRASH_RESTART:
		restart(g, GUEST_ACT_CRASH);
		break;
	case CRASH_DESTROY:
		destroy_locked(g);
		log_warn("guest %s: destroyed (on-crash)", g->name);
		break;
	case CRASH_HALT:
		stop_locked(g, GUEST_CRASHED);
		break;
	}
}

/*
 * The mutex is held. The operator's wish has precedence: a request of a paused
 * guest waits for guest_resume().
 */
static void act(struct guest *g)
{
	if (g->state != GUEST_RUNNING || g->holds > 0) {
		return;
	}
	switch (requested(g)) {
	case GUEST_ACT_POWEROFF:
		stop_locked(g, GUEST_STOPPED);
		log_info("guest %s: powered off", g->name);
		break;
	case GUEST_ACT_RESET:
		restart(g, GUEST_ACT_RESET);
		break;
	case GUEST_ACT_CRASH:
		crash(g);
		break;
	case GUEST_ACT_NONE:
		break;
	}
}

static void action_work(struct work *w)
{
	struct guest *g = container_of(w, struct guest, action_work);
	bool end = false;

	guest_ref(g);
	if (enter(g) == 0) {
		act(g);
		end = g->destroyed;
		mutex_unlock(&g->lock);
	}
	if (end) {
		bury(g);
	}
	guest_put(g);
}

void guest_life_init(struct guest *g)
{
	mutex_init(&g->lock);
	list_init(&g->node);
	spin_init(&g->work_lock, LOCK_GUEST);
	work_init(&g->action_work, &g->work, action_work);
	work_init(&g->free_work, &work_shared, free_work);
	timer_init(&g->restart, restart_due);
}

void guest_request(struct guest *g, enum guest_action action)
{
	uint32_t none = GUEST_ACT_NONE;

	/* Only the first request counts. */
	if (__atomic_compare_exchange_n(&g->action, &none, (uint32_t)action,
					false, __ATOMIC_ACQ_REL,
					__ATOMIC_RELAXED)) {
		work_queue(&g->action_work);
	}
}

void guest_crash(struct vcpu *v, const char *fmt, ...)
{
	struct guest *g = v->guest;
	struct vcpu *none = NULL;
	va_list ap;

	if (__atomic_compare_exchange_n(&g->crash_vcpu, &none, v, false,
					__ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
		va_start(ap, fmt);
		vsnprintf(g->crash_reason, sizeof(g->crash_reason), fmt, ap);
		va_end(ap);
		guest_request(g, GUEST_ACT_CRASH);
	}
	WRITE_ONCE(v->stop_requested, true);
	this_cpu()->need_resched = 1;
}
