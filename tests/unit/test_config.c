/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest descriptions: what is understood, and how mistakes are told. */
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

#define MODEL "compatible = \"socle,guest\"; model = \"g\"; "
#define CELLS "#address-cells = <2>; #size-cells = <2>; "
#define BOOT "boot { kernel = \"/images/Image\"; }; "
#define RAM "memory = \"64M\"; "

static struct dts_blob blob;
static char told[32768];
static unsigned int told_count;

static void report(void *ctx, const char *message)
{
	assert_ptr_equal(ctx, told);
	assert_true(strlen(told) + strlen(message) + 2 < sizeof(told));
	strcat(told, message);
	strcat(told, "\n");
	told_count++;
}

static int parse(const char *body, const struct config_limits *limits,
		 struct guest_config **cfg)
{
	static char text[32768];

	snprintf(text, sizeof(text), "/dts-v1/; / { %s };", body);
	dts_compile(text, &blob);
	told[0] = '\0';
	told_count = 0;
	return config_parse(cfg, blob.data, blob.size, limits, report, told);
}

static struct guest_config *good_on(const char *body,
				    const struct config_limits *limits)
{
	struct guest_config *cfg = NULL;
	int err = parse(body, limits, &cfg);

	if (err != 0) {
		print_error("%s", told);
	}
	assert_int_equal(err, 0);
	assert_string_equal(told, "");
	return cfg;
}

static struct guest_config *good(const char *body)
{
	return good_on(body, NULL);
}

/* Exactly these mistakes, in any order; each line ends with a newline. */
static void bad_on(const char *body, const struct config_limits *limits,
		   unsigned int count, const char *lines)
{
	struct guest_config *cfg;
	char copy[2048], *line;

	assert_int_equal(parse(body, limits, &cfg), -ERR_FORMAT);
	if (told_count != count) {
		print_error("%s", told);
	}
	assert_int_equal(told_count, count);
	snprintf(copy, sizeof(copy), "%s", lines);
	for (line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) {
		if (!strstr(told, line)) {
			print_error("wanted: %s\ntold: %s", line, told);
		}
		assert_non_null(strstr(told, line));
	}
}

static void bad(const char *body, const char *lines)
{
	unsigned int count = 0;
	const char *s;

	for (s = lines; *s != '\0'; s++) {
		count += *s == '\n';
	}
	bad_on(body, NULL, count, lines);
}

