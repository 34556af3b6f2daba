/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: a ring of text lines. Each line is stored as its level (one digit),
 * its text and a newline. The oldest lines make room for new ones.
 *
 * Locks: [L] log_lock.
 */
#include <core/log.h>
#include <core/percpu.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <libs/utf8.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LOG_SIZE (UINT64_C(1) << CONFIG_LOG_BUF_SHIFT)
#define LOG_LINE_MAX 256 /* bytes of a line, with level and newline */
#define LOG_LIMIT_BURST 10
#define LOG_LIMIT_INTERVAL_NS UINT64_C(1000000000)

static struct spinlock log_lock = SPINLOCK_INIT(LOCK_LOG);
static char log_ring[LOG_SIZE] __bulk; /* [L] */
static uint64_t log_head;              /* [L] bytes ever written */
static uint64_t log_tail;              /* [L] where the oldest line begins */
static enum log_level log_console_level = LOG_INFO; /* [A] */
static void (*log_sink)(const char *s, size_t n);   /* [L] */

static const char *const log_level_names[] = {
	[LOG_ERR] = "err",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

const char *log_level_name(enum log_level level)
{
	return (size_t)level < ARRAY_SIZE(log_level_names)
		       ? log_level_names[level]
		       : "?";
}

static char *log_at(uint64_t pos)
{
	return &log_ring[pos & (LOG_SIZE - 1)];
}

/* Remove whole lines until `n` bytes are free. */
static void log_make_room(size_t n)
{
	while (log_head - log_tail + n > LOG_SIZE) {
		while (*log_at(log_tail++) != '\n') {}
	}
}

static void log_append(const char *line, size_t n)
{
	size_t first = MIN(n, (size_t)(LOG_SIZE - (log_head & (LOG_SIZE - 1))));

	log_make_room(n);
	memcpy(log_at(log_head), line, first);
	memcpy(log_ring, line + first, n - first);
	__atomic_store_n(&log_head, log_head + n, __ATOMIC_RELEASE);
}

/*
 * Reduce the text to one plain line: it may come from a guest, and must not
 * control the terminal of the person who reads it. UTF-8 characters must be
 * complete, and C1 controls are not allowed, because terminals obey them too.
 */
static size_t log_sanitize(char *s, size_t n)
{
	while (n > 0 && (s[n - 1] == '\n' || s[n - 1] == '\r')) {
		n--;
	}
	for (size_t i = 0; i < n;) {
		size_t len = utf8_char(s + i, n - i);

		if (s[i] == '\n' || s[i] == '\t') {
			s[i] = ' ';
		} else if (len == 0) {
			s[i] = '?';
		}
		i += MAX(len, (size_t)1);
	}
	return n;
}

/* Level, stamp, text and newline into buf[LOG_LINE_MAX]; the length. */
static size_t __printf(3, 0)
	log_format(char *buf, enum log_level level, const char *fmt, va_list ap)
{
	static const char *const prefixes[] = { "error: ", "warning: ", "",
						"" };
	uint64_t us = time_now_ns() / 1000;
	int head, text;
	size_t n;

	head = snprintf(buf, LOG_LINE_MAX, "%u[%5llu.%06llu] cpu%u: %s",
			(unsigned int)level, (unsigned long long)(us / 1000000),
			(unsigned long long)(us % 1000000),
			this_cpu() != NULL ? cpu_id() : 0, prefixes[level]);
	text = vsnprintf(buf + head, LOG_LINE_MAX - (size_t)head, fmt, ap);
	n = (size_t)head + (size_t)MAX(text, 0);
	n = log_sanitize(buf, MIN(n, (size_t)LOG_LINE_MAX - 2));
	buf[n] = '\n';
	return n + 1;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	unsigned long flags;
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = log_format(line, level, fmt, ap);
	va_end(ap);
	flags = spin_lock_irqsave(&log_lock);
	log_append(line, n);
	/* Under the lock, so that the console shows lines in the log's
	 * order. */
	if (log_sink != NULL && level <= READ_ONCE(log_console_level)) {
		log_sink(line + 1, n - 1);
	}
	spin_unlock_irqrestore(&log_lock, flags);
}

bool log_allow(struct log_limit *limit)
{
	uint64_t now = time_now_ns();
	uint64_t gained = (now - limit->last_ns) / LOG_LIMIT_INTERVAL_NS;
	uint32_t left_out;

	if (gained > 0) {
		limit->last_ns = now;
		limit->tokens = (uint32_t)MIN(limit->tokens + gained,
					      (uint64_t)LOG_LIMIT_BURST);
	}
	if (limit->tokens == 0) {
		limit->suppressed++;
		return false;
	}
	limit->tokens--;
	left_out = limit->suppressed;
	if (left_out > 0) {
		limit->suppressed = 0;
		log_line(LOG_WARN, "%u lines like the next were left out",
			 left_out);
	}
	return true;
}

void log_set_console_level(enum log_level level)
{
	WRITE_ONCE(log_console_level, level);
}

enum log_level log_get_console_level(void)
{
	return READ_ONCE(log_console_level);
}

/* Copy the line at *pos without its newline; false if there is none. */
static bool log_next_locked(uint64_t *pos, enum log_level *level, char *buf,
			    size_t size)
{
	size_t n = 0;
	char c;

	assert_held(&log_lock);
	*pos = MAX(*pos, log_tail);
	if (*pos >= log_head) {
		return false;
	}
	*level = (enum log_level)(*log_at((*pos)++) - '0');
	while ((c = *log_at((*pos)++)) != '\n') {
		if (n + 1 < size) {
			buf[n++] = c;
		}
	}
	if (size > 0) {
		buf[n] = '\0';
	}
	return true;
}

bool log_next(uint64_t *pos, enum log_level *level, char *buf, size_t size)
{
	unsigned long flags = spin_lock_irqsave(&log_lock);
	bool found = log_next_locked(pos, level, buf, size);

	spin_unlock_irqrestore(&log_lock, flags);
	return found;
}

void log_clear(void)
{
	unsigned long flags = spin_lock_irqsave(&log_lock);

	log_tail = log_head;
	spin_unlock_irqrestore(&log_lock, flags);
}

void log_set_sink(void (*put)(const char *s, size_t n))
{
	unsigned long flags = spin_lock_irqsave(&log_lock);
	char line[LOG_LINE_MAX];
	enum log_level level;
	uint64_t pos = 0;

	log_sink = put;
	while (put != NULL &&
	       log_next_locked(&pos, &level, line, sizeof(line))) {
		size_t n = strlen(line);

		if (level <= READ_ONCE(log_console_level)) {
			line[n] = '\n';
			put(line, n + 1);
		}
	}
	spin_unlock_irqrestore(&log_lock, flags);
}

/*
 * The lock is not taken, because the CPU that panicked may hold it. A writer at
 * work can at worst garble lines: all reads stay inside the ring.
 */
void log_dump_tail(unsigned int lines, void (*put)(const char *s, size_t n))
{
	uint64_t head = __atomic_load_n(&log_head, __ATOMIC_ACQUIRE);
	uint64_t oldest = head > LOG_SIZE ? head - LOG_SIZE : 0;
	uint64_t pos = head;

	oldest = MAX(oldest, READ_ONCE(log_tail));
	while (pos > oldest) {
		if (*log_at(pos - 1) == '\n' && pos != head && --lines == 0) {
			break;
		}
		pos--;
	}
	while (pos < head) {
		char line[LOG_LINE_MAX];
		size_t n = 0;

		pos++; /* the level */
		while (pos < head && n < sizeof(line)) {
			line[n++] = *log_at(pos++);
			if (line[n - 1] == '\n') {
				break;
			}
		}
		put(line, n);
	}
}
