/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A coloured guest's RAM has only pages of its colours, each once, in few
 * extents; each byte is found; all of it is freed. And the check of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arch_impl/host.h>
#include <core/memory_check.h>

#include "core/guest/guest_priv.h"
#include "core/guest/memory.c"
#include "core/guest/memory_access.c"
#include "core/guest/memory_check.c"
#include "core/guest/memory_fixed.c"
#include "core/guest/memory_rows.c"
#include "core/guest/rom.c"
#include "core/mm/page.c"

#define RAM MIB(64)
#define COLOURS 16
#define GUEST_RAM MIB(1024)

static struct guest_config cfg[2];
static struct guest guest[2];
static unsigned int guests;

bool guest_given_up(void *g)
{
	(void)g;
	return false;
}

struct guest *guest_get_nth(unsigned int n)
{
	return n < guests ? &guest[n] : NULL;
}

void guest_put(struct guest *g)
{
	(void)g;
}

/* Extents and the check's bitmap are not in the RAM that is checked. */
void *heap_alloc(size_t size)
{
	return calloc(1, size);
}

void *heap_alloc_array(size_t count, size_t size)
{
	return calloc(count, size);
}

void heap_free(void *p)
{
	free(p);
}

/* Which page is where: a table as large as the guest. */
static uint64_t map[2][RAM / PAGE_SIZE];
static uint64_t map_bad; /* this page of guest 0 is mapped elsewhere; 0: none */

int stage2_map(struct stage2 *s2, ipa_t ipa, paddr_t pa, uint64_t size,
	       enum stage2_prot prot)
{
	uint64_t *to = map[s2 == &guest[1].stage2];

	assert_true(prot == STAGE2_RWX || prot == STAGE2_NONE);
	for (uint64_t off = 0; off < size; off += PAGE_SIZE) {
		uint64_t page = (ipa.v + off - GUEST_RAM) / PAGE_SIZE;

		assert_int_equal(to[page], 0);
		to[page] = pa.v + off;
	}
	return 0;
}

int stage2_map_pieces(struct stage2 *s2, ipa_t ipa,
		      const struct stage2_piece *pieces, unsigned int n,
		      enum stage2_prot prot)
{
	int err = 0;

	for (unsigned int i = 0; i < n && !err; i++) {
		err = stage2_map(s2, ipa, pieces[i].pa, pieces[i].size, prot);
		ipa.v += pieces[i].size;
	}
	return err;
}

int stage2_unmap(struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	uint64_t *from = map[s2 == &guest[1].stage2];

	for (uint64_t off = 0; off < size; off += PAGE_SIZE) {
		from[(ipa.v + off - GUEST_RAM) / PAGE_SIZE] = 0;
	}
	return 0;
}

/* There is no shared memory. */
void shared_lock(void)
{
}

void shared_unlock(void)
{
}

int shared_check(const struct guest *g, ipa_t ipa, uint64_t size, paddr_t pa)
{
	(void)g;
	(void)ipa;
	(void)size;
	(void)pa;
	return 0;
}

bool shared_piece_nth(unsigned int n, unsigned int i, struct shared_piece *out)
{
	(void)n;
	(void)i;
	(void)out;
	return false;
}

const struct colour_claim *shared_claim_nth(unsigned int n)
{
	(void)n;
	return NULL;
}

static unsigned int shown; /* pages by stage2_protect() */

