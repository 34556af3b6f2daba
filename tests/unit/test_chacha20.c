/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ChaCha20 with RFC 8439's vectors, and the generator that uses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/random/random.c"

static void test_rfc_2_3_2(void **state)
{
	static const uint8_t nonce[12] = { 0, 0, 0, 9, 0, 0, 0, 0x4a };
	static const uint8_t want[64] = {
		0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f,
		0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7,
		0x33, 0xc0, 0x68, 0x03, 0x04, 0x22, 0xaa, 0x9a, 0xc3, 0xd4,
		0x6c, 0x4e, 0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa, 0x09,
		0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5, 0x12,
		0x9c, 0xd1, 0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8,
		0xa2, 0x50, 0x3c, 0x4e,
	};
	uint8_t k[32], out[64];

	(void)state;
	for (unsigned int i = 0; i < sizeof(k); i++) {
		k[i] = (uint8_t)i;
	}
	chacha20_block(k, 1, nonce, out);
	assert_memory_equal(out, want, sizeof(want));
}

/* RFC 8439 A.1, test vector 1: all zero. */
static void test_rfc_a_1(void **state)
{
	static const uint8_t zero[32];
	static const uint8_t want[8] = {
		0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90,
	};
	uint8_t out[64];

	(void)state;
	chacha20_block(zero, 0, zero, out);
	assert_memory_equal(out, want, sizeof(want));
}

static uint8_t seed[32];
static int seed_len;

void dt_get_chosen(struct dt_chosen *out)
{
	memset(out, 0, sizeof(*out));
	out->rng_seed = seed;
	out->rng_seed_len = seed_len;
}

static bool firmware;

bool arch_random64(uint64_t *out)
{
	(void)out;
	return false;
}

bool arch_random_firmware(uint64_t out[3])
{
	memset(out, 0x5a, 3 * sizeof(out[0]));
	return firmware;
}

/* Each source alone makes it seeded, and it stays so. */
static void test_seeded(void **state)
{
	uint8_t byte = 1;

	(void)state;
	seed_len = 8;
	random_init();
	assert_false(random_seeded());
	for (unsigned int i = 0; i < 64; i++) {
		random_add(&byte, 1);
	}
	assert_false(random_seeded());
	random_add(seed, SEED_BYTES);
	assert_true(random_seeded());
	seeded = false;
	firmware = true;
	random_init();
	assert_true(random_seeded());
	firmware = false;
	random_init();
	assert_true(random_seeded());
	seeded = false;
	seed_len = sizeof(seed);
	random_init();
	assert_true(random_seeded());
}

/* Never the same twice, all lengths, nothing beyond the buffer. */
static void test_bytes(void **state)
{
	uint8_t before[96] = { 0 }, buf[97];

	(void)state;
	for (size_t n = 1; n <= 96; n++) {
		memset(buf, 0x5a, sizeof(buf));
		random_bytes(buf, n);
		assert_int_equal(buf[n], 0x5a);
		if (n >= 16) {
			assert_memory_not_equal(buf, before, n);
		}
		memcpy(before, buf, 96);
	}
}

/* About half of the bits are ones: this finds a stuck generator, and allows for
 * chance. */
static void test_balance(void **state)
{
	unsigned int ones = 0;
	uint8_t buf[4096];

	(void)state;
	random_bytes(buf, sizeof(buf));
	for (size_t i = 0; i < sizeof(buf); i++) {
		ones += (unsigned int)__builtin_popcount(buf[i]);
	}
	assert_in_range(ones, 16384 - 800, 16384 + 800);
}

/* Added data changes the numbers that follow from the same state. */
static void test_added(void **state)
{
	uint8_t before[CHACHA20_KEY], a[32], b[32];

	(void)state;
	memcpy(before, key, sizeof(key));
	random_add("1", 1);
	random_bytes(a, sizeof(a));
	memcpy(key, before, sizeof(key));
	random_add("2", 1);
	random_bytes(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_2_3_2),
		cmocka_unit_test(test_rfc_a_1),
		cmocka_unit_test(test_seeded),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_balance),
		cmocka_unit_test(test_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
