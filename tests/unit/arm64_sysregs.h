/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arm's system registers for tests on the host: a list of values by name.
 * Include it before the file under test.
 */
#ifndef TEST_ARM64_SYSREGS_H
#define TEST_ARM64_SYSREGS_H

#include <libs/types.h>
#include <string.h>

#define MOCK_SYSREGS 64

struct mock_sysreg {
	const char *name;
	uint64_t val;
};
static struct mock_sysreg mock_sysregs[MOCK_SYSREGS];

/* Created when it is first used, with the value 0. */
static uint64_t *mock_sysreg(const char *name)
{
	for (unsigned int i = 0; i < MOCK_SYSREGS; i++) {
		struct mock_sysreg *r = &mock_sysregs[i];

		if (!r->name) {
			r->name = name;
		}
		if (strcmp(r->name, name) == 0) {
			return &r->val;
		}
	}
	abort();
}

static void mock_sysregs_clear(void)
{
	memset(mock_sysregs, 0, sizeof(mock_sysregs));
}

#define read_sysreg(reg) (*mock_sysreg(#reg))
#define write_sysreg(val, reg) ((void)(*mock_sysreg(#reg) = (val)))
#define isb() ((void)0)

#endif
