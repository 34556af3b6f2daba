/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated flash, driven as the drivers of Linux and U-Boot drive it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/flash/cfi.c"
#include "tests/unit/emu_fake.h"

#define BANK (64u << 20)
#define BLOCK (256u << 10)
#define BOTH(x) ((uint32_t)(x) << 16 | (uint32_t)(x))

static uint8_t image[3 * 4096 + 100];

static struct flash_bank *bank_of(unsigned int n)
{
	return &((struct cfi_flash *)fake_dev.state)->banks[n];
}

static bool rom_shown(void)
{
	return bank_of(0)->rom.shown;
}

/* Two banks without images. */
static int setup_new(void **state)
{
	(void)state;
	fake_config("cfi-flash", BANK);
	fake_node.nregs = 2;
	fake_node.regs[1] = (struct config_range){ FAKE_BASE + BANK, BANK };
	fake_node.nirqs = 0;
	return fake_start();
}

/* Two banks, erased. */
static int setup(void **state)
{
	struct cfi_flash *f;

	if (setup_new(state) != 0) {
		return -1;
	}
	f = fake_dev.state;
	for (uint32_t block = 0; block < BANK / BLOCK; block++) {
		flash_store_erase(&f->store, 0, block);
		flash_store_erase(&f->store, 1, block);
	}
	return 0;
}

static int setup_image(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sizeof(image); i++) {
		image[i] = (uint8_t)(i * 7 + i / 256);
	}
	fake_file = (struct vfs_stat){
		.type = VFS_FILE,
		.size = sizeof(image),
		.data = image,
	};
	fake_config("cfi-flash", BANK);
	fake_node_begin();
	if (fdt_property(fake_blob, "image", "/image", 7)) {
		return -1;
	}
	fake_node_end();
	return fake_start();
}

static int teardown(void **state)
{
	(void)state;
	return fake_stop() ? 0 : -1;
}

static uint32_t status(void)
{
	wr(0, BOTH(CMD_READ_STATUS));
	return rd(0);
}

static void read_array(void)
{
	wr(0, BOTH(CMD_READ_ARRAY));
}

static void program(uint32_t off, uint32_t v)
{
	wr(off, BOTH(CMD_PROGRAM));
	wr(off, v);
	(void)fake_run_work();
}

static void erase(uint32_t off)
{
	wr(off, BOTH(CMD_ERASE));
	wr(off, BOTH(CMD_CONFIRM));
}

/* n words of BOTH(first), BOTH(first + 1)... */
static void program_buffer(uint32_t off, uint32_t n, uint32_t first)
{
	uint32_t block = off & ~(BLOCK - 1);

	wr(block, BOTH(CMD_BUFFER));
	assert_int_equal(rd(block) & BOTH(SR_READY), BOTH(SR_READY));
	wr(block, BOTH(n - 1));
	for (uint32_t i = 0; i < n; i++) {
		wr(off + 4 * i, BOTH(first + i));
	}
	wr(block, BOTH(CMD_CONFIRM));
}

static void test_query(void **state)
{
	static const uint8_t want[] = {
		'Q', 'R', 'Y', 1, 0, 0x31, 0, 0, 0, 0, 0,
	};

	(void)state;
	wr(4 * 0x55, BOTH(CMD_QUERY));
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(rd(4 * (0x10 + i)), BOTH(want[i]));
	}
	assert_int_equal(rd(4 * 0x27), BOTH(25));  /* 32 MiB for each chip */
	assert_int_equal(rd(4 * 0x2d), BOTH(255)); /* 256 blocks */
	assert_int_equal(rd(4 * 0x2f), BOTH(0));
	assert_int_equal(rd(4 * 0x30), BOTH(2)); /* of 128 KiB */
	assert_int_equal(rd(4 * 0x31), BOTH('P'));
	/* Narrow reads give their byte lanes: one chip, and one byte of it. */
	assert_int_equal(fake_read(4 * 0x10, 1), 'Q');
	assert_int_equal(fake_read(4 * 0x10 + 1, 1), 0);
	assert_int_equal(fake_read(4 * 0x10 + 2, 2), 'Q');
	assert_int_equal(fake_read(4 * 0x10, 8),
			 (uint64_t)BOTH('R') << 32 | BOTH('Q'));
	wr(0, BOTH(CMD_READ_ID));
	assert_int_equal(rd(0), BOTH(0x89));
	assert_int_equal(rd(4), BOTH(0x18));
	read_array();
	assert_int_equal(rd(4 * 0x10), 0xffffffff);
}

