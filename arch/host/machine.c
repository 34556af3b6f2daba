/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: firmware and the rest of the machine; there is none. */
#include <arch/cpu.h>
#include <stdio.h>
#include <stdlib.h>

void arch_cpu_halt(void)
{
	fprintf(stderr, "host: CPU halted\n");
	abort();
}

/* There are none: interrupts are function calls. */
void arch_watch_exceptions(bool on)
{
	(void)on;
}

void arch_system_off(void)
{
}

void arch_system_reset(void)
{
}

void arch_cpu_describe(unsigned int cpu, char *buf, size_t size)
{
	snprintf(buf, size, "simulated CPU %u", cpu);
}

void arch_backtrace(uintptr_t fp, void (*emit)(uintptr_t pc))
{
	(void)fp;
	(void)emit;
}
