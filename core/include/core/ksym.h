/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the image's own functions, for backtraces. */
#ifndef CORE_KSYM_H
#define CORE_KSYM_H

#include <arch/image.h>
#include <libs/types.h>

/* Functions of a block; BLOCK in tools/build/ksyms.py. */
#define KSYM_BLOCK 64
/* A buffer of this many bytes holds every name of the image; longer ones would
 * be cut. */
#define KSYM_NAME_SIZE 64

/*
 * The table, which tools/build/ksyms.py makes from the linked image: functions
 * in ascending order, in blocks of KSYM_BLOCK. A block has the address of its
 * first function, as an offset from _start, and the place of its entries in
 * ksyms_entries. A function's entry is the distance from the one before in its
 * block (0 for the first), in units of 1 << ksyms_shift bytes, and its name.
 * The distance is in groups of 7 bits, the lowest first, all but the last with
 * bit 7 set. The name is a string of codes, each of which stands for the two of
 * its pair, or, where these are the code itself, for a character; it ends with
 * code 0, which may be the second of a pair.
 */
extern const uint32_t ksyms_count;
extern const uint32_t ksyms_shift;
extern const uint32_t ksyms_addresses[]; /* per block */
extern const uint32_t ksyms_at[];        /* per block */
extern const uint8_t ksyms_pairs[256][2];
extern const uint8_t ksyms_entries[];

#ifdef CONFIG_KSYMS
/*
 * Write the name of the function whose code holds address `addr` of the running
 * image to `name`, cut to `size` bytes with its 0 (KSYM_NAME_SIZE is enough),
 * and to *off how many bytes into it that is. False, with neither written, if
 * `addr` lies before the first function or far behind the last, or the image
 * has no table. An address just behind the last function counts to the last, so
 * ask for text addresses only. Any context: takes no lock.
 */
bool ksym_lookup(uint64_t addr, char *name, size_t size, uint64_t *off);
#else
static inline bool ksym_lookup(uint64_t addr, char *name, size_t size,
			       uint64_t *off)
{
	(void)addr;
	(void)name;
	(void)size;
	(void)off;
	return false;
}
#endif

#endif
