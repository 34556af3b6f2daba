/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device addresses, memory shared with devices, bounce buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arch_impl/host.h>

#include "core/device/dma.c"

static struct device device_with(bool coherent, uint64_t limit, uint64_t offset)
{
	return (struct device){
		.name = "d",
		.dma = { .coherent = coherent,
			 .limit = limit,
			 .offset = offset },
	};
}

static struct io_segment segment_at(uint64_t pa, size_t size)
{
	return (struct io_segment){
		.va = arch_phys_to_virt(PADDR(pa)),
		.pa = PADDR(pa),
		.size = size,
	};
}

/* All RAM in reach and coherent: mapping is an addition, and there is no
 * pool. */
static void test_direct(void **state)
{
	struct device dev = device_with(true, UINT64_MAX, 0x10000000);
	struct io_segment seg = segment_at(HOST_SPARE + 5, 1 << 20);
	struct dma_stats st;
	uint64_t addr;

	(void)state;
	assert_int_equal(dma_init(&dev, 64), 0);
	assert_int_equal(dma_map(&dev, &seg, DMA_FROM_DEVICE, &addr), 0);
	assert_int_equal(addr, HOST_SPARE + 5 - 0x10000000);
	dma_unmap(&dev, &seg, DMA_FROM_DEVICE, addr);
	assert_true(dma_max_segment(&dev) == SIZE_MAX);
	assert_false(dma_get_stats(&dev, &st));
	dma_fini(&dev);
}

/* Neither the bus's limit nor the device's address bits are exceeded. With an
 * offset, the limit applies to the device's addresses. */
static void test_reach(void **state)
{
	struct device dev = device_with(true, 0x3fffffff, 0x30000000);

	(void)state;
	assert_int_equal(dma_init(&dev, 64), 0);
	assert_true(dma_get_stats(&dev, &(struct dma_stats){ 0 }) ==
		    (page_ram_end() > 0x70000000));
	dma_fini(&dev);
	dev = device_with(true, UINT64_MAX, 0);
	assert_int_equal(dma_init(&dev, 31), 0);
	assert_null(dev.dma_pool);
	assert_int_equal(dma_init(&dev, 30), -ERR_NOMEM);
	assert_null(dev.dma_pool);
	dev = device_with(true, UINT64_MAX, HOST_RAM_BASE);
	assert_int_equal(dma_init(&dev, 28), 0);
	assert_non_null(dev.dma_pool);
	assert_true(reach_end(&dev, dev.dma_pool->last) ==
		    HOST_RAM_BASE + (1 << 28));
	dma_fini(&dev);
}

/* Data out of reach is copied, before the transfer for the device, or after
 * it. */
static void test_bounce(void **state)
{
	struct device dev = device_with(true, UINT64_MAX, HOST_RAM_BASE);
	struct io_segment seg = segment_at(HOST_SPARE + 100, 5000);
	struct dma_stats st;
	uint64_t addr;
	uint8_t *there;

	(void)state;
	assert_int_equal(dma_init(&dev, 28), 0);
	assert_int_equal(dma_max_segment(&dev), DMA_BOUNCE_MAX);
	memset(seg.va, 0x5a, seg.size);
	assert_int_equal(dma_map(&dev, &seg, DMA_TO_DEVICE, &addr), 0);
	assert_true(addr + seg.size <= 1 << 28);
	there = arch_phys_to_virt(PADDR(addr + HOST_RAM_BASE));
	assert_memory_equal(there, seg.va, seg.size);
	memset(there, 1, seg.size);
	dma_unmap(&dev, &seg, DMA_TO_DEVICE, addr);
	assert_int_equal(*(uint8_t *)seg.va, 0x5a);
	assert_int_equal(dma_map(&dev, &seg, DMA_FROM_DEVICE, &addr), 0);
	there = arch_phys_to_virt(PADDR(addr + HOST_RAM_BASE));
	memset(there, 0xa5, seg.size);
	dma_unmap(&dev, &seg, DMA_FROM_DEVICE, addr);
	for (size_t i = 0; i < seg.size; i++) {
		assert_int_equal(((uint8_t *)seg.va)[i], 0xa5);
	}
	assert_true(dma_get_stats(&dev, &st));
	assert_int_equal(st.segments, 2);
	assert_int_equal(st.bytes, 10000);
	/* In reach: used in place. */
	seg = segment_at(HOST_RAM_BASE + 0x1000, 16);
	assert_int_equal(dma_map(&dev, &seg, DMA_FROM_DEVICE, &addr), 0);
	assert_int_equal(addr, 0x1000);
	dma_unmap(&dev, &seg, DMA_FROM_DEVICE, addr);
	dma_fini(&dev);
}

