/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers as readable text, by the type of their column. */
#include <core/command.h>
#include <stdio.h>

static const char *size_text(char *buf, size_t size, uint64_t v)
{
	static const char units[] = "KMGTPE";
	unsigned int shift = 0;

	while (shift + 10 < 64 && v >> (shift + 10) != 0) {
		shift += 10;
	}
	if (shift == 0) {
		(void)snprintf(buf, size, "%llu", (unsigned long long)v);
	} else if ((v & (BIT(shift) - 1)) == 0) {
		(void)snprintf(buf, size, "%llu%c",
			       (unsigned long long)(v >> shift),
			       units[shift / 10 - 1]);
	} else {
		/* Tenths, rounded down: 1023.9K, never 1024.0K. */
		uint64_t tenth = (v >> (shift - 10) & 1023) * 10 / 1024;

		(void)snprintf(buf, size, "%llu.%llu%c",
			       (unsigned long long)(v >> shift),
			       (unsigned long long)tenth,
			       units[shift / 10 - 1]);
	}
	return buf;
}

const char *value_text(char *buf, size_t size, enum column_type type,
		       uint64_t v)
{
	switch (type) {
	case COL_HEX:
		(void)snprintf(buf, size, "0x%llx", (unsigned long long)v);
		return buf;
	case COL_SIZE:
		return size_text(buf, size, v);
	case COL_PERMILLE:
		(void)snprintf(buf, size, "%llu.%llu",
			       (unsigned long long)(v / 10),
			       (unsigned long long)(v % 10));
		return buf;
	case COL_MILLI:
		(void)snprintf(buf, size, "%llu.%03llu",
			       (unsigned long long)(v / 1000),
			       (unsigned long long)(v % 1000));
		return buf;
	case COL_BOOL:
		(void)snprintf(buf, size, "%s", v != 0 ? "yes" : "no");
		return buf;
	default:
		(void)snprintf(buf, size, "%llu", (unsigned long long)v);
		return buf;
	}
}
