/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving the image to pages of the hypervisor's colours. Its virtual addresses
 * stay: only the tables say where it is. So nothing that points into it
 * changes.
 */
#include "el2_priv.h"

#include <arch/boot.h>
#include <arch_impl/sections.h>
#include <libs/error.h>
#include <string.h>

typedef void (*image_move_t)(const uint64_t *frames, uint64_t pages,
			     const void *image, uint64_t ttbr);
extern const uint8_t image_move[];

static uint64_t image_pages(void)
{
	return image_size() / PAGE_SIZE;
}

/* Is this page of the image mapped at its address? */
static bool is_mapped(const char *at)
{
	return at < __tables_start || at >= __boot_stack;
}

static enum mmu_prot prot_of(const char *at)
{
	if (at < __text_end) {
		return MMU_RX;
	}
	return at < __rodata_end ? MMU_RO : MMU_RW;
}

/* Choose the frames; what is left of the arena is for tables, zeroed. */
static int take_frames(uint64_t *frames, uint64_t n)
{
	uint64_t at = el2_arena_page(el2_early.arena);

	for (uint64_t i = 0; i < n; i++) {
		if (!is_mapped(__image_start + i * PAGE_SIZE)) {
			continue;
		}
		if (at >= el2_early.end) {
			return -ERR_NOMEM;
		}
		frames[i] = at;
		at = el2_arena_page(at + PAGE_SIZE);
	}
	el2_early.next = at;
	for (; at < el2_early.end; at = el2_arena_page(at + PAGE_SIZE)) {
		arch_zero_pages(arch_phys_to_virt(PADDR(at)), PAGE_SIZE);
	}
	return 0;
}

/* As map_image(): at physical addresses nothing of the image is written. */
static int map_moved(const uint64_t *frames, uint64_t n)
{
	int err = 0;

	for (uint64_t i = 0; i < n && !err; i++) {
		const char *at = __image_start + i * PAGE_SIZE;

		if (!is_mapped(at)) {
			continue;
		}
		err = pgtable_map(&el2_table, (uint64_t)at, frames[i],
				  PAGE_SIZE, el2_attrs(prot_of(at)));
		if (!err) {
			err = el2_map_around(frames[i], frames[i] + PAGE_SIZE,
					     MMU_RO);
		}
	}
	return err;
}

static int make_tables(const uint64_t *frames, uint64_t n)
{
	paddr_t root;
	int err = el2_table_alloc(&el2_table, &root);

	if (err) {
		return err;
	}
	el2_begin(root);
	err = map_moved(frames, n);
	if (!err) {
		err = el2_map_loaded();
	}
	if (!err && el2_early.console) {
		err = el2_map_around(el2_early.console,
				     el2_early.console + PAGE_SIZE, MMU_DEVICE);
	}
	return err ? err
		   : el2_map_around(el2_early.arena,
				    el2_early.arena + el2_early.arena_size,
				    MMU_RW);
}

int arch_boot_move_image(paddr_t base, uint64_t size, colour_mask_t colours)
{
	uint64_t n = image_pages(), list = n * sizeof(uint64_t);
	int err = el2_map_around(base.v, base.v + size, MMU_RW);
	struct el2_early early = el2_early;
	struct pgtable table = el2_table;
	uint64_t *frames;

	if (err || early.next + list > early.end) {
		return -ERR_NOMEM;
	}
	/* The list takes the place of tables that will not be needed. */
	frames = arch_phys_to_virt(PADDR(early.next));
	el2_early.spare = 0;
	el2_early.arena = base.v;
	el2_early.arena_size = size;
	el2_early.end = base.v + size;
	el2_early.colours = colours;
	el2_early.tables_size = 0;
	err = take_frames(frames, n);
	if (!err) {
		err = make_tables(frames, n);
	}
	if (err) {
		memset(frames, 0, list);
		el2_early = early;
		el2_table = table;
		return err;
	}
	((image_move_t)mmu_idmap(image_move).v)(frames, n, __image_start,
						el2_table.root.v);
	return 0;
}
