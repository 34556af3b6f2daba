/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pairing heaps: see fair_heap.h. */
#include "fair_heap.h"

/* One heap of two, which are no one's children: the root with the greater key
 * becomes the other one's first child; of equal keys, that of `b`. */
static struct fair_node *meld(struct fair_node *a, struct fair_node *b)
{
	if (b->key < a->key) {
		struct fair_node *t = a;

		a = b;
		b = t;
	}
	b->next = a->child;
	if (b->next) {
		b->next->prev = b;
	}
	b->prev = a;
	a->child = b;
	return a;
}

/* One heap of a list of siblings: they are melded in pairs from the first to
 * the last, then all pairs from the last to the first. NULL: an empty list. */
static struct fair_node *meld_all(struct fair_node *first)
{
	struct fair_node *pairs = NULL, *root = NULL;

	while (first) {
		struct fair_node *a = first, *b = a->next;

		first = NULL;
		if (b) {
			first = b->next;
			a = meld(a, b);
		}
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct fair_node *a = pairs;

		pairs = a->next;
		root = root ? meld(root, a) : a;
	}
	if (root) {
		root->next = NULL;
		root->prev = NULL;
	}
	return root;
}

void fair_heap_insert_among(struct fair_heap *h, struct fair_node *n)
{
	h->root = meld(n, h->root);
}

void fair_heap_remove_among(struct fair_heap *h, struct fair_node *n)
{
	struct fair_node *below = meld_all(n->child);

	if (!n->prev) {
		h->root = below;
		return;
	}
	if (n->prev->child == n) {
		n->prev->child = n->next;
	} else {
		n->prev->next = n->next;
	}
	if (n->next) {
		n->next->prev = n->prev;
	}
	if (below) {
		h->root = meld(h->root, below);
	}
}

struct fair_node *fair_heap_next(struct fair_node *n)
{
	if (n->child) {
		return n->child;
	}
	while (n && !n->next) {
		/* Back to the first of its siblings, and up. */
		while (n->prev && n->prev->child != n) {
			n = n->prev;
		}
		n = n->prev;
	}
	return n ? n->next : NULL;
}
