/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the initial RAM disk and the tree are placed. The numbers of QEMU's
 * loader are those of a native start (tests/integration/arm64/test_placement.py
 * compares them).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arch/guest_platform.h>
#include <core/guest_place.h>
#include <core/guest_platform.h>

#include "arch/arm64/guest/platform_priv.h"
#include <libs/error.h>

#define RAM 0x40000000ull
#define TREE KIB(128)

static struct guest_config cfg;
static struct place place;

static void ram(unsigned int n, uint64_t base, uint64_t size)
{
	cfg.memory[n] = (struct config_range){ base, size };
	cfg.nmemory = n + 1;
}

static int setup(void **state)
{
	(void)state;
	cfg = (struct guest_config){ 0 };
	place = (struct place){ .cfg = &cfg };
	ram(0, RAM, MIB(256));
	return 0;
}

static uint64_t initrd(uint64_t image_end, uint64_t size)
{
	uint64_t at = 0;

	return arch_guest_platform.place_initrd(&place, image_end, size, &at)
		       ? at
		       : 0;
}

static uint64_t tree(enum kernel_format format, uint64_t image_end,
		     uint64_t initrd_end)
{
	uint64_t at = 0;

	return arch_guest_platform.place_tree(&place, format, image_end,
					      initrd_end, TREE, &at)
		       ? at
		       : 0;
}

static uint64_t above(uint64_t image_end, uint64_t initrd_end)
{
	return tree(KERNEL_LINUX, image_end, initrd_end);
}

/* The address of the tree if that is the start of RAM, otherwise 0. */
static uint64_t first(void)
{
	uint64_t at = tree(KERNEL_ELF, RAM, 0);

	return at == cfg.memory[0].base ? at : 0;
}

/* A raw image at 0x80000 and an Image at 2 MiB; sizes of RAM in MiB, of the
 * image up to its end, and of the initial RAM disk. */
