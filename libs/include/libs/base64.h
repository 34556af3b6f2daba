/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base64 encoding (RFC 4648, 4). */
#ifndef LIBS_BASE64_H
#define LIBS_BASE64_H

#include <libs/types.h>

/* Characters in the encoding of n bytes, without a terminator. */
#define BASE64_LENGTH(n) (((n) + 2) / 3 * 4)

/*
 * Write the encoding of n bytes at `data` to `out`, which has room for
 * BASE64_LENGTH(n) characters; no terminator is added. The result is their
 * number. Unless n is a multiple of three, the end is padded with '=': encode
 * in pieces only if all but the last are multiples of three. Pure.
 */
size_t base64_encode(char *out, const void *data, size_t n);

#endif
