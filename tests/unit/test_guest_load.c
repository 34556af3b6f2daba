/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's tree and images, from files to RAM: the tree's /chosen, what is
 * refused, and that a start allocates no memory.
 */
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/dts.h"
#include "tests/unit/guest_fixture.h"

/* A kind of device that holds files. */
static const struct schema_prop flash_props[] = {
	{
		.name = "image",
		.type = SCHEMA_STRINGS,
		.otherwise = "erased",
		.doc = "What is in it.",
	},
	{ .name = NULL },
};
static const char *const flash_names[] = { "cfi-flash", NULL };
static const struct emulator flash = {
	.name = "flash",
	.compatible = flash_names,
	.props = flash_props,
	.rom_files = "image",
};
EMULATOR(flash);

#include "core/guest/load.c"

#define complain tree_complain
#include "core/guest/tree.c"

/* The work is never given up. */
bool guest_given_up(void *g)
{
	(void)g;
	return false;
}

#define RAM_BASE UINT64_C(0x80000000)
#define RAM_SIZE MIB(16)
#define MODEL "/dts-v1/; / { compatible = \"socle,guest\"; model = \"g\"; "
#define MEMORY "memory = \"16M\"; "

/* --- the world ---------------------------------------------------------- */

static struct guest guest;
static struct guest_config *cfg;
static struct guest_entry entry;
static _Alignas(4096) uint8_t ram[RAM_SIZE];
static bool seeded;
static uint8_t random_byte;
static char told[1024];

static struct file {
	const char *path;
	const uint8_t *data;
	size_t size;
} files[8];
static unsigned int nfiles;

static const struct file *find_file(const char *path)
{
	for (unsigned int i = 0; i < nfiles; i++) {
		if (strcmp(files[i].path, path) == 0) {
			return &files[i];
		}
	}
	return NULL;
}

static void add_file(const char *path, const void *data, size_t size)
{
	files[nfiles++] = (struct file){ path, data, size };
}

int vfs_stat(const char *path, struct vfs_stat *st)
{
	const struct file *f = find_file(path);

	*st = (struct vfs_stat){ .type = VFS_FILE };
	if (f) {
		st->size = f->size;
	}
	return f ? 0 : -ERR_NOENT;
}

int64_t vfs_read(const char *path, uint64_t off, void *buf, size_t n)
{
	const struct file *f = find_file(path);

	if (!f || off > f->size) {
		return -ERR_NOENT;
	}
	n = MIN(n, f->size - (size_t)off);
	memcpy(buf, f->data + off, n);
	return (int64_t)n;
}

bool random_seeded(void)
{
	return seeded;
}

void random_bytes(void *buf, size_t n)
{
	assert_true(seeded);
	memset(buf, ++random_byte, n);
}

void *guest_ram_ptr(struct guest *g, ipa_t ipa, size_t n)
{
	(void)g;
	if (ipa.v < RAM_BASE || ipa.v + n > RAM_BASE + RAM_SIZE) {
		return NULL;
	}
	return ram + (ipa.v - RAM_BASE);
}

int guest_write(struct guest *g, ipa_t ipa, const void *buf, size_t n)
{
	void *p = guest_ram_ptr(g, ipa, n);

	assert_non_null(p);
	memcpy(p, buf, n);
	return 0;
}

static void tell(void *ctx, const char *message)
{
	(void)ctx;
	strncat(told, message, sizeof(told) - strlen(told) - 1);
}

static int setup(void **state)
{
	(void)state;
	memset(&guest, 0, sizeof(guest));
	memset(ram, 0, sizeof(ram));
	nfiles = 0;
	seeded = true;
	told[0] = '\0';
	fixture_heap_budget = -1;
	cfg = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_heap_budget = -1;
	guest_load_fini(&guest);
	guest_tree_fini(&guest);
	config_free(cfg);
	return 0;
}

