/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: a counter that stands still until a test moves it (host.h). */
#ifndef ARCH_IMPL_TIMER_H
#define ARCH_IMPL_TIMER_H

#include <libs/types.h>

/* As <arch/timer.h> says, of the CPU that runs. */
uint64_t arch_timer_now(void);
void arch_timer_set(uint64_t deadline);
void arch_timer_stop(void);

#endif
