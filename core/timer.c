/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One-shot timers: a pairing heap per CPU, ordered by deadline. Inserting and
 * looking at the first take a few instructions, removing is logarithmic on
 * average, and the links are in the timers themselves.
 *
 * The hardware is programmed lazily: never later than the first deadline,
 * perhaps earlier, when the timer it was set for has gone. Such an interrupt
 * finds nothing due and sets the hardware right.
 */
#include <arch/timer.h>
#include <core/heap.h>
#include <core/percpu.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <libs/error.h>

/* Callbacks per interrupt; others that are due interrupt again at once, so
 * that a timer that sets itself into the past cannot keep the CPU. */
#define TIMER_BATCH 64

struct timer_queue {
	struct spinlock lock;
	struct timer *root; /* [L] */
	ticks_t programmed; /* [L] hardware fires; UINT64_MAX: off */
	uint32_t cpu;       /* [I] */
	uint32_t armed;     /* [L] timers in it */
	uint64_t fired;     /* [L] callbacks run */
};

/* Join two heaps, none empty: the later root becomes the first child. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	struct timer *t;

	if (b->deadline < a->deadline) {
		t = a;
		a = b;
		b = t;
	}
	b->sibling = a->child;
	if (b->sibling) {
		b->sibling->link = &b->sibling;
	}
	b->link = &a->child;
	a->child = b;
	return a;
}

static void heap_root(struct timer_queue *q, struct timer *t)
{
	q->root = t;
	t->sibling = NULL;
	t->link = &q->root;
}

static void heap_insert(struct timer_queue *q, struct timer *t)
{
	t->child = NULL;
	q->armed++;
	heap_root(q, q->root ? meld(q->root, t) : t);
}

/* Make one heap of a list of siblings: in pairs to the right, then all
 * pairs to the left. NULL for none. */
static struct timer *heap_pair(struct timer *first)
{
	struct timer *pairs = NULL;
	struct timer *heap = NULL;
	struct timer *a, *b;

	while (first) {
		a = first;
		b = a->sibling;
		first = b ? b->sibling : NULL;
		if (b) {
			a = meld(a, b);
		}
		a->sibling = pairs;
		pairs = a;
	}
	while (pairs) {
		a = pairs;
		pairs = a->sibling;
		heap = heap ? meld(heap, a) : a;
	}
	return heap;
}

static void heap_remove(struct timer_queue *q, struct timer *t)
{
	struct timer *rest = heap_pair(t->child);

	q->armed--;
	*t->link = t->sibling;
	if (t->sibling) {
		t->sibling->link = t->link;
	}
	/* Pairs with idle() below: what was set before is seen with it. */
	__atomic_store_n(&t->link, NULL, __ATOMIC_RELEASE);
	if (rest) {
		heap_root(q, q->root ? meld(q->root, rest) : rest);
	}
}

/* Set this CPU's hardware for the first timer of its own queue. */
static void program(struct timer_queue *q)
{
	assert_held(&q->lock);
	if (q->root) {
		q->programmed = q->root->deadline;
		arch_timer_set(q->programmed);
	} else {
		q->programmed = UINT64_MAX;
		arch_timer_stop();
	}
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	*t = (struct timer){ .fn = fn, .cpu = cpu_id() };
}

/* The queue that is home to `t`, locked. Interrupts masked. */
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
 * As lock_home(), and `t` disarmed and at home on this CPU, if that is
 * possible: a timer whose callback runs elsewhere stays there, so that it
 * never runs twice at once.
 */
static struct timer_queue *bring_home(struct timer *t)
{
	uint32_t me = cpu_id();
	struct timer_queue *q;

	for (;;) {
		q = lock_home(t);
		if (t->link) {
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
	/* Elsewhere: the interrupt in progress there looks when t returns. */
	if (q->root == t && deadline < q->programmed && q->cpu == cpu_id()) {
		program(q);
	}
	spin_unlock(&q->lock);
	arch_irq_restore(flags);
}

/* Neither armed nor running, without a lock: fire() sets `running` before it
 * disarms, so that one of the two is seen. */
static bool idle(const struct timer *t)
{
	return !__atomic_load_n(&t->link, __ATOMIC_ACQUIRE) &&
	       !__atomic_load_n(&t->running, __ATOMIC_ACQUIRE);
}

void timer_cancel(struct timer *t)
{
	unsigned long flags;
	struct timer_queue *q;
	bool wait;

	if (idle(t)) {
		return;
	}
	do {
		flags = arch_irq_save();
		q = lock_home(t);
		if (t->link) {
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

/* Run the callback of `t`, the first and due. Locked, but not meanwhile. */
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

void timer_interrupt(void)
{
	struct timer_queue *q = this_cpu()->timers;
	ticks_t now = time_now();

	spin_lock(&q->lock);
	for (unsigned int n = 0; n < TIMER_BATCH; n++) {
		if (!q->root || q->root->deadline > now) {
			break;
		}
		fire(q, q->root);
	}
	program(q);
	spin_unlock(&q->lock);
}

int timer_cpu_init(void)
{
	struct timer_queue *q = heap_alloc(sizeof(*q));

	if (!q) {
		return -ERR_NOMEM;
	}
	spin_init(&q->lock, LOCK_TIMER);
	q->cpu = cpu_id();
	q->programmed = UINT64_MAX;
	this_cpu()->timers = q;
	return 0;
}

bool timer_get_info(unsigned int cpu, struct timer_info *out)
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
