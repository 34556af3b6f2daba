/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's RAM: blocks from the page allocator, mapped at stage 2; and the
 * only way the hypervisor touches it. */
#include <arch/mmu.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/page.h>
#include <libs/error.h>
#include <string.h>

#include "guest_priv.h"

#define CLEAR_AT_ONCE MIB(32) /* some ten milliseconds where memory is slow */

struct ram_block {
	struct list node;
	paddr_t pa;
	unsigned int order;
};

/* Largest order that alignment of `ipa` and the size left allow. */
static unsigned int best_order(uint64_t ipa, uint64_t left)
{
	unsigned int order = 0;

	while (order < PAGE_ORDER_MAX &&
	       (PAGE_SIZE << (order + 1)) <= left &&
	       IS_ALIGNED(ipa, PAGE_SIZE << (order + 1))) {
		order++;
	}
	return order;
}

/* The guest starts with its caches off: zeroes must be in memory. */
static int clear_block(paddr_t pa, uint64_t size, bool (*stop)(void *ctx),
		       void *ctx)
{
	uint8_t *va = arch_phys_to_virt(pa);

	while (size) {
		uint64_t n = MIN(size, CLEAR_AT_ONCE);

		if (stop && stop(ctx)) {
			return -ERR_INTR;
		}
		arch_zero_memory(va, n);
		va += n;
		size -= n;
	}
	return 0;
}

/* One block at `ipa`, at most of *order; *order tells what it became. */
static int add_block(struct guest *g, uint64_t ipa, unsigned int *order,
		     bool (*stop)(void *ctx), void *ctx)
{
	struct ram_block *b = heap_alloc(sizeof(*b));
	int err = -ERR_NOMEM;

	if (!b) {
		return err;
	}
	for (;;) {
		err = page_alloc(&b->pa, *order, PAGE_ANY_COLOUR);
		if (!err || *order == 0) {
			break;
		}
		(*order)--;
	}
	if (err) {
		heap_free(b);
		return err;
	}
	err = clear_block(b->pa, PAGE_SIZE << *order, stop, ctx);
	if (!err) {
		err = stage2_map(&g->stage2, IPA(ipa), b->pa,
				 PAGE_SIZE << *order, STAGE2_RWX);
	}
	if (err) {
		page_free(b->pa, *order);
		heap_free(b);
		return err;
	}
	b->order = *order;
	list_append(&g->ram_blocks, &b->node);
	page_account_guest((int64_t)1 << *order);
	return 0;
}

int guest_memory_init(struct guest *g, bool (*stop)(void *ctx), void *ctx)
{
	for (uint32_t i = 0; i < g->cfg->nmemory; i++) {
		uint64_t ipa = g->cfg->memory[i].base;
		uint64_t end = ipa + g->cfg->memory[i].size;

		while (ipa < end) {
			unsigned int order = best_order(ipa, end - ipa);
			int err = add_block(g, ipa, &order, stop, ctx);

			if (err) {
				return err;
			}
			ipa += PAGE_SIZE << order;
		}
	}
	/* A former owner's code may be in caches of instructions still, for
	 * this one to execute: zeroes are data. */
	arch_icache_forget();
	return 0;
}

void guest_memory_fini(struct guest *g)
{
	struct ram_block *b, *tmp;

	list_for_each_safe(b, tmp, &g->ram_blocks, node) {
		page_account_guest(-((int64_t)1 << b->order));
		page_free(b->pa, b->order);
		list_remove(&b->node);
		heap_free(b);
	}
}

/* Is [ipa, ipa+n) within one range of RAM? Devices mapped at stage 2 (GICV,
 * passed-through registers, flash) are not. */
static bool in_ram(const struct guest *g, uint64_t ipa, uint64_t n)
{
	for (uint32_t i = 0; i < g->cfg->nmemory; i++) {
		const struct config_range *r = &g->cfg->memory[i];

		if (ipa >= r->base && ipa - r->base < r->size) {
			return n <= r->size - (ipa - r->base);
		}
	}
	return false;
}

void *guest_ram_ptr(struct guest *g, ipa_t ipa, size_t n)
{
	paddr_t pa;

	if (n > PAGE_SIZE - (ipa.v & PAGE_MASK) || !in_ram(g, ipa.v, n) ||
	    stage2_lookup(&g->stage2, ipa, &pa, NULL)) {
		return NULL;
	}
	return arch_phys_to_virt(pa);
}

/* As guest_ram_ptr(), of what a device shows as memory. */
static void *rom_ptr(struct guest *g, ipa_t ipa)
{
	enum stage2_prot prot;
	paddr_t pa;

	if (stage2_lookup(&g->stage2, ipa, &pa, &prot) || prot != STAGE2_RX) {
		return NULL;
	}
	return arch_phys_to_virt(pa);
}

static int access(struct guest *g, ipa_t ipa, uint8_t *buf, size_t n,
		  bool write)
{
	bool ram = in_ram(g, ipa.v, n);

	if (!ram && write) {
		return -ERR_FAULT;
	}
	while (n) {
		size_t chunk = MIN(n, (size_t)(PAGE_SIZE -
					       (ipa.v & PAGE_MASK)));
		void *p = ram ? guest_ram_ptr(g, ipa, chunk) : rom_ptr(g, ipa);

		if (!p) {
			return -ERR_FAULT;
		}
		if (write) {
			memcpy(p, buf, chunk);
		} else {
			memcpy(buf, p, chunk);
		}
		buf += chunk;
		ipa.v += chunk;
		n -= chunk;
	}
	return 0;
}

int guest_read(struct guest *g, ipa_t ipa, void *buf, size_t n)
{
	return access(g, ipa, buf, n, false);
}

int guest_write(struct guest *g, ipa_t ipa, const void *buf, size_t n)
{
	/* Only read from: the cast is for the shared loop. */
	return access(g, ipa, (uint8_t *)(uintptr_t)buf, n, true);
}
