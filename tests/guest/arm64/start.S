/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a test guest begins, and its exception vectors. */
#include "tests/guest/arm64/image.S"

	image_header begin

	.text
	.type	begin, %function
begin:
	adrp	x1, stack_end
	add	x1, x1, :lo12:stack_end
	mov	sp, x1

	image_init

	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	isb
	mov	x29, xzr
	bl	guest_main
	bl	guest_poweroff
1:	wfi
	b	1b
	.size	begin, . - begin

	/* Registers are saved as in struct guest_frame. */
	.macro	vector number
	.balign	128
	sub	sp, sp, #272
	stp	x0, x1, [sp]
	mov	x0, #\number
	b	exception
	.endm

	.balign	2048
	.globl	vectors
	.type	vectors, %function
vectors:
	.set	entry, 0
	.rept	16
	vector	entry
	.set	entry, entry + 1
	.endr
	.size	vectors, . - vectors

	.type	exception, %function
exception:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x1, elr_el1
	stp	x30, x1, [sp, #240]
	mrs	x1, spsr_el1
	str	x1, [sp, #256]
	mov	x1, sp
	bl	guest_exception
	ldr	x1, [sp, #256]
	msr	spsr_el1, x1
	ldp	x30, x1, [sp, #240]
	msr	elr_el1, x1
	ldp	x28, x29, [sp, #224]
	ldp	x26, x27, [sp, #208]
	ldp	x24, x25, [sp, #192]
	ldp	x22, x23, [sp, #176]
	ldp	x20, x21, [sp, #160]
	ldp	x18, x19, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp]
	add	sp, sp, #272
	eret
	.size	exception, . - exception

	.section .note.GNU-stack, "", %progbits
