/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RAM by the host tree, and the parts of it that are reserved. */
#include <libfdt.h>
#include <string.h>

#include <libs/error.h>

#include "dt_priv.h"

struct dt_span {
	uint64_t base, last; /* inclusive: may end at 2^64 - 1 */
};

static bool dt_is_memory(dt_node_t node)
{
	const char *type = dt_type(node);

	return type && strcmp(type, "memory") == 0 && dt_available(node);
}

/* Bank number `index` of a memory node; empty banks are left out. */
static int dt_bank(dt_node_t node, unsigned int index, struct dt_span *out)
{
	paddr_t base;
	uint64_t size;
	int err = dt_reg(node, index, &base, &size);

	if (err < 0) {
		return err;
	}
	if (size == 0) {
		return -ERR_INVAL;
	}
	out->base = base.v;
	out->last = base.v + (size - 1);
	return 0;
}

/* Call fn for each bank, in the order of the tree. */
static void dt_scan_banks(void (*fn)(const struct dt_span *bank, void *arg),
			  void *arg)
{
	struct dt_span bank;
	unsigned int i;
	dt_node_t node;
	int err;

	dt_for_each_child(node, 0) {
		if (!dt_is_memory(node)) {
			continue;
		}
		for (i = 0;; i++) {
			err = dt_bank(node, i, &bank);
			if (err == 0) {
				fn(&bank, arg);
			} else if (err != -ERR_INVAL && err != -ERR_RANGE) {
				break;
			}
		}
	}
}

/* The next piece of RAM at or above `from`. */
struct dt_search {
	uint64_t from;
	struct dt_span best;
	bool found, grown;
	unsigned int banks;
};

static void dt_search_lowest(const struct dt_span *bank, void *arg)
{
	struct dt_search *s = arg;
	uint64_t base = MAX(bank->base, s->from);

	s->banks++;
	if (bank->last >= s->from && (!s->found || base < s->best.base)) {
		s->best.base = base;
		s->best.last = bank->last;
		s->found = true;
	}
}

static void dt_search_grow(const struct dt_span *bank, void *arg)
{
	struct dt_search *s = arg;

	if (bank->last > s->best.last && s->best.last != UINT64_MAX &&
	    bank->base <= s->best.last + 1) {
		s->best.last = bank->last;
		s->grown = true;
	}
}

/*
 * Banks may be unordered, overlap or touch; fn gets disjoint pieces in
 * ascending order. The tree is scanned again for each piece instead of sorting
 * banks in a table: there are few, and there is no allocator yet.
 */
int dt_for_each_memory(int (*fn)(paddr_t base, uint64_t size, void *arg),
		       void *arg)
{
	struct dt_search s = { .from = 0 };

	for (;;) {
		int ret;

		s.found = false;
		s.banks = 0;
		dt_scan_banks(dt_search_lowest, &s);
		if (!s.found) {
			return 0;
		}
		if (s.banks == 1) {
			return fn(PADDR(s.best.base),
				  s.best.last - s.best.base + 1, arg);
		}
		do {
			s.grown = false;
			dt_scan_banks(dt_search_grow, &s);
		} while (s.grown);

		ret = fn(PADDR(s.best.base), s.best.last - s.best.base + 1,
			 arg);
		if (ret != 0 || s.best.last == UINT64_MAX) {
			return ret;
		}
		s.from = s.best.last + 1;
	}
}

static int dt_each_memreserve(int (*fn)(paddr_t base, uint64_t size,
					bool no_map, void *arg),
			      void *arg)
{
	int i, n = fdt_num_mem_rsv(dt_blob());

	for (i = 0; i < n; i++) {
		uint64_t base, size;
		int ret;

		if (fdt_get_mem_rsv(dt_blob(), i, &base, &size) != 0 ||
		    size == 0) {
			continue;
		}
		ret = fn(PADDR(base), size, false, arg);
		if (ret != 0) {
			return ret;
		}
	}
	return 0;
}

/* A region without `reg` is placed by an operating system, not by us. */
static int dt_each_static(dt_node_t region,
			  int (*fn)(paddr_t base, uint64_t size, bool no_map,
				    void *arg),
			  void *arg)
{
	bool no_map = dt_prop(region, "no-map", NULL) != NULL;
	unsigned int i;
	uint64_t size;
	paddr_t base;

	for (i = 0; dt_reg(region, i, &base, &size) == 0; i++) {
		int ret = size ? fn(base, size, no_map, arg) : 0;

		if (ret != 0) {
			return ret;
		}
	}
	return 0;
}

int dt_for_each_reserved(int (*fn)(paddr_t base, uint64_t size, bool no_map,
				   void *arg),
			 void *arg)
{
	int ret = dt_each_memreserve(fn, arg);
	dt_node_t parent, region;

	if (ret != 0) {
		return ret;
	}
	parent = dt_path("/reserved-memory");
	if (parent < 0) {
		return 0;
	}
	dt_for_each_child(region, parent) {
		if (!dt_available(region)) {
			continue;
		}
		ret = dt_each_static(region, fn, arg);
		if (ret != 0) {
			return ret;
		}
	}
	return 0;
}
