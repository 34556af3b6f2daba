/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * White-box tests: run inside the hypervisor, in the thread of the command
 * `test`, with everything else going on. One file of tests/wbox holds the
 * tests of a subject:
 *
 *	WBOX_TEST(page_double) { ... WBOX_CHECK(x == 2); ... }
 */
#ifndef CORE_WBOX_H
#define CORE_WBOX_H

#include <libs/registry.h>
#include <libs/types.h>

/* What one run has found; the macros below report to it. */
struct wbox_run {
	unsigned int failures;
	char where[96];		/* the first failure: file, line, condition */
};

struct wbox_test {
	const char *name;
	void (*fn)(struct wbox_run *run);
};
REGISTRY_DECLARE(wbox_test, struct wbox_test);

/* Count a failure; keeps the text of the first. */
void wbox_fail(struct wbox_run *run, const char *file, int line,
	       const char *what);

#define WBOX_TEST(ident) \
	static void ident(struct wbox_run *wbox_run_); \
	static const struct wbox_test wbox_##ident = { #ident, ident }; \
	REGISTRY_ADD(wbox_test, struct wbox_test, wbox_##ident); \
	static void ident(struct wbox_run *wbox_run_)

/* The test goes on after a failure of CHECK and ends after one of REQUIRE. */
#define WBOX_CHECK(cond) \
	do { \
		if (!(cond)) { \
			wbox_fail(wbox_run_, __FILE__, __LINE__, #cond); \
		} \
	} while (0)
#define WBOX_REQUIRE(cond) \
	do { \
		if (!(cond)) { \
			wbox_fail(wbox_run_, __FILE__, __LINE__, #cond); \
			return; \
		} \
	} while (0)

#endif
