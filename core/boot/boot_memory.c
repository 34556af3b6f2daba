/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the host tree's memory nodes to a working page allocator: finds RAM and
 * what is reserved of it, and maps it.
 */
#include <arch/boot.h>
#include <arch/image.h>
#include <core/boot.h>
#include <core/cache.h>
#include <core/colour.h>
#include <core/dt.h>
#include <core/log.h>
#include <core/page.h>
#include <libfdt.h>
#include <libs/error.h>

#include "ranges_priv.h"

#define MAX_RANGES 64
#define MAX_TAKEN 64

static struct range ram_list[MAX_RANGES + 1];
static struct range taken_list[MAX_TAKEN + 1];
static struct range no_map_list[MAX_TAKEN + 1];
static struct ranges ram = { ram_list, 0, MAX_RANGES };
static struct ranges taken = { taken_list, 0, MAX_TAKEN };
static struct ranges no_map = { no_map_list, 0, MAX_TAKEN };

static uint64_t lost_bytes; /* not used because a list was full */

static void left_alone(const struct range *lost)
{
	lost_bytes += lost->end - lost->base;
}

static int add_memory(paddr_t base, uint64_t size, void *arg)
{
	uint64_t limit = arch_boot_ram_limit();
	uint64_t start = ALIGN_UP(base.v, PAGE_SIZE);
	uint64_t end = ALIGN_DOWN(base.v + size, PAGE_SIZE);
	struct range lost = { start, end };

	(void)arg;
	if (end < base.v || start >= limit) {
		log_warn("memory: RAM at 0x%llx is beyond what this CPU "
			 "addresses; left alone",
			 (unsigned long long)base.v);
		return 0;
	}
	/* Between two banks there is no RAM: a full list must not join them. */
	if (ram.n == MAX_RANGES) {
		left_alone(&lost);
	} else {
		(void)ranges_add(&ram, start, MIN(end, limit), &lost);
	}
	return 0;
}

static int add_reserved(paddr_t base, uint64_t size, bool unmapped, void *arg)
{
	uint64_t start = ALIGN_DOWN(base.v, PAGE_SIZE);
	uint64_t end = ALIGN_UP(base.v + size, PAGE_SIZE);
	struct range lost;

	(void)arg;
	if (!ranges_add(unmapped ? &no_map : &taken, start, end, &lost)) {
		left_alone(&lost);
	}
	return 0;
}

static void take(uint64_t base, uint64_t size)
{
	(void)add_reserved(PADDR(base), size, false, NULL);
}

static void collect(paddr_t fdt)
{
	struct dt_chosen chosen;
	struct range lost;
	paddr_t image;
	uint64_t size;

	(void)dt_for_each_memory(add_memory, NULL);
	arch_image_range(&image, &size);
	take(image.v, size);
	take(fdt.v, fdt_totalsize(dt_blob()));
	dt_get_chosen(&chosen);
	if (chosen.initrd_size) {
		take(chosen.initrd.v, chosen.initrd_size);
	}
	(void)dt_for_each_reserved(add_reserved, NULL);
	for (unsigned int i = 0; i < no_map.n; i++) {
		if (!ranges_cut(&ram, no_map.list[i].base, no_map.list[i].end,
				&lost)) {
			left_alone(&lost);
		}
	}
}

bool boot_memory_is_ram(paddr_t base, uint64_t size)
{
	return base.v + size >= base.v &&
	       ranges_cover(&ram, base.v, base.v + size);
}

/* The lowest aligned address in `r` from which `size` bytes are not taken. */
static bool find_free(struct range r, uint64_t size, uint64_t align,
		      uint64_t *out)
{
	uint64_t at = ALIGN_UP(r.base, align);
	bool moved = true;

	while (moved) {
		moved = false;
		for (unsigned int i = 0; i < taken.n; i++) {
			if (at < taken.list[i].end &&
			    at + size > taken.list[i].base) {
				at = ALIGN_UP(taken.list[i].end, align);
				moved = true;
			}
		}
	}
	*out = at;
	return at + size <= r.end;
}

static int place(uint64_t size, uint64_t align, uint64_t *base)
{
	for (unsigned int i = 0; i < ram.n; i++) {
		if (find_free(ram.list[i], size, align, base)) {
			return 0;
		}
	}
	return -ERR_NOMEM;
}

/* Pages for the direct map's tables: at most four for each range, and one for
 * each GiB, in case parts of it are mapped differently later. */
static uint64_t arena_pages(void)
{
	uint64_t pages = 16 + 4 * (uint64_t)ram.n;

	for (unsigned int i = 0; i < ram.n; i++) {
		pages += (ram.list[i].end - ram.list[i].base) / GIB(1);
	}
	return pages;
}

