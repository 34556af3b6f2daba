/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leftist heaps (Crane 1972): the least key first, and any node can be taken
 * out. Nodes are in the objects, so nothing is allocated and there is no limit;
 * each operation follows right children only, of which there are at most log2
 * of the nodes.
 */
#ifndef CORE_SCHED_FAIR_HEAP_H
#define CORE_SCHED_FAIR_HEAP_H

#include <libs/types.h>

struct fair_node {
	struct fair_node *up, *left, *right;
	uint64_t key;
	uint32_t rank; /* nodes on the way to the right until there is none */
};

struct fair_heap {
	struct fair_node *root; /* the least; NULL: empty */
};

/* Those of a heap with more nodes than this one. */
void fair_heap_insert_among(struct fair_heap *h, struct fair_node *n);
void fair_heap_remove_among(struct fair_heap *h, struct fair_node *n);

/* `n` with its key set, in no heap. Equal keys are in no order. */
static inline void fair_heap_insert(struct fair_heap *h, struct fair_node *n)
{
	n->up = NULL;
	n->left = NULL;
	n->right = NULL;
	n->rank = 1;
	if (h->root) {
		fair_heap_insert_among(h, n);
	} else {
		h->root = n;
	}
}

static inline void fair_heap_remove(struct fair_heap *h, struct fair_node *n)
{
	/* None is to the right alone. */
	if (n->up || n->left) {
		fair_heap_remove_among(h, n);
	} else {
		h->root = NULL;
	}
}

/* Each node once, the root first, a node before those below it; NULL: that was
 * the last. The heap does not change meanwhile. */
struct fair_node *fair_heap_next(struct fair_node *n);

#endif
