/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each kind of device in the registry does what its descriptor says: for its
 * node in a description, its node in the OS's tree, and in the reference. The
 * bell of docs/howto/add-an-emulator.md is one of them, and nothing else names
 * it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arch/guest_platform.h>
#include <core/guest_config.h>
#include <core/guest_platform.h>
#include <libfdt.h>
#include <libs/error.h>

#include "core/guest/reference.h"
#include "docs/howto/examples/bell.c"
#include "tests/unit/dts.h"
#include "tests/unit/guest_fixture.h"

#define BASE \
	0x30000000u /* free in the default machine, as are lines from here */
#ifndef LINE
#define LINE 50u
#endif
#define TREE_MAX 65536

static _Alignas(8) uint8_t tree[TREE_MAX];
static char told[4096];

static void report(void *ctx, const char *message)
{
	(void)ctx;
	strncat(told, message, sizeof(told) - strlen(told) - 1);
}

/* What a device's node has; everything else is valid. */
struct shape {
	const char *more; /* properties, in source */
	unsigned int nregs, nirqs;
	uint32_t size;
};

static struct shape shape_of(const struct emulator *emu)
{
	return (struct shape){
		.more = "",
		.nregs = MAX(emu->nregs, 1),
		.nirqs = emu->nirqs,
		.size = ALIGN_UP(MAX(emu->min_size, 8u), 8u),
	};
}

/* An interrupt's cells, in source. */
static size_t put_irq(char *at, size_t size, uint32_t line)
{
	const struct config_irq irq = { .line = line };
	uint32_t cells[CONFIG_MAX_IRQ_CELLS];
	unsigned int ncells = arch_guest_platform.irq_encode(NULL, &irq, cells);
	size_t n = 0;

	assert_int_equal(ncells, arch_guest_platform.irq_cells);
	for (unsigned int i = 0; i < ncells; i++) {
		n += (size_t)snprintf(at + n, size - n, "%u ", cells[i]);
	}
	return n;
}

/* Parse a guest with one such device beside the default ones. */
static int parse(const struct emulator *emu, const struct shape *s,
		 struct guest_config **cfg)
{
	static struct dts_blob blob;
	char text[2048], regs[512] = "", irqs[256] = "";
	size_t r = 0, q = 0;

	for (unsigned int i = 0; i < s->nregs; i++) {
		r += (size_t)snprintf(regs + r, sizeof(regs) - r,
				      "0 0x%x 0 0x%x ", BASE + i * 0x1000000,
				      s->size);
	}
	for (unsigned int i = 0; i < s->nirqs; i++) {
		q += put_irq(irqs + q, sizeof(irqs) - q, LINE + i);
	}
	snprintf(text, sizeof(text),
		 "/dts-v1/; / { compatible = \"socle,guest\"; model = \"g\"; "
		 "memory = \"64M\"; boot { kernel = \"/k\"; }; devices { "
		 "it@%x { compatible = \"%s\"; reg = <%s>; %s%s%s %s }; }; };",
		 BASE, emu->compatible[0], regs, q ? "interrupts = <" : "",
		 irqs, q ? ">;" : "", s->more);
	dts_compile(text, &blob);
	told[0] = '\0';
	return config_parse(cfg, blob.data, blob.size, NULL, report, NULL);
}

/* The OS's tree with such a device in it; the offset of its node. */
static int build(const struct emulator *emu, const struct shape *s)
{
	static const struct fdtgen_info none;
	struct guest_config *cfg;
	char path[64];
	int node;

	if (parse(emu, s, &cfg)) {
		print_error("%s: %s\n", emu->name, told);
		fail();
	}
	assert_int_equal(fdtgen_build(cfg, &none, tree, sizeof(tree)), 0);
	config_free(cfg);
	snprintf(path, sizeof(path), "/it@%x", BASE);
	node = fdt_path_offset(tree, path);
	assert_true(node > 0);
	return node;
}

static void expect_strings(int node, const char *name,
			   const char *const *strings)
{
	int i;

	for (i = 0; strings[i]; i++) {
		const char *s = fdt_stringlist_get(tree, node, name, i, NULL);

		assert_non_null(s);
		assert_string_equal(s, strings[i]);
	}
	assert_int_equal(fdt_stringlist_count(tree, node, name), i);
}

