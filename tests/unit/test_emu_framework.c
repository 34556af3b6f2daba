/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regions, how an access reaches its device, and creation and end of
 * devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/emu_fake.h"

/* Three emulators that accept different accesses. */
static struct emu_access last;
static unsigned int accesses, finis, key_presses;
static int init_result;

static int note_access(struct emu_device *dev, struct emu_access *a)
{
	(void)dev;
	last = *a;
	accesses++;
	if (!a->write) {
		a->value = UINT64_C(0x1122334455667788);
	}
	return a->off == 0x20 ? -ERR_FAULT : 0;
}

static int note_init(struct emu_device *dev)
{
	(void)dev;
	return init_result;
}

static void note_fini(struct emu_device *dev)
{
	(void)dev;
	finis++;
}

static int note_key(struct emu_device *dev)
{
	(void)dev;
	key_presses++;
	return 0;
}

static const struct emu_power_key plain_key = { .press = note_key };
static const char *const plain_compatible[] = { "test,plain", "test,p", NULL };
static const struct emulator plain = {
	.name = "plain",
	.compatible = plain_compatible,
	.state_size = 16,
	.init = note_init,
	.fini = note_fini,
	.access = note_access,
	.power_key = &plain_key,
};
EMULATOR(plain);

static const char *const words_compatible[] = { "test,words", NULL };
static const struct emulator words = {
	.name = "words",
	.compatible = words_compatible,
	.word_registers = true,
	.access = note_access,
};
EMULATOR(words);

static const char *const narrow_compatible[] = { "test,narrow", NULL };
static const struct emulator narrow = {
	.name = "narrow",
	.compatible = narrow_compatible,
	.min_access = 2,
	.max_access = 4,
	.unaligned = true,
	.access = note_access,
};
EMULATOR(narrow);

#define REGION(ipa, bytes, device, number) \
	{ \
		.base = IPA(ipa), .size = (bytes), .dev = (device), \
		.index = (number) \
	}

static int access_of(const struct emulator *emu, uint64_t off,
		     unsigned int size, bool write, uint64_t *v)
{
	struct emu_device dev = { .emu = emu };
	struct emu_region r = REGION(0x1000, 0x41, &dev, 2);

	return emu_access_region(&r, IPA(0x1000 + off), size, write, v);
}

static void test_masks(void **state)
{
	static const struct {
		unsigned int size;
		uint64_t value;
	} want[] = {
		{ 1, 0x88 },
		{ 2, 0x7788 },
		{ 4, 0x55667788 },
		{ 8, UINT64_C(0x1122334455667788) },
	};
	uint64_t v;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		v = ~UINT64_C(0);
		assert_int_equal(access_of(&plain, 8, want[i].size, false, &v),
				 0);
		assert_int_equal(v, want[i].value);
		v = UINT64_C(0x1122334455667788);
		assert_int_equal(access_of(&plain, 8, want[i].size, true, &v),
				 0);
		assert_int_equal(last.value, want[i].value);
		assert_int_equal(last.size, want[i].size);
		assert_int_equal(last.off, 8);
		assert_int_equal(last.region, 2);
	}
}

static void test_what_is_refused(void **state)
{
	uint64_t v = 77;
	unsigned int before = accesses;

	(void)state;
	/* Sizes, alignment, and the last byte of an odd region. */
	assert_int_equal(access_of(&plain, 0, 0, false, &v), -ERR_FAULT);
	assert_int_equal(access_of(&plain, 0, 16, false, &v), -ERR_FAULT);
	assert_int_equal(access_of(&plain, 1, 2, false, &v), -ERR_FAULT);
	assert_int_equal(access_of(&plain, 4, 8, false, &v), -ERR_FAULT);
	assert_int_equal(access_of(&plain, 0x40, 2, false, &v), -ERR_FAULT);
	assert_int_equal(access_of(&plain, 0x40, 8, true, &v), -ERR_FAULT);
	assert_int_equal(access_of(&words, 0, 8, false, &v), -ERR_FAULT);
	assert_int_equal(access_of(&narrow, 0, 1, false, &v), -ERR_FAULT);
	assert_int_equal(access_of(&narrow, 0, 8, false, &v), -ERR_FAULT);
	assert_int_equal(accesses, before);
	assert_int_equal(v, 77);
	assert_int_equal(access_of(&plain, 0x40, 1, false, &v), 0);
	assert_int_equal(access_of(&narrow, 1, 4, false, &v), 0);
	assert_int_equal(last.off, 1);
	/* If the device refuses, the value does not change. */
	v = 77;
	assert_int_equal(access_of(&plain, 0x20, 4, false, &v), -ERR_FAULT);
	assert_int_equal(v, 77);
}

