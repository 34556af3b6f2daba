/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A description's budgets of events: of the guest, and of each VCPU. */
#include <core/budget.h>
#include <core/dt_blob.h>
#include <libfdt.h>

#include "config_priv.h"

static bool numbers_ok(struct config_parser *p, int node,
		       const struct config_budget *b)
{
	if (b->events < BUDGET_EVENTS_MIN) {
		config_mistake(p, node, "mem-budget",
			       "found %u events; allowed %u and more",
			       b->events, BUDGET_EVENTS_MIN);
		return false;
	}
	if (b->period_us < BUDGET_PERIOD_MIN_US ||
	    b->period_us > BUDGET_PERIOD_MAX_US) {
		config_mistake(p, node, "mem-budget",
			       "found a period of %u us; allowed %u..%u",
			       b->period_us, BUDGET_PERIOD_MIN_US,
			       BUDGET_PERIOD_MAX_US);
		return false;
	}
	return true;
}

static void take_pair(const uint8_t *cells, struct config_budget *out)
{
	out->events = (uint32_t)dt_cells64(cells, 1);
	out->period_us = (uint32_t)dt_cells64(cells + CONFIG_CELL, 1);
}

void config_take_budget(struct config_parser *p, const struct schema_value *v)
{
	struct config_budget b = { 0 };

	if (v->len != 2 * CONFIG_CELL) {
		config_mistake(p, v->node, "mem-budget",
			       "found %d cells; allowed 2: events, and a "
			       "period in microseconds",
			       v->len / CONFIG_CELL);
		return;
	}
	take_pair(v->data, &b);
	if (numbers_ok(p, v->node, &b)) {
		p->cfg->budget = b;
	}
}

/* A property with one entry of `cells` cells for each VCPU, or one for all;
 * NULL after a mistake, or if it is absent. *step: bytes from one VCPU's entry
 * to the next one's. */
static const uint8_t *of_vcpus(struct config_parser *p, const char *name,
			       int cells, int *step)
{
	int len = 0, size = cells * CONFIG_CELL;
	int vcpus = (int)p->cfg->vcpus;
	const uint8_t *data;

	if (p->cpus_node < 0) {
		return NULL;
	}
	data = fdt_getprop(p->fdt, p->cpus_node, name, &len);
	if (!data) {
		return NULL;
	}
	if (len != size && len != size * vcpus) {
		config_mistake(p, p->cpus_node, name,
			       "found %d cells; allowed %d, or %d for each of "
			       "%d VCPUs",
			       len / CONFIG_CELL, cells, cells, vcpus);
		return NULL;
	}
	*step = len == size ? 0 : size;
	return data;
}

static void vcpus_pairs(struct config_parser *p)
{
	int step = 0;
	const uint8_t *data = of_vcpus(p, "mem-budget", 2, &step);

	for (uint32_t i = 0; data && i < p->cfg->vcpus; i++, data += step) {
		struct config_budget b = { 0 };

		take_pair(data, &b);
		if (b.events == 0 && b.period_us == 0) {
			continue;
		}
		if (!numbers_ok(p, p->cpus_node, &b)) {
			return;
		}
		p->cfg->vcpu_budgets[i] = b;
	}
}

static void vcpus_writes(struct config_parser *p)
{
	int step = 0;
	const uint8_t *data = of_vcpus(p, "mem-budget-writes", 1, &step);

	for (uint32_t i = 0; data && i < p->cfg->vcpus; i++, data += step) {
		uint32_t writes = (uint32_t)dt_cells64(data, 1);

		if (p->cfg->vcpu_budgets[i].events == 0 ||
		    writes < BUDGET_EVENTS_MIN) {
			config_mistake(p, p->cpus_node, "mem-budget-writes",
				       "found %u for VCPU %u; allowed %u and "
				       "more, with mem-budget",
				       writes, i, BUDGET_EVENTS_MIN);
			return;
		}
		p->cfg->vcpu_budgets[i].writes = writes;
	}
}

void config_budgets(struct config_parser *p)
{
	struct guest_config *cfg = p->cfg;
	bool writes = cfg->budget_writes > 0;

	if (writes && cfg->budget.events == 0) {
		config_mistake(p, 0, "mem-budget-writes",
			       "found alone; allowed with mem-budget");
	}
	cfg->budget.writes = cfg->budget_writes;
	vcpus_pairs(p);
	vcpus_writes(p);
	for (uint32_t i = 0; i < cfg->vcpus; i++) {
		writes = writes || cfg->vcpu_budgets[i].writes > 0;
	}
	if (writes && !cfg->budget_write_event) {
		config_mistake(p, 0, "mem-budget-write-event",
			       "missing; allowed the event that counts writes, "
			       "such as \"BUS_ACCESS_WR\"");
	}
}
