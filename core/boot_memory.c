/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the host tree's memory nodes to a working page allocator: what is
 * RAM, what of it is taken, and how it gets mapped.
 */
#include <arch/boot.h>
#include <arch/image.h>
#include <core/boot.h>
#include <core/dt.h>
#include <core/log.h>
#include <core/page.h>
#include <libs/error.h>
#include <libfdt.h>

#define MAX_RANGES 64
#define MAX_TAKEN 64

struct range {
	uint64_t base, end;
};

static struct range ram[MAX_RANGES];
static unsigned int nr_ram;
static struct range taken[MAX_TAKEN];
static unsigned int nr_taken;
static struct range no_map[MAX_TAKEN];
static unsigned int nr_no_map;

static int add(struct range *list, unsigned int *n, unsigned int max,
	       uint64_t base, uint64_t end)
{
	if (base >= end) {
		return 0;
	}
	if (*n == max) {
		return -ERR_NOSPC;
	}
	list[(*n)++] = (struct range){ base, end };
	return 0;
}

/* Remove [base, end) from the list of RAM, splitting where needed. */
static int subtract(uint64_t base, uint64_t end)
{
	for (unsigned int i = 0; i < nr_ram; i++) {
		struct range r = ram[i];

		if (end <= r.base || base >= r.end) {
			continue;
		}
		ram[i].end = MAX(r.base, base);
		if (end < r.end) {
			int err = add(ram, &nr_ram, MAX_RANGES, end, r.end);

			if (err) {
				return err;
			}
		}
	}
	return 0;
}

static int add_memory(paddr_t base, uint64_t size, void *arg)
{
	uint64_t limit = arch_boot_ram_limit();
	uint64_t start = ALIGN_UP(base.v, PAGE_SIZE);
	uint64_t end = ALIGN_DOWN(base.v + size, PAGE_SIZE);
	int err;

	(void)arg;
	if (end < base.v || start >= limit) {
		log_warn("memory: RAM at 0x%llx is beyond what this CPU "
			 "addresses; left alone", (unsigned long long)base.v);
		return 0;
	}
	end = MIN(end, limit);
	/* Nodes may overlap: what came before wins. */
	for (unsigned int i = 0; i < nr_ram; i++) {
		if (start >= ram[i].base && start < ram[i].end) {
			start = ram[i].end;
		}
		if (end > ram[i].base && end <= ram[i].end) {
			end = MAX(start, ram[i].base);
		}
	}
	err = add(ram, &nr_ram, MAX_RANGES, start, end);
	if (err) {
		log_warn("memory: more than %u ranges; 0x%llx left alone",
			 MAX_RANGES, (unsigned long long)base.v);
	}
	return 0;
}

static int add_reserved(paddr_t base, uint64_t size, bool unmapped, void *arg)
{
	uint64_t start = ALIGN_DOWN(base.v, PAGE_SIZE);
	uint64_t end = ALIGN_UP(base.v + size, PAGE_SIZE);

	(void)arg;
	if (unmapped) {
		return add(no_map, &nr_no_map, MAX_TAKEN, start, end);
	}
	return add(taken, &nr_taken, MAX_TAKEN, start, end);
}

static int take(uint64_t base, uint64_t size)
{
	return add_reserved(PADDR(base), size, false, NULL);
}

static int collect(paddr_t fdt)
{
	struct dt_chosen chosen;
	paddr_t image;
	uint64_t size;
	int err;

	(void)dt_for_each_memory(add_memory, NULL);
	arch_image_range(&image, &size);
	err = take(image.v, size);
	if (!err) {
		err = take(fdt.v, fdt_totalsize(dt_blob()));
	}
	dt_get_chosen(&chosen);
	if (!err && chosen.initrd_size) {
		err = take(chosen.initrd.v, chosen.initrd_size);
	}
	if (!err) {
		err = dt_for_each_reserved(add_reserved, NULL);
	}
	for (unsigned int i = 0; !err && i < nr_no_map; i++) {
		err = subtract(no_map[i].base, no_map[i].end);
	}
	return err;
}

/* First address >= r.base in `r` where `size` bytes are not taken. */
static bool find_free(struct range r, uint64_t size, uint64_t *out)
{
	uint64_t at = r.base;
	bool moved = true;

	while (moved) {
		moved = false;
		for (unsigned int i = 0; i < nr_taken; i++) {
			if (at < taken[i].end && at + size > taken[i].base) {
				at = taken[i].end;
				moved = true;
			}
		}
	}
	*out = at;
	return at + size <= r.end;
}

/* Tables for the direct map: four at most for each end of each range, and one
 * for each GiB, of which parts are mapped differently at times. */
static int place_arena(uint64_t *base, uint64_t *size)
{
	*size = (16 + 4 * (uint64_t)nr_ram) * PAGE_SIZE;
	for (unsigned int i = 0; i < nr_ram; i++) {
		*size += (ram[i].end - ram[i].base) / GIB(1) * PAGE_SIZE;
	}
	for (unsigned int i = 0; i < nr_ram; i++) {
		if (find_free(ram[i], *size, base)) {
			return 0;
		}
	}
	return -ERR_NOMEM;
}

static int fill_allocator(uint64_t arena, uint64_t arena_size)
{
	int err = take(arena, arena_size);

	for (unsigned int i = 0; !err && i < nr_ram; i++) {
		if (ram[i].end > ram[i].base) {
			err = page_add_ram(PADDR(ram[i].base),
					   ram[i].end - ram[i].base);
		}
	}
	for (unsigned int i = 0; !err && i < nr_taken; i++) {
		err = page_reserve(PADDR(taken[i].base),
				   taken[i].end - taken[i].base);
	}
	return err ? err : page_init_done();
}

int boot_memory_init(paddr_t fdt)
{
	uint64_t arena, arena_size;
	int err = collect(fdt);

	if (err) {
		log_err("memory: too many reserved ranges in the host tree "
			"(%u are possible)", MAX_TAKEN);
		return err;
	}
	if (!nr_ram) {
		log_err("memory: the host tree has no usable memory node");
		return -ERR_FORMAT;
	}
	err = place_arena(&arena, &arena_size);
	if (!err) {
		err = arch_boot_map_arena(PADDR(arena), arena_size);
	}
	for (unsigned int i = 0; !err && i < nr_ram; i++) {
		if (ram[i].end > ram[i].base) {
			err = arch_boot_map_ram(PADDR(ram[i].base),
						ram[i].end - ram[i].base);
		}
	}
	if (!err) {
		err = fill_allocator(arena, arena_size);
	}
	if (err) {
		log_err("memory: cannot map RAM: %s", err_str(err));
		return err;
	}
	arch_boot_map_done();
	return 0;
}
