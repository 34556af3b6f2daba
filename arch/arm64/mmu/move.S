/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instant in which the image moves: move_image.c. */
#include <arch_impl/asm.h>

	.section .idmap.text, "ax"
/*
 * void image_move(const uint64_t *frames, uint64_t pages, const void *image,
 *		   uint64_t ttbr), called at its physical address.
 *
 * Copy the pages of the image, which no one else writes meanwhile, to the
 * frames listed (0: none), and go on with the tables at `ttbr`. No stack is used: it is in
 * the image. Clobbers x0-x8.
 */
ENTRY(image_move)
	mrs	x8, ctr_el0
	ubfx	x8, x8, #16, #4		/* DminLine: log2 words */
	mov	x7, #4
	lsl	x8, x7, x8		/* bytes per line */
1:	ldr	x4, [x0], #8
	cbz	x4, 4f
	add	x5, x4, #4096
2:	ldp	x6, x7, [x2], #16
	stp	x6, x7, [x4], #16
	cmp	x4, x5
	b.lo	2b
	/* Instructions are fetched from the point of unification. */
	sub	x4, x5, #4096
3:	dc	cvau, x4
	add	x4, x4, x8
	cmp	x4, x5
	b.lo	3b
	b	5f
4:	add	x2, x2, #4096
5:	subs	x1, x1, #1
	b.ne	1b
	dsb	sy

	/*
	 * Break-before-make for all addresses of the image: with the MMU off
	 * nothing is translated, and mmu_enable() invalidates what was cached.
	 */
	mrs	x4, sctlr_el2
	bic	x4, x4, #1		/* M */
	msr	sctlr_el2, x4
	isb
	mov	x0, x3
	b	mmu_enable
END(image_move)
