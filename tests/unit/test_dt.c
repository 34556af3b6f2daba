/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host device tree: its check, addresses, interrupts, memory, chosen. */
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <core/dt.h>
#include <libs/error.h>

#include "core/dt/dt_priv.h"
#include "drivers/irqchip/gic_spec_priv.h"
#include "tests/unit/dts.h"

static struct dts_blob blob;

static void load(const char *text)
{
	const char *why;

	dts_compile(text, &blob);
	assert_int_equal(dt_init(blob.data, blob.size, &why), 0);
}

/* A tree with `body` in a root of two address and two size cells. */
static void load_body(const char *body)
{
	static char text[16384];

	snprintf(text, sizeof(text),
		 "/dts-v1/; / { #address-cells = <2>; "
		 "#size-cells = <2>; %s };",
		 body);
	load(text);
}

static void refused(const void *data, size_t size, const char *reason)
{
	const char *why = "";

	assert_int_equal(dt_init(data, size, &why), -ERR_FORMAT);
	assert_non_null(strstr(why, reason));
}

static void test_refused(void **state)
{
	static struct dts_blob bad;

	(void)state;
	dts_compile("/dts-v1/; / { a { b = <1>; }; };", &bad);
	refused(NULL, 0, "there is none");
	refused(bad.data + 4, bad.size - 4, "aligned");
	refused(bad.data, 20, "header");
	refused(bad.data, bad.size - 4, "cut short");
	bad.data[0] ^= 1;
	refused(bad.data, bad.size, "0xd00dfeed");
	bad.data[0] ^= 1;
	bad.data[4] = 1; /* totalsize of 16 MiB and more */
	refused(bad.data, bad.size, "cut short");
	bad.data[4] = 0;
	bad.data[23] = 3; /* version */
	refused(bad.data, bad.size, "version");
	bad.data[23] = 17;
	/* The offset of the property's name is after the strings. */
	fdt32_st(bad.data + fdt_off_dt_struct(bad.data) + 24, 0x7fffffff);
	refused(bad.data, bad.size, "name");
}

static void test_too_large(void **state)
{
	const size_t size = MIB(3);
	uint8_t *big = aligned_alloc(16, size);

	(void)state;
	assert_non_null(big);
	dts_compile("/dts-v1/; / { };", &blob);
	assert_int_equal(fdt_open_into(blob.data, big, (int)size), 0);
	refused(big, size, "2 MiB");
	free(big);
}

/* Any single damaged byte: the tree is accepted or refused, and never
 * over-read. */
static void test_every_byte_damaged(void **state)
{
	static struct dts_blob good, bad;
	size_t i;

	(void)state;
	dts_compile("/dts-v1/; /memreserve/ 0x1000 0x2000; / { "
		    "#address-cells = <1>; #size-cells = <1>; "
		    "memory@0 { device_type = \"memory\"; reg = <0 4096>; }; "
		    "chosen { bootargs = \"a=b\"; }; };",
		    &good);
	for (i = 0; i < good.size; i++) {
		struct dt_chosen chosen;
		const char *why;
		char *copy = aligned_alloc(16, ALIGN_UP(good.size, 16));

		assert_non_null(copy);
		bad = good;
		bad.data[i] ^= 0xff;
		memcpy(copy, bad.data, good.size);
		if (dt_init(copy, good.size, &why) == 0) {
			dt_get_chosen(&chosen);
			assert_non_null(chosen.bootargs);
		}
		free(copy);
	}
}

static void reg_is(const char *path, unsigned int index, uint64_t base,
		   uint64_t size)
{
	paddr_t b;
	uint64_t s;

	assert_int_equal(dt_reg(dt_path(path), index, &b, &s), 0);
	assert_int_equal(b.v, base);
	assert_int_equal(s, size);
}

static void reg_fails(const char *path, unsigned int index, int err)
{
	paddr_t b;
	uint64_t s;

	assert_int_equal(dt_reg(dt_path(path), index, &b, &s), err);
}

