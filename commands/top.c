/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command top: what guests are doing, drawn each second or listed once. */
#include <core/heap.h>
#include <core/session.h>
#include <core/time.h>
#include <libs/error.h>

#include "top.h"

#define TOP_PERIOD_MS 1000
#define TOP_ONCE_MS 500 /* time that a listing measures */
#define TOP_STEP_MS 50  /* interval of looking for Ctrl-C */
#define CTRL_C 0x03

/* Switch to the terminal's alternate screen, if it has one, so that the
 * contents of the main screen come back. */
#define TOP_BEGIN "\033[?1049h\033[?25l\033[H\033[J"
#define TOP_END "\033[H\033[J\033[?25h\033[?1049l"

/* --- listings ------------------------------------------------------------- */

static void once_host(struct session *s, const struct top_sample *sample,
		      bool json)
{
	struct record r;

	record_begin(&r, s, json);
	record_u64(&r, "Up ms", COL_U64, sample->up_ms);
	record_u64(&r, "CPUs online", COL_U64, sample->cpus);
	record_u64(&r, "Load%", COL_PERMILLE, sample->permille);
	record_u64(&r, "Memory", COL_SIZE, sample->memory);
	record_u64(&r, "Memory free", COL_SIZE, sample->memory_free);
	record_end(&r);
}

static void once_guests(struct session *s, const struct top_rows *rows,
			bool json)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },      { "STATE", COL_STR },
		{ "CPU%", COL_PERMILLE }, { "THR%", COL_PERMILLE },
		{ "EXITS", COL_U64 },     { "IO", COL_U64 },
		{ "READ", COL_U64 },      { "WRITE", COL_U64 },
		{ "RX", COL_U64 },        { "RX B", COL_U64 },
		{ "TX", COL_U64 },        { "TX B", COL_U64 },
	};
	struct table *t = table_begin(s, cols, ARRAY_SIZE(cols), json);

	for (size_t i = 0; i < rows->count; i++) {
		const struct top_row *row = &rows->items[i];

		table_str(t, row->name);
		table_str(t, row->state);
		table_u64(t, row->permille);
		table_u64(t, row->waits);
		table_u64(t, row->rate[TOP_EXITS]);
		for (unsigned int k = TOP_DISK_IOS; k < TOP_COUNTS; k++) {
			table_u64(t, row->rate[k]);
		}
	}
	table_end(t);
}

static void once_vcpus(struct session *s, const struct top_rows *rows,
		       bool json)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },      { "CPU%", COL_PERMILLE },
		{ "THR%", COL_PERMILLE }, { "EXITS", COL_U64 },
		{ "MMIO", COL_U64 },      { "CALL", COL_U64 },
		{ "SYSREG", COL_U64 },    { "WAIT", COL_U64 },
		{ "IRQ", COL_U64 },       { "MEMORY", COL_U64 },
		{ "FP", COL_U64 },        { "OTHER", COL_U64 },
	};
	struct table *t = table_begin(s, cols, ARRAY_SIZE(cols), json);

	_Static_assert(ARRAY_SIZE(cols) == VCPU_EXITS + 4,
		       "a column for each reason, in their order");
	for (size_t i = 0; i < rows->count; i++) {
		const struct top_row *row = &rows->items[i];

		table_str(t, row->name);
		table_u64(t, row->permille);
		table_u64(t, row->waits);
		for (unsigned int k = TOP_EXITS; k < TOP_DISK_IOS; k++) {
			table_u64(t, row->rate[k]);
		}
	}
	table_end(t);
}

static void once_show(struct session *s, const struct top_sample *sample,
		      bool json)
{
	out(s, json ? "{\"host\": " : "");
	once_host(s, sample, json);
	out(s, json ? ", \"guests\": " : "\n");
	once_guests(s, &sample->guests, json);
	out(s, json ? ", \"vcpus\": " : "\n");
	once_vcpus(s, &sample->vcpus, json);
	out(s, json ? "}\n" : "");
}

