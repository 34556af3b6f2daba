/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings of JSON (RFC 8259, 7), in either direction. Pure. */
#ifndef LIBS_JSON_H
#define LIBS_JSON_H

#include <libs/types.h>

/*
 * Write the text v[0..*n) as it stands between the quotes of a JSON string: as
 * much of it as `size` bytes hold, 7 or more. Returns the bytes written; *n:
 * those of the text that were used. What is not UTF-8 becomes U+FFFD.
 */
size_t json_escape(char *to, size_t size, const char *v, size_t *n);

/*
 * The reverse: from what stands between the quotes to text in UTF-8 with a
 * terminator. -ERR_FORMAT: a bad escape, or not UTF-8; -ERR_INVAL: a control
 * character, written as an escape or not; -ERR_NOSPC: it does not fit.
 */
int __must_check json_unescape(char *to, size_t size, const char *v, size_t n);

#endif