static void test_reg_plain(void **state)
{
	(void)state;
	load_body("d@1 { reg = <1 2 3 4>, <0 5 0 6>; }; e { }; "
		  "f { reg = <1 2 3>; }; g { reg = <0xffffffff 0xfffff000 0 "
		  "0x1001>; }; h { reg = <0xffffffff 0xfffff000 0 0x1000>; };");
	reg_is("/d@1", 0, 0x100000002, 0x300000004);
	reg_is("/d@1", 1, 5, 6);
	reg_fails("/d@1", 2, -ERR_NOENT);
	reg_fails("/e", 0, -ERR_NOENT);
	reg_fails("/f", 0, -ERR_FORMAT);
	reg_fails("/g", 0, -ERR_RANGE);
	reg_is("/h", 0, 0xfffffffffffff000, 0x1000);
}

static void test_reg_ranges(void **state)
{
	(void)state;
	load_body("soc { #address-cells = <1>; #size-cells = <1>; "
		  "  ranges = <0x7e000000 0x1 0xfe000000 0x1000000>, "
		  "           <0x40000000 0 0x80000000 0x1000>; "
		  "  uart@7e201000 { reg = <0x7e201000 0x200>; }; "
		  "  low@40000800 { reg = <0x40000800 0x800>; }; "
		  "  out@40000800 { reg = <0x40000800 0x801>; }; "
		  "  none@10 { reg = <0x10 1>; }; "
		  "  in { #address-cells = <3>; #size-cells = <1>; "
		  "    ranges = <2 0 0 0x7e100000 0x1000>; "
		  "    dev@0 { reg = <2 0 0x10 0x20>; }; "
		  "    cs@0 { reg = <1 0 0x10 0x20>; }; }; "
		  "  flat { #address-cells = <1>; #size-cells = <1>; ranges; "
		  "    dev@7e300000 { reg = <0x7e300000 4>; }; }; "
		  "  i2c { #address-cells = <1>; #size-cells = <0>; "
		  "    dev@50 { reg = <0x50>; }; }; "
		  "  pci { device_type = \"pci\"; #address-cells = <3>; "
		  "    #size-cells = <2>; ranges; "
		  "    dev@0 { reg = <0 0 0 0 0>; }; }; };");
	reg_is("/soc/uart@7e201000", 0, 0x1fe201000, 0x200);
	reg_is("/soc/low@40000800", 0, 0x80000800, 0x800);
	reg_fails("/soc/out@40000800", 0, -ERR_RANGE);
	reg_fails("/soc/none@10", 0, -ERR_RANGE);
	reg_is("/soc/in/dev@0", 0, 0x1fe100010, 0x20);
	reg_fails("/soc/in/cs@0", 0, -ERR_RANGE);
	reg_is("/soc/flat/dev@7e300000", 0, 0x1fe300000, 4);
	reg_fails("/soc/i2c/dev@50", 0, -ERR_NOSUPP);
	reg_fails("/soc/pci/dev@0", 0, -ERR_NOSUPP);
}

static void test_reg_malformed(void **state)
{
	(void)state;
	load_body("a { #address-cells = <9>; #size-cells = <1>; ranges; "
		  "  d { reg = <1 2>; }; }; "
		  "b { #address-cells = [01]; ranges; d { reg = <1 2>; }; }; "
		  "c { #address-cells = <1>; #size-cells = <1>; "
		  "  ranges = <1 2 3>; d { reg = <1 2>; }; }; "
		  "e { #address-cells = <0>; #size-cells = <0>; ranges; "
		  "  d { reg = <1 2>; }; };");
	reg_fails("/a/d", 0, -ERR_FORMAT);
	reg_fails("/b/d", 0, -ERR_FORMAT);
	reg_fails("/c/d", 0, -ERR_FORMAT);
	reg_fails("/e/d", 0, -ERR_FORMAT);
}

/* By the GIC driver's decoder, if the controller has such cells. */
static int decode(const struct dt_interrupt *in, unsigned int *irq, bool *edge)
{
	enum irq_trigger trigger = IRQ_TRIGGER_LEVEL;
	int err = 0;

	*irq = in->cell[0];
	if (in->cells >= 3) {
		err = gic_spec_decode(in->cell, in->cells, irq, &trigger);
	}
	*edge = trigger == IRQ_TRIGGER_EDGE;
	return err;
}

static void irq_is(const char *path, unsigned int index, unsigned int number,
		   bool is_edge)
{
	struct dt_interrupt in;
	unsigned int irq;
	bool edge;

	assert_int_equal(dt_interrupt(dt_path(path), index, &in), 0);
	assert_int_equal(decode(&in, &irq, &edge), 0);
	assert_int_equal(irq, number);
	assert_int_equal(edge, is_edge);
}

