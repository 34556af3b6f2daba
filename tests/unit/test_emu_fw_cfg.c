/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated fw_cfg device, driven as firmware drives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emulators/fwcfg/fw_cfg.c"
#include "tests/unit/emu_fake.h"

#define DESCRIPTOR (FAKE_RAM_BASE + 0x100)
#define TARGET (FAKE_RAM_BASE + 0x1000)
#define KERNEL_SIZE 0x23456

static uint8_t kernel[KERNEL_SIZE];

static int setup(void **state)
{
	int err;

	(void)state;
	for (unsigned int i = 0; i < sizeof(kernel); i++) {
		kernel[i] = (uint8_t)(i * 5 + i / 256);
	}
	fake_file = (struct vfs_stat){
		.type = VFS_FILE,
		.size = sizeof(kernel),
		.data = kernel,
	};
	memset(fake_ram, 0xee, sizeof(fake_ram));
	fake_config("qemu,fw-cfg-mmio", 0x18);
	fake_node_begin();
	err = fdt_property_string(fake_blob, "kernel", "/image");
	err |= fdt_property_string(fake_blob, "bootargs", "quiet splash");
	fake_node_end();
	return err ? err : fake_start();
}

static int teardown(void **state)
{
	(void)state;
	return fake_stop() ? 0 : -1;
}

static void choose(uint16_t key)
{
	fake_write(FW_CFG_SELECTOR, __builtin_bswap16(key), 2);
}

static void put_descriptor(uint32_t control, uint32_t length, uint64_t address)
{
	struct fw_cfg_descriptor d = {
		.control = __builtin_bswap32(control),
		.length = __builtin_bswap32(length),
		.address = __builtin_bswap64(address),
	};

	memcpy(fake_ram + 0x100, &d, sizeof(d));
}

/* Execute the store that starts a transfer once: 0 or -ERR_BUSY. */
static int store(uint64_t descriptor)
{
	uint64_t v = __builtin_bswap64(descriptor);

	return fake_access(0, FW_CFG_DMA, 8, true, &v);
}

/* Do a transfer as the guest does; returns how often the store was executed. */
static unsigned int start_dma(uint32_t control, uint32_t length,
			      uint64_t address)
{
	unsigned int times = 1;

	put_descriptor(control, length, address);
	while (store(DESCRIPTOR) == -ERR_BUSY) {
		times++;
	}
	return times;
}

static uint32_t dma_control(void)
{
	uint32_t be;

	memcpy(&be, fake_ram + 0x100, sizeof(be));
	return __builtin_bswap32(be);
}

static void test_signature(void **state)
{
	uint64_t v;

	(void)state;
	choose(KEY_SIGNATURE);
	assert_int_equal(fake_read(FW_CFG_DATA, 1), 'Q');
	assert_int_equal(fake_read(FW_CFG_DATA, 1), 'E');
	assert_int_equal(fake_read(FW_CFG_DATA, 1), 'M');
	assert_int_equal(fake_read(FW_CFG_DATA, 1), 'U');
	assert_int_equal(fake_read(FW_CFG_DATA, 1), 0);
	choose(KEY_ID);
	assert_int_equal(fake_read(FW_CFG_DATA, 4), 3);
	v = fake_read(FW_CFG_DMA, 8);
	assert_memory_equal(&v, "QEMU CFG", 8);
	v = fake_read(FW_CFG_DMA_LOW, 4);
	assert_memory_equal(&v, " CFG", 4);
}

static void test_numbers(void **state)
{
	(void)state;
	choose(KEY_NB_CPUS);
	assert_int_equal(fake_read(FW_CFG_DATA, 2), 2);
	choose(KEY_RAM_SIZE);
	assert_int_equal(fake_read(FW_CFG_DATA, 8), FAKE_RAM_SIZE);
	choose(KEY_FILE_DIR);
	assert_int_equal(fake_read(FW_CFG_DATA, 4), 0);
	choose(KEY_KERNEL_SIZE);
	assert_int_equal(fake_read(FW_CFG_DATA, 4), KERNEL_SIZE);
	choose(KEY_INITRD_SIZE); /* there is none */
	assert_int_equal(fake_read(FW_CFG_DATA, 4), 0);
	choose(0xbeef);
	assert_int_equal(fake_read(FW_CFG_DATA, 8), 0);
}

