/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest descriptions on the simulated host's guest platform: core/guest uses
 * the platform of the architecture it is linked with.
 */
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arch/guest_platform.h>
#include <core/guest_config.h>
#include <core/guest_image.h>
#include <core/guest_place.h>
#include <core/guest_platform.h>
#include <libs/error.h>

#include "tests/unit/dts.h"
#include "tests/unit/guest_fixture.h"

#define HEAD \
	"/dts-v1/; / { compatible = \"socle,guest\"; model = \"g\"; " \
	"memory = \"64M\"; "
#define BOOT "boot { kernel = \"/k\"; }; "
#define RAM UINT64_C(0x80000000)
#define DEVICES (2 + 1 + 12 + 1) /* of the default machine */

static char told[4096];

static void note(void *ctx, const char *message)
{
	size_t n = strlen(told);

	(void)ctx;
	snprintf(told + n, sizeof(told) - n, "%s\n", message);
}

static struct guest_config *parse(const char *source)
{
	static struct dts_blob blob;
	struct guest_config *cfg = NULL;
	int err;

	told[0] = '\0';
	dts_compile(source, &blob);
	err = config_parse(&cfg, blob.data, blob.size, NULL, note, NULL);
	assert_true(err == 0 || err == -ERR_FORMAT);
	return err ? NULL : cfg;
}

static void default_machine(void **state)
{
	struct guest_config *cfg = parse(HEAD BOOT "};");

	(void)state;
	assert_non_null(cfg);
	assert_int_equal(cfg->memory[0].base, RAM);
	assert_int_equal(cfg->intc_model, 5);
	assert_int_equal(cfg->intc_nregs, 1);
	assert_int_equal(cfg->ndevices, DEVICES);
	assert_string_equal(cfg->devices[1].name, "serial@10001000");
	assert_int_equal(cfg->devices[1].irqs[0].line, 11);
	config_free(cfg);
}

/* One architecture does not allow what another does. */
static void description_is_the_architectures(void **state)
{
	struct guest_config *cfg;

	(void)state;
	cfg = parse(HEAD BOOT
		    "cpus { count = <2>; }; devices { s@30000000 { "
		    "compatible = \"ns16550a\"; reg = <0 0x30000000 0 8>; "
		    "interrupts = <63>; }; p@40000000 { "
		    "compatible = \"socle,host-pic\"; "
		    "reg = <0 0x40000000 0 0x1000>; }; }; };");
	assert_string_equal(told, "");
	assert_int_equal(cfg->intc_regs[0].base, 0x40000000);
	assert_int_equal(cfg->devices[DEVICES].irqs[0].line, 63);
	config_free(cfg);
	assert_null(parse(HEAD "psci-conduit = \"smc\"; " BOOT
			       "cpus { count = <5>; "
			       "native-wfi; }; devices { "
			       "serial@10000000 { interrupts = <64>; }; "
			       "g@8000000 { compatible = \"arm,gic-v3\"; }; "
			       "serial@10001000 { interrupts = <10>; }; "
			       "x@30000000 { compatible = \"ns16550a\"; "
			       "reg = <0 0x30000000 0 8>; "
			       "interrupts = <10>; }; }; };"));
	assert_non_null(strstr(told, "/: psci-conduit: unknown property"));
	assert_non_null(strstr(told, "native-wfi: unknown property"));
	assert_non_null(strstr(told, "found 5; allowed 1..4 with a PIC"));
	assert_non_null(strstr(told, "<0x40>; allowed <N>, N 1..63"));
	assert_non_null(strstr(told, "found \"arm,gic-v3\"; allowed"));
	assert_non_null(strstr(told, "found line 10, which serial@10001000"));
}

static void tree_is_the_architectures(void **state)
{
	static uint8_t blob[KIB(16)];
	static const struct fdtgen_info info;
	struct guest_config *cfg = parse(HEAD BOOT "};");
	const fdt32_t *cells;
	int node, len;

	(void)state;
	assert_int_equal(fdtgen_build(cfg, &info, blob, sizeof(blob)), 0);
	assert_int_equal(fdt_node_check_compatible(blob, 0, "socle,host-virt"),
			 0);
	node = fdt_path_offset(blob, "/serial@10000000");
	cells = fdt_getprop(blob, node, "interrupts", &len);
	assert_int_equal(len, 4);
	assert_int_equal(fdt32_ld(cells), 10);
	assert_true(fdt_path_offset(blob, "/pic@20000000") >= 0);
	assert_true(fdt_path_offset(blob, "/psci") < 0);
	assert_true(fdt_path_offset(blob, "/timer") < 0);
	config_free(cfg);
}

