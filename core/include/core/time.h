/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time and timers. The unit is the host counter's tick: exact, and free of
 * conversions on hot paths. One-shot hardware, no tick; each CPU has a heap
 * of its timers. docs/design/time.md.
 */
#ifndef CORE_TIME_H
#define CORE_TIME_H

#include <libs/types.h>

typedef uint64_t ticks_t;

/* The counter; and nanoseconds since it began. Any context. */
ticks_t time_now(void);     /* ticks since the counter started */
uint64_t time_now_ns(void); /* ns since boot of the hypervisor */

/*
 * Conversion is exact except for the division's remainder: ticks_to_ns() rounds
 * down, ns_to_ticks() up, so that no wait is too short. What does not fit gives
 * UINT64_MAX: never. Any context.
 */
uint64_t ticks_to_ns(ticks_t t);
ticks_t ns_to_ticks(uint64_t ns);
ticks_t ms_to_ticks(uint64_t ms);

/*
 * A one-shot timer; its owner provides the memory, so arming never fails.
 * [T]: lock of the queue of CPU `cpu`, the timer's home. The home changes
 * only while the timer neither is armed nor runs.
 */
struct timer {
	ticks_t deadline;            /* [T] */
	void (*fn)(struct timer *t); /* [I] interrupt context */
	struct timer *left, *right;  /* [T] leftist heap: children, */
	struct timer *parent;        /* [T] NULL: the first */
	uint32_t rank;               /* [T] nodes to the nearest missing child,
				      * this one included; 0: unarmed */
	uint32_t cpu;                /* [T] home */
	bool running;                /* [T] fn is executing */
};

/* Context: any; no other CPU uses `t`. */
void timer_init(struct timer *t, void (*fn)(struct timer *t));

/*
 * Set (or move) `t` for absolute `deadline`; it fires on this CPU, or where
 * its callback runs just now. Any context. A past deadline fires as soon as
 * interrupts are unmasked. Two CPUs may set the same timer: the last wins.
 * The callback may set its own timer again, but not free it.
 */
void timer_set(struct timer *t, ticks_t deadline);

/*
 * Disarm; when it returns the callback neither runs nor will (unless called
 * from the callback itself). Any context but another timer's callback that
 * holds a lock the callback of `t` takes; likewise no caller may hold such a
 * lock. An owner cancels before it frees, fired or not.
 */
void timer_cancel(struct timer *t);

/* Neither armed nor running, without a lock: `running` is set before a timer is
 * disarmed to be run, so that one of the two is seen. Then timer_cancel() has
 * nothing to do. */
static inline bool timer_idle(const struct timer *t)
{
	return !__atomic_load_n(&t->rank, __ATOMIC_ACQUIRE) &&
	       !__atomic_load_n(&t->running, __ATOMIC_ACQUIRE);
}

/* Is its deadline still to come? It may pass at any time. Any context. */
static inline bool timer_armed(const struct timer *t)
{
	return READ_ONCE(t->rank) != 0;
}

/*
 * One more deadline for each CPU, which the scheduler sets at most switches:
 * beside the heap, so that it takes no lock and nothing is put in order. The
 * CPU's own, interrupts masked. `fn` runs in interrupt context, once for each
 * time that it is set, no earlier than that, with the time at which that was
 * seen; setting it again replaces what was set before. timer_slice_init() comes
 * once, after timer_cpu_init().
 */
void timer_slice_init(void (*fn)(ticks_t now));
void timer_slice_set(ticks_t deadline);

/* Called by the arch timer interrupt: run what is due, rearm the hardware.
 * Interrupt context. */
void timer_interrupt(void);
/* This CPU's queue. -ERR_NOMEM. Start-up of the CPU. */
int __must_check timer_cpu_init(void);

/* One CPU's timers, for `timer list`; false if it is not online. Any
 * context. */
struct timer_info {
	uint32_t armed;
	uint64_t fired; /* callbacks run since it started; no slices' ends */
	ticks_t next;   /* deadline of the first; 0: none armed */
};
bool timer_get_info(unsigned int cpu, struct timer_info *out);

/* Block the calling thread. Thread context, no spinlock held. */
void sleep_until(ticks_t deadline);
void sleep_ms(uint64_t ms);
/* Spin; before threads exist and for hardware settle times. Any context. */
void delay_us(uint64_t us);

#endif