int stage2_protect(struct stage2 *s2, ipa_t ipa, uint64_t size,
		   enum stage2_prot prot)
{
	(void)s2;
	(void)ipa;
	shown = prot == STAGE2_RX ? (unsigned int)(size / PAGE_SIZE) : 0;
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

bool stage2_path(struct stage2 *s2, ipa_t ipa, struct mmu_path *out)
{
	unsigned int which = s2 == &guest[1].stage2;
	uint64_t page = (ipa.v - GUEST_RAM) / PAGE_SIZE;

	*out = (struct mmu_path){ .base = 0, .size = GUEST_RAM };
	if (ipa.v < GUEST_RAM) {
		return true;
	}
	if (page >= RAM / PAGE_SIZE) {
		return false;
	}
	out->base = ipa.v;
	out->size = PAGE_SIZE;
	out->pa = PADDR(map[which][page]);
	if (which == 0 && page == 3 && map_bad) {
		out->pa = PADDR(map_bad);
	}
	out->mapped = out->ram = out->pa.v != 0;
	return true;
}

static void begin_guest(unsigned int n, colour_mask_t set, uint64_t size)
{
	struct colour_refusal why;

	cfg[n] = (struct guest_config){
		.nmemory = 1,
		.memory = { { GUEST_RAM, size } },
	};
	guest[n] = (struct guest){ .cfg = &cfg[n], .name = n ? "b" : "a" };
	guest[n].colours = (struct colour_claim){
		.owner = guest[n].name,
		.set = set,
		.exclusive = true,
	};
	assert_int_equal(colour_claim(&guest[n].colours, 0, &why), 0);
	guest_memory_prepare(&guest[n]);
	memset(map[n], 0, sizeof(map[n]));
	guests = n + 1;
}

static void end_guest(unsigned int n)
{
	guest_memory_fini(&guest[n]);
	colour_release(&guest[n].colours);
	guests = n;
}

static int setup(void **state)
{
	(void)state;
	ram = (struct buddy){ .colours = 0 };
	started = ready = false;
	nr_reserved = 0;
	guest_pages = 0;
	nr_colours = 1;
	map_bad = 0;
	page_set_colours(COLOURS);
	assert_int_equal(page_add_ram(PADDR(HOST_SPARE), RAM), 0);
	assert_int_equal(page_init_done(), 0);
	return 0;
}

/* Each page of the guest has one of its colours, and is accessed where it is
 * mapped. */
static void check_pages(unsigned int n, uint64_t size)
{
	struct page_info info;

	for (uint64_t page = 0; page < size / PAGE_SIZE; page++) {
		ipa_t at = IPA(GUEST_RAM + page * PAGE_SIZE);
		struct io_segment s =
			segment_at(&guest[n], at.v, PAGE_SIZE, true);

		assert_int_equal(s.size, PAGE_SIZE);
		assert_int_equal(s.pa.v, map[n][page]);
		assert_true(guest[n].colours.set &
			    BIT(s.pa.v / PAGE_SIZE % COLOURS));
		page_inspect(s.pa, &info);
		assert_int_equal(info.use, PAGE_USED);
	}
	assert_int_equal(segment_at(&guest[n], GUEST_RAM + size, 1, false).size,
			 0);
}

static void test_pages(void **state)
{
	static const colour_mask_t sets[] = { 0x000f, 0x8001, 0x0010, 0xfffe,
					      0x5a5a };
	uint64_t all = ram.free;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sets); i++) {
		/* Not a whole number of rows. */
		uint64_t size = MIB(2) + 5 * PAGE_SIZE;

		begin_guest(0, sets[i], size);
		assert_int_equal(guest_memory_init(&guest[0]), 0);
		check_pages(0, size);
		/* Adjacent rows, and the last one. */
		assert_true(guest[0].memory.extents->count <= 3);
		assert_int_equal(guest_pages, (int64_t)(size / PAGE_SIZE));
		end_guest(0);
		assert_int_equal(ram.free, all);
		assert_int_equal(guest_pages, 0);
	}
}

/* Copies and segments across pages that are not adjacent. */
static void test_access(void **state)
{
	struct guest_memory_hint hint = { 0 };
	struct io_segment s, segs[4];
	uint8_t text[3 * PAGE_SIZE], back[3 * PAGE_SIZE];

	(void)state;
	begin_guest(0, 0x000c, MIB(1));
	assert_int_equal(guest_memory_init(&guest[0]), 0);
	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = (uint8_t)(i * 7 + i / PAGE_SIZE);
	}
	assert_int_equal(guest_write(&guest[0], IPA(GUEST_RAM + 100), text,
				     sizeof(text)),
			 0);
	assert_int_equal(guest_read(&guest[0], IPA(GUEST_RAM + 100), back,
				    sizeof(back)),
			 0);
	assert_memory_equal(text, back, sizeof(text));
	/* Colours 2 and 3 are adjacent: two pages in a piece. */
	assert_true(guest_segment_find(&guest[0].memory, &hint,
				       IPA(GUEST_RAM + 3 * PAGE_SIZE + 8),
				       2 * PAGE_SIZE, true, &s));
	assert_int_equal(s.size, PAGE_SIZE - 8);
	assert_int_equal(hint.ipa, GUEST_RAM + 2 * PAGE_SIZE);
	assert_int_equal(hint.size, 2 * PAGE_SIZE);
	assert_int_equal(s.pa.v, map[0][3] + 8);
	assert_int_equal(guest_pin(&guest[0], IPA(GUEST_RAM + PAGE_SIZE),
				   4 * PAGE_SIZE, true, segs, 4),
			 3);
	assert_int_equal(segs[1].size, 2 * PAGE_SIZE);
	guest_unpin(&guest[0]);
	assert_int_equal(guest_memory_smallest(&guest[0].memory), PAGE_SIZE);
	end_guest(0);
}

