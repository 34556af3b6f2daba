/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command top: one screen of 80 x 24. Each line is drawn over the old one and
 * the rest of the row is cleared, so that nothing flickers. Uses neither heap
 * nor session: what is drawn depends only on the sample and the view.
 */
#include <libs/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "top.h"

#define TOP_HEAD 5 /* lines above the rows */
#define TOP_FOOT 2 /* lines below them */
#define TOP_ROWS (TOP_LINES - TOP_HEAD - TOP_FOOT)

#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"
#define REVERSE "\033[7m"
#define PLAIN "\033[m"

/* --- text ----------------------------------------------------------------- */

struct canvas {
	char *buf;
	size_t size, used;
};

static void put(struct canvas *c, const char *text)
{
	size_t n = strlen(text);

	n = MIN(n, c->size - c->used);
	memcpy(c->buf + c->used, text, n);
	c->used += n;
}

/* Draw a line of at most TOP_COLUMNS over what is there. The last has no line
 * end, which would scroll the screen. */
static void __printf(4, 5) line(struct canvas *c, bool last, const char *style,
				const char *fmt, ...)
{
	char text[TOP_COLUMNS + 1];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(c, style);
	put(c, text);
	put(c, style[0] != '\0' ? PLAIN CLEAR_LINE : CLEAR_LINE);
	if (!last) {
		put(c, "\r\n");
	}
}

/*
 * Write a number in at most 5 characters: "99999", "1234k", "56M". Returns buf.
 */
static const char *short_number(char buf[8], uint64_t v)
{
	static const char units[] = " kMGTPE";
	unsigned int unit = 0;

	while (v > (unit == 0 ? 99999U : 9999U) && units[unit + 1] != '\0') {
		v /= 1000;
		unit++;
	}
	(void)snprintf(buf, 8, unit == 0 ? "%llu" : "%llu%c",
		       (unsigned long long)v, units[unit]);
	return buf;
}

/* --- order ---------------------------------------------------------------- */

static uint64_t sort_key(const struct top_row *row, enum top_sort by)
{
	switch (by) {
	case TOP_BY_EXITS:
		return row->rate[TOP_EXITS];
	case TOP_BY_DISK:
		return row->rate[TOP_DISK_READ] + row->rate[TOP_DISK_WRITTEN];
	case TOP_BY_NET:
		return row->rate[TOP_NET_RX_BYTES] +
		       row->rate[TOP_NET_TX_BYTES];
	default:
		return row->permille;
	}
}

/* By insertion: rows are few, and nearly in order from the last time. */
void top_sort(struct top_rows *rows, enum top_sort by)
{
	for (size_t i = 1; i < rows->count; i++) {
		struct top_row row = rows->items[i];
		uint64_t key = sort_key(&row, by);
		size_t at = i;

		while (at > 0 && sort_key(&rows->items[at - 1], by) < key) {
			rows->items[at] = rows->items[at - 1];
			at--;
		}
		rows->items[at] = row;
	}
}

/* --- lines ---------------------------------------------------------------- */

static void draw_head(struct canvas *c, const struct top_sample *sample)
{
	unsigned int load = sample->cpus > 0 ? sample->permille / sample->cpus
					     : 0;
	uint64_t s = sample->up_ms / 1000;

	line(c, false, "",
	     "up %llu:%02u:%02u, %u CPUs %u.%u%% busy, memory %llu MiB, "
	     "%llu MiB free",
	     (unsigned long long)(s / 3600), (unsigned int)(s / 60 % 60),
	     (unsigned int)(s % 60), sample->cpus, load / 10, load % 10,
	     (unsigned long long)(sample->memory >> 20),
	     (unsigned long long)(sample->memory_free >> 20));
}

/* How many guests are in each state. */
static void draw_states(struct canvas *c, const struct top_sample *sample)
{
	static const char *const states[] = { "running", "paused", "stopped",
					      "crashed", "created" };
	char text[TOP_COLUMNS + 1];
	size_t n = (size_t)snprintf(text, sizeof(text), "%zu guests, %zu VCPUs",
				    sample->guests.count, sample->vcpus.count);

	for (unsigned int i = 0; i < ARRAY_SIZE(states); i++) {
		unsigned int in = 0;

		for (size_t k = 0; k < sample->guests.count; k++) {
			in += strcmp(sample->guests.items[k].state,
				     states[i]) == 0;
		}
		if (in > 0 && n < sizeof(text)) {
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "; %u %s", in, states[i]);
		}
	}
	line(c, false, "", "%s", text);
}

static const char *const reasons[VCPU_EXITS] = {
	[VCPU_EXIT_MMIO] = "mmio",     [VCPU_EXIT_HYPERCALL] = "call",
	[VCPU_EXIT_SYSREG] = "sysreg", [VCPU_EXIT_WAIT] = "wait",
	[VCPU_EXIT_IRQ] = "irq",       [VCPU_EXIT_MEMORY] = "memory",
	[VCPU_EXIT_FP] = "fp",         [VCPU_EXIT_OTHER] = "other",
};

static void draw_exits(struct canvas *c, const struct top_sample *sample)
{
	char text[TOP_COLUMNS + 1] = "";
	char number[8];
	size_t n = 0;

	for (unsigned int i = 0; i < VCPU_EXITS && n < sizeof(text); i++) {
		uint64_t sum = 0;

		for (size_t k = 0; k < sample->vcpus.count; k++) {
			sum += sample->vcpus.items[k].rate[TOP_REASON + i];
		}
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s %s",
				      reasons[i], short_number(number, sum));
	}
	line(c, false, "", "exits/s:%s", text);
}

