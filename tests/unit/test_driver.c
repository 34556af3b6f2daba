/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which nodes of a host tree get probed, and by which driver. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <arch_impl/host.h>

#include "drivers/driver.c"
#include "tests/unit/dts.h"

static char probed[256];
static unsigned int warnings;

void log_line(enum log_level level, const char *fmt, ...)
{
	(void)fmt;
	warnings += level == LOG_WARN;
}

static int note(const char *driver, dt_node_t node, int result)
{
	size_t n = strlen(probed);

	(void)snprintf(probed + n, sizeof(probed) - n, "%s:%s ", driver,
		       dt_name(node));
	return result;
}

static int probe_fine(dt_node_t node)
{
	return note("fine", node, 0);
}

static int probe_coarse(dt_node_t node)
{
	return note("coarse", node, 0);
}

static int probe_picky(dt_node_t node)
{
	return note("picky", node, strcmp(dt_name(node), "bad") == 0 ?
			   -ERR_IO : -ERR_NOSUPP);
}

#define TEST_DRIVER(ident, class_, ...) \
	static const char *const ident##_compatible[] = { __VA_ARGS__, NULL }; \
	static const struct driver ident##_driver = { \
		.name = #ident, \
		.class = class_, \
		.compatible = ident##_compatible, \
		.probe = probe_##ident, \
	}; \
	DRIVER(ident##_driver)

/* In the order that would be wrong if the registry's counted. */
TEST_DRIVER(coarse, DRIVER_OTHER, "v,base");
TEST_DRIVER(fine, DRIVER_OTHER, "v,special", "v,unused");
TEST_DRIVER(picky, DRIVER_SERIAL, "v,uart", "v,base");
/* A mistake: both claim the same. */
#define probe_one probe_fine
#define probe_two probe_fine
TEST_DRIVER(one, DRIVER_TIMER, "v,timer", "v,same");
TEST_DRIVER(two, DRIVER_TIMER, "v,same");

static void load(const char *text)
{
	static struct dts_blob blob;
	const char *why;

	dts_compile(text, &blob);
	assert_int_equal(dt_init(blob.data, blob.size, &why), 0);
	probed[0] = '\0';
	warnings = 0;
}

static void test_most_specific_wins(void **state)
{
	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "a { compatible = \"v,special\", \"v,base\"; };"
	     "b { compatible = \"v,base\", \"v,special\"; };"
	     "bus { c { compatible = \"v,other\", \"v,base\"; }; };"
	     "d { compatible = \"v,unknown\"; }; e { }; };");
	assert_int_equal(driver_probe(DRIVER_OTHER), 3);
	assert_string_equal(probed, "fine:a coarse:b coarse:c ");
	assert_int_equal(warnings, 0);
}

static void test_disabled_nodes(void **state)
{
	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "a { compatible = \"v,base\"; status = \"disabled\"; };"
	     "b { compatible = \"v,base\"; status = \"okay\"; }; };");
	assert_int_equal(driver_probe(DRIVER_OTHER), 1);
	assert_string_equal(probed, "coarse:b ");
}

static void test_class_and_refusals(void **state)
{
	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "a { compatible = \"v,special\"; };"
	     "bad { compatible = \"v,uart\"; };"
	     "other { compatible = \"v,uart\"; }; };");
	assert_int_equal(driver_probe(DRIVER_SERIAL), 0);
	assert_string_equal(probed, "picky:bad picky:other ");
	/* -ERR_NOSUPP leaves the node to others and is no news. */
	assert_int_equal(warnings, 1);
}

static void test_two_drivers_for_one(void **state)
{
	(void)state;
	load("/dts-v1/; / { };");
	assert_true(host_panics(driver_probe(DRIVER_TIMER)));
	assert_non_null(strstr(host_panic_text, "two drivers for \"v,same\""));
}

/* A name that is not terminated is not read past its property. */
static void test_unterminated(void **state)
{
	(void)state;
	load("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;"
	     "a { compatible = [76 2c 62 61 73 65]; };"
	     "b { compatible = [00 76 2c 62 61 73 65]; };"
	     "c { compatible; }; };");
	assert_int_equal(driver_probe(DRIVER_OTHER), 0);
	assert_string_equal(probed, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_most_specific_wins),
		cmocka_unit_test(test_disabled_nodes),
		cmocka_unit_test(test_class_and_refusals),
		cmocka_unit_test(test_two_drivers_for_one),
		cmocka_unit_test(test_unterminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