static void test_word_program(void **state)
{
	(void)state;
	wr(0x1234, BOTH(CMD_PROGRAM));
	wr(0x1234, 0x12345678);
	/* Without memory it is busy, and ignores commands until the worker has
	 * run. */
	assert_int_equal(rd(0), 0);
	wr(0, BOTH(CMD_READ_ARRAY));
	assert_int_equal(rd(0), 0);
	assert_true(fake_run_work());
	assert_int_equal(rd(0), BOTH(SR_READY));
	read_array();
	assert_int_equal(rd(0x1234), 0x12345678);
	assert_int_equal(rd(0x1230), 0xffffffff);
	assert_int_equal(rd(0x1238), 0xffffffff);
	/* The next one is done at once from the pool; only zeros are
	 * programmed. */
	wr(0x1234, BOTH(CMD_PROGRAM));
	wr(0x1234, 0xffff00ff);
	assert_int_equal(rd(0), BOTH(SR_READY));
	assert_false(fake_run_work());
	read_array();
	assert_int_equal(rd(0x1234), 0x12340078);
	assert_int_equal(fake_read(0x1235, 1), 0);
	assert_int_equal(fake_read(0x1233, 4), 0x340078ff);
}

static void test_program_of_nothing_needs_no_memory(void **state)
{
	int live = fake_heap_live;

	(void)state;
	wr(0, BOTH(CMD_PROGRAM));
	wr(0, 0xffffffff);
	assert_int_equal(rd(0), BOTH(SR_READY));
	assert_false(fake_run_work());
	assert_int_equal(fake_heap_live, live);
}

static void test_buffered_program(void **state)
{
	(void)state;
	/* 512 words across a page boundary. */
	program_buffer(BLOCK + 0xc00, 512, 0x4000);
	assert_int_equal(rd(0), 0);
	assert_true(fake_run_work());
	assert_int_equal(status(), BOTH(SR_READY));
	read_array();
	for (uint32_t i = 0; i < 512; i++) {
		assert_int_equal(rd(BLOCK + 0xc00 + 4 * i), BOTH(0x4000 + i));
	}
	assert_int_equal(rd(BLOCK + 0xbfc), 0xffffffff);
	assert_int_equal(rd(BLOCK + 0x1400), 0xffffffff);
}

/* U-Boot assumes that the flash is 16 bits wide. */
static void test_halfword_cycles(void **state)
{
	(void)state;
	fake_write(0x100, CMD_PROGRAM, 2);
	fake_write(0x102, 0x1234, 2);
	assert_true(fake_run_work());
	assert_int_equal(fake_read(0x100, 2), SR_READY);
	fake_write(0, CMD_BUFFER, 2);
	fake_write(0, 3 - 1, 2);
	for (uint32_t i = 0; i < 3; i++) {
		fake_write(0x200 + 2 * i, 0x4000 + i, 2);
	}
	fake_write(0, CMD_CONFIRM, 2);
	assert_int_equal(fake_read(0, 2), SR_READY);
	fake_write(0, CMD_READ_ARRAY, 2);
	assert_int_equal(rd(0x100), 0x1234ffff);
	assert_int_equal(fake_read(0x200, 8), UINT64_C(0xffff400240014000));
	/* Up to the last byte of the bank, although more was announced. */
	fake_write(0, CMD_BUFFER, 2);
	fake_write(0, 1, 2);
	fake_write(BANK - 2, 0, 2);
	fake_write(BANK - 1, 0, 1);
	fake_write(0, CMD_CONFIRM, 2);
	(void)fake_run_work();
	assert_int_equal(status(), BOTH(SR_READY));
	read_array();
	assert_int_equal(rd(BANK - 4), 0xffff);
}

