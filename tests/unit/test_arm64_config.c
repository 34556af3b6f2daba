/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptions of arm64's guests: the default machine, GICs, firmware calls,
 * and how mistakes are reported. tests/unit/test_config.c has what is for all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <core/guest_config.h>
#include <core/sched.h>
#include <libs/error.h>

#include "arch/arm64/guest/platform_priv.h"
#include "tests/unit/dts.h"

#include "tests/unit/guest_fixture.h"

#include "tests/unit/config_check.h"

static void test_smallest(void **state)
{
	struct guest_config *cfg = good(MODEL RAM BOOT);
	const struct config_device *dev;

	(void)state;
	assert_string_equal(cfg->name, "g");
	assert_int_equal(cfg->vcpus, 1);
	assert_int_equal(cfg->priority, SCHED_PRIO_DEFAULT);
	assert_false(cfg->has_affinity);
	assert_int_equal(cfg->nmemory, 1);
	assert_int_equal(cfg->memory[0].base, 0x40000000);
	assert_int_equal(cfg->memory_size, MIB(64));
	assert_string_equal(cfg->kernel, "/images/Image");
	assert_null(cfg->initrd);
	assert_null(cfg->bootargs);
	assert_false(cfg->has_kernel_addr || cfg->has_entry ||
		     cfg->has_initrd_addr || cfg->has_dtb_addr);
	assert_int_equal(cfg->format, KERNEL_AUTO);
	assert_int_equal(cfg->on_crash, CRASH_HALT);
	assert_false(cfg->autostart);
	assert_int_equal(cfg->intc_model, 3);
	assert_int_equal(cfg->intc_regs[GUEST_GICD].base, 0x08000000);
	assert_int_equal(cfg->intc_regs[GUEST_GICR].base, 0x080a0000);
	assert_int_equal(cfg->ndevices, 5 + 32);
	assert_int_equal(cfg->extra_node, -1);
	dev = device(cfg, "pl011@9000000");
	assert_non_null(dev);
	assert_string_equal(dev->emu->compatible[0], "arm,pl011");
	assert_int_equal(dev->regs[0].size, 0x1000);
	assert_int_equal(dev->irqs[0].line, 33);
	assert_false(dev->irqs[0].edge);
	assert_int_equal(dev->node, -1);
	dev = device(cfg, "virtio_mmio@a003e00");
	assert_non_null(dev);
	assert_int_equal(dev->irqs[0].line, 32 + 16 + 31);
	assert_true(dev->irqs[0].edge);
	dev = device(cfg, "flash@0");
	assert_non_null(dev);
	assert_int_equal(dev->nregs, 2);
	assert_int_equal(dev->nirqs, 0);
	config_free(cfg);
}

static void test_everything(void **state)
{
	struct guest_config *cfg = good(
		CELLS MODEL
		"on-crash = \"destroy\"; autostart; "
		"psci-conduit = \"smc\"; interrupt-parent = <&gic>; "
		"cpus { count = <2>; affinity = <3 1>; priority = <7>; }; "
		"memory@80000000 { device_type = \"memory\"; "
		"  reg = <1 0 0 0x1000>, <0 0x80000000 0 0x2000000>; }; "
		"memory@40000000 { reg = <0 0x40000000 0 0x1000000>; }; "
		"boot { kernel = \"/k\"; kernel-address = <0x40200000>; "
		"  format = \"raw\"; entry = <0 0x40200004>; "
		"  initrd = \"/i\"; initrd-address = <0 0x80000000>; "
		"  bootargs = \"a b\"; dtb = \"/d\"; "
		"  dtb-address = <1 0>; }; "
		"devices { ranges; compatible = \"simple-bus\"; "
		"  gic: intc@8000000 { compatible = \"arm,gic-400\", \"x\"; "
		"    interrupt-controller; #interrupt-cells = <3>; "
		"    reg = <0 0x8000000 0 0x1000>, <0 0x8010000 0 0x2000>; }; "
		"};");

	(void)state;
	assert_int_equal(cfg->on_crash, CRASH_DESTROY);
	assert_true(cfg->autostart);
	assert_int_equal(cfg->vcpus, 2);
	assert_int_equal(cfg->priority, 7);
	assert_true(cfg->has_affinity);
	assert_int_equal(cfg->affinity[0].bits[0], BIT(3));
	assert_int_equal(cfg->affinity[1].bits[0], BIT(1));
	assert_int_equal(cfg->nmemory, 3);
	assert_int_equal(cfg->memory[0].base, 0x40000000);
	assert_int_equal(cfg->memory[1].base, 0x80000000);
	assert_int_equal(cfg->memory[2].base, 0x100000000);
	assert_int_equal(cfg->memory_size, 0x3001000);
	assert_int_equal(cfg->format, KERNEL_RAW);
	assert_true(cfg->has_kernel_addr && cfg->has_entry &&
		    cfg->has_initrd_addr && cfg->has_dtb_addr);
	assert_int_equal(cfg->kernel_addr, 0x40200000);
	assert_int_equal(cfg->entry, 0x40200004);
	assert_int_equal(cfg->initrd_addr, 0x80000000);
	assert_int_equal(cfg->dtb_addr, 0x100000000);
	assert_string_equal(cfg->initrd, "/i");
	assert_string_equal(cfg->bootargs, "a b");
	assert_string_equal(cfg->dtb, "/d");
	assert_int_equal(cfg->intc_model, 2);
	assert_int_equal(cfg->intc_regs[GUEST_GICC].size, 0x2000);
	config_free(cfg);
}

