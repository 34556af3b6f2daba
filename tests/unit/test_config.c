/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest descriptions: what is accepted, and how mistakes are reported, on the
 * simulated host's guest platform. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <core/guest_config.h>
#include <core/sched.h>
#include <libs/error.h>

#include "tests/unit/dts.h"

#include "tests/unit/guest_fixture.h"

#include "tests/unit/config_check.h"

/* Of the simulated host. */
#define PIC 5
#define SMALL_PIC 6
#define DEVICES (2 + 1 + 12 + 1) /* of the default machine */

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
	assert_int_equal(cfg->memory[0].base, 0x80000000);
	assert_int_equal(cfg->memory_size, MIB(64));
	assert_string_equal(cfg->kernel, "/images/Image");
	assert_null(cfg->initrd);
	assert_null(cfg->bootargs);
	assert_false(cfg->has_kernel_addr || cfg->has_entry ||
		     cfg->has_initrd_addr || cfg->has_dtb_addr);
	assert_int_equal(cfg->format, KERNEL_AUTO);
	assert_int_equal(cfg->on_crash, CRASH_HALT);
	assert_false(cfg->autostart);
	assert_int_equal(cfg->intc_model, PIC);
	assert_int_equal(cfg->intc_regs[0].base, 0x20000000);
	assert_int_equal(cfg->ndevices, DEVICES);
	assert_int_equal(cfg->extra_node, -1);
	dev = device(cfg, "serial@10001000");
	assert_non_null(dev);
	assert_string_equal(dev->emu->compatible[0], "ns16550a");
	assert_int_equal(dev->regs[0].size, 0x100);
	assert_int_equal(dev->irqs[0].line, 11);
	assert_false(dev->irqs[0].edge);
	assert_int_equal(dev->node, -1);
	dev = device(cfg, "virtio_mmio@1001b000");
	assert_non_null(dev);
	assert_int_equal(dev->irqs[0].line, 31);
	dev = device(cfg, "serial@i3f8");
	assert_non_null(dev);
	assert_int_equal(dev->space, EMU_PORTS);
	dev = device(cfg, "flash@60000000");
	assert_non_null(dev);
	assert_int_equal(dev->nregs, 2);
	assert_int_equal(dev->nirqs, 0);
	config_free(cfg);
}

