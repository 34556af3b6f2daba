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
	if (r && n < sizeof(r->text) - r->length) {
		memcpy(r->text + r->length, s, n);
		r->text[r->length + n] = '\n';
		r->length += n + 1;
	}
}

void crash_record(struct guest *g, bool with_registers)
{
	struct recorder rec = { .log = with_registers };

	/* By the worker that restarts it, and once for all its crashes. */
	if (!g->last_crash) {
		g->last_crash = heap_alloc(sizeof(*g->last_crash));
	}
	rec.report = g->last_crash;
	if (rec.report) {
		rec.report->at = time_now_ns();
		rec.report->vcpu = g->crash_vcpu->index;
		memcpy(rec.report->reason, g->crash_reason,
		       sizeof(rec.report->reason));
		rec.report->length = 0;
	}
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
