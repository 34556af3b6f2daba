/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed files and boot loaders' containers, by their first bytes. */
#include <libs/wrapped.h>
#include <string.h>

struct format {
	const char *magic;
	size_t n;
	const char *why;
};

/* clang-format off */
static const struct format compressed[] = {
	{ "\x1f\x8b\x08", 3, "it is gzip-compressed; uncompress it" },
	{ "\xfd" "7zXZ", 5, "it is xz-compressed; uncompress it" },
	{ "\x28\xb5\x2f\xfd", 4, "it is zstd-compressed; uncompress it" },
	/* The frame format, and the legacy one of Linux's build (lz4 -l). */
	{ "\x04\x22\x4d\x18", 4, "it is lz4-compressed; uncompress it" },
	{ "\x02\x21\x4c\x18", 4, "it is lz4-compressed; uncompress it" },
	{ "\x89LZO\0\r\n\x1a\n", 9, "it is lzo-compressed; uncompress it" },
	{ "BZh", 3, "it is bzip2-compressed; uncompress it" },
	/* Linux' EFI wrapper around a compressed kernel. */
	{ "MZ\0\0zimg", 8, "it is an EFI zboot file; the Image in it is needed" },
};

static const struct format containers[] = {
	{ "\x27\x05\x19\x56", 4,
	  "it is a U-Boot legacy image (uImage); what follows its header of "
	  "64 bytes is needed" },
	{ "\xd0\x0d\xfe\xed", 4,
	  "it is a device tree blob or a FIT image; of a FIT, the part in it "
	  "is needed (dumpimage gets it out)" },
	{ "ANDROID!", 8,
	  "it is an Android boot image; the part in it is needed" },
};
/* clang-format on */

static const char *find(const struct format *formats, size_t count,
			const uint8_t *head, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		if (size >= formats[i].n &&
		    memcmp(head, formats[i].magic, formats[i].n) == 0) {
			return formats[i].why;
		}
	}
	return NULL;
}

/*
 * lzma has no magic number. A file begins with properties (0x5d by default), a
 * dictionary size (a power of two from all compressors), and the size of the
 * result or all ones. All are checked, so that the instruction 0x5d (B 0x174)
 * is not mistaken for it.
 */
static bool is_lzma(const uint8_t *head, size_t size)
{
	static const uint8_t open_end[8] = { 0xff, 0xff, 0xff, 0xff,
					     0xff, 0xff, 0xff, 0xff };
	uint32_t dictionary;

	if (size < 13 || head[0] != 0x5d) {
		return false;
	}
	dictionary = (uint32_t)head[4] << 24 | (uint32_t)head[3] << 16 |
		     (uint32_t)head[2] << 8 | head[1];
	return dictionary >= KIB(4) && (dictionary & (dictionary - 1)) == 0 &&
	       (memcmp(head + 5, open_end, 8) == 0 ||
		(head[10] | head[11] | head[12]) == 0);
}

const char *compressed_why(const uint8_t *head, size_t size)
{
	if (is_lzma(head, size)) {
		return "it is lzma-compressed; uncompress it";
	}
	return find(compressed, ARRAY_SIZE(compressed), head, size);
}

const char *container_why(const uint8_t *head, size_t size)
{
	return find(containers, ARRAY_SIZE(containers), head, size);
}
