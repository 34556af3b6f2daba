/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring of events. The newest replace the oldest; a reader that is too slow
 * is told how many it has missed. A guest can cause events as often as it
 * likes, so each guest has a share of each kind, by a table of fixed size.
 */
#include <core/event.h>
#include <core/spinlock.h>
#include <core/sync.h>
#include <core/time.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define EVENT_RING 128 /* events kept, a power of two */
#define EVENT_SHARES 64
#define EVENT_BURST 10
#define EVENT_INTERVAL_NS UINT64_C(1000000000)

/* What one guest has told of one kind lately. Guests whose names fall on one
 * share have it together. */
struct event_share {
	uint64_t since_ns;
	uint32_t told, left_out;
};

static struct spinlock event_lock = SPINLOCK_INIT(LOCK_EVENT);
static struct event event_ring[EVENT_RING];           /* event_lock */
static uint64_t event_count;                          /* event_lock */
static struct event_share event_shares[EVENT_SHARES]; /* event_lock */

/* Listeners are told by a timer that is due at once: its function may take any
 * lock, and whoever posts an event may hold nearly any. */
static void event_tell(struct timer *t);
static struct timer event_timer = { .fn = event_tell };
static struct spinlock event_listeners_lock = SPINLOCK_INIT(LOCK_LISTENER);
static struct list event_listeners = LIST_INIT(event_listeners);
static bool event_telling; /* atomic: the timer is set */
/* [A] Of all listeners. Budgets are used up as often as there are periods, on
 * all CPUs: while nobody asks, they do not meet at a lock here. */
static uint32_t event_kinds;

static const char *const event_names[EVENT_KINDS] = {
	[EVENT_GUEST] = "guest",         [EVENT_CRASH] = "crash",
	[EVENT_WATCHDOG] = "watchdog",   [EVENT_DEADLINE] = "deadline",
	[EVENT_THROTTLED] = "throttled", [EVENT_DISK] = "disk",
	[EVENT_LINK] = "link",           [EVENT_DENIED] = "denied",
};

const char *event_name(enum event_kind kind)
{
	return event_names[kind];
}

enum event_kind event_find(const char *name, size_t n)
{
	unsigned int k = 0;

	while (k < EVENT_KINDS && (strlen(event_names[k]) != n ||
				   memcmp(event_names[k], name, n) != 0)) {
		k++;
	}
	return (enum event_kind)k;
}

/* May one more be told? Else it is counted. */
static bool event_admit(struct event_share *s, uint64_t now)
{
	assert_held(&event_lock);
	if (now - s->since_ns >= EVENT_INTERVAL_NS) {
		s->since_ns = now;
		s->told = 0;
	}
	if (s->told == EVENT_BURST) {
		s->left_out++;
		return false;
	}
	s->told++;
	return true;
}

static struct event_share *event_share_of(enum event_kind kind,
					  const char *guest)
{
	uint32_t hash = kind;

	for (; *guest != '\0'; guest++) {
		hash = hash * 31 + (uint8_t)*guest;
	}
	return &event_shares[hash % EVENT_SHARES];
}

static void event_wake_listeners(void)
{
	if (!__atomic_exchange_n(&event_telling, true, __ATOMIC_ACQ_REL)) {
		timer_set(&event_timer, time_now());
	}
}

void event_post(enum event_kind kind, const char *guest, const char *fmt, ...)
{
	struct event_share *share;
	unsigned long flags;
	uint64_t now;
	bool admitted;
	va_list ap;

	if (likely((READ_ONCE(event_kinds) & BIT(kind)) == 0)) {
		return;
	}
	now = time_now_ns();
	guest = guest != NULL ? guest : "";
	share = event_share_of(kind, guest);
	flags = spin_lock_irqsave(&event_lock);
	admitted = event_admit(share, now);
	if (admitted) {
		struct event *e = &event_ring[event_count % EVENT_RING];

		e->at_ns = now;
		e->kind = kind;
		e->left_out = share->left_out;
		share->left_out = 0;
		(void)snprintf(e->guest, sizeof(e->guest), "%s", guest);
		va_start(ap, fmt);
		(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
		va_end(ap);
		event_count++;
	}
	spin_unlock_irqrestore(&event_lock, flags);
	if (admitted) {
		event_wake_listeners();
	}
}

static void event_tell(struct timer *t)
{
	struct event_listener *l;
	unsigned long flags;

	(void)t;
	__atomic_store_n(&event_telling, false, __ATOMIC_RELEASE);
	flags = spin_lock_irqsave(&event_listeners_lock);
	list_for_each(l, &event_listeners, node) {
		l->wake(l);
	}
	spin_unlock_irqrestore(&event_listeners_lock, flags);
}

/* The list has changed. */
static void event_listeners_changed(void)
{
	const struct event_listener *l;
	uint32_t kinds = 0;

	assert_held(&event_listeners_lock);
	list_for_each(l, &event_listeners, node) {
		kinds |= l->kinds;
	}
	WRITE_ONCE(event_kinds, kinds);
}

void event_listen(struct event_listener *l)
{
	unsigned long flags = spin_lock_irqsave(&event_listeners_lock);

	list_append(&event_listeners, &l->node);
	event_listeners_changed();
	spin_unlock_irqrestore(&event_listeners_lock, flags);
}

void event_unlisten(struct event_listener *l)
{
	unsigned long flags = spin_lock_irqsave(&event_listeners_lock);

	list_remove(&l->node);
	event_listeners_changed();
	spin_unlock_irqrestore(&event_listeners_lock, flags);
}

uint64_t event_end(void)
{
	unsigned long flags = spin_lock_irqsave(&event_lock);
	uint64_t end = event_count;

	spin_unlock_irqrestore(&event_lock, flags);
	return end;
}

bool event_next(uint64_t *pos, struct event *out, uint64_t *lost)
{
	unsigned long flags = spin_lock_irqsave(&event_lock);
	bool found = *pos < event_count;

	*lost = 0;
	if (found) {
		if (event_count - *pos > EVENT_RING) {
			*lost = event_count - EVENT_RING - *pos;
			*pos += *lost;
		}
		*out = event_ring[(*pos)++ % EVENT_RING];
	}
	spin_unlock_irqrestore(&event_lock, flags);
	return found;
}
