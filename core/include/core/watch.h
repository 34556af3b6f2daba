/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who wants to be told of exceptions, besides the trace. A CPU of which nobody
 * does has the usual vectors: arch_watch_exceptions().
 */
#ifndef CORE_WATCH_H
#define CORE_WATCH_H

#include <libs/types.h>

#define WATCH_LATENCY 0x1 /* core/latency.h */
#define WATCH_ACCOUNT 0x2 /* core/account.h */

extern uint32_t watch_enabled; /* [A] of WATCH_* */

/* Is there any? Any context. */
static inline bool watch_on(void)
{
	return unlikely(READ_ONCE(watch_enabled) != 0);
}

/* From now on, or no longer; CPUs are to call watch_here(). Thread context. */
void watch_set(uint32_t who, bool on);

/* Apply it to this CPU, after this_cpu()->trace or watch_set() has changed.
 * Interrupts masked. */
void watch_here(void);

#endif
