/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's life: list, references, start, stop, and what it asks for. */
#include <arch/vcpu.h>
#include <core/guest.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/smp.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "guest_priv.h"

/*
 * A guest that starts itself again gets that once in this time, from start to
 * start: images are loaded in the host's time, at a worker's priority.
 */
#define RESTART_NS UINT64_C(1000000000)

static struct mutex list_lock;
static struct list guests = LIST_INIT(guests);
static uint32_t next_id;

/* Reports of a start nobody at a terminal asked for go to the log. */
static void report_to_log(void *ctx, const char *message)
{
	const struct guest *g = ctx;

	log_err("guest %s: %s", g->name, message);
}

/* --- list and references ------------------------------------------------ */

void guest_init(void)
{
	mutex_init(&list_lock);
}

int guest_link(struct guest *g)
{
	struct guest *other;
	int err = 0;

	mutex_lock(&list_lock);
	list_for_each(other, &guests, node) {
		if (strcmp(other->name, g->name) == 0) {
			err = -ERR_EXIST;
		}
	}
	if (!err) {
		g->id = next_id++;
		list_append(&guests, &g->node);
	}
	mutex_unlock(&list_lock);
	return err;
}

static void guest_unlink(struct guest *g)
{
	mutex_lock(&list_lock);
	list_remove(&g->node);
	mutex_unlock(&list_lock);
}

static void guest_ref(struct guest *g)
{
	__atomic_add_fetch(&g->refs, 1, __ATOMIC_RELAXED);
}

void guest_put(struct guest *g)
{
	if (__atomic_sub_fetch(&g->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		guest_free(g);
	}
}

struct guest *guest_get(const char *name)
{
	struct guest *g, *found = NULL;
	uint64_t id = 0;
	bool number = parse_u64(name, &id) == 0;

	mutex_lock(&list_lock);
	list_for_each(g, &guests, node) {
		if (strcmp(g->name, name) == 0 || (number && g->id == id)) {
			guest_ref(g);
			found = g;
			break;
		}
	}
	mutex_unlock(&list_lock);
	return found;
}

struct guest *guest_get_nth(unsigned int n)
{
	struct guest *g, *found = NULL;

	mutex_lock(&list_lock);
	list_for_each(g, &guests, node) {
		if (n-- == 0) {
			guest_ref(g);
			found = g;
			break;
		}
	}
	mutex_unlock(&list_lock);
	return found;
}

const char *guest_state_name(enum guest_state s)
{
	static const char *const names[] = {
		[GUEST_CREATED] = "created", [GUEST_RUNNING] = "running",
		[GUEST_PAUSED] = "paused", [GUEST_STOPPED] = "stopped",
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

static void reset_devices(struct guest *g)
{
	for (uint32_t i = 0; i < g->cfg->ndevices; i++) {
		emu_device_reset(&g->devices[i]);
	}
	arch_guest_reset(g);
}

static int start_locked(struct guest *g, config_report_t report, void *ctx)
{
	struct guest_entry entry;
	int err = guest_load(g, &entry, report, ctx);

	if (err) {
		return err;
	}
	pause_devices(g, false);
	reset_devices(g);
	g->crash_vcpu = NULL;
	g->crash_reason[0] = '\0';
	__atomic_store_n(&g->action, GUEST_ACT_NONE, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		g->vcpus[i]->stop_requested = false;
	}
	g->started_at = time_now_ns();
	g->state = GUEST_RUNNING;
	arch_vcpu_reset(g->vcpus[0], entry.pc, entry.arg);
	sched_start(g->vcpus[0]);
	return 0;
}

/* On the VCPU's CPU: leave the guest and look at stop_requested. */
static void force_exit(void *arg)
{
	(void)arg;
	this_cpu()->need_resched = 1;
}

/* Afterwards no VCPU of `g` runs or will. */
static void stop_vcpus(struct guest *g)
{
	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		struct vcpu *v = g->vcpus[i];

		WRITE_ONCE(v->stop_requested, true);
		arch_mb();
		if (g->state == GUEST_PAUSED) {
			sched_resume(v);
		}
		sched_wake(v);
		/* Running: it must trap. Not running: it looks when it does. */
		if (cpu_call(READ_ONCE(v->cpu), force_exit, NULL, true)) {
			continue;	/* offline: it runs nothing */
		}
	}
	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		sched_wait_off(g->vcpus[i]);
	}
}

static bool has_vcpus_on(const struct guest *g)
{
	return g->state == GUEST_RUNNING || g->state == GUEST_PAUSED;
}

static void stop_locked(struct guest *g, enum guest_state state)
{
	if (has_vcpus_on(g)) {
		stop_vcpus(g);
		pause_devices(g, true);
	}
	g->state = state;
}

/* --- life cycle --------------------------------------------------------- */

/* Take the mutex; fails if the guest was destroyed meanwhile. */
static int enter(struct guest *g)
{
	mutex_lock(&g->lock);
	if (g->destroyed) {
		mutex_unlock(&g->lock);
		return -ERR_NOENT;
	}
	return 0;
}

int guest_start(struct guest *g, config_report_t report, void *ctx)
{
	int err = enter(g);

	if (err) {
		return err;
	}
	if (has_vcpus_on(g)) {
		err = -ERR_STATE;
	} else {
		err = start_locked(g, report, ctx);
	}
	mutex_unlock(&g->lock);
	return err;
}

int guest_stop(struct guest *g)
{
	int err = enter(g);

	if (err) {
		return err;
	}
	stop_locked(g, GUEST_STOPPED);
	mutex_unlock(&g->lock);
	return 0;
}

int guest_reset(struct guest *g, config_report_t report, void *ctx)
{
	int err = enter(g);

	if (err) {
		return err;
	}
	stop_locked(g, GUEST_STOPPED);
	g->resets++;
	err = start_locked(g, report, ctx);
	mutex_unlock(&g->lock);
	return err;
}

int guest_pause(struct guest *g)
{
	int err = enter(g);

	if (err) {
		return err;
	}
	if (g->state == GUEST_RUNNING) {
		for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
			sched_pause(g->vcpus[i]);
		}
		pause_devices(g, true);
		arch_guest_time_pause(g);
		g->state = GUEST_PAUSED;
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
		arch_guest_time_resume(g);
		pause_devices(g, false);
		g->state = GUEST_RUNNING;
		for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
			sched_resume(g->vcpus[i]);
		}
	} else {
		err = -ERR_STATE;
	}
	mutex_unlock(&g->lock);
	return err;
}

