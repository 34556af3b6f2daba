/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's portions of caches: claimed before anything is allocated for it, or
 * refused. */
#include <arch/partition.h>
#include <core/guest.h>
#include <libs/error.h>
#include <stdio.h>

#include "guest_priv.h"

static void tell_taken(const struct guest *g, const struct portion_refusal *why,
		       char *line, size_t size)
{
	char taken[PORTION_TEXT], free[PORTION_TEXT];

	portion_text(why->taken, taken, sizeof(taken));
	portion_text(why->free, free, sizeof(free));
	if (g->cfg->portions_count) {
		snprintf(
			line, size,
			"/: cache-portions-count: found %u; allowed fewer: what "
			"is free is %s",
			g->cfg->portions_count, free);
	} else {
		snprintf(line, size,
			 "/: cache-portions: found %s, which %s has; allowed "
			 "what is free, %s, or what is shared by the same "
			 "cache-portions-shared on both sides",
			 taken, why->owner, free);
	}
}

static void tell(const struct guest *g, const struct portion_refusal *why,
		 struct attempt *a)
{
	const char *prop = g->cfg->portions_count ? "cache-portions-count"
						  : "cache-portions";
	char line[2 * PORTION_TEXT + 200], free[PORTION_TEXT];

	if (why->no_id) {
		snprintf(
			line, sizeof(line),
			"/: %s: every one of the host's %u partition IDs is in "
			"use; allowed once a guest with portions is gone",
			prop, portion_ids());
	} else if (why->no_rest) {
		snprintf(line, sizeof(line),
			 "/: %s: none would be left to the hypervisor and to "
			 "guests without portions; allowed fewer: what is free "
			 "is %s",
			 prop, portion_text(why->free, free, sizeof(free)));
	} else {
		tell_taken(g, why, line, sizeof(line));
	}
	attempt_report(a, line);
}

void guest_portions_prepare(struct guest *g)
{
	list_init(&g->portions.node);
}

int guest_portions_init(struct guest *g, struct attempt *a)
{
	const struct guest_config *cfg = g->cfg;
	struct portion_refusal why = { .no_rest = false };
	int err;

	if (!cfg->portions && !cfg->portions_count) {
		return 0;
	}
	g->portions.owner = g->name;
	g->portions.shared = cfg->portions_shared;
	g->portions.set = cfg->portions;
	err = portion_claim(&g->portions, cfg->portions_count, &why);
	if (err == -ERR_BUSY) {
		tell(g, &why, a);
	} else if (err) {
		attempt_report(a, "/: cache-portions: a cache of the host did "
				  "not take them, see the log");
	} else {
		arch_partition_guest(g, g->portions.id);
	}
	return err;
}

void guest_portions_fini(struct guest *g)
{
	portion_release(&g->portions);
}
