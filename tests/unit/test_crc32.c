/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRC-32: the catalogue's check value, also in pieces, and no bytes at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libs/crc32.h>

static void test_check_value(void **state)
{
	static const char digits[] = "123456789";

	(void)state;
	assert_int_equal(crc32(0, digits, 9), 0xcbf43926);
	for (unsigned int n = 0; n <= 9; n++) {
		assert_int_equal(crc32(crc32(0, digits, n), digits + n, 9 - n),
				 0xcbf43926);
	}
	assert_int_equal(crc32(0, digits, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
