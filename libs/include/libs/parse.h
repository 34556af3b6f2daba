/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and names a person typed: the whole text must be a number, or it is
 * refused. Pure. */
#ifndef LIBS_PARSE_H
#define LIBS_PARSE_H

#include <libs/types.h>

/*
 * Decimal, or hexadecimal with 0x. -ERR_INVAL: not a number (also when
 * empty, signed, or followed by anything); -ERR_RANGE: more than 64 bits.
 */
int __must_check parse_u64(const char *s, uint64_t *out);
/* As parse_u64(), at most `max`, else -ERR_RANGE. */
int __must_check parse_u64_max(const char *s, uint64_t max, uint64_t *out);
/* As parse_u64(), with an optional suffix K, M, G or T (also Ki, KB, KiB...);
 * all are powers of 1024. */
int __must_check parse_size(const char *s, uint64_t *out);
/* A number with its unit, ns, us, ms or s: "250us". In nanoseconds. Errors as
 * for parse_u64(). */
int __must_check parse_duration(const char *s, uint64_t *ns);
/*
 * A list of numbers and ranges, "0,2-5", into the bitmap of `nbits` bits,
 * which is cleared first. "all": every bit. Numbers from `nbits` on are
 * -ERR_RANGE.
 */
int __must_check parse_list(const char *s, uint64_t *map, size_t nbits);

/* How many characters at the start may be a name's: ASCII letters, digits, and
 * those of `others`. */
size_t parse_name(const char *s, const char *others);

#endif
