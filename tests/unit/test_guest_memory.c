/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's RAM: cleared, with instruction caches invalidated, before use; its
 * extents, pins and listeners. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/guest/memory.c"
#include "core/guest/memory_access.c"

static struct guest_config cfg;
static struct guest guest = { .cfg = &cfg };
static unsigned int given, freed, cleared, mapped, forgotten;
static unsigned int pages_left;
static unsigned int hole; /* after this many pages one is left out; 0: never */

#define PAGES 32
static uint8_t ram[PAGES * PAGE_SIZE];
uint8_t *host_phys = ram;

/* The work is given up when this much has been cleared; 0: never. */
static unsigned int give_up_at;

bool guest_given_up(void *g)
{
	assert_ptr_equal(g, &guest);
	return give_up_at && cleared >= give_up_at;
}

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
	static unsigned int next;

	(void)colours;
	if (order > 0 || pages_left == 0) {
		return -ERR_NOMEM;
	}
	next = given == 0 ? 1 : next + (given == hole ? 2 : 1);
	pages_left--;
	given++;
	assert_true(next < PAGES);
	*out = PADDR((uint64_t)next << PAGE_SHIFT);
	return 0;
}

void page_free(paddr_t pa, unsigned int order)
{
	(void)pa;
	(void)order;
	freed++;
}

void page_free_range(paddr_t pa, uint64_t pages)
{
	(void)pa;
	freed += (unsigned int)pages;
}

/* Without colours: test_guest_rows.c tests them. */
unsigned int page_colours(void)
{
	return 1;
}

unsigned int colour_count(colour_mask_t set)
{
	(void)set;
	fail();
	return 0;
}

unsigned int colour_nth(colour_mask_t set, unsigned int n)
{
	(void)set;
	(void)n;
	fail();
	return 0;
}

int guest_rows_init(struct guest *g, uint64_t ipa, uint64_t end)
{
	(void)g;
	(void)ipa;
	(void)end;
	fail();
	return 0;
}

void guest_rows_free(const struct guest_extent *e)
{
	(void)e;
	fail();
}

uint64_t guest_rows_end(const struct guest_extent *e)
{
	(void)e;
	fail();
	return 0;
}

/* Without host addresses. */
int guest_fixed_init(struct guest *g, uint64_t end)
{
	(void)g;
	(void)end;
	fail();
	return 0;
}

void guest_fixed_fini(struct guest *g)
{
	(void)g;
}

void page_account_guest(int64_t pages)
{
	(void)pages;
}

/* Unpins while the guest is being destroyed. */
static unsigned int sleeps;

void sleep_ms(uint64_t ms)
{
	(void)ms;
	assert_int_equal(freed, 0);
	if (++sleeps == 3) {
		guest_unpin(&guest);
	}
}

void mutex_init(struct mutex *m)
{
	(void)m;
}

void mutex_lock(struct mutex *m)
{
	(void)m;
}

void mutex_unlock(struct mutex *m)
{
	(void)m;
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
	given = freed = cleared = mapped = forgotten = hole = sleeps = 0;
	guest = (struct guest){ .cfg = &cfg,
				.colours = { .set = PAGE_ANY_COLOUR } };
	cfg.nmemory = 2;
	cfg.memory[0] = (struct config_range){ MIB(16), 3 * PAGE_SIZE };
	cfg.memory[1] = (struct config_range){ MIB(32), 2 * PAGE_SIZE };
	guest_memory_prepare(&guest);
	return 0;
}

/* Once, when everything is zero: later fetches get the zeroes. */
static void test_forgotten_when_cleared(void **state)
{
	(void)state;
	pages_left = 5;
	assert_int_equal(guest_memory_init(&guest), 0);
	assert_int_equal(cleared, 5);
	assert_int_equal(mapped, 5);
	assert_int_equal(forgotten, 1);
	guest_memory_fini(&guest);
	assert_int_equal(freed, 5);
}

static void test_not_enough(void **state)
{
	(void)state;
	pages_left = 4;
	assert_int_equal(guest_memory_init(&guest), -ERR_NOMEM);
	assert_int_equal(forgotten, 0);
	guest_memory_fini(&guest);
	assert_int_equal(freed, given);
}

/* Blocks that are adjacent both in the guest and in the host are one extent. */
static void test_extents(void **state)
{
	const struct guest_extents *t;

	(void)state;
	pages_left = 5;
	hole = 2;
	assert_int_equal(guest_memory_init(&guest), 0);
	t = guest.memory.extents;
	assert_int_equal(t->count, 3);
	assert_int_equal(t->e[0].ipa.v, MIB(16));
	assert_int_equal(t->e[0].pa.v, PAGE_SIZE);
	assert_int_equal(t->e[0].size, 2 * PAGE_SIZE);
	assert_int_equal(t->e[1].ipa.v, MIB(16) + 2 * PAGE_SIZE);
	assert_int_equal(t->e[1].pa.v, 4 * PAGE_SIZE);
	assert_int_equal(t->e[1].size, PAGE_SIZE);
	assert_int_equal(t->e[2].ipa.v, MIB(32));
	assert_int_equal(t->e[2].size, 2 * PAGE_SIZE);
	guest_memory_fini(&guest);
	assert_int_equal(freed, 5);
}

