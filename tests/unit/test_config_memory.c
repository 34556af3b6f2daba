/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a guest's memory is in the host, by its description: colours, and host
 * addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <core/guest_config.h>
#include <libs/error.h>

#include "tests/unit/dts.h"

#include "tests/unit/guest_fixture.h"

#include "tests/unit/config_check.h"

static void test_colours(void **state)
{
	const struct config_limits a53 = { .colours = 16 };
	const struct config_limits none = { .colours = 1,
					    .uncoloured = "it is hashed" };
	struct guest_config *cfg;

	(void)state;
	cfg = good_on(MODEL "colors = <0 15 3>; " RAM BOOT, &a53);
	assert_int_equal(cfg->colours, 0x8009);
	config_free(cfg);
	cfg = good(MODEL
		   "colors-count = <64>; colors-shared = \"pair\"; " RAM BOOT);
	assert_int_equal(cfg->colours_count, 64);
	assert_string_equal(cfg->colours_shared, "pair");
	config_free(cfg);
	bad_on(MODEL "colors = <3 16>; " RAM BOOT, &a53, 1,
	       "/: colors: found 16; allowed 0..15 on this host\n");
	bad_on(MODEL "colors-count = <17>; " RAM BOOT, &a53, 1,
	       "/: colors-count: found 17; allowed 1..16: this host has no "
	       "more\n");
	bad_on(MODEL "colors-count = <1>; " RAM BOOT, &none, 1,
	       "/: colors-count: found; allowed nothing: this host's memory "
	       "cannot be coloured, as it is hashed\n");
	bad_on(MODEL "colors = <1>; colors-count = <1>; " RAM BOOT, &a53, 1,
	       "/: colors-count: found with colors; allowed one of them\n");
	bad_on(MODEL "colors-shared = \"pair\"; " RAM BOOT, &a53, 1,
	       "/: colors-shared: found without colors; allowed with colors or "
	       "colors-count\n");
	bad_on(MODEL "colors = <64>; " RAM BOOT, &a53, 1,
	       "/: colors: found <0x40>; allowed one or more cells 0..63\n");
}

static void test_portions(void **state)
{
	const struct config_limits eight = {
		.colours = 1,
		.uncoloured = "the CMN-700 hashes addresses",
		.portions = 8,
	};
	const struct config_limits none = { .unportioned = "it has none" };
	struct guest_config *cfg;

	(void)state;
	cfg = good_on(MODEL "cache-portions = <0 7 3>; " RAM BOOT, &eight);
	assert_int_equal(cfg->portions, 0x89);
	assert_int_equal(cfg->portions_count, 0);
	config_free(cfg);
	cfg = good(MODEL "cache-portions-count = <64>; "
			 "cache-portions-shared = \"pair\"; " RAM BOOT);
	assert_int_equal(cfg->portions_count, 64);
	assert_string_equal(cfg->portions_shared, "pair");
	config_free(cfg);
	bad_on(MODEL "cache-portions = <3 8>; " RAM BOOT, &eight, 1,
	       "/: cache-portions: found 8; allowed 0..7 on this host\n");
	bad_on(MODEL "cache-portions-count = <8>; " RAM BOOT, &eight, 1,
	       "/: cache-portions-count: found 8; allowed 1..7: this host has "
	       "8, and one is left to others\n");
	bad_on(MODEL "cache-portions-count = <1>; " RAM BOOT, &none, 1,
	       "/: cache-portions-count: found; allowed nothing: this host's "
	       "caches cannot be divided into portions, as it has none\n");
	bad_on(MODEL
	       "cache-portions = <1>; cache-portions-count = <1>; " RAM BOOT,
	       &eight, 1,
	       "/: cache-portions-count: found with cache-portions; allowed "
	       "one of them\n");
	bad_on(MODEL "cache-portions-shared = \"pair\"; " RAM BOOT, &eight, 1,
	       "/: cache-portions-shared: found without cache-portions; "
	       "allowed with cache-portions or cache-portions-count\n");
	bad_on(MODEL "cache-portions = <64>; " RAM BOOT, &eight, 1,
	       "/: cache-portions: found <0x40>; allowed one or more cells "
	       "0..63\n");
	/* Where colours are refused, portions are named if there are some. */
	bad_on(MODEL "colors-count = <1>; " RAM BOOT, &eight, 1,
	       "/: colors-count: found; allowed nothing: this host's memory "
	       "cannot be coloured, as the CMN-700 hashes addresses; but its "
	       "cache has 8 portions, see cache-portions-count\n");
}

#define FIXED(unit, reg, more) \
	"memory@" unit " { reg = <" reg ">; host-address = " more "; }; "

static void test_host_address(void **state)
{
	struct guest_config *cfg;

	(void)state;
	cfg = good(
		MODEL CELLS FIXED("80000000", "0 0x80000000 0 0x100000",
				  "<0x9 0x40000000>")
			FIXED("40000000", "0 0x40000000 0 0x200000",
			      "<0x40000000>") "memory@50000000 { reg = <0 "
					      "0x50000000 0 0x1000>; }; " BOOT);
	assert_int_equal(cfg->nmemory, 3);
	assert_int_equal(cfg->memory_host[0], 0x40000000);
	assert_int_equal(cfg->memory_host[1], 0);
	assert_int_equal(cfg->memory_host[2], UINT64_C(0x940000000));
	config_free(cfg);

	bad(MODEL CELLS FIXED("40000000", "0 0x40000000 0 0x1000",
			      "<0x40000800>") BOOT,
	    "/memory@40000000: host-address: found <0x40000800>; allowed one "
	    "or two cells from 4096 on, a multiple of 4096\n");
	bad(MODEL CELLS FIXED("40000000", "0 0x40000000 0 0x1000", "<0>") BOOT,
	    "/memory@40000000: host-address: found <0x0>; allowed one or two "
	    "cells from 4096 on, a multiple of 4096\n");
	bad(MODEL CELLS FIXED("40000000", "0 0x40000000 0 0x1000",
			      "<0x10000 0>") BOOT,
	    "/memory@40000000: host-address: found <0x10000 0x0>; allowed one "
	    "or two cells from 4096 on, a multiple of 4096\n");
	bad(MODEL CELLS FIXED("40000000", "0 0x40000000 0 0x1000", "<1 2 3>")
		    BOOT,
	    "/memory@40000000: host-address: found <0x1 0x2 0x3>; allowed one "
	    "or two cells from 4096 on, a multiple of 4096\n");
	bad(MODEL CELLS FIXED("40000000", "0 0x40000000 0 0x2000",
			      "<0xffff 0xfffff000>") BOOT,
	    "/memory@40000000: host-address: found 0x2000 bytes at "
	    "0xfffffffff000; allowed below 0x1000000000000\n");
	bad(MODEL CELLS FIXED("40000000",
			      "0 0x40000000 0 0x1000 0 0x50000000 0 0x1000",
			      "<0x40000000>") BOOT,
	    "/memory@40000000: host-address: found with 2 ranges in reg; "
	    "allowed with one\n");
	bad(MODEL CELLS FIXED("40000000", "0 0x40000000 0 0x2000",
			      "<0x40001000>")
		    FIXED("50000000", "0 0x50000000 0 0x2000", "<0x40002000>")
			    BOOT,
	    "/memory@50000000: host-address: found 0x40002000..0x40003fff, "
	    "which memory@40000000 has too (0x40001000..0x40002fff); allowed "
	    "addresses of its own\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_portions),
		cmocka_unit_test(test_host_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
