/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking a registry's segments, adding and removing them. */
#include <libs/error.h>
#include <libs/registry.h>

const void *registry_next(struct registry_walk *w)
{
	while (w->segment && w->at == w->segment->stop) {
		/* Pairs with the store in registry_add(). */
		w->segment =
			__atomic_load_n(&w->segment->next, __ATOMIC_ACQUIRE);
		w->at = w->segment ? w->segment->start : NULL;
	}
	return w->segment ? *w->at++ : NULL;
}

void registry_add(struct registry *r, struct registry_segment *segment)
{
	struct registry_segment *last = &r->image;

	while (last->next) {
		last = last->next;
	}
	segment->next = NULL;
	/* The segment is whole before a walk finds it. */
	__atomic_store_n(&last->next, segment, __ATOMIC_RELEASE);
}

int registry_remove(struct registry *r, const struct registry_segment *segment)
{
	struct registry_segment *before = &r->image;

	while (before->next && before->next != segment) {
		before = before->next;
	}
	if (!before->next) {
		return -ERR_NOENT;
	}
	/* Its own `next` stays, for walks that are in it. */
	__atomic_store_n(&before->next, segment->next, __ATOMIC_RELEASE);
	return 0;
}
