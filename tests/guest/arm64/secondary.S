/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where VCPUs that are turned on begin. */

#define VCPUS 8				/* GUEST_VCPUS */
#define STACK_SHIFT 12

	.text
	.globl	guest_secondary
	.type	guest_secondary, %function
guest_secondary:
	mrs	x1, mpidr_el1
	and	x1, x1, #(VCPUS - 1)
	add	x1, x1, #1
	adrp	x2, stacks
	add	x2, x2, :lo12:stacks
	add	x2, x2, x1, lsl #STACK_SHIFT
	mov	sp, x2
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	isb
	mov	x29, xzr
	br	x0
	.size	guest_secondary, . - guest_secondary

	.bss
	.balign	16
stacks:
	.space	VCPUS << STACK_SHIFT

	.section .note.GNU-stack, "", %progbits