static void test_devices(void **state)
{
	const struct config_device *dev;
	struct guest_config *cfg;

	(void)state;
	cfg = good(MODEL RAM BOOT
		   "devices { "
		   "console@9000000 { interrupts = <0 60 1>; }; "
		   "virtio_mmio@a000000 { status = \"disabled\"; }; "
		   "disk@a000200 { compatible = \"virtio,mmio\"; }; "
		   "uart@9040000 { compatible = \"x\", \"ns16550a\"; "
		   "  reg = <0 0x9040000 0 0x100>; reg-shift = <2>; "
		   "  interrupts = <0 8 4>; }; "
		   "dog@9010000 { compatible = \"arm,sp805\"; "
		   "  reg = <0 0x9010000 0 0x1000>; interrupts = <0 3 4>; }; "
		   "o@9050000 { compatible = \"socle,other\"; "
		   "  reg = <0 0x9050000 0 8>; socle,disk = \"d0\"; }; };");
	assert_int_equal(cfg->ndevices, 5 + 31 + 2);
	assert_null(device(cfg, "pl011@9000000"));
	dev = device(cfg, "console@9000000");
	assert_string_equal(dev->emu->compatible[0], "arm,pl011");
	assert_int_equal(dev->regs[0].base, 0x9000000);
	assert_int_equal(dev->irqs[0].line, 92);
	assert_true(dev->irqs[0].edge);
	assert_true(dev->node > 0);
	assert_null(device(cfg, "virtio_mmio@a000000"));
	assert_null(device(cfg, "virtio_mmio@a000200"));
	assert_int_equal(device(cfg, "disk@a000200")->irqs[0].line, 49);
	assert_string_equal(device(cfg, "uart@9040000")->emu->compatible[0],
			    "ns16550a");
	assert_string_equal(device(cfg, "dog@9010000")->emu->compatible[0],
			    "arm,sp805");
	assert_int_equal(device(cfg, "dog@9010000")->irqs[0].line, 35);
	assert_null(device(cfg, "pl031@9010000"));
	config_free(cfg);

	cfg = good(MODEL RAM BOOT
		   "devices { no-defaults; #address-cells = "
		   "<1>; #size-cells = <1>; u@1000 { compatible = "
		   "\"arm,pl011\"; reg = <0x1000 0x1000>; "
		   "interrupts = <0 0 4>; }; };");
	assert_int_equal(cfg->ndevices, 1);
	assert_int_equal(cfg->devices[0].regs[0].base, 0x1000);
	config_free(cfg);

	cfg = good(MODEL RAM BOOT "devices { no-defaults; };");
	assert_int_equal(cfg->ndevices, 0);
	config_free(cfg);
}

