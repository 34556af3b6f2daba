/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of a guest's last crash, which outlives its restart. */
#include <arch/vcpu.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/time.h>
#include <core/vcpu.h>
#include <libs/error.h>
#include <string.h>

#include "guest_priv.h"

struct recorder {
	struct crash_report *report;	/* NULL: there was no memory */
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
	/* A whole line or nothing of it. */
	if (IS_ENABLED(CONFIG_TERMINAL) && r &&
	    n < sizeof(r->text) - r->length) {
		memcpy(r->text + r->length, s, n);
		r->text[r->length + n] = '\n';
		r->length += n + 1;
	}
}

/* The guest's report, begun anew; NULL if nobody can ask for it, or there is
 * no memory. One buffer does for all its crashes. */
static struct crash_report *begin_report(struct guest *g)
{
	struct crash_report *r = g->last_crash;

	if (!IS_ENABLED(CONFIG_TERMINAL)) {
		return NULL;
	}
	if (!r) {
		r = heap_alloc(sizeof(*r));
		g->last_crash = r;
	}
	if (r) {
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
	arch_vcpu_dump(g->crash_vcpu, record_line, &rec);
}

int guest_last_crash(struct guest *g, struct crash_report *report,
		     uint32_t *crashes)
{
	int err = -ERR_NOENT;

	mutex_lock(&g->lock);
	if (g->last_crash) {
		*report = *g->last_crash;
		*crashes = g->crashes;
		err = 0;
	}
	mutex_unlock(&g->lock);
	return err;
}
