/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time and timers. The unit is the host counter's tick: exact, and free of
 * conversions on hot paths. One-shot hardware, a min-heap per CPU, no tick.
 */
#ifndef CORE_TIME_H
#define CORE_TIME_H

#include <libs/types.h>

typedef uint64_t ticks_t;

ticks_t time_now(void);			/* ticks since the counter started */
uint64_t time_now_ns(void);		/* ns since boot of the hypervisor */
uint64_t ticks_to_ns(ticks_t t);
ticks_t ns_to_ticks(uint64_t ns);
static inline ticks_t ms_to_ticks(uint64_t ms)
{
	return ns_to_ticks(ms * 1000000);
}

struct timer {
	ticks_t deadline;		/* [T] */
	void (*fn)(struct timer *t);	/* [I] interrupt context, owning CPU */
	uint32_t slot;			/* [T] place in heap + 1, 0: not armed */
	uint32_t cpu;			/* [T] whose queue it is in */
	bool running;			/* [T] fn is executing */
};

void timer_init(struct timer *t, void (*fn)(struct timer *t));
/* Arm (or move) `t` on this CPU for absolute `deadline`. Any context. A past
 * deadline fires as soon as interrupts are unmasked. */
void timer_set(struct timer *t, ticks_t deadline);
/* Disarm; when it returns the callback neither runs nor will (unless called
 * from the callback itself). Any context but another timer's callback that
 * holds a lock the callback of `t` takes. */
void timer_cancel(struct timer *t);
static inline bool timer_armed(const struct timer *t)
{
	return READ_ONCE(t->slot) != 0;
}

/* Called by the arch timer interrupt: run what is due, rearm the hardware. */
void timer_interrupt(void);
int __must_check timer_cpu_init(void);	/* this CPU's queue */

/* Block the calling thread. */
void sleep_until(ticks_t deadline);
void sleep_ms(uint64_t ms);
/* Spin; before threads exist and for hardware settle times. */
void delay_us(uint64_t us);

#endif