static void test_interrupts(void **state)
{
	(void)state;
	bad(MODEL RAM BOOT "devices { "
			   "a@9000000 { interrupts = <0 2 4>; }; "
			   "b@9030000 { interrupts = <1 7 4>; }; "
			   "c@a000000 { interrupts = <0 256 4>; }; "
			   "d@a000200 { interrupts = <0 100 2>; }; "
			   "e@a000400 { interrupts = <0 100>; }; "
			   "f@a000600 { interrupts = <0 110 4 0 110 4>; }; };",
	    "/devices/a@9000000: interrupts: found SPI 2, which pl031@9010000\n"
	    "/devices/b@9030000: interrupts: found <0x1 0x7 0x4>; allowed <0 N "
	    "FLAGS>, N 0..255, FLAGS 1 or 4\n"
	    "/devices/c@a000000: interrupts: found <0x0 0x100 0x4>\n"
	    "/devices/d@a000200: interrupts: found <0x0 0x64 0x2>\n"
	    "/devices/e@a000400: interrupts: found <0x0 0x64>\n"
	    "/devices/f@a000600: interrupts: found SPI 110, which f@a000600\n");
}

static void test_limits(void **state)
{
	const struct config_limits limits = {
		.ipa_bits = 32,
		.intc_default = GUEST_GICV2,
		.intc_models = BIT(GUEST_GICV2),
		.free_memory = MIB(128),
	};
	struct guest_config *cfg;

	(void)state;
	bad_on(CELLS MODEL BOOT "memory@100000000 { "
				"reg = <1 0 0 0x1000>; };",
	       &limits, 1,
	       "/memory@100000000: reg: found memory at "
	       "0x100000000..0x100000fff; allowed below 0x100000000 (32 "
	       "address bits)\n");
	bad_on(MODEL "memory = \"256M\"; " BOOT, &limits, 1,
	       "found 256M of memory; allowed 128M\n");
	bad_on(MODEL RAM BOOT "devices { i@0 { compatible = \"arm,gic-v3\"; "
			      "}; };",
	       &limits, 1,
	       "compatible: found a GICv3; allowed a "
	       "GICv2 on this host\n");
	bad_on(MODEL RAM BOOT "cpus { count = <9>; };", &limits, 1,
	       "/cpus: count: found 9; allowed 1..8 with a GICv2\n");
	bad(MODEL "memory = \"3G\"; " BOOT "cpus { count = <129>; };",
	    "/cpus: count: found <0x81>; allowed one cell 1..128\n");
	bad(MODEL "memory = \"512T\"; " BOOT, "/: memory: found \"512T\"\n");
	cfg = good_on(MODEL RAM BOOT "cpus { count = <8>; };", &limits);
	assert_int_equal(cfg->intc_model, 2);
	config_free(cfg);
	cfg = good(MODEL RAM BOOT "cpus { count = <128>; };");
	assert_true(cfg->intc_regs[GUEST_GICR].size >= 128 * 0x20000);
	config_free(cfg);
}

/* The address space covers all that the guest sees, not only RAM. */
static void test_address_end(void **state)
{
	struct guest_config *cfg;

	(void)state;
	cfg = good(MODEL RAM BOOT);
	assert_true(cfg->address_end <= BIT(32));
	config_free(cfg);
	cfg = good(MODEL "memory = \"3100M\"; " BOOT);
	assert_true(cfg->address_end == MIB(1024 + 3100));
	config_free(cfg);
	cfg = good(CELLS MODEL BOOT
		   "memory@40000000 { reg = <0 0x40000000 0 0x10000000>; }; "
		   "memory@800000000 { reg = <8 0 0 0x1000>; }; "
		   "memory@100000000 { reg = <1 0 0 0x1000>; };");
	assert_true(cfg->address_end == GIB(32) + 0x1000);
	config_free(cfg);
	cfg = good(MODEL RAM BOOT
		   "devices { d@10000000000 { compatible = \"socle,other\"; "
		   "reg = <0x100 0 0 0x1000>; }; };");
	assert_true(cfg->address_end == BIT(40) + 0x1000);
	config_free(cfg);
	cfg = good(MODEL RAM BOOT "devices { intc@8000000 { compatible = "
				  "\"arm,gic-v3\"; reg = <0x10 0 0 0x10000>, "
				  "<0x10 0x100000 0 0x20000>; }; };");
	assert_true(cfg->address_end == BIT(36) + 0x120000);
	config_free(cfg);
}

