/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures how long interrupts are masked, on each CPU.
 *
 * A CPU writes only to its own list, with interrupts masked, so there is no
 * lock. Others have it copied by the CPU itself, in an interrupt.
 */
#include <arch/cpu.h>
#include <arch/timer.h>
#include <core/heap.h>
#include <core/latency.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/sync.h>
#include <core/watch.h>
#include <libs/error.h>

/* [C] */
struct latency {
	bool on;
	ticks_t since; /* of `now` */
	struct latency_section now;
	struct latency_cpu seen;
};

uint32_t latency_enabled;

/* [T]: latency_mutex is held. */
static struct mutex latency_mutex = MUTEX_INIT(latency_mutex);
static bool measuring; /* [T] */

static struct latency *measured_here(void)
{
	struct latency *l = this_cpu()->latency;

	return l && l->on ? l : NULL;
}

void latency_begin(enum latency_kind kind, uint32_t number, uintptr_t from)
{
	struct latency *l = measured_here();

	if (l) {
		l->now = (struct latency_section){
			.kind = kind,
			.number = number,
			.vcpu = this_cpu()->current->id,
			.from = from,
		};
		l->since = arch_timer_now();
	}
}

void latency_masked(uintptr_t pc)
{
	struct latency *l = measured_here();

	if (l && l->now.kind == LATENCY_NONE) {
		latency_begin(LATENCY_CODE, 0, pc);
	}
}

void latency_called(uintptr_t pc)
{
	struct latency *l = measured_here();

	if (l && l->now.kind == LATENCY_CODE) {
		l->now.from = pc;
	}
}

static bool same_place(const struct latency_section *a,
		       const struct latency_section *b)
{
	return a->kind == b->kind && a->number == b->number &&
	       a->from == b->from;
}

/* The place's entry, or the one that it takes: the last, which is empty or has
 * the shortest. NULL: it would have to be longer. */
static struct latency_section *entry_of(struct latency_cpu *seen,
					const struct latency_section *s)
{
	struct latency_section *last = &seen->places[LATENCY_PLACES - 1];

	for (unsigned int i = 0; i < LATENCY_PLACES; i++) {
		if (same_place(&seen->places[i], s)) {
			return &seen->places[i];
		}
	}
	if (last->kind != LATENCY_NONE && s->longest <= last->longest) {
		return NULL;
	}
	*last = *s;
	last->longest = 0;
	return last;
}

static void keep(struct latency_cpu *seen, const struct latency_section *s)
{
	struct latency_section *e = entry_of(seen, s);
	uint64_t times;

	if (!e) {
		return;
	}
	e->times++;
	if (s->longest < e->longest) {
		return;
	}
	times = e->times;
	/* Longest first. */
	for (; e > seen->places && e[-1].longest < s->longest; e--) {
		*e = e[-1];
	}
	*e = *s;
	e->times = times;
}

void latency_end(uintptr_t until)
{
	struct latency *l = measured_here();

	if (!l || l->now.kind == LATENCY_NONE) {
		return;
	}
	l->now.longest = arch_timer_now() - l->since;
	l->now.until = until;
	l->seen.sections++;
	keep(&l->seen, &l->now);
	l->now.kind = LATENCY_NONE;
}

/* --- on and off ---------------------------------------------------------- */

/* Called on each CPU, in an interrupt. */
static void begin_here(void *arg)
{
	(void)arg;
	if (this_cpu()->latency) {
		this_cpu()->latency->now.kind = LATENCY_NONE;
		this_cpu()->latency->on = true;
		watch_here();
	}
}

static void end_here(void *arg)
{
	(void)arg;
	if (this_cpu()->latency) {
		this_cpu()->latency->on = false;
	}
	watch_here();
}

static void clear_here(void *arg)
{
	(void)arg;
	if (this_cpu()->latency) {
		this_cpu()->latency->seen = (struct latency_cpu){ 0 };
	}
}

/* Once there, it stays. */
static int alloc_lists(void)
{
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (!cpu_online(i) || percpu_table[i]->latency) {
			continue;
		}
		percpu_table[i]->latency = heap_alloc(sizeof(struct latency));
		if (!percpu_table[i]->latency) {
			return -ERR_NOMEM;
		}
	}
	return 0;
}

int latency_start(void)
{
	int err;

	mutex_lock(&latency_mutex);
	err = measuring ? -ERR_STATE : alloc_lists();
	if (!err) {
		measuring = true;
		WRITE_ONCE(latency_enabled, 1);
		watch_set(WATCH_LATENCY, true);
		cpu_call_all(begin_here, NULL);
	}
	mutex_unlock(&latency_mutex);
	return err;
}

int latency_stop(void)
{
	int err = 0;

	mutex_lock(&latency_mutex);
	if (measuring) {
		measuring = false;
		WRITE_ONCE(latency_enabled, 0);
		watch_set(WATCH_LATENCY, false);
		cpu_call_all(end_here, NULL);
	} else {
		err = -ERR_STATE;
	}
	mutex_unlock(&latency_mutex);
	return err;
}

void latency_clear(void)
{
	mutex_lock(&latency_mutex);
	cpu_call_all(clear_here, NULL);
	mutex_unlock(&latency_mutex);
}

static void copy_here(void *arg)
{
	struct latency_cpu *out = arg;

	*out = this_cpu()->latency->seen;
}

bool latency_get(unsigned int cpu, struct latency_cpu *out)
{
	if (!cpu_online(cpu) || !percpu_table[cpu]->latency) {
		return false;
	}
	return cpu_call(cpu, copy_here, out, true) == 0;
}