static int create(const char *source)
{
	static struct dts_blob blob;
	struct attempt a = { .report = tell };
	int err;

	dts_compile(source, &blob);
	err = config_parse(&cfg, blob.data, blob.size, NULL, tell, NULL);
	if (err) {
		print_error("%s\n", told);
	}
	assert_int_equal(err, 0);
	guest.cfg = cfg;
	err = guest_tree_init(&guest, &a);
	return err ? err : guest_load_init(&guest);
}

static int load(void)
{
	return guest_load(&guest, &entry, tell, NULL);
}

static const void *tree(void)
{
	const void *fdt = ram + (entry.arg - RAM_BASE);

	assert_int_equal(fdt_check_full(fdt, RAM_SIZE), 0);
	return fdt;
}

static const uint8_t *chosen(const char *name, int wanted)
{
	int node = fdt_path_offset(tree(), "/chosen"), len;
	const void *value = fdt_getprop(tree(), node, name, &len);

	assert_true(node > 0);
	if (value) {
		assert_int_equal(len, wanted);
	}
	return value;
}

/* Add a file with the tree of this source. */
static void add_tree(const char *path, const char *source)
{
	static struct dts_blob blob;

	dts_compile(source, &blob);
	add_file(path, blob.data, blob.size);
}

static const uint8_t kernel[4096] = { 1 };
static const uint8_t initrd[5000] = { 2 };

static uint64_t number(const void *value)
{
	assert_non_null(value);
	return fdt64_ld(value);
}

static void check_initrd_in(uint64_t size)
{
	uint64_t start = number(chosen("linux,initrd-start", 8));

	assert_int_equal(number(chosen("linux,initrd-end", 8)) - start, size);
	assert_memory_equal(ram + (start - RAM_BASE), initrd, size);
}

static void check_seeds(uint8_t first)
{
	const uint8_t *seed = chosen("rng-seed", 64);
	const uint8_t *kaslr = chosen("kaslr-seed", 8);

	assert_non_null(seed);
	assert_non_null(kaslr);
	for (unsigned int i = 0; i < 64; i++) {
		assert_int_equal(seed[i], first);
	}
	assert_int_equal(kaslr[7], first + 1);
}

/* --- generated ------------------------------------------------------------ */

static void each_start_has_its_own(void **state)
{
	uint8_t first;

	(void)state;
	add_file("/k", kernel, sizeof(kernel));
	add_file("/i", initrd, sizeof(initrd));
	assert_int_equal(create(MODEL MEMORY "boot { kernel = \"/k\"; "
					     "initrd = \"/i\"; "
					     "bootargs = \"quiet\"; }; };"),
			 0);
	for (unsigned int i = 0; i < 3; i++) {
		first = (uint8_t)(random_byte + 1);
		assert_int_equal(load(), 0);
		check_initrd_in(sizeof(initrd));
		check_seeds(first);
		assert_string_equal((const char *)chosen("bootargs", 6),
				    "quiet");
	}
	/* The hypervisor's copy of the tree has no secret. */
	for (size_t i = 0; i + 8 < guest.tree_size; i++) {
		assert_int_not_equal(
			memcmp(guest.tree + i, chosen("rng-seed", 64), 8), 0);
	}
}

/* Without entropy there are no seeds. */
static void no_seed_without_entropy(void **state)
{
	(void)state;
	seeded = false;
	add_file("/k", kernel, sizeof(kernel));
	assert_int_equal(create(MODEL MEMORY "boot { kernel = \"/k\"; }; };"),
			 0);
	assert_int_equal(load(), 0);
	assert_null(chosen("rng-seed", 64));
	assert_null(chosen("kaslr-seed", 8));
	assert_null(chosen("linux,initrd-start", 8));
	assert_null(chosen("bootargs", 0));
}

/* os-tree replaces what is generated, /chosen too. */
static void own_chosen_stays(void **state)
{
	(void)state;
	add_file("/k", kernel, sizeof(kernel));
	assert_int_equal(create(MODEL MEMORY
				"boot { kernel = \"/k\"; }; os-tree { "
				"chosen { kaslr-seed = <0 0>; "
				"rng-seed = [01 02]; }; }; };"),
			 0);
	assert_int_equal(load(), 0);
	assert_int_equal(number(chosen("kaslr-seed", 8)), 0);
	assert_int_equal(chosen("rng-seed", 2)[1], 2);
}