/* In fragmented memory, the pieces that are left are found. */
static void test_fragments(void **state)
{
	static paddr_t taken[4096];
	unsigned int n = 0;
	uint64_t all = ram.free;

	(void)state;
	/* Every third page of colours 0 to 3. */
	for (uint64_t pfn = HOST_SPARE / PAGE_SIZE;
	     pfn < (HOST_SPARE + RAM) / PAGE_SIZE; pfn += 3) {
		if (pfn % COLOURS < 4 &&
		    page_alloc_at(PADDR(pfn * PAGE_SIZE), 0) == 0) {
			taken[n++] = PADDR(pfn * PAGE_SIZE);
		}
	}
	begin_guest(0, 0x000f, MIB(8));
	assert_int_equal(guest_memory_init(&guest[0]), 0);
	check_pages(0, MIB(8));
	end_guest(0);
	/* More than is free: it fails, and leaves nothing behind. */
	begin_guest(0, 0x000f, MIB(16));
	assert_int_equal(guest_memory_init(&guest[0]), -ERR_NOMEM);
	end_guest(0);
	while (n > 0) {
		page_free(taken[--n], 0);
	}
	assert_int_equal(ram.free, all);
	assert_int_equal(page_check(), 0);
}

static struct memory_check_row found[16];
static unsigned int nfound;

static void collect(void *ctx, const struct memory_check_row *r)
{
	(void)ctx;
	found[nfound++] = *r;
}

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

static int check_all(void)
{
	nfound = 0;
	return memory_check(collect, never, NULL);
}

static void test_check(void **state)
{
	struct page_info info;
	uint64_t right;

	(void)state;
	begin_guest(0, 0x000f, MIB(2));
	assert_int_equal(guest_memory_init(&guest[0]), 0);
	begin_guest(1, 0x00f0, MIB(2));
	assert_int_equal(guest_memory_init(&guest[1]), 0);
	assert_int_equal(check_all(), 0);
	assert_int_equal(found[0].pages, 512);
	assert_string_equal(found[0].owner, "a");

	/* The other guest's page. */
	right = map[1][7];
	map_bad = right;
	assert_int_equal(check_all(), -ERR_FORMAT);
	assert_int_equal(found[0].foreign, 1);
	assert_int_equal(found[0].first.v, right);
	assert_int_equal(found[2].twice, 1);

	/* A page of its own, twice. */
	map_bad = map[0][4];
	assert_int_equal(check_all(), -ERR_FORMAT);
	assert_int_equal(found[0].foreign, 0);
	assert_int_equal(found[0].twice, 1);
	assert_int_equal(found[0].moved, 1);

	/* Of its colours, but not allocated. */
	map_bad = ALIGN_DOWN(HOST_SPARE + RAM - 1, COLOURS * PAGE_SIZE);
	page_inspect(PADDR(map_bad), &info);
	assert_int_equal(info.use, PAGE_FREE);
	assert_int_equal(check_all(), -ERR_FORMAT);
	assert_int_equal(found[0].unowned, 1);
	assert_int_equal(found[0].twice + found[0].foreign, 0);

	/* The allocator's own sums. */
	map_bad = 0;
	ram.free++;
	assert_int_equal(check_all(), -ERR_FORMAT);
	ram.free--;
	assert_int_equal(check_all(), 0);
	end_guest(1);
	end_guest(0);
}

/* --- memory at fixed addresses -------------------------------------------- */

static char told[1024];

void attempt_report(void *ctx, const char *message)
{
	assert_ptr_equal(ctx, &told);
	snprintf(told, sizeof(told), "%s", message);
}

