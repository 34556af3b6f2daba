/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: run the white-box tests built into the image. */
#include <core/command.h>
#include <core/time.h>
#include <core/wbox.h>
#include <libs/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

REGISTRY_DEFINE(wbox_test);

void wbox_fail(struct wbox *w, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	if (w->failed) {
		return;
	}
	w->failed = true;
	w->file = file;
	w->line = line;
	va_start(ap, fmt);
	(void)vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
}

static bool test_one(struct session *s, const struct wbox_test *test)
{
	struct wbox w = { .failed = false };
	uint64_t start = time_now_ns();

	test->fn(&w);
	if (w.failed) {
		out(s, "FAIL %s\n     %s:%d: %s\n", test->name, w.file, w.line,
		    w.why);
	} else {
		out(s, "ok   %s (%llu us)\n", test->name,
		    (unsigned long long)(time_now_ns() - start) / 1000);
	}
	return !w.failed;
}

static int test_run(struct session *s, int argc, char **argv)
{
	const struct wbox_test *it;
	unsigned int passed = 0, failed = 0;

	if (argc > 2) {
		return command_usage(s, "at most one name is allowed");
	}
	registry_for_each(wbox_test, it) {
		if (session_interrupted(s)) {
			return -ERR_INTR;
		}
		if (argc == 2 &&
		    strncmp(it->name, argv[1], strlen(argv[1])) != 0) {
			continue;
		}
		if (test_one(s, it)) {
			passed++;
		} else {
			failed++;
		}
	}
	out(s, "%u passed, %u failed\n", passed, failed);
	if (argc == 2 && passed + failed == 0) {
		out_error(s, "there is no test whose name begins with '%s'",
			  argv[1]);
		return -ERR_NOENT;
	}
	return failed == 0 ? 0 : -ERR_STATE;
}

static const struct command test_command = {
	.name = "test",
	.summary =
		"Run all white-box tests, or those whose names begin with NAME.",
	.usage = "[NAME]",
	.examples =
		"test string   # needs CONFIG_WBOX_TESTS: debug_defconfig\n",
	.run = test_run,
};
COMMAND(test_command);
