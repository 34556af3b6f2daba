/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where interrupts are masked and unmasked (arch_impl/cpu.h), while it is
 * measured how long they are. Called in the middle of C code: x17 = where to
 * return to, all but x16 is kept.
 */
#include <arch_impl/asm.h>

#define FRAME 192

	.macro	latency_hook name measure
	.global	\name
	.type	\name, % function
\name:
	sub	sp, sp, #FRAME
	stp	x0, x1, [sp, #0]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x17, x18, [sp, #128]
	stp	x29, x30, [sp, #144]
	mrs	x1, nzcv
	str	x1, [sp, #160]
	mov	x0, x17
	bl	\measure
	ldr	x1, [sp, #160]
	msr	nzcv, x1
	ldp	x29, x30, [sp, #144]
	ldp	x17, x18, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp, #0]
	add	sp, sp, #FRAME
	/* Not BR, after which a landing pad (BTI) would have to follow. */
	ret	x17
END(\name)
	.endm

	.text
	.balign	16
	latency_hook latency_mask latency_masked
	latency_hook latency_unmask latency_end
