/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: a panic ends the program, or is what a test waits for. */
#include <arch/cpu.h>
#include <arch_impl/host.h>
#include <core/log.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

jmp_buf host_panic_env;
bool host_panic_armed;
char host_panic_text[256];

/* They are in the debugger. */
void arch_panic_registers(uintptr_t pc)
{
	(void)pc;
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(host_panic_text, sizeof(host_panic_text), fmt, ap);
	va_end(ap);
	if (host_panic_armed) {
		longjmp(host_panic_env, 1);
	}
	fprintf(stderr, "panic: %s\n", host_panic_text);
	abort();
}

void assert_failed(const char *cond, const char *file, int line)
{
	panic("assertion failed: %s at %s:%d", cond, file, line);
}
