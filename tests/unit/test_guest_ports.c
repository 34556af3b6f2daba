/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices at I/O ports, on an architecture whose guests have them: from the
 * description to the guest's access, and to the OS's tree.
 */
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arch_impl/host.h>
#include <core/guest.h>
#include <core/guest_config.h>
#include <libs/error.h>

#include "core/guest/guest_priv.h"
#include "tests/unit/dts.h"
#include "tests/unit/guest_fixture.h"

#include "tests/unit/config_check.h"

#define HEAD MODEL RAM BOOT
#define TWO \
	"devices { x@i60 { compatible = \"socle,ports\"; " \
	"reg = <0 0x60 0 1>, <0 0x64 0 4>; interrupts = <7>; }; " \
	"y@60 { compatible = \"socle,ports\"; " \
	"reg = <0 0x60 0 8>, <0 0x1000 0 8>; }; };"

static void test_described(void **state)
{
	struct guest_config *cfg = good(HEAD TWO);
	const struct config_device *dev;

	(void)state;
	dev = device(cfg, "serial@i3f8");
	assert_non_null(dev);
	assert_int_equal(dev->space, EMU_PORTS);
	assert_int_equal(dev->regs[0].base, 0x3f8);
	assert_int_equal(dev->irqs[0].line, 4);
	dev = device(cfg, "x@i60");
	assert_int_equal(dev->space, EMU_PORTS);
	assert_int_equal(dev->regs[0].size, 1);
	assert_int_equal(dev->regs[1].base, 0x64);
	assert_int_equal(device(cfg, "y@60")->space, EMU_MEMORY);
	/* Ports are not in the guest's address space. */
	assert_int_equal(cfg->address_end, UINT64_C(0x84000000));
	config_free(cfg);
	/* A node at a port stands for the default device there. */
	cfg = good(HEAD "devices { serial@i3f8 { status = \"disabled\"; }; "
			"z@3f8 { compatible = \"ns16550a\"; "
			"reg = <0 0x3f8 0 8>; interrupts = <4>; }; };");
	assert_null(device(cfg, "serial@i3f8"));
	assert_int_equal(device(cfg, "z@3f8")->space, EMU_MEMORY);
	config_free(cfg);
}

static void test_mistakes(void **state)
{
	(void)state;
	bad(HEAD "devices { "
		 "a@i3f9 { compatible = \"socle,ports\"; "
		 "  reg = <0 0x3f9 0 1>, <0 0x10 0 1>; }; "
		 "b@iffff { compatible = \"socle,ports\"; "
		 "  reg = <0 0xffff 0 2>, <0 0x20 0 1>; }; "
		 "c@i30 { compatible = \"socle,other\"; reg = <0 0x30 0 1>; }; "
		 "d@i40 { compatible = \"socle,ports\"; "
		 "  reg = <0 0x41 0 1>, <0 0x42 0 1>; }; "
		 "e@i { compatible = \"socle,ports\"; }; "
		 "f@i50 { }; "
		 "g@61 { compatible = \"socle,ports\"; "
		 "  reg = <0 0x61 0 1>, <0 0x70 0 8>; }; };",
	    "/devices/a@i3f9: reg: found 0x3f9..0x3f9, which serial@i3f8 has\n"
	    "/devices/b@iffff: reg: found b@iffff at ports 0xffff..0x10000; "
	    "allowed below 0x10000\n"
	    "/devices/c@i30: found I/O ports; allowed an address in memory\n"
	    "/devices/d@i40: found @i40 in the name; allowed @i41\n"
	    "/devices/e@i: found e@i; allowed NAME@ADDRESS, hexadecimal in "
	    "small letters, or NAME@iPORT\n"
	    "/devices/f@i50: compatible: missing; allowed a kind\n"
	    "/devices/g@61: reg: found 0x1 bytes at 0x61; allowed multiples\n");
}

