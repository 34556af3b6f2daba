/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zeroes for a guest's RAM, past the caches. */
#include <arch_impl/asm.h>

#define CHUNK 8192		/* at a time, in one go */
#define LINE 64

	.arch_extension fp
	.arch_extension simd

/*
 * zero_through(start, end): fill whole chunks that are mapped write-through,
 * for cache lines of 64 bytes. Clobbers v0-v3.
 *
 * What a cache holds of a line is dropped before the line is written: it may
 * be dirty from when the page was mapped write-back. Both are in program order
 * without a barrier, as the line is Inner Write-Through (Arm ARM DDI0487, D7,
 * "Ordering and completion of data cache instructions"; for Non-cacheable
 * memory it would take a DMB), and a write to it is seen past the caches
 * without maintenance (B2, "Cacheability attributes"). The store's write-back
 * is the next line's address: two instructions a line.
 */
ENTRY(zero_through)
	movi	v0.2d, #0
	movi	v1.2d, #0
	movi	v2.2d, #0
	movi	v3.2d, #0
1:	.rept	CHUNK / LINE
	dc	civac, x0
	st1	{v0.16b, v1.16b, v2.16b, v3.16b}, [x0], #LINE
	.endr
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	ret
END(zero_through)
