/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One-shot timers: a leftist heap (Crane 1972) per CPU, ordered by deadline.
 * Finding the first takes a few instructions; inserting and removing never take
 * more than logarithmic time, and the links are in the timers themselves.
 *
 * The hardware is programmed lazily: it never fires later than the first
 * deadline, but it may fire earlier, for a timer that has been cancelled. Such
 * an interrupt finds nothing due and reprograms the hardware.
 */
#include <arch/timer.h>
#include <core/heap.h>
#include <core/percpu.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <libs/error.h>

/*
 * Callbacks per interrupt. If more are due the next interrupt comes at once, so
 * that a timer that sets itself into the past cannot occupy the CPU, and those
 * of a guest's many VCPUs, which Linux sets to the same time, do not keep
 * interrupts masked for long: waking a VCPU takes 550 instructions.
 */
#define TIMER_BATCH 8

struct timer_queue {
	struct spinlock lock;
	struct timer *root; /* [L] */
	ticks_t first;      /* [A] its deadline, or one that was cancelled;
				  * UINT64_MAX: none */
	ticks_t programmed; /* [C] when hardware fires; UINT64_MAX: off */
	uint32_t cpu;       /* [I] */
	uint32_t armed;     /* [L] timers in it */
	uint64_t fired;     /* [L] callbacks run */
	ticks_t slice;      /* [C] for slice_end(); UINT64_MAX: never */
	void (*slice_end)(ticks_t now); /* [I] */
};

static uint32_t rank_of(const struct timer *t)
{
	return t ? t->rank : 0;
}

/*
 * The children of `t` in order: the one of the lower rank is on the right, and
 * `t` ranks one above that. So a way along right children has as many steps as
 * the rank at its start says: log2(n + 1) at most. False: its rank was so.
 */
static bool settle(struct timer *t)
{
	struct timer *right = t->right;
	uint32_t before = t->rank;

	if (rank_of(t->left) < rank_of(right)) {
		t->right = t->left;
		t->left = right;
		right = t->right;
	}
	t->rank = rank_of(right) + 1;
	return t->rank != before;
}

/* Put one heap of two, either of which may be empty, at `at` below `parent`. */
static void meld(struct timer **at, struct timer *parent, struct timer *a,
		 struct timer *b)
{
	struct timer *last = parent;

	while (a && b) {
		if (b->deadline < a->deadline) {
			struct timer *x = a;

			a = b;
			b = x;
		}
		*at = a;
		a->parent = last;
		last = a;
		at = &a->right;
		a = a->right;
	}
	a = a ? a : b;
	*at = a;
	if (a) {
		a->parent = last;
	}
	for (; last != parent; last = last->parent) {
		(void)settle(last);
	}
}

static void heap_root(struct timer_queue *q, struct timer *t)
{
	q->root = t;
	WRITE_ONCE(q->first, t->deadline);
}

static void heap_insert(struct timer_queue *q, struct timer *t)
{
	struct timer *root = q->root;

	t->left = NULL;
	t->right = NULL;
	t->rank = 1;
	q->armed++;
	if (root && root->deadline < t->deadline) {
		meld(&q->root, NULL, root, t);
		return;
	}
	t->left = root;
	t->parent = NULL;
	if (root) {
		root->parent = t;
	}
	heap_root(q, t);
}

/* The ranks of those above change until one keeps its own. Each that changes
 * ranks one above the one below it, so they are log2(n + 1) at most. */
static void heap_remove(struct timer_queue *q, struct timer *t)
{
	struct timer *above = t->parent;
	struct timer **at = !above             ? &q->root
			    : above->left == t ? &above->left
					       : &above->right;

	q->armed--;
	*at = NULL;
	if (t->left) {
		meld(at, above, t->left, t->right);
	}
	if (q->root) {
		WRITE_ONCE(q->first, q->root->deadline);
	}
	while (above && settle(above)) {
		above = above->parent;
	}
	/* Pairs with timer_idle(), which then sees t->running too. */
	__atomic_store_n(&t->rank, 0, __ATOMIC_RELEASE);
}

/* Set this CPU's hardware for the first timer of its own queue. Another CPU may
 * cancel that at any time. */
static void program(struct timer_queue *q)
{
	q->programmed = MIN(q->slice, READ_ONCE(q->first));
	if (q->programmed != UINT64_MAX) {
		arch_timer_set(q->programmed);
	} else {
		arch_timer_stop();
	}
}

void timer_slice_init(void (*fn)(ticks_t now))
{
	this_cpu()->timers->slice_end = fn;
}

