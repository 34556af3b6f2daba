/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8 as far as showing text needs it; each character is one column. Pure. */
#ifndef LIBS_UTF8_H
#define LIBS_UTF8_H

#include <libs/types.h>

/* Bytes of the character at s[0..n), n > 0; 0 if it is none that can be
 * shown (RFC 3629, and no control characters). */
size_t utf8_char(const char *s, size_t n);
/* Columns of s[0..n), what cannot be shown being one column per byte. */
unsigned int utf8_columns(const char *s, size_t n);
/*
 * Bytes of the longest prefix of s[0..n) that takes at most `columns` columns.
 */
size_t utf8_fit(const char *s, size_t n, unsigned int columns);

#endif