static void irq_fails(const char *path, unsigned int index, int err)
{
	struct dt_interrupt in;
	unsigned int irq;
	bool edge;
	int got = dt_interrupt(dt_path(path), index, &in);

	assert_int_equal(got ? got : decode(&in, &irq, &edge), err);
}

/* Expect this controller, and its raw cells. */
static void controller_is(const char *path, unsigned int index,
			  const char *controller, unsigned int cells,
			  uint32_t last)
{
	struct dt_interrupt in;

	assert_int_equal(dt_interrupt(dt_path(path), index, &in), 0);
	assert_int_equal(in.controller, dt_path(controller));
	assert_int_equal(in.cells, cells);
	assert_int_equal(in.cell[cells - 1], last);
}

static void test_irq(void **state)
{
	(void)state;
	load_body("interrupt-parent = <&gic>; "
		  "gic: gic { interrupt-controller; #interrupt-cells = <3>; "
		  "  child { interrupts = <1 9 4>; }; }; "
		  "two: two { interrupt-controller; #interrupt-cells = <2>; }; "
		  "one: one { interrupt-controller; #interrupt-cells = <1>; }; "
		  "d { interrupts = <0 1 4>, <1 11 0xf08>, <0 987 1>; "
		  "    in { interrupts = <0 2 1>; }; }; "
		  "e { interrupt-parent = <&two>; interrupts = <7 1 8 4>; }; "
		  "x { interrupts = <0 99 4>; "
		  "    interrupts-extended = <&one 5 &gic 0 3 1 &two 6 4>; }; "
		  "bad1 { interrupts = <0 1>; }; "
		  "bad2 { interrupts = <0 988 4>; }; "
		  "bad3 { interrupts = <9 1 4>; }; "
		  "bad4 { interrupt-parent = <0x77>; interrupts = <0 1 4>; }; "
		  "bad5 { interrupts-extended = <&gic 0 3>; }; "
		  "bad6 { interrupts-extended = <0x77 0 3>; };");
	irq_is("/d", 0, 33, false);
	irq_is("/d", 1, 27, false);
	irq_is("/d", 2, 1019, true);
	irq_fails("/d", 3, -ERR_NOENT);
	irq_is("/d/in", 0, 34, true);
	irq_is("/gic/child", 0, 25, false);
	controller_is("/e", 0, "/two", 2, 1);
	controller_is("/e", 1, "/two", 2, 4);
	controller_is("/x", 0, "/one", 1, 5);
	irq_is("/x", 1, 35, true);
	controller_is("/x", 1, "/gic", 3, 1);
	controller_is("/x", 2, "/two", 2, 4);
	irq_fails("/x", 3, -ERR_NOENT);
	irq_fails("/bad1", 0, -ERR_FORMAT);
	irq_fails("/bad2", 0, -ERR_RANGE);
	irq_fails("/bad3", 0, -ERR_RANGE);
	irq_fails("/bad4", 0, -ERR_FORMAT);
	irq_fails("/bad5", 0, -ERR_FORMAT);
	irq_fails("/bad6", 0, -ERR_FORMAT);
	irq_fails("/gic", 0, -ERR_NOENT);
}

/* Devicetree Specification 0.4, 2.4.3: an interrupt nexus, as on Arm's
 * Foundation model; a chain of two; with a mask and without. */