void arch_image_range(paddr_t *base, uint64_t *size)
{
	*base = PADDR(0);
	*size = 0;
}

void dt_get_chosen(struct dt_chosen *out)
{
	*out = (struct dt_chosen){ .initrd_size = 0 };
}

/* As begin_guest(); a set of 0: the guest has not asked for colours. */
static int begin_fixed(unsigned int n, colour_mask_t set, uint64_t size,
		       uint64_t host)
{
	begin_guest(n, set, size);
	guest[n].colours.exclusive = set != PAGE_ANY_COLOUR;
	cfg[n].memory_host[0] = host;
	told[0] = '\0';
	return guest_fixed_take(&guest[n], (struct attempt *)&told);
}

/* A device's memory has its guest's colours, too, and all of it is found. */
static void test_rom(void **state)
{
	uint64_t base = GUEST_RAM + MIB(32), all = ram.free, n;
	struct guest_rom rom;

	(void)state;
	begin_guest(0, 0x000a, PAGE_SIZE);
	/* So many steps at most in the trap of a guest that writes to it. */
	assert_int_equal(guest_rom_init(&guest[0], &rom, IPA(base), MIB(64)),
			 0);
	assert_int_equal(rom.size, GUEST_ROM_COLOURED);
	guest_rom_fini(&guest[0], &rom);
	assert_int_equal(ram.free, all);
	assert_int_equal(guest_pages, 0);

	assert_int_equal(guest_rom_init(&guest[0], &rom, IPA(base), 70000), 0);
	assert_int_equal(rom.size, 18 * PAGE_SIZE);
	assert_int_equal(guest_pages, 18);
	for (uint64_t off = 100; off < rom.size; off += n) {
		uint64_t page = (base + off - GUEST_RAM) / PAGE_SIZE;
		void *at;

		n = rom.size;
		at = guest_rom_at(&rom, off, &n);
		assert_ptr_equal(arch_phys_to_virt(
					 PADDR(map[0][page] + off % PAGE_SIZE)),
				 at);
		assert_int_equal(n, PAGE_SIZE - off % PAGE_SIZE);
		guest_rom_sync(&rom, off, n);
		assert_true(0x000a & BIT(map[0][page] / PAGE_SIZE % COLOURS));
	}
	assert_int_equal(check_all(), 0);
	guest_rom_show(&guest[0], &rom, true);
	assert_int_equal(shown, 18);
	guest_rom_fini(&guest[0], &rom);

	end_guest(0);

	/* No more pages of these colours: nothing is left behind. */
	n = ram.free;
	assert_int_equal(begin_fixed(0, 0x000a, RAM / 8 - MIB(1),
				     HOST_SPARE + MIB(1)),
			 0);
	assert_int_equal(guest_rom_init(&guest[0], &rom, IPA(base), MIB(2)),
			 -ERR_NOMEM);
	assert_int_equal(map[0][(base - GUEST_RAM) / PAGE_SIZE], 0);
	end_guest(0);
	assert_int_equal(ram.free, n);
	assert_int_equal(ram.free, all);
}

/* Without colours it is that range: its first page at the given address. */
static void test_fixed_plain(void **state)
{
	/* Not aligned to anything but pages. */
	uint64_t host = HOST_SPARE + MIB(3) + 5 * PAGE_SIZE;
	uint64_t all = ram.free;

	(void)state;
	for (unsigned int again = 0; again < 2; again++) {
		assert_int_equal(begin_fixed(0, PAGE_ANY_COLOUR, MIB(9), host),
				 0);
		assert_int_equal(ram.free, all - MIB(9) / PAGE_SIZE);
		assert_int_equal(guest_memory_init(&guest[0]), 0);
		for (uint64_t i = 0; i < MIB(9) / PAGE_SIZE; i++) {
			assert_int_equal(map[0][i], host + i * PAGE_SIZE);
		}
		assert_int_equal(guest[0].memory.extents->count, 1);
		assert_int_equal(check_all(), 0);
		cfg[0].memory_host[0] += PAGE_SIZE;
		assert_int_equal(check_all(), -ERR_FORMAT);
		assert_int_equal(found[0].moved, MIB(9) / PAGE_SIZE);
		end_guest(0);
		assert_int_equal(ram.free, all);
		assert_int_equal(guest_pages, 0);
	}
	/* Taken, but never mapped: the guest's creation failed. */
	assert_int_equal(begin_fixed(0, PAGE_ANY_COLOUR, MIB(9), host), 0);
	end_guest(0);
	assert_int_equal(ram.free, all);
}

