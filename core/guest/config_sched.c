/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a description promises to its VCPUs. Only mistakes that are wrong under
 * any policy are found here; the pool's policy decides when the guest is
 * created.
 */
#include <core/dt_blob.h>
#include <core/heap.h>
#include <core/sched.h>
#include <libfdt.h>
#include <libs/error.h>
#include <string.h>

#include "config_priv.h"

/* The count of numbers: one for each VCPU, or one for all; 0: the property is
 * absent, or a mistake was reported. */
static int numbers(struct config_parser *p, const char *name,
		   const uint8_t **data)
{
	int len = 0, vcpus = (int)p->cfg->vcpus;

	*data = fdt_getprop(p->fdt, p->cpus_node, name, &len);
	if (!*data) {
		return 0;
	}
	if (len != CONFIG_CELL && len != CONFIG_CELL * vcpus) {
		config_mistake(p, p->cpus_node, name,
			       "found %d cells; allowed 1, or 1 for each of %d "
			       "VCPUs",
			       len / CONFIG_CELL, vcpus);
		return 0;
	}
	return len / CONFIG_CELL;
}

static void take_budgets(struct config_parser *p)
{
	struct config_sched *s = p->cfg->sched;
	const uint8_t *periods, *budgets, *deadlines;
	int np = numbers(p, "period-us", &periods);
	int nb = numbers(p, "budget-us", &budgets);
	int nd = numbers(p, "deadline-us", &deadlines);

	if (!np != !nb) {
		config_mistake(p, p->cpus_node, np ? "budget-us" : "period-us",
			       "missing; allowed with the other of period-us "
			       "and budget-us");
		return;
	}
	if (nd && !np) {
		config_mistake(p, p->cpus_node, "deadline-us",
			       "found without period-us and budget-us");
		return;
	}
	for (uint32_t i = 0; np && i < p->cfg->vcpus; i++) {
		uint32_t at = np == 1 ? 0 : i * CONFIG_CELL;

		s[i].period_us = (uint32_t)dt_cells64(periods + at, 1);
		at = nb == 1 ? 0 : i * CONFIG_CELL;
		s[i].budget_us = (uint32_t)dt_cells64(budgets + at, 1);
		if (!s[i].period_us && !s[i].budget_us) {
			continue; /* this one has none */
		}
		if (s[i].period_us < SCHED_PERIOD_MIN_US ||
		    s[i].period_us > SCHED_PERIOD_MAX_US) {
			config_mistake(p, p->cpus_node, "period-us",
				       "found %u for VCPU %u; allowed %u..%u",
				       s[i].period_us, i, SCHED_PERIOD_MIN_US,
				       SCHED_PERIOD_MAX_US);
			return;
		}
		if (!s[i].budget_us || s[i].budget_us > s[i].period_us) {
			config_mistake(p, p->cpus_node, "budget-us",
				       "found %u for VCPU %u; allowed 1..%u, "
				       "its period",
				       s[i].budget_us, i, s[i].period_us);
			return;
		}
		at = nd == 1 ? 0 : i * CONFIG_CELL;
		s[i].deadline_us = nd ? (uint32_t)dt_cells64(deadlines + at, 1)
				      : 0;
		if (s[i].deadline_us && (s[i].deadline_us < s[i].budget_us ||
					 s[i].deadline_us > s[i].period_us)) {
			config_mistake(p, p->cpus_node, "deadline-us",
				       "found %u for VCPU %u; allowed %u..%u, "
				       "its budget and period, and 0: the "
				       "period",
				       s[i].deadline_us, i, s[i].budget_us,
				       s[i].period_us);
			return;
		}
	}
}

static void take_caps(struct config_parser *p)
{
	struct config_sched *s = p->cfg->sched;
	const uint8_t *caps;
	int n = numbers(p, "vcpu-cap", &caps);

	for (uint32_t i = 0; n && i < p->cfg->vcpus; i++) {
		uint32_t at = n == 1 ? 0 : i * CONFIG_CELL;

		s[i].cap = (uint32_t)dt_cells64(caps + at, 1);
		if (s[i].cap > 100) {
			config_mistake(p, p->cpus_node, "vcpu-cap",
				       "found %u for VCPU %u; allowed 0..100",
				       s[i].cap, i);
			return;
		}
	}
}

/* Add a window to VCPU `n`. False, with a report, if it cannot have it. */
static bool add_window(struct config_parser *p, uint32_t n,
		       const struct sched_window *w)
{
	struct config_sched *s = &p->cfg->sched[n];
	const struct sched_window *last =
		s->windows ? &s->window[s->windows - 1] : NULL;

	if (s->windows == SCHED_WINDOWS) {
		config_mistake(p, p->cpus_node, "windows-us",
			       "found more for VCPU %u; allowed %u windows", n,
			       SCHED_WINDOWS);
		return false;
	}
	if (!w->length || w->start > SCHED_PERIOD_MAX_US ||
	    w->length > SCHED_PERIOD_MAX_US) {
		config_mistake(p, p->cpus_node, "windows-us",
			       "found a window of %u at %u; allowed lengths of "
			       "1..%u, and starts up to that",
			       w->length, w->start, SCHED_PERIOD_MAX_US);
		return false;
	}
	if (last && last->start + last->length > w->start) {
		config_mistake(p, p->cpus_node, "windows-us",
			       "found a window of VCPU %u at %u; allowed from "
			       "%u on, where its last one ends",
			       n, w->start, last->start + last->length);
		return false;
	}
	s->window[s->windows++] = *w;
	return true;
}

static void take_windows(struct config_parser *p)
{
	const int entry = 3 * CONFIG_CELL;
	const uint8_t *data;
	int len = 0;

	data = fdt_getprop(p->fdt, p->cpus_node, "windows-us", &len);
	if (!data) {
		return;
	}
	if (len % entry) {
		config_mistake(p, p->cpus_node, "windows-us",
			       "found %d cells; allowed 3 for each window: its "
			       "VCPU, start and length",
			       len / CONFIG_CELL);
		return;
	}
	for (int at = 0; at < len; at += entry, data += entry) {
		uint32_t n = (uint32_t)dt_cells64(data, 1);
		struct sched_window w = {
			.start = (uint32_t)dt_cells64(data + CONFIG_CELL, 1),
			.length =
				(uint32_t)dt_cells64(data + 2 * CONFIG_CELL, 1),
		};

		if (n >= p->cfg->vcpus) {
			config_mistake(p, p->cpus_node, "windows-us",
				       "found VCPU %u; allowed 0..%u", n,
				       p->cfg->vcpus - 1);
			return;
		}
		if (!add_window(p, n, &w)) {
			return;
		}
	}
}

int config_sched(struct config_parser *p)
{
	struct guest_config *cfg = p->cfg;

	if (p->cpus_node < 0) {
		return 0;
	}
	cfg->sched = heap_alloc_array(cfg->vcpus, sizeof(*cfg->sched));
	if (!cfg->sched) {
		return -ERR_NOMEM;
	}
	take_budgets(p);
	take_caps(p);
	take_windows(p);
	return 0;
}
