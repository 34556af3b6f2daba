/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command guest: what one is, has, and did. */
#include <core/console.h>
#include <core/heap.h>
#include <libs/error.h>
#include <libs/parse.h>

#include "dts.h"
#include "guest_cmd.h"

#define INSPECT_TREE_MAX KIB(64)
#define INTID_SPI 32 /* GIC: below are a VCPU's own */

static const char *const crash_policies[] = {
	[CRASH_HALT] = "halt",
	[CRASH_RESTART] = "restart",
	[CRASH_DESTROY] = "destroy",
};

static void info_boot(struct record *r, const struct guest_config *cfg)
{
	record_str(r, "Kernel", cfg->kernel);
	record_str(r, "Initrd", cfg->initrd);
	record_str(r, "Arguments", cfg->bootargs);
	record_str(r, "Device tree", cfg->dtb != NULL ? cfg->dtb : "generated");
}

int guest_cmd_info(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct guest *g = guest_cmd_find(s, argc, argv, 1);
	struct stage2_stats st;
	struct record r;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	stage2_get_stats(&g->stage2, &st);
	record_begin(&r, s, json);
	record_u64(&r, "Id", COL_U64, g->id);
	record_str(&r, "Name", g->name);
	record_str(&r, "State", guest_state_name(g->state));
	record_u64(&r, "VCPUs", COL_U64, g->cfg->vcpus);
	record_u64(&r, "Memory", COL_SIZE, g->cfg->memory_size);
	record_u64(&r, "Priority", COL_U64, g->cfg->priority);
	record_fmt(&r, "Interrupts", "GICv%u, %u SPIs", g->cfg->gic_version,
		   g->cfg->nspis);
	record_u64(&r, "Devices", COL_U64, g->cfg->ndevices);
	info_boot(&r, g->cfg);
	record_str(&r, "On crash", crash_policies[g->cfg->on_crash]);
	record_u64(&r, "Resets", COL_U64, g->resets);
	record_u64(&r, "Crashes", COL_U64, g->crashes);
	if (g->state == GUEST_RUNNING || g->state == GUEST_PAUSED) {
		record_u64(&r, "Up ms", COL_U64,
			   (time_now_ns() - g->started_at) / 1000000);
	}
	record_u64(&r, "Stage 2 tables", COL_SIZE, st.tables * PAGE_SIZE);
	record_fmt(&r, "Stage 2 maps", "%llu x 1G, %llu x 2M, %llu x 4K",
		   (unsigned long long)st.blocks_1g,
		   (unsigned long long)st.blocks_2m,
		   (unsigned long long)st.pages_4k);
	record_end(&r);
	guest_put(g);
	return 0;
}

int guest_cmd_devices(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "DEVICE", COL_STR },  { "COMPATIBLE", COL_STR },
		{ "ADDRESS", COL_HEX }, { "SIZE", COL_SIZE },
		{ "INTID", COL_U64 },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct guest *g = guest_cmd_find(s, argc, argv, 1);
	struct table *t;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (uint32_t i = 0; i < g->cfg->ndevices; i++) {
		const struct config_device *d = &g->cfg->devices[i];

		table_str(t, d->name);
		table_str(t, d->compatible);
		if (d->nregs > 0) {
			table_u64(t, d->regs[0].base);
			table_u64(t, d->regs[0].size);
		} else {
			table_none(t);
			table_none(t);
		}
		if (d->nirqs > 0) {
			table_u64(t, d->irqs[0].intid);
		} else {
			table_none(t);
		}
	}
	table_end(t);
	guest_put(g);
	return 0;
}

