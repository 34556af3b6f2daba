/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's RAM from creation to its end: pages are allocated, cleared, mapped
 * at stage 2 and recorded as extents, and listeners are told. */
#include <arch/mmu.h>
#include <core/guest.h>
#include <core/heap.h>
#include <libs/error.h>
#include <string.h>

#include "guest_priv.h"

#define CLEAR_AT_ONCE MIB(32) /* about ten milliseconds with slow memory */
#define EXTENTS_FIRST 8u      /* entries of the first table */

/* The largest order that the alignment of `ipa` and the size left allow. */
static unsigned int best_order(uint64_t ipa, uint64_t left)
{
	unsigned int order = 0;

	while (order < PAGE_ORDER_MAX && (PAGE_SIZE << (order + 1)) <= left &&
	       IS_ALIGNED(ipa, PAGE_SIZE << (order + 1))) {
		order++;
	}
	return order;
}

int guest_memory_clear(struct guest *g, paddr_t pa, uint64_t size)
{
	uint8_t *va = arch_phys_to_virt(pa);

	while (size) {
		uint64_t n = MIN(size, CLEAR_AT_ONCE);

		if (guest_given_up(g)) {
			return -ERR_INTR;
		}
		arch_zero_memory(va, n);
		va += n;
		size -= n;
	}
	return 0;
}

/* --- extents ------------------------------------------------------------ */

/* The host address at which an extent could be continued. */
static uint64_t host_end(const struct guest_extent *e)
{
	if (IS_ENABLED(CONFIG_COLOURS) && e->colours != PAGE_ANY_COLOUR) {
		return guest_rows_end(e);
	}
	return e->pa.v + e->size;
}

static bool continues(const struct guest_extent *a,
		      const struct guest_extent *b)
{
	return a->ipa.v + a->size == b->ipa.v && host_end(a) == b->pa.v &&
	       a->prot == b->prot && a->colours == b->colours;
}

/* A copy of `old`, or an empty table, with room for more; NULL: no memory. */
static struct guest_extents *extents_grown(const struct guest_extents *old)
{
	uint32_t room = old ? 2 * old->room : EXTENTS_FIRST;
	struct guest_extents *table =
		heap_alloc(sizeof(*table) + room * sizeof(table->e[0]));

	if (table) {
		table->room = room;
		if (old) {
			table->count = old->count;
			memcpy(table->e, old->e,
			       old->count * sizeof(old->e[0]));
		}
	}
	return table;
}

int guest_extents_append(struct guest_extents **table,
			 const struct guest_extent *e)
{
	struct guest_extents *t = *table;

	if (t && t->count && continues(&t->e[t->count - 1], e)) {
		t->e[t->count - 1].size += e->size;
		return 0;
	}
	if (!t || t->count == t->room) {
		struct guest_extents *grown = extents_grown(t);

		if (!grown) {
			return -ERR_NOMEM;
		}
		*table = grown;
		heap_free(t);
		t = grown;
	}
	t->e[t->count++] = *e;
	return 0;
}

void guest_extent_free(const struct guest_extent *e)
{
	if (IS_ENABLED(CONFIG_COLOURS) && e->colours != PAGE_ANY_COLOUR) {
		guest_rows_free(e);
	} else {
		page_free_range(e->pa, e->size / PAGE_SIZE);
	}
}

/* --- creation and end --------------------------------------------------- */

void guest_memory_prepare(struct guest *g)
{
	struct guest_memory *m = &g->memory;

	mutex_init(&m->lock);
	list_init(&m->listeners);
}

/* Add one block at `e`, of *order or less; *order is set to its order. */
static int add_block(struct guest *g, struct guest_extent *e,
		     unsigned int *order)
{
	int err;

	for (;;) {
		err = page_alloc(&e->pa, *order, e->colours);
		if (!err || *order == 0) {
			break;
		}
		(*order)--;
	}
	if (err) {
		return err;
	}
	e->size = PAGE_SIZE << *order;
	err = guest_memory_clear(g, e->pa, e->size);
	if (!err) {
		err = stage2_map(&g->stage2, e->ipa, e->pa, e->size, e->prot);
	}
	if (!err) {
		/* On failure it stays mapped: the guest's creation has failed,
		 * and its tables are freed with it. */
		err = guest_extents_append(&g->memory.extents, e);
	}
	if (err) {
		page_free(e->pa, *order);
		return err;
	}
	page_account_guest((int64_t)1 << *order);
	return 0;
}

