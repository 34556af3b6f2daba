/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of the boot arguments: name, name=value, name="two words". */
#include <string.h>

#include <core/dt.h>

static bool bootarg_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* End of the word at `s`: blanks between quotes belong to it. */
static const char *bootarg_end(const char *s)
{
	bool quoted = false;

	while (*s != '\0' && (quoted || !bootarg_is_space(*s))) {
		if (*s == '"') {
			quoted = !quoted;
		}
		s++;
	}
	return s;
}

/* Copy [s, end) without quotes, cut to fit. */
static void bootarg_copy(const char *s, const char *end, char *buf, size_t size)
{
	size_t n = 0;

	for (; s < end && n + 1 < size; s++) {
		if (*s != '"') {
			buf[n++] = *s;
		}
	}
	if (size > 0) {
		buf[n] = '\0';
	}
}

/* The value if the word [s, end) has this name, else NULL. */
static const char *bootarg_match(const char *s, const char *end,
				 const char *name)
{
	size_t n = strlen(name);

	if (s < end && *s == '"') {
		s++; /* "name=two words" */
	}
	if (n == 0 || (size_t)(end - s) < n || strncmp(s, name, n) != 0) {
		return NULL;
	}
	s += n;
	if (s == end || (*s == '"' && s + 1 == end)) {
		return end;
	}
	return *s == '=' ? s + 1 : NULL;
}

/* The last one counts, so that a person can override by appending. */
bool dt_bootarg(const char *name, char *buf, size_t size)
{
	struct dt_chosen chosen;
	bool found = false;
	const char *s, *end;

	dt_get_chosen(&chosen);
	for (s = chosen.bootargs; *s != '\0'; s = end) {
		const char *value;

		while (bootarg_is_space(*s)) {
			s++;
		}
		end = bootarg_end(s);
		value = bootarg_match(s, end, name);
		if (value) {
			bootarg_copy(value, end, buf, size);
			found = true;
		}
	}
	return found;
}
