/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring of docs/howto/examples/shared-ring on a model of weakly ordered
 * memory. Each location keeps every value that was written to it. A thread may
 * read any that is not older than what it has seen, or must have seen by an
 * acquire, so a load may be early and a store late. All schedules and all
 * values of a few messages are tried, by running the code again and again with
 * another list of choices. Each order that the header asks for is then taken
 * away, and the model must find what goes wrong.
 *
 * The model is the operational one of release and acquire by views (Kang et
 * al., POPL 2017, without promises), with fences that are sequentially
 * consistent among each other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

static uint32_t model_load(uint32_t *p, bool acquire);
static void model_store(uint32_t *p, uint32_t v, bool release);
static void model_fence(void);

#define SRING_LOAD(p) model_load(p, false)
#define SRING_LOAD_ACQUIRE(p) model_load(p, true)
#define SRING_STORE(p, v) model_store(p, v, false)
#define SRING_STORE_RELEASE(p, v) model_store(p, v, true)
#define SRING_FENCE() model_fence()
#include "docs/howto/examples/shared-ring/shared_ring.h"

#define THREADS 2
#define WORDS 16     /* locations that are written */
#define WRITES 16    /* of one location in a run */
#define CHOICES 128  /* of a run */
#define STEPS 22     /* of a run: longer ones are given up */
#define STACK 262144 /* bytes; sanitizers need much */
#define MESSAGES 2

struct view {
	uint8_t at[WORDS]; /* the oldest write of each location to be seen */
};

struct write {
	uint32_t value;
	struct view view; /* what an acquire of it sees */
};

static struct {
	uint32_t *word[WORDS];
	struct write writes[WORDS][WRITES];
	unsigned int count[WORDS], words;
	struct view seen[THREADS], fences;
} memory;

static struct {
	ucontext_t context;
	bool done, asleep;
} threads[THREADS];
static ucontext_t main_context;
static char stacks[THREADS][STACK];
static unsigned int self;
static bool running; /* the threads; not the attaching before */

static struct {
	uint8_t taken[CHOICES], of[CHOICES];
	unsigned int at, length;
} choices;
static unsigned int steps;
static bool given_up;

/* What is taken away. */
static bool no_release, no_acquire, no_fence;
static const char *wrong; /* what went wrong in this run */

/* --- the model ------------------------------------------------------------ */

static unsigned int choose(unsigned int n)
{
	unsigned int at = choices.at++;

	if (n == 1 || at >= CHOICES) {
		choices.at -= n == 1;
		given_up |= at >= CHOICES;
		return 0;
	}
	if (at == choices.length) {
		choices.taken[at] = 0;
		choices.length++;
	}
	choices.of[at] = (uint8_t)n;
	return choices.taken[at];
}

/* The next list of choices; false: all were tried. */
static bool next_choices(void)
{
	choices.length = choices.at < CHOICES ? choices.at : CHOICES;
	while (choices.length > 0) {
		unsigned int last = choices.length - 1;

		if (++choices.taken[last] < choices.of[last]) {
			return true;
		}
		choices.length--;
	}
	return false;
}

static void join_view(struct view *to, const struct view *from)
{
	for (unsigned int i = 0; i < WORDS; i++) {
		to->at[i] = from->at[i] > to->at[i] ? from->at[i] : to->at[i];
	}
}

static unsigned int location(uint32_t *p)
{
	unsigned int i = 0;

	while (i < memory.words && memory.word[i] != p) {
		i++;
	}
	if (i == memory.words) {
		assert_true(memory.words < WORDS);
		memory.word[memory.words++] = p;
		memory.writes[i][0] = (struct write){ .value = *p };
		memory.count[i] = 1;
	}
	return i;
}

/* Another thread may run before this one goes on. What a store does can be seen
 * late anyway, so that it is enough to do this before loads. */
static void pause_thread(void)
{
	if (!running) {
		return;
	}
	if (++steps > STEPS) {
		given_up = true;
	}
	swapcontext(&threads[self].context, &main_context);
}

static uint32_t model_load(uint32_t *p, bool acquire)
{
	unsigned int i, oldest, n;
	const struct write *w;
	struct view *seen;

	pause_thread();
	i = location(p);
	seen = &memory.seen[self];
	oldest = seen->at[i];
	/* The newest first: a run that goes on soon ends. */
	n = memory.count[i] - 1 - choose(memory.count[i] - oldest);
	w = &memory.writes[i][n];
	seen->at[i] = (uint8_t)n;
	if (acquire && !no_acquire) {
		join_view(seen, &w->view);
	}
	return w->value;
}

static void model_store(uint32_t *p, uint32_t v, bool release)
{
	unsigned int i = location(p);
	struct view *seen = &memory.seen[self];
	struct write *w = &memory.writes[i][memory.count[i]];

	assert_true(memory.count[i] < WRITES);
	seen->at[i] = (uint8_t)memory.count[i]++;
	w->value = v;
	memset(&w->view, 0, sizeof(w->view));
	w->view.at[i] = seen->at[i];
	if (release && !no_release) {
		w->view = *seen;
	}
}

static void model_fence(void)
{
	if (!no_fence) {
		join_view(&memory.seen[self], &memory.fences);
		memory.fences = memory.seen[self];
	}
}

