/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's console on a session. The console's sink runs in the guest's
 * context and may not block, so it only fills a queue and wakes the session's
 * thread. That thread filters the guest's output, and keeps the bytes that draw
 * the current row, so that log lines can appear above it.
 */
#include <core/heap.h>
#include <core/session.h>
#include <core/vserial.h>
#include <libs/error.h>
#include <libs/termfilter.h>
#include <string.h>

#include "attach_queue_priv.h"

#define ATTACH_IN 1024
#define ATTACH_DETACH 0x1d /* Ctrl-] */
#define ATTACH_PART 256    /* bytes taken from the queue at once */
/* Bytes that are shown at once. */
#define ATTACH_OUT (ATTACH_PART + TERMFILTER_OUT)

struct attachment {
	struct session *s;
	struct vserial *console;
	struct vserial_tap tap;
	bool raw;
	bool left;       /* the operator left */
	uint64_t replay; /* bytes of history to come, which are never raw */
	struct termfilter filter;
	uint8_t in[ATTACH_IN]; /* typed, not yet taken by the guest */
	size_t in_n;
	/* The bytes that drew the row with the cursor, after the attributes at
	 * its start. row_n is SIZE_MAX if they do not fit or are not known. */
	uint8_t row[HOSTCON_EDIT_MAX];
	size_t row_n;
	uint8_t out[ATTACH_OUT];
	size_t out_n;
	struct attach_queue queue;
};

static void attach_sink(void *ctx, const uint8_t *buf, size_t n)
{
	struct attachment *a = ctx;

	attach_queue_put(&a->queue, buf, n);
	a->s->ops->wake(a->s);
}

static void attach_row_begin(struct attachment *a)
{
	a->row_n = termfilter_attrs(&a->filter, a->row);
}

/* `out` is what the filter made of the guest's byte. */
static void attach_row_put(struct attachment *a, const uint8_t *out, size_t n)
{
	if (!IS_ENABLED(CONFIG_TERMFILTER)) {
		return; /* without the filter the row is not known */
	}
	if (n > 0 && out[n - 1] == '\n') {
		attach_row_begin(a);
	} else if (n == 1 && out[0] == '\a') {
		return; /* a redraw must not ring the bell again */
	} else if (a->filter.off_row) {
		a->row_n = SIZE_MAX;
	} else if (n == 1 && out[0] == '\r' && a->row_n > sizeof(a->row) / 2) {
		/* It is overwritten repeatedly: the last text is enough. */
		attach_row_begin(a);
	} else if (a->row_n <= sizeof(a->row) &&
		   n <= sizeof(a->row) - a->row_n) {
		memcpy(a->row + a->row_n, out, n);
		a->row_n += n;
	} else if (n > 0) {
		a->row_n = SIZE_MAX;
	}
}

static void attach_show(struct attachment *a)
{
	struct session_row row = {
		.out = a->out,
		.out_n = a->out_n,
		.redraw = a->row,
		.redraw_n = a->row_n <= sizeof(a->row) ? a->row_n : 0,
		.fullscreen = termfilter_fullscreen(&a->filter),
	};

	a->s->ops->show(a->s, &row);
	a->out_n = 0;
}

static void attach_byte(struct attachment *a, uint8_t c)
{
	const uint8_t *out;
	size_t n = termfilter_feed(&a->filter, c, &out);

	attach_row_put(a, out, n);
	if (a->replay > 0) {
		a->replay--;
	} else if (a->raw) {
		out = &c;
		n = 1;
	}
	if (n > sizeof(a->out) - a->out_n) {
		attach_show(a);
	}
	memcpy(a->out + a->out_n, out, n);
	a->out_n += n;
}

/* Show what the guest has written, and log lines in between. */
static void attach_output(struct attachment *a)
{
	uint8_t part[ATTACH_PART];
	enum attach_kind kind;
	size_t n;

	while ((kind = attach_queue_take(&a->queue, part, sizeof(part), &n)) !=
	       ATTACH_NOTHING) {
		switch (kind) {
		case ATTACH_LOG:
			a->s->ops->write_log(a->s, (const char *)part, n);
			break;
		case ATTACH_LOST:
			a->row_n = 0;
			out(a->s, "\n[%u bytes of output were lost here]\n",
			    (unsigned int)n);
			break;
		default:
			for (size_t i = 0; i < n; i++) {
				attach_byte(a, part[i]);
			}
			attach_show(a);
			break;
		}
	}
}

/* Give the guest what was typed; the part that it does not take waits. */
static void attach_input(struct attachment *a)
{
	size_t done = vserial_input(a->console, a->in, a->in_n);

	memmove(a->in, a->in + done, a->in_n - done);
	a->in_n -= done;
}

/*
 * Read input and append it to what waits. False: it contained Ctrl-]. While
 * there is no room nothing is read, so that nothing is lost, but Ctrl-] is
 * recognised.
 */
static bool attach_read(struct attachment *a)
{
	uint8_t *end;
	size_t n;

	if (a->in_n == sizeof(a->in)) {
		a->s->ops->wait(a->s);
		return !a->s->ops->take_detach(a->s);
	}
	n = session_read(a->s, a->in + a->in_n, sizeof(a->in) - a->in_n);
	end = memchr(a->in + a->in_n, ATTACH_DETACH, n);
	if (end == NULL) {
		a->in_n += n;
		return true;
	}
	a->in_n = (size_t)(end - a->in);
	return false;
}

static void attach_loop(struct attachment *a)
{
	for (;;) {
		attach_output(a);
		if (!vserial_alive(a->console)) {
			return;
		}
		if (a->in_n > 0) {
			attach_input(a);
		}
		if (!attach_read(a)) {
			attach_input(a);
			a->left = true;
			return;
		}
	}
}

/*
 * Give the terminal back to the command line. Waiting output is dropped, but
 * log lines are not. Waiting input is dropped too: there is no prompt yet, so
 * it is the rest of a paste, or the terminal's reply to the guest.
 */
static void attach_leave(struct attachment *a, const char *name)
{
	if (!a->left) {
		attach_output(a); /* the guest's last output */
	}
	attach_queue_drop(&a->queue);
	a->out_n = termfilter_leave(&a->filter, a->raw, a->out);
	a->filter.alternate = 0;
	a->row_n = 0;
	attach_show(a);
	out(a->s, a->left ? "\n[left the console of %s]\n" : "\n[%s is gone]\n",
	    name);
	a->s->ops->divert_log(a->s, NULL, NULL);
	attach_output(a);
	session_discard(a->s);
}

int session_attach(struct session *s, struct vserial *c, const char *name,
		   bool raw)
{
	struct attachment *a = heap_alloc(sizeof(*a));
	size_t replayed;
	int ret;

	if (a == NULL) {
		return -ERR_NOMEM;
	}
	a->s = s;
	a->console = c;
	a->raw = raw;
	termfilter_init(&a->filter);
	attach_queue_init(&a->queue);
	out(s, "[console %s of %s; Ctrl-] leaves it]\n", vserial_device(c),
	    name);
	session_forget_interrupt(s);
	list_init(&a->tap.node);
	a->tap.sink = attach_sink;
	a->tap.ctx = a;
	ret = vserial_attach(c, &a->tap, &replayed);
	if (ret == 0) {
		a->replay = replayed;
		session_paste_marks(s, false);
		s->ops->divert_log(s, attach_queue_divert, &a->queue);
		attach_loop(a);
		vserial_detach(c, &a->tap);
		attach_leave(a, name);
		session_paste_marks(s, true);
		session_forget_interrupt(s);
	}
	heap_free(a);
	return ret;
}