static void test_irq_nexus(void **state)
{
	(void)state;
	load_body(
		"interrupt-parent = <&gic>; "
		"gic: gic { interrupt-controller; #interrupt-cells = <3>; "
		"  #address-cells = <2>; }; "
		"bare: bare { interrupt-controller; #interrupt-cells = <3>; }; "
		"bus { #address-cells = <2>; #size-cells = <1>; "
		"  #interrupt-cells = <1>; interrupt-map-mask = <0 0 63>; "
		"  interrupt-map = <0 0 4 &gic 9 9 0 4 4>, "
		"    <0 0 5 &bare 0 5 1>, <0 0 6 &gic 9 9 0 6 4>; "
		"  io { #address-cells = <1>; #size-cells = <1>; "
		"    uart { reg = <0x90000 0x1000>; interrupts = <5>; }; "
		"    six { interrupts = <4 6>; }; "
		"    none { interrupts = <7>; }; "
		"    masked { interrupts = <69>; }; }; }; "
		/* The unit address is used; for PCI, its first cells. */
		"slots: slots { #address-cells = <3>; #size-cells = <2>; "
		"  #interrupt-cells = <1>; "
		"  interrupt-map-mask = <0x1800 0 0 7>; "
		"  interrupt-map = <0x0800 0 0 1 &gic 0 0 0 33 4>, "
		"    <0x1000 0 0 1 &second 0 7>; "
		"  dev@1 { reg = <0x10800 0 0 0 0>; interrupts = <1>; }; "
		"  dev@2 { reg = <0x1000 0 0 0 0>; interrupts = <1>; }; }; "
		"second: second { #address-cells = <1>; #interrupt-cells = <1>; "
		"  interrupt-map = <0 7 &gic 0 0 0 77 1>; }; "
		"far { interrupts-extended = <&bare 0 1 4 &slots 1>; "
		"  reg = <0 1 0 1>; }; "
		/* Malformed ones. */
		"self: self { #address-cells = <0>; #interrupt-cells = <1>; "
		"  interrupt-map = <1 &self 1>; "
		"  d { interrupts = <1>; }; }; "
		"cut { #address-cells = <0>; #interrupt-cells = <1>; "
		"  interrupt-map = <1 &bare 0 1>; d { interrupts = <1>; }; }; "
		"lost { #address-cells = <0>; #interrupt-cells = <1>; "
		"  interrupt-map = <1 0x77 0 1 4>; d { interrupts = <1>; }; }; "
		"mask { #address-cells = <0>; #interrupt-cells = <1>; "
		"  interrupt-map-mask = <1 1>; interrupt-map = <1 &bare 0 1 4>; "
		"  d { interrupts = <1>; }; }; "
		"wide { #address-cells = <5>; #interrupt-cells = <1>; "
		"  interrupt-map = <1 &bare 0 1 4>; d { interrupts = <1>; }; }; "
		"empty { #address-cells = <0>; #interrupt-cells = <1>; "
		"  interrupt-map; d { interrupts = <1>; }; };");
	irq_is("/bus/io/uart", 0, 37, true);
	irq_is("/bus/io/six", 0, 36, false);
	irq_is("/bus/io/six", 1, 38, false);
	irq_fails("/bus/io/six", 2, -ERR_NOENT);
	irq_fails("/bus/io/none", 0, -ERR_RANGE);
	irq_is("/bus/io/masked", 0, 37, true);
	irq_is("/slots/dev@1", 0, 65, false);
	irq_is("/slots/dev@2", 0, 109, true);
	irq_is("/far", 0, 33, false);
	irq_fails("/far", 1, -ERR_RANGE);
	irq_fails("/self/d", 0, -ERR_FORMAT);
	irq_fails("/cut/d", 0, -ERR_FORMAT);
	irq_fails("/lost/d", 0, -ERR_FORMAT);
	irq_fails("/mask/d", 0, -ERR_FORMAT);
	irq_fails("/wide/d", 0, -ERR_FORMAT);
	irq_fails("/empty/d", 0, -ERR_RANGE);
}

static void named_is(const char *path, const char *name, unsigned int number)
{
	struct dt_interrupt in;
	unsigned int irq;
	bool edge;

	assert_int_equal(dt_interrupt_named(dt_path(path), name, 3, &in), 0);
	assert_int_equal(decode(&in, &irq, &edge), 0);
	assert_int_equal(irq, number);
}

static void test_irq_named(void **state)
{
	struct dt_interrupt in;

	(void)state;
	load_body(
		"interrupt-parent = <&gic>; "
		"gic: gic { interrupt-controller; #interrupt-cells = <3>; }; "
		"plain { interrupts = <1 13 4>, <1 14 4>, <1 11 4>, "
		"  <1 10 4>; }; "
		"named { interrupts = <1 10 4>, <1 11 4>; "
		"  interrupt-names = \"hyp-phys\", \"virt\"; }; "
		"broken { interrupts = <1 10 4>; interrupt-names = [76 69]; };");
	named_is("/plain", "hyp-phys", 26);
	named_is("/named", "hyp-phys", 26);
	named_is("/named", "virt", 27);
	assert_int_equal(dt_interrupt_named(dt_path("/named"), "phys", 0, &in),
			 -ERR_NOENT);
	assert_int_equal(dt_interrupt_named(dt_path("/broken"), "vi", 0, &in),
			 -ERR_NOENT);
}

