/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command guest: what a guest is, has, and did. */
#include <arch/guest_platform.h>
#include <arch/pmu.h>
#include <core/budget.h>
#include <core/guest_platform.h>
#include <core/heap.h>
#include <core/vserial.h>
#include <libs/error.h>
#include <libs/parse.h>

#include "dts.h"
#include "guest_cmd.h"

static const char *const crash_policies[] = {
	[CRASH_HALT] = "halt",
	[CRASH_RESTART] = "restart",
	[CRASH_DESTROY] = "destroy",
};

static uint64_t info_exits(const struct guest *g)
{
	uint64_t counts[VCPU_EXITS];
	uint64_t total = 0;

	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		arch_vcpu_exits(g->vcpus[i], counts);
		for (unsigned int k = 0; k < VCPU_EXITS; k++) {
			total += counts[k];
		}
	}
	return total;
}

static void info_boot(struct record *r, const struct guest_config *cfg)
{
	record_str(r, "Kernel", cfg->kernel);
	record_str(r, "Initrd", cfg->initrd);
	record_str(r, "Arguments", cfg->bootargs);
	record_str(r, "Device tree", cfg->dtb != NULL ? cfg->dtb : "generated");
}

static void info_longest(struct record *r, const struct guest *g)
{
	struct vcpu_times times;
	ticks_t longest = 0;

	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		sched_times(g->vcpus[i], &times);
		longest = MAX(longest, times.longest);
	}
	record_u64(r, "Longest wait us", COL_U64, ticks_to_ns(longest) / 1000);
}

/* The guest's own; those of VCPUs are in `budget list`. */
static void info_budget(struct record *r, struct guest *g)
{
	struct vcpu_times times;
	struct budget_info info;
	ticks_t throttled = 0;
	const char *event;

	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		sched_times(g->vcpus[i], &times);
		throttled += times.throttled;
	}
	record_u64(r, "Throttled ms", COL_U64,
		   ticks_to_ns(throttled) / 1000000);
	if (!budget_get_info(g, BUDGET_OF_GUEST, &info)) {
		return;
	}
	event = arch_pmu_event_name(info.spec.event[BUDGET_ACCESSES]);
	record_u64(r, "Budget", COL_U64, info.spec.events[BUDGET_ACCESSES]);
	record_u64(r, "Budget us", COL_U64, info.spec.period_us);
	record_str(r, "Budget event", event != NULL ? event : "by number");
	record_u64(r, "Budget used", COL_U64, info.used[BUDGET_ACCESSES]);
	record_u64(r, "Budget overrun", COL_U64, info.overrun[BUDGET_ACCESSES]);
	record_u64(r, "Throttles", COL_U64, info.throttles);
}

/* Memory at host addresses that its description gives, in bytes. */
static uint64_t info_fixed(const struct guest_config *cfg)
{
	uint64_t size = 0;

	for (uint32_t i = 0; i < cfg->nmemory; i++) {
		size += cfg->memory_host[i] ? cfg->memory[i].size : 0;
	}
	return size;
}

int guest_cmd_info(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct guest *g = guest_cmd_find(s, argc, argv, 1);
	struct stage2_stats st;
	char text[CONFIG_NAME_LEN];
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
	if (IS_ENABLED(CONFIG_GUEST_FIXED_MEMORY)) {
		record_u64(&r, "Fixed memory", COL_SIZE, info_fixed(g->cfg));
	}
	record_u64(&r, "Priority", COL_U64, g->cfg->priority);
	arch_guest_platform.intc_describe(g->cfg, text, sizeof(text));
	record_str(&r, "Interrupts", text);
	record_u64(&r, "Devices", COL_U64, g->cfg->ndevices);
	info_boot(&r, g->cfg);
	record_str(&r, "On crash", crash_policies[g->cfg->on_crash]);
	record_u64(&r, "Resets", COL_U64, g->resets);
	record_u64(&r, "Crashes", COL_U64, g->crashes);
	if (g->state == GUEST_RUNNING || g->state == GUEST_PAUSED) {
		record_u64(&r, "Up ms", COL_U64,
			   (time_now_ns() - g->started_at) / 1000000);
	}
	record_u64(&r, "Exits", COL_U64, info_exits(g));
	info_longest(&r, g);
	if (IS_ENABLED(CONFIG_BUDGET)) {
		info_budget(&r, g);
	}
	record_u64(&r, "Stage 2 tables", COL_SIZE, st.tables * PAGE_SIZE);
	record_fmt(&r, "Stage 2 maps",
		   "%llu x 1G, %llu x 2M, %llu x 64K, %llu x 4K",
		   (unsigned long long)st.blocks_1g,
		   (unsigned long long)st.blocks_2m,
		   (unsigned long long)st.runs_64k,
		   (unsigned long long)st.pages_4k);
	record_end(&r);
	guest_put(g);
	return 0;
}

static void info_line(struct table *t, uint32_t line)
{
	char name[CONFIG_NAME_LEN];

	arch_guest_platform.irq_name(line, name, sizeof(name));
	table_str(t, name);
}

int guest_cmd_devices(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "DEVICE", COL_STR },    { "COMPATIBLE", COL_STR },
		{ "ADDRESS", COL_HEX },   { "SIZE", COL_SIZE },
		{ "INTERRUPT", COL_STR },
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
		table_str(t, d->emu->compatible[0]);
		if (d->nregs > 0) {
			table_u64(t, d->regs[0].base);
			table_u64(t, d->regs[0].size);
		} else {
			table_none(t);
			table_none(t);
		}
		if (d->nirqs > 0) {
			info_line(t, d->irqs[0].line);
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
		{ "INTERRUPT", COL_STR },
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
			info_line(t, d->irqs[k].line);
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

/* The guest must be paused, or its VCPUs would change their registers
 * meanwhile. */
static int inspect_regs(struct session *s, struct guest *g, uint32_t first,
			uint32_t last)
{
	int ret = guest_hold(g);

	if (ret != 0) {
		return ret;
	}
	for (uint32_t i = first; i <= last && !session_interrupted(s); i++) {
		out(s, "%s/%u:\n", g->name, i);
		arch_vcpu_dump(g->vcpus[i], inspect_line, s);
	}
	guest_release(g);
	return 0;
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

/* Times are in the format of dmesg. */
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
	int ret;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	ret = dts_tree(s, g->tree, 0);
	guest_put(g);
	return ret;
}
