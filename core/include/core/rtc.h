/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wall-clock time: a host clock's reading at boot, and the counter since. */
#ifndef CORE_RTC_H
#define CORE_RTC_H

#include <libs/types.h>

/* Nanoseconds since 1970-01-01 00:00 UTC; since boot if the host has no clock.
 * Only rtc_set() can set it back. Any context. */
uint64_t rtc_now_ns(void);
static inline uint64_t rtc_now_s(void)
{
	return rtc_now_ns() / 1000000000;
}

/* A driver has read `s` from its clock. Boot thread. */
void rtc_set(uint64_t s);

#endif