void timer_slice_set(ticks_t deadline)
{
	struct timer_queue *q = this_cpu()->timers;

	q->slice = deadline;
	if (deadline < q->programmed) {
		q->programmed = deadline;
		arch_timer_set(deadline);
	}
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	*t = (struct timer){ .fn = fn, .cpu = cpu_id() };
}

/* The queue that `t` belongs to, locked. Interrupts masked. */
static struct timer_queue *lock_home(struct timer *t)
{
	struct timer_queue *q;

	for (;;) {
		q = percpu_table[READ_ONCE(t->cpu)]->timers;
		spin_lock(&q->lock);
		if (likely(t->cpu == q->cpu)) {
			return q;
		}
		spin_unlock(&q->lock);
	}
}

/*
 * As lock_home(); `t` is disarmed and moved to this CPU's queue. A timer whose
 * callback runs on another CPU stays there, so that it never runs twice at the
 * same time.
 */
static struct timer_queue *bring_home(struct timer *t)
{
	uint32_t me = cpu_id();
	struct timer_queue *q;

	for (;;) {
		q = lock_home(t);
		if (t->rank) {
			heap_remove(q, t);
		}
		if (likely(t->cpu == me) || t->running) {
			return q;
		}
		WRITE_ONCE(t->cpu, me);
		spin_unlock(&q->lock);
	}
}

void timer_set(struct timer *t, ticks_t deadline)
{
	unsigned long flags = arch_irq_save();
	struct timer_queue *q = bring_home(t);

	t->deadline = deadline;
	heap_insert(q, t);
	/* On another CPU, the interrupt whose callback runs programs it. */
	if (q->root == t && q->cpu == cpu_id() && deadline < q->programmed) {
		program(q);
	}
	spin_unlock(&q->lock);
	arch_irq_restore(flags);
}

void timer_cancel(struct timer *t)
{
	unsigned long flags;
	struct timer_queue *q;
	bool wait;

	if (timer_idle(t)) {
		return;
	}
	do {
		flags = arch_irq_save();
		q = lock_home(t);
		if (t->rank) {
			heap_remove(q, t);
		}
		wait = t->running && q->cpu != cpu_id();
		spin_unlock(&q->lock);
		arch_irq_restore(flags);
		if (wait) {
			arch_cpu_relax();
		}
	} while (wait);
}

/* Run the callback of `t`, which is the first and due. The queue is locked, but
 * not during the callback. */
static void fire(struct timer_queue *q, struct timer *t)
{
	t->running = true;
	heap_remove(q, t);
	q->fired++;
	spin_unlock(&q->lock);
	t->fn(t);
	spin_lock(&q->lock);
	/* The last access: the owner may be waiting to free it. */
	__atomic_store_n(&t->running, false, __ATOMIC_RELEASE);
}

static __noinline void fire_due(struct timer_queue *q, ticks_t now)
{
	spin_lock(&q->lock);
	for (unsigned int n = 0; n < TIMER_BATCH; n++) {
		if (!q->root || q->root->deadline > now) {
			break;
		}
		fire(q, q->root);
	}
	WRITE_ONCE(q->first, q->root ? q->root->deadline : UINT64_MAX);
	spin_unlock(&q->lock);
}

void timer_interrupt(void)
{
	struct timer_queue *q = this_cpu()->timers;
	ticks_t now = arch_timer_now();

	if (q->slice <= now) {
		q->slice = UINT64_MAX;
		q->slice_end(now);
	}
	if (READ_ONCE(q->first) <= now) {
		fire_due(q, now);
	}
	program(q);
}

__cold int timer_cpu_init(void)
{
	struct timer_queue *q = heap_alloc(sizeof(*q));

	if (!q) {
		return -ERR_NOMEM;
	}
	spin_init(&q->lock, LOCK_TIMER);
	q->cpu = cpu_id();
	q->programmed = UINT64_MAX;
	q->first = UINT64_MAX;
	q->slice = UINT64_MAX;
	this_cpu()->timers = q;
	return 0;
}

__cold bool timer_get_info(unsigned int cpu, struct timer_info *out)
{
	struct timer_queue *q;
	unsigned long flags;

	if (!cpu_online(cpu)) {
		return false;
	}
	q = percpu_table[cpu]->timers;
	flags = spin_lock_irqsave(&q->lock);
	*out = (struct timer_info){
		.armed = q->armed,
		.fired = q->fired,
		.next = q->root ? q->root->deadline : 0,
	};
	spin_unlock_irqrestore(&q->lock, flags);
	return true;
}
