/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any sequence of allocations: blocks of a small buddy system against a map
 * of owners, and heap objects against the patterns written into them. */
#include <arch/mmu.h>
#include <core/heap.h>
#include <libs/error.h>
#include <stdlib.h>
#include <string.h>

#include "core/mm/buddy_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGES 2048
#define LIVE 64
#define FIRST (HOST_SPARE >> PAGE_SHIFT)

struct block {
	uint64_t pfn;
	unsigned int order;
	bool live;
};

struct object {
	uint8_t *p;
	size_t size;
};

static struct buddy buddy;
static uint8_t state[PAGES];
static uint8_t owner[PAGES];
static struct block blocks[LIVE];
static struct object objects[LIVE];

static void check(bool ok)
{
	if (!ok) {
		abort();
	}
}

static void start(uint8_t shape)
{
	unsigned int colours = 1u << (shape & 7) % 7;
	uint64_t hole = FIRST + 1 + (uint64_t)(shape >> 3) * 37;

	buddy_init(&buddy, colours);
	check(!buddy_add(&buddy, hole + 5, FIRST + PAGES));
	check(!buddy_add(&buddy, FIRST, hole));
	memset(state, 0, sizeof(state));
	buddy_set_state(&buddy, state);
	check(!buddy_release(&buddy, FIRST, hole));
	check(!buddy_release(&buddy, hole + 5, FIRST + PAGES));
	memset(owner, 0, sizeof(owner));
	memset(owner + (hole - FIRST), 255, 5);
	memset(blocks, 0, sizeof(blocks));
}

static void own(const struct block *b, uint8_t from, uint8_t to)
{
	for (uint64_t i = 0; i < BIT(b->order); i++) {
		check(owner[b->pfn - FIRST + i] == from);
		owner[b->pfn - FIRST + i] = to;
	}
}

static void block_step(unsigned int n, unsigned int order, colour_mask_t mask)
{
	struct block *b = &blocks[n];

	if (b->live) {
		own(b, (uint8_t)(n + 1), 0);
		check(buddy_free(&buddy, b->pfn, b->order + 1) == -ERR_INVAL);
		check(!buddy_free(&buddy, b->pfn, b->order));
		check(buddy_free(&buddy, b->pfn, b->order) == -ERR_INVAL);
		b->live = false;
		return;
	}
	if (buddy_alloc(&buddy, order, mask, &b->pfn)) {
		return;
	}
	b->order = order;
	b->live = true;
	own(b, 0, (uint8_t)(n + 1));
	check((b->pfn & (BIT(order) - 1)) == 0);
	for (uint64_t i = 0; i < BIT(order); i++) {
		check(mask & BIT((b->pfn + i) % buddy.colours));
	}
}

static void object_step(unsigned int n, size_t size)
{
	struct object *o = &objects[n];

	if (o->p) {
		for (size_t i = 0; i < o->size; i++) {
			check(o->p[i] == (uint8_t)(n ^ i));
		}
		heap_free(o->p);
		o->p = NULL;
		return;
	}
	o->p = heap_alloc(size);
	o->size = size;
	check(o->p != NULL);
	for (size_t i = 0; i < size; i++) {
		check(o->p[i] == 0);
		o->p[i] = (uint8_t)(n ^ i);
	}
}

static void finish(void)
{
	struct heap_stats st;

	for (unsigned int n = 0; n < LIVE; n++) {
		if (blocks[n].live) {
			block_step(n, 0, 0);
		}
		if (objects[n].p) {
			object_step(n, 0);
		}
	}
	check(buddy.free == buddy.total && buddy.used == 0);
	heap_trim();
	heap_get_stats(&st);
	check(st.bytes_held == 0 && st.bytes_used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1) {
		return 0;
	}
	start(data[0]);
	for (size_t at = 1; at + 4 <= size; at += 4) {
		const uint8_t *d = data + at;
		unsigned int n = d[0] % LIVE;
		uint64_t mask = (uint64_t)d[2] << (d[3] & 56);

		if (d[0] & 0x80) {
			object_step(n, (size_t)d[2] * (d[1] & 63) + d[3]);
		} else {
			block_step(n, d[1] % 12,
				   d[1] & 0x80 ? PAGE_ANY_COLOUR : mask);
		}
	}
	finish();
	return 0;
}