/* The table of nodes agrees with libfdt. */
static void children_agree(dt_node_t node)
{
	dt_node_t parent = dt_parent(node);

	assert_int_equal(MAX(dt_child(node, node), -1),
			 MAX(fdt_first_subnode(blob.data, node), -1));
	if (parent >= 0) {
		assert_int_equal(MAX(dt_child(parent, node), -1),
				 MAX(fdt_next_subnode(blob.data, node), -1));
	}
}

/* Except aliases, which we resolve ourselves. */
static void path_agrees(const char *path)
{
	assert_int_equal(MAX(dt_path(path), -1),
			 MAX(fdt_path_offset(blob.data, path), -1));
}

static void node_agrees(dt_node_t node)
{
	char path[128];

	children_agree(node);
	assert_int_equal(dt_path(dt_node_path(node, path, sizeof(path))), node);
}

static void table_agrees(void)
{
	static const char *const paths[] = {
		"/",         "//",          "/a",       "/a/",   "/c/d/e",
		"/c//d/f/",  "/c/e",        "/c/d/e/f", "/unit", "/unit@",
		"/unit@1",   "/unit@2",     "/unit@20", "/un",   "/units",
		"/unit@1/e", "/unit@2/e@0", "/z/",      "/y",    "/n2099",
		"/n20",
	};
	int theirs = -1, ours = -1;

	do {
		uint32_t handle = fdt_get_phandle(blob.data, ours);

		assert_int_equal(MAX(dt_parent(ours), -1),
				 MAX(fdt_parent_offset(blob.data, ours), -1));
		assert_true(!handle || dt_by_phandle(handle) == ours);
		theirs = fdt_next_node(blob.data, theirs, NULL);
		ours = dt_next(ours, NULL);
		assert_int_equal(MAX(theirs, -1), MAX(ours, -1));
		if (ours >= 0) {
			node_agrees(ours);
		}
	} while (ours >= 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(paths); i++) {
		path_agrees(paths[i]);
	}
	theirs = -1;
	ours = -1;
	do {
		theirs =
			fdt_node_offset_by_compatible(blob.data, theirs, "k,b");
		ours = dt_next_compatible(ours, "k,b");
		assert_int_equal(MAX(theirs, -1), MAX(ours, -1));
		assert_true(ours < 0 || dt_is_compatible(ours, "k,b"));
	} while (ours >= 0);
	assert_true(dt_by_phandle(12345) < 0);
	assert_true(dt_by_phandle(0) < 0);
	assert_true(dt_parent(-1) < 0);
	assert_false(dt_is_compatible(0, "k,b"));
	assert_false(dt_is_compatible(-1, "k,b"));
}

/* Also for a tree with more nodes than the table holds. */
static void test_table(void **state)
{
	static char text[65536];
	size_t n = 0;

	(void)state;
	load_body("a { phandle = <7>; c { d { e { compatible = \"k,b\"; }; }; "
		  "f { linux,phandle = <8>; compatible = \"k,a\", \"k,b\"; }; "
		  "}; }; unit@20 { }; unit@2 { e@0 { }; }; unit@1 { e { }; }; "
		  "units { }; z { compatible = \"k,c\"; };");
	table_agrees();
	n = (size_t)snprintf(text, sizeof(text),
			     "/dts-v1/; / { a { phandle = <7>; "
			     "b { compatible = \"k,b\"; }; }; ");
	for (unsigned int i = 0; i < 2100; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "n%u { }; ",
				      i);
	}
	(void)snprintf(text + n, sizeof(text) - n,
		       "y { phandle = <9>; compatible = \"k,b\"; }; };");
	load(text);
	table_agrees();
}