static void test_everything(void **state)
{
	struct guest_config *cfg =
		good(CELLS MODEL
		     "on-crash = \"destroy\"; autostart; "
		     "interrupt-parent = <&pic>; "
		     "cpus { count = <2>; affinity = <3 1>; priority = <7>; }; "
		     "memory@80000000 { device_type = \"memory\"; "
		     "  reg = <1 0 0 0x1000>, <0 0x80000000 0 0x2000000>; }; "
		     "memory@40000000 { reg = <0 0x40000000 0 0x1000000>; }; "
		     "boot { kernel = \"/k\"; kernel-address = <0x40200000>; "
		     "  format = \"raw\"; entry = <0 0x40200001>; "
		     "  initrd = \"/i\"; initrd-address = <0 0x80000000>; "
		     "  bootargs = \"a b\"; dtb = \"/d\"; "
		     "  dtb-address = <1 0>; }; "
		     "devices { ranges; compatible = \"simple-bus\"; "
		     "  pic: intc@8000000 { "
		     "    compatible = \"socle,host-pic-small\", \"x\"; "
		     "    interrupt-controller; #interrupt-cells = <1>; "
		     "    reg = <0 0x8000000 0 0x2000>; }; "
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
	assert_int_equal(cfg->entry, 0x40200001);
	assert_int_equal(cfg->initrd_addr, 0x80000000);
	assert_int_equal(cfg->dtb_addr, 0x100000000);
	assert_string_equal(cfg->initrd, "/i");
	assert_string_equal(cfg->bootargs, "a b");
	assert_string_equal(cfg->dtb, "/d");
	assert_int_equal(cfg->intc_model, SMALL_PIC);
	assert_int_equal(cfg->intc_regs[0].size, 0x2000);
	config_free(cfg);
}

static void test_affinity(void **state)
{
	const struct config_limits limits = { .host_cpus = 2 };
	struct guest_config *cfg;

	(void)state;
	cfg = good(MODEL RAM BOOT "cpus { count = <3>; affinity = <100>; };");
	assert_int_equal(cfg->affinity[0].bits[1], BIT(36));
	assert_int_equal(cfg->affinity[2].bits[1], BIT(36));
	config_free(cfg);
	cfg = good(MODEL RAM BOOT "cpus { count = <2>; "
				  "affinity-set = <0 2 3>; };");
	assert_int_equal(cfg->affinity[1].bits[0], 0xd);
	config_free(cfg);
	bad(MODEL RAM BOOT "cpus { count = <4>; affinity = <0 1>; };",
	    "/cpus: affinity: found 2 CPUs; allowed 4,\n");
	bad(MODEL RAM BOOT "cpus { affinity = <0>; affinity-set = <1>; };",
	    "/cpus: affinity-set: found with affinity; allowed one\n");
	bad(MODEL RAM BOOT "cpus { affinity = <128>; };",
	    "/cpus: affinity: found <0x80>; allowed one or more cells 0..127\n");
	bad_on(MODEL RAM BOOT "cpus { affinity = <2>; };", &limits, 1,
	       "/cpus: affinity: found CPU 2; allowed 0..1 on this host\n");
	bad_on(MODEL RAM BOOT "cpus { affinity-set = <0 9>; };", &limits, 1,
	       "/cpus: affinity-set: found CPU 9; allowed 0..1\n");
	config_free(
		good_on(MODEL RAM BOOT "cpus { affinity = <1>; };", &limits));
}

static void test_devices(void **state)
{
	const struct config_device *dev;
	struct guest_config *cfg;

	(void)state;
	cfg = good(MODEL RAM BOOT
		   "devices { "
		   "console@10000000 { interrupts = <60>; }; "
		   "virtio_mmio@10010000 { status = \"disabled\"; }; "
		   "disk@10011000 { compatible = \"virtio,mmio\"; }; "
		   "uart@9040000 { compatible = \"x\", \"ns16550a\"; "
		   "  reg = <0 0x9040000 0 0x100>; reg-shift = <2>; "
		   "  interrupts = <41>; }; "
		   "dog@10001000 { compatible = \"arm,sp805\"; "
		   "  reg = <0 0x10001000 0 0x1000>; interrupts = <42>; }; "
		   "o@9050000 { compatible = \"socle,other\"; "
		   "  reg = <0 0x9050000 0 8>; socle,disk = \"d0\"; }; };");
	assert_int_equal(cfg->ndevices, DEVICES - 1 + 2);
	assert_null(device(cfg, "serial@10000000"));
	dev = device(cfg, "console@10000000");
	assert_string_equal(dev->emu->compatible[0], "ns16550a");
	assert_int_equal(dev->regs[0].base, 0x10000000);
	assert_int_equal(dev->irqs[0].line, 60);
	assert_true(dev->node > 0);
	assert_null(device(cfg, "virtio_mmio@10010000"));
	assert_null(device(cfg, "virtio_mmio@10011000"));
	assert_int_equal(device(cfg, "disk@10011000")->irqs[0].line, 21);
	assert_string_equal(device(cfg, "uart@9040000")->emu->compatible[0],
			    "ns16550a");
	assert_string_equal(device(cfg, "dog@10001000")->emu->compatible[0],
			    "arm,sp805");
	assert_int_equal(device(cfg, "dog@10001000")->irqs[0].line, 42);
	assert_null(device(cfg, "serial@10001000"));
	config_free(cfg);

	cfg = good(MODEL RAM BOOT
		   "devices { no-defaults; #address-cells = "
		   "<1>; #size-cells = <1>; u@1000 { compatible = "
		   "\"arm,pl011\"; reg = <0x1000 0x1000>; "
		   "interrupts = <1>; }; };");
	assert_int_equal(cfg->ndevices, 1);
	assert_int_equal(cfg->devices[0].regs[0].base, 0x1000);
	config_free(cfg);

	cfg = good(MODEL RAM BOOT "devices { no-defaults; };");
	assert_int_equal(cfg->ndevices, 0);
	config_free(cfg);
}

static void test_device_mistakes(void **state)
{
	(void)state;
	bad(MODEL RAM BOOT
	    "devices { "
	    "a { compatible = \"arm,pl011\"; }; "
	    "b@9100000 { compatible = \"arm,pl0011\"; }; "
	    "c@9100000 { }; "
	    "d@9100000 { compatible = \"arm,pl011\"; }; "
	    "e@9100000 { compatible = \"arm,pl011\"; "
	    "  reg = <0 0x9200000 0 0x1000>; interrupts = <50>; }; "
	    "f@9300000 { compatible = \"arm,pl011\"; "
	    "  reg = <0 0x9300000 0 0x800>; interrupts = <51>; }; "
	    "a-name-that-is-longer-than-it-may-be@9400000 { }; "
	    "g#h@9500000 { }; "
	    "};",
	    "/devices/a: found a; allowed NAME@ADDRESS\n"
	    "/devices/b@9100000: compatible: found \"arm,pl0011\"; allowed \n"
	    "/devices/c@9100000: compatible: missing; allowed a kind\n"
	    "/devices/d@9100000: reg: missing; allowed <address size>\n"
	    "/devices/e@9100000: found @9100000 in the name; allowed @9200000\n"
	    "/devices/f@9300000: reg: found size 0x800; allowed 0x1000\n"
	    "@9400000: found a name of 44 characters; allowed 31\n"
	    "/devices/g#h@9500000: found g#h@9500000; allowed NAME@ADDRESS\n");
	assert_non_null(strstr(told, "did you mean arm,pl011?"));
	bad(MODEL RAM BOOT
	    "devices { "
	    "a@9100000 { compatible = \"arm,pl011\"; "
	    "  reg = <0 0x9100000 0>; interrupts = <50>; }; "
	    "b@9200000 { compatible = \"arm,pl011\"; "
	    "  reg = <0 0x9200000 0 0x1000 0 0x9202000 0 0x1000>; "
	    "  interrupts = <51>; }; "
	    "c@9300000 { compatible = \"arm,pl011\"; "
	    "  reg = <0 0x9300000 0 0x1000>; }; "
	    "d@9400004 { compatible = \"socle,other\"; "
	    "  reg = <0 0x9400004 0 0x1000>; }; "
	    "e@9500000 { compatible = \"socle,other\"; "
	    "  reg = <0xffffffff 0xfffff000 0 0x1008>; }; };",
	    "/devices/a@9100000: reg: found 12 bytes; allowed entries of 4\n"
	    "/devices/b@9200000: reg: found 2 entries; allowed 1\n"
	    "/devices/c@9300000: interrupts: found 0; allowed 1\n"
	    "/devices/d@9400004: reg: found 0x1000 bytes at 0x9400004; "
	    "allowed multiples of 8\n"
	    "/devices/e@9500000: reg: found 0x1008 bytes at "
	    "0xfffffffffffff000;\n");
}

static void test_interrupts(void **state)
{
	(void)state;
	bad(MODEL RAM BOOT "devices { "
			   "a@10000000 { interrupts = <11>; }; "
			   "b@10010000 { interrupts = <0>; }; "
			   "c@10011000 { interrupts = <64>; }; "
			   "d@10012000 { interrupts = [00 01]; }; "
			   "e@10013000 { interrupts = <50 50>; }; };",
	    "/devices/a@10000000: interrupts: found line 11, which serial@"
	    "10001000\n"
	    "/devices/b@10010000: interrupts: found <0x0>; allowed <N>, N "
	    "1..63\n"
	    "/devices/c@10011000: interrupts: found <0x40>; allowed\n"
	    "/devices/d@10012000: interrupts: found [00 01]; allowed\n"
	    "/devices/e@10013000: interrupts: found line 50, which e@10013000\n");
}

static void test_overlap(void **state)
{
	(void)state;
	bad(CELLS MODEL BOOT "memory@20000000 { "
			     "reg = <0 0x20000000 0 0x10000>; };",
	    "/memory@20000000: reg: found 0x20000000..0x2000ffff, which "
	    "interrupt controller has too\n");
	bad(CELLS MODEL BOOT
	    "memory@40000000 { "
	    "  reg = <0 0x40000000 0 0x10000>; }; "
	    "memory@40008000 { reg = <0 0x40008000 0 0x1000>; };",
	    "/memory@40008000: reg: found 0x40008000..0x40008fff, which "
	    "memory has too (0x40000000..0x4000ffff)\n");
	bad(MODEL RAM BOOT
	    "devices { d@10000080 { compatible = "
	    "\"socle,other\"; reg = <0 0x10000080 0 0x10>; }; };",
	    "/devices/d@10000080: reg: found 0x10000080..0x1000008f, which "
	    "serial@10000000 has too\n");
	bad(MODEL RAM BOOT
	    "devices { i@f00000 { compatible = \"socle,host-pic\"; "
	    "reg = <0 0x0ffff000 0 0x1000>; }; d@fffff00 { compatible = "
	    "\"socle,other\"; reg = <0 0xfffff00 0 0x200>; }; };",
	    "d@fffff00: reg: found 0xfffff00..0x100000ff, which serial@\n"
	    "d@fffff00: reg: found 0xfffff00..0x100000ff, which interrupt\n");
	/* Two nodes for one device of the default machine. */
	bad(MODEL RAM BOOT
	    "devices { a@10000000 { }; b@10000000 { compatible = "
	    "\"ns16550a\"; reg = <0 0x10000000 0 0x100>; "
	    "interrupts = <60>; }; };",
	    "has too (0x10000000..0x100000ff)\n");
	/* The addresses of a disabled device are free. */
	config_free(good(MODEL RAM BOOT
			 "devices { "
			 "serial@10000000 { status = \"disabled\"; }; "
			 "d@10000080 { compatible = \"socle,other\"; "
			 "  reg = <0 0x10000080 0 0x10>; }; };"));
}

#define BUDGETS "period-us = <10000>; budget-us = <2000>; "

/* A deadline is from the budget to the period, for each VCPU or for all. */
static void test_deadlines(void **state)
{
	struct guest_config *cfg;

	(void)state;
	cfg = good(MODEL RAM BOOT "cpus { count = <2>; " BUDGETS
				  "deadline-us = <2000 0>; };");
	assert_int_equal(cfg->sched[0].deadline_us, 2000);
	assert_int_equal(cfg->sched[1].deadline_us, 0);
	config_free(cfg);
	cfg = good(MODEL RAM BOOT "cpus { count = <2>; " BUDGETS
				  "deadline-us = <10000>; };");
	assert_int_equal(cfg->sched[1].deadline_us, 10000);
	config_free(cfg);
	bad(MODEL RAM BOOT "cpus { " BUDGETS "deadline-us = <1999>; };",
	    "/cpus: deadline-us: found 1999 for VCPU 0; allowed 2000..10000, "
	    "its budget and period, and 0: the period\n");
	bad(MODEL RAM BOOT "cpus { " BUDGETS "deadline-us = <10001>; };",
	    "/cpus: deadline-us: found 10001 for VCPU 0; allowed 2000..10000, "
	    "its budget and period, and 0: the period\n");
	bad(MODEL RAM BOOT "cpus { deadline-us = <10000>; };",
	    "/cpus: deadline-us: found without period-us and budget-us\n");
}

static void test_limits(void **state)
{
	const struct config_limits limits = {
		.ipa_bits = 32,
		.intc_default = SMALL_PIC,
		.intc_models = BIT(SMALL_PIC),
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
	bad_on(MODEL RAM BOOT "devices { i@0 { compatible = "
			      "\"socle,host-pic\"; }; };",
	       &limits, 1,
	       "compatible: found a PIC; allowed a "
	       "small PIC on this host\n");
	bad_on(MODEL RAM BOOT "cpus { count = <3>; };", &limits, 1,
	       "/cpus: count: found 3; allowed 1..2 with a small PIC\n");
	bad(MODEL "memory = \"2G\"; " BOOT "cpus { count = <129>; };",
	    "/cpus: count: found <0x81>; allowed one cell 1..128\n");
	bad(MODEL "memory = \"512T\"; " BOOT, "/: memory: found \"512T\"\n");
	cfg = good_on(MODEL RAM BOOT "cpus { count = <2>; };", &limits);
	assert_int_equal(cfg->intc_model, SMALL_PIC);
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
	cfg = good(MODEL "memory = \"2100M\"; " BOOT);
	assert_true(cfg->address_end == MIB(2048 + 2100));
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
				  "\"socle,host-pic\"; "
				  "reg = <0x10 0 0 0x10000>; }; };");
	assert_true(cfg->address_end == BIT(36) + 0x10000);
	config_free(cfg);
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
	    "mem-budget-write-event, mem-budget-reclaim, mem-budget-share; "
	    "did you mean autostart?\n"
	    "/cpu: unknown node; allowed cpus, memory@ADDRESS, boot, devices, "
	    "management, os-tree; did you mean cpus?\n"
	    "/cpus: count: found <0x0>; allowed one cell 1..128\n"
	    "/cpus: counts: unknown property, found <0x1>; allowed count, "
	    "affinity, affinity-set, priority, pool, period-us, budget-us, "
	    "deadline-us, weight, cap, vcpu-cap, windows-us, overrun, "
	    "mem-budget, mem-budget-writes; did you mean count?\n"
	    "/cpus: priority: found <0x8>; allowed one cell 0..7\n"
	    "/cpus/x: unknown node; allowed none in cpus\n"
	    "/boot: kernal: unknown property, found \"/k\"; allowed kernel\n"
	    "/boot: kernel: missing; allowed a path from /\n"
	    "/boot: format: found \"zip\"; allowed \"auto\", \"image\", \n"
	    "/boot: initrd: found \"i\"; allowed a path from /, 255\n"
	    "/boot: bootargs: found <0x7>; allowed a string of 0..2047\n"
	    "/boot: entry: found <0x1 0x2 0x3>; allowed one or two cells\n"
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
			   "\"socle,host-pix\"; }; };",
	    "/devices/a@9100000: compatible: found \"v,first\", "
	    "\"arm,pl0111\"; allowed\n"
	    "/devices/b@9200000: compatible: found \"socle,host-pix\"; allowed\n");
	assert_non_null(strstr(told, "; did you mean arm,pl011?\n"));
	assert_non_null(strstr(told, "; did you mean socle,host-pic?\n"));
	assert_non_null(strstr(told, ", socle,host-pic-small"));
}

