/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of the boot arguments: name, name=value, name="two words". */
#include <string.h>

#include <core/dt.h>

static bool bootarg_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool dt_bootarg_next(const char **at, char *buf, size_t size)
{
	struct dt_chosen chosen;
	const char *s = *at;
	bool quoted = false;
	size_t n = 0;

	if (!s) {
		dt_get_chosen(&chosen);
		s = chosen.bootargs;
	}
	while (bootarg_is_space(*s)) {
		s++;
	}
	if (*s == '\0') {
		return false;
	}
	for (; *s != '\0' && (quoted || !bootarg_is_space(*s)); s++) {
		if (*s == '"') {
			quoted = !quoted;
		} else if (n + 1 < size) {
			buf[n++] = *s;
		}
	}
	buf[n] = '\0';
	*at = s;
	return true;
}
