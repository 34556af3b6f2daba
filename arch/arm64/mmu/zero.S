/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zeroes for a guest's RAM, past the caches. */
#include <arch_impl/asm.h>

#define CHUNK 4096
#define LINE 64

	.arch	armv8-a

/*
 * zero_lines64(va, size): fill whole pages and clean them to the point of
 * coherency, for cache lines of 64 bytes. Clobbers v0-v3, x0-x3.
 *
 * A line costs a cache operation and 64 bytes of stores. What an address
 * register costs on top is had for nothing: the store that begins a line
 * leaves the line's address behind (pre-index), and one store of 64 bytes
 * finishes one line and begins the next, which makes five instructions for
 * two lines. DC ZVA, being without offset or write-back, would make six.
 *
 * A cache operation and stores to the same line of Write-Back memory are in
 * program order (Arm ARM DDI0487 D7.5.9.8): nothing is stored after its line
 * was cleaned, and nothing needs a barrier before the end.
 */
ENTRY(zero_lines64)
	movi	v0.2d, #0
	movi	v1.2d, #0
	movi	v2.2d, #0
	movi	v3.2d, #0
	add	x1, x1, x0		/* the end */
	add	x2, x0, #LINE / 2
	mov	x3, #2 * LINE
	sub	x0, x0, #LINE / 2
1:	.rept	CHUNK / (2 * LINE)
	stp	q0, q1, [x0, #LINE / 2]!
	st1	{v0.16b, v1.16b, v2.16b, v3.16b}, [x2], x3
	dc	civac, x0
	stp	q0, q1, [x0, #3 * LINE / 2]!
	dc	civac, x0
	.endr
	cmp	x2, x1
	b.lo	1b
	dsb	sy
	ret
END(zero_lines64)
