/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wall-clock time. The host's RTC is read only once: it is slow and counts
 * seconds, while the counter is fast and exact on every CPU.
 */
#include <core/rtc.h>
#include <core/time.h>

#define NS_PER_S UINT64_C(1000000000)

static uint64_t at_boot; /* ns since 1970 when time_now_ns() was 0 */

uint64_t rtc_now_ns(void)
{
	return __atomic_load_n(&at_boot, __ATOMIC_RELAXED) + time_now_ns();
}

void rtc_set(uint64_t s)
{
	__atomic_store_n(&at_boot, s * NS_PER_S - time_now_ns(),
			 __ATOMIC_RELAXED);
}