static void test_gic(void **state)
{
	struct guest_config *cfg;

	(void)state;
	cfg = good(MODEL RAM BOOT
		   "devices { intc@8000000 { compatible = "
		   "\"arm,gic-v3\"; reg = <0 0x20000000 0 0x10000>, "
		   "<0 0x20100000 0 0x40000>; }; }; cpus { count = <2>; };");
	assert_int_equal(cfg->intc_regs[GUEST_GICD].base, 0x20000000);
	assert_int_equal(cfg->intc_regs[GUEST_GICR].base, 0x20100000);
	assert_int_equal(cfg->intc_regs[GUEST_GICR].size, 0x40000);
	assert_true(cfg->intc_node > 0);
	config_free(cfg);
	bad(MODEL RAM BOOT
	    "devices { intc@8000000 { compatible = "
	    "\"arm,gic-v3\"; reg = <0 0x20000000 0 0x10000>, "
	    "<0 0x20100000 0 0x40000>; }; }; cpus { count = <3>; };",
	    "/devices/intc@8000000: reg: found 0x40000 bytes of redistr\n");
	bad(MODEL RAM BOOT "devices { intc@8000000 { compatible = "
			   "\"arm,gic-v3\"; reg = <0 0x20001000 0 0x10000>, "
			   "<0 0x20100000 0 0x40000>; }; };",
	    "/devices/intc@8000000: reg: found 0x20001000 and 0x20100000; "
	    "allowed multiples of 64 KiB\n");
	bad(MODEL RAM BOOT
	    "devices { intc@8000000 { compatible = "
	    "\"arm,gic-400\"; reg = <0 0x20001000 0 0x10000>; }; "
	    "b@1 { compatible = \"arm,gic-v3\"; }; };",
	    "/devices/intc@8000000: reg: found 1 entries; allowed 2\n"
	    "/devices/b@1: found a second interrupt controller; allowed one\n");
}

static void test_every_mistake_is_told(void **state)
{
	(void)state;
	bad("", "/: compatible: missing; allowed\n"
		"/: model: missing; allowed 1..31 of a-z A-Z 0-9 - _\n"
		"/: node boot is missing\n"
		"/: memory: missing; allowed a size\n");
	bad("compatible = \"socle,guess\"; model = \"a b\"; "
	    "memory = \"64X\"; on-crash = \"panic\"; autostart = <1>; "
	    "autostrat; cpu { }; cpus { count = <0>; counts = <1>; "
	    "  priority = <8>; x { }; }; "
	    "boot { kernal = \"/k\"; format = \"zip\"; initrd = \"i\"; "
	    "  bootargs = <7>; entry = <1 2 3>; kernel-address = <2>; };",
	    "/: compatible: found \"socle,guess\"; allowed \"socle,guest\"\n"
	    "/: model: found \"a b\"; allowed 1..31\n"
	    "/: memory: found \"64X\"; allowed a size such as\n"
	    "/: on-crash: found \"panic\"; allowed \"halt\", \"restart\", \"de\n"
	    "/: autostart: found <0x1>; allowed no value\n"
	    "/: autostrat: unknown property, found no value; allowed "
	    "compatible, model, memory, colors, colors-count, "
	    "colors-shared, cache-portions, cache-portions-count, "
	    "cache-portions-shared, on-crash, autostart, "
	    "interrupt-parent, #address-cells, #size-cells, "
	    "mem-budget, mem-budget-writes, mem-budget-event, "
	    "mem-budget-write-event, mem-budget-reclaim, mem-budget-share, "
	    "psci-conduit; did you mean "
	    "autostart?\n"
	    "/cpu: unknown node; allowed cpus, memory@ADDRESS, boot, devices, "
	    "management, os-tree; did you mean cpus?\n"
	    "/cpus: count: found <0x0>; allowed one cell 1..128\n"
	    "/cpus: counts: unknown property, found <0x1>; allowed count, "
	    "affinity, affinity-set, priority, pool, period-us, budget-us, "
	    "deadline-us, weight, cap, vcpu-cap, windows-us, overrun, "
	    "mem-budget, mem-budget-writes, native-wfi, pmu; did you mean "
	    "count?\n"
	    "/cpus: priority: found <0x8>; allowed one cell 0..7\n"
	    "/cpus/x: unknown node; allowed none in cpus\n"
	    "/boot: kernal: unknown property, found \"/k\"; allowed kernel\n"
	    "/boot: kernel: missing; allowed a path from /\n"
	    "/boot: format: found \"zip\"; allowed \"auto\", \"image\", \n"
	    "/boot: initrd: found \"i\"; allowed a path from /, 255\n"
	    "/boot: bootargs: found <0x7>; allowed a string of 0..2047\n"
	    "/boot: entry: found <0x1 0x2 0x3>; allowed one or two cells, "
	    "a multiple of 4\n"
	    "/boot: kernel-address: found <0x2>; allowed one or two\n");
}