/* The small PIC's lines have two cells in the OS's tree, one in a description.
 */
static void lines_are_told_as_the_model_has_them(void **state)
{
	static uint8_t blob[KIB(16)];
	static const struct fdtgen_info info;
	struct guest_config *cfg = parse(
		HEAD BOOT "devices { "
			  "intc { compatible = \"socle,host-pic-small\"; }; "
			  "d@40000000 { compatible = \"ns16550a\"; "
			  "reg = <0 0x40000000 0 8>; "
			  "interrupts = <41>, <40>; }; }; };");
	const fdt32_t *cells;
	int node, len;

	(void)state;
	assert_string_equal(told, "");
	assert_int_equal(fdtgen_build(cfg, &info, blob, sizeof(blob)), 0);
	cells = fdt_getprop(blob, fdt_path_offset(blob, "/pic@20000000"),
			    "#interrupt-cells", &len);
	assert_int_equal(fdt32_ld(cells), 2);
	node = fdt_path_offset(blob, "/d@40000000");
	cells = fdt_getprop(blob, node, "interrupts", &len);
	assert_int_equal(len, 16);
	assert_int_equal(fdt32_ld(cells), 41);
	assert_int_equal(fdt32_ld(cells + 1), 4);
	assert_int_equal(fdt32_ld(cells + 2), 40);
	assert_int_equal(fdt32_ld(cells + 3), 4);
	config_free(cfg);
}

static void slots_are_the_architectures(void **state)
{
	struct guest_config *cfg = parse(
		HEAD BOOT "devices { d { compatible = \"socle,plugged\"; };"
			  " x@10010000 { compatible = \"ns16550a\"; "
			  "reg = <0 0x10010000 0 8>; "
			  "interrupts = <40>; }; }; };");

	(void)state;
	assert_string_equal(told, "");
	assert_int_equal(cfg->ndevices, DEVICES);
	assert_string_equal(cfg->devices[4].name, "d");
	assert_string_equal(cfg->devices[4].os_name, "virtio_mmio@10011000");
	assert_int_equal(cfg->devices[4].regs[0].base, 0x10011000);
	assert_int_equal(cfg->devices[4].irqs[0].line, 21);
	assert_false(cfg->devices[4].irqs[0].edge);
	config_free(cfg);
}

static void images_and_places(void **state)
{
	static const uint8_t arm64[64] = { [56] = 'A', 'R', 'M', 0x64 };
	struct image_where where = { .ram_base = RAM };
	struct guest_config *cfg = parse(HEAD BOOT "};");
	struct place place = { .cfg = cfg };
	struct image_plan plan;
	const char *why = "";
	uint64_t at;

	(void)state;
	assert_int_equal(image_plan(&plan, &where, arm64, 64, 64, &why),
			 -ERR_FORMAT);
	assert_non_null(strstr(why, "another architecture"));
	where.format = KERNEL_RAW;
	assert_int_equal(image_plan(&plan, &where, arm64, 64, 64, &why), 0);
	assert_int_equal(plan.entry, RAM);
	assert_true(
		arch_guest_platform.place_initrd(&place, RAM + 100, 5000, &at));
	assert_int_equal(at, RAM + PAGE_SIZE);
	assert_true(arch_guest_platform.place_tree(&place, plan.format, 0, 0,
						   5000, &at));
	assert_int_equal(at, RAM + MIB(64) - 2 * PAGE_SIZE);
	config_free(cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_machine),
		cmocka_unit_test(description_is_the_architectures),
		cmocka_unit_test(tree_is_the_architectures),
		cmocka_unit_test(lines_are_told_as_the_model_has_them),
		cmocka_unit_test(slots_are_the_architectures),
		cmocka_unit_test(images_and_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