/* A range may reach from one range of RAM into the next, which no block
 * does. */
static void test_fixed_ranges(void **state)
{
	uint64_t low = RAM / 2 + 5 * PAGE_SIZE, middle = HOST_SPARE + low, all;

	(void)state;
	ram = (struct buddy){ .colours = 0 };
	started = ready = false;
	assert_int_equal(page_add_ram(PADDR(HOST_SPARE), low), 0);
	assert_int_equal(page_add_ram(PADDR(middle), RAM - low), 0);
	assert_int_equal(page_init_done(), 0);
	assert_int_equal(ram.nr_ranges, 2);
	all = ram.free;
	assert_int_equal(begin_fixed(0, PAGE_ANY_COLOUR, MIB(6),
				     HOST_SPARE + RAM / 2 - MIB(2)),
			 0);
	assert_int_equal(guest_memory_init(&guest[0]), 0);
	for (uint64_t i = 0; i < MIB(6) / PAGE_SIZE; i++) {
		assert_int_equal(map[0][i],
				 HOST_SPARE + RAM / 2 - MIB(2) + i * PAGE_SIZE);
	}
	assert_int_equal(check_all(), 0);
	end_guest(0);
	assert_int_equal(ram.free, all);
	assert_int_equal(page_check(), 0);
}

/* With colours, the pages of these in order, from the first one at or after the
 * address. */
static void test_fixed_rows(void **state)
{
	static const struct {
		colour_mask_t set;
		unsigned int first; /* colour of the given address */
		uint64_t pages;
	} cases[] = {
		{ 0x000f, 0, 512 }, { 0x000f, 2, 513 }, { 0x8421, 0, 511 },
		{ 0x8421, 6, 1 },   { 0x000f, 9, 100 }, { 0x7fff, 1, 1000 },
		{ 0x0002, 1, 77 },
	};
	uint64_t all = ram.free;

	(void)state;
	for (unsigned int n = 0; n < ARRAY_SIZE(cases); n++) {
		uint64_t at = HOST_SPARE + MIB(4) + cases[n].first * PAGE_SIZE;
		uint64_t pages = cases[n].pages;

		assert_int_equal(
			begin_fixed(0, cases[n].set, pages * PAGE_SIZE, at), 0);
		assert_int_equal(ram.free, all - pages);
		assert_int_equal(guest_memory_init(&guest[0]), 0);
		check_pages(0, pages * PAGE_SIZE);
		for (uint64_t i = 0; i < pages; i++, at += PAGE_SIZE) {
			while (!(cases[n].set &
				 BIT(at / PAGE_SIZE % COLOURS))) {
				at += PAGE_SIZE;
			}
			assert_int_equal(map[0][i], at);
		}
		assert_true(guest[0].memory.extents->count <= 3);
		assert_int_equal(check_all(), 0);
		end_guest(0);
		assert_int_equal(ram.free, all);
	}
}

/* Two guests share a range, each with its colours. */
static void test_fixed_beside(void **state)
{
	uint64_t host = HOST_SPARE + MIB(8), all = ram.free;

	(void)state;
	assert_int_equal(begin_fixed(0, 0x00ff, MIB(4), host), 0);
	assert_int_equal(guest_memory_init(&guest[0]), 0);
	assert_int_equal(begin_fixed(1, 0xff00, MIB(4), host), 0);
	assert_int_equal(guest_memory_init(&guest[1]), 0);
	check_pages(1, MIB(4));
	assert_int_equal(map[1][0], host + 8 * PAGE_SIZE);
	assert_int_equal(check_all(), 0);
	end_guest(1);
	end_guest(0);
	assert_int_equal(ram.free, all);
}

static void fixed_refused(unsigned int n, colour_mask_t set, uint64_t size,
			  uint64_t host, const char *text)
{
	uint64_t before = ram.free;

	assert_int_equal(begin_fixed(n, set, size, host), -ERR_BUSY);
	if (!strstr(told, text)) {
		print_error("wanted: %s\ntold: %s\n", text, told);
	}
	assert_non_null(strstr(told, text));
	end_guest(n);
	assert_int_equal(ram.free, before);
}