int guest_powerdown(struct guest *g)
{
	int err = enter(g);

	if (err) {
		return err;
	}
	if (g->state != GUEST_RUNNING) {
		err = -ERR_STATE;
	} else {
		err = emu_power_key(g->devices, g->cfg->ndevices);
	}
	mutex_unlock(&g->lock);
	return err;
}

int guest_destroy(struct guest *g)
{
	int err = enter(g);

	if (err) {
		return err;
	}
	stop_locked(g, GUEST_STOPPED);
	g->destroyed = true;
	mutex_unlock(&g->lock);
	guest_unlink(g);
	timer_cancel(&g->restart);
	/* Also if this is that work: a VCPU may have asked for something more
	 * before it was stopped, which has queued the work again. */
	work_cancel(&g->action_work);
	guest_put(g);		/* the list's */
	return 0;
}

/* --- what a guest asks for itself --------------------------------------- */

#define CRASHES_DUMPED 4 /* of a guest that is restarted, with registers */

/* The mutex is held; the VCPUs are stopped. True: destroy it. */
static bool handle_crash(struct guest *g)
{
	g->crashes++;
	/* One that crashes again and again must not fill the log. */
	crash_record(g, g->cfg->on_crash != CRASH_RESTART ||
				g->crashes <= CRASHES_DUMPED);
	if (g->cfg->on_crash == CRASH_RESTART) {
		log_warn("guest %s: restarted (on-crash)", g->name);
		g->resets++;
		if (start_locked(g, report_to_log, g)) {
			g->state = GUEST_CRASHED;
		}
	}
	if (g->cfg->on_crash == CRASH_DESTROY) {
		log_warn("guest %s: destroyed (on-crash)", g->name);
	}
	return g->cfg->on_crash == CRASH_DESTROY;
}

/* The mutex is held. True: destroy it. */
static bool handle_action(struct guest *g, enum guest_action action)
{
	switch (action) {
	case GUEST_ACT_POWEROFF:
		stop_locked(g, GUEST_STOPPED);
		log_info("guest %s: powered off", g->name);
		return false;
	case GUEST_ACT_RESET:
		stop_locked(g, GUEST_STOPPED);
		g->resets++;
		log_info("guest %s: reboots", g->name);
		(void)start_locked(g, report_to_log, g);
		return false;
	case GUEST_ACT_CRASH:
		stop_locked(g, GUEST_CRASHED);
		return handle_crash(g);
	case GUEST_ACT_NONE:
		break;
	}
	return false;
}

static void restart_due(struct timer *t)
{
	work_queue(&container_of(t, struct guest, restart)->action_work);
}

/* What was asked for means a start, and the last one was just now. */
static bool starts_too_soon(const struct guest *g, enum guest_action action)
{
	return (action == GUEST_ACT_RESET ||
		(action == GUEST_ACT_CRASH &&
		 g->cfg->on_crash == CRASH_RESTART)) &&
	       time_now_ns() < g->started_at + RESTART_NS;
}

/* The request stands meanwhile; whatever a person does comes before it. */
static void wait_for_restart(struct guest *g)
{
	stop_vcpus(g);
	pause_devices(g, true);
	timer_set(&g->restart, ns_to_ticks(g->started_at + RESTART_NS));
}

/* The mutex is held. True: destroy it. */
static bool act(struct guest *g)
{
	enum guest_action action = (enum guest_action)
		__atomic_load_n(&g->action, __ATOMIC_ACQUIRE);

	if (action == GUEST_ACT_NONE || !has_vcpus_on(g)) {
		return false;
	}
	if (starts_too_soon(g, action)) {
		wait_for_restart(g);
		return false;
	}
	__atomic_store_n(&g->action, GUEST_ACT_NONE, __ATOMIC_RELEASE);
	return handle_action(g, action);
}

static void action_work(struct work *w)
{
	struct guest *g = container_of(w, struct guest, action_work);
	bool end = false;

	guest_ref(g);
	if (enter(g) == 0) {
		end = act(g);
		mutex_unlock(&g->lock);
	}
	if (end) {
		int err = guest_destroy(g);

		(void)err;	/* somebody else was first */
	}
	guest_put(g);
}

void guest_life_init(struct guest *g)
{
	mutex_init(&g->lock);
	list_init(&g->node);
	work_init(&g->action_work, action_work);
	timer_init(&g->restart, restart_due);
}

void guest_request(struct guest *g, enum guest_action action)
{
	uint32_t none = GUEST_ACT_NONE;

	/* The first request stands. */
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