static int top_once(struct session *s, bool json)
{
	struct top_sample before, now = { 0 };
	int ret = top_take(&before);

	for (unsigned int ms = 0; ret == 0 && ms < TOP_ONCE_MS;
	     ms += TOP_STEP_MS) {
		sleep_ms(TOP_STEP_MS);
		ret = session_interrupted(s) ? -ERR_INTR : 0;
	}
	if (ret == 0) {
		ret = top_take(&now);
	}
	if (ret == 0) {
		top_rates(&now, &before);
		top_sort(&now.guests, TOP_BY_CPU);
		top_sort(&now.vcpus, TOP_BY_CPU);
		once_show(s, &now, json);
	}
	top_free(&before);
	top_free(&now);
	return ret;
}

/* --- live ----------------------------------------------------------------- */

struct top_live {
	struct session *s;
	struct top_view view;
	struct top_sample sample; /* shown */
	bool left;
	char screen[TOP_SCREEN];
};

/* While `on`, log lines are not shown; they are in the log. */
static void live_show(struct top_live *l, const char *text, size_t n, bool on)
{
	const struct session_row row = {
		.out = (const uint8_t *)text,
		.out_n = n,
		.fullscreen = on,
	};

	l->s->ops->show(l->s, &row);
}

static int live_sample(struct top_live *l)
{
	struct top_sample now;
	int ret = top_take(&now);

	if (ret != 0) {
		top_free(&now);
		return ret;
	}
	top_rates(&now, &l->sample);
	top_free(&l->sample);
	l->sample = now;
	return 0;
}

static void live_draw(struct top_live *l)
{
	size_t n = top_draw(l->screen, sizeof(l->screen), &l->sample, &l->view);

	live_show(l, l->screen, n, true);
}

static void live_keys(struct top_live *l, const uint8_t *keys, size_t n)
{
	bool changed = false;

	for (size_t i = 0; i < n && !l->left; i++) {
		changed |= top_view_key(&l->view, keys[i]);
		l->left = keys[i] == 'q' || keys[i] == 'Q' || keys[i] == CTRL_C;
	}
	if (changed && !l->left) {
		live_draw(l);
	}
}

/* Wait until the next sample is due, or the person leaves. */
static void live_wait(struct top_live *l, ticks_t deadline)
{
	uint8_t keys[16];
	size_t n;

	while (!l->left && time_now() < deadline) {
		n = session_read_until(l->s, keys, sizeof(keys), deadline);
		l->left = session_interrupted(l->s);
		live_keys(l, keys, n);
	}
}

static int live_run(struct top_live *l)
{
	ticks_t next = time_now();
	int ret = live_sample(l);

	/* The first sample has no rates yet. */
	while (ret == 0 && !l->left) {
		live_draw(l);
		next = MAX(next, time_now()) + ms_to_ticks(TOP_PERIOD_MS);
		live_wait(l, next);
		if (!l->left) {
			ret = live_sample(l);
		}
	}
	return ret;
}

static int top_live(struct session *s)
{
	struct top_live *l = heap_alloc(sizeof(*l));
	int ret;

	if (l == NULL) {
		return -ERR_NOMEM;
	}
	l->s = s;
	live_show(l, TOP_BEGIN, sizeof(TOP_BEGIN) - 1, true);
	ret = live_run(l);
	live_show(l, TOP_END, sizeof(TOP_END) - 1, false);
	top_free(&l->sample);
	heap_free(l);
	return ret;
}

/* A script has neither screen nor keyboard: it gets a listing. */
static int top_run(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	bool once = take_flag(&argc, argv, "--once");

	if (argc > 1) {
		return command_usage(s, "it takes no other arguments");
	}
	return json || once || !s->typed ? top_once(s, json) : top_live(s);
}

static void top_complete(struct completion_ctx *c, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	complete_add(c, "--once");
	complete_add(c, "--json");
}

static const struct command top_command = {
	.name = "top",
	.summary = "Watch what guests do: CPU, exits, disks, networks.",
	.usage = "[--once] [--json]",
	.examples =
		"top           # each second; q ends, c e d n sort, v VCPUs\n"
		"top --once    # one listing, with rates a second\n"
		"top --json --once\n",
	.run = top_run,
	.complete = top_complete,
};
COMMAND(top_command);
