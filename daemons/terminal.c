/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal on the main console: it prints a greeting, runs /boot.cmd, then
 * reads and runs command lines for ever. The boot argument terminals= starts
 * further terminals, each on a port of its own.
 */
#include <core/boot.h>
#include <core/daemon.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/hostcon.h>
#include <core/page.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/session.h>
#include <core/thread.h>
#include <core/version.h>
#include <core/vserial.h>
#include <libs/error.h>
#include <libs/lineedit.h>
#include <stdio.h>
#include <string.h>

#include "boot_script.h"
#include "port.h"

#define TERMINAL_PROMPT "socle> "
#define TERMINAL_OUT 2048
#define TERMINAL_PRIORITY (SCHED_PRIO_MAX - 1)

/* A terminal belongs to its thread. */
struct terminal {
	struct session session;
	struct lineedit edit;
	struct history history;
	char out[TERMINAL_OUT]; /* from the line editor, to be sent */
	size_t out_n;
};

static struct terminal terminal; /* on the main console */

/* Names of ports, which are looked up when the terminals are opened. */
static char further[BOOTARG_SIZE];

#ifdef CONFIG_TERMINAL_PORTS

static bool terminal_take_argument(const char *value)
{
	(void)snprintf(further, sizeof(further), "%s", value);
	return *value != '\0';
}

static const struct bootarg terminals_arg = {
	.name = "terminals=",
	.usage = "terminals=DEVICE[,DEVICE]",
	.take = terminal_take_argument,
};
BOOTARG(terminals_arg);

#endif

/* Send the line editor's output; `editing`: the line stays on the screen. */
static void terminal_send(struct terminal *t, bool editing)
{
	uint8_t redraw[HOSTCON_EDIT_MAX];
	size_t n = 0;

	if (editing) {
		n = lineedit_redraw(&t->edit, (char *)redraw, sizeof(redraw));
	}
	hostcon_edit(t->session.port, HOSTCON_OWN, (const uint8_t *)t->out,
		     t->out_n, redraw, n);
	t->out_n = 0;
}

static void terminal_edit_out(void *ctx, const char *s, size_t n)
{
	struct terminal *t = ctx;

	while (n > 0) {
		size_t part = MIN(n, sizeof(t->out) - t->out_n);

		memcpy(t->out + t->out_n, s, part);
		t->out_n += part;
		s += part;
		n -= part;
		if (n > 0) {
			terminal_send(t, false);
		}
	}
}

static void terminal_candidate(void *le, size_t start, const char *word)
{
	lineedit_candidate(le, start, word);
}

static void terminal_edit_complete(void *ctx, struct lineedit *le,
				   const char *line)
{
	(void)ctx;
	command_complete(line, terminal_candidate, le);
}

static const struct lineedit_ops terminal_edit_ops = {
	.out = terminal_edit_out,
	.complete = terminal_edit_complete,
};

/* Feed what has been read; an event leaves the rest for later. */
static enum lineedit_event terminal_feed(struct terminal *t)
{
	struct session *s = &t->session;

	while (s->in_at < s->in_n) {
		uint8_t c = s->in[s->in_at++];
		enum lineedit_event event = lineedit_feed(&t->edit, c);

		if (event != LINEEDIT_MORE) {
			return event;
		}
		if (c == HOSTCON_INTERRUPT) {
			/* It has ended a search, and must not interrupt the
			 * next command, too. */
			session_forget_interrupt(s);
		}
	}
	return LINEEDIT_MORE;
}

/* Read a line at the prompt. */
static enum lineedit_event terminal_line(struct terminal *t)
{
	struct session *s = &t->session;
	enum lineedit_event event;

	lineedit_begin(&t->edit, TERMINAL_PROMPT);
	while ((event = terminal_feed(t)) == LINEEDIT_MORE) {
		lineedit_flush(&t->edit);
		terminal_send(t, true);
		s->in_at = 0;
		s->in_n = hostcon_read(s->port, s->in, sizeof(s->in));
	}
	terminal_send(t, false);
	return event;
}

static void terminal_run(struct terminal *t)
{
	struct session *s = &t->session;

	switch (terminal_line(t)) {
	case LINEEDIT_LINE:
		if (t->edit.overflow) {
			out_error(s,
				  "a line may have %u bytes; this one was "
				  "not run",
				  LINEEDIT_MAX - 1);
		} else {
			(void)command_run_line(s, t->edit.buf);
		}
		break;
	case LINEEDIT_EOF:
		out(s, "'host shutdown' switches the machine off\n");
		break;
	default:
		/* Ctrl-C, which the editor has shown. */
		session_forget_interrupt(s);
		break;
	}
}

static void terminal_greet(struct session *s)
{
	unsigned int online = 0;
	struct page_stats st;
	char size[32];

	for (unsigned int i = 0; i < cpu_count; i++) {
		online += cpu_online(i);
	}
	page_get_stats(&st);
	out(s,
	    "\nSocle %s, %u CPU%s, %s of memory free. 'help' lists the "
	    "commands.\n",
	    version_string(), online, online == 1 ? "" : "s",
	    value_text(size, sizeof(size), COL_SIZE,
		       ALIGN_DOWN(st.free * PAGE_SIZE, MIB(1))));
}

static void terminal_tell_guests(struct session *s)
{
	char device[VSERIAL_NAME_MAX];
	struct guest *g;

	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		if (g->state == GUEST_RUNNING &&
		    vserial_nth(g->name, 0, device, sizeof(device))) {
			out(s,
			    "%s is running; its console: guest console %s "
			    "(leave with Ctrl-])\n",
			    g->name, g->name);
		}
		guest_put(g);
	}
}

static void terminal_lines(struct terminal *t)
{
	t->session.typed = true;
	session_paste_marks(&t->session, true);
	for (;;) {
		terminal_run(t);
	}
}

/* A further terminal, in a thread of its own. */
static void terminal_further(void *arg)
{
	struct terminal *t = arg;

	terminal_greet(&t->session);
	terminal_lines(t);
}

static void terminal_start(struct terminal *t, struct hostcon *con)
{
	session_init(&t->session, &port_session_ops, con);
	lineedit_init(&t->edit, &terminal_edit_ops, t, &t->history);
}

/* A further terminal on a port of its own. */
static int terminal_open(struct hostcon *con)
{
	const struct thread_attr attr = {
		.name = "terminal",
		.priority = TERMINAL_PRIORITY,
	};
	struct terminal *t = heap_alloc(sizeof(*t));
	int err;

	if (t == NULL) {
		return -ERR_NOMEM;
	}
	terminal_start(t, con);
	err = thread_create(NULL, &attr, terminal_further, t);
	if (err != 0) {
		heap_free(t);
	}
	return err;
}

static void terminal_main(void *arg)
{
	struct terminal *t = &terminal;
	struct session *s = &t->session;

	(void)arg;
	terminal_start(t, hostcon_main());
	terminal_greet(s);
	boot_script_run(s);
	terminal_tell_guests(s);
	if (IS_ENABLED(CONFIG_TERMINAL_PORTS)) {
		port_open_all("terminal", further, terminal_open);
	}
	if (!hostcon_present(hostcon_main())) {
		return; /* there is no input: the guests run unattended */
	}
	terminal_lines(t);
}

static const struct daemon terminal_daemon = {
	.name = "terminal",
	.priority = TERMINAL_PRIORITY,
	.run = terminal_main,
};
DAEMON(terminal_daemon);