static void test_word_registers(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_int_equal(access_of(&words, 0xb, 1, false, &v), 0);
	assert_int_equal(last.off, 8);
	assert_int_equal(last.size, 4);
	assert_int_equal(v, 0x55);
	assert_int_equal(access_of(&words, 0xa, 2, false, &v), 0);
	assert_int_equal(v, 0x5566);
	v = 0xffab;
	assert_int_equal(access_of(&words, 0x9, 1, true, &v), 0);
	assert_int_equal(last.off, 8);
	assert_int_equal(last.value, 0xab00);
}

static void test_map(void **state)
{
	struct emu_device dev = { .emu = &plain };
	struct emu_device apb = { .emu = &words };
	struct emu_region r[] = {
		REGION(0x3000, 0x1000, &apb, 0),
		REGION(0x1000, 0x1000, &dev, 1),
		REGION(UINT64_C(0xfffffffffffff000), 0x1000, &dev, 2),
		REGION(0x2000, 0x800, &dev, 3),
		REGION(0, 1, &dev, 4),
	};
	static const struct {
		uint64_t ipa;
		int index;
	} want[] = {
		{ 0, 4 },
		{ 1, -1 },
		{ 0xfff, -1 },
		{ 0x1000, 1 },
		{ 0x1fff, 1 },
		{ 0x2000, 3 },
		{ 0x27ff, 3 },
		{ 0x2800, -1 },
		{ 0x3fff, 0 },
		{ 0x4000, -1 },
		{ UINT64_C(0xffffffffffffefff), -1 },
		{ UINT64_C(0xfffffffffffff000), 2 },
		{ ~UINT64_C(0), 2 },
	};
	struct emu_map map;

	(void)state;
	assert_int_equal(emu_map_build(&map, r, ARRAY_SIZE(r)), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		const struct emu_region *found;

		found = emu_find(&map, IPA(want[i].ipa));
		assert_int_equal(found ? found->index : -1, want[i].index);
	}
	/* A region of one byte has no aligned word in it. */
	assert_true(emu_region_plain(emu_find(&map, IPA(0)), 0, 0));
	assert_true(emu_region_plain(emu_find(&map, IPA(0x1000)), 4, 2));
	assert_false(emu_region_plain(emu_find(&map, IPA(0x1000)), 4, 3));
	assert_false(emu_region_plain(emu_find(&map, IPA(0)), 0, 1));
	/* With word registers an access is plain if it begins at a word and is
	 * no wider. */
	for (unsigned int log2 = 0; log2 < 3; log2++) {
		const struct emu_region *found = emu_find(&map, IPA(0x3000));

		assert_true(emu_region_plain(found, 8, log2));
		assert_int_equal(found->plain_size[log2], 4);
		assert_false(emu_region_plain(found, 6, log2));
	}
	assert_false(emu_region_plain(emu_find(&map, IPA(0x3000)), 8, 3));
}

/* Two spaces with separate addresses. */
static void test_ports(void **state)
{
	struct emu_device dev = { .emu = &plain };
	struct emu_region r[] = {
		REGION(0xfff8, 8, &dev, 0),   REGION(0x3f8, 8, &dev, 1),
		REGION(0x500, 0x10, &dev, 2), REGION(0x3f8, 0x10, &dev, 3),
		REGION(0x60, 1, &dev, 4),
	};
	struct emu_region overlap[] = {
		REGION(0x3f8, 8, &dev, 0),
		REGION(0x3ff, 1, &dev, 1),
	};
	static const struct {
		uint16_t port;
		int index;
	} want[] = {
		{ 0, -1 },     { 0x60, 4 },   { 0x61, -1 },  { 0x3f7, -1 },
		{ 0x3f8, 1 },  { 0x3ff, 1 },  { 0x400, -1 }, { 0xfff7, -1 },
		{ 0xfff8, 0 }, { 0xffff, 0 },
	};
	const struct emu_region *found;
	uint64_t v = 0;
	struct emu_map map;

	(void)state;
	r[0].space = r[1].space = r[4].space = EMU_PORTS;
	assert_int_equal(emu_map_build(&map, r, ARRAY_SIZE(r)), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		found = emu_find_port(&map, want[i].port);
		assert_int_equal(found ? found->index : -1, want[i].index);
	}
	assert_int_equal(emu_find(&map, IPA(0x3f8))->index, 3);
	assert_int_equal(emu_find(&map, IPA(0x407))->index, 3);
	assert_null(emu_find(&map, IPA(0x60)));
	assert_null(emu_find(&map, IPA(0xfff8)));
	found = emu_find_port(&map, 0x3f9);
	assert_int_equal(emu_access_region(found, IPA(0x3f9), 1, false, &v), 0);
	assert_int_equal(last.off, 1);
	assert_int_equal(last.region, 1);
	overlap[0].space = overlap[1].space = EMU_PORTS;
	assert_int_equal(emu_map_build(&map, overlap, 2), -ERR_EXIST);
	overlap[1].space = EMU_MEMORY;
	assert_int_equal(emu_map_build(&map, overlap, 2), 0);
}