static int make_arena(uint64_t *base, uint64_t *size)
{
	int err;

	*size = arena_pages() * PAGE_SIZE;
	err = place(*size, PAGE_SIZE, base);
	return err ? err : arch_boot_map_arena(PADDR(*base), *size);
}

#ifdef CONFIG_COLOURS
/* As large as a block of the direct map. */
#define MOVE_ALIGN MIB(2)

/*
 * With colours of its own, the image moves to rows that have enough pages of
 * these for it and for tables: one for each block that its pages lie in, at
 * most a seventh of all pages (of 64 colours, one).
 */
static int move_image(uint64_t *base, uint64_t *size)
{
	colour_mask_t own = page_own() & colour_all();
	uint64_t pages, rows, image_size;
	paddr_t image;
	int err;

	arch_image_range(&image, &image_size);
	pages = image_size / PAGE_SIZE + arena_pages();
	pages += pages / 6;
	rows = DIV_ROUND_UP(pages, colour_count(own));
	*size = ALIGN_UP(rows * page_colours() * PAGE_SIZE, MOVE_ALIGN);
	err = place(*size, MOVE_ALIGN, base);
	if (!err) {
		err = arch_boot_move_image(PADDR(*base), *size, own);
	}
	if (err) {
		log_err("hyp-colors: the image keeps all colours, for it takes "
			"%llu MiB of free RAM to move it",
			(unsigned long long)(*size / MIB(1)));
	}
	return err;
}

static bool is_own(uint64_t at)
{
	return (page_own() & BIT(at / PAGE_SIZE % page_colours())) != 0;
}

/* The allocator works: the pages of our colours are used, all others free. */
static int give_back(uint64_t base, uint64_t size)
{
	uint64_t image_size, end = base + size;
	paddr_t image;
	int err = 0;

	for (uint64_t at = base, next; at < end && !err; at = next) {
		next = at + PAGE_SIZE;
		if (is_own(at)) {
			err = page_take_reserved(PADDR(at));
			continue;
		}
		while (next < end && !is_own(next)) {
			next += PAGE_SIZE;
		}
		err = page_release_reserved(PADDR(at), next - at);
	}
	arch_image_range(&image, &image_size);
	return err ? err
		   : page_release_reserved(PADDR(image.v + PAGE_SIZE),
					   image_size - PAGE_SIZE);
}
#else
static int move_image(uint64_t *base, uint64_t *size)
{
	(void)base;
	(void)size;
	return -ERR_NOSUPP;
}

static int give_back(uint64_t base, uint64_t size)
{
	(void)base;
	(void)size;
	return 0;
}
#endif

static int fill_allocator(uint64_t arena, uint64_t arena_size)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < ram.n; i++) {
		err = page_add_ram(PADDR(ram.list[i].base),
				   ram.list[i].end - ram.list[i].base);
	}
	if (!err) {
		err = page_reserve(PADDR(arena), arena_size);
	}
	for (unsigned int i = 0; !err && i < taken.n; i++) {
		err = page_reserve(PADDR(taken.list[i].base),
				   taken.list[i].end - taken.list[i].base);
	}
	return err ? err : page_init_done();
}

int boot_memory_init(paddr_t fdt)
{
	uint64_t arena = 0, arena_size = 0;
	bool moved = false;
	int err = 0;

	cache_init();
	colour_own_init();
	collect(fdt);
	if (lost_bytes > 0) {
		log_warn("memory: the host tree has more than %u ranges of RAM "
			 "or reserved ones; %llu KiB between them are left "
			 "alone",
			 MAX_TAKEN, (unsigned long long)(lost_bytes / KIB(1)));
	}
	if (!ram.n) {
		log_err("memory: the host tree has no usable memory node");
		return -ERR_FORMAT;
	}
	if (page_own() != PAGE_ANY_COLOUR) {
		moved = move_image(&arena, &arena_size) == 0;
	}
	if (!moved) {
		err = make_arena(&arena, &arena_size);
	}
	for (unsigned int i = 0; !err && i < ram.n; i++) {
		err = arch_boot_map_ram(PADDR(ram.list[i].base),
					ram.list[i].end - ram.list[i].base);
	}
	if (!err) {
		err = fill_allocator(arena, arena_size);
	}
	if (!err && moved) {
		err = give_back(arena, arena_size);
	}
	if (err) {
		log_err("memory: cannot map RAM: %s", err_str(err));
		return err;
	}
	arch_boot_map_done();
	return 0;
}
