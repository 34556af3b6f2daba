/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocation of addresses in the window: one bit for each slot. */
#include <arch/mmu.h>
#include <core/log.h>
#include <core/spinlock.h>
#include <core/window.h>
#include <libs/error.h>

_Static_assert(WINDOW_SLOT *WINDOW_SLOTS <= MMU_WINDOW_SIZE,
	       "the window holds every slot");
_Static_assert(((uint64_t)CONFIG_STACK_SIZE &
		((uint64_t)CONFIG_STACK_SIZE - 1)) == 0,
	       "a stack's size is a power of two");

static struct spinlock window_lock = SPINLOCK_INIT(LOCK_STACK); /* L */
static uint64_t taken[WINDOW_SLOTS / 64];                       /* [L] */
static unsigned int hint; /* [L] all slots below it are taken */
static unsigned int used; /* [L] */

static bool slot_taken(unsigned int slot)
{
	return (taken[slot / 64] & BIT(slot % 64)) != 0;
}

/* Slots for `size` bytes above the unmapped half slot. */
static uint64_t slots_for(uint64_t size)
{
	return size / WINDOW_SLOT +
	       (size % WINDOW_SLOT > WINDOW_SLOT / 2 ? 2 : 1);
}

/* The first of `n` adjacent free slots, or WINDOW_SLOTS. */
static unsigned int find_slots(uint64_t n)
{
	unsigned int run = 0;

	for (unsigned int s = hint; s < WINDOW_SLOTS; s++) {
		run = slot_taken(s) ? 0 : run + 1;
		if (run == n) {
			return s + 1 - run;
		}
	}
	return WINDOW_SLOTS;
}

int window_alloc(vaddr_t *out, uint64_t size)
{
	uint64_t n = slots_for(size);
	unsigned long flags = spin_lock_irqsave(&window_lock);
	unsigned int first = find_slots(n);

	/* So that slots are aligned to their size. */
	/* NOLINTNEXTLINE(misc-static-assert): arch/host's is a variable. */
	assert(IS_ALIGNED(MMU_WINDOW_BASE, WINDOW_SLOT));

	if (first == WINDOW_SLOTS) {
		spin_unlock_irqrestore(&window_lock, flags);
		return -ERR_NOMEM;
	}
	for (unsigned int s = first; s < first + n; s++) {
		taken[s / 64] |= BIT(s % 64);
	}
	if (first == hint) {
		hint = first + (unsigned int)n;
	}
	used += (unsigned int)n;
	spin_unlock_irqrestore(&window_lock, flags);
	*out = VADDR(MMU_WINDOW_BASE + first * WINDOW_SLOT + WINDOW_SLOT / 2);
	return 0;
}

void window_free(vaddr_t va, uint64_t size)
{
	uint64_t n = slots_for(size);
	uint64_t off = va.v - WINDOW_SLOT / 2 - MMU_WINDOW_BASE;
	unsigned int first = (unsigned int)(off / WINDOW_SLOT);
	unsigned long flags = spin_lock_irqsave(&window_lock);

	assert(IS_ALIGNED(off, WINDOW_SLOT) &&
	       off / WINDOW_SLOT + n <= WINDOW_SLOTS);
	for (unsigned int s = first; s < first + n; s++) {
		assert(slot_taken(s));
		taken[s / 64] &= ~BIT(s % 64);
	}
	hint = MIN(hint, first);
	used -= (unsigned int)n;
	spin_unlock_irqrestore(&window_lock, flags);
}