static void test_aliases(void **state)
{
	(void)state;
	load_body("aliases { a = \"/b\"; me = \"me\"; two = \"a\"; "
		  "cut = [2f 62]; none = \"/x\"; empty; }; b { c@1 { }; };");
	assert_true(dt_path("a") > 0);
	assert_int_equal(dt_path("a"), dt_path("/b"));
	assert_int_equal(dt_path("a/c"), dt_path("/b/c@1"));
	assert_int_equal(dt_path("a//c@1/"), dt_path("/b/c@1"));
	assert_true(dt_path("a/d") < 0);
	assert_true(dt_path("me") < 0); /* and does not loop */
	assert_true(dt_path("two") < 0);
	assert_true(dt_path("cut") < 0);
	assert_true(dt_path("none") < 0);
	assert_true(dt_path("empty") < 0);
	assert_true(dt_path("") < 0);
	load_body("b { };");
	assert_true(dt_path("a") < 0);
}

struct pieces {
	unsigned int n;
	uint64_t base[8], size[8];
	bool no_map[8];
};

static int take_memory(paddr_t base, uint64_t size, void *arg)
{
	struct pieces *p = arg;

	assert_true(p->n < 8);
	p->base[p->n] = base.v;
	p->size[p->n++] = size;
	return 0;
}

static int take_reserved(paddr_t base, uint64_t size, bool no_map, void *arg)
{
	struct pieces *p = arg;

	assert_true(p->n < 8);
	p->no_map[p->n] = no_map;
	return take_memory(base, size, arg);
}

static int stop_at_once(paddr_t base, uint64_t size, void *arg)
{
	take_memory(base, size, arg);
	return 7;
}

static void test_memory(void **state)
{
	struct pieces p = { 0 };

	(void)state;
	load_body(
		"memory@1 { device_type = \"memory\"; "
		"  reg = <1 0 0 0x10000>, <0 0x8000 0 0x1000>; }; "
		"memory@2 { device_type = \"memory\"; "
		"  reg = <0 0x1000 0 0x1000>, <0 0x2000 0 0x800>, "
		"        <0 0x1800 0 0x200>, <0 0x8800 0 0x1000>, <0 0 0 0>; };"
		"memory@3 { device_type = \"memory\"; status = \"disabled\"; "
		"  reg = <0 0x20000 0 0x1000>; }; "
		"memory@4 { device_type = \"memory\"; reg = <0xffffffff "
		"  0xfffff000 0 0x1000>; }; "
		"other { reg = <0 0x30000 0 0x1000>; };");
	assert_int_equal(dt_for_each_memory(take_memory, &p), 0);
	assert_int_equal(p.n, 4);
	assert_int_equal(p.base[0], 0x1000);
	assert_int_equal(p.size[0], 0x1800);
	assert_int_equal(p.base[1], 0x8000);
	assert_int_equal(p.size[1], 0x1800);
	assert_int_equal(p.base[2], 0x100000000);
	assert_int_equal(p.size[2], 0x10000);
	assert_int_equal(p.base[3], 0xfffffffffffff000);
	assert_int_equal(p.size[3], 0x1000);
	p.n = 0;
	assert_int_equal(dt_for_each_memory(stop_at_once, &p), 7);
	assert_int_equal(p.n, 1);
}

static void test_reserved(void **state)
{
	struct pieces p = { 0 };

	(void)state;
	load("/dts-v1/; /memreserve/ 0x1000 0x2000; / { "
	     "#address-cells = <2>; #size-cells = <1>; "
	     "reserved-memory { #address-cells = <2>; #size-cells = <1>; "
	     "  ranges; a@0 { reg = <1 0 0x1000>, <2 0 0x2000>; no-map; }; "
	     "  b { size = <0x1000>; }; "
	     "  c@0 { status = \"disabled\"; reg = <3 0 1>; }; "
	     "  d@0 { reg = <4 0 0x3000>; }; }; };");
	assert_int_equal(dt_for_each_reserved(take_reserved, &p), 0);
	assert_int_equal(p.n, 4);
	assert_int_equal(p.base[0], 0x1000);
	assert_int_equal(p.size[0], 0x2000);
	assert_false(p.no_map[0]);
	assert_int_equal(p.base[1], 0x100000000);
	assert_true(p.no_map[1]);
	assert_int_equal(p.base[2], 0x200000000);
	assert_true(p.no_map[2]);
	assert_int_equal(p.base[3], 0x400000000);
	assert_false(p.no_map[3]);
}

