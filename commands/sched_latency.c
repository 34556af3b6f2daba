/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: how long interrupts are masked (sched latency). */
#include <arch/vcpu.h>
#include <core/heap.h>
#include <core/ksym.h>
#include <core/latency.h>
#include <core/percpu.h>
#include <core/time.h>
#include <libs/error.h>
#include <stdio.h>

#include "sched_cmd.h"

#define PLACE_SIZE (KSYM_NAME_SIZE + 16)

/* The function and the offset in it, or the address in the image. */
static void code_text(char *buf, size_t size, uintptr_t pc)
{
	char name[KSYM_NAME_SIZE];
	uint64_t off;

	if (ksym_lookup(pc, name, sizeof(name), &off)) {
		(void)snprintf(buf, size, "%s+%#llx", name,
			       (unsigned long long)off);
	} else {
		(void)snprintf(buf, size, "%#llx", (unsigned long long)pc);
	}
}

static void from_text(char *buf, size_t size, const struct latency_section *e)
{
	const char *name;

	switch (e->kind) {
	case LATENCY_TRAP:
		name = arch_exception_name(e->number);
		(void)snprintf(buf, size, "trap: %s", name ? name : "?");
		break;
	case LATENCY_IRQ:
		(void)snprintf(buf, size, "interrupt %u", e->number);
		break;
	case LATENCY_IDLE:
		(void)snprintf(buf, size, "idle");
		break;
	default:
		code_text(buf, size, e->from);
		break;
	}
}

static void row(struct table *t, unsigned int cpu,
		const struct latency_section *e)
{
	char text[PLACE_SIZE];

	table_u64(t, cpu);
	table_u64(t, ticks_to_ns(e->longest));
	table_u64(t, e->longest);
	table_u64(t, e->times);
	table_u64(t, e->vcpu);
	from_text(text, sizeof(text), e);
	table_str(t, text);
	if (e->until == 0) {
		table_str(t, "return");
	} else {
		code_text(text, sizeof(text), e->until);
		table_str(t, text);
	}
}

int sched_cmd_latency(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "CPU", COL_U64 },   { "NS", COL_U64 },   { "TICKS", COL_U64 },
		{ "TIMES", COL_U64 }, { "VCPU", COL_U64 }, { "FROM", COL_STR },
		{ "UNTIL", COL_STR },
	};
	struct latency_cpu *of = heap_alloc(sizeof(*of));
	struct table *t;
	int err;

	if (!of) {
		return -ERR_NOMEM;
	}
	err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);
	if (err) {
		heap_free(of);
		return err;
	}
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		if (!latency_get(cpu, of)) {
			continue;
		}
		for (unsigned int i = 0; i < LATENCY_PLACES; i++) {
			if (of->places[i].kind != LATENCY_NONE) {
				row(t, cpu, &of->places[i]);
			}
		}
	}
	table_end(t);
	heap_free(of);
	return 0;
}

int sched_cmd_latency_start(struct session *s, int argc, char **argv)
{
	int err;

	(void)argv;
	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	err = latency_start();
	if (err == -ERR_STATE) {
		out_error(s, "it is measured already; 'sched latency stop' "
			     "ends that");
	}
	return err;
}

int sched_cmd_latency_stop(struct session *s, int argc, char **argv)
{
	int err;

	(void)argv;
	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	err = latency_stop();
	if (err == -ERR_STATE) {
		out_error(s, "it is not measured; 'sched latency start' "
			     "begins");
	}
	return err;
}

int sched_cmd_latency_clear(struct session *s, int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	latency_clear();
	return 0;
}
