/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which exception vectors a CPU has: those that tell of exceptions if anybody
 * wants to know. */
#include <arch/cpu.h>
#include <core/percpu.h>
#include <core/watch.h>

uint32_t watch_enabled;

void watch_set(uint32_t who, bool on)
{
	if (on) {
		__atomic_or_fetch(&watch_enabled, who, __ATOMIC_RELEASE);
	} else {
		__atomic_and_fetch(&watch_enabled, ~who, __ATOMIC_RELEASE);
	}
}

void watch_here(void)
{
	arch_watch_exceptions(this_cpu()->trace != NULL || watch_on());
}
