/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Heapsort: O(n log n) for every input, even one chosen by a guest. */
#include <libs/sort.h>

struct sort_array {
	uint8_t *base;
	size_t size; /* of one element */
	int (*cmp)(const void *a, const void *b);
};

static uint8_t *sort_at(const struct sort_array *a, size_t i)
{
	return a->base + i * a->size;
}

static void sort_swap(const struct sort_array *a, size_t i, size_t k)
{
	uint8_t *x = sort_at(a, i), *y = sort_at(a, k);

	for (size_t n = 0; n < a->size; n++) {
		uint8_t t = x[n];

		x[n] = y[n];
		y[n] = t;
	}
}

/* Let element i sink to its place in the heap of the first n. */
static void sort_sink(const struct sort_array *a, size_t i, size_t n)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= n) {
			return;
		}
		if (child + 1 < n &&
		    a->cmp(sort_at(a, child), sort_at(a, child + 1)) < 0) {
			child++;
		}
		if (a->cmp(sort_at(a, i), sort_at(a, child)) >= 0) {
			return;
		}
		sort_swap(a, i, child);
		i = child;
	}
}

void sort(void *base, size_t n, size_t size,
	  int (*cmp)(const void *a, const void *b))
{
	struct sort_array a = { base, size, cmp };

	for (size_t i = n / 2; i > 0; i--) {
		sort_sink(&a, i - 1, n);
	}
	for (; n > 1; n--) {
		sort_swap(&a, 0, n - 1);
		sort_sink(&a, 0, n - 1);
	}
}
