/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Heap and pools on the host's page allocator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arch_impl/host.h>
#include <core/heap.h>
#include <core/page.h>
#include <libs/types.h>

#include "core/mm/pool_priv.h"

static uint64_t rnd(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static uint64_t free_pages(void)
{
	struct page_stats st;

	page_get_stats(&st);
	return st.free;
}

static uint64_t heap_used(void)
{
	struct heap_stats st;

	heap_get_stats(&st);
	return st.bytes_used;
}

static bool all(const uint8_t *p, uint8_t byte, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != byte) {
			return false;
		}
	}
	return true;
}

static void test_zeroed_aligned(void **state)
{
	(void)state;
	for (size_t size = 0; size < 20000; size += size < 5000 ? 1 : 101) {
		uint8_t *p = heap_alloc(size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		if (size >= PAGE_SIZE) {
			assert_int_equal((uintptr_t)p % PAGE_SIZE, 0);
		}
		assert_true(all(p, 0, size));
		memset(p, 0xa5, size);
		heap_free(p);
	}
	heap_trim();
	assert_int_equal(heap_used(), 0);
}

#define LIVE 500

static void test_random(void **state)
{
	static struct {
		uint8_t *p;
		size_t size;
		uint8_t byte;
	} live[LIVE];
	uint64_t before;

	(void)state;
	heap_trim();
	before = free_pages();
	for (unsigned int step = 0; step < 40000; step++) {
		unsigned int i = (unsigned int)(rnd() % LIVE);

		if (live[i].p) {
			assert_true(all(live[i].p, live[i].byte, live[i].size));
			heap_free(live[i].p);
			live[i].p = NULL;
			continue;
		}
		live[i].size = rnd() % (rnd() % 8 ? 700 : 9000);
		live[i].byte = (uint8_t)(step | 1);
		live[i].p = heap_alloc(live[i].size);
		assert_non_null(live[i].p);
		assert_true(all(live[i].p, 0, live[i].size));
		memset(live[i].p, live[i].byte, live[i].size);
	}
	for (unsigned int i = 0; i < LIVE; i++) {
		heap_free(live[i].p);
	}
	assert_int_equal(heap_used(), 0);
	heap_trim();
	assert_int_equal(free_pages(), before);
}

static void test_bad_frees(void **state)
{
	char *p = heap_alloc(100), *q = heap_alloc(100);
	char *large = heap_alloc(3 * PAGE_SIZE);

	(void)state;
	heap_free(NULL);
	assert_true(host_panics(heap_free(p + 16)));
	assert_true(host_panics(heap_free(p + 8)));
	assert_true(host_panics(heap_free(large + PAGE_SIZE)));
	heap_free(p);
	assert_true(host_panics(heap_free(p)));
	heap_free(q);
	assert_true(host_panics(heap_free(q)));
	heap_free(large);
	assert_true(host_panics(heap_free(large)));
}

static void test_overflow(void **state)
{
	(void)state;
	assert_null(heap_alloc_array(SIZE_MAX / 2, 3));
	assert_null(heap_alloc(SIZE_MAX));
	assert_null(heap_alloc(SIZE_MAX - 5000));
	assert_null(heap_alloc((size_t)1 << 60));
}

static void test_out_of_memory(void **state)
{
	static void *blocks[2000];
	struct heap_stats st, after;
	uint64_t before;
	unsigned int n = 0;

	(void)state;
	heap_trim();
	before = free_pages();
	heap_get_stats(&st);
	while (n < 2000 && (blocks[n] = heap_alloc(MIB(1))) != NULL) {
		n++;
	}
	assert_in_range(n, 100, 1999);
	heap_get_stats(&after);
	assert_int_equal(after.failures, st.failures + 1);
	while (n) {
		heap_free(blocks[--n]);
	}
	heap_trim();
	assert_int_equal(free_pages(), before);
}

static bool find_pool(const char *name, struct pool_stats *st)
{
	for (unsigned int i = 0; pool_get_stats(i, st); i++) {
		if (strcmp(st->name, name) == 0) {
			return true;
		}
	}
	return false;
}

static void pool_round(struct pool *p, const char *name, size_t size)
{
	static uint8_t *obj[1000];
	struct pool_stats st;
	uint64_t before;

	pool_init(p, name, size);
	before = free_pages();
	for (unsigned int i = 0; i < 1000; i++) {
		obj[i] = pool_alloc(p, size);
		assert_non_null(obj[i]);
		assert_int_equal((uintptr_t)obj[i] % 16, 0);
		assert_true(all(obj[i], 0, size));
		memset(obj[i], (int)(i & 0xff), size);
	}
	assert_true(find_pool(name, &st));
	assert_int_equal(st.object_size, size);
	assert_int_equal(st.used, 1000);
	assert_true(st.capacity >= 1000);
	assert_true(st.pages * PAGE_SIZE >= 1000 * size);
	for (unsigned int i = 0; i < 1000; i++) {
		unsigned int k = (i * 7) % 1000;

		assert_true(all(obj[k], (uint8_t)(k & 0xff), size));
		pool_free(p, obj[k]);
	}
	assert_true(host_panics(pool_free(p, obj[0])));
	heap_trim();
	assert_int_equal(free_pages(), before);
	assert_true(find_pool(name, &st));
	assert_int_equal(st.used, 0);
	assert_int_equal(st.pages, 0);
}

static void test_pool(void **state)
{
	static struct pool pools[4];

	(void)state;
	pool_round(&pools[0], "unit-1", 1);
	pool_round(&pools[1], "unit-40", 40);
	pool_round(&pools[2], "unit-512", 512);
	pool_round(&pools[3], "unit-2500", 2500);
}

static void test_pool_misuse(void **state)
{
	static struct pool p, q, huge;
	char *obj;

	(void)state;
	pool_init(&p, "a", 48);
	pool_init(&q, "b", 48);
	obj = pool_alloc(&p, 48);
	assert_true(host_panics(pool_free(&q, obj)));
	assert_true(host_panics(pool_free(&p, obj + 16)));
	assert_true(host_panics(heap_free(obj)));
	pool_free(&p, obj);
	assert_true(host_panics(pool_init(&huge, "c", PAGE_SIZE)));
}

/* Size classes: how much of a page is not used by objects. */
static void test_overhead(void **state)
{
	static void *obj[4000];
	struct heap_stats st;

	(void)state;
	heap_trim();
	for (unsigned int i = 0; i < 4000; i++) {
		obj[i] = heap_alloc(64);
	}
	heap_get_stats(&st);
	assert_int_equal(st.allocations, 4000);
	assert_int_equal(st.bytes_used, 4000 * 64);
	assert_true(st.bytes_held < st.bytes_used * 102 / 100 + PAGE_SIZE);
	for (unsigned int i = 0; i < 4000; i++) {
		heap_free(obj[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed_aligned),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_overhead),
		/* Last, because panics leave locks held. */
		cmocka_unit_test(test_bad_frees),
		cmocka_unit_test(test_pool_misuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