static void check_os_node(const struct emulator *emu, int node)
{
	const char *const first[] = { emu->compatible[0], NULL };
	const struct emu_os_prop *prop;
	int len, n = 0;

	expect_strings(node, "compatible",
		       emu->os_compatible ? emu->os_compatible : first);
	if (emu->os_clocks && arch_guest_platform.clock_hz) {
		expect_strings(node, "clock-names", emu->os_clocks);
		for (; emu->os_clocks[n]; n++) {}
		assert_non_null(fdt_getprop(tree, node, "clocks", &len));
		assert_int_equal(len, 4 * n);
	} else {
		assert_null(fdt_getprop(tree, node, "clocks", NULL));
	}
	for (prop = emu->os_props; prop && prop->name; prop++) {
		const fdt32_t *v = fdt_getprop(tree, node, prop->name, &len);

		assert_non_null(v);
		assert_int_equal(len, prop->flag ? 0 : 4);
		assert_true(prop->flag || fdt32_ld(v) == prop->cell);
	}
	assert_true(fdt_get_phandle(tree, node) != 0);
}

static void test_os_nodes(void **state)
{
	const struct emulator *it;

	(void)state;
	registry_for_each(emulator, it) {
		struct shape s = shape_of(it);

		check_os_node(it, build(it, &s));
	}
}

/* One thing too few or too many is reported. */
static void check_refused(const struct emulator *emu, const struct shape *s,
			  const char *what)
{
	struct guest_config *cfg;

	if (parse(emu, s, &cfg) != -ERR_FORMAT || !strstr(told, what)) {
		print_error("%s: %s not told: %s\n", emu->name, what, told);
		fail();
	}
}

static void test_shapes(void **state)
{
	const struct emulator *it;

	(void)state;
	registry_for_each(emulator, it) {
		struct shape s = shape_of(it);

		assert_true(it->nregs <= CONFIG_MAX_REGS);
		assert_true(it->nirqs <= CONFIG_MAX_IRQS);
		if (it->min_size > 8) {
			s.size -= 8;
			check_refused(it, &s, "reg: found size");
		}
		s = shape_of(it);
		if (it->nregs) {
			s.nregs++;
			check_refused(it, &s, "reg: found");
		}
		s = shape_of(it);
		if (it->nirqs) {
			s.nirqs--;
			check_refused(it, &s, "interrupts: found");
		}
	}
}

static const struct emulator *find(const char *compatible)
{
	const struct emulator *emu = emulator_find(compatible);

	assert_non_null(emu);
	return emu;
}

/* The description's values replace the kind's defaults. */
static void test_given(void **state)
{
	struct shape s = shape_of(find("example,bell"));
	const fdt32_t *v;
	int node;

	(void)state;
	node = build(find("example,bell"), &s);
	v = fdt_getprop(tree, node, "ring-ms", NULL);
	assert_non_null(v);
	assert_int_equal(fdt32_ld(v), BELL_RING_MS);
	s.more = "ring-ms = <77>;";
	node = build(find("example,bell"), &s);
	v = fdt_getprop(tree, node, "ring-ms", NULL);
	assert_non_null(v);
	assert_int_equal(fdt32_ld(v), 77);
	s.more = "ring-ms = <0>;";
	check_refused(find("example,bell"), &s, "ring-ms: found");
}

/* One line of a description is enough for kinds with slots; others need an
 * address. */
static void test_slots(void **state)
{
	static struct dts_blob blob;
	const struct emulator *it;
	struct guest_config *cfg;
	char text[512];
	int err;

	(void)state;
	registry_for_each(emulator, it) {
		snprintf(text, sizeof(text),
			 "/dts-v1/; / { compatible = \"socle,guest\"; "
			 "model = \"g\"; memory = \"64M\"; boot { kernel = "
			 "\"/k\"; }; devices { it { compatible = \"%s\"; }; "
			 "}; };",
			 it->compatible[0]);
		dts_compile(text, &blob);
		told[0] = '\0';
		err = config_parse(&cfg, blob.data, blob.size, NULL, report,
				   NULL);
		assert_int_equal(err, it->slot ? 0 : -ERR_FORMAT);
		if (it->slot) {
			config_free(cfg);
		} else {
			assert_non_null(strstr(told, "allowed NAME@ADDRESS"));
		}
	}
}

static const char *wanted; /* lines expected, in order */

static void look(const char *line)
{
	if (*wanted && strncmp(line, wanted, strcspn(wanted, "\n")) == 0) {
		wanted += strcspn(wanted, "\n") + 1;
	}
}

/* In alphabetical order, whatever the registry's order. */
static void test_reference(void **state)
{
	(void)state;
	wanted = "### arm,pl011\n### arm,sp805\n### example,bell\n"
		 "| `ring-ms` |\n### virtio,mmio\n";
	reference_print(look);
	assert_string_equal(wanted, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_os_nodes),  cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_given),     cmocka_unit_test(test_slots),
		cmocka_unit_test(test_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
