/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving budgets to VCPUs and guests, changing and removing them, and their
 * statistics. Meanwhile the guest's VCPUs are on no CPU: they are stopped
 * (guest_hold()), or the guest is being created and they do not run yet.
 */
#include "budget_priv.h"

#include <arch/pmu.h>
#include <core/boot.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/sync.h>
#include <libs/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BUDGET_TEXT 256
#define EVENT_TEXT 40 /* a name, or a number */

static struct mutex budget_mutex = MUTEX_INIT(budget_mutex);
static char default_event[EVENT_TEXT];

static void __printf(3, 4)
	tell(budget_report_t report, void *ctx, const char *fmt, ...)
{
	char text[BUDGET_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report(ctx, text);
}

/* --- events ------------------------------------------------------------- */

static const char *event_text(uint32_t event, char *buf, size_t size)
{
	const char *name = arch_pmu_event_name(event);

	if (name) {
		snprintf(buf, size, "%s", name);
	} else {
		snprintf(buf, size, "0x%x", event);
	}
	return buf;
}

/* Set what an empty text means, a name or number; false: it is too long.
 * Whether there is such an event is checked when it is used. */
static bool set_default(const char *text)
{
	int n = snprintf(default_event, sizeof(default_event), "%s", text);

	return n > 0 && (size_t)n < sizeof(default_event);
}

static const struct bootarg event_arg = {
	.name = "budget-event=",
	.usage = "budget-event=EVENT",
	.take = set_default,
};
BOOTARG(event_arg);

/* The names of the host's events, as many as fit. */
static void list_events(char *buf, size_t size)
{
	char name[EVENT_TEXT];
	uint32_t event;
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned int i = 0;
	     arch_pmu_event_nth(i, &event) && n + EVENT_TEXT < size; i++) {
		int len = snprintf(buf + n, size - n, "%s%s", n ? ", " : "",
				   event_text(event, name, sizeof(name)));

		n += len > 0 ? (size_t)len : 0;
	}
}

int budget_event(const char *text, enum budget_kind kind, uint32_t *event,
		 budget_report_t report, void *ctx)
{
	char list[BUDGET_TEXT / 2];
	int err;

	if (*text == '\0' && kind == BUDGET_WRITES) {
		tell(report, ctx,
		     "a budget of writes needs the name or number of the event "
		     "that counts them");
		return -ERR_INVAL;
	}
	if (*text == '\0' && default_event[0] == '\0') {
		err = arch_pmu_event_default(event);
		text = "for accesses to memory";
	} else {
		text = *text ? text : default_event;
		err = arch_pmu_event(text, event);
	}
	if (err == -ERR_INVAL) {
		tell(report, ctx,
		     "'%.32s' is not the name of an event, or a number up to "
		     "0xffff; 'budget events' lists them",
		     text);
	} else if (err) {
		list_events(list, sizeof(list));
		tell(report, ctx,
		     "the host's CPUs have no event %.32s; they have %s", text,
		     list);
	}
	return err;
}

/* --- checks ------------------------------------------------------------- */

static int check_counters(const struct budget_spec *spec,
			  budget_report_t report, void *ctx)
{
	unsigned int needed = spec->events[BUDGET_WRITES] > 0 ? 2 : 1;
	unsigned int have = arch_pmu_counters();

	if (needed <= have) {
		return 0;
	}
	tell(report, ctx,
	     have == 0 ? "the host's CPUs have no event counters for budgets"
		       : "the host's CPUs have one event counter for budgets: "
			 "none for writes apart");
	return -ERR_NOSUPP;
}

static int check_numbers(const struct budget_spec *spec, budget_report_t report,
			 void *ctx)
{
	uint64_t least = spec->events[BUDGET_ACCESSES];
	uint64_t most =
		MAX(spec->events[BUDGET_ACCESSES], spec->events[BUDGET_WRITES]);

	if (spec->events[BUDGET_WRITES] > 0) {
		least = MIN(least, spec->events[BUDGET_WRITES]);
	}
	if (least < BUDGET_EVENTS_MIN || most > BUDGET_EVENTS_MAX) {
		tell(report, ctx, "%llu events: a budget is of %u to %llu",
		     (unsigned long long)(least < BUDGET_EVENTS_MIN ? least
								    : most),
		     BUDGET_EVENTS_MIN, (unsigned long long)BUDGET_EVENTS_MAX);
		return -ERR_INVAL;
	}
	if (spec->period_us < BUDGET_PERIOD_MIN_US ||
	    spec->period_us > BUDGET_PERIOD_MAX_US) {
		tell(report, ctx, "%llu us: a period is of %u to %u us",
		     (unsigned long long)spec->period_us, BUDGET_PERIOD_MIN_US,
		     BUDGET_PERIOD_MAX_US);
		return -ERR_INVAL;
	}
	return 0;
}