static void test_boot(void **state)
{
	(void)state;
	bad(MODEL RAM "boot { kernel = \"/k\"; kernel-address = <0x7ffffffc>; "
		      "entry = <0x84000000>; initrd-address = <0x83fffffc>; "
		      "dtb-address = <0 0>; };",
	    "/boot: kernel-address: found 0x7ffffffc; allowed an address in "
	    "the guest's memory (0x80000000..0x83ffffff)\n"
	    "/boot: entry: found 0x84000000\n"
	    "/boot: dtb-address: found 0x0\n"
	    "/boot: initrd-address: found without initrd; allowed\n");
	/* Without a kernel there must be firmware in flash. */
	bad(MODEL RAM "boot { };",
	    "/boot: kernel: missing; allowed a path from /, or an entry in "
	    "flash\n");
	bad(MODEL RAM "boot { entry = <0x80000000>; };",
	    "/boot: entry: found 0x80000000 without kernel; allowed an "
	    "address in flash whose bank has an image\n");
	bad(MODEL RAM "boot { entry = <0x10000000>; };",
	    "/boot: entry: found 0x10000000 without kernel; allowed an "
	    "address in flash whose bank has an image\n");
	/* Erased flash cannot be started. */
	bad(MODEL RAM "boot { entry = <0x60000000>; };",
	    "/boot: entry: found 0x60000000 without kernel; allowed an address in "
	    "flash whose bank has an image\n");
	bad(MODEL RAM "boot { entry = <0x61000000>; }; "
		      "devices { flash@60000000 { image = \"/f\"; }; };",
	    "/boot: entry: found 0x61000000 without kernel; allowed an address "
	    "in flash whose bank has an image\n");
	config_free(good(MODEL RAM
			 "boot { entry = <0x60ffffff>; }; "
			 "devices { flash@60000000 { image = \"/f\"; }; };"));
	config_free(good(
		MODEL RAM
		"boot { entry = <0x61000000>; }; "
		"devices { flash@60000000 { image = \"/f\", \"/g\"; }; };"));
	bad(MODEL RAM "boot { kernel = \"/k\"; entry = <0>; };",
	    "/boot: entry: found 0x0; allowed an address in the guest's "
	    "memory\n");
	bad(MODEL RAM "boot { kernel = \"/k\"; dtb = \"/d\"; }; os-tree { };",
	    "/os-tree: found with boot's dtb, which replaces the tree\n");
}

