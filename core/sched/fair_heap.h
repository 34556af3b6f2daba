/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pairing heaps (Fredman, Sedgewick, Sleator and Tarjan 1986): the least key
 * first, and any node can be taken out. Nodes are in the objects, so nothing is
 * allocated and there is no limit. Insertion is one comparison; removal takes
 * logarithmic time on average, and at most one comparison for each node.
 */
#ifndef CORE_SCHED_FAIR_HEAP_H
#define CORE_SCHED_FAIR_HEAP_H

#include <libs/types.h>

struct fair_node {
	struct fair_node *child; /* the first of those below it, in no order */
	struct fair_node *next;  /* of the same parent */
	struct fair_node *prev;  /* likewise; of the first one: the parent */
	uint64_t key;
};

struct fair_heap {
	struct fair_node *root; /* the least; NULL: empty */
};

/* Those of a heap with more nodes than this one. */
void fair_heap_insert_among(struct fair_heap *h, struct fair_node *n);
void fair_heap_remove_among(struct fair_heap *h, struct fair_node *n);

/* `n` with its key set, in no heap. It comes before those of equal keys that
 * are there. */
static inline void fair_heap_insert(struct fair_heap *h, struct fair_node *n)
{
	n->child = NULL;
	n->next = NULL;
	n->prev = NULL;
	if (h->root) {
		fair_heap_insert_among(h, n);
	} else {
		h->root = n;
	}
}

static inline void fair_heap_remove(struct fair_heap *h, struct fair_node *n)
{
	if (n->prev || n->child) {
		fair_heap_remove_among(h, n);
	} else {
		h->root = NULL;
	}
}

/* Each node once, the root first, a node before those below it; NULL: that was
 * the last. The heap does not change meanwhile. */
struct fair_node *fair_heap_next(struct fair_node *n);

#endif