static void a_start_needs_no_memory(void **state)
{
	(void)state;
	add_file("/k", kernel, sizeof(kernel));
	add_file("/i", initrd, sizeof(initrd));
	add_tree("/t", "/dts-v1/; / { };");
	assert_int_equal(create(MODEL MEMORY "boot { kernel = \"/k\"; "
					     "initrd = \"/i\"; }; };"),
			 0);
	fixture_heap_budget = 0;
	assert_int_equal(load(), 0);
	assert_int_equal(load(), 0);
	teardown(state);
	assert_int_equal(create(MODEL MEMORY "boot { kernel = \"/k\"; "
					     "dtb = \"/t\"; }; };"),
			 0);
	fixture_heap_budget = 0;
	assert_int_equal(load(), 0);
}

/* Creation does, and reports it whichever allocation fails. */
static void creation_without_memory(void **state)
{
	struct attempt a = { .report = tell };
	int err = -ERR_NOMEM;

	(void)state;
	add_file("/k", kernel, sizeof(kernel));
	add_tree("/t", "/dts-v1/; / { };");
	assert_int_equal(create(MODEL MEMORY "boot { kernel = \"/k\"; "
					     "dtb = \"/t\"; }; };"),
			 0);
	for (int budget = 0; err; budget++) {
		guest_load_fini(&guest);
		guest_tree_fini(&guest);
		fixture_heap_budget = budget;
		err = guest_tree_init(&guest, &a);
		if (!err) {
			err = guest_load_init(&guest);
		}
		assert_true(err == 0 || err == -ERR_NOMEM);
	}
	assert_string_equal(told, "");
}

static void reservations_are_passed(void **state)
{
	uint64_t base, size;

	(void)state;
	add_file("/k", kernel, sizeof(kernel));
	add_tree("/t", "/dts-v1/; /memreserve/ 0x80100000 0x2000; / { };");
	for (unsigned int given = 0; given < 2; given++) {
		teardown(state);
		assert_int_equal(
			create(given ? "/dts-v1/; "
				       "/memreserve/ 0x80e00000 0x1000; "
				       "/ { compatible = \"socle,guest\"; "
				       "model = \"g\"; memory = \"16M\"; "
				       "boot { kernel = \"/k\"; "
				       "dtb = \"/t\"; }; };"
				     : "/dts-v1/; "
				       "/memreserve/ 0x80e00000 0x1000; "
				       "/ { compatible = \"socle,guest\"; "
				       "model = \"g\"; memory = \"16M\"; "
				       "boot { kernel = \"/k\"; }; };"),
			0);
		assert_int_equal(load(), 0);
		assert_int_equal(fdt_num_mem_rsv(tree()), 1 + (int)given);
		fdt_get_mem_rsv(tree(), (int)given, &base, &size);
		assert_int_equal(base, 0x80e00000);
		assert_int_equal(size, 0x1000);
	}
}

/* --- a file of the person's own ------------------------------------------- */

static void given_tree_is_patched(void **state)
{
	uint8_t first;

	(void)state;
	add_file("/k", kernel, sizeof(kernel));
	add_file("/i", initrd, sizeof(initrd));
	add_tree("/t", "/dts-v1/; / { mine; };");
	assert_int_equal(create(MODEL MEMORY "boot { kernel = \"/k\"; "
					     "initrd = \"/i\"; dtb = \"/t\"; "
					     "bootargs = \"quiet\"; }; };"),
			 0);
	for (unsigned int i = 0; i < 2; i++) {
		first = (uint8_t)(random_byte + 1);
		assert_int_equal(load(), 0);
		assert_non_null(fdt_getprop(tree(), 0, "mine", NULL));
		assert_string_equal((const char *)chosen("bootargs", 6),
				    "quiet");
		check_initrd_in(sizeof(initrd));
		check_seeds(first);
	}
}