static void test_memory(void **state)
{
	(void)state;
	bad(CELLS MODEL BOOT
	    "memory@40000800 { "
	    "  reg = <0 0x40000800 0 0x1000>; }; "
	    "memory@50000000 { reg = <0 0x50000000 0 0x800>; }; "
	    "memory@60000000 { reg = <0 0x60000000 0 0>; }; "
	    "memory@70000000 { }; ",
	    "/memory@40000800: reg: found 0x1000 bytes at 0x40000800; allowed "
	    "multiples of 4096\n"
	    "/memory@50000000: reg: found 0x800 bytes at\n"
	    "/memory@60000000: reg: found size 0 at 0x60000000\n"
	    "/memory@70000000: reg: missing\n");
	bad(CELLS MODEL RAM BOOT "memory@40000000 { "
				 "reg = <0 0x40000000 0 0x1000>; };",
	    "/: memory: found with a memory node; allowed one of them\n");
	bad(MODEL
	    "#address-cells = <1>; #size-cells = <1>; " BOOT
	    "memory@1000 { reg = <0x01000 0x1000 0x03000 0x1000 0x5000 0x1000 "
	    "0x7000 0x1000 0x9000 0x1000 0xb000 0x1000 0xd000 0x1000 0xf000 "
	    "0x1000 0x11000 0x1000>; };",
	    "/memory@1000: reg: found 9 entries; allowed 8\n");
	bad(MODEL "#address-cells = <3>; " BOOT "memory@0 { reg = <1 2>; };",
	    "/: #address-cells: found <0x3>; allowed one cell 1..2\n"
	    "/memory@0: reg: found 8 bytes; allowed entries of 4 cells\n");
}

