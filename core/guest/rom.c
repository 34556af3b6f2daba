/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of a device that a guest reads and executes directly. */
#include <arch/mmu.h>
#include <arch/stage2.h>
#include <core/emulator.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/page.h>
#include <libs/error.h>

/* A trap changes the permissions of a device's memory. Beyond this size they
 * are changed in blocks of this size. */
#define ROM_BLOCK MIB(2)

/* A guest that has not all colours. Its pages are not adjacent, and a trap that
 * changes them takes a step for each: so they are few, and single, as two steps
 * would be needed for a run. */
static bool is_coloured(const struct guest *g)
{
	return IS_ENABLED(CONFIG_COLOURS) && g->colours.set != PAGE_ANY_COLOUR;
}

static void free_pages(struct guest_rom *rom, uint64_t n)
{
	while (n-- > 0) {
		page_free(rom->pages[n], 0);
	}
	heap_free(rom->pages);
}

static int coloured_init(struct guest *g, struct guest_rom *rom)
{
	uint64_t n = 0, size = 0;
	int err = 0;

	rom->size = MIN(rom->size, GUEST_ROM_COLOURED);
	rom->pages =
		heap_alloc_array(rom->size / PAGE_SIZE, sizeof(*rom->pages));
	if (!rom->pages) {
		return -ERR_NOMEM;
	}
	while (!err && size < rom->size) {
		err = page_alloc(&rom->pages[n], 0, g->colours.set);
		if (err) {
			break;
		}
		err = stage2_map(&g->stage2, IPA(rom->base.v + size),
				 rom->pages[n++], PAGE_SIZE, STAGE2_NONE);
		size += err ? 0 : PAGE_SIZE;
	}
	if (err && size) {
		int undone = stage2_unmap(&g->stage2, rom->base, size);

		assert(!undone);
	}
	if (err) {
		free_pages(rom, n);
	}
	return err;
}

static int plain_init(struct guest *g, struct guest_rom *rom)
{
	paddr_t pa;
	int err = page_alloc_exact(&pa, rom->size / PAGE_SIZE, PAGE_ANY_COLOUR);

	if (err) {
		return err;
	}
	err = stage2_map(&g->stage2, rom->base, pa, rom->size, STAGE2_NONE);
	if (err) {
		page_free_exact(pa, rom->size / PAGE_SIZE);
		return err;
	}
	rom->data = arch_phys_to_virt(pa);
	return 0;
}

int guest_rom_init(struct guest *g, struct guest_rom *rom, ipa_t base,
		   uint64_t size)
{
	struct guest_rom new = {
		.base = base,
		.size = ALIGN_UP(size, PAGE_SIZE),
	};
	int err;

	if (!IS_ALIGNED(base.v, new.size > ROM_BLOCK ? ROM_BLOCK : PAGE_SIZE)) {
		return -ERR_RANGE;
	}
	err = is_coloured(g) ? coloured_init(g, &new) : plain_init(g, &new);
	if (err) {
		return err;
	}
	page_account_guest((int64_t)(new.size / PAGE_SIZE));
	*rom = new;
	return 0;
}

void guest_rom_fini(struct guest *g, struct guest_rom *rom)
{
	uint64_t pages = rom->size / PAGE_SIZE;
	int err;

	if (pages == 0) {
		return;
	}
	/* The same range as was mapped, so that no block has to be split. */
	err = stage2_unmap(&g->stage2, rom->base, rom->size);
	assert(!err);
	page_account_guest(-(int64_t)pages);
	if (IS_ENABLED(CONFIG_COLOURS) && rom->pages) {
		free_pages(rom, pages);
	} else {
		page_free_exact(arch_virt_to_phys(rom->data), pages);
	}
	*rom = (struct guest_rom){ 0 };
}

void *guest_rom_at(const struct guest_rom *rom, uint64_t off, uint64_t *n)
{
	uint8_t *data = rom->data;

	if (IS_ENABLED(CONFIG_COLOURS) && rom->pages) {
		*n = MIN(*n, PAGE_SIZE - off % PAGE_SIZE);
		data = arch_phys_to_virt(rom->pages[off / PAGE_SIZE]);
		return data + off % PAGE_SIZE;
	}
	*n = MIN(*n, rom->size - off);
	return data + off;
}

void guest_rom_sync(struct guest_rom *rom, uint64_t off, uint64_t size)
{
	arch_cache_sync_icache(guest_rom_at(rom, off, &size), size);
}

void guest_rom_show(struct guest *g, struct guest_rom *rom, bool show)
{
	if (rom->shown != show &&
	    stage2_protect(&g->stage2, rom->base, rom->size,
			   show ? STAGE2_RX : STAGE2_NONE) == 0) {
		rom->shown = show;
	}
}
