/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree for the operating system of an arm64 guest, compared node by node
 * with that of QEMU's virt machine, and checked by dtc.
 */
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <core/guest_config.h>
#include <libs/error.h>

#include "arch/arm64/guest/platform_priv.h"
#include "tests/unit/fdtgen_fixture.h"

#define QEMU_MAX (2 << 20)

static _Alignas(8) uint8_t qemu[QEMU_MAX];

/* A command's output, at most `size` bytes; false if it fails. */
static bool output_of(const char *command, void *buf, size_t size, size_t *got)
{
	FILE *pipe = popen(command, "r");

	if (!pipe) {
		return false;
	}
	*got = fread(buf, 1, size, pipe);
	return pclose(pipe) == 0;
}

/* Get QEMU's tree; false if there is no QEMU. */
static bool load_qemu(int gic, int cpus)
{
	char name[] = "/tmp/socle-test-XXXXXX", command[512];
	int fd = mkstemp(name);
	size_t got;
	bool ok;

	assert_true(fd >= 0);
	close(fd);
	snprintf(command, sizeof(command),
		 "qemu-system-aarch64 -M virt,"
		 "gic-version=%d,dumpdtb=%s -cpu cortex-a57 -smp %d -m 512 "
		 "-nodefaults -display none >/dev/null 2>&1 && cat %s",
		 gic, name, cpus, name);
	ok = output_of(command, qemu, sizeof(qemu), &got) && got > 0;
	unlink(name);
	if (ok) {
		assert_int_equal(fdt_check_full(qemu, sizeof(qemu)), 0);
	}
	return ok;
}

/*
 * What we do not model, what is random, and what QEMU 10 adds: serial0 as
 * another name of stdout-path.
 */
