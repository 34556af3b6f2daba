/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot arguments: what they set, and how unknown ones are reported. */
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

#define PANIC "panic=halt|reboot"
#define LEVEL "loglevel=err|warn|info|debug"

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

static uint64_t pos;

static void next_line(const char *word, const char *usage)
{
	char line[256], wanted[256];
	enum log_level level;

	assert_true(log_next(&pos, &level, line, sizeof(line)));
	snprintf(wanted, sizeof(wanted), "bootargs: found %s; allowed %s", word,
		 usage);
	assert_non_null(strstr(line, wanted));
	assert_int_equal(level, LOG_WARN);
}

static void no_more(void)
{
	char line[256];
	enum log_level level;

	assert_false(log_next(&pos, &level, line, sizeof(line)));
	pos = 0;
}

/* Of an unknown word: a line for each argument there is. */
static void all_lines(const char *word)
{
	const struct bootarg *arg;
	unsigned int n = 0;

	registry_for_each(bootarg, arg) {
		next_line(word, arg->usage);
		n++;
	}
	assert_in_range(n, 2, 100);
}

static void test_known(void **state)
{
	(void)state;
	apply("loglevel=debug panic=reboot");
	assert_int_equal(log_get_console_level(), LOG_DEBUG);
	assert_int_equal(policy, PANIC_REBOOT);
	no_more();
	apply("panic=reboot loglevel=err panic=halt loglevel=warn");
	assert_int_equal(log_get_console_level(), LOG_WARN);
	assert_int_equal(policy, PANIC_HALT);
	no_more();
	apply("");
	no_more();
}

static void test_unknown(void **state)
{
	(void)state;
	apply("loglevl=debug panic=reboot panic=foo panic loglevel= quiet");
	all_lines("loglevl=debug");
	next_line("panic=foo", PANIC);
	all_lines("panic");
	next_line("loglevel=", LEVEL);
	all_lines("quiet");
	no_more();
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