static void test_data_in_all_sizes(void **state)
{
	static const unsigned int sizes[] = { 1, 2, 4, 8, 4, 1 };
	uint64_t v;
	size_t at = 0;

	(void)state;
	choose(KEY_KERNEL_DATA);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		v = fake_read(FW_CFG_DATA, sizes[i]);
		assert_memory_equal(&v, kernel + at, sizes[i]);
		at += sizes[i];
	}
	choose(KEY_CMDLINE_SIZE);
	assert_int_equal(fake_read(FW_CFG_DATA, 4), 13);
	choose(KEY_CMDLINE_DATA);
	v = fake_read(FW_CFG_DATA, 8);
	assert_memory_equal(&v, "quiet sp", 8);
}

static void test_short_dma(void **state)
{
	(void)state;
	start_dma((uint32_t)KEY_KERNEL_DATA << 16 | DMA_SELECT | DMA_READ, 100,
		  TARGET);
	assert_int_equal(dma_control(), 0);
	assert_memory_equal(fake_ram + 0x1000, kernel, 100);
	assert_int_equal(fake_ram[0x1000 + 100], 0xee);
	/* The next transfer continues after a skip. */
	start_dma(DMA_SKIP, 50, 0);
	start_dma(DMA_READ, 10, TARGET);
	assert_memory_equal(fake_ram + 0x1000, kernel + 150, 10);
	/* Zeros after the end. */
	start_dma((uint32_t)KEY_ID << 16 | DMA_SELECT | DMA_READ, 600, TARGET);
	assert_int_equal(dma_control(), 0);
	assert_int_equal(fake_ram[0x1000], 3);
	for (int i = 4; i < 600; i++) {
		assert_int_equal(fake_ram[0x1000 + i], 0);
	}
	assert_int_equal(fake_ram[0x1000 + 600], 0xee);
}

static void test_long_dma(void **state)
{
	uint32_t read = (uint32_t)KEY_KERNEL_DATA << 16 | DMA_SELECT | DMA_READ;
	unsigned int pieces = 0;

	(void)state;
	put_descriptor(read, KERNEL_SIZE + 5000, TARGET);
	assert_int_equal(store(DESCRIPTOR), -ERR_BUSY);
	assert_int_equal(dma_control(), read); /* in progress */
	assert_memory_equal(fake_ram + 0x1000, kernel, FW_CFG_PIECE);
	assert_int_equal(fake_ram[0x1000 + FW_CFG_PIECE], 0xee);
	while (store(DESCRIPTOR) == -ERR_BUSY) {
		pieces++;
	}
	assert_int_equal(pieces, (KERNEL_SIZE + 5000) / FW_CFG_PIECE - 1);
	assert_int_equal(dma_control(), 0);
	assert_memory_equal(fake_ram + 0x1000, kernel, KERNEL_SIZE);
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(fake_ram[0x1000 + KERNEL_SIZE + i], 0);
	}
	assert_int_equal(fake_ram[0x1000 + KERNEL_SIZE + 5000], 0xee);
}

/* Interrupts are masked for one store: what it copies byte by byte is less. */
static void test_unaligned_dma(void **state)
{
	uint32_t read = (uint32_t)KEY_KERNEL_DATA << 16 | DMA_SELECT | DMA_READ;

	(void)state;
	for (unsigned int by = 0; by < 8; by++) {
		int err;

		/* From inside the item, past an end that is not aligned. */
		start_dma(read, by, TARGET);
		put_descriptor(DMA_READ, KERNEL_SIZE + 3 * FW_CFG_PIECE,
			       TARGET + (by * 5 & 7));
		do {
			fake_by_bytes = 0;
			err = store(DESCRIPTOR);
			assert_in_range(fake_by_bytes, 0, FW_CFG_PIECE_BYTES);
		} while (err == -ERR_BUSY);
		assert_int_equal(err, 0);
		assert_int_equal(dma_control(), 0);
	}
}

