/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a guest's last crash, which is kept when it restarts. */
#include <arch/vcpu.h>
#include <core/event.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/time.h>
#include <core/vcpu.h>
#include <libs/error.h>
#include <string.h>

#include "guest_priv.h"

struct recorder {
	struct crash_report *report; /* NULL: none is kept */
	bool log;
};

static void record_line(void *ctx, const char *s)
{
	const struct recorder *rec = ctx;
	struct crash_report *r = rec->report;
	size_t n = strlen(s);

	if (rec->log) {
		log_err("  %s", s);
	}
	/* Keep only whole lines. */
	if (IS_ENABLED(CONFIG_TERMINAL) && r &&
	    n < sizeof(r->text) - r->length) {
		memcpy(r->text + r->length, s, n);
		r->text[r->length + n] = '\n';
		r->length += n + 1;
	}
}

int crash_init(struct guest *g)
{
	if (!IS_ENABLED(CONFIG_TERMINAL)) {
		return 0;
	}
	g->last_crash = heap_alloc(sizeof(*g->last_crash));
	return g->last_crash ? 0 : -ERR_NOMEM;
}

/* Clear the guest's report, and begin a new one. NULL: without a terminal none
 * is kept. */
static struct crash_report *begin_report(struct guest *g)
{
	struct crash_report *r = g->last_crash;

	if (IS_ENABLED(CONFIG_TERMINAL)) {
		r->at = time_now_ns();
		r->vcpu = g->crash_vcpu->index;
		memcpy(r->reason, g->crash_reason, sizeof(r->reason));
		r->length = 0;
	}
	return r;
}

void crash_record(struct guest *g, bool with_registers)
{
	struct recorder rec = { begin_report(g), with_registers };

	log_err("guest %s: VCPU %u crashed: %s", g->name, g->crash_vcpu->index,
		g->crash_reason);
	event_post(EVENT_CRASH, g->name, "VCPU %u: %s", g->crash_vcpu->index,
		   g->crash_reason);
	if (IS_ENABLED(CONFIG_CRASH_REGISTERS)) {
		arch_vcpu_dump(g->crash_vcpu, record_line, &rec);
	}
}

int guest_last_crash(struct guest *g, struct crash_report *report,
		     uint32_t *crashes)
{
	int err = -ERR_NOENT;

	guest_lock(g, false);
	if (g->last_crash && g->crashes > 0) {
		*report = *g->last_crash;
		*crashes = g->crashes;
		err = 0;
	}
	mutex_unlock(&g->lock);
	return err;
}