int guest_cmd_irq(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "INTID", COL_U64 },
		{ "TYPE", COL_STR },
		{ "TRIGGER", COL_STR },
		{ "DEVICE", COL_STR },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct guest *g = guest_cmd_find(s, argc, argv, 1);
	struct table *t;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (uint32_t i = 0; i < g->cfg->ndevices; i++) {
		const struct config_device *d = &g->cfg->devices[i];

		for (uint32_t k = 0; k < d->nirqs; k++) {
			table_u64(t, d->irqs[k].intid);
			table_str(t,
				  d->irqs[k].intid < INTID_SPI ? "PPI" : "SPI");
			table_str(t, d->irqs[k].edge ? "edge" : "level");
			table_str(t, d->name);
		}
	}
	table_end(t);
	guest_put(g);
	return 0;
}

static void inspect_line(void *session, const char *line)
{
	out(session, "%s\n", line);
}

/* Its VCPUs must not run meanwhile. */
static int inspect_regs(struct session *s, struct guest *g, uint32_t first,
			uint32_t last)
{
	bool running = g->state == GUEST_RUNNING;
	int ret = running ? guest_pause(g) : 0;

	if (ret != 0) {
		return ret;
	}
	for (uint32_t i = first; i <= last && !session_interrupted(s); i++) {
		out(s, "%s/%u:\n", g->name, i);
		arch_vcpu_dump(g->vcpus[i], inspect_line, s);
	}
	return running ? guest_resume(g) : 0;
}

int guest_cmd_regs(struct session *s, int argc, char **argv)
{
	struct guest *g = guest_cmd_find(s, argc, argv, 2);
	uint64_t first = 0, last;
	int ret = 0;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	last = g->cfg->vcpus - 1;
	if (argc > 2) {
		ret = parse_u64_max(argv[2], last, &first);
		if (ret != 0) {
			out_error(s, "'%s': %s has VCPUs 0 to %llu", argv[2],
				  g->name, (unsigned long long)last);
		}
		last = first;
	}
	if (ret == 0) {
		ret = inspect_regs(s, g, (uint32_t)first, (uint32_t)last);
	}
	guest_put(g);
	return ret;
}

/* As dmesg shows times. */
static void crash_show(struct session *s, const struct guest *g,
		       const struct crash_report *r, uint32_t crashes)
{
	uint64_t us = r->at / 1000;

	if (crashes == 1) {
		out(s, "%s crashed once", g->name);
	} else {
		out(s, "%s crashed %u times, the last time", g->name, crashes);
	}
	out(s, " at %llu.%06llu s, %llu s ago\nVCPU %u: %s\n",
	    (unsigned long long)(us / 1000000),
	    (unsigned long long)(us % 1000000),
	    (unsigned long long)((time_now_ns() - r->at) / 1000000000), r->vcpu,
	    r->reason);
	out_text(s, r->text, r->length);
}

int guest_cmd_crash(struct session *s, int argc, char **argv)
{
	struct guest *g = guest_cmd_find(s, argc, argv, 1);
	struct crash_report *r;
	uint32_t crashes;
	int ret;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	r = heap_alloc(sizeof(*r));
	ret = r != NULL ? guest_last_crash(g, r, &crashes) : -ERR_NOMEM;
	if (ret == 0) {
		crash_show(s, g, r, crashes);
	} else if (ret == -ERR_NOENT) {
		out(s, "%s has not crashed\n", g->name);
		ret = 0;
	}
	heap_free(r);
	guest_put(g);
	return ret;
}

int guest_cmd_config(struct session *s, int argc, char **argv)
{
	struct guest *g = guest_cmd_find(s, argc, argv, 1);
	struct fdtgen_info info = { 0 };
	void *fdt;
	int ret;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	if (g->cfg->dtb != NULL) {
		out(s, "%s is given %s as it is; what would be generated:\n",
		    g->name, g->cfg->dtb);
	}
	fdt = heap_alloc(INSPECT_TREE_MAX);
	ret = fdt != NULL ? fdtgen_build(g->cfg, &info, fdt, INSPECT_TREE_MAX)
			  : -ERR_NOMEM;
	if (ret == 0) {
		ret = dts_tree(s, fdt, 0);
	}
	heap_free(fdt);
	guest_put(g);
	return ret;
}
