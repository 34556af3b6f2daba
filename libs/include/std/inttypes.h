/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Format macros of the C library's inttypes.h, for 64-bit architectures. */
#ifndef STD_INTTYPES_H
#define STD_INTTYPES_H

#include <stdint.h>

#ifdef __INT64_TYPE__
#define PRId32 "d"
#define PRIu32 "u"
#define PRIx32 "x"
#define PRId64 "ld"
#define PRIu64 "lu"
#define PRIx64 "lx"
#define PRIuPTR "lu"
#define PRIxPTR "lx"
#endif

#endif