static void test_address_in_two_halves(void **state)
{
	struct fw_cfg_descriptor d = {
		.control = __builtin_bswap32(DMA_SELECT | DMA_READ),
		.length = __builtin_bswap32(4),
		.address = __builtin_bswap64(TARGET),
	};

	(void)state;
	memcpy(fake_ram + 0x100, &d, sizeof(d));
	wr(FW_CFG_DMA, 0);
	wr(FW_CFG_DMA_LOW, __builtin_bswap32(DESCRIPTOR));
	assert_int_equal(dma_control(), 0);
	assert_memory_equal(fake_ram + 0x1000, "QEMU", 4);
	/* The upper half of the address is cleared after each transfer. */
	memset(fake_ram + 0x1000, 0, 4);
	memcpy(fake_ram + 0x100, &d, sizeof(d));
	wr(FW_CFG_DMA, __builtin_bswap32(1));
	wr(FW_CFG_DMA_LOW, __builtin_bswap32(DESCRIPTOR));
	assert_int_equal(fake_ram[0x1000], 0);
	wr(FW_CFG_DMA_LOW, __builtin_bswap32(DESCRIPTOR));
	assert_memory_equal(fake_ram + 0x1000, "QEMU", 4);
}

static void test_dma_errors(void **state)
{
	uint32_t read = (uint32_t)KEY_KERNEL_DATA << 16 | DMA_SELECT | DMA_READ;

	(void)state;
	start_dma(read, 100, 0); /* no RAM there */
	assert_int_equal(dma_control(), DMA_ERROR);
	/* Beyond the end of RAM: data up to the end, and at most a piece of
	 * work more. */
	assert_in_range(start_dma(read, 0xffffffff, TARGET), 15, 17);
	assert_int_equal(dma_control(), DMA_ERROR);
	start_dma(DMA_WRITE, 4, TARGET);
	assert_int_equal(dma_control(), DMA_ERROR);
	/* A descriptor outside RAM: the error cannot be reported. */
	assert_int_equal(store(0x1000), 0);
	assert_int_equal(store(~UINT64_C(0)), 0);
	start_dma(read, 0, TARGET);
	assert_int_equal(dma_control(), 0);
}

/* A VCPU is interrupted during a transfer, and another one starts one. */
static void test_two_transfers(void **state)
{
	uint32_t read = (uint32_t)KEY_KERNEL_DATA << 16 | DMA_SELECT | DMA_READ;
	unsigned int times = 0;

	(void)state;
	put_descriptor(read, 4, TARGET + 0x20000);
	memcpy(fake_ram + 0x200, fake_ram + 0x100, 16);
	put_descriptor(read, 5 * FW_CFG_PIECE, TARGET);
	assert_int_equal(store(DESCRIPTOR), -ERR_BUSY);
	while (store(DESCRIPTOR + 0x100) == -ERR_BUSY) {
		times++;
	}
	assert_int_equal(times, 4);
	assert_int_equal(dma_control(), 0);
	assert_memory_equal(fake_ram + 0x1000, kernel, 5 * FW_CFG_PIECE);
	assert_memory_equal(fake_ram + 0x21000, kernel, 4);
}

static void test_reset_ends_a_transfer(void **state)
{
	(void)state;
	put_descriptor((uint32_t)KEY_KERNEL_DATA << 16 | DMA_SELECT | DMA_READ,
		       0x20000, TARGET);
	assert_int_equal(store(DESCRIPTOR), -ERR_BUSY);
	emu_device_reset(&fake_dev);
	start_dma(DMA_READ, 4, TARGET); /* key 0 again */
	assert_int_equal(dma_control(), 0);
	assert_memory_equal(fake_ram + 0x1000, "QEMU", 4);
}

static void test_missing_kernel(void **state)
{
	(void)state;
	fake_config("qemu,fw-cfg-mmio", 0x18);
	fake_node_begin();
	assert_int_equal(fdt_property_string(fake_blob, "kernel", "/none"), 0);
	fake_node_end();
	assert_int_equal(fake_start(), -ERR_NOENT);
	assert_int_equal(fake_heap_live, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_signature, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_data_in_all_sizes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_short_dma, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_long_dma, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unaligned_dma, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_address_in_two_halves,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_dma_errors, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_two_transfers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_reset_ends_a_transfer,
						setup, teardown),
		cmocka_unit_test(test_missing_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
