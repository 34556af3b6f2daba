/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bare-metal measuring guest: entry, vectors, and the entry of its second CPU.
 * Runs at EL1 at any address.
 */
#include "tests/guest/arm64/image.S"

	image_header begin

	.macro	cpu_setup
	mov	x1, #(3 << 20)		/* FP for libfdt */
	msr	cpacr_el1, x1
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	isb
	.endm

	.text
begin:
	mov	x19, x0
	adrp	x1, stack_end
	add	x1, x1, :lo12:stack_end
	mov	sp, x1
	/* 0, if a hypervisor does not offer this counter. */
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	isb
	mov	x20, xzr
	mrs	x20, cntpct_el0
	image_init
	cpu_setup
	mov	x29, xzr
	mov	x0, x19
	mov	x1, x20
	bl	micro_main
park:
	wfi
	b	park

	/* PSCI CPU_ON: the counter at the first instruction counts. */
	.globl	second_entry
second_entry:
	mrs	x20, cntvct_el0
	adrp	x1, second_stack_end
	add	x1, x1, :lo12:second_stack_end
	mov	sp, x1
	cpu_setup
	mov	x29, xzr
	mov	x0, x20
	bl	second_main
	b	park

	/* IRQ: when it arrived, then the handler in C. */
irq:
	sub	sp, sp, #192
	stp	x0, x1, [sp]
	adrp	x1, irq_delay
	ldr	x0, [x1, :lo12:irq_delay]
	adr	x1, 1f
	sub	x1, x1, x0, lsl #2
	br	x1
	.rept	16
	nop
	.endr
1:	mrs	x0, cntvct_el0
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x29, [sp, #144]
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	stp	x30, x1, [sp, #160]
	str	x2, [sp, #176]
	bl	irq_handler
	ldp	x30, x1, [sp, #160]
	ldr	x2, [sp, #176]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldp	x18, x29, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp]
	add	sp, sp, #192
	eret

	/* Anything else: some hypervisors answer a call with UNDEF. */
sync:
	stp	x0, x1, [sp, #-16]!
	mrs	x0, elr_el1
	add	x0, x0, #4
	msr	elr_el1, x0
	adrp	x0, undef_count
	add	x0, x0, :lo12:undef_count
	ldr	x1, [x0]
	add	x1, x1, #1
	str	x1, [x0]
	ldp	x0, x1, [sp], #16
	eret

	.macro	vector to
	.balign	128
	b	\to
	.endm
	.balign	2048
vectors:
	.rept	4
	vector	sync
	vector	irq
	vector	irq
	vector	sync
	.endr

	.bss
	.balign	16
	.space	8192
second_stack_end:
	.globl	undef_count
undef_count:
	.space	8
	.globl	irq_delay
irq_delay:
	.space	8
	.section .note.GNU-stack, "", %progbits