static struct budget_account *account_of(struct budget_guest *bg,
					 uint32_t index)
{
	return index == BUDGET_OF_GUEST ? &bg->all : &bg->vcpus[index].own;
}

/* A counter counts one event: does another account count a different one for
 * `kind`? */
static bool counted_otherwise(struct budget_guest *bg,
			      const struct budget_account *me,
			      unsigned int kind, uint32_t event)
{
	bool other = bg->all.spec.events[kind] > 0 && &bg->all != me;

	for (unsigned int i = 0; i < bg->nvcpus; i++) {
		const struct budget_account *a = &bg->vcpus[i].own;

		other = other || (a->spec.events[kind] > 0 && a != me);
	}
	return other && bg->event[kind] != event;
}

static int check_events(struct budget_guest *bg,
			const struct budget_account *me,
			const struct budget_spec *spec, budget_report_t report,
			void *ctx)
{
	char name[EVENT_TEXT];

	for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
		if (spec->events[i] > 0 &&
		    counted_otherwise(bg, me, i, spec->event[i])) {
			tell(report, ctx,
			     "a guest's budgets count one event, and others of "
			     "this guest count %s",
			     event_text(bg->event[i], name, sizeof(name)));
			return -ERR_STATE;
		}
	}
	return 0;
}

/* --- changes; budget_mutex is held, no VCPU of the guest is on a CPU
 * -------- */

static struct budget_guest *make(struct guest *g)
{
	size_t size = sizeof(struct budget_guest) +
		      g->cfg->vcpus * sizeof(struct budget_vcpu);
	struct budget_guest *bg = heap_alloc(size);

	if (!bg) {
		return NULL;
	}
	spin_init(&bg->lock, LOCK_BUDGET);
	bg->nvcpus = g->cfg->vcpus;
	bg->all.guest = bg;
	timer_init(&bg->all.timer, budget_period_of_guest);
	for (unsigned int i = 0; i < bg->nvcpus; i++) {
		struct budget_vcpu *b = &bg->vcpus[i];

		b->own.guest = bg;
		b->guest = bg;
		b->vcpu = g->vcpus[i];
		timer_init(&b->own.timer, budget_period_of_vcpu);
	}
	__atomic_store_n(&g->budget, bg, __ATOMIC_RELEASE);
	return bg;
}

static struct budget_guest *find(const struct guest *g)
{
	return __atomic_load_n(&g->budget, __ATOMIC_ACQUIRE);
}

/* Switch the counters with each VCPU that has a budget, its own or the
 * guest's. */
static void follow(struct budget_guest *bg)
{
	for (unsigned int i = 0; i < bg->nvcpus; i++) {
		struct budget_vcpu *b = &bg->vcpus[i];
		bool on = b->own.pool.period || bg->all.pool.period;

		b->vcpu->budget = on ? b : NULL;
		arch_pmu_follow(b->vcpu, on);
	}
}

/* Give the account the budget `spec`; NULL: none. */
static void change(struct budget_guest *bg, struct budget_account *a,
		   const struct budget_spec *spec)
{
	unsigned long flags = spin_lock_irqsave(&bg->lock);
	uint64_t donated[BUDGET_KINDS];

	for (unsigned int i = 0; i < bg->nvcpus; i++) {
		if (bg->vcpus[i].waiting) {
			budget_unthrottle(&bg->vcpus[i]);
		}
	}
	for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
		donated[i] = a->pool.part[i].donated;
		if (donated[i] > 0) {
			bandwidth_lend(a->spec.event[i], 0, donated[i]);
		}
	}
	if (spec) {
		budget_pool_begin(&a->pool, spec->events,
				  ns_to_ticks(spec->period_us * 1000),
				  time_now());
		a->spec = *spec;
		for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
			bg->event[i] = spec->events[i] > 0 ? spec->event[i]
							   : bg->event[i];
		}
	} else {
		memset(&a->pool, 0, sizeof(a->pool));
		memset(&a->spec, 0, sizeof(a->spec));
	}
	spin_unlock_irqrestore(&bg->lock, flags);
	timer_cancel(&a->timer);
	if (budget_lends(a)) {
		timer_set(&a->timer, a->pool.next);
	}
	follow(bg);
}