/* `depth` nested nodes. */
static const char *nested(int depth)
{
	static char text[1024];
	int i;

	strcpy(text, MODEL RAM BOOT "os-tree { ");
	for (i = 0; i < depth; i++) {
		strcat(text, "n { ");
	}
	for (i = 0; i <= depth; i++) {
		strcat(text, "}; ");
	}
	return text;
}

static void test_depth(void **state)
{
	(void)state;
	config_free(good(nested(16)));
	bad(nested(17), "/os-tree: found nodes more than 16 deep\n");
}

static void test_names_are_not_trusted(void **state)
{
	(void)state;
	bad(RAM "compatible = \"socle,guest\"; model = [1b 5b 32 4a 00]; " BOOT,
	    "/: model: found [1b 5b 32 4a 00]; allowed\n");
	bad(MODEL RAM "boot { kernel = \"/\\033[2J\"; bootargs = "
		      "\"\\007\"; dtb = \"x\\033y\"; };",
	    "/boot: dtb: found\n");
	assert_null(strchr(told, '\033'));
}

static void test_many_mistakes(void **state)
{
	static char body[16384];
	struct guest_config *cfg;
	int i;

	(void)state;
	strcpy(body, MODEL RAM BOOT);
	for (i = 0; i < 200; i++) {
		char one[32];

		snprintf(one, sizeof(one), "x%d { };", i);
		strcat(body, one);
	}
	assert_int_equal(parse(body, NULL, &cfg), -ERR_FORMAT);
	assert_int_equal(told_count, 65);
	assert_non_null(strstr(told, "and 136 mistakes more\n"));
	body[0] = '\0';
	strcpy(body, MODEL RAM BOOT "devices { ");
	for (i = 0; i < 97; i++) {
		char one[32];

		snprintf(one, sizeof(one), "x@%x { };", i);
		strcat(body, one);
	}
	strcat(body, "};");
	bad(body, "/devices: found 113 devices with the default machine's 16; "
		  "allowed 96\n");
}

