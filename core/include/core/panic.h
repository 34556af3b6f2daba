/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Panic: one CPU prints a report, the others are stopped, and then the
 * configured policy is carried out (`panic=halt|reboot`).
 */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include <libs/types.h>

/*
 * For a report to which the architecture adds parts: begin (takes over the
 * console, stops other CPUs), print, end. panic() does all three. Any context.
 */
void panic_begin(const char *fmt, ...) __printf(1, 2);
void panic_printf(const char *fmt, ...) __printf(1, 2);
/* Backtrace from pc (0: none) and fp with symbol names, build id, last log
 * lines, policy. */
void panic_end(uintptr_t pc, uintptr_t fp) __noreturn;

/* Set from bootargs `panic=`. Start-up. */
enum panic_policy { PANIC_HALT, PANIC_REBOOT };
void panic_set_policy(enum panic_policy p);

#endif
