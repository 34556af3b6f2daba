/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree for a guest's operating system: what core adds for any architecture,
 * with the simulated host's platform.
 */
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <core/guest_config.h>
#include <libs/error.h>

#include "tests/unit/fdtgen_fixture.h"

static uint32_t cell(const char *path, const char *name, unsigned int index)
{
	int len, node = fdt_path_offset(tree, path);
	const fdt32_t *p = fdt_getprop(tree, node, name, &len);

	if (!p || len < (int)(index + 1) * 4) {
		print_error("%s: %s: no cell %u\n", path, name, index);
	}
	assert_non_null(p);
	assert_true(len >= (int)(index + 1) * 4);
	return fdt32_ld(p + index);
}

static const char *str(const char *path, const char *name)
{
	return fdt_getprop(tree, fdt_path_offset(tree, path), name, NULL);
}

static bool exists(const char *path)
{
	return fdt_path_offset(tree, path) >= 0;
}

static void test_chosen(void **state)
{
	static const uint8_t seed[4] = { 1, 2, 3, 4 };
	const struct fdtgen_info info = {
		.initrd_start = 0x148000000,
		.initrd_end = 0x148001000,
		.rng_seed = seed,
		.rng_seed_len = sizeof(seed),
		.kaslr_seed = 0x1122334455667788,
	};

	(void)state;
	build(SOURCE("boot { kernel = \"/k\"; bootargs = \"a b\"; };"), &info);
	assert_string_equal(str("/chosen", "bootargs"), "a b");
	assert_string_equal(str("/chosen", "stdout-path"), "/serial@10000000");
	assert_int_equal(cell("/chosen", "linux,initrd-start", 0), 1);
	assert_int_equal(cell("/chosen", "linux,initrd-start", 1), 0x48000000);
	assert_int_equal(cell("/chosen", "linux,initrd-end", 1), 0x48001000);
	assert_int_equal(cell("/chosen", "rng-seed", 0), 0x01020304);
	assert_int_equal(cell("/chosen", "kaslr-seed", 1), 0x55667788);
	build(SOURCE(BOOT), NULL);
	assert_null(str("/chosen", "bootargs"));
	assert_null(str("/chosen", "linux,initrd-start"));
	assert_null(str("/chosen", "rng-seed"));
	assert_null(str("/chosen", "kaslr-seed"));
}

static void test_devices(void **state)
{
	(void)state;
	build(SOURCE(BOOT
		     "devices { no-defaults; "
		     "pic: i@20000000 { compatible = \"socle,host-pic\"; }; "
		     "key: gpio@9030000 { compatible = \"arm,pl061\"; "
		     "  reg = <0 0x9030000 0 0x1000>; interrupts = <41>; }; "
		     "o@9050000 { compatible = \"socle,other\"; "
		     "  reg = <0 0x9050000 0 8>; socle,disk = \"x\"; }; "
		     "s@9040000 { compatible = \"ns16550a\"; "
		     "  reg = <0 0x9040000 0 0x100>; interrupts = <40>; "
		     "  reg-shift = <2>; }; }; "
		     "os-tree { new { interrupt-parent = <&pic>; k = <&key>; }; };"),
	      NULL);
	assert_false(exists("/serial@10000000"));
	assert_false(exists("/flash@60000000"));
	/* This platform has no clock for its devices. */
	assert_null(str("/gpio@9030000", "clocks"));
	assert_null(str("/gpio@9030000", "clock-names"));
	assert_string_equal(str("/o@9050000", "compatible"), "socle,other");
	assert_string_equal(str("/s@9040000", "compatible"), "ns16550a");
	assert_string_equal(str("/chosen", "stdout-path"), "/s@9040000");
	assert_int_equal(cell("/s@9040000", "reg-shift", 0), 2);
	assert_int_equal(cell("/s@9040000", "interrupts", 0), 40);
	assert_null(str("/o@9050000", "socle,disk"));
	assert_int_equal(cell("/s@9040000", "clock-frequency", 0), 1843200);
	/* Phandles of the description are valid in the tree. */
	assert_int_equal(cell("/new", "interrupt-parent", 0),
			 cell("/pic@20000000", "phandle", 0));
	assert_int_equal(cell("/", "interrupt-parent", 0),
			 cell("/pic@20000000", "phandle", 0));
	assert_int_equal(cell("/new", "k", 0),
			 cell("/gpio@9030000", "phandle", 0));
	assert_int_equal(cell("/gpio-keys/poweroff", "gpios", 0),
			 cell("/gpio@9030000", "phandle", 0));
}

static void test_os_tree(void **state)
{
	(void)state;
	build(SOURCE(BOOT "os-tree { model = \"mine\"; new; "
			  "chosen { extra = <5>; stdout-path = \"/x\"; }; "
			  "serial@10000000 { status = \"disabled\"; }; "
			  "cpus { timebase-frequency = <24>; }; "
			  "a { b { c = <6>; }; d { }; }; };"),
	      NULL);
	assert_string_equal(str("/", "model"), "mine");
	assert_string_equal(str("/", "compatible"), "socle,host-virt");
	assert_non_null(str("/", "new"));
	assert_int_equal(cell("/chosen", "extra", 0), 5);
	assert_string_equal(str("/chosen", "stdout-path"), "/x");
	assert_string_equal(str("/serial@10000000", "status"), "disabled");
	assert_int_equal(cell("/cpus", "timebase-frequency", 0), 24);
	assert_int_equal(cell("/a/b", "c", 0), 6);
	assert_true(exists("/a/d"));
	assert_false(exists("/os-tree"));
}

/* Each size that is too small is reported, and nothing beyond it is written. */
static void test_no_space(void **state)
{
	static const char text[] = SOURCE(BOOT "os-tree { a { b = <1>; }; };");
	size_t size, whole;

	(void)state;
	build(text, NULL);
	whole = fdt_totalsize(tree);
	for (size = 0; size < whole; size += 61) {
		assert_int_equal(build_size(text, NULL, size), -ERR_NOSPC);
		assert_int_equal(tree[size], 0x5a);
	}
	assert_int_equal(build_size(text, NULL, whole + 512), 0);
	assert_int_equal(tree[whole + 512], 0x5a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chosen),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_os_tree),
		cmocka_unit_test(test_no_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
