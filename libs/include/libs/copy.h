/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying data whose two places need not be aligned alike. */
#ifndef LIBS_COPY_H
#define LIBS_COPY_H

#include <libs/types.h>

/*
 * As memcpy(), but fast when the two are not aligned alike: memcpy(), which
 * must also work before the MMU is on, then copies byte by byte. Both must be
 * in normal memory, and the MMU on. Any context.
 */
void copy_bytes(void *restrict dst, const void *restrict src, size_t n);

#endif
