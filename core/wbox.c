/* SPDX-License-Identifier: GPL-2.0-or-later */
/* White-box tests: taking down what failed. */
#include <core/wbox.h>
#include <stdio.h>
#include <string.h>

void wbox_fail(struct wbox_run *run, const char *file, int line,
	       const char *what)
{
	const char *base = strrchr(file, '/');

	if (run->failures++ == 0) {
		snprintf(run->where, sizeof(run->where), "%s:%d: %s",
			 base ? base + 1 : file, line, what);
	}
}