static uint32_t in(struct vcpu *v, uint16_t port, unsigned int size)
{
	uint32_t value = 0x5a5a5a5a;

	assert_int_equal(host_guest_port(v, port, size, false, &value), 0);
	return value;
}

static void out(struct vcpu *v, uint16_t port, unsigned int size,
		uint32_t value)
{
	assert_int_equal(host_guest_port(v, port, size, true, &value), 0);
}

static void test_accesses(void **state)
{
	struct guest g = { .name = "g" };
	struct vcpu v = { .guest = &g };

	(void)state;
	g.cfg = good(HEAD "devices { no-defaults; }; ");
	assert_int_equal(guest_devices_init(&g), 0);
	assert_int_equal(in(&v, 0x60, 1), 0xff);
	guest_devices_fini(&g);
	config_free(g.cfg);

	g.cfg = good(HEAD
		     "devices { no-defaults; x@i60 { compatible = "
		     "\"socle,ports\"; reg = <0 0x60 0 1>, <0 0x64 0 4>; }; "
		     "y@60 { compatible = \"socle,plugged\"; "
		     "reg = <0 0x60 0 0x200>; interrupts = <1>; }; };");
	assert_int_equal(guest_devices_init(&g), 0);
	out(&v, 0x60, 1, 0xffffff12);
	out(&v, 0x64, 4, 0x01020304);
	assert_int_equal(fixture_ports_regs[0], 0x12);
	assert_int_equal(fixture_ports_regs[1], 0x01020304);
	assert_int_equal(in(&v, 0x60, 1), 0x12);
	assert_int_equal(in(&v, 0x66, 2), 0x0306);
	/* Between devices, beyond the end, and not aligned. */
	assert_int_equal(in(&v, 0x61, 1), 0xff);
	assert_int_equal(in(&v, 0x60, 2), 0xffff);
	assert_int_equal(in(&v, 0x65, 2), 0xffff);
	assert_int_equal(in(&v, 0x68, 4), 0xffffffff);
	out(&v, 0x68, 4, 0);
	/* A device in memory at the same number is another one. */
	assert_string_equal(emu_find(&g.emu_map, IPA(0x64))->dev->name, "y@60");
	assert_null(emu_find_port(&g.emu_map, 0x100));
	guest_devices_fini(&g);
	config_free(g.cfg);
}

static void test_os_tree(void **state)
{
	static const struct fdtgen_info info;
	static _Alignas(8) uint8_t tree[65536];
	struct guest_config *cfg = good(
		HEAD "devices { serial@10000000 { status = \"disabled\"; }; "
		     "serial@10001000 { status = \"disabled\"; }; "
		     "x@i60 { compatible = \"socle,ports\"; "
		     "reg = <0 0x60 0 1>, <0 0x64 0 4>; }; };");
	const fdt32_t *reg;
	int isa, node, len;

	(void)state;
	assert_int_equal(fdtgen_build(cfg, &info, tree, sizeof(tree)), 0);
	config_free(cfg);
	isa = fdt_path_offset(tree, "/isa");
	assert_int_equal(fdt_address_cells(tree, isa), 2);
	assert_int_equal(fdt_size_cells(tree, isa), 1);
	node = fdt_path_offset(tree, "/isa/x@i60");
	reg = fdt_getprop(tree, node, "reg", &len);
	assert_int_equal(len, 6 * 4);
	assert_int_equal(fdt32_ld(&reg[0]), 1);
	assert_int_equal(fdt32_ld(&reg[1]), 0x60);
	assert_int_equal(fdt32_ld(&reg[5]), 4);
	assert_true(fdt_path_offset(tree, "/x@i60") < 0);
	/* The first remaining console is at ports. */
	assert_string_equal(fdt_getprop(tree, fdt_path_offset(tree, "/chosen"),
					"stdout-path", NULL),
			    "/isa/serial@i3f8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_described),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_accesses),
		cmocka_unit_test(test_os_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