/* More extents than the first table holds. */
static void test_many_extents(void **state)
{
	(void)state;
	cfg.nmemory = CONFIG_MAX_MEMORY;
	for (unsigned int i = 0; i < CONFIG_MAX_MEMORY; i++) {
		cfg.memory[i] = (struct config_range){ MIB(16 + i), PAGE_SIZE };
	}
	pages_left = CONFIG_MAX_MEMORY;
	assert_int_equal(guest_memory_init(&guest), 0);
	assert_int_equal(guest.memory.extents->count, CONFIG_MAX_MEMORY);
	for (unsigned int i = 0; i < CONFIG_MAX_MEMORY; i++) {
		uint8_t *p = guest_ram_ptr(&guest, IPA(MIB(16 + i)), PAGE_SIZE);

		assert_ptr_equal(p, ram + (i + 1) * PAGE_SIZE);
		assert_null(
			guest_ram_ptr(&guest, IPA(MIB(16 + i) + PAGE_SIZE), 1));
	}
	guest_memory_fini(&guest);
}

static void test_copies(void **state)
{
	const uint64_t seam = MIB(16) + 2 * PAGE_SIZE;
	uint8_t buf[64];

	(void)state;
	pages_left = 5;
	hole = 2;
	assert_int_equal(guest_memory_init(&guest), 0);
	memset(ram, 0, sizeof(ram));
	/* Across the boundary of two extents. */
	assert_int_equal(guest_write(&guest, IPA(seam - 4), "abcdefgh", 8), 0);
	assert_memory_equal(ram + 3 * PAGE_SIZE - 4, "abcd", 4);
	assert_memory_equal(ram + 4 * PAGE_SIZE, "efgh", 4);
	assert_int_equal(guest_read(&guest, IPA(seam - 4), buf, 8), 0);
	assert_memory_equal(buf, "abcdefgh", 8);
	/* Beyond the end, before the start, and wrapping around. */
	assert_int_equal(guest_read(&guest, IPA(seam + PAGE_SIZE - 4), buf, 8),
			 -ERR_FAULT);
	assert_int_equal(guest_write(&guest, IPA(seam + PAGE_SIZE - 4), buf, 8),
			 -ERR_FAULT);
	assert_int_equal(guest_read(&guest, IPA(MIB(16) - 1), buf, 2),
			 -ERR_FAULT);
	assert_int_equal(guest_read(&guest, IPA(UINT64_MAX), buf, 2),
			 -ERR_FAULT);
	assert_null(guest_ram_ptr(&guest, IPA(seam - 4), 8));
	guest_memory_fini(&guest);
}

static void test_pins(void **state)
{
	const uint64_t seam = MIB(16) + 2 * PAGE_SIZE;
	struct io_segment s[4];

	(void)state;
	pages_left = 5;
	hole = 2;
	assert_int_equal(guest_memory_init(&guest), 0);
	assert_int_equal(guest_pin(&guest, IPA(seam - 16), 32, true, s, 4), 2);
	assert_ptr_equal(s[0].va, ram + 3 * PAGE_SIZE - 16);
	assert_int_equal(s[0].pa.v, 3 * PAGE_SIZE - 16);
	assert_int_equal(s[0].size, 16);
	assert_ptr_equal(s[1].va, ram + 4 * PAGE_SIZE);
	assert_int_equal(s[1].size, 16);
	/* A refusal leaves nothing pinned. */
	assert_int_equal(guest_pin(&guest, IPA(seam - 16), 32, true, s, 1),
			 -ERR_NOSPC);
	assert_int_equal(guest_pin(&guest, IPA(seam), 0, true, s, 4),
			 -ERR_INVAL);
	assert_int_equal(guest_pin(&guest, IPA(seam), MIB(1), true, s, 4),
			 -ERR_FAULT);
	assert_int_equal(guest_pin(&guest, IPA(seam), UINT64_MAX, true, s, 4),
			 -ERR_FAULT);
	assert_int_equal(guest.memory.pins, 1);
	/* The pages stay until all is unpinned, and nothing new is pinned. */
	guest_memory_fini(&guest);
	assert_int_equal(sleeps, 3);
	assert_int_equal(freed, 5);
	assert_int_equal(guest_pin(&guest, IPA(seam), 1, false, s, 4),
			 -ERR_STATE);
}

/* Read-only memory is not pinned for writing. */
static void test_pin_read_only(void **state)
{
	struct io_segment s[1];

	(void)state;
	pages_left = 5;
	assert_int_equal(guest_memory_init(&guest), 0);
	guest.memory.extents->e[0].prot = STAGE2_RO;
	assert_int_equal(guest_pin(&guest, IPA(MIB(16)), 8, true, s, 1),
			 -ERR_FAULT);
	assert_int_equal(guest_pin(&guest, IPA(MIB(16)), 8, false, s, 1), 1);
	guest_unpin(&guest);
	assert_int_equal(guest_write(&guest, IPA(MIB(16)), "x", 1), -ERR_FAULT);
	guest_memory_fini(&guest);
}