/* --- the two sides ---------------------------------------------------- */

static _Alignas(64) uint8_t ring_memory[SRING_BYTES(2, 8)];
static bool bell[THREADS];
static unsigned int received;
static uint32_t slots;
static struct sring rings[THREADS];

static void complain(const char *what)
{
	wrong = wrong ? wrong : what;
}

/* Sleep until the doorbell rings. */
static void sleep_for(struct sring *r)
{
	if (!sring_wait(r)) {
		return;
	}
	threads[self].asleep = true;
	while (!bell[self]) {
		pause_thread();
	}
	threads[self].asleep = false;
	bell[self] = false;
	sring_awake(r);
}

/* A doorbell is an exit: what was written before is seen by whom it wakes. */
static void ring_bell(unsigned int peer)
{
	join_view(&memory.seen[peer], &memory.seen[self]);
	bell[peer] = true;
}

static void produce(void)
{
	struct sring r = rings[0];
	void *m;

	for (uint32_t n = 0; n < MESSAGES;) {
		switch (sring_reserve(&r, &m)) {
		case SRING_AGAIN:
			sleep_for(&r);
			continue;
		case SRING_BROKEN:
			complain("broken for the producer");
			return;
		case SRING_OK:
			break;
		}
		n++;
		model_store(m, 100 + n, false);
		if (sring_commit(&r, n)) {
			ring_bell(1);
		}
	}
}

static void consume(void)
{
	struct sring r = rings[1];
	const void *m;
	uint32_t length;

	while (received < MESSAGES) {
		switch (sring_peek(&r, &m, &length)) {
		case SRING_AGAIN:
			sleep_for(&r);
			continue;
		case SRING_BROKEN:
			complain("broken for the consumer");
			return;
		case SRING_OK:
			break;
		}
		received++;
		if (length != received || model_load((uint32_t *)(uintptr_t)m,
						     false) != 100 + received) {
			complain("another message");
			return;
		}
		if (sring_release(&r)) {
			ring_bell(0);
		}
	}
}

static void run_thread(void)
{
	if (self == 0) {
		produce();
	} else {
		consume();
	}
	threads[self].done = true;
	swapcontext(&threads[self].context, &main_context);
}

static void begin_run(void)
{
	memset(&memory, 0, sizeof(memory));
	memset(ring_memory, 0, sizeof(ring_memory));
	memset(bell, 0, sizeof(bell));
	choices.at = 0;
	steps = 0;
	received = 0;
	given_up = false;
	running = false;
	for (unsigned int i = 0; i < THREADS; i++) {
		self = i;
		assert_true(
			sring_attach(&rings[i], ring_memory, slots, 8, i == 0));
		threads[i].done = false;
		threads[i].asleep = false;
		getcontext(&threads[i].context);
		threads[i].context.uc_stack.ss_sp = stacks[i];
		threads[i].context.uc_stack.ss_size = STACK;
		makecontext(&threads[i].context, run_thread, 0);
	}
	memset(memory.seen, 0, sizeof(memory.seen));
	memset(memory.count, 0, sizeof(memory.count));
	memory.words = 0;
	running = true;
}

/* One run, with the choices that are set. */
static void run(void)
{
	begin_run();
	while (!wrong && !given_up) {
		unsigned int ready[THREADS], n = 0;

		for (unsigned int i = 0; i < THREADS; i++) {
			if (!threads[i].done &&
			    !(threads[i].asleep && !bell[i])) {
				ready[n++] = i;
			}
		}
		if (n == 0) {
			if (received < MESSAGES) {
				complain("both sleep");
			}
			return;
		}
		self = ready[choose(n)];
		swapcontext(&main_context, &threads[self].context);
	}
}

/* All runs, or until something is wrong. Returns their number. */
static unsigned long run_all(uint32_t with_slots, unsigned long *complete)
{
	unsigned long n = 0;

	slots = with_slots;
	wrong = NULL;
	*complete = 0;
	memset(&choices, 0, sizeof(choices));
	do {
		run();
		n++;
		*complete += !given_up;
	} while (!wrong && next_choices());
	return n;
}

/* --- tests ------------------------------------------------------------ */

static void expect(uint32_t with_slots, bool good)
{
	unsigned long complete, n = run_all(with_slots, &complete);

	print_message("%lu runs, %lu to their end: %s\n", n, complete,
		      wrong ? wrong : "right");
	assert_int_equal(wrong == NULL, good);
	assert_true(complete > (good ? 1000u : 0u));
}

static void test_orders(void **state)
{
	(void)state;
	expect(1, true);
	expect(2, true);
}

static void test_release_is_needed(void **state)
{
	(void)state;
	no_release = true;
	expect(2, false);
	no_release = false;
}

static void test_acquire_is_needed(void **state)
{
	(void)state;
	no_acquire = true;
	expect(2, false);
	no_acquire = false;
}

static void test_fence_is_needed(void **state)
{
	(void)state;
	no_fence = true;
	expect(1, false);
	assert_string_equal(wrong, "both sleep");
	no_fence = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_release_is_needed),
		cmocka_unit_test(test_acquire_is_needed),
		cmocka_unit_test(test_fence_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