static void test_not_a_blob(void **state)
{
	struct guest_config *cfg;

	(void)state;
	told[0] = '\0';
	dts_compile("/dts-v1/; / { };", &blob);
	assert_int_equal(config_parse(&cfg, blob.data, 0, NULL, report, told),
			 -ERR_FORMAT);
	assert_int_equal(config_parse(&cfg, blob.data, 30, NULL, report, told),
			 -ERR_FORMAT);
	assert_int_equal(config_parse(&cfg, blob.data, blob.size - 1, NULL,
				      report, told),
			 -ERR_FORMAT);
	blob.data[0] = 0;
	assert_int_equal(config_parse(&cfg, blob.data, blob.size, NULL, report,
				      told),
			 -ERR_FORMAT);
	assert_non_null(strstr(told, "not a device tree blob: empty\n"));
	assert_non_null(strstr(told, "shorter than a header\n"));
	assert_non_null(strstr(told, "cut short"));
	assert_non_null(strstr(told, "0xd00dfeed"));
}

/* Whichever allocation fails, nothing is left behind (the sanitizer checks). */
static void test_no_memory(void **state)
{
	struct guest_config *cfg;
	int n, err = -ERR_NOMEM;

	(void)state;
	for (n = 0; err == -ERR_NOMEM; n++) {
		fixture_heap_budget = n;
		err = parse(MODEL RAM BOOT, NULL, &cfg);
	}
	fixture_heap_budget = -1;
	assert_int_equal(err, 0);
	assert_int_equal(n, 5);
	config_free(cfg);
	config_free(NULL);
}

