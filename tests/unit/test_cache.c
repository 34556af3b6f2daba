/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Caches: from registers, the tree and the boot argument; colours of pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arch_impl/host.h>
#include <core/dt.h>

#include "arch/arm64/cpu/cacheid.h"
#include "core/mm/cache.c"
#include "core/mm/page.c"
#include "tests/unit/dts.h"

/* Values that QEMU's models have, and Arm's manuals. */
static void test_registers(void **state)
{
	struct cache_geometry c = { .level = 0 };
	const struct cache_node *nodes;
	unsigned int n = cacheid_hashed_nodes(&nodes);

	(void)state;
	/* Cortex-A53: L1 split, L2 unified; CLIDR_EL1 0x0a200023. */
	assert_int_equal(cacheid_type(0x0a200023, 1), CACHEID_BOTH);
	assert_int_equal(cacheid_type(0x0a200023, 2), CACHEID_UNIFIED);
	assert_int_equal(cacheid_type(0x0a200023, 3), CACHEID_NONE);
	assert_int_equal(cacheid_type(UINT64_MAX, 7), CACHEID_NONE);
	/* 32 KiB of 4 ways, 1 MiB of 16 ways. */
	cacheid_decode(0x700fe01a, false, &c);
	assert_int_equal(c.line, 64);
	assert_int_equal(c.ways, 4);
	assert_int_equal(c.sets, 128);
	cacheid_decode(0x707fe07a, false, &c);
	assert_int_equal(c.ways, 16);
	assert_int_equal(c.sets, 1024);
	assert_int_equal(cache_colours(&c), 16);
	/* FEAT_CCIDX: fields are wider and elsewhere. */
	cacheid_decode(UINT64_C(0x00ffffff00fffffa), true, &c);
	assert_int_equal(c.line, 64);
	assert_int_equal(c.ways, 1 << 21);
	assert_int_equal(c.sets, 1 << 24);
	cacheid_decode(UINT64_C(0x000003ff0000007a), true, &c);
	assert_int_equal(c.ways, 16);
	assert_int_equal(c.sets, 1024);
	assert_non_null(cacheid_hashed(0x461f0010));
	assert_null(cacheid_hashed(0x410fd034));
	assert_int_equal(n, 4);
	assert_string_equal(nodes[0].compatible, "arm,cmn-600");
	assert_non_null(strstr(nodes[0].why, "CMN-600"));
}

static void begin(const char *cpus)
{
	static struct dts_blob blob;
	const char *why;
	char text[4096];

	snprintf(text, sizeof(text),
		 "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; "
		 "cpus { #address-cells = <1>; #size-cells = <0>; %s }; };",
		 cpus);
	dts_compile(text, &blob);
	assert_int_equal(dt_init(blob.data, blob.size, &why), 0);
	nr_colours = 1;
	started = false; /* arch/host has added RAM already */
	cache_count = 0;
	argument = (struct cache_geometry){ .level = 0 };
	host_cache_hash = NULL;
	/* Cortex-A57, as QEMU has it. */
	host_caches[0] =
		(struct cache_geometry){ 1, CACHE_INSTRUCTION, 64, 3, 256 };
	host_caches[1] = (struct cache_geometry){ 1, CACHE_DATA, 64, 2, 256 };
	host_caches[2] =
		(struct cache_geometry){ 2, CACHE_UNIFIED, 64, 16, 2048 };
	host_cache_count = 3;
}

static void refused(const char *reason)
{
	assert_int_equal(nr_colours, 1);
	assert_non_null(cache_uncoloured());
	assert_non_null(strstr(cache_uncoloured(), reason));
}

#define CPU(n, behind) \
	"cpu@" #n " { device_type = \"cpu\"; reg = <" #n ">; " \
	"next-level-cache = <&" behind ">; }; "

