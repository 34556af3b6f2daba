/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events: what happens to guests and to the host's devices and is worth a
 * manager's attention. They are told on management channels (core/management.h)
 * to whoever watches. docs/design/management.md.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <libs/list.h>
#include <libs/types.h>

enum event_kind {
	EVENT_GUEST,     /* a guest has another state */
	EVENT_CRASH,     /* a guest has crashed */
	EVENT_WATCHDOG,  /* a guest's watchdog has reset it */
	EVENT_DEADLINE,  /* a VCPU has missed a deadline, or its window */
	EVENT_THROTTLED, /* a guest has used up a budget of events */
	EVENT_DISK,      /* a disk has failed a guest's request */
	EVENT_LINK,      /* a network port's link is up or down */
	EVENT_DENIED,    /* a guest may not run what it asked for */
	EVENT_KINDS
};

#define EVENT_GUEST_MAX 32 /* bytes of a guest's name, terminator included */
#define EVENT_TEXT_MAX 80

struct event {
	uint64_t at_ns; /* since boot */
	enum event_kind kind;
	uint32_t left_out;           /* such events before it: too many */
	char guest[EVENT_GUEST_MAX]; /* "": none */
	char text[EVENT_TEXT_MAX];
};

#ifdef CONFIG_MANAGEMENT

/*
 * Tell of an event. `guest`: the name of the guest that it concerns, or NULL.
 * Of one kind and guest no more than ten in a second are kept; the rest is
 * counted. An event of a kind that nobody listens for is not kept, and costs no
 * more than a look. Any context; locks that come before LOCK_TIMER may be held.
 */
void event_post(enum event_kind kind, const char *guest, const char *fmt, ...)
	__printf(3, 4);

/* The name of a kind, as managers write it; and the kind of a name, or
 * EVENT_KINDS. Pure. */
const char *event_name(enum event_kind kind);
enum event_kind event_find(const char *name, size_t n);

/* Somebody who waits for events of some kinds. `wake` is called in interrupt
 * context. */
struct event_listener {
	struct list node;
	uint32_t kinds; /* BIT(kind)...; does not change while it listens */
	void (*wake)(struct event_listener *l);
};
/* Thread context. After event_unlisten() `wake` is not running and will not
 * be. */
void event_listen(struct event_listener *l);
void event_unlisten(struct event_listener *l);

/* Where the next event will be. Any context. */
uint64_t event_end(void);
/*
 * Copy the event at *pos, and advance *pos; false if there is none yet. *lost:
 * how many before it are not kept any more. Any context.
 */
bool event_next(uint64_t *pos, struct event *out, uint64_t *lost);

#else

/* Without management nobody is told. */
static inline void __printf(3, 4)
	event_post(enum event_kind kind, const char *guest, const char *fmt,
		   ...)
{
	(void)kind;
	(void)guest;
	(void)fmt;
}

#endif

#endif
