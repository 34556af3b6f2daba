/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end: one CPU reports, the others are stopped, and the configured
 * policy follows (`panic=halt|reboot`).
 */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include <libs/types.h>

/*
 * For a report with parts of the architecture's own: begin (takes over the
 * console, stops other CPUs), print, end. panic() is all of it.
 */
void panic_begin(const char *fmt, ...) __printf(1, 2);
void panic_printf(const char *fmt, ...) __printf(1, 2);
/* Backtrace from pc (0: none) and fp with symbol names, build id, last log
 * lines, policy. */
void panic_end(uintptr_t pc, uintptr_t fp) __noreturn;

/* Set from bootargs `panic=`. */
enum panic_policy { PANIC_HALT, PANIC_REBOOT };
void panic_set_policy(enum panic_policy p);

#endif