static void test_cpu_alone(void **state)
{
	(void)state;
	begin("cpu@0 { device_type = \"cpu\"; reg = <0>; };");
	cache_init();
	assert_null(cache_uncoloured());
	assert_int_equal(nr_colours, 32);
	assert_int_equal(cache_nth(2)->is.level, 2);
	assert_int_equal(cache_nth(2)->source, CACHE_FROM_CPU);
	assert_null(cache_nth(3));

	begin("");
	host_cache_count = 0;
	cache_init();
	refused("llc=SIZE,WAYS");

	/* A small last level: 32 KiB of 8 ways. */
	begin("");
	host_caches[2] = (struct cache_geometry){ 2, CACHE_UNIFIED, 64, 8, 64 };
	cache_init();
	refused("no larger than a page");

	begin("");
	host_caches[2].sets = 3 * 1024;
	cache_init();
	refused("no power of two");

	/* More colours than a set of them has bits. */
	begin("");
	host_caches[2].sets = 16384;
	cache_init();
	assert_int_equal(nr_colours, 64);
}

/* A last level outside the CPU. */
static void test_tree(void **state)
{
	const struct cache_info *c;

	(void)state;
	begin(CPU(0, "l2") CPU(
		1,
		"l2") "l2: l2-cache { compatible = \"cache\"; "
		      "cache-level = <2>; next-level-cache = <&l3>; }; "
		      "l3: l3-cache { compatible = \"cache\"; cache-level = <3>; "
		      "cache-size = <0x400000>; cache-line-size = <64>; "
		      "cache-sets = <4096>; };");
	cache_init();
	assert_null(cache_uncoloured());
	assert_int_equal(nr_colours, 64);
	c = cache_nth(3);
	assert_int_equal(c->source, CACHE_FROM_TREE);
	assert_int_equal(c->is.level, 3);
	assert_int_equal(c->is.ways, 16);
	assert_null(cache_nth(4));

	begin(CPU(0, "l2") "l2: l2-cache { next-level-cache = <&l3>; }; "
			   "l3: l3-cache { cache-size = <0x400000>; };");
	cache_init();
	refused("cache-sets");

	/* A loop. */
	begin(CPU(0, "l2") "l2: l2-cache { next-level-cache = <&l3>; }; "
			   "l3: l3-cache { next-level-cache = <&l2>; "
			   "cache-sets = <1024>; };");
	cache_init();
	assert_true(cache_nth(CACHE_MAX) == NULL);
}

/* Two clusters with different last levels: pages that differ in the smaller
 * one's colours differ in both. */
static void test_clusters(void **state)
{
	(void)state;
	begin(CPU(0, "a") CPU(
		1, "b") "a: a { cache-level = <2>; cache-size = <0x200000>; "
			"cache-line-size = <64>; cache-sets = <2048>; }; "
			"b: b { cache-level = <2>; cache-size = <0x80000>; "
			"cache-line-size = <64>; cache-sets = <512>; };");
	cache_init();
	assert_null(cache_uncoloured());
	assert_int_equal(nr_colours, 8);
}

static void test_argument(void **state)
{
	static const char *const bad[] = {
		"",         "1M",        "1M,",     "1M,16,",   "1M,16,64,1",
		"1M,0",     "0,16",      "1M,16,0", "1M,16,65", "1M,16,4096",
		"1M,7",     "1M,x",      "one,16",  "96K,3,48", "8G,16",
		"1M,70000", "0x1ffff,1",
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		begin("");
		assert_false(take_argument(bad[i]));
		cache_init();
		assert_int_equal(nr_colours, 32);
	}
	begin("");
	assert_true(take_argument("512K,8"));
	cache_init();
	assert_int_equal(nr_colours, 16);
	assert_int_equal(cache_nth(3)->source, CACHE_FROM_ARGUMENT);
	/* Three slices of eight ways are 24 ways. */
	begin("");
	assert_true(take_argument("3M,24,128"));
	cache_init();
	assert_int_equal(nr_colours, 32);
}

static void test_hashed(void **state)
{
	(void)state;
	begin("");
	host_cache_hash = "the CPU hashes";
	cache_init();
	refused("the CPU hashes");

	begin("}; slices@100 { compatible = \"host,slices-2\"; ");
	cache_init();
	refused("these slices");

	begin("}; slices@100 { compatible = \"host,slices\"; "
	      "status = \"disabled\"; ");
	cache_init();
	assert_int_equal(nr_colours, 32);

	/* The boot argument overrides. */
	begin("");
	host_cache_hash = "the CPU hashes";
	assert_true(take_argument("1M,16"));
	cache_init();
	assert_int_equal(nr_colours, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_cpu_alone),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_clusters),
		cmocka_unit_test(test_argument),
		cmocka_unit_test(test_hashed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