static void test_erase(void **state)
{
	(void)state;
	program(BLOCK - 4, 1);
	program(BLOCK, 2);
	program(2 * BLOCK - 4, 3);
	program(2 * BLOCK, 4);
	erase(BLOCK + 0x5000);
	assert_int_equal(status(), BOTH(SR_READY));
	read_array();
	assert_int_equal(rd(BLOCK - 4), 1);
	assert_int_equal(rd(BLOCK), 0xffffffff);
	assert_int_equal(rd(2 * BLOCK - 4), 0xffffffff);
	assert_int_equal(rd(2 * BLOCK), 4);
}

static void test_locks(void **state)
{
	uint32_t want = SR_READY | SR_PROGRAM | SR_LOCKED;

	(void)state;
	wr(BLOCK, BOTH(CMD_LOCK_SETUP));
	wr(BLOCK, BOTH(CMD_LOCK));
	wr(0, BOTH(CMD_READ_ID));
	assert_int_equal(rd(8), 0);
	assert_int_equal(rd(BLOCK + 8), BOTH(1));
	program(BLOCK + 8, 0);
	assert_int_equal(status(), BOTH(want));
	wr(0, BOTH(CMD_CLEAR_STATUS));
	assert_int_equal(status(), BOTH(SR_READY));
	erase(BLOCK);
	assert_int_equal(status(), BOTH(SR_READY | SR_ERASE | SR_LOCKED));
	wr(0, BOTH(CMD_CLEAR_STATUS));
	/* A buffer that ends in the locked block. */
	program_buffer(BLOCK - 4, 2, 0);
	assert_int_equal(status(), BOTH(want));
	wr(0, BOTH(CMD_CLEAR_STATUS));
	wr(BLOCK, BOTH(CMD_LOCK_SETUP));
	wr(BLOCK, BOTH(CMD_CONFIRM));
	program(BLOCK + 8, 0);
	assert_int_equal(status(), BOTH(SR_READY));
}

static void test_bad_sequences(void **state)
{
	uint32_t want = BOTH(SR_READY | SR_PROGRAM | SR_ERASE);

	(void)state;
	wr(0, BOTH(CMD_ERASE));
	wr(0, BOTH(CMD_READ_ARRAY)); /* not confirmed */
	assert_int_equal(status(), want);
	wr(0, BOTH(CMD_CLEAR_STATUS));
	wr(0, BOTH(CMD_BUFFER));
	wr(0, BOTH(512)); /* one word too many */
	assert_int_equal(status(), want);
	wr(0, BOTH(CMD_CLEAR_STATUS));
	wr(0, BOTH(CMD_BUFFER));
	wr(0, BOTH(1));
	wr(0x100, 0);
	wr(0x108, 0); /* outside the two */
	assert_int_equal(status(), want);
	wr(0, BOTH(CMD_CLEAR_STATUS));
	wr(0, BOTH(CMD_BUFFER));
	wr(0, BOTH(1));
	wr(0x100, 0);
	wr(0x0fc, 0); /* before the first */
	assert_int_equal(rd(0), want);
	wr(0, BOTH(CMD_CLEAR_STATUS));
	wr(0, BOTH(CMD_BUFFER));
	wr(0, BOTH(0));
	wr(0x100, 0);
	wr(0, BOTH(CMD_READ_ARRAY)); /* not confirmed */
	assert_int_equal(rd(0), want);
	wr(0, BOTH(CMD_CLEAR_STATUS));
	wr(0, BOTH(CMD_LOCK_SETUP));
	wr(0, BOTH(0x03));
	assert_int_equal(status(), want);
	read_array();
	assert_int_equal(rd(0x100), 0xffffffff);
}

