/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's RAM: cleared, and forgotten by instruction caches, before use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/guest/memory.c"

static struct guest_config cfg;
static struct guest guest = { .cfg = &cfg };
static unsigned int given, cleared, mapped, forgotten;
static unsigned int pages_left;

/* Nothing is there: nobody looks. */
static uint8_t ram[1];
uint8_t *const host_phys = ram;

void *heap_alloc(size_t size)
{
	return calloc(1, size);
}

void heap_free(void *p)
{
	free(p);
}

int page_alloc(paddr_t *out, unsigned int order, colour_mask_t colours)
{
	(void)colours;
	if (order > 0 || pages_left == 0) {
		return -ERR_NOMEM;
	}
	pages_left--;
	given++;
	*out = PADDR((uint64_t)given << PAGE_SHIFT);
	return 0;
}

void page_free(paddr_t pa, unsigned int order)
{
	(void)pa;
	(void)order;
	given--;
}

void page_account_guest(int64_t pages)
{
	(void)pages;
}

void arch_zero_memory(void *va, size_t size)
{
	(void)va;
	assert_int_equal(forgotten, 0);
	cleared += (unsigned int)(size / PAGE_SIZE);
}

void arch_icache_forget(void)
{
	forgotten++;
}

int stage2_map(struct stage2 *s2, ipa_t ipa, paddr_t pa, uint64_t size,
	       enum stage2_prot prot)
{
	(void)s2;
	(void)ipa;
	(void)pa;
	(void)prot;
	mapped += (unsigned int)(size / PAGE_SIZE);
	assert_int_equal(cleared, mapped);
	return 0;
}

int stage2_lookup(struct stage2 *s2, ipa_t ipa, paddr_t *pa,
		  enum stage2_prot *prot)
{
	(void)s2;
	(void)ipa;
	(void)pa;
	(void)prot;
	return -ERR_FAULT;
}

static int setup(void **state)
{
	(void)state;
	given = cleared = mapped = forgotten = 0;
	cfg.nmemory = 2;
	cfg.memory[0] = (struct config_range){ MIB(16), 3 * PAGE_SIZE };
	cfg.memory[1] = (struct config_range){ MIB(32), 2 * PAGE_SIZE };
	list_init(&guest.ram_blocks);
	return 0;
}

/* Once, when everything is zeroes: what is fetched later is those. */
static void test_forgotten_when_cleared(void **state)
{
	(void)state;
	pages_left = 5;
	assert_int_equal(guest_memory_init(&guest, NULL, NULL), 0);
	assert_int_equal(cleared, 5);
	assert_int_equal(mapped, 5);
	assert_int_equal(forgotten, 1);
	guest_memory_fini(&guest);
	assert_int_equal(given, 0);
}

static void test_not_enough(void **state)
{
	(void)state;
	pages_left = 4;
	assert_int_equal(guest_memory_init(&guest, NULL, NULL), -ERR_NOMEM);
	assert_int_equal(forgotten, 0);
	guest_memory_fini(&guest);
	assert_int_equal(given, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_forgotten_when_cleared, setup),
		cmocka_unit_test_setup(test_not_enough, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
