/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exception vectors, the way out of a guest and back, and the switch
 * between VCPUs.
 *
 * While a guest runs SP_EL2 points at its VCPU's struct guest_regs, at the
 * top of that VCPU's hypervisor stack: a trap stores the registers in place
 * and C runs on the stack below.
 */
#include <arch_impl/asm.h>
#include <generated/asm_offsets.h>

	/* x0-x17 and x20-x27 to or from the frame at sp. */
	.macro	low_regs op
	\op	x16, x17, [sp, #REGS_X(16)]
	\op	x14, x15, [sp, #REGS_X(14)]
	\op	x12, x13, [sp, #REGS_X(12)]
	\op	x10, x11, [sp, #REGS_X(10)]
	\op	x8, x9, [sp, #REGS_X(8)]
	\op	x6, x7, [sp, #REGS_X(6)]
	\op	x4, x5, [sp, #REGS_X(4)]
	\op	x2, x3, [sp, #REGS_X(2)]
	\op	x0, x1, [sp, #REGS_X(0)]
	.endm
	.macro	high_regs op
	\op	x20, x21, [sp, #REGS_X(20)]
	\op	x22, x23, [sp, #REGS_X(22)]
	\op	x24, x25, [sp, #REGS_X(24)]
	\op	x26, x27, [sp, #REGS_X(26)]
	.endm

	/* Store x0-x30, ELR and SPSR in place; x0 = VCPU, x1 = frame. */
	.macro	guest_save
	low_regs stp
	stp	x18, x19, [sp, #REGS_X(18)]
	high_regs stp
	stp	x28, x29, [sp, #REGS_X(28)]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x30, x2, [sp, #REGS_X(30)]
	ldr	x0, [sp, #REGS_VCPU]
	str	x3, [sp, #REGS_SPSR]
	mov	x1, sp
	mov	x29, xzr		/* a backtrace ends here */
	.endm

	/*
	 * Exceptions from EL2 itself: struct hyp_frame { x[31], elr, spsr,
	 * sp }, on the stack in use.
	 */
	.macro	hyp_save
	sub	sp, sp, #REGS_SIZE
	low_regs stp
	stp	x18, x19, [sp, #REGS_X(18)]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x30, x2, [sp, #REGS_X(30)]
	str	x3, [sp, #REGS_SPSR]
	stp	x28, x29, [sp, #REGS_X(28)]
	.endm

	.macro	hyp_restore
	ldp	x30, x2, [sp, #REGS_X(30)]
	ldr	x3, [sp, #REGS_SPSR]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x28, x29, [sp, #REGS_X(28)]
	ldp	x18, x19, [sp, #REGS_X(18)]
	low_regs ldp
	add	sp, sp, #REGS_SIZE
	eret
	.endm

	.macro	vector label
	.balign	0x80
	b	\label
	.endm

	/* What should not be: there is room for it in the vector. */
	.macro	bad_vector kind
	.balign	0x80
	hyp_save
	high_regs stp
	mov	x2, #\kind
	b	bad
	.endm

	.text
	.balign	0x800
	.global	vectors
vectors:
	/* Current EL with SP_EL0: never used. */
	bad_vector 0
	bad_vector 1
	bad_vector 2
	bad_vector 3
	/* Current EL with SP_EL2. */
	.balign	0x80
	/*
	 * Stacks in the window are twice-size aligned slots whose lower half
	 * holds the guard page: a set bit STACK_SHIFT means "inside". Swap
	 * sp and x0 by arithmetic, for nothing is free to hold either.
	 */
	add	sp, sp, x0
	sub	x0, sp, x0		/* x0 = sp */
	tbz	x0, #47, 1f		/* not in the window: boot stack */
	tbz	x0, #STACK_SHIFT, stack_overflow
1:	sub	x0, sp, x0
	sub	sp, sp, x0
	b	hyp_sync
	vector	hyp_irq
	bad_vector 2
	vector	hyp_sync		/* by its class */
	/* Lower EL, AArch64. */
	.balign	0x80
	guest_save
	mrs	x2, esr_el2
	b	guest_sync
	.balign	0x80
	guest_save
	b	guest_irq
	bad_vector 2
	.balign	0x80
	guest_save
	b	guest_serror
	/* Lower EL, AArch32: EL0 only, for EL1 is AArch64. */
	.balign	0x80
	guest_save
	mrs	x2, esr_el2
	b	guest_sync
	.balign	0x80
	guest_save
	b	guest_irq
	bad_vector 2
	.balign	0x80
	guest_save
	b	guest_serror
	.balign	0x80

guest_sync:
	adrp	x4, trap_table
	ubfx	x3, x2, #26, #6		/* ESR_EL2.EC */
	add	x4, x4, :lo12:trap_table
	ldr	x4, [x4, x3, lsl #3]
	blr	x4

	/* Interrupts masked, sp = frame (handlers leave it as it was). */
guest_return:
	mrs	x0, tpidr_el2
	ldr	x1, [sp, #REGS_VCPU]
	ldr	w2, [x0, #PERCPU_RESCHED]
	ldrb	w3, [x1, #VCPU_VGIC_FLUSH]
	orr	w2, w2, w3
	cbnz	w2, guest_work
guest_restore:
	ldp	x30, x2, [sp, #REGS_X(30)]
	ldr	x3, [sp, #REGS_SPSR]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x28, x29, [sp, #REGS_X(28)]
	high_regs ldp
	ldp	x18, x19, [sp, #REGS_X(18)]
	low_regs ldp
	eret
	/* No straight-line speculation past the return. */
	dsb	nsh
	isb

	/*
	 * Not once more for the flush flag: other VCPUs can raise it faster
	 * than it is served, and interrupts are masked here. Whoever raised it
	 * has sent an interrupt that is taken at once in the guest; ours, and
	 * others' with a higher priority.
	 */
guest_work:
	mov	x0, x1
	bl	trap_guest_work
	mrs	x0, tpidr_el2
	ldr	w2, [x0, #PERCPU_RESCHED]
	cbz	w2, guest_restore
	ldr	x1, [sp, #REGS_VCPU]
	b	guest_work

guest_irq:
	bl	irq_dispatch
	b	guest_return

guest_serror:
	mrs	x2, esr_el2
	bl	trap_serror
	b	guest_return

/* void guest_enter(struct guest_regs *regs): first way into a guest. */
ENTRY(guest_enter)
	mov	sp, x0
	b	guest_return
END(guest_enter)

hyp_irq:
	hyp_save
	mov	x29, sp
	bl	irq_dispatch
	bl	trap_hyp_irq_exit
	hyp_restore

hyp_sync:
	hyp_save
	high_regs stp
	mov	x0, sp
	mrs	x1, esr_el2
	bl	trap_hyp_sync
	hyp_restore

/*
 * void serror_collect(struct vcpu *v): have what is left of v's memory accesses
 * completed, and the SErrors that come of them taken here, with v in x0. ESB
 * is a NOP without FEAT_RAS; then DSB and ISB see to what is pending by now.
 */
ENTRY(serror_collect)
	msr	daifclr, #4
	dsb	sy
	hint	#16			/* esb */
	isb
	msr	daifset, #4
	.global	serror_collect_end
serror_collect_end:
	ret
END(serror_collect)

	/* x0 = the overflowed sp; sp = x0 + old x0. Use the panic stack. */
stack_overflow:
	mov	x1, x0
	adrp	x0, panic_stack_end
	add	x0, x0, :lo12:panic_stack_end
	mov	sp, x0
	mov	x0, x1
	mov	x1, x29
	bl	trap_stack_overflow
	b	.

bad:
	mov	x0, sp
	mrs	x1, esr_el2
	bl	trap_bad
	b	.

/*
 * struct vcpu *switch_stack(struct vcpu *prev, struct vcpu *next):
 * callee-saved registers go onto prev's stack; whom we came from is in x0.
 */
ENTRY(switch_stack)
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mov	x2, sp
	ldr	x3, [x1, #VCPU_SP]
	str	x2, [x0, #VCPU_SP]
	mov	sp, x3
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret
END(switch_stack)

/* Where the first switch to a VCPU arrives: x0 = whom we came from. */
ENTRY(thread_trampoline)
	mov	x29, xzr
	mov	x30, xzr
	bl	vcpu_start
	b	.
END(thread_trampoline)

/*
 * uint64_t smccc_call(fn, a1, a2, a3, struct smccc_result *): to firmware by
 * SMC (SMCCC 1.1: x4-x17 are preserved, but not by older firmware).
 */
ENTRY(smccc_call)
	stp	x29, x30, [sp, #-32]!
	mov	x29, sp
	str	x4, [sp, #16]
	smc	#0
	ldr	x4, [sp, #16]
	cbz	x4, 1f
	stp	x0, x1, [x4]
	stp	x2, x3, [x4, #16]
1:	ldp	x29, x30, [sp], #32
	ret
END(smccc_call)

	.bss
	.balign	16
panic_stack:
	.space	4096
panic_stack_end:
