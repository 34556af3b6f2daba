/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory in which a guest reads and executes what a device holds there. */
#include <arch/mmu.h>
#include <arch/stage2.h>
#include <core/guest.h>
#include <core/log.h>
#include <core/page.h>
#include <emu/emulator.h>
#include <libs/error.h>

/* A trap changes the rights of at most this in pages, the rest in blocks of as
 * much. */
#define ROM_BLOCK MIB(2)

int guest_rom_init(struct guest *g, struct guest_rom *rom, ipa_t base,
		   uint64_t size)
{
	uint64_t bytes = ALIGN_UP(size, PAGE_SIZE);
	paddr_t pa;
	int err;

	if (!IS_ALIGNED(base.v, bytes > ROM_BLOCK ? ROM_BLOCK : PAGE_SIZE)) {
		return -ERR_RANGE;
	}
	err = page_alloc_exact(&pa, bytes / PAGE_SIZE, PAGE_ANY_COLOUR);
	if (err) {
		return err;
	}
	err = stage2_map(&g->stage2, base, pa, bytes, STAGE2_NONE);
	if (err) {
		page_free_exact(pa, bytes / PAGE_SIZE);
		return err;
	}
	page_account_guest((int64_t)(bytes / PAGE_SIZE));
	*rom = (struct guest_rom){
		.base = base,
		.size = bytes,
		.data = arch_phys_to_virt(pa),
	};
	return 0;
}

void guest_rom_fini(struct guest *g, struct guest_rom *rom)
{
	uint64_t pages = rom->size / PAGE_SIZE;
	int err;

	if (pages == 0) {
		return;
	}
	/* As it was mapped, so that no block needs to be split. */
	err = stage2_unmap(&g->stage2, rom->base, rom->size);
	assert(!err);
	page_account_guest(-(int64_t)pages);
	page_free_exact(arch_virt_to_phys(rom->data), pages);
	*rom = (struct guest_rom){ 0 };
}

void guest_rom_sync(struct guest_rom *rom)
{
	arch_cache_sync_icache(rom->data, rom->size);
}

void guest_rom_show(struct guest *g, struct guest_rom *rom, bool show)
{
	if (rom->shown != show &&
	    stage2_protect(&g->stage2, rom->base, rom->size,
			   show ? STAGE2_RX : STAGE2_NONE) == 0) {
		rom->shown = show;
	}
}
