/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that a device shows: when it is mapped, and how it is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <string.h>

#include <arch/mmu.h>
#include <arch/stage2.h>
#include <core/emulator.h>
#include <core/page.h>
#include <libs/error.h>

#include "core/guest/guest_priv.h"

#define FLASH MIB(64)

static struct guest_config cfg = {
	.memory = { { GIB(1), PAGE_SIZE } },
	.nmemory = 1,
};
static struct guest guest = { .cfg = &cfg,
			      .colours = { .set = PAGE_ANY_COLOUR } };
static struct guest_rom rom;
static struct page_stats before;

static int setup(void **state)
{
	(void)state;
	page_get_stats(&before);
	return stage2_init(&guest.stage2, 32, PAGE_ANY_COLOUR);
}

static int teardown(void **state)
{
	struct page_stats after;

	(void)state;
	stage2_fini(&guest.stage2);
	page_get_stats(&after);
	return after.free == before.free && after.guests == before.guests ? 0
									  : -1;
}

static enum stage2_prot prot_at(uint64_t ipa)
{
	enum stage2_prot prot;
	paddr_t pa;

	return stage2_lookup(&guest.stage2, IPA(ipa), &pa, &prot) ? 0 : prot;
}

/* Write all of it, as a device does. */
static void fill(int byte)
{
	uint64_t n;

	for (uint64_t off = 0; off < rom.size; off += n) {
		n = rom.size - off;
		memset(guest_rom_at(&rom, off, &n), byte, n);
		guest_rom_sync(&rom, off, n);
	}
}

static void test_shown_and_hidden(void **state)
{
	struct page_stats now;
	uint32_t v = 0;

	(void)state;
	assert_int_equal(guest_rom_init(&guest, &rom, IPA(FLASH), 5000), 0);
	page_get_stats(&now);
	assert_int_equal(now.guests, before.guests + 2);
	assert_int_equal(prot_at(FLASH), STAGE2_NONE);
	fill(0x5a);
	assert_int_equal(guest_read(&guest, IPA(FLASH), &v, 4), -ERR_FAULT);
	guest_rom_show(&guest, &rom, true);
	assert_int_equal(prot_at(FLASH), STAGE2_RX);
	assert_int_equal(prot_at(FLASH + 4096), STAGE2_RX);
	assert_int_equal(prot_at(FLASH + 8192), 0);
	/* Across two pages, but not beyond, and it is never written. */
	assert_int_equal(guest_read(&guest, IPA(FLASH + 4094), &v, 4), 0);
	assert_int_equal(v, 0x5a5a5a5a);
	assert_int_equal(guest_read(&guest, IPA(FLASH + 8190), &v, 4),
			 -ERR_FAULT);
	assert_int_equal(guest_write(&guest, IPA(FLASH), &v, 4), -ERR_FAULT);
	assert_null(guest_ram_ptr(&guest, IPA(FLASH), 4));
	guest_rom_show(&guest, &rom, false);
	assert_int_equal(prot_at(FLASH), STAGE2_NONE);
	guest_rom_fini(&guest, &rom);
	assert_int_equal(prot_at(FLASH), 0);
	/* None: nothing happens. */
	guest_rom_show(&guest, &rom, true);
	guest_rom_fini(&guest, &rom);
}

/* Few entries may change in a trap; otherwise it is refused. */
static void test_places(void **state)
{
	(void)state;
	assert_int_equal(
		guest_rom_init(&guest, &rom, IPA(FLASH + KIB(256)), MIB(2)), 0);
	guest_rom_fini(&guest, &rom);
	assert_int_equal(guest_rom_init(&guest, &rom, IPA(FLASH + KIB(256)),
					MIB(2) + 1),
			 -ERR_RANGE);
	assert_int_equal(guest_rom_init(&guest, &rom, IPA(FLASH), MIB(2) + 1),
			 0);
	guest_rom_fini(&guest, &rom);
	assert_int_equal(guest_rom_init(&guest, &rom, IPA(FLASH + 4), 4096),
			 -ERR_RANGE);
	assert_int_equal(guest_rom_init(&guest, &rom, IPA(GIB(4)), 4096),
			 -ERR_RANGE);
}

static void test_no_memory(void **state)
{
	(void)state;
	assert_int_equal(guest_rom_init(&guest, &rom, IPA(0), GIB(1)),
			 -ERR_NOMEM);
	assert_int_equal(prot_at(FLASH), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shown_and_hidden, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
