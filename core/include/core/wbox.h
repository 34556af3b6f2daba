/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * White-box tests run inside the hypervisor, by the command `test`, in the
 * terminal's thread, while everything else continues. Each test leaves the
 * system as it found it.
 */
#ifndef CORE_WBOX_H
#define CORE_WBOX_H

#include <libs/registry.h>
#include <libs/types.h>

/* A running test; the first failed assertion ends it. */
struct wbox {
	const char *file;
	int line;
	bool failed;
	char why[96];
};

struct wbox_test {
	const char *name; /* "subsystem: what holds" */
	void (*fn)(struct wbox *w);
};
REGISTRY_DECLARE(wbox_test);

/* Define a test: WBOX_TEST(list_order, "list: order is kept") { ... } */
#define WBOX_TEST(ident, title) \
	static void ident(struct wbox *w); \
	static const struct wbox_test ident##_test = { \
		.name = (title), \
		.fn = ident, \
	}; \
	REGISTRY_ADD(wbox_test, struct wbox_test, ident##_test); \
	static void ident(struct wbox *w)

/* Record that the test has failed, and why; it continues. Thread context. */
void wbox_fail(struct wbox *w, const char *file, int line, const char *fmt, ...)
	__printf(4, 5);

/* In a test's own function (not one it calls): continue only if it holds. */
#define WB_ASSERT(cond) \
	do { \
		if (!(cond)) { \
			wbox_fail(w, __FILE__, __LINE__, "%s", #cond); \
			return; \
		} \
	} while (0)

#define WB_ASSERT_EQ(a, b) \
	do { \
		uint64_t wb_a_ = (uint64_t)(a), wb_b_ = (uint64_t)(b); \
		if (wb_a_ != wb_b_) { \
			wbox_fail(w, __FILE__, __LINE__, \
				  "%s is 0x%llx, not 0x%llx", #a, \
				  (unsigned long long)wb_a_, \
				  (unsigned long long)wb_b_); \
			return; \
		} \
	} while (0)

#endif