static const struct config_device *device(const struct guest_config *cfg,
					  const char *name)
{
	uint32_t i;

	for (i = 0; i < cfg->ndevices; i++) {
		if (strcmp(cfg->devices[i].name, name) == 0) {
			return &cfg->devices[i];
		}
	}
	return NULL;
}

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
	assert_true(cfg->psci_hvc);
	assert_int_equal(cfg->gic_version, 3);
	assert_int_equal(cfg->gicd.base, 0x08000000);
	assert_int_equal(cfg->gicr.base, 0x080a0000);
	assert_int_equal(cfg->nspis, 256);
	assert_int_equal(cfg->ndevices, 5 + 32);
	assert_int_equal(cfg->extra_node, -1);
	dev = device(cfg, "pl011@9000000");
	assert_non_null(dev);
	assert_string_equal(dev->compatible, "arm,pl011");
	assert_int_equal(dev->regs[0].size, 0x1000);
	assert_int_equal(dev->irqs[0].intid, 33);
	assert_false(dev->irqs[0].edge);
	assert_int_equal(dev->node, -1);
	dev = device(cfg, "virtio_mmio@a003e00");
	assert_non_null(dev);
	assert_int_equal(dev->irqs[0].intid, 32 + 16 + 31);
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
	assert_false(cfg->psci_hvc);
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
	assert_int_equal(cfg->gic_version, 2);
	assert_int_equal(cfg->gicc.size, 0x2000);
	assert_int_equal(cfg->gicr.size, 0);
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
		   "console@9000000 { interrupts = <0 60 1>; }; "
		   "virtio_mmio@a000000 { status = \"disabled\"; }; "
		   "disk@a000200 { compatible = \"virtio,mmio\"; "
		   "  socle,disk = \"d0\"; }; "
		   "uart@9040000 { compatible = \"x\", \"ns16550\"; "
		   "  reg = <0 0x9040000 0 0x100>; reg-shift = <2>; "
		   "  interrupts = <0 8 4>; }; "
		   "dog@9010000 { compatible = \"arm,sp805\"; "
		   "  reg = <0 0x9010000 0 0x1000>; interrupts = <0 3 4>; }; "
		   "o@9050000 { compatible = \"socle,other\"; "
		   "  reg = <0 0x9050000 0 8>; }; };");
	assert_int_equal(cfg->ndevices, 5 + 31 + 2);
	assert_null(device(cfg, "pl011@9000000"));
	dev = device(cfg, "console@9000000");
	assert_string_equal(dev->compatible, "arm,pl011");
	assert_int_equal(dev->regs[0].base, 0x9000000);
	assert_int_equal(dev->irqs[0].intid, 92);
	assert_true(dev->irqs[0].edge);
	assert_true(dev->node > 0);
	assert_null(device(cfg, "virtio_mmio@a000000"));
	assert_null(device(cfg, "virtio_mmio@a000200"));
	assert_int_equal(device(cfg, "disk@a000200")->irqs[0].intid, 49);
	assert_string_equal(device(cfg, "uart@9040000")->compatible,
			    "ns16550a");
	assert_string_equal(device(cfg, "dog@9010000")->compatible,
			    "arm,sp805");
	assert_int_equal(device(cfg, "dog@9010000")->irqs[0].intid, 35);
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
	    "  reg = <0 0x9200000 0 0x1000>; interrupts = <0 50 4>; }; "
	    "f@9300000 { compatible = \"arm,pl011\"; "
	    "  reg = <0 0x9300000 0 0x800>; interrupts = <0 51 4>; }; "
	    "a-name-that-is-longer-than-it-may-be@9400000 { }; "
	    "};",
	    "/devices/a: found a; allowed NAME@ADDRESS\n"
	    "/devices/b@9100000: compatible: found \"arm,pl0011\"; allowed \n"
	    "/devices/c@9100000: compatible: missing; allowed a kind\n"
	    "/devices/d@9100000: reg: missing; allowed <address size>\n"
	    "/devices/e@9100000: found @9100000 in the name; allowed @9200000\n"
	    "/devices/f@9300000: reg: found size 0x800; allowed 0x1000\n"
	    "@9400000: found a name of 44 characters; allowed 31\n");
	assert_non_null(strstr(told, "did you mean arm,pl011?"));
	bad(MODEL RAM BOOT
	    "devices { "
	    "a@9100000 { compatible = \"arm,pl011\"; "
	    "  reg = <0 0x9100000 0>; interrupts = <0 50 4>; }; "
	    "b@9200000 { compatible = \"arm,pl011\"; "
	    "  reg = <0 0x9200000 0 0x1000 0 0x9202000 0 0x1000>; "
	    "  interrupts = <0 51 4>; }; "
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
			   "a@9000000 { interrupts = <0 2 4>; }; "
			   "b@9030000 { interrupts = <1 7 4>; }; "
			   "c@a000000 { interrupts = <0 256 4>; }; "
			   "d@a000200 { interrupts = <0 100 2>; }; "
			   "e@a000400 { interrupts = <0 100>; }; "
			   "f@a000600 { interrupts = <0 110 4 0 110 4>; }; };",
	    "/devices/a@9000000: interrupts: found 2, which pl031@9010000 has\n"
	    "/devices/b@9030000: interrupts: found <0x1 0x7 0x4>; allowed <0 N "
	    "FLAGS>, N 0..255, FLAGS 1 or 4\n"
	    "/devices/c@a000000: interrupts: found <0x0 0x100 0x4>\n"
	    "/devices/d@a000200: interrupts: found <0x0 0x64 0x2>\n"
	    "/devices/e@a000400: interrupts: found <0x0 0x64>\n"
	    "/devices/c@a000000: interrupts: found 0; allowed 1\n"
	    "/devices/e@a000400: interrupts: found 0; allowed 1\n"
	    "/devices/f@a000600: interrupts: found 110, which f@a000600\n");
}

