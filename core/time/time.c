/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counter in ticks and nanoseconds. */
#include <arch/cpu.h>
#include <arch/timer.h>
#include <core/time.h>

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

ticks_t time_now(void)
{
	return arch_timer_now();
}

uint64_t time_now_ns(void)
{
	static ticks_t boot; /* set by the boot CPU's first call */

	if (unlikely(boot == 0)) {
		boot = time_now();
	}
	return ticks_to_ns(time_now() - boot);
}

/*
 * n * to / from without overflow on the way: whole seconds are converted apart
 * from the rest, whose product fits in 64 bits for frequencies below 18 GHz.
 */
static uint64_t convert(uint64_t n, uint64_t from, uint64_t to, bool up)
{
	uint64_t rest = (n % from) * to;
	uint64_t whole;

	rest = rest / from + (up && rest % from != 0);
	if (__builtin_mul_overflow(n / from, to, &whole) ||
	    __builtin_add_overflow(whole, rest, &whole)) {
		return UINT64_MAX;
	}
	return whole;
}

uint64_t ticks_to_ns(ticks_t t)
{
	return convert(t, arch_timer_hz(), NS_PER_S, false);
}

ticks_t ns_to_ticks(uint64_t ns)
{
	return convert(ns, NS_PER_S, arch_timer_hz(), true);
}

ticks_t ms_to_ticks(uint64_t ms)
{
	return convert(ms, NS_PER_S / NS_PER_MS, arch_timer_hz(), true);
}

void delay_us(uint64_t us)
{
	ticks_t end = time_now() + convert(us, 1000000, arch_timer_hz(), true);

	while (time_now() < end) {
		arch_cpu_relax();
	}
}