static int parse_whole(const char *text, struct guest_config **cfg)
{
	dts_compile(text, &blob);
	told[0] = '\0';
	told_count = 0;
	return config_parse(cfg, blob.data, blob.size, NULL, report, told);
}

#define RESERVE(reservations, memory) \
	"/dts-v1/; " reservations " / { " MODEL CELLS memory BOOT "};"

static void test_reservations(void **state)
{
	struct guest_config *cfg;
	char text[2048] = "";

	(void)state;
	assert_int_equal(parse_whole(RESERVE("/memreserve/ 0x83fff000 0x1000; "
					     "/memreserve/ 0x80000000 0x2000; ",
					     RAM),
				     &cfg),
			 0);
	assert_int_equal(cfg->nreserved, 2);
	assert_int_equal(cfg->reserved[0].base, 0x83fff000);
	assert_int_equal(cfg->reserved[1].size, 0x2000);
	config_free(cfg);
	assert_int_equal(
		parse_whole(RESERVE("/memreserve/ 0x83fff000 0x1001; ", RAM),
			    &cfg),
		-ERR_FORMAT);
	assert_string_equal(told, "/: /memreserve/: found 0x1001 bytes at "
				  "0x83fff000; allowed a part of the guest's "
				  "memory\n");
	assert_int_equal(parse_whole(RESERVE("/memreserve/ 0x80000000 "
					     "0xffffffffffffffff; ",
					     RAM),
				     &cfg),
			 -ERR_FORMAT);
	for (int i = 0; i < 17; i++) {
		strcat(text, "/memreserve/ 0x80000000 0x1000; ");
	}
	memmove(text + strlen("/dts-v1/; "), text, strlen(text) + 1);
	memcpy(text, "/dts-v1/; ", strlen("/dts-v1/; "));
	strcat(text, "/ { " MODEL CELLS RAM BOOT "};");
	assert_int_equal(parse_whole(text, &cfg), -ERR_FORMAT);
	assert_string_equal(told, "/: /memreserve/: found more than 16; "
				  "allowed 16\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reservations),
		cmocka_unit_test(test_smallest),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_affinity),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_device_mistakes),
		cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_address_end),
		cmocka_unit_test(test_every_mistake_is_told),
		cmocka_unit_test(test_values_are_told),
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_names_are_not_trusted),
		cmocka_unit_test(test_many_mistakes),
		cmocka_unit_test(test_not_a_blob),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
