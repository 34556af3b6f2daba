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

ticks_t time_now(void);			/* ticks since the counter started */
uint64_t time_now_ns(void);		/* ns since boot of the hypervisor */

/*
 * Conversion is exact but for the division's remainder: ticks_to_ns() rounds
 * down, ns_to_ticks() up, so that no wait is too short. What does not fit
 * gives UINT64_MAX: never.
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
	ticks_t deadline;		/* [T] */
	void (*fn)(struct timer *t);	/* [I] interrupt context */
	struct timer *child;		/* [T] pairing heap: first child */
	struct timer *sibling;		/* [T] next in the parent's children */
	struct timer **link;		/* [T] what points here; NULL: unarmed */
	uint32_t cpu;			/* [T] home */
	bool running;			/* [T] fn is executing */
};

/* Context: any; nobody else uses `t`. */
void timer_init(struct timer *t, void (*fn)(struct timer *t));

/*
 * Arm (or move) `t` for absolute `deadline`; it fires on this CPU, or where
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

static inline bool timer_armed(const struct timer *t)
{
	return READ_ONCE(t->link) != NULL;
}

/* Called by the arch timer interrupt: run what is due, rearm the hardware. */
void timer_interrupt(void);
/* This CPU's queue. -ERR_NOMEM. */
int __must_check timer_cpu_init(void);

/* One CPU's timers, for `timer list`; false if it is not online. */
struct timer_info {
	uint32_t armed;
	uint64_t fired;			/* callbacks run since it started */
	ticks_t next;			/* deadline of the first; 0: none armed */
};
bool timer_get_info(unsigned int cpu, struct timer_info *out);

/* Block the calling thread. */
void sleep_until(ticks_t deadline);
void sleep_ms(uint64_t ms);
/* Spin; before threads exist and for hardware settle times. */
void delay_us(uint64_t us);

#endif