static void test_chosen(void **state)
{
	struct dt_chosen c;

	(void)state;
	load_body("aliases { serial0 = \"/u@2\"; con = \"/u@1\"; }; "
		  "u@1 { }; u@2 { }; chosen { stdout-path = \"con:115200n8\"; "
		  "bootargs = \"x\"; linux,initrd-start = <0x1000>; "
		  "linux,initrd-end = <0 0x3000>; rng-seed = <1 2>; };");
	dt_get_chosen(&c);
	assert_string_equal(c.bootargs, "x");
	assert_int_equal(c.initrd.v, 0x1000);
	assert_int_equal(c.initrd_size, 0x2000);
	assert_string_equal(dt_name(c.stdout_node), "u@1");
	assert_string_equal(c.stdout_options, "115200n8");
	assert_int_equal(c.rng_seed_len, 8);

	load_body("u@1 { }; chosen { stdout-path = \"/u@1\"; "
		  "linux,initrd-start = <1 0>; linux,initrd-end = <1 0>; };");
	dt_get_chosen(&c);
	assert_string_equal(dt_name(c.stdout_node), "u@1");
	assert_string_equal(c.stdout_options, "");
	assert_int_equal(c.initrd_size, 0);
	assert_null(c.rng_seed);

	load_body("aliases { serial0 = \"/u@2\"; }; u@2 { }; "
		  "chosen { stdout-path = <0x41414141>; "
		  "linux,initrd-start = <1 2 3>; linux,initrd-end = <5>; };");
	dt_get_chosen(&c);
	assert_string_equal(dt_name(c.stdout_node), "u@2");
	assert_int_equal(c.initrd_size, 0);

	load_body("");
	dt_get_chosen(&c);
	assert_string_equal(c.bootargs, "");
	assert_int_equal(c.stdout_node, -1);
}

/* A damaged tree may still name a console. */
static void test_damaged(void **state)
{
	static struct dts_blob bad;
	const char *why;
	const uint8_t *at;
	uint32_t *size = (uint32_t *)(void *)(bad.data + 4);
	paddr_t base = PADDR(0);

	(void)state;
	dts_compile("/dts-v1/; / { a { b = \"hurt here\"; }; c { "
		    "u@10 { compatible = \"v,uart\", \"uart\"; reg = <1 2>; }; "
		    "}; };",
		    &bad);
	assert_int_equal(dt_init(bad.data, bad.size, &why), 0);
	at = dt_prop(dt_path("/a"), "b", NULL);
	memset(bad.data + (at - bad.data) - 8, 0xff, 4); /* its length */
	assert_int_equal(dt_init(bad.data, bad.size, &why), -ERR_FORMAT);
	assert_int_equal(dt_salvage(bad.data, bad.size, "uart", &base), 0);
	assert_int_equal(base.v, 1);
	assert_int_equal(dt_salvage(bad.data, bad.size, "none", &base),
			 -ERR_NOENT);
	*size = UINT32_C(0xffffff01); /* 32 MiB in all */
	assert_int_equal(dt_init(bad.data, bad.size, &why), -ERR_FORMAT);
	assert_int_equal(dt_salvage(bad.data, bad.size, "uart", &base), 0);
	assert_int_equal(dt_salvage(bad.data, bad.size - 8, "uart", &base),
			 -ERR_FORMAT);
	bad.data[0] = 0;
	assert_int_equal(dt_salvage(bad.data, bad.size, "uart", &base),
			 -ERR_FORMAT);
	assert_int_equal(dt_salvage(NULL, 0, "uart", &base), -ERR_FORMAT);
}

static void test_bootargs(void **state)
{
	static const char *const words[] = {
		"quiet",     "loglevel=3", "panic=halt",
		"title=a b", "word=c d",   "open=e f",
	};
	const char *at = NULL;
	char buf[32];

	(void)state;
	load_body("chosen { bootargs = \" quiet  loglevel=3 panic=halt\\t"
		  "title=\\\"a b\\\" \\\"word=c d\\\" open=\\\"e f\"; };");
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		assert_true(dt_bootarg_next(&at, buf, sizeof(buf)));
		assert_string_equal(buf, words[i]);
	}
	assert_false(dt_bootarg_next(&at, buf, sizeof(buf)));
	at = NULL;
	assert_true(dt_bootarg_next(&at, buf, 4));
	assert_string_equal(buf, "qui");
	assert_true(dt_bootarg_next(&at, buf, 4));
	assert_string_equal(buf, "log");
	load_body("chosen { bootargs = \"  \"; };");
	at = NULL;
	assert_false(dt_bootarg_next(&at, buf, sizeof(buf)));
}

