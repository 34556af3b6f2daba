/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot arguments: what they set, and what is said of those nobody knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <arch_impl/host.h>
#include <core/boot.h>
#include <core/dt.h>
#include <core/log.h>
#include <core/panic.h>

#include "tests/unit/dts.h"

#define ALLOWED "; allowed panic=halt|reboot and loglevel=err|warn|info|debug"

static enum panic_policy policy;

void panic_set_policy(enum panic_policy p)
{
	policy = p;
}

static void apply(const char *args)
{
	static struct dts_blob blob;
	const char *why;
	char text[512];

	snprintf(text, sizeof(text),
		 "/dts-v1/; / { chosen { bootargs = \"%s\"; }; };", args);
	dts_compile(text, &blob);
	assert_int_equal(dt_init(blob.data, blob.size, &why), 0);
	log_clear();
	log_set_console_level(LOG_INFO);
	policy = PANIC_HALT;
	bootargs_apply();
}

/* Exactly these words were told, in order. */
static void told(const char *const *words, unsigned int n)
{
	char line[256], wanted[256];
	enum log_level level;
	uint64_t pos = 0;

	for (unsigned int i = 0; i < n; i++) {
		assert_true(log_next(&pos, &level, line, sizeof(line)));
		snprintf(wanted, sizeof(wanted), "bootargs: found %s" ALLOWED,
			 words[i]);
		assert_non_null(strstr(line, wanted));
		assert_int_equal(level, LOG_WARN);
	}
	assert_false(log_next(&pos, &level, line, sizeof(line)));
}

static void test_known(void **state)
{
	(void)state;
	apply("loglevel=debug panic=reboot");
	assert_int_equal(log_get_console_level(), LOG_DEBUG);
	assert_int_equal(policy, PANIC_REBOOT);
	told(NULL, 0);
	apply("panic=reboot loglevel=err panic=halt loglevel=warn");
	assert_int_equal(log_get_console_level(), LOG_WARN);
	assert_int_equal(policy, PANIC_HALT);
	told(NULL, 0);
	apply("");
	told(NULL, 0);
}

static void test_unknown(void **state)
{
	static const char *const words[] = {
		"loglevl=debug", "panic=foo", "panic", "loglevel=", "quiet",
	};

	(void)state;
	apply("loglevl=debug panic=reboot panic=foo panic loglevel= quiet");
	told(words, ARRAY_SIZE(words));
	assert_int_equal(log_get_console_level(), LOG_INFO);
	assert_int_equal(policy, PANIC_REBOOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_unknown),
	};

	host_set_cpu(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
