/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recording what happens: each CPU has a buffer of records that only it writes
 * to. docs/design/trace.md.
 */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include <core/vcpu.h>
#include <libs/types.h>

/* What happened. The numbers are part of the format that `trace save` writes:
 * new ones come at the end, and tools/trace/recording.py names them too. */
enum trace_event {
	TRACE_EXIT = 1,     /* a: syndrome, b: PC, c: address or function */
	TRACE_EXIT_IRQ = 2, /* a: interrupt, b: PC */
	TRACE_ENTER = 3,    /* the guest goes on; b: PC */
	TRACE_IRQ = 4,      /* a: interrupt, taken in the hypervisor */
	TRACE_IRQ_END = 5,
	TRACE_RUN = 6,        /* the VCPU gets the CPU */
	TRACE_STOP = 7,       /* it leaves the CPU; a: enum sched_why */
	TRACE_READY = 8,      /* it waits for a CPU; a: enum sched_why */
	TRACE_KICK = 9,       /* VirtIO; a: queue, b: guest, c: its device */
	TRACE_USED = 10,      /* its interrupt; a, b, c: as above */
	TRACE_THROTTLED = 11, /* a budget is used up; a: enum trace_budget */
	TRACE_RELEASED = 12,  /* the budget is refilled; a: enum trace_budget */
	TRACE_MISS = 13,      /* it has missed a deadline */
	TRACE_VCPU = 14,      /* a new VCPU; b, c: its name */
	TRACE_GUEST = 15,     /* vcpu: 0; a: enum guest_state, b, c: its name */
};

enum trace_budget {
	TRACE_BUDGET_TIME,   /* of CPU time */
	TRACE_BUDGET_EVENTS, /* of what performance counters count */
};

#define TRACE_TIME_BITS 56

struct trace_record {
	uint64_t head; /* ticks, and the event in the upper 8 bits */
	uint32_t vcpu; /* its id */
	uint32_t a;
	uint64_t b, c;
};

#define TRACE_RECORDS_MIN 256
#define TRACE_RECORDS_MAX (1u << 20)
#define TRACE_RECORDS_DEFAULT 4096

struct trace_attr {
	uint32_t records; /* of each CPU; a power of two */
	bool keep_first;  /* stop when full; else the newest are kept */
};

struct trace_info {
	bool on;
	struct trace_attr attr;
	ticks_t since, until; /* until: 0 while it is on */
};

struct trace_cpu_info {
	uint64_t records; /* that can be read */
	uint64_t lost;    /* not recorded, or overwritten */
};

#if IS_ENABLED(CONFIG_TRACE)
extern uint32_t trace_enabled; /* [A] 0 or 1 */

/* Is a trace running? Any context. */
static inline bool trace_on(void)
{
	return unlikely(READ_ONCE(trace_enabled) != 0);
}
#else
/* Never, without the option. */
static inline bool trace_on(void)
{
	return false;
}
#endif

/* Record it, if this CPU is traced. Any context. */
void trace_write(enum trace_event event, uint32_t vcpu, uint32_t a, uint64_t b,
		 uint64_t c);

/* The same, at the cost of a single branch while tracing is off. */
static inline void trace(enum trace_event event, uint32_t vcpu, uint32_t a,
			 uint64_t b, uint64_t c)
{
	if (trace_on()) {
		trace_write(event, vcpu, a, b, c);
	}
}

/* Eight characters of a name, in the order of memory; zeroes if it is shorter.
 * Any context. */
uint64_t trace_name(const char *name);

/* The same of something with a name, of which 16 bytes are kept. Context as for
 * trace_write(). */
void trace_write_named(enum trace_event event, uint32_t vcpu, uint32_t a,
		       const char *name);

/* The same, if a trace is on. */
static inline void trace_named(enum trace_event event, uint32_t vcpu,
			       uint32_t a, const char *name)
{
	if (trace_on()) {
		trace_write_named(event, vcpu, a, name);
	}
}

/*
 * Record from now on, in new buffers. Thread context, no lock held. -ERR_BUSY:
 * it is on already; -ERR_RANGE: not a power of two from TRACE_RECORDS_MIN to
 * TRACE_RECORDS_MAX; -ERR_NOMEM.
 */
int __must_check trace_start(const struct trace_attr *attr);
/* When it returns nothing is recorded any more. The buffers stay until the next
 * start or trace_clear(). Thread context. -ERR_STATE: it is not on. */
int __must_check trace_stop(void);
/* Free the buffers. -ERR_BUSY: the trace is on, or being read. Thread
 * context. */
int __must_check trace_clear(void);
/* False: nothing was recorded since the last trace_clear(). Thread context. */
bool trace_get_info(struct trace_info *out);

/*
 * Read what was recorded, between trace_read_begin() and trace_read_end():
 * meanwhile the trace can be neither started nor cleared. Thread context.
 * -ERR_BUSY: it is on; -ERR_NOENT: nothing was recorded.
 */
int __must_check trace_read_begin(void);
void trace_read_end(void);
/* CPUs without a buffer (started later) have no records. While the trace is on,
 * the numbers are those of a moment ago. Thread context, also without
 * trace_read_begin(). */
void trace_cpu_info(unsigned int cpu, struct trace_cpu_info *out);
/* Record number n, from the oldest; n < info.records. */
const struct trace_record *trace_record(unsigned int cpu, uint64_t n);

#endif