static void test_cpus(void **state)
{
	struct dt_cpu cpus[8];

	(void)state;
	load_body("cpus { #address-cells = <2>; #size-cells = <0>; "
		  "cpu@0 { device_type = \"cpu\"; reg = <0 0>; "
		  "  enable-method = \"psci\"; }; "
		  "cpu@100 { device_type = \"cpu\"; reg = <0 0x100>; "
		  "  enable-method = \"spin-table\"; }; "
		  "cpu@101 { device_type = \"cpu\"; reg = <0 0x101>; "
		  "  status = \"disabled\"; }; "
		  "cpu@102 { device_type = \"cpu\"; reg = <0 0x100>; }; "
		  "cpu@103 { device_type = \"cpu\"; reg = <0>; }; "
		  "cpu@1 { device_type = \"cpu\"; reg = <1 2>; "
		  "  enable-method = \"psci\"; }; cpu-map { }; };");
	assert_int_equal(dt_cpus(cpus, 8), 3);
	assert_int_equal(cpus[0].hwid, 0);
	assert_string_equal(cpus[0].method, "psci");
	assert_int_equal(cpus[1].hwid, 0x100);
	assert_false(cpus[1].method && strcmp(cpus[1].method, "psci") == 0);
	assert_string_equal(dt_cpu_method(0), "psci");
	assert_null(dt_cpu_method(0x77));
	assert_int_equal(cpus[2].hwid, 0x100000002);
	assert_int_equal(dt_cpus(cpus, 2), 2);
	load_body("");
	assert_int_equal(dt_cpus(cpus, 8), 0);
}

static void test_nodes(void **state)
{
	char buf[32], small[4];
	uint32_t v32;
	uint64_t v64;
	int depth = 0;

	(void)state;
	load_body("a { b@1 { compatible = \"x,y\", \"z\"; n = <1>; w = <1 2>; "
		  "s = \"t\"; raw = [41 42]; }; }; c { compatible = \"z\"; };");
	assert_string_equal(dt_node_path(dt_path("/a/b@1"), buf, sizeof(buf)),
			    "/a/b@1");
	assert_string_equal(dt_node_path(dt_path("/a/b@1"), small, 4), "b@1");
	assert_true(dt_is_compatible(dt_path("/a/b@1"), "z"));
	assert_false(dt_is_compatible(dt_path("/a/b@1"), "x"));
	assert_int_equal(dt_next_compatible(-1, "z"), dt_path("/a/b@1"));
	assert_int_equal(dt_next_compatible(dt_path("/a/b@1"), "z"),
			 dt_path("/c"));
	assert_true(dt_next_compatible(dt_path("/c"), "z") < 0);
	assert_int_equal(dt_u32(dt_path("/a/b@1"), "n", &v32), 0);
	assert_int_equal(v32, 1);
	assert_int_equal(dt_u64(dt_path("/a/b@1"), "w", &v64), 0);
	assert_int_equal(v64, 0x100000002);
	assert_int_equal(dt_u32(dt_path("/a/b@1"), "w", &v32), -ERR_FORMAT);
	assert_int_equal(dt_u32(dt_path("/a/b@1"), "none", &v32), -ERR_NOENT);
	assert_string_equal(dt_str(dt_path("/a/b@1"), "s"), "t");
	assert_null(dt_str(dt_path("/a/b@1"), "raw"));
	assert_int_equal(dt_next(0, &depth), dt_path("/a"));
	assert_int_equal(depth, 1);
	assert_int_equal(dt_next(dt_path("/a"), &depth), dt_path("/a/b@1"));
	assert_int_equal(dt_next(dt_path("/a/b@1"), &depth), dt_path("/c"));
	assert_int_equal(depth, 1);
	assert_true(dt_next(dt_path("/c"), &depth) < 0);
	assert_true(dt_next(dt_path("/c"), NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_every_byte_damaged),
		cmocka_unit_test(test_reg_plain),
		cmocka_unit_test(test_reg_ranges),
		cmocka_unit_test(test_reg_malformed),
		cmocka_unit_test(test_irq),
		cmocka_unit_test(test_irq_nexus),
		cmocka_unit_test(test_irq_named),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_chosen),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_bootargs),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
