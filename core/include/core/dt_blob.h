/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device tree blobs from any source: the checks and conversions that libfdt
 * leaves to its user.
 */
#ifndef CORE_DT_BLOB_H
#define CORE_DT_BLOB_H

#include <libs/types.h>

/*
 * Every blob is checked by this before it is used. NULL if it is complete and
 * well formed: at most `size` bytes at an address divisible by 8, version 17,
 * one tree of nodes, every property's name and value within the blob. Otherwise
 * the reason, as a message. The time is linear in the size. Any context.
 */
const char *dt_blob_check(const void *blob, size_t size);

/* `cells` big-endian cells of 32 bits as one number, of which the last four
 * matter; the caller has checked that they exist. Any context. */
unsigned __int128 dt_cells(const uint8_t *p, unsigned int cells);
/* As dt_cells(), of one or two cells. */
static inline uint64_t dt_cells64(const uint8_t *p, unsigned int cells)
{
	return (uint64_t)dt_cells(p, cells);
}

#endif