static void draw_columns(struct canvas *c, const struct top_view *view)
{
	if (view->vcpus) {
		line(c, false, REVERSE,
		     "%-14.14s %-9s %3s %5s %5s %5s %5s %5s %5s %5s %5s %-5s",
		     "VCPU", "STATE", "CPU", "CPU%", "EXITS", "MMIO", "CALL",
		     "SYSRG", "WAIT", "IRQ", "MEM", "FP");
		return;
	}
	line(c, false, REVERSE,
	     "%-13.13s %-7s %6s %5s %5s %5s %5s %5s %5s %5s %-5s", "GUEST",
	     "STATE", "CPU%", "EXITS", "IO", "READ", "WRITE", "RX", "RX B",
	     "TX", " TX B");
}

static void draw_guest(struct canvas *c, const struct top_row *row)
{
	static const uint8_t shown[] = {
		TOP_EXITS,  TOP_DISK_IOS,     TOP_DISK_READ, TOP_DISK_WRITTEN,
		TOP_NET_RX, TOP_NET_RX_BYTES, TOP_NET_TX,    TOP_NET_TX_BYTES,
	};
	char number[ARRAY_SIZE(shown)][8];

	for (unsigned int i = 0; i < ARRAY_SIZE(shown); i++) {
		(void)short_number(number[i], row->rate[shown[i]]);
	}
	line(c, false, "",
	     "%-13.13s %-7s %4u.%u %5s %5s %5s %5s %5s %5s %5s %5s", row->name,
	     row->state, row->permille / 10, row->permille % 10, number[0],
	     number[1], number[2], number[3], number[4], number[5], number[6],
	     number[7]);
}

static void draw_vcpu(struct canvas *c, const struct top_row *row)
{
	char number[TOP_REASON + VCPU_EXITS][8];

	for (unsigned int i = 0; i < ARRAY_SIZE(number); i++) {
		(void)short_number(number[i], row->rate[TOP_EXITS + i]);
	}
	line(c, false, "",
	     "%-14.14s %-9s %3u %3u.%u %5s %5s %5s %5s %5s %5s %5s %5s",
	     row->name, row->state, row->cpu, row->permille / 10,
	     row->permille % 10, number[0], number[1 + VCPU_EXIT_MMIO],
	     number[1 + VCPU_EXIT_HYPERCALL], number[1 + VCPU_EXIT_SYSREG],
	     number[1 + VCPU_EXIT_WAIT], number[1 + VCPU_EXIT_IRQ],
	     number[1 + VCPU_EXIT_MEMORY], number[1 + VCPU_EXIT_FP]);
}

static void draw_rows(struct canvas *c, const struct top_rows *rows,
		      const struct top_view *view)
{
	for (size_t i = view->first; i < view->first + TOP_ROWS; i++) {
		if (i >= rows->count) {
			line(c, false, "", "%s", "");
		} else if (view->vcpus) {
			draw_vcpu(c, &rows->items[i]);
		} else {
			draw_guest(c, &rows->items[i]);
		}
	}
}

static void draw_foot(struct canvas *c, const struct top_rows *rows,
		      const struct top_view *view)
{
	static const char *const by[] = {
		[TOP_BY_CPU] = "CPU",
		[TOP_BY_EXITS] = "exits",
		[TOP_BY_DISK] = "disk",
		[TOP_BY_NET] = "network",
	};
	size_t end = MIN(view->first + TOP_ROWS, rows->count);

	if (rows->count > TOP_ROWS) {
		line(c, false, "", "%zu to %zu of %zu, by %s", view->first + 1,
		     end, rows->count, by[view->sort]);
	} else {
		line(c, false, "", "by %s", by[view->sort]);
	}
	line(c, true, "",
	     "sort: c CPU, e exits, d disk, n network; v guests/VCPUs; "
	     "j k down, up; q ends");
}

size_t top_draw(char *buf, size_t size, struct top_sample *sample,
		struct top_view *view)
{
	struct top_rows *rows = view->vcpus ? &sample->vcpus : &sample->guests;
	struct canvas c = { .buf = buf, .size = size };

	top_sort(rows, view->sort);
	view->first = MIN(view->first,
			  rows->count > TOP_ROWS ? rows->count - TOP_ROWS : 0);
	put(&c, HOME);
	draw_head(&c, sample);
	draw_states(&c, sample);
	draw_exits(&c, sample);
	line(&c, false, "", "%s", "");
	draw_columns(&c, view);
	draw_rows(&c, rows, view);
	draw_foot(&c, rows, view);
	put(&c, CLEAR_BELOW);
	return c.used;
}

bool top_view_key(struct top_view *view, uint8_t key)
{
	switch (key) {
	case 'c':
		view->sort = TOP_BY_CPU;
		return true;
	case 'e':
		view->sort = TOP_BY_EXITS;
		return true;
	case 'd':
		view->sort = TOP_BY_DISK;
		return true;
	case 'n':
		view->sort = TOP_BY_NET;
		return true;
	case 'v':
		view->vcpus = !view->vcpus;
		view->first = 0;
		return true;
	case 'j':
		view->first++;
		return true;
	case 'k':
		view->first -= view->first > 0;
		return true;
	default:
		return false;
	}
}
