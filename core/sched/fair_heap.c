/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leftist heaps: see fair_heap.h. */
#include "fair_heap.h"

static uint32_t rank_of(const struct fair_node *n)
{
	return n ? n->rank : 0;
}

/* The way to the right is the shorter one again. True if `n` has another rank
 * now. */
static bool settle(struct fair_node *n)
{
	uint32_t before = n->rank;

	if (rank_of(n->left) < rank_of(n->right)) {
		struct fair_node *left = n->left;

		n->left = n->right;
		n->right = left;
	}
	n->rank = rank_of(n->right) + 1;
	return n->rank != before;
}

/* One heap of two; of equal keys those of `a` come first. */
static struct fair_node *meld(struct fair_node *a, struct fair_node *b)
{
	struct fair_node *root = NULL, *last = NULL;
	struct fair_node **link = &root;

	while (a && b) {
		if (b->key < a->key) {
			struct fair_node *t = a;

			a = b;
			b = t;
		}
		*link = a;
		a->up = last;
		last = a;
		link = &a->right;
		a = a->right;
	}
	a = a ? a : b;
	*link = a;
	if (a) {
		a->up = last;
	}
	for (; last; last = last->up) {
		(void)settle(last);
	}
	return root;
}

/* Its place is on the way to the right, above the rest of that way, which has
 * no lesser key. */
void fair_heap_insert_among(struct fair_heap *h, struct fair_node *n)
{
	struct fair_node *up = NULL, *at = h->root;

	while (at && at->key < n->key) {
		up = at;
		at = at->right;
	}
	n->left = at;
	if (at) {
		at->up = n;
	}
	n->up = up;
	if (!up) {
		h->root = n;
		return;
	}
	up->right = n;
	while (up && settle(up)) {
		up = up->up;
	}
}

void fair_heap_remove_among(struct fair_heap *h, struct fair_node *n)
{
	struct fair_node *up = n->up;
	struct fair_node *rest = meld(n->left, n->right);

	if (rest) {
		rest->up = up;
	}
	if (!up) {
		h->root = rest;
		return;
	}
	if (up->left == n) {
		up->left = rest;
	} else {
		up->right = rest;
	}
	while (up && settle(up)) {
		up = up->up;
	}
}

struct fair_node *fair_heap_next(struct fair_node *n)
{
	if (n->left) {
		return n->left; /* there is none to the right alone */
	}
	while (n->up && (n->up->right == n || !n->up->right)) {
		n = n->up;
	}
	return n->up ? n->up->right : NULL;
}
