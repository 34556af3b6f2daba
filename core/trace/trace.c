/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trace's buffers of records, one for each CPU; starting and stopping it.
 *
 * A CPU writes only to its own buffer, with interrupts masked, so writing needs
 * no lock. Others read only when recording has ended on all CPUs: trace_stop()
 * makes each CPU end it, in an interrupt, which comes between two records.
 */
#include <arch/cpu.h>
#include <arch/timer.h>
#include <core/heap.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/sync.h>
#include <core/trace.h>
#include <core/watch.h>
#include <libs/error.h>
#include <string.h>

/* [C] while the CPU is traced, otherwise [T]. */
struct trace_buffer {
	uint64_t next;   /* number of records written since the start */
	uint64_t missed; /* records not written because it was full */
	uint64_t end;    /* [I] full when `next` is this; UINT64_MAX: never */
	uint64_t mask;   /* [I] records - 1 */
	struct trace_record records[];
};

uint32_t trace_enabled;

/* [T]: trace_mutex is held. */
static struct mutex trace_mutex = MUTEX_INIT(trace_mutex);
static struct trace_buffer *trace_buffers[CONFIG_MAX_CPUS]; /* [T] */
static struct trace_info trace_state;                       /* [T] */
static bool trace_recorded;  /* [T] there is something to read */
static unsigned int readers; /* [T] */

void trace_write(enum trace_event event, uint32_t vcpu, uint32_t a, uint64_t b,
		 uint64_t c)
{
	unsigned long flags = arch_irq_save();
	struct trace_buffer *t = this_cpu()->trace;
	struct trace_record *r;

	if (unlikely(!t)) {
		/* The CPU started after trace_start(). */
	} else if (unlikely(t->next == t->end)) {
		t->missed++;
	} else {
		r = &t->records[t->next & t->mask];
		r->head = (arch_timer_now() & GENMASK(TRACE_TIME_BITS - 1, 0)) |
			  (uint64_t)event << TRACE_TIME_BITS;
		r->vcpu = vcpu;
		r->a = a;
		r->b = b;
		r->c = c;
		t->next++;
	}
	arch_irq_restore(flags);
}

uint64_t trace_name(const char *name)
{
	uint64_t v = 0;

	memcpy(&v, name, strnlen(name, sizeof(v)));
	return v;
}

void trace_write_named(enum trace_event event, uint32_t vcpu, uint32_t a,
		       const char *name)
{
	uint64_t v[2] = { 0 };

	memcpy(v, name, strnlen(name, sizeof(v)));
	trace_write(event, vcpu, a, v[0], v[1]);
}

/* --- on and off ---------------------------------------------------------- */

static void free_buffers(void)
{
	for (unsigned int i = 0; i < CONFIG_MAX_CPUS; i++) {
		heap_free(trace_buffers[i]);
		trace_buffers[i] = NULL;
	}
	trace_recorded = false;
}

static int alloc_buffers(const struct trace_attr *attr)
{
	for (unsigned int i = 0; i < cpu_count; i++) {
		struct trace_buffer *t;

		if (!cpu_online(i)) {
			continue;
		}
		t = heap_alloc(sizeof(*t) +
			       attr->records * sizeof(t->records[0]));
		if (!t) {
			free_buffers();
			return -ERR_NOMEM;
		}
		t->mask = attr->records - 1;
		t->end = attr->keep_first ? attr->records : UINT64_MAX;
		trace_buffers[i] = t;
	}
	return 0;
}

/* Called on each CPU, in an interrupt. */
static void begin_here(void *arg)
{
	(void)arg;
	this_cpu()->trace = trace_buffers[cpu_id()];
	sched_trace();
	watch_here();
}

static void end_here(void *arg)
{
	(void)arg;
	sched_trace();
	this_cpu()->trace = NULL;
	watch_here();
}

static bool valid(const struct trace_attr *attr)
{
	return attr->records >= TRACE_RECORDS_MIN &&
	       attr->records <= TRACE_RECORDS_MAX &&
	       (attr->records & (attr->records - 1)) == 0;
}

static int start_locked(const struct trace_attr *attr)
{
	int err;

	if (trace_state.on || readers > 0) {
		return -ERR_BUSY;
	}
	free_buffers();
	err = alloc_buffers(attr);
	if (err) {
		return err;
	}
	trace_state = (struct trace_info){
		.on = true,
		.attr = *attr,
		.since = time_now(),
	};
	trace_recorded = true;
	WRITE_ONCE(trace_enabled, 1);
	cpu_call_all(begin_here, NULL);
	return 0;
}

int trace_start(const struct trace_attr *attr)
{
	int err;

	if (!valid(attr)) {
		return -ERR_RANGE;
	}
	mutex_lock(&trace_mutex);
	err = start_locked(attr);
	mutex_unlock(&trace_mutex);
	return err;
}

int trace_stop(void)
{
	int err = 0;

	mutex_lock(&trace_mutex);
	if (trace_state.on) {
		WRITE_ONCE(trace_enabled, 0);
		cpu_call_all(end_here, NULL);
		trace_state.on = false;
		trace_state.until = time_now();
	} else {
		err = -ERR_STATE;
	}
	mutex_unlock(&trace_mutex);
	return err;
}

int trace_clear(void)
{
	int err = 0;

	mutex_lock(&trace_mutex);
	if (trace_state.on || readers > 0) {
		err = -ERR_BUSY;
	} else {
		free_buffers();
	}
	mutex_unlock(&trace_mutex);
	return err;
}

/* --- reading ------------------------------------------------------------- */

bool trace_get_info(struct trace_info *out)
{
	bool any;

	mutex_lock(&trace_mutex);
	*out = trace_state;
	any = trace_recorded;
	mutex_unlock(&trace_mutex);
	return any;
}

int trace_read_begin(void)
{
	int err = 0;

	mutex_lock(&trace_mutex);
	if (trace_state.on) {
		err = -ERR_BUSY;
	} else if (!trace_recorded) {
		err = -ERR_NOENT;
	} else {
		readers++;
	}
	mutex_unlock(&trace_mutex);
	return err;
}

void trace_read_end(void)
{
	mutex_lock(&trace_mutex);
	readers--;
	mutex_unlock(&trace_mutex);
}

void trace_cpu_info(unsigned int cpu, struct trace_cpu_info *out)
{
	const struct trace_buffer *t;
	uint64_t next;

	*out = (struct trace_cpu_info){ 0 };
	/* Another session may free the buffers. */
	mutex_lock(&trace_mutex);
	t = trace_buffers[cpu];
	if (t) {
		next = READ_ONCE(t->next);
		out->records = MIN(next, t->mask + 1);
		out->lost = READ_ONCE(t->missed) + (next - out->records);
	}
	mutex_unlock(&trace_mutex);
}

const struct trace_record *trace_record(unsigned int cpu, uint64_t n)
{
	const struct trace_buffer *t = trace_buffers[cpu];

	return &t->records[(t->next > t->mask + 1 ? t->next + n : n) & t->mask];
}
