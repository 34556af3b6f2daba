/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command trace: the newest records of all CPUs, in order. */
#include <core/heap.h>
#include <core/percpu.h>
#include <core/trace.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#include "trace_cmd.h"

#define SHOW_DEFAULT 20
#define SHOW_MOST 10000
#define DETAIL_TEXT 64

struct shown {
	const struct trace_record *r;
	unsigned int cpu;
};

static const char *const names[] = {
	[TRACE_EXIT] = "exit",           [TRACE_EXIT_IRQ] = "exit-irq",
	[TRACE_ENTER] = "enter",         [TRACE_IRQ] = "irq",
	[TRACE_IRQ_END] = "irq-end",     [TRACE_RUN] = "run",
	[TRACE_STOP] = "stop",           [TRACE_READY] = "ready",
	[TRACE_KICK] = "kick",           [TRACE_USED] = "used",
	[TRACE_THROTTLED] = "throttled", [TRACE_RELEASED] = "released",
	[TRACE_MISS] = "miss",           [TRACE_VCPU] = "vcpu",
	[TRACE_GUEST] = "guest",
};

static uint64_t time_of(const struct trace_record *r)
{
	return r->head & GENMASK(TRACE_TIME_BITS - 1, 0);
}

static void detail(char *buf, size_t size, unsigned int event,
		   const struct trace_record *r)
{
	char name[2 * sizeof(uint64_t) + 1] = { 0 };

	memcpy(name, &r->b, sizeof(r->b));
	memcpy(name + sizeof(r->b), &r->c, sizeof(r->c));
	switch (event) {
	case TRACE_EXIT:
		(void)snprintf(buf, size, "syndrome 0x%x pc 0x%llx at 0x%llx",
			       r->a, (unsigned long long)r->b,
			       (unsigned long long)r->c);
		break;
	case TRACE_EXIT_IRQ:
	case TRACE_IRQ:
		(void)snprintf(buf, size, "interrupt %u", r->a);
		break;
	case TRACE_ENTER:
		(void)snprintf(buf, size, "pc 0x%llx",
			       (unsigned long long)r->b);
		break;
	case TRACE_KICK:
	case TRACE_USED:
		(void)snprintf(buf, size, "%.8s %.8s queue %u", name,
			       name + sizeof(r->b), r->a);
		break;
	case TRACE_VCPU:
	case TRACE_GUEST:
		(void)snprintf(buf, size, "%s %u", name, r->a);
		break;
	default:
		(void)snprintf(buf, size, "%u", r->a);
		break;
	}
}

/* Collect the newest records, newest first: each time the latest of the CPUs'
 * newest records that are left. left[cpu]: how many are. */
static unsigned int collect(struct shown *to, unsigned int most, uint64_t *left)
{
	unsigned int n;

	for (n = 0; n < most; n++) {
		to[n].r = NULL;
		for (unsigned int i = 0; i < cpu_count; i++) {
			const struct trace_record *r =
				left[i] ? trace_record(i, left[i] - 1) : NULL;

			if (r && (!to[n].r || time_of(r) > time_of(to[n].r))) {
				to[n] = (struct shown){ r, i };
			}
		}
		if (!to[n].r) {
			break;
		}
		left[to[n].cpu]--;
	}
	return n;
}

static void print(struct session *s, const struct shown *list, unsigned int n,
		  bool json)
{
	static const struct column cols[] = {
		{ "US", COL_MILLI }, { "CPU", COL_U64 },  { "EVENT", COL_STR },
		{ "VCPU", COL_U64 }, { "WHAT", COL_STR },
	};
	struct table *t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	char what[DETAIL_TEXT];

	while (n-- > 0) {
		const struct trace_record *r = list[n].r;
		unsigned int event = (unsigned int)(r->head >> TRACE_TIME_BITS);

		detail(what, sizeof(what), event, r);
		table_u64(t, ticks_to_ns(time_of(r)));
		table_u64(t, list[n].cpu);
		table_str(t, event < ARRAY_SIZE(names) ? names[event] : NULL);
		table_u64(t, r->vcpu);
		table_str(t, what);
	}
	table_end(t);
}

static int show(struct session *s, unsigned int most, bool json)
{
	struct shown *list = heap_alloc_array(most, sizeof(*list));
	uint64_t *left = heap_alloc_array(cpu_count, sizeof(*left));
	struct trace_cpu_info info;
	int err = -ERR_NOMEM;

	if (list && left) {
		for (unsigned int i = 0; i < cpu_count; i++) {
			trace_cpu_info(i, &info);
			left[i] = info.records;
		}
		print(s, list, collect(list, most, left), json);
		err = 0;
	}
	heap_free(left);
	heap_free(list);
	return err;
}

int trace_cmd_show(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	uint64_t most = SHOW_DEFAULT;
	int err;

	if (argc > 2) {
		return command_usage(s, "it takes one number");
	}
	if (argc == 2 &&
	    (parse_u64_max(argv[1], SHOW_MOST, &most) != 0 || most == 0)) {
		out_error(s, "'%s': how many is a number from 1 to %u", argv[1],
			  SHOW_MOST);
		return -ERR_INVAL;
	}
	err = trace_cmd_begin(s);
	if (err == 0) {
		err = show(s, (unsigned int)most, json);
		trace_read_end();
	}
	return err;
}
