/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's console on a session: raw bytes both ways. The console's sink
 * runs where the guest writes and may not block, so it only fills a ring and
 * wakes the session's thread.
 */
#include <cmd/session.h>
#include <core/console.h>
#include <core/heap.h>
#include <libs/error.h>
#include <libs/ring.h>
#include <string.h>

#define ATTACH_RING (2 * CONSOLE_OUT_SIZE) /* a whole history, and more */
#define ATTACH_IN 1024
#define ATTACH_DETACH 0x1d /* Ctrl-] */

struct attachment {
	struct session *s;
	struct console *console;
	struct ring out;
	uint32_t lost;         /* [A] bytes the terminal was too slow for */
	uint8_t in[ATTACH_IN]; /* typed, not taken by the guest yet */
	size_t in_n;
	uint8_t out_buf[ATTACH_RING];
};

static void attach_sink(void *ctx, const uint8_t *buf, size_t n)
{
	struct attachment *a = ctx;
	size_t done = n > 0 ? ring_write(&a->out, buf, n) : 0;

	if (done < n) {
		__atomic_fetch_add(&a->lost, (uint32_t)(n - done),
				   __ATOMIC_RELAXED);
	}
	a->s->ops->wake(a->s);
}

/* Show what the guest has written. */
static void attach_output(struct attachment *a)
{
	uint8_t part[256];
	uint32_t lost;
	size_t n;

	while ((n = ring_read(&a->out, part, sizeof(part))) > 0) {
		session_write(a->s, part, n);
	}
	lost = __atomic_exchange_n(&a->lost, 0, __ATOMIC_RELAXED);
	if (lost > 0) {
		out(a->s, "\n[%u bytes of output were lost here]\n", lost);
	}
}

/* Give the guest what was typed; what it does not take waits. */
static void attach_input(struct attachment *a)
{
	size_t done = console_input(a->console, a->in, a->in_n);

	memmove(a->in, a->in + done, a->in_n - done);
	a->in_n -= done;
}

/*
 * Read what is typed behind what waits. False: Ctrl-] was among it. While
 * nothing fits nothing is read, so that nothing is lost; Ctrl-] is then seen
 * ahead of its turn.
 */
static bool attach_read(struct attachment *a)
{
	uint8_t *end;
	size_t n;

	if (a->in_n == sizeof(a->in)) {
		a->s->ops->wait(a->s);
		if (a->s->ops->take_detach(a->s)) {
			session_discard(a->s);
			return false;
		}
		return true;
	}
	n = session_read(a->s, a->in + a->in_n, sizeof(a->in) - a->in_n);
	end = memchr(a->in + a->in_n, ATTACH_DETACH, n);
	if (end == NULL) {
		a->in_n += n;
		return true;
	}
	n -= (size_t)(end + 1 - (a->in + a->in_n));
	session_unread(a->s, end + 1, n);
	a->in_n = (size_t)(end - a->in);
	return false;
}

static void attach_loop(struct attachment *a, const char *name)
{
	for (;;) {
		attach_output(a);
		if (!console_alive(a->console)) {
			out(a->s, "\n[%s is gone]\n", name);
			return;
		}
		if (a->in_n > 0) {
			attach_input(a);
		}
		if (!attach_read(a)) {
			attach_input(a);
			break;
		}
	}
	out(a->s, "\n[left the console of %s]\n", name);
}

int session_attach(struct session *s, struct console *c, const char *name)
{
	/* Back to plain text and a visible cursor, whatever the guest did. */
	static const uint8_t reset[] = "\033[m\033[?25h";
	struct attachment *a = heap_alloc(sizeof(*a));
	int ret;

	if (a == NULL) {
		return -ERR_NOMEM;
	}
	a->s = s;
	a->console = c;
	ring_init(&a->out, a->out_buf, sizeof(a->out_buf));
	out(s, "[console %s of %s; Ctrl-] leaves it]\n", console_device(c),
	    name);
	session_forget_interrupt(s);
	ret = console_attach(c, attach_sink, a);
	if (ret == 0) {
		session_paste_marks(s, false);
		attach_loop(a, name);
		console_detach(c);
		session_write(s, reset, sizeof(reset) - 1);
		session_paste_marks(s, true);
		session_forget_interrupt(s);
	}
	heap_free(a);
	return ret;
}