/* In blocks as large as the allocator has. */
static int add_blocks(struct guest *g, uint64_t ipa, uint64_t end)
{
	while (ipa < end) {
		unsigned int order = best_order(ipa, end - ipa);
		struct guest_extent e = {
			.ipa = IPA(ipa),
			.prot = STAGE2_RWX,
			.colours = PAGE_ANY_COLOUR,
		};
		int err = add_block(g, &e, &order);

		if (err) {
			return err;
		}
		ipa += e.size;
	}
	return 0;
}

int guest_memory_init(struct guest *g)
{
	bool coloured = IS_ENABLED(CONFIG_COLOURS) &&
			g->colours.set != PAGE_ANY_COLOUR;

	for (uint32_t i = 0; i < g->cfg->nmemory; i++) {
		uint64_t ipa = g->cfg->memory[i].base;
		uint64_t end = ipa + g->cfg->memory[i].size;
		int err;

		if (IS_ENABLED(CONFIG_GUEST_FIXED_MEMORY) &&
		    g->cfg->memory_host[i]) {
			err = guest_fixed_init(g, end);
		} else if (coloured) {
			err = guest_rows_init(g, ipa, end);
		} else {
			err = add_blocks(g, ipa, end);
		}
		if (err) {
			return err;
		}
	}
	/* Instruction caches may still have code of the pages' last owner,
	 * which this guest could execute: only data caches saw the zeroes. */
	arch_icache_forget();
	return 0;
}

static void tell_removed(struct guest_memory_listener *l,
			 const struct guest_extents *t, uint32_t count)
{
	while (count > 0) {
		l->removed(l, &t->e[--count]);
	}
}

void guest_memory_fini(struct guest *g)
{
	struct guest_memory *m = &g->memory;
	struct guest_memory_listener *l, *tmp;

	/* Pairs with guest_pin(). Polled, because guest_unpin() cannot wake a
	 * waiter: the guest may be freed by then. */
	__atomic_store_n(&m->closing, true, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&m->pins, __ATOMIC_SEQ_CST) > 0) {
		sleep_ms(1);
	}
	guest_fixed_fini(g);
	if (!m->extents) {
		return;
	}
	list_for_each_safe(l, tmp, &m->listeners, node) {
		guest_memory_unlisten(g, l);
	}
	for (uint32_t i = 0; i < m->extents->count; i++) {
		const struct guest_extent *e = &m->extents->e[i];
		uint64_t pages = e->size / PAGE_SIZE;

		page_account_guest(-(int64_t)pages);
		guest_extent_free(e);
	}
	heap_free(m->extents);
	m->extents = NULL;
}

/* --- listeners ---------------------------------------------------------- */

int guest_memory_listen(struct guest *g, struct guest_memory_listener *l)
{
	struct guest_memory *m = &g->memory;
	const struct guest_extents *t;
	int err = 0;

	mutex_lock(&m->lock);
	t = m->extents;
	for (uint32_t i = 0; t && i < t->count && !err; i++) {
		err = l->added(l, &t->e[i]);
		if (err) {
			tell_removed(l, t, i);
		}
	}
	if (!err) {
		list_append(&m->listeners, &l->node);
	}
	mutex_unlock(&m->lock);
	return err;
}

void guest_memory_unlisten(struct guest *g, struct guest_memory_listener *l)
{
	struct guest_memory *m = &g->memory;

	mutex_lock(&m->lock);
	if (m->extents) {
		tell_removed(l, m->extents, m->extents->count);
	}
	list_remove(&l->node);
	mutex_unlock(&m->lock);
}
