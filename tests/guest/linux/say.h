/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the programs in this folder, which have no C library: system calls, what
 * they print, and their arguments.
 */
#ifndef SAY_H
#define SAY_H

#include <program.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline int64_t call(long nr, uint64_t a, uint64_t b, uint64_t c)
{
	return program_call(nr, a, b, c, 0);
}

static inline void leave(int status) __attribute__((noreturn));
static inline void leave(int status)
{
	for (;;) {
		call(SYS_EXIT, (uint64_t)status, 0, 0);
	}
}

static inline void print(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0') {
		n++;
	}
	call(SYS_WRITE, 1, (uint64_t)s, n);
}

static inline void print_number(uint64_t v)
{
	char text[24];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	call(SYS_WRITE, 1, (uint64_t)(text + at), sizeof(text) - at);
}

/* Ends the program if a system call has failed. */
static inline void check(int64_t result, const char *what)
{
	if (result < 0) {
		print(what);
		print(": error ");
		print_number((uint64_t)-result);
		print("\n");
		leave(1);
	}
}

static inline uint32_t number(const char *s)
{
	uint32_t v = 0;

	for (; *s >= '0' && *s <= '9'; s++) {
		v = v * 10 + (uint32_t)(*s - '0');
	}
	return v;
}

static inline bool is(const char *s, const char *word)
{
	while (*s != '\0' && *s == *word) {
		s++;
		word++;
	}
	return *s == *word;
}

#endif