static void test_modified_pages_are_bounded(void **state)
{
	uint32_t n = 0;

	(void)state;
	fake_heap_budget = 3; /* an odd number of pages at first */
	program(0, 0);
	fake_heap_budget = -1;
	for (; n < 1000; n++) {
		program(n * 4096, n);
		if (status() != BOTH(SR_READY)) {
			break;
		}
	}
	assert_int_equal(n, FLASH_PAGES);
	assert_int_equal(status(), BOTH(SR_READY | SR_PROGRAM));
	assert_true(fake_heap_live <= 1 + (int)FLASH_PAGES);
	/* It fails at once, without the worker. */
	wr(0, BOTH(CMD_CLEAR_STATUS));
	wr(n * 4096, BOTH(CMD_PROGRAM));
	wr(n * 4096, 0);
	assert_int_equal(rd(0), BOTH(SR_READY | SR_PROGRAM));
	assert_false(fake_run_work());
	/* A page that exists can still be programmed, and erasing makes
	 * room. */
	wr(0, BOTH(CMD_CLEAR_STATUS));
	program(4 * 4096 + 4, 77);
	assert_int_equal(status(), BOTH(SR_READY));
	erase(BLOCK);
	program(n * 4096, n);
	assert_int_equal(status(), BOTH(SR_READY));
	read_array();
	assert_int_equal(rd(n * 4096), n);
	assert_int_equal(rd(4 * 4096), 4);
	assert_int_equal(rd(4 * 4096 + 4), 77);
}

static void test_out_of_memory(void **state)
{
	(void)state;
	fake_heap_budget = 0;
	program(0, 0);
	assert_int_equal(status(), BOTH(SR_READY | SR_PROGRAM));
	read_array();
	assert_int_equal(rd(0), 0xffffffff);
	fake_heap_budget = 1; /* only one of the two pages needed */
	wr(0, BOTH(CMD_CLEAR_STATUS));
	program_buffer(0xffc, 2, 0);
	assert_true(fake_run_work());
	assert_int_equal(status(), BOTH(SR_READY | SR_PROGRAM));
	fake_heap_budget = -1;
}

static void test_reset_keeps_contents(void **state)
{
	(void)state;
	program(0, 0x11223344);
	wr(0, BOTH(CMD_PROGRAM)); /* half a command */
	emu_device_reset(&fake_dev);
	assert_int_equal(rd(0), 0x11223344);
	/* A reset while programming waits for memory: it is lost. */
	for (int i = 1; i < FLASH_REFILL; i++) {
		program(BLOCK + 4096 * i, 0);
	}
	wr(BLOCK * 2, BOTH(CMD_PROGRAM));
	wr(BLOCK * 2, 0);
	emu_device_reset(&fake_dev);
	assert_false(fake_run_work());
	assert_int_equal(rd(BLOCK * 2), 0xffffffff);
}

static void test_banks_are_apart(void **state)
{
	uint64_t v = 0;

	(void)state;
	program(0x100, 0x12345678);
	read_array();
	wr(0, BOTH(CMD_READ_STATUS));
	assert_int_equal(fake_access(1, 0x100, 4, false, &v), 0);
	assert_int_equal(v, 0xffffffff);
	v = UINT64_C(0xa5a5a5a5) << 32 | BOTH(CMD_PROGRAM);
	assert_int_equal(fake_access(1, 0x100, 8, true, &v), 0);
	v = BOTH(CMD_READ_ARRAY);
	assert_int_equal(fake_access(1, 0, 4, true, &v), 0);
	assert_int_equal(fake_access(1, 0x104, 4, false, &v), 0);
	assert_int_equal(v, 0xa5a5a5a5);
	read_array();
	assert_int_equal(rd(0x104), 0xffffffff);
}

/* Zeros, as on QEMU's virt machine; erasing sets bits. */
static void test_new(void **state)
{
	uint64_t v = 1;

	(void)state;
	assert_int_equal(rd(0), 0);
	assert_int_equal(rd(BANK - 4), 0);
	assert_int_equal(fake_access(1, BLOCK, 4, false, &v), 0);
	assert_int_equal(v, 0);
	erase(BLOCK);
	read_array();
	assert_int_equal(rd(BLOCK - 4), 0);
	assert_int_equal(rd(BLOCK), 0xffffffff);
	assert_int_equal(rd(2 * BLOCK - 4), 0xffffffff);
	assert_int_equal(rd(2 * BLOCK), 0);
}