static void test_fixed_refused(void **state)
{
	uint64_t host = HOST_SPARE + MIB(8);
	char text[160];
	paddr_t page;

	(void)state;
	/* A single page in the middle, the hypervisor's. */
	page = PADDR(host + MIB(1));
	/* Two pages have two colours. */
	assert_int_equal(
		page_alloc_range(page, 2,
				 BIT(page.v / PAGE_SIZE % page_colours())),
		-ERR_INVAL);
	assert_int_equal(page_alloc_range(page, 1, PAGE_ANY_COLOUR), 0);
	snprintf(text, sizeof(text),
		 "0x%llx is used by the hypervisor; allowed free memory, such "
		 "as at 0x",
		 (unsigned long long)page.v);
	fixed_refused(0, PAGE_ANY_COLOUR, MIB(2), host, text);
	fixed_refused(0, 0x0001, MIB(1), host, text);
	/* Not in the way of other colours, nor of a range that ends before. */
	assert_int_equal(begin_fixed(0, 0x0002, MIB(1), host), 0);
	end_guest(0);
	assert_int_equal(begin_fixed(0, PAGE_ANY_COLOUR, MIB(1), host), 0);
	end_guest(0);
	page_free(page, 0);

	fixed_refused(0, PAGE_ANY_COLOUR, MIB(2), HOST_SPARE + RAM - MIB(1),
		      "is no RAM; allowed free memory, such as at 0x");
	fixed_refused(0, PAGE_ANY_COLOUR, RAM, HOST_SPARE + MIB(1),
		      "is no RAM; allowed free memory, of which there is not "
		      "so much");
	fixed_refused(0, 0x0001, RAM, HOST_SPARE + MIB(1),
		      "of which there is not so much");

	/* Another guest's, by its own colours, and by colours. */
	assert_int_equal(begin_fixed(0, 0x000f, MIB(1), host), 0);
	assert_int_equal(guest_memory_init(&guest[0]), 0);
	guest[0].colours.shared = "pair";
	begin_guest(1, 0x00f0, MIB(1));
	end_guest(1);
	cfg[1].nmemory = 1;
	guest[1].colours.exclusive = false;
	guest[1].colours.set = 0xfff0;
	cfg[1].memory_host[0] = host;
	guests = 1;
	assert_int_equal(guest_fixed_take(&guest[1], (struct attempt *)&told),
			 -ERR_BUSY);
	assert_non_null(strstr(told,
			       "with colours 0-3, which others have; "
			       "allowed a range without these, or colors"));
	/* One that has the same colours by their name. */
	guest[1].colours.exclusive = true;
	guest[1].colours.set = 0x000f;
	assert_int_equal(guest_fixed_take(&guest[1], (struct attempt *)&told),
			 -ERR_BUSY);
	assert_non_null(strstr(told, "is used by guest a; allowed"));
	guest_memory_fini(&guest[1]);
	/* 1:1, with colours that it does not have. */
	cfg[1].memory[0].base = host + MIB(16);
	cfg[1].memory_host[0] = host + MIB(16);
	assert_int_equal(guest_fixed_take(&guest[1], (struct attempt *)&told),
			 -ERR_BUSY);
	assert_non_null(strstr(told,
			       "1:1, with colours 4-15, which it does not "
			       "have"));
	/* And with its own alone. */
	cfg[1].memory[0].size = 4 * PAGE_SIZE;
	assert_int_equal(guest_fixed_take(&guest[1], (struct attempt *)&told),
			 0);
	guest_memory_fini(&guest[1]);
	end_guest(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_rom, setup),
		cmocka_unit_test_setup(test_fixed_plain, setup),
		cmocka_unit_test_setup(test_fixed_ranges, setup),
		cmocka_unit_test_setup(test_fixed_rows, setup),
		cmocka_unit_test_setup(test_fixed_beside, setup),
		cmocka_unit_test_setup(test_fixed_refused, setup),
		cmocka_unit_test_setup(test_pages, setup),
		cmocka_unit_test_setup(test_access, setup),
		cmocka_unit_test_setup(test_fragments, setup),
		cmocka_unit_test_setup(test_check, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
