/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First instructions of a test guest: Image header, stack, relocation. */

	/* The image's size lies between, put there by guest.lds. */
	.section .text.head1, "ax"
	.globl	_start
	.type	_start, %function
_start:
	/* The arm64 boot header of Linux: any 4K page size, any placement. */
	b	begin
	.4byte	0
	.8byte	0			/* text_offset */
	.size	_start, . - _start

	.section .text.head2, "ax"
	.8byte	0xa			/* flags: 4K, anywhere */
	.8byte	0, 0, 0
	.ascii	"ARM\x64"
	.4byte	0

	.text
	.type	begin, %function
begin:
	adrp	x1, stack_end
	add	x1, x1, :lo12:stack_end
	mov	sp, x1

	/* Relative relocations: add where we are to where we were linked. */
	adrp	x1, rela_start
	add	x1, x1, :lo12:rela_start
	adrp	x2, rela_end
	add	x2, x2, :lo12:rela_end
	adrp	x3, image_start
	add	x3, x3, :lo12:image_start
1:	cmp	x1, x2
	b.hs	2f
	ldp	x4, x5, [x1]
	ldr	x6, [x1, #16]
	add	x1, x1, #24
	cmp	w5, #1027		/* R_AARCH64_RELATIVE */
	b.ne	1b
	add	x6, x6, x3
	str	x6, [x4, x3]
	b	1b

2:	adrp	x1, bss_start
	add	x1, x1, :lo12:bss_start
	adrp	x2, bss_end
	add	x2, x2, :lo12:bss_end
3:	cmp	x1, x2
	b.hs	4f
	stp	xzr, xzr, [x1], #16
	b	3b

4:	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	isb
	mov	x29, xzr
	bl	guest_main
	bl	guest_poweroff
5:	wfi
	b	5b
	.size	begin, . - begin

	/* Registers lie as struct guest_frame says. */
	.macro	vector number
	.balign	128
	sub	sp, sp, #272
	stp	x0, x1, [sp]
	mov	x0, #\number
	b	exception
	.endm

	.balign	2048
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