static void test_image(void **state)
{
	uint32_t v;

	(void)state;
	for (uint32_t off = 0; off < 12288; off += 1000) {
		memcpy(&v, image + off, 4);
		assert_int_equal(rd(off), v);
	}
	memcpy(&v, image + 4095, 4);
	assert_int_equal(fake_read(4095, 4), v); /* across two pages */
	assert_int_equal(fake_read(sizeof(image) - 1, 1),
			 image[sizeof(image) - 1]);
	assert_int_equal(fake_read(sizeof(image), 1), 0);
	assert_int_equal(fake_read(sizeof(image) - 1, 2),
			 image[sizeof(image) - 1]);
	/* Programming keeps the rest of the page, and the image itself. */
	program(4096, 0);
	read_array();
	assert_int_equal(rd(4096), 0);
	memcpy(&v, image + 4100, 4);
	assert_int_equal(rd(4100), v);
	memcpy(&v, image + 4096, 4);
	assert_int_not_equal(v, 0);
	/* An erased block does not show the image again. */
	erase(0);
	read_array();
	assert_int_equal(rd(4096), 0xffffffff);
	assert_int_equal(rd(0), 0xffffffff);
}

/* The image is mapped as memory while reads would find the same contents. */
static void test_image_as_memory(void **state)
{
	(void)state;
	assert_true(rom_shown());
	assert_true(fake_rom_synced);
	assert_memory_equal(fake_rom, image, sizeof(image));
	assert_int_equal(fake_rom[sizeof(image)], 0);
	wr(0, BOTH(CMD_READ_STATUS));
	assert_false(rom_shown());
	read_array();
	assert_true(rom_shown());
	/* Contents after the image may change. */
	program((uint32_t)bank_of(0)->rom.size, 0);
	assert_false(rom_shown());
	read_array();
	assert_true(rom_shown());
	erase(BLOCK);
	read_array();
	assert_true(rom_shown());
	/* A change inside the image changes the memory too. */
	program(4096, 0);
	read_array();
	assert_true(rom_shown());
	assert_int_equal(rd(4096), 0);
	assert_int_equal(fake_rom[4096], 0);
	assert_int_equal(fake_rom[4100], image[4100]);
	emu_device_reset(&fake_dev);
	assert_true(rom_shown());
	assert_int_equal(fake_rom[4096], 0);
}

/* An erased block is copied by the guest's thread: until then, reads trap. */
static void test_erased_block_as_memory(void **state)
{
	(void)state;
	erase(0);
	read_array();
	assert_false(rom_shown());
	assert_int_equal(rd(0), 0xffffffff);
	assert_int_equal(fake_rom[0], image[0]);
	/* What is programmed before is not lost. */
	program_buffer(64, 2, 0x7f);
	assert_true(fake_run_work());
	assert_false(rom_shown());
	read_array();
	assert_true(rom_shown());
	assert_int_equal(fake_rom[0], 0xff);
	assert_int_equal(fake_rom[64], 0x7f);
	assert_int_equal(fake_rom[bank_of(0)->rom.size - 1], 0xff);
	erase(0);
	read_array();
	assert_true(fake_run_work());
	assert_true(rom_shown());
	assert_int_equal(fake_rom[64], 0xff);
	/* A reset does not wait for the thread. */
	program(0, 0);
	erase(0);
	emu_device_reset(&fake_dev);
	assert_true(rom_shown());
	assert_int_equal(fake_rom[0], 0xff);
}

/* Another CPU of the guest, while the thread copies; with the device's lock.
 * What was copied before is not what is erased. */
static void erase_again(void)
{
	flash_erase(fake_dev.state, 0, 0);
	fake_rom[0] = 1;
}

static void test_block_erased_while_it_is_copied(void **state)
{
	(void)state;
	erase(0);
	read_array();
	fake_rom_hook = erase_again;
	assert_true(fake_run_work());
	assert_null(fake_rom_hook);
	assert_int_equal(fake_rom[0], 0xff);
	assert_true(rom_shown());
}