/* Values from another machine's start are removed; its command line stays. */
static void stale_chosen_goes(void **state)
{
	(void)state;
	seeded = false;
	add_file("/k", kernel, sizeof(kernel));
	add_tree("/t", "/dts-v1/; / { chosen { bootargs = \"theirs\"; "
		       "stdout-path = \"/u\"; rng-seed = [01 02 03]; "
		       "kaslr-seed = <1 2>; linux,initrd-start = <1>; "
		       "linux,initrd-end = <2>; }; };");
	assert_int_equal(create(MODEL MEMORY "boot { kernel = \"/k\"; "
					     "dtb = \"/t\"; }; };"),
			 0);
	assert_int_equal(load(), 0);
	assert_string_equal((const char *)chosen("bootargs", 7), "theirs");
	assert_non_null(chosen("stdout-path", 3));
	assert_null(chosen("rng-seed", 0));
	assert_null(chosen("kaslr-seed", 0));
	assert_null(chosen("linux,initrd-start", 0));
	assert_null(chosen("linux,initrd-end", 0));
}

static void bad_tree_is_refused(void **state)
{
	static uint8_t large[MIB(1) + 1];
	static const struct {
		const char *path, *why;
	} bad[] = {
		{ "/none", "no such file" }, { "/empty", "shorter" },
		{ "/text", "0xd00dfeed" },   { "/cut", "cut short" },
		{ "/large", "1024 KiB" },
	};
	char source[256];

	(void)state;
	add_file("/empty", "", 0);
	add_file("/text", kernel, sizeof(kernel));
	add_tree("/cut", "/dts-v1/; / { };");
	files[nfiles - 1].size--;
	add_file("/large", large, sizeof(large));
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		told[0] = '\0';
		snprintf(source, sizeof(source),
			 MODEL MEMORY "boot { kernel = \"/k\"; "
				      "dtb = \"%s\"; }; };",
			 bad[i].path);
		assert_true(create(source) < 0);
		assert_true(strncmp(told, bad[i].path, strlen(bad[i].path)) ==
			    0);
		assert_non_null(strstr(told, bad[i].why));
		teardown(state);
		cfg = NULL;
	}
}

/* --- initrd --------------------------------------------------------------- */

static void image_kernel(uint8_t *image)
{
	memset(image, 0, 4096);
	memcpy(image, "HOST\x01", 5); /* a byte of boot parameters */
}

static void bad_initrd_is_refused(void **state)
{
	static const uint8_t uimage[128] = { 0x27, 0x05, 0x19, 0x56 };
	static const uint8_t fit[128] = { 0xd0, 0x0d, 0xfe, 0xed };
	static const uint8_t gzip[128] = { 0x1f, 0x8b, 0x08 };
	static uint8_t image[4096];

	(void)state;
	image_kernel(image);
	add_file("/k", image, sizeof(image));
	add_file("/i", "", 0);
	assert_int_equal(create(MODEL MEMORY "boot { kernel = \"/k\"; "
					     "initrd = \"/i\"; }; };"),
			 0);
	assert_true(load() < 0);
	assert_string_equal(told, "/i: the file is empty");
	files[1].data = uimage;
	files[1].size = sizeof(uimage);
	assert_true(load() < 0);
	assert_non_null(strstr(told, "/i: it is a U-Boot legacy image"));
	told[0] = '\0';
	files[1].data = fit;
	assert_true(load() < 0);
	assert_non_null(strstr(told, "FIT"));
	files[1].data = gzip;
	assert_int_equal(load(), 0);
	/* A boot loader as the guest's kernel may want such a file. */
	files[1].data = uimage;
	files[0].data = kernel;
	assert_int_equal(load(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_start_has_its_own),
		TEST(no_seed_without_entropy),
		TEST(own_chosen_stays),
		TEST(a_start_needs_no_memory),
		TEST(creation_without_memory),
		TEST(reservations_are_passed),
		TEST(given_tree_is_patched),
		TEST(stale_chosen_goes),
		TEST(bad_tree_is_refused),
		TEST(bad_initrd_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