static void test_bad_maps(void **state)
{
	struct emu_region overlap[] = {
		REGION(0x2000, 0x1000, NULL, 0),
		REGION(0x1000, 0x1001, NULL, 0),
	};
	struct emu_region same[] = {
		REGION(0x2000, 1, NULL, 0),
		REGION(0x2000, 1, NULL, 0),
	};
	struct emu_region empty[] = { REGION(0x2000, 0, NULL, 0) };
	struct emu_region past[] = { REGION(~UINT64_C(0), 2, NULL, 0) };
	struct emu_map map;

	(void)state;
	assert_int_equal(emu_map_build(&map, overlap, 2), -ERR_EXIST);
	assert_int_equal(emu_map_build(&map, same, 2), -ERR_EXIST);
	assert_int_equal(emu_map_build(&map, empty, 1), -ERR_INVAL);
	assert_int_equal(emu_map_build(&map, past, 1), -ERR_RANGE);
	assert_int_equal(emu_map_build(&map, NULL, 0), 0);
	assert_null(emu_find(&map, IPA(0)));
	assert_null(emu_find_port(&map, 0));
}

static void test_find(void **state)
{
	(void)state;
	assert_ptr_equal(emulator_find("test,p"), &plain);
	assert_ptr_equal(emulator_find("test,words"), &words);
	assert_null(emulator_find("test,"));
	assert_int_equal(emulator_check(), 0);
}

static void test_life(void **state)
{
	struct emu_device *dev = &fake_dev;

	(void)state;
	fake_config("test,plain", 0x1000);
	fake_heap_budget = 0;
	assert_int_equal(fake_start(), -ERR_NOMEM);
	fake_heap_budget = -1;
	init_result = -ERR_IO;
	assert_int_equal(fake_start(), -ERR_IO);
	assert_int_equal(fake_heap_live, 0);
	init_result = 0;
	assert_int_equal(fake_start(), 0);
	assert_non_null(dev->state);
	assert_string_equal(dev->name, "device@9000000");
	assert_int_equal(emu_power_key(dev, 1), 0);
	assert_int_equal(key_presses, 1);
	finis = 0;
	assert_true(fake_stop());
	assert_int_equal(finis, 1);
	fake_config("test,words", 0x1000);
	assert_int_equal(fake_start(), 0);
	assert_int_equal(emu_power_key(dev, 1), -ERR_NOSUPP);
	assert_true(fake_stop());
}

static void test_lines(void **state)
{
	(void)state;
	fake_config("test,words", 0x1000);
	assert_int_equal(fake_start(), 0);
	emu_irq(&fake_dev, 0, true);
	assert_true(fake_line);
	emu_irq(&fake_dev, 1, true); /* it has only one */
	assert_int_equal(fake_line_calls, 1);
	assert_true(fake_stop());
}

static void test_properties(void **state)
{
	struct emu_device *dev = &fake_dev;
	int len = 0;

	(void)state;
	fake_config("test,words", 0x1000);
	assert_int_equal(fake_start(), 0);
	assert_null(emu_prop(dev, "cell", &len));
	assert_int_equal(emu_prop_u32(dev, "cell", 7), 7);
	assert_null(emu_prop_str(dev, "list", 0));
	fake_node_begin();
	assert_int_equal(fdt_property_u32(fake_blob, "cell", 0x12345678), 0);
	assert_int_equal(fdt_property(fake_blob, "list", "a\0bc", 5), 0);
	fake_node_end();
	assert_int_equal(emu_prop_u32(dev, "cell", 7), 0x12345678);
	assert_int_equal(emu_prop_u32(dev, "list", 7), 7);
	assert_string_equal(emu_prop_str(dev, "list", 1), "bc");
	assert_null(emu_prop_str(dev, "list", 2));
	assert_true(fake_stop());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_word_registers),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_bad_maps),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_properties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