/* Firmware in the first bank has its variables in the second. */
static void test_variables_as_memory(void **state)
{
	struct flash_bank *b;
	uint64_t v = BOTH(CMD_PROGRAM);

	assert_true(fake_stop());
	fake_node.nregs = 2;
	fake_node.regs[1] = (struct config_range){ FAKE_BASE + BANK, BANK };
	memset(fake_roms[1], 1, sizeof(fake_roms[1]));
	assert_int_equal(fake_start(), 0);
	b = bank_of(1);
	assert_int_equal(b->rom.base.v, FAKE_BASE + BANK);
	assert_int_equal(b->rom.size, FLASH_MODIFIED_MAX);
	assert_true(b->rom.shown);
	assert_int_equal(fake_roms[1][0], 0);
	assert_int_equal(fake_roms[1][sizeof(fake_roms[1]) - 1], 0);
	v = BOTH(CMD_ERASE);
	assert_int_equal(fake_access(1, BLOCK, 4, true, &v), 0);
	v = BOTH(CMD_CONFIRM);
	assert_int_equal(fake_access(1, BLOCK, 4, true, &v), 0);
	assert_false(b->rom.shown);
	assert_true(rom_shown());
	v = BOTH(CMD_READ_ARRAY);
	assert_int_equal(fake_access(1, 0, 4, true, &v), 0);
	assert_true(fake_run_work());
	assert_true(b->rom.shown);
	assert_int_equal(fake_roms[1][BLOCK - 1], 0);
	assert_int_equal(fake_roms[1][BLOCK], 0xff);
	assert_int_equal(fake_roms[1][2 * BLOCK - 1], 0xff);
	assert_int_equal(fake_roms[1][2 * BLOCK], 0);
	assert_true(fake_stop());
	assert_int_equal(fake_rom_live, 0);
	assert_int_equal(setup_image(state), 0);
}

/* If the image cannot be mapped as memory, reads trap; if there is no memory,
 * creation fails. */
static void test_image_not_as_memory(void **state)
{
	(void)state;
	fake_rom_error = -ERR_RANGE;
	assert_int_equal(setup_image(NULL), 0);
	assert_false(rom_shown());
	assert_int_equal(fake_read(5, 1), image[5]);
	assert_true(fake_stop());
	fake_rom_error = -ERR_NOMEM;
	assert_int_equal(setup_image(NULL), -ERR_NOMEM);
	assert_int_equal(fake_heap_live, 0);
	fake_rom_error = 0;
	/* The second bank fails: the first one's memory is freed. */
	fake_node.nregs = 2;
	fake_node.regs[1] = (struct config_range){ FAKE_BASE + BANK, 5 };
	assert_int_equal(fake_start(), -ERR_RANGE);
	assert_int_equal(fake_rom_live, 0);
}

static void test_refused_descriptions(void **state)
{
	(void)state;
	fake_config("cfi-flash", 3 * BLOCK);
	assert_int_equal(fake_start(), -ERR_RANGE);
	fake_config("cfi-flash", BLOCK / 2);
	assert_int_equal(fake_start(), -ERR_RANGE);
	fake_config("cfi-flash", 2 * (uint64_t)BANK);
	assert_int_equal(fake_start(), -ERR_RANGE);
	fake_config("cfi-flash", BLOCK);
	fake_node_begin();
	assert_int_equal(fdt_property(fake_blob, "image", "/nothing", 9), 0);
	fake_node_end();
	assert_int_equal(fake_start(), -ERR_NOENT);
	fake_file_path = "/nothing";
	fake_file = (struct vfs_stat){
		.type = VFS_FILE,
		.size = BLOCK + 1,
		.data = image,
	};
	assert_int_equal(fake_start(), -ERR_RANGE);
	fake_file.type = VFS_DIR;
	assert_int_equal(fake_start(), -ERR_NOSUPP);
	fake_file_path = "/image";
	assert_int_equal(fake_heap_live, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_new, setup_new, teardown),
		cmocka_unit_test_setup_teardown(test_query, setup, teardown),
		cmocka_unit_test_setup_teardown(test_word_program, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_program_of_nothing_needs_no_memory, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_buffered_program, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_halfword_cycles, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_erase, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_sequences, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_modified_pages_are_bounded,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_out_of_memory, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_reset_keeps_contents,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_banks_are_apart, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_image, setup_image,
						teardown),
		cmocka_unit_test_setup_teardown(test_image_as_memory,
						setup_image, teardown),
		cmocka_unit_test_setup_teardown(test_erased_block_as_memory,
						setup_image, teardown),
		cmocka_unit_test_setup_teardown(
			test_block_erased_while_it_is_copied, setup_image,
			teardown),
		cmocka_unit_test_setup_teardown(test_variables_as_memory,
						setup_image, teardown),
		cmocka_unit_test(test_image_not_as_memory),
		cmocka_unit_test(test_refused_descriptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