/* Look-ups with a hint from the last one are never wrong. */
static void test_segments(void **state)
{
	const uint64_t seam = MIB(16) + 2 * PAGE_SIZE;
	struct guest_memory_hint hint = { 0 };
	struct guest_extents *old;
	struct guest_memory *m = &guest.memory;
	struct io_segment s;

	(void)state;
	pages_left = 5;
	hole = 2;
	assert_false(guest_segment(m, &hint, IPA(MIB(16)), 8, true, &s));
	assert_int_equal(guest_memory_init(&guest), 0);
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(
			guest_segment(m, &hint, IPA(seam - 16), 32, true, &s));
		assert_ptr_equal(s.va, ram + 3 * PAGE_SIZE - 16);
		assert_int_equal(s.pa.v, 3 * PAGE_SIZE - 16);
		assert_int_equal(s.size, 16);
		assert_true(guest_segment(m, &hint, IPA(seam), 16, true, &s));
		assert_ptr_equal(s.va, ram + 4 * PAGE_SIZE);
		assert_int_equal(s.size, 16);
		assert_true(guest_segment(m, &hint, IPA(seam + 8), MIB(1),
					  false, &s));
		assert_int_equal(s.size, PAGE_SIZE - 8);
	}
	assert_false(guest_segment(m, &hint, IPA(MIB(16) - 1), 1, false, &s));
	assert_false(
		guest_segment(m, &hint, IPA(seam + PAGE_SIZE), 1, false, &s));
	assert_false(guest_segment(m, &hint, IPA(UINT64_MAX), 1, false, &s));
	/* Another table: hints for the old one are not used. */
	old = m->extents;
	m->extents = extents_grown(old);
	m->extents->e[1].pa = PADDR(7 * PAGE_SIZE);
	m->extents->e[1].prot = STAGE2_RO;
	assert_true(guest_segment(m, &hint, IPA(seam), 8, false, &s));
	assert_ptr_equal(s.va, ram + 7 * PAGE_SIZE);
	assert_false(guest_segment(m, &hint, IPA(seam), 8, true, &s));
	assert_true(guest_segment(m, &hint, IPA(seam), 8, false, &s));
	heap_free(m->extents);
	m->extents = old;
	guest_memory_fini(&guest);
}

static uint64_t heard; /* bytes that the listener was told of */
static unsigned int refuse;

static int added(struct guest_memory_listener *l, const struct guest_extent *e)
{
	(void)l;
	if (refuse && --refuse == 0) {
		return -ERR_NOMEM;
	}
	heard += e->size;
	return 0;
}

static void removed(struct guest_memory_listener *l,
		    const struct guest_extent *e)
{
	(void)l;
	assert_int_equal(freed, 0);
	heard -= e->size;
}

static void test_listeners(void **state)
{
	struct guest_memory_listener a = { .added = added, .removed = removed };
	struct guest_memory_listener b = a;

	(void)state;
	heard = 0;
	pages_left = 5;
	assert_int_equal(guest_memory_init(&guest), 0);
	assert_int_equal(guest_memory_listen(&guest, &a), 0);
	assert_int_equal(heard, 5 * PAGE_SIZE);
	/* A listener that refuses the second extent is told that the first is
	 * removed. */
	refuse = 2;
	assert_int_equal(guest_memory_listen(&guest, &b), -ERR_NOMEM);
	assert_int_equal(heard, 5 * PAGE_SIZE);
	refuse = 0;
	assert_int_equal(guest_memory_listen(&guest, &b), 0);
	assert_int_equal(heard, 10 * PAGE_SIZE);
	guest_memory_unlisten(&guest, &b);
	assert_int_equal(heard, 5 * PAGE_SIZE);
	guest_memory_fini(&guest);
	assert_int_equal(heard, 0);
}

/* When it is given up, nothing more stays allocated. */
static void test_given_up(void **state)
{
	(void)state;
	pages_left = 8;
	give_up_at = cleared + 3;
	assert_int_equal(guest_memory_init(&guest), -ERR_INTR);
	assert_int_equal(cleared, give_up_at);
	give_up_at = 0;
	guest_memory_fini(&guest);
	assert_int_equal(freed, given);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_forgotten_when_cleared, setup),
		cmocka_unit_test_setup(test_not_enough, setup),
		cmocka_unit_test_setup(test_given_up, setup),
		cmocka_unit_test_setup(test_extents, setup),
		cmocka_unit_test_setup(test_many_extents, setup),
		cmocka_unit_test_setup(test_copies, setup),
		cmocka_unit_test_setup(test_pins, setup),
		cmocka_unit_test_setup(test_pin_read_only, setup),
		cmocka_unit_test_setup(test_segments, setup),
		cmocka_unit_test_setup(test_listeners, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