static bool left_out(const char *path)
{
	static const char *const nodes[] = {
		"/platform-bus@c000000",
		"/pcie@10000000",
		"/intc@8000000/v2m@8020000",
		"/intc@8000000/its@8080000",
		"/aliases",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		if (strcmp(path, nodes[i]) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_handle(const char *name)
{
	return strcmp(name, "interrupt-parent") == 0 ||
	       strcmp(name, "clocks") == 0 || strcmp(name, "cpu") == 0 ||
	       strcmp(name, "gpios") == 0;
}

/* Do the cells of `a` in tree `ta` mean the same nodes or numbers as those of
 * `b`? */
static bool same_handles(const void *ta, const uint8_t *a, const void *tb,
			 const uint8_t *b, int len)
{
	char pa[128], pb[128];
	int i;

	for (i = 0; i < len; i += 4) {
		uint32_t ha = fdt32_ld((const fdt32_t *)(a + i));
		uint32_t hb = fdt32_ld((const fdt32_t *)(b + i));
		int na = fdt_node_offset_by_phandle(ta, ha);
		int nb = fdt_node_offset_by_phandle(tb, hb);

		if (na < 0 || nb < 0) {
			if (ha != hb) {
				return false;
			}
			continue;
		}
		if (fdt_get_path(ta, na, pa, sizeof(pa)) != 0 ||
		    fdt_get_path(tb, nb, pb, sizeof(pb)) != 0 ||
		    strcmp(pa, pb) != 0) {
			return false;
		}
	}
	return true;
}

static bool same_prop(const void *ta, const char *path, const char *name,
		      const void *data, int len, const void *tb)
{
	int other_len, other = fdt_path_offset(tb, path);
	const void *value = fdt_getprop(tb, other, name, &other_len);

	if (strcmp(name, "phandle") == 0 || strcmp(name, "rng-seed") == 0 ||
	    strcmp(name, "kaslr-seed") == 0) {
		return true;
	}
	if (strncmp(path, "/cpus/cpu@", 10) == 0 &&
	    strcmp(name, "compatible") == 0) {
		return true;
	}
	/*
	 * QEMU 10's root has it as a default for nodes without it. Our devices
	 * with DMA all have it, as QEMU's do.
	 */
	if (strcmp(path, "/") == 0 && strcmp(name, "dma-coherent") == 0) {
		return true;
	}
	if (!value || other_len != len) {
		return false;
	}
	return is_handle(name) ? same_handles(ta, data, tb, value, len)
			       : memcmp(data, value, (size_t)len) == 0;
}

/* Count what is in tree `ta` and not, or not equal, in `tb`. */
static unsigned int contained(const void *ta, const void *tb, const char *who)
{
	unsigned int differences = 0;
	int node, prop;

	for (node = 0; node >= 0; node = fdt_next_node(ta, node, NULL)) {
		char path[128];

		assert_int_equal(fdt_get_path(ta, node, path, sizeof(path)), 0);
		if (left_out(path)) {
			continue;
		}
		if (fdt_path_offset(tb, path) < 0) {
			print_error("only in %s: %s\n", who, path);
			differences++;
			continue;
		}
		fdt_for_each_property_offset(prop, ta, node) {
			const char *name;
			const void *data;
			int len;

			data = fdt_getprop_by_offset(ta, prop, &name, &len);
			if (!same_prop(ta, path, name, data, len, tb)) {
				print_error("differs from %s: %s: %s\n", who,
					    path, name);
				differences++;
			}
		}
	}
	return differences;
}

static void compare(int gic, int cpus)
{
	static const uint8_t seed[32] = { 1 };
	const struct fdtgen_info info = {
		.rng_seed = seed,
		.rng_seed_len = sizeof(seed),
		.kaslr_seed = 1,
	};
	char text[512];

	if (!load_qemu(gic, cpus)) {
		skip();
	}
	snprintf(text, sizeof(text),
		 SOURCE(BOOT
			"cpus { count = <%d>; }; "
			"devices { i@8000000 { compatible = \"%s\"; }; };"),
		 cpus, gic == 3 ? "arm,gic-v3" : "arm,gic-400");
	build(text, &info);
	assert_int_equal(contained(tree, qemu, "socle"), 0);
	assert_int_equal(contained(qemu, tree, "qemu"), 0);
}

static void test_like_qemu_v2(void **state)
{
	(void)state;
	compare(2, 4);
}

static void test_like_qemu_v3(void **state)
{
	(void)state;
	compare(3, 4);
	compare(3, 1);
}

/* The comparison does find a difference. */
static void test_comparison(void **state)
{
	static uint8_t other[TREE_MAX];
	const fdt32_t *clocks;
	int node, len;

	(void)state;
	build(SOURCE(BOOT), NULL);
	assert_int_equal(fdt_open_into(tree, other, sizeof(other)), 0);
	assert_int_equal(contained(tree, other, "a"), 0);
	node = fdt_path_offset(other, "/pl031@9010000");
	assert_true(node > 0);
	assert_int_equal(fdt_setprop_u32(other, node, "x", 1), 0);
	assert_int_equal(contained(other, tree, "b"), 1);
	assert_int_equal(fdt_delprop(other, node, "x"), 0);
	clocks = fdt_getprop(other, node, "clocks", &len);
	assert_non_null(clocks);
	assert_int_equal(fdt_setprop_inplace_u32(other, node, "clocks",
						 fdt32_ld(clocks) + 1),
			 0);
	assert_int_equal(contained(tree, other, "c"), 1);
	assert_int_equal(fdt_del_node(other, node), 0);
	assert_int_equal(contained(tree, other, "d"), 1);
}

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

static void test_cpus(void **state)
{
	(void)state;
	build(SOURCE(BOOT
		     "cpus { count = <128>; };") "/ { psci-conduit = \"smc\"; };",
	      NULL);
	assert_int_equal(cell("/cpus/cpu@f", "reg", 0), 15);
	assert_int_equal(cell("/cpus/cpu@100", "reg", 0), 0x100);
	assert_int_equal(cell("/cpus/cpu@70f", "reg", 0), 0x70f);
	assert_true(exists("/cpus/cpu-map/socket0/cluster0/core127"));
	assert_string_equal(str("/psci", "method"), "smc");
	assert_int_equal(cell("/intc@8000000", "#redistributor-regions", 0), 1);
	assert_true(cell("/intc@8000000", "reg", 7) >= 128 * 0x20000);
}

static void test_devices(void **state)
{
	(void)state;
	build(SOURCE(BOOT
		     "devices { no-defaults; "
		     "gic: i@8000000 { compatible = \"arm,gic-v3\"; }; "
		     "key: gpio@9030000 { compatible = \"arm,pl061\"; "
		     "  reg = <0 0x9030000 0 0x1000>; interrupts = <0 9 4>; }; "
		     "o@9050000 { compatible = \"socle,other\"; "
		     "  reg = <0 0x9050000 0 8>; socle,disk = \"x\"; }; "
		     "s@9040000 { compatible = \"ns16550a\"; "
		     "  reg = <0 0x9040000 0 0x100>; interrupts = <0 8 1>; "
		     "  reg-shift = <2>; }; }; "
		     "os-tree { new { interrupt-parent = <&gic>; k = <&key>; }; };"),
	      NULL);
	assert_false(exists("/pl011@9000000"));
	assert_false(exists("/flash@0"));
	assert_string_equal(str("/o@9050000", "compatible"), "socle,other");
	assert_string_equal(str("/s@9040000", "compatible"), "ns16550a");
	assert_string_equal(str("/chosen", "stdout-path"), "/s@9040000");
	assert_int_equal(cell("/s@9040000", "reg-shift", 0), 2);
	assert_int_equal(cell("/s@9040000", "interrupts", 2), 1);
	assert_null(str("/o@9050000", "socle,disk"));
	assert_int_equal(cell("/s@9040000", "clock-frequency", 0), 1843200);
	/* Phandles of the description are valid in the tree. */
	assert_int_equal(cell("/new", "interrupt-parent", 0),
			 cell("/intc@8000000", "phandle", 0));
	assert_int_equal(cell("/", "interrupt-parent", 0),
			 cell("/intc@8000000", "phandle", 0));
	assert_int_equal(cell("/new", "k", 0),
			 cell("/gpio@9030000", "phandle", 0));
	assert_int_equal(cell("/gpio-keys/poweroff", "gpios", 0),
			 cell("/gpio@9030000", "phandle", 0));
}

/* Names of the checks that dtc's warnings come from, one a line, sorted. */
static void warnings(const void *blob, char *out, size_t size)
{
	char name[] = "/tmp/socle-test-XXXXXX", command[256];
	int fd = mkstemp(name);
	size_t got = 0;

	assert_true(fd >= 0);
	assert_true(write(fd, blob, fdt_totalsize(blob)) ==
		    (ssize_t)fdt_totalsize(blob));
	close(fd);
	snprintf(command, sizeof(command),
		 "dtc -I dtb -O dtb -o /dev/null %s "
		 "2>&1 | sed -n 's/.*(\\([a-z_]*\\)).*/\\1/p' | sort -u",
		 name);
	assert_true(output_of(command, out, size - 1, &got));
	out[got] = '\0';
	unlink(name);
}

static void test_dtc_warnings(void **state)
{
	char ours[2048], theirs[2048], *line, *save;

	(void)state;
	if (!load_qemu(3, 4)) {
		skip();
	}
	build(SOURCE(BOOT "cpus { count = <4>; };"), NULL);
	warnings(tree, ours, sizeof(ours));
	warnings(qemu, theirs, sizeof(theirs));
	for (line = strtok_r(ours, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (!strstr(theirs, line)) {
			print_error("dtc warns: %s\n", line);
		}
		assert_non_null(strstr(theirs, line));
	}
	/* The check works: dtc warns about a broken tree. */
	assert_int_equal(fdt_open_into(tree, tree, sizeof(tree)), 0);
	assert_int_equal(fdt_setprop_u32(tree, 0, "interrupt-parent", 99), 0);
	warnings(tree, ours, sizeof(ours));
	assert_non_null(strstr(ours, "interrupts_property"));
	assert_null(strstr(theirs, "interrupts_property"));
}

/* Linux's binding reserved-memory/xen,shared-memory-v1, and a UIO device. */
static void test_shared_memory(void **state)
{
	const char *child = "/reserved-memory/xen-shmem@c000000";
	const char *device = "/shared-memory@c000000";
	const uint8_t *reg;
	int node, len = 0;

	(void)state;
	build(SOURCE(BOOT), NULL);
	assert_true(fdt_path_offset(tree, "/reserved-memory") < 0);
	assert_true(fdt_path_offset(tree, device) < 0);
	build(SOURCE(BOOT "devices { one { compatible = "
			  "\"socle,shared-memory\"; region = \"ring\"; "
			  "size = \"1M\"; }; two { compatible = "
			  "\"socle,shared-memory\"; region = \"other\"; "
			  "}; };"),
	      NULL);
	assert_true(fdt_path_offset(tree, "/reserved-memory/"
					  "xen-shmem@c400000") > 0);
	node = fdt_path_offset(tree, child);
	assert_true(node > 0);
	assert_int_equal(fdt_node_check_compatible(tree, node,
						   "xen,shared-memory-v1"),
			 0);
	assert_string_equal(fdt_getprop(tree, node, "xen,id", NULL), "ring");
	assert_non_null(fdt_getprop(tree, node, "no-map", NULL));
	reg = fdt_getprop(tree, node, "reg", &len);
	assert_int_equal(len, 16);
	assert_int_equal(fdt64_ld((const fdt64_t *)reg), 0xc000000);
	assert_int_equal(fdt64_ld((const fdt64_t *)(reg + 8)), MIB(1));
	node = fdt_path_offset(tree, device);
	assert_true(node > 0);
	assert_int_equal(fdt_node_check_compatible(tree, node, "generic-uio"),
			 0);
	assert_non_null(fdt_getprop(tree, node, "reg", &len));
	assert_int_equal(len, 32); /* the window and the doorbell */
	assert_non_null(fdt_getprop(tree, node, "interrupts", NULL));
	/* It names what is in the hypervisor. */
	assert_null(fdt_getprop(tree, node, "region", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_like_qemu_v2),
		cmocka_unit_test(test_like_qemu_v3),
		cmocka_unit_test(test_comparison),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_shared_memory),
		cmocka_unit_test(test_dtc_warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
