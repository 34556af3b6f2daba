/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands vcpu times and sched account: what VCPUs spend their time on. */
#include <core/account.h>
#include <core/heap.h>
#include <core/sched.h>
#include <core/time.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "sched_cmd.h"
#include "vcpu_cmd.h"

/* Of a VCPU, a thread that works for a guest, or a guest. */
struct spent {
	char name[VCPU_NAME_LEN];
	const struct sched_group *group;
	struct vcpu_times times;
	struct account account;
	uint64_t exits;
};

/* The list is walked under its lock: count, allocate, copy. */
struct spent_list {
	struct spent *items;
	size_t count, room;
};

#define SPENT_SPARE 8 /* for what is created in between */

static bool of_guest(const struct vcpu *v)
{
	return v->group != NULL;
}

static void count_one(struct vcpu *v, void *arg)
{
	struct spent_list *l = arg;

	l->room += of_guest(v);
}

static void copy_one(struct vcpu *v, void *arg)
{
	struct spent_list *l = arg;
	uint64_t exits[VCPU_EXITS];
	struct spent *e;

	if (!of_guest(v) || l->count == l->room) {
		return;
	}
	e = &l->items[l->count++];
	memcpy(e->name, v->name, sizeof(e->name));
	e->group = v->group;
	sched_times(v, &e->times);
	account_get(v, &e->account);
	if (v->guest != NULL) {
		arch_vcpu_exits(v, exits);
		for (unsigned int i = 0; i < VCPU_EXITS; i++) {
			e->exits += exits[i];
		}
	}
}

static int take(struct spent_list *l)
{
	*l = (struct spent_list){ 0 };
	sched_for_each(count_one, l);
	l->room += SPENT_SPARE;
	l->items = heap_alloc_array(l->room, sizeof(*l->items));
	if (l->items == NULL) {
		return -ERR_NOMEM;
	}
	sched_for_each(copy_one, l);
	return 0;
}

static void add(struct spent *sum, const struct spent *e)
{
	struct vcpu_times *t = &sum->times;

	t->running += e->times.running;
	t->ready += e->times.ready;
	t->blocked += e->times.blocked;
	t->paused += e->times.paused;
	t->throttled += e->times.throttled;
	t->misses += e->times.misses;
	t->longest = MAX(t->longest, e->times.longest);
	sum->account.any |= e->account.any;
	sum->account.running += e->account.running;
	sum->account.traps += e->account.traps;
	sum->exits += e->exits;
}

static void ms(struct table *t, ticks_t ticks)
{
	table_u64(t, ticks_to_ns(ticks) / 1000000);
}

static void row(struct table *t, const struct spent *e)
{
	const struct account *a = &e->account;

	table_str(t, e->name);
	ms(t, e->times.running);
	if (a->any) {
		ms(t, a->traps);
		table_u64(t, a->traps * 1000 / MAX(a->running, UINT64_C(1)));
	} else {
		table_none(t);
		table_none(t);
	}
	ms(t, e->times.ready);
	ms(t, e->times.blocked);
	ms(t, e->times.paused);
	ms(t, e->times.throttled);
	table_u64(t, e->exits);
	table_u64(t, e->times.misses);
	table_u64(t, ticks_to_ns(e->times.longest) / 1000);
}

static void rows_of_guests(struct table *t, const struct spent_list *l)
{
	struct guest *g;

	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		struct spent sum = { .group = &g->group };

		(void)snprintf(sum.name, sizeof(sum.name), "%s", g->name);
		for (size_t i = 0; i < l->count; i++) {
			if (l->items[i].group == sum.group) {
				add(&sum, &l->items[i]);
			}
		}
		row(t, &sum);
		guest_put(g);
	}
}

int vcpu_cmd_times(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },         { "RUN S", COL_MILLI },
		{ "HYP S", COL_MILLI },      { "HYP%", COL_PERMILLE },
		{ "WAIT S", COL_MILLI },     { "HALT S", COL_MILLI },
		{ "PAUSE S", COL_MILLI },    { "THR S", COL_MILLI },
		{ "EXITS", COL_U64 },        { "MISSES", COL_U64 },
		{ "LONGEST MS", COL_MILLI },
	};
	bool guests = take_flag(&argc, argv, "--guests");
	struct spent_list l;
	struct table *t;
	int err = take(&l);

	if (err != 0) {
		return err;
	}
	err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);
	if (err == 0 && guests) {
		rows_of_guests(t, &l);
	}
	for (size_t i = 0; err == 0 && !guests && i < l.count; i++) {
		row(t, &l.items[i]);
	}
	if (err == 0) {
		table_end(t);
	}
	heap_free(l.items);
	return err;
}

/* --- sched account -------------------------------------------------------- */

int sched_cmd_account_start(struct session *s, int argc, char **argv)
{
	int err;

	(void)argv;
	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	err = account_start();
	if (err == -ERR_STATE) {
		out_error(s, "it is measured already; 'sched account stop' "
			     "ends that");
	}
	return err;
}

int sched_cmd_account_stop(struct session *s, int argc, char **argv)
{
	int err;

	(void)argv;
	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	err = account_stop();
	if (err == -ERR_STATE) {
		out_error(s, "it is not measured; 'sched account start' "
			     "begins");
	}
	return err;
}
