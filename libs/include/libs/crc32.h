/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CRC-32 of ISO 3309, as used by GPT, Ethernet and zlib. */
#ifndef LIBS_CRC32_H
#define LIBS_CRC32_H

#include <libs/types.h>

/* The CRC of n more bytes, where `crc` is the CRC of those before them (0 at
 * the beginning). Pure. */
uint32_t crc32(uint32_t crc, const void *buf, size_t n);

#endif
