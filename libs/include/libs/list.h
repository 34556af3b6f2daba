/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intrusive doubly linked circular list. The caller holds the lock that guards
 * the list. */
#ifndef LIBS_LIST_H
#define LIBS_LIST_H

#include <libs/types.h>

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) \
	{ \
		&(name), &(name) \
	}

/* Make `l` an empty list, or an entry that is in none. */
static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

/* Has it no entry? */
static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* Insert `n` between two neighbours. */
static inline void list_insert(struct list *n, struct list *prev,
			       struct list *next)
{
	n->prev = prev;
	n->next = next;
	prev->next = n;
	next->prev = n;
}

/* Insert `n` first. */
static inline void list_push(struct list *l, struct list *n)
{
	list_insert(n, l, l->next);
}

/* Insert `n` last. */
static inline void list_append(struct list *l, struct list *n)
{
	list_insert(n, l->prev, l);
}

/* Unlink `n` and leave it an empty list, so that removing twice is safe. */
static inline void list_remove(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)

/* First entry; the list must not be empty. */
#define list_first(l, type, member) list_entry((l)->next, type, member)

/* True at the end of a walk: `pos` is then computed from the head and is not an
 * object, so it may only be compared. */
#define list_at_end(pos, l, member) \
	((uintptr_t)(pos) + offsetof(__typeof__(*(pos)), member) == \
	 (uintptr_t)(l))

#define list_for_each(pos, l, member) \
	for ((pos) = list_entry((l)->next, __typeof__(*(pos)), member); \
	     !list_at_end(pos, l, member); \
	     (pos) = list_entry((pos)->member.next, __typeof__(*(pos)), \
				member))

/* As list_for_each; `pos` may be removed in the body. */
#define list_for_each_safe(pos, tmp, l, member) \
	for ((pos) = list_entry((l)->next, __typeof__(*(pos)), member); \
	     !list_at_end(pos, l, member) && \
	     ((tmp) = list_entry((pos)->member.next, __typeof__(*(pos)), \
				 member), \
	     true); \
	     (pos) = (tmp))

#endif
