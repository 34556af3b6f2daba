/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions: printing, reading, and interrupts. */
#include <core/session.h>
#include <libs/base64.h>
#include <libs/error.h>
#include <libs/utf8.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SESSION_LINE 512

void session_init(struct session *s, const struct session_ops *ops, void *port)
{
	memset(s, 0, sizeof(*s));
	s->ops = ops;
	s->port = port;
}

/* How many bytes at the start of text[0..n) may be sent to a terminal as they
 * are. */
static size_t session_printable(const char *text, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t len = text[i] == '\n' || text[i] == '\t'
				     ? 1
				     : utf8_char(text + i, n - i);

		if (len == 0) {
			break;
		}
		i += len;
	}
	return i;
}

void out_text(struct session *s, const char *text, size_t n)
{
	while (n > 0) {
		size_t part = session_printable(text, n);

		if (part == 0) {
			s->ops->write(s, (const uint8_t *)"?", 1);
			part = 1;
		} else {
			s->ops->write(s, (const uint8_t *)text, part);
		}
		text += part;
		n -= part;
	}
}

void out_base64_end(struct out_base64 *o)
{
	char text[BASE64_LENGTH(OUT_BASE64_LINE) + 1];

	if (o->n > 0) {
		size_t n = base64_encode(text, o->buf, o->n);

		text[n++] = '\n';
		out_text(o->s, text, n);
		o->n = 0;
	}
}

void out_base64_put(struct out_base64 *o, const void *data, size_t n)
{
	const uint8_t *from = data;

	while (n > 0) {
		size_t part = MIN(n, OUT_BASE64_LINE - o->n);

		memcpy(o->buf + o->n, from, part);
		o->n += part;
		from += part;
		n -= part;
		if (o->n == OUT_BASE64_LINE) {
			out_base64_end(o);
		}
	}
}

static void __printf(2, 0)
	session_vout(struct session *s, const char *fmt, va_list ap)
{
	char buf[SESSION_LINE];
	int n = vsnprintf(buf, sizeof(buf), fmt, ap);

	if (n > 0) {
		out_text(s, buf, MIN((size_t)n, sizeof(buf) - 1));
	}
}

void out(struct session *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	session_vout(s, fmt, ap);
	va_end(ap);
}

void out_error(struct session *s, const char *fmt, ...)
{
	va_list ap;

	session_tell_error(s, true);
	if (s->script != NULL) {
		out(s, "error: %s:%u: ", s->script, s->line);
	} else {
		out(s, "error: ");
	}
	va_start(ap, fmt);
	session_vout(s, fmt, ap);
	va_end(ap);
	out(s, "\n");
	session_tell_error(s, false);
	s->told = true;
}

bool session_interrupted(struct session *s)
{
	if (!s->interrupted && s->ops->take_interrupt(s)) {
		s->interrupted = true;
		/* What was typed ahead was meant for the interrupted
		 * command. */
		session_discard(s);
	}
	return s->interrupted;
}

void session_forget_interrupt(struct session *s)
{
	(void)s->ops->take_interrupt(s);
	(void)s->ops->take_detach(s);
	s->interrupted = false;
}

void session_discard(struct session *s)
{
	s->in_at = 0;
	s->in_n = 0;
	s->ops->discard(s);
}

size_t session_read(struct session *s, uint8_t *buf, size_t n)
{
	size_t ready = s->in_n - s->in_at;

	if (ready == 0) {
		return s->ops->read(s, buf, n);
	}
	n = MIN(n, ready);
	memcpy(buf, s->in + s->in_at, n);
	s->in_at += n;
	return n;
}

struct session_alarm {
	struct timer timer;
	struct session *s;
};

static void session_alarm_rings(struct timer *t)
{
	struct session_alarm *a = container_of(t, struct session_alarm, timer);

	a->s->ops->wake(a->s);
}

size_t session_read_until(struct session *s, uint8_t *buf, size_t n,
			  ticks_t deadline)
{
	struct session_alarm alarm = { .s = s };

	if (s->in_at == s->in_n && time_now() >= deadline) {
		return 0;
	}
	timer_init(&alarm.timer, session_alarm_rings);
	timer_set(&alarm.timer, deadline);
	n = session_read(s, buf, n);
	timer_cancel(&alarm.timer);
	return n;
}

void session_write(struct session *s, const uint8_t *buf, size_t n)
{
	s->ops->write_raw(s, buf, n);
}

void session_paste_marks(struct session *s, bool on)
{
	static const uint8_t marks_on[] = "\033[?2004h";
	static const uint8_t marks_off[] = "\033[?2004l";

	if (s->typed) {
		session_write(s, on ? marks_on : marks_off,
			      sizeof(marks_on) - 1);
	}
}
