/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Version and build id. */
#include <arch/image.h>
#include <core/version.h>
#include <stdio.h>

#define SOCLE_VERSION "0.1.0"

const char *version_string(void)
{
	return SOCLE_VERSION;
}

const char *version_build_id(char *buf, size_t size)
{
	size_t len = 0;
	const uint8_t *id = arch_build_id(&len);
	size_t at = 0;

	if (size) {
		buf[0] = '\0';
	}
	for (size_t i = 0; i < len && at + 3 <= size; i++) {
		at += (size_t)snprintf(buf + at, size - at, "%02x", id[i]);
	}
	return buf;
}
