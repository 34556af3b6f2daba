/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two emulators for one compatible are found at boot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/emu_fake.h"

static int nothing(struct emu_device *dev, struct emu_access *a)
{
	(void)dev;
	(void)a;
	return 0;
}

static const char *const one_compatible[] = { "test,a", "test,b", NULL };
static const struct emulator one = {
	.name = "one",
	.compatible = one_compatible,
	.access = nothing,
};
EMULATOR(one);

static const char *const two_compatible[] = { "test,c", "test,b", NULL };
static const struct emulator two = {
	.name = "two",
	.compatible = two_compatible,
	.access = nothing,
};
EMULATOR(two);

static void test_duplicate(void **state)
{
	(void)state;
	assert_int_equal(emulator_check(), -ERR_EXIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_duplicate) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