/* When all buffers are in use, the caller has to wait for one. */
static void test_bounce_full(void **state)
{
	struct device dev = device_with(true, UINT64_MAX, HOST_RAM_BASE);
	struct io_segment seg = segment_at(HOST_SPARE, DMA_BOUNCE_MAX);
	struct io_segment page = segment_at(HOST_SPARE, 4096);
	struct io_segment big = segment_at(HOST_SPARE, DMA_BOUNCE_MAX + 1);
	unsigned int fit = SLOTS * SLOT_SIZE / DMA_BOUNCE_MAX;
	uint64_t addr[SLOTS], other;
	struct dma_stats st;

	(void)state;
	assert_int_equal(dma_init(&dev, 28), 0);
	assert_int_equal(dma_map(&dev, &big, DMA_TO_DEVICE, &other),
			 -ERR_RANGE);
	for (unsigned int i = 0; i < fit; i++) {
		assert_int_equal(dma_map(&dev, &seg, DMA_TO_DEVICE, &addr[i]),
				 0);
		for (unsigned int k = 0; k < i; k++) {
			assert_true(addr[i] >= addr[k] + seg.size ||
				    addr[k] >= addr[i] + seg.size);
		}
	}
	assert_int_equal(dma_map(&dev, &page, DMA_TO_DEVICE, &other),
			 -ERR_NOMEM);
	assert_true(dma_get_stats(&dev, &st));
	assert_int_equal(st.refused, 1);
	dma_unmap(&dev, &seg, DMA_TO_DEVICE, addr[1]);
	assert_int_equal(dma_map(&dev, &page, DMA_TO_DEVICE, &other), 0);
	assert_int_equal(other, addr[1]);
	dma_unmap(&dev, &page, DMA_TO_DEVICE, other);
	for (unsigned int i = 0; i < fit; i++) {
		if (i != 1) {
			dma_unmap(&dev, &seg, DMA_TO_DEVICE, addr[i]);
		}
	}
	assert_int_equal(dev.dma_pool->used, 0);
	dma_fini(&dev);
}

/* A device that is not coherent must not write lines that contain other data.
 * Whole lines, and data that it only reads, are used in place. */
static void test_not_coherent(void **state)
{
	struct device dev = device_with(false, UINT64_MAX, 0);
	struct io_segment part = segment_at(HOST_SPARE + 64, 100);
	struct io_segment whole = segment_at(HOST_SPARE + 64, 128);
	uint64_t addr;

	(void)state;
	assert_int_equal(dma_init(&dev, 64), 0);
	assert_non_null(dev.dma_pool);
	assert_int_equal(dma_map(&dev, &whole, DMA_FROM_DEVICE, &addr), 0);
	assert_int_equal(addr, HOST_SPARE + 64);
	dma_unmap(&dev, &whole, DMA_FROM_DEVICE, addr);
	assert_int_equal(dma_map(&dev, &part, DMA_TO_DEVICE, &addr), 0);
	assert_int_equal(addr, HOST_SPARE + 64);
	dma_unmap(&dev, &part, DMA_TO_DEVICE, addr);
	assert_int_equal(dma_map(&dev, &part, DMA_FROM_DEVICE, &addr), 0);
	assert_int_not_equal(addr, HOST_SPARE + 64);
	dma_unmap(&dev, &part, DMA_FROM_DEVICE, addr);
	dma_fini(&dev);
}

static uint64_t pages_free(void)
{
	struct page_stats st;

	page_get_stats(&st);
	return st.free;
}

static void alloc_and_free(void)
{
	struct device dev = device_with(true, UINT64_MAX, HOST_RAM_BASE);
	struct dma_buffer b = { .va = NULL };
	enum mmu_prot prot;
	paddr_t pa;

	assert_int_equal(dma_init(&dev, 24), 0);
	assert_int_equal(dma_alloc(&dev, 9000, &b), 0);
	assert_true(b.addr + 9000 <= 1 << 24);
	assert_true(b.pa.v == b.addr + HOST_RAM_BASE);
	for (size_t i = 0; i < b.size; i++) {
		assert_int_equal(((uint8_t *)b.va)[i], 0);
	}
	dma_free(&dev, &b);
	dma_free(&dev, &b);
	dma_fini(&dev);
	dev = device_with(false, UINT64_MAX, 0);
	assert_int_equal(dma_alloc(&dev, 4096, &b), 0);
	assert_int_equal(arch_mmu_lookup(VADDR((uintptr_t)b.va), &pa, &prot),
			 0);
	assert_int_equal(prot, MMU_UNCACHED);
	assert_true(pa.v == b.pa.v);
	memset(b.va, 0xff, 4096);
	dma_free(&dev, &b);
	assert_int_equal(host_window_mapped(), 0);
}

/* Shared memory is within reach, zero, and uncached where necessary; all of it
 * is freed. */
static void test_alloc(void **state)
{
	uint64_t before;

	(void)state;
	alloc_and_free();
	before = pages_free();
	alloc_and_free();
	assert_true(pages_free() == before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_reach),
		cmocka_unit_test(test_bounce),
		cmocka_unit_test(test_bounce_full),
		cmocka_unit_test(test_not_coherent),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
