/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices to which a description gives no address take slots of the default
 * machine, here the simulated host's. */
#include <libfdt.h>
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

#define SLOTS 12
#define SLOT(n) (0x10010000u + (n)*0x1000u)
#define OTHERS (2 + 1 + 1) /* of the default machine */
#define PLUGGED "compatible = \"socle,plugged\"; "

/* The device has all of slot `n`. */
static void expect_slot(const struct guest_config *cfg, const char *name,
			unsigned int n)
{
	const struct config_device *dev = device(cfg, name);
	char os_name[CONFIG_NAME_LEN];

	assert_non_null(dev);
	snprintf(os_name, sizeof(os_name), "virtio_mmio@%x", SLOT(n));
	assert_string_equal(dev->os_name, os_name);
	assert_int_equal(dev->nregs, 1);
	assert_int_equal(dev->regs[0].base, SLOT(n));
	assert_int_equal(dev->regs[0].size, 0x200);
	assert_int_equal(dev->nirqs, 1);
	assert_int_equal(dev->irqs[0].line, 20 + n);
	assert_false(dev->irqs[0].edge);
}

static void test_one_line(void **state)
{
	struct guest_config *cfg = good(MODEL RAM BOOT "devices { "
						       "disk0 { " PLUGGED "}; "
						       "net0 { " PLUGGED "}; "
						       "};");
	const struct config_device *dev = device(cfg, "disk0");

	(void)state;
	/* The other slots are unchanged. */
	assert_int_equal(cfg->ndevices, OTHERS + SLOTS);
	assert_ptr_equal(dev->emu, &fixture_plugged);
	assert_string_equal(fdt_get_name(cfg->blob, dev->node, NULL), "disk0");
	expect_slot(cfg, "disk0", 0);
	expect_slot(cfg, "net0", 1);
	expect_slot(cfg, "virtio_mmio@10012000", 2);
	assert_string_equal(
		device(cfg, "virtio_mmio@10012000")->emu->compatible[0],
		"virtio,mmio");
	assert_null(device(cfg, "virtio_mmio@10010000"));
	config_free(cfg);
}

/* Devices with addresses first, wherever they are; then the order of the
 * description. */
static void test_order(void **state)
{
	struct guest_config *cfg =
		good(MODEL RAM BOOT
		     "devices { "
		     "z { " PLUGGED "}; "
		     "o@10010000 { compatible = \"socle,other\"; "
		     "  reg = <0 0x10010000 0 0x3000>; }; "
		     "virtio_mmio@10014000 { status = \"disabled\"; }; "
		     "a { " PLUGGED "status = \"disabled\"; }; "
		     "b { " PLUGGED "interrupts = <61>; }; "
		     "virtio_mmio@10011000 { status = \"disabled\"; }; "
		     "virtio_mmio@10012000 { status = \"disabled\"; }; };");

	(void)state;
	/* `o` covers slots 0 to 2, and the description empties 4. */
	expect_slot(cfg, "z", 3);
	assert_null(device(cfg, "a"));
	assert_int_equal(device(cfg, "b")->regs[0].base, SLOT(6));
	assert_int_equal(device(cfg, "b")->irqs[0].line, 61);
	expect_slot(cfg, "virtio_mmio@10017000", 7);
	config_free(cfg);
}

/* Slots exist even without the default devices in them, unless something else
 * is there. */
static void test_no_defaults(void **state)
{
	struct guest_config *cfg =
		good(CELLS MODEL BOOT
		     "memory@10013000 { "
		     "reg = <0 0x10013000 0 0x1000>; }; "
		     "devices { no-defaults; d { " PLUGGED "}; "
		     "u@b000000 { compatible = \"arm,pl011\"; "
		     "reg = <0 0xb000000 0 0x1000>; "
		     "interrupts = <20>; }; "
		     "i@10012000 { compatible = \"socle,host-pic\"; "
		     "reg = <0 0x10012000 0 0x1000>; }; };");

	(void)state;
	assert_int_equal(cfg->ndevices, 2);
	expect_slot(cfg, "d", 1);
	config_free(cfg);
	/* Memory up to slot 10, and the controller's registers in slot 11. */
	bad(CELLS MODEL BOOT
	    "memory@1000e000 { reg = <0 0x1000e000 0 0xd000>; }; "
	    "devices { no-defaults; d { " PLUGGED "}; "
	    "i@1001b000 { compatible = \"socle,host-pic\"; "
	    "reg = <0 0x1001b000 0 0x1000>; }; };",
	    "/devices/d: found no address and, of the default machine's 12 "
	    "slots for it, none free; allowed NAME@ADDRESS with reg\n");
}

