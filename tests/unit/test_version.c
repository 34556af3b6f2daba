/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command `version`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "commands/version.c"
#include "tests/unit/session_fake.h"
#include <arch/image.h>
#include <libs/error.h>
#include <stdio.h>

static struct session s;

/* The programs of the tests have none. */
const uint8_t *arch_build_id(size_t *len)
{
	static const uint8_t id[] = { 0x0a, 0xbc, 0x00, 0xff };

	*len = sizeof(id);
	return id;
}

void arch_image_range(paddr_t *base, uint64_t *size)
{
	*base = PADDR(0);
	*size = 0;
}

static void run(const char *line, int want)
{
	fake_session_init(&s);
	assert_int_equal(command_run_line(&s, line), want);
}

static void test_text(void **state)
{
	char want[256];

	(void)state;
	snprintf(want, sizeof(want),
		 "Version:          0.1.0\n"
		 "Build id:         0abc00ff\n"
		 "Compiler:         %s\n",
		 VERSION_COMPILER);
	run("version", 0);
	assert_string_equal(screen, want);
}

static void test_json(void **state)
{
	char want[256];

	(void)state;
	snprintf(want, sizeof(want),
		 "{\n"
		 " \"version\": \"0.1.0\",\n"
		 " \"build_id\": \"0abc00ff\",\n"
		 " \"compiler\": \"%s\"\n"
		 "}\n",
		 VERSION_COMPILER);
	run("version --json", 0);
	assert_string_equal(screen, want);
}

static void test_argument(void **state)
{
	(void)state;
	run("version all", -ERR_INVAL);
	assert_non_null(strstr(screen, "it takes no arguments"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_argument),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