static void test_overlap(void **state)
{
	(void)state;
	bad(CELLS MODEL BOOT "memory@8000000 { "
			     "reg = <0 0x8000000 0 0x10000>; };",
	    "/memory@8000000: reg: found 0x8000000..0x800ffff, which interrupt "
	    "controller has too\n");
	bad(CELLS MODEL BOOT
	    "memory@40000000 { "
	    "  reg = <0 0x40000000 0 0x10000>; }; "
	    "memory@40008000 { reg = <0 0x40008000 0 0x1000>; };",
	    "/memory@40008000: reg: found 0x40008000..0x40008fff, which "
	    "memory has too (0x40000000..0x4000ffff)\n");
	bad(MODEL RAM BOOT "devices { d@9000800 { compatible = "
			   "\"socle,other\"; reg = <0 0x9000800 0 0x10>; }; };",
	    "/devices/d@9000800: reg: found 0x9000800..0x900080f, which "
	    "pl011@9000000 has too\n");
	bad(MODEL RAM BOOT
	    "devices { d@8ffff00 { compatible = "
	    "\"socle,other\"; reg = <0 0x8ffff00 0 0x200>; }; };",
	    "d@8ffff00: reg: found 0x8ffff00..0x90000ff, which pl011@\n"
	    "d@8ffff00: reg: found 0x8ffff00..0x90000ff, which interrupt\n");
	/* Two nodes for one device of the default machine. */
	bad(MODEL RAM BOOT "devices { a@9000000 { }; b@9000000 { compatible = "
			   "\"arm,pl011\"; reg = <0 0x9000000 0 0x1000>; "
			   "interrupts = <0 90 4>; }; };",
	    "has too (0x9000000..0x9000fff)\n");
	/* The space of a disabled device is free. */
	config_free(good(MODEL RAM BOOT
			 "devices { "
			 "pl011@9000000 { status = \"disabled\"; }; "
			 "d@9000800 { compatible = \"socle,other\"; "
			 "  reg = <0 0x9000800 0 0x10>; }; };"));
}

static void test_limits(void **state)
{
	const struct config_limits limits = {
		.ipa_bits = 32,
		.gic_version = 2,
		.gicv2_ok = true,
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
	assert_int_equal(cfg->gic_version, 2);
	config_free(cfg);
	cfg = good(MODEL RAM BOOT "cpus { count = <128>; };");
	assert_true(cfg->gicr.size >= 128 * 0x20000);
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
	assert_int_equal(cfg->gicd.base, 0x20000000);
	assert_int_equal(cfg->gicr.base, 0x20100000);
	assert_int_equal(cfg->gicr.size, 0x40000);
	assert_true(cfg->gic_node > 0);
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
	    "compatible, model, memory, on-crash, autostart, psci-conduit, "
	    "interrupt-parent, #address-cells, #size-cells; did you mean "
	    "autostart?\n"
	    "/cpu: unknown node; allowed cpus, memory@ADDRESS, boot, devices, "
	    "os-tree; did you mean cpus?\n"
	    "/cpus: count: found <0x0>; allowed one cell 1..128\n"
	    "/cpus: counts: unknown property, found <0x1>; allowed count, "
	    "affinity, affinity-set, priority, native-wfi; did you mean "
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

/* A value is told as dtc writes it, whatever it is. */
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
	/* Without a kernel there must be firmware: that is in flash. */
	bad(MODEL RAM "boot { };",
	    "/boot: kernel: missing; allowed a path from /, or an entry in "
	    "flash\n");
	bad(MODEL RAM "boot { entry = <0x40000000>; };",
	    "/boot: entry: found 0x40000000 without kernel; allowed an "
	    "address in a cfi-flash\n");
	bad(MODEL RAM "boot { entry = <0x9000000>; };",
	    "/boot: entry: found 0x9000000 without kernel; allowed an "
	    "address in a cfi-flash\n");
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

/* `depth` nodes inside one another. */
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
	bad(body, "/devices: found 134 devices with the default machine's 37; "
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

/* Whichever allocation fails, nothing stays (the sanitizer looks). */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smallest),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_affinity),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_device_mistakes),
		cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_gic),
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
