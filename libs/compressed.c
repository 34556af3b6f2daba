/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed files, which nothing here unpacks, by their first bytes. */
#include <libs/compressed.h>
#include <string.h>

const char *compressed_why(const uint8_t *head, size_t size)
{
	static const struct {
		const char *magic;
		size_t n;
		const char *why;
	} formats[] = {
		{ "\x1f\x8b", 2, "it is gzip-compressed; uncompress it" },
		{ "\xfd" "7zXZ", 5, "it is xz-compressed; uncompress it" },
		{ "\x28\xb5\x2f\xfd", 4,
		  "it is zstd-compressed; uncompress it" },
		{ "\x02\x21\x4c\x18", 4,
		  "it is lz4-compressed; uncompress it" },
		{ "BZh", 3, "it is bzip2-compressed; uncompress it" },
		/* Linux' EFI wrapper around a compressed kernel. */
		{ "MZ\0\0zimg", 8,
		  "it is an EFI zboot file; the Image in it is needed" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (size >= formats[i].n &&
		    memcmp(head, formats[i].magic, formats[i].n) == 0) {
			return formats[i].why;
		}
	}
	return NULL;
}
