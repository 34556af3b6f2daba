/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The example of docs/howto/add-a-command.md does what the page says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* There is no scheduler here, so sleeping is faked. */
#define sleep_ms test_sleep_ms
#include "docs/howto/examples/weather.c"
#undef sleep_ms
#include "tests/unit/session_fake.h"

static struct session s;
static unsigned int slept;

/* Ctrl-C comes on the second day. */
void test_sleep_ms(uint64_t ms)
{
	slept += (unsigned int)ms;
	key_interrupt = slept == 2;
}

static void run(const char *line, int want, const char *shown)
{
	fake_session_init(&s);
	slept = 10;
	assert_int_equal(command_run_line(&s, line), want);
	assert_string_equal(screen, shown);
}

static void test_weather(void **state)
{
	(void)state;
	run("weather", 0, "PLACE   RAIN%\nbergen   62.0\ncairo     1.5\n");
	run("weather list --json", 0,
	    "[\n {\"place\": \"bergen\", \"rain_percent\": 62.0},\n"
	    " {\"place\": \"cairo\", \"rain_percent\": 1.5}\n]\n");
	run("weather watch bergen 2", 0,
	    "bergen, day 1: dry\nbergen, day 2: rain\n");
	run("weather watch oslo 2", -ERR_NOENT,
	    "error: there is no place 'oslo'; 'weather list' lists them\n");
	run("weather watch bergen x", -ERR_INVAL,
	    "error: 'x' is not a number of days up to 365\n");
	run("weather watch bergen", -ERR_INVAL,
	    "error: a place and a number are needed; usage: weather watch "
	    "PLACE DAYS\n");
	run("weather lits", -ERR_NOENT,
	    "error: weather has no subcommand 'lits'; did you mean "
	    "'weather list'?\n");
}

static void test_interrupted(void **state)
{
	(void)state;
	fake_session_init(&s);
	slept = 0;
	assert_int_equal(command_run_line(&s, "weather watch cairo 300"),
			 -ERR_INTR);
	assert_string_equal(screen, "cairo, day 1: dry\ncairo, day 2: dry\n"
				    "error: weather: interrupted\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weather),
		cmocka_unit_test(test_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
