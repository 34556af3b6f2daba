/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The identification registers that all PrimeCell peripherals end with. */
#ifndef EMULATORS_PRIMECELL_H
#define EMULATORS_PRIMECELL_H

#include <libs/types.h>

#define PRIMECELL_ID_BASE 0xfe0 /* PeriphID0..3, PCellID0..3 */
#define PRIMECELL_CELL_ID UINT64_C(0xb105f00d)

/*
 * Register at `off`, which is PRIMECELL_ID_BASE or above: one byte of the
 * part's PeriphID (part number, designer, revision) or of the cell ID, all
 * little-endian. Reads beyond them return 0: a region may be larger than the
 * device.
 */
static inline uint32_t primecell_id(uint32_t periph_id, uint64_t off)
{
	uint64_t ids = PRIMECELL_CELL_ID << 32 | periph_id;
	uint64_t n = (off - PRIMECELL_ID_BASE) / 4;

	return n < sizeof(ids) ? (ids >> (8 * n)) & 0xff : 0;
}

#endif