static int set_locked(struct guest *g, uint32_t index,
		      const struct budget_spec *spec, budget_report_t report,
		      void *ctx)
{
	struct budget_guest *bg = find(g);
	struct budget_account *a;
	int err;

	if (!bg) {
		bg = make(g);
	}
	if (!bg) {
		return -ERR_NOMEM;
	}
	a = account_of(bg, index);
	err = check_events(bg, a, spec, report, ctx);
	if (!err) {
		err = bandwidth_promise(spec, a->pool.period ? &a->spec : NULL,
					report, ctx);
	}
	if (!err) {
		change(bg, a, spec);
	}
	return err;
}

static int set(struct guest *g, uint32_t index, const struct budget_spec *spec,
	       budget_report_t report, void *ctx)
{
	int err;

	mutex_lock(&budget_mutex);
	err = set_locked(g, index, spec, report, ctx);
	mutex_unlock(&budget_mutex);
	return err;
}

/* --- for commands ------------------------------------------------------- */

int budget_set(struct guest *g, uint32_t index, const struct budget_spec *spec,
	       budget_report_t report, void *ctx)
{
	int err = check_counters(spec, report, ctx);

	if (!err) {
		err = check_numbers(spec, report, ctx);
	}
	if (!err) {
		err = guest_hold(g);
	}
	if (err) {
		return err;
	}
	err = set(g, index, spec, report, ctx);
	guest_release(g);
	return err;
}

int budget_remove(struct guest *g, uint32_t index)
{
	struct budget_guest *bg = find(g);
	struct budget_account *a;
	int err;

	if (!bg) {
		return -ERR_NOENT;
	}
	err = guest_hold(g);
	if (err) {
		return err;
	}
	a = account_of(bg, index);
	mutex_lock(&budget_mutex);
	if (a->pool.period) {
		bandwidth_release(&a->spec);
		change(bg, a, NULL);
	} else {
		err = -ERR_NOENT;
	}
	mutex_unlock(&budget_mutex);
	guest_release(g);
	return err;
}

bool budget_get_info(struct guest *g, uint32_t index, struct budget_info *out)
{
	struct budget_guest *bg = find(g);
	struct budget_account *a;
	unsigned long flags;
	bool found;

	if (!bg) {
		return false;
	}
	a = account_of(bg, index);
	flags = spin_lock_irqsave(&bg->lock);
	found = a->pool.period != 0;
	*out = (struct budget_info){
		.spec = a->spec,
		.throttles = a->pool.throttles,
		.waiting = a->waiting,
	};
	for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
		out->used[i] = a->pool.part[i].used;
		out->overrun[i] = a->pool.part[i].overrun;
	}
	spin_unlock_irqrestore(&bg->lock, flags);
	return found;
}

/* --- creation and end of a guest ---------------------------------------- */

static int init_one(struct guest *g, uint32_t index,
		    const struct config_budget *c, budget_report_t report,
		    void *ctx)
{
	const struct guest_config *cfg = g->cfg;
	struct budget_spec spec = {
		.events = { c->events, c->writes },
		.period_us = c->period_us,
		.reclaim = cfg->budget_reclaim,
		.share = cfg->budget_share,
	};
	int err;

	if (c->events == 0) {
		return 0;
	}
	err = check_counters(&spec, report, ctx);
	if (!err) {
		err = budget_event(cfg->budget_event ? cfg->budget_event : "",
				   BUDGET_ACCESSES,
				   &spec.event[BUDGET_ACCESSES], report, ctx);
	}
	if (!err && c->writes > 0) {
		err = budget_event(cfg->budget_write_event, BUDGET_WRITES,
				   &spec.event[BUDGET_WRITES], report, ctx);
	}
	return err ? err : set(g, index, &spec, report, ctx);
}

int budget_init(struct guest *g, budget_report_t report, void *ctx)
{
	int err = init_one(g, BUDGET_OF_GUEST, &g->cfg->budget, report, ctx);

	for (uint32_t i = 0; !err && i < g->cfg->vcpus; i++) {
		err = init_one(g, i, &g->cfg->vcpu_budgets[i], report, ctx);
	}
	return err;
}

static void fini_account(struct budget_account *a)
{
	/* First: a period that begins lends anew. */
	timer_cancel(&a->timer);
	if (a->pool.period) {
		bandwidth_release(&a->spec);
	}
	for (unsigned int i = 0; i < BUDGET_KINDS; i++) {
		if (a->pool.part[i].donated > 0) {
			bandwidth_lend(a->spec.event[i], 0,
				       a->pool.part[i].donated);
		}
	}
}

void budget_fini(struct guest *g)
{
	struct budget_guest *bg = find(g);

	if (!bg) {
		return;
	}
	fini_account(&bg->all);
	for (unsigned int i = 0; i < bg->nvcpus; i++) {
		bg->vcpus[i].vcpu->budget = NULL;
		fini_account(&bg->vcpus[i].own);
	}
	g->budget = NULL;
	heap_free(bg);
}
