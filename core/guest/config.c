/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's description, from blob to struct guest_config.
 *
 * The blob comes from a file and is not trusted. It is copied, so that it
 * cannot change between check and use, and its structure is checked by libfdt.
 * Its contents are then checked against the table in config_schema.c, and for
 * contradictions. All mistakes are reported; only a blob that is not a device
 * tree ends the check at once.
 */
#include <stdio.h>
#include <string.h>

#include <core/dt_blob.h>
#include <core/heap.h>
#include <core/sched.h>
#include <libs/error.h>

#include "config_priv.h"

static const struct config_limits limits_unknown;

static int config_malformed(struct config_parser *p, const char *why)
{
	p->mistakes++;
	if (p->report) {
		char msg[CONFIG_TEXT];

		snprintf(msg, sizeof(msg), "not a device tree blob: %s", why);
		p->report(p->ctx, msg);
	}
	return -ERR_FORMAT;
}

static int config_copy_blob(struct config_parser *p, const void *blob,
			    size_t size)
{
	const char *why;

	if (size == 0) {
		return config_malformed(p, "empty");
	}
	if (size > CONFIG_MAX_BLOB) {
		return config_malformed(p, "larger than 256 KiB");
	}
	p->cfg->blob = heap_alloc(size);
	if (!p->cfg->blob) {
		return -ERR_NOMEM;
	}
	memcpy(p->cfg->blob, blob, size);
	why = dt_blob_check(p->cfg->blob, size);
	if (why) {
		return config_malformed(p, why);
	}
	p->fdt = p->cfg->blob;
	return 0;
}

static void config_counters(struct config_parser *p)
{
	struct guest_config *cfg = p->cfg;

	if (!p->limits->no_counters) {
		return;
	}
	if (cfg->counters == GUEST_COUNTERS_HOST) {
		config_mistake(
			p, p->cpus_node, "pmu",
			"found \"host\"; allowed \"none\" or \"auto\" on "
			"this host, which has no counters for guests");
	}
	cfg->counters = GUEST_COUNTERS_NONE;
}

static int config_read(struct config_parser *p, const void *blob, size_t size)
{
	int err = config_copy_blob(p, blob, size);

	if (err < 0) {
		return err;
	}
	p->cfg->vcpus = 1;
	p->cfg->priority = SCHED_PRIO_DEFAULT;
	config_walk(p);
	config_affinity(p);
	config_budgets(p);
	err = config_sched(p);
	if (err < 0) {
		return err;
	}
	config_counters(p);
	config_memory(p);
	config_fixed(p);
	config_colours(p);
	config_portions(p);
	config_reserved(p);
	err = config_devices(p);
	if (err < 0) {
		return err;
	}
	err = config_conflicts(p);
	if (err < 0) {
		return err;
	}
	if (p->mistakes > CONFIG_MAX_MISTAKES && p->report) {
		char msg[CONFIG_TEXT];

		snprintf(msg, sizeof(msg), "and %u mistakes more",
			 p->mistakes - CONFIG_MAX_MISTAKES);
		p->report(p->ctx, msg);
	}
	return p->mistakes ? -ERR_FORMAT : 0;
}

int config_parse(struct guest_config **out, const void *blob, size_t size,
		 const struct config_limits *limits, config_report_t report,
		 void *ctx)
{
	struct config_parser p = {
		.limits = limits ? limits : &limits_unknown,
		.report = report,
		.ctx = ctx,
		.cpus_node = -1,
		.boot_node = -1,
		.devices_node = -1,
		.memory_node = -1,
	};
	int err;

	p.cfg = heap_alloc(sizeof(*p.cfg));
	if (!p.cfg) {
		return -ERR_NOMEM;
	}
	p.cfg->extra_node = -1;
	p.cfg->intc_node = -1;
	err = config_read(&p, blob, size);
	if (err < 0) {
		config_free(p.cfg);
		return err;
	}
	*out = p.cfg;
	return 0;
}

void config_free(struct guest_config *cfg)
{
	if (!cfg) {
		return;
	}
	heap_free(cfg->devices);
	heap_free(cfg->sched);
	heap_free(cfg->blob);
	heap_free(cfg);
}