static void like_qemu(void **state)
{
	static const struct {
		unsigned int ram;
		uint64_t image_end, initrd_size, initrd, tree;
	} rows[] = {
		{ 4, 0x90000, 0, 0, 0x40200000 },
		{ 16, 0x90000, 0, 0, 0x40800000 },
		{ 64, 0x90000, 0, 0, 0x42000000 },
		{ 128, 0x90000, 0, 0, 0x44000000 },
		{ 256, 0x90000, 0, 0, 0x48000000 },
		{ 512, 0x90000, 0, 0, 0x48000000 },
		{ 9216, 0x90000, 0, 0, 0x48000000 },
		{ 256, 0x90000, 100, 0x48000000, 0x48200000 },
		{ 256, 0x90000, 0x300005, 0x48000000, 0x48400000 },
		{ 256, 0x90000, 0x200000, 0x48000000, 0x48200000 },
		{ 64, 0x210000, 5000, 0x42000000, 0x42200000 },
		{ 512, 0xa200000, 5000, 0x4a200000, 0x4a400000 },
		{ 512, 0xa200001, 5000, 0x4a201000, 0x4a400000 },
		{ 512, 0xa200001, 0, 0, 0x4a400000 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t end = RAM + rows[i].image_end, at = 0;

		setup(state);
		ram(0, RAM, MIB((uint64_t)rows[i].ram));
		assert_int_equal(place_claim(&place, RAM + 0x80000,
					     end - RAM - 0x80000),
				 0);
		if (rows[i].initrd_size) {
			at = initrd(end, rows[i].initrd_size);
			assert_int_equal(at, rows[i].initrd);
			assert_int_equal(place_claim(&place, at,
						     rows[i].initrd_size),
					 0);
			at += rows[i].initrd_size;
		}
		assert_int_equal(above(end, at), rows[i].tree);
		assert_int_equal(place_claim(&place, rows[i].tree, TREE), 0);
	}
}

static void elf_finds_the_tree_at_the_start(void **state)
{
	(void)state;
	assert_int_equal(place_claim(&place, RAM + TREE, MIB(1)), 0);
	assert_int_equal(first(), RAM);
	/* One byte too many. */
	setup(state);
	assert_int_equal(place_claim(&place, RAM + TREE - 1, MIB(1)), 0);
	assert_int_equal(first(), 0);
}

/* QEMU fails if its places are not free; we try others. */
static void elsewhere(void **state)
{
	/* 40 MiB do not fit into the upper half of 64. */
	ram(0, RAM, MIB(64));
	assert_int_equal(place_claim(&place, RAM + 0x80000, MIB(2)), 0);
	assert_int_equal(initrd(RAM + 0x280000, MIB(40)), RAM + 0x280000);
	assert_int_equal(initrd(RAM + 0x280000, MIB(62)), 0);
	/* The tree has no room above the initial RAM disk. */
	assert_int_equal(place_claim(&place, RAM + MIB(34), MIB(30)), 0);
	assert_int_equal(above(RAM + 0x280000, RAM + MIB(64)), RAM + MIB(32));
	assert_int_equal(place_claim(&place, RAM + MIB(32), MIB(2)), 0);
	assert_int_equal(above(RAM + 0x280000, RAM + MIB(64)), RAM);
	/* No boundary is free either. */
	setup(state);
	ram(0, RAM, MIB(1));
	assert_int_equal(place_claim(&place, RAM + 100, 0x80000), 0);
	assert_int_equal(above(RAM + 0x80064, 0), RAM + 0x81000);
	assert_int_equal(place_claim(&place, RAM + 0x81000, 0x7f000), 0);
	assert_int_equal(above(RAM + 0x80064, 0), 0);
	assert_int_equal(first(), 0);
	/* A second bank. */
	ram(1, RAM + MIB(4), MIB(4));
	assert_int_equal(above(RAM + 0x80064, 0), RAM + MIB(4));
	assert_int_equal(initrd(RAM + 0x80064, MIB(4)), RAM + MIB(4));
	assert_int_equal(initrd(RAM + 0x80064, MIB(4) + 1), 0);
}

/* The initial RAM disk has an address in another bank. */
static void tree_stays_above_the_image(void **state)
{
	(void)state;
	ram(1, RAM + GIB(4), MIB(64));
	assert_int_equal(place_claim(&place, RAM + 0x80000, MIB(2)), 0);
	assert_int_equal(place_claim(&place, RAM + GIB(4), MIB(64)), 0);
	assert_int_equal(above(RAM + 0x280000, RAM + GIB(4) + MIB(64)),
			 0x48000000);
}

static void what_is_claimed(void **state)
{
	(void)state;
	ram(1, RAM + MIB(256), MIB(2));
	assert_int_equal(place_claim(&place, RAM - 1, 2), -ERR_RANGE);
	assert_int_equal(place_claim(&place, RAM + MIB(256) - 1, 2),
			 -ERR_RANGE);
	assert_int_equal(place_claim(&place, RAM, UINT64_MAX), -ERR_RANGE);
	assert_int_equal(place_claim(&place, UINT64_MAX, 1), -ERR_RANGE);
	assert_int_equal(place_claim(&place, RAM + 10, 10), 0);
	assert_int_equal(place_claim(&place, RAM + 19, 1), -ERR_EXIST);
	assert_int_equal(place_claim(&place, RAM, 11), -ERR_EXIST);
	assert_int_equal(place_claim(&place, RAM, 30), -ERR_EXIST);
	assert_int_equal(place_claim(&place, RAM, 10), 0);
	assert_int_equal(place_claim(&place, RAM + 20, MIB(256) - 20), 0);
	assert_int_equal(place_claim(&place, RAM + MIB(256), MIB(2)), 0);
}

/* Reserved ranges are not used, unless the description gives the address. */
static void reservations_are_avoided(void **state)
{
	(void)state;
	cfg.reserved[0] = (struct config_range){ RAM, 0x1000 };
	cfg.reserved[1] = (struct config_range){ RAM + MIB(128) + 100, 1 };
	cfg.reserved[2] = (struct config_range){ RAM + MIB(130), MIB(3) };
	cfg.nreserved = 3;
	assert_int_equal(initrd(RAM + MIB(4), 5000), RAM + MIB(128) + 0x1000);
	assert_int_equal(initrd(RAM + MIB(4), MIB(2)), RAM + MIB(133));
	assert_int_equal(above(RAM + MIB(4), RAM + MIB(129)), RAM + MIB(134));
	assert_int_equal(first(), 0);
	assert_int_equal(place_claim(&place, RAM, 0x2000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(like_qemu, setup),
		cmocka_unit_test_setup(elf_finds_the_tree_at_the_start, setup),
		cmocka_unit_test_setup(elsewhere, setup),
		cmocka_unit_test_setup(tree_stays_above_the_image, setup),
		cmocka_unit_test_setup(what_is_claimed, setup),
		cmocka_unit_test_setup(reservations_are_avoided, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
