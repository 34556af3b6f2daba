/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command trace: all that was recorded, for tools/trace-view, which describes
 * the format too (tools/trace/recording.py). All numbers are little-endian.
 */
#include <arch/timer.h>
#include <core/heap.h>
#include <core/percpu.h>
#include <core/rtc.h>
#include <core/sched.h>
#include <core/time.h>
#include <core/trace.h>
#include <libs/error.h>
#include <string.h>

#include "trace_cmd.h"

struct saved_head {
	char magic[8];
	uint32_t version, record_size;
	uint64_t hz;
	uint64_t since, until; /* ticks */
	uint64_t zero_ns;      /* tick 0, since 1970-01-01 */
	uint32_t vcpus, cpus;
};

struct saved_vcpu {
	uint32_t id;
	uint32_t guest; /* 0: a thread of the hypervisor */
	char name[VCPU_NAME_LEN];
};

struct saved_cpu {
	uint32_t cpu, reserved;
	uint64_t records, lost;
};

_Static_assert(sizeof(struct saved_head) == 56, "tools/trace/recording.py");
_Static_assert(sizeof(struct saved_vcpu) == 32, "tools/trace/recording.py");
_Static_assert(sizeof(struct saved_cpu) == 24, "tools/trace/recording.py");
_Static_assert(sizeof(struct trace_record) == 32, "tools/trace/recording.py");

struct vcpu_list {
	struct saved_vcpu *items; /* NULL: only count */
	uint32_t count, room;
};

static void take_vcpu(struct vcpu *v, void *arg)
{
	struct vcpu_list *l = arg;

	if (l->count < l->room) {
		struct saved_vcpu *to = &l->items[l->count];

		to->id = v->id;
		to->guest = v->guest != NULL;
		memcpy(to->name, v->name, sizeof(to->name));
	}
	l->count++;
}

/* Collect the present VCPUs, because the trace has only their numbers. */
static int take_vcpus(struct vcpu_list *l)
{
	struct vcpu_list count = { 0 };

	sched_for_each(take_vcpu, &count);
	*l = (struct vcpu_list){ .room = count.count };
	l->items = heap_alloc_array(l->room, sizeof(l->items[0]));
	if (!l->items) {
		return -ERR_NOMEM;
	}
	sched_for_each(take_vcpu, l);
	l->count = MIN(l->count, l->room);
	return 0;
}

static void save_head(struct out_base64 *o, uint32_t vcpus)
{
	struct saved_head head = {
		.magic = { 'S', 'O', 'C', 'L', 'E', 'T', 'R', 'C' },
		.version = 1,
		.record_size = sizeof(struct trace_record),
		.hz = arch_timer_hz(),
		.zero_ns = rtc_now_ns() - ticks_to_ns(time_now()),
		.vcpus = vcpus,
		.cpus = cpu_count,
	};
	struct trace_info info;

	(void)trace_get_info(&info);
	head.since = info.since;
	head.until = info.until;
	out_base64_put(o, &head, sizeof(head));
}

static void save_cpu(struct out_base64 *o, unsigned int cpu)
{
	struct saved_cpu head = { .cpu = cpu };
	struct trace_cpu_info info;

	trace_cpu_info(cpu, &info);
	head.records = info.records;
	head.lost = info.lost;
	out_base64_put(o, &head, sizeof(head));
	for (uint64_t i = 0; i < info.records && !session_interrupted(o->s);
	     i++) {
		out_base64_put(o, trace_record(cpu, i),
			       sizeof(struct trace_record));
	}
}

int trace_cmd_save(struct session *s, int argc, char **argv)
{
	struct out_base64 o = { .s = s };
	struct vcpu_list l;
	int err;

	(void)argv;
	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	err = trace_cmd_begin(s);
	if (err != 0) {
		return err;
	}
	err = take_vcpus(&l);
	if (err == 0) {
		save_head(&o, l.count);
		out_base64_put(&o, l.items, l.count * sizeof(l.items[0]));
		for (unsigned int i = 0; i < cpu_count; i++) {
			save_cpu(&o, i);
		}
		out_base64_end(&o);
		heap_free(l.items);
	}
	trace_read_end();
	return session_interrupted(s) ? -ERR_INTR : err;
}