/* A device with a slot's address gets the rest from the slot too. */
static void test_slot_by_address(void **state)
{
	struct guest_config *cfg = good(MODEL RAM BOOT "devices { "
						       "d@10012000 { " PLUGGED
						       "}; "
						       "e { " PLUGGED "}; };");
	const struct config_device *dev = device(cfg, "d@10012000");

	(void)state;
	assert_ptr_equal(dev->emu, &fixture_plugged);
	assert_string_equal(dev->os_name, "d@10012000");
	assert_int_equal(dev->regs[0].base, SLOT(2));
	assert_int_equal(dev->irqs[0].line, 22);
	expect_slot(cfg, "e", 0);
	config_free(cfg);
	/* An address between two slots. */
	bad(MODEL RAM BOOT "devices { d@10012100 { " PLUGGED "}; };",
	    "/devices/d@10012100: reg: missing; allowed <address size>\n");
}

static void test_all(void **state)
{
	char text[4096] = MODEL RAM BOOT "devices { ";
	struct guest_config *cfg;
	size_t n = strlen(text);

	(void)state;
	for (unsigned int i = 0; i < SLOTS; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "d%u { " PLUGGED "}; ", i);
	}
	snprintf(text + n, sizeof(text) - n, "};");
	cfg = good(text);
	expect_slot(cfg, "d11", 11);
	config_free(cfg);
	snprintf(text + n, sizeof(text) - n, "more { " PLUGGED "}; };");
	bad(text, "/devices/more: found no address and, of the default "
		  "machine's 12 slots for it, none free; allowed "
		  "NAME@ADDRESS with reg\n");
}

static void test_mistakes(void **state)
{
	(void)state;
	bad(MODEL RAM BOOT "devices { "
			   "a { compatible = \"socle,pluged\"; }; "
			   "b { " PLUGGED "reg = <0 0x10010000 0 0x200>; }; "
			   "c { compatible = \"arm,pl011\"; }; "
			   "d { }; "
			   "e { " PLUGGED "diskk = \"x\"; }; "
			   "f { " PLUGGED "interrupts = <64>; }; "
			   "g.h { " PLUGGED "}; "
			   "a-name-that-is-longer-than-it-may-be { " PLUGGED
			   "}; "
			   "};",
	    "/devices/a: compatible: found \"socle,pluged\"; allowed\n"
	    "/devices/b: reg: found with a name that has no address; allowed\n"
	    "/devices/c: found c; allowed NAME@ADDRESS, hexadecimal\n"
	    "/devices/d: found d; allowed NAME@ADDRESS, hexadecimal\n"
	    "/devices/e: diskk: unknown property, found \"x\"; allowed\n"
	    "/devices/f: interrupts: found <0x40>; allowed <N>\n"
	    "/devices/g.h: found g.h; allowed 31 characters at most\n"
	    "/devices/a-name-that-is-longer-than-it-may-be: found a-name\n");
	assert_non_null(strstr(told, "did you mean socle,plugged?"));
}

/* dtc does not write such a blob, but others may. */
static void test_same_name(void **state)
{
	struct guest_config *cfg;
	char *name;

	(void)state;
	config_free(good(MODEL RAM BOOT "devices { d0 { " PLUGGED "}; "
					"d1 { " PLUGGED "}; };"));
	name = (char *)(uintptr_t)fdt_get_name(
		blob.data, fdt_path_offset(blob.data, "/devices/d1"), NULL);
	name[1] = '0';
	told[0] = '\0';
	assert_int_equal(config_parse(&cfg, blob.data, blob.size, NULL, report,
				      told),
			 -ERR_FORMAT);
	assert_string_equal(told, "/devices/d0: found twice; allowed once\n");
}

/* The node has the slot's name, and the description's labels refer to it. */
static void test_os_tree(void **state)
{
	static const struct fdtgen_info info;
	static _Alignas(8) uint8_t tree[65536];
	struct guest_config *cfg = good(MODEL RAM BOOT
					"devices { disk: d { " PLUGGED "}; }; "
					"os-tree { x { y = <&disk>; }; };");
	const fdt32_t *y;
	int node, len;

	(void)state;
	assert_int_equal(fdtgen_build(cfg, &info, tree, sizeof(tree)), 0);
	node = fdt_path_offset(tree, "/virtio_mmio@10010000");
	assert_true(node > 0);
	assert_int_equal(fdt_node_check_compatible(tree, node, "virtio,mmio"),
			 0);
	assert_true(fdt_path_offset(tree, "/d") < 0);
	y = fdt_getprop(tree, fdt_path_offset(tree, "/x"), "y", &len);
	assert_non_null(y);
	assert_int_equal(fdt32_ld(y), fdt_get_phandle(tree, node));
	config_free(cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_no_defaults),
		cmocka_unit_test(test_slot_by_address),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_same_name),
		cmocka_unit_test(test_os_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
