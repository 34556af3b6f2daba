/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Included: a bare-metal image's header and first steps, as guest.lds has it. */

	/* The arm64 boot header of Linux: any 4K page size, any placement. The
	 * image's size lies between, put there by guest.lds. */
	.macro	image_header begin
	.section .text.head1, "ax"
	.globl	_start
	.type	_start, %function
_start:
	b	\begin
	.4byte	0
	.8byte	0			/* text_offset */
	.size	_start, . - _start

	.section .text.head2, "ax"
	.8byte	0xa			/* flags: 4K, anywhere */
	.8byte	0, 0, 0
	.ascii	"ARM\x64"
	.4byte	0
	.endm

	/* Relative relocations: add where we are to where we were linked; then
	 * clear .bss. Uses x1 to x6. */
	.macro	image_init
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
4:
	.endm
