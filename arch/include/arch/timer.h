/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: a monotonic counter and a one-shot timer per CPU. */
#ifndef ARCH_TIMER_H
#define ARCH_TIMER_H

#include <arch_impl/timer.h>
#include <libs/types.h>

/*
 * Inline in <arch_impl/timer.h>:
 *   uint64_t arch_timer_now(void);          the counter
 *   void arch_timer_set(uint64_t deadline); interrupt this CPU at `deadline`
 *   void arch_timer_stop(void);             no interrupt until set again
 */

/* Counter frequency in Hz; constant. Any context. */
uint64_t arch_timer_hz(void);

#endif
