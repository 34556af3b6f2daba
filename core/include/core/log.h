/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Levelled log into a ring (`dmesg`), with the console as one reader. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <libs/types.h>

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/*
 * Append one line (no newline needed) to the log; any context, any CPU.
 * Lines at or above the console level also go to the host console.
 */
void log_line(enum log_level level, const char *fmt, ...) __printf(2, 3);

#define log_err(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* A token bucket: at most `burst` lines at once, then one per interval. */
struct log_limit {
	uint64_t last_ns;
	uint32_t tokens;
	uint32_t suppressed;
};
#define LOG_LIMIT_INIT \
	{ \
		0, 10, 0 \
	}

/*
 * True if a line may be logged now. When it allows lines again, it logs how
 * many were left out. Any context; needs no lock (races only cost accuracy).
 */
bool log_allow(struct log_limit *limit);

/* The least severe level that the console shows; the log keeps all. Any
 * context. */
void log_set_console_level(enum log_level level);
enum log_level log_get_console_level(void);

/*
 * Copy the log's next line from position *pos on (0: oldest kept) into buf,
 * without its newline and cut to `size`, NUL-terminated; its level in *level;
 * advances *pos. False at the end. Any context.
 */
bool log_next(uint64_t *pos, enum log_level *level, char *buf, size_t size);
void log_clear(void);

/*
 * Set the function that prints lines at or above the console level, one call
 * per line, newline included; NULL: none. It is given all lines that are kept
 * so far at once. `put` is called with the log locked, from any context: it
 * must neither block nor log.
 */
void log_set_sink(void (*put)(const char *s, size_t n));
const char *log_level_name(enum log_level level);

/* Write the last `lines` log lines through `put`: for panics. Lock free. Any
 * context. */
void log_dump_tail(unsigned int lines, void (*put)(const char *s, size_t n));

/* Stop everything: see core/console/panic.c. Any context. */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn;
/* The panic of assert(). A function of its own, since there are hundreds of
 * calls. */
void assert_failed(const char *cond, const char *file, int line) __noreturn;

/* For our own bugs only; never reachable by what a guest or the operator
 * does. */
#define assert(cond) \
	do { \
		if (unlikely(!(cond))) { \
			assert_failed(#cond, __FILE__, __LINE__); \
		} \
	} while (0)

#endif