/* Any value is shown as dtc would write it. */
static void test_values_are_told(void **state)
{
	(void)state;
	bad(MODEL RAM
	    "one = \"a\", \"b c\"; two = \"a\", \"\"; "
	    "three = \"123456789 123456789 123456789 12345\", \"67 123\", "
	    "\"456789\"; boot { kernel = \"/k\"; initrd = \"\"; dtb = [01 02]; "
	    "format = [01 02 03 04 05 06 07]; };",
	    "/: one: unknown property, found \"a\", \"b c\"; allowed\n"
	    "/: two: unknown property, found [61 00 00]; allowed\n"
	    "/: three: unknown property, found \"123456789 123456789 "
	    "123456789 12345\", \"67 123\", \"45678\"...; allowed\n"
	    "/boot: initrd: found \"\"; allowed\n"
	    "/boot: dtb: found [01 02]; allowed\n"
	    "/boot: format: found [01 02 03 04 05 06 ...]; allowed\n");
	bad(MODEL RAM BOOT "devices { a@9100000 { compatible = \"v,first\", "
			   "\"arm,pl0111\"; }; b@9200000 { compatible = "
			   "\"arm,gic-v4\"; }; };",
	    "/devices/a@9100000: compatible: found \"v,first\", "
	    "\"arm,pl0111\"; allowed\n"
	    "/devices/b@9200000: compatible: found \"arm,gic-v4\"; allowed\n");
	assert_non_null(strstr(told, "; did you mean arm,pl011?\n"));
	assert_non_null(strstr(told, "; did you mean arm,gic-v3?\n"));
	assert_non_null(strstr(told, ", arm,gic-400"));
}

static void test_boot(void **state)
{
	(void)state;
	bad(MODEL RAM "boot { kernel = \"/k\"; kernel-address = <0x3ffffffc>; "
		      "entry = <0x44000000>; initrd-address = <0x43fffffc>; "
		      "dtb-address = <0 0>; };",
	    "/boot: kernel-address: found 0x3ffffffc; allowed an address in "
	    "the guest's memory (0x40000000..0x43ffffff)\n"
	    "/boot: entry: found 0x44000000\n"
	    "/boot: dtb-address: found 0x0\n"
	    "/boot: initrd-address: found without initrd; allowed\n");
	/* Without a kernel there must be firmware in flash. */
	bad(MODEL RAM "boot { };",
	    "/boot: kernel: missing; allowed a path from /, or an entry in "
	    "flash\n");
	bad(MODEL RAM "boot { entry = <0x40000000>; };",
	    "/boot: entry: found 0x40000000 without kernel; allowed an "
	    "address in flash whose bank has an image\n");
	bad(MODEL RAM "boot { entry = <0x9000000>; };",
	    "/boot: entry: found 0x9000000 without kernel; allowed an "
	    "address in flash whose bank has an image\n");
	/* Erased flash cannot be started. */
	bad(MODEL RAM "boot { entry = <0>; };",
	    "/boot: entry: found 0x0 without kernel; allowed an address in "
	    "flash whose bank has an image\n");
	bad(MODEL RAM "boot { entry = <0x4000000>; }; "
		      "devices { flash@0 { image = \"/f\"; }; };",
	    "/boot: entry: found 0x4000000 without kernel; allowed an address "
	    "in flash whose bank has an image\n");
	config_free(good(MODEL RAM
			 "boot { entry = <0x3fffffc>; }; "
			 "devices { flash@0 { image = \"/f\"; }; };"));
	config_free(good(MODEL RAM
			 "boot { entry = <0x4000000>; }; "
			 "devices { flash@0 { image = \"/f\", \"/g\"; }; };"));
	bad(MODEL RAM "boot { kernel = \"/k\"; entry = <0>; };",
	    "/boot: entry: found 0x0; allowed an address in the guest's "
	    "memory\n");
	bad(MODEL RAM "boot { kernel = \"/k\"; dtb = \"/d\"; }; os-tree { };",
	    "/os-tree: found with boot's dtb, which replaces the tree\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smallest),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_address_end),
		cmocka_unit_test(test_gic),
		cmocka_unit_test(test_every_mistake_is_told),
		cmocka_unit_test(test_values_are_told),
		cmocka_unit_test(test_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
