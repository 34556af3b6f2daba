/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exception vectors, leaving and entering guests, and the switch between VCPUs.
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

	/* Store x0-x30, ELR and SPSR in place; x19 = VCPU, also after the
	 * handler, which may have run others meanwhile. */
	.macro	guest_save
	low_regs stp
	stp	x18, x19, [sp, #REGS_X(18)]
	high_regs stp
	stp	x28, x29, [sp, #REGS_X(28)]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x30, x2, [sp, #REGS_X(30)]
	ldr	x19, [sp, #REGS_VCPU]
	str	x3, [sp, #REGS_SPSR]
	mov	x29, xzr		/* a backtrace ends here */
	.endm

	/* An interrupt while a guest runs: count it and call irq_dispatch(). It
	 * belongs to no exception class. */
	.macro	guest_irq_dispatch
	ldr	x2, [x19, #VCPU_EXIT_COUNT_IRQ]
	add	x2, x2, #1
	str	x2, [x19, #VCPU_EXIT_COUNT_IRQ]
	bl	irq_dispatch
	.endm

	/* The rest of a vector for it: this fits. */
	.macro	guest_irq
	guest_irq_dispatch
	b	guest_return
	.endm

	/* Count the exception by its class, and call the handler of the class.
	 * x2 = ESR_EL2, x19 = VCPU, sp = its frame. */
	.macro	guest_sync_dispatch
	ubfx	x3, x2, #26, #6		/* ESR_EL2.EC */
	adrp	x4, trap_table
	add	x5, x19, x3, lsl #3
	add	x4, x4, :lo12:trap_table
	ldr	x6, [x5, #VCPU_EXIT_COUNTS]
	ldr	x4, [x4, x3, lsl #3]
	add	x6, x6, #1
	str	x6, [x5, #VCPU_EXIT_COUNTS]
	mov	x0, x19
	mov	x1, sp			/* its frame */
	blr	x4
	.endm

	/* Interrupts masked, sp = frame, x19 = VCPU (handlers leave both as
	 * they were): go to \work if anything has to be done first. */
	.macro	guest_check_work work
	mrs	x0, tpidr_el2
	ldrb	w3, [x19, #VCPU_VGIC_FLUSH]
	ldr	w2, [x0, #PERCPU_RESCHED]
	orr	w2, w2, w3
	cbnz	w2, \work
	.endm

	/*
	 * The flush flag is not checked again: other VCPUs can raise it faster
	 * than it is served, and interrupts are masked here. The one that
	 * raised it has also sent an interrupt, which is taken as soon as the
	 * guest runs; interrupts of a higher priority come first.
	 */
	.macro	guest_do_work
.Lwork\@:
	mov	x0, x19
	bl	trap_guest_work
	mrs	x0, tpidr_el2
	ldr	w2, [x0, #PERCPU_RESCHED]
	cbnz	w2, .Lwork\@
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

	/* Exceptions that must not happen. This fits into the vector. */
	.macro	bad_vector kind
	.balign	0x80
	hyp_save
	high_regs stp
	mov	x2, #\kind
	b	bad
	.endm

	/* All vectors. \sync and \irq continue, in the vector or elsewhere, after
	 * the registers of a guest have been saved; \hyp_irq is a label. */
	.macro	vector_table sync irq hyp_irq
	/* Current EL with SP_EL0: never used. */
	bad_vector 0
	bad_vector 1
	bad_vector 2
	bad_vector 3
	/* Current EL with SP_EL2. */
	.balign	0x80
	/*
	 * Stacks are twice-size aligned slots whose lower half is not mapped: a
	 * set bit STACK_SHIFT means "inside". Swap sp and x0 by arithmetic,
	 * because no register is free.
	 */
	add	sp, sp, x0
	sub	x0, sp, x0		/* x0 = sp */
	tbz	x0, #STACK_SHIFT, stack_overflow
	sub	x0, sp, x0
	sub	sp, sp, x0
	b	hyp_sync
	vector	\hyp_irq
	bad_vector 2
	vector	hyp_sync		/* by its class */
	/* Lower EL: AArch64, then AArch32, which is EL0 only, for EL1 is
	 * AArch64. */
	.rept	2
	.balign	0x80
	guest_save
	mrs	x2, esr_el2
	\sync
	.balign	0x80
	guest_save
	\irq
	bad_vector 2
	.balign	0x80
	guest_save
	b	guest_serror
	.endr
	.balign	0x80
	.endm

	.text
	.balign	0x800
	.global	vectors
vectors:
	vector_table "b guest_sync", "guest_irq", hyp_irq

guest_sync:
	guest_sync_dispatch
guest_return:
	guest_check_work guest_work
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

guest_work:
	guest_do_work
	b	guest_restore

guest_serror:
	mov	x0, x19
	mov	x1, sp
	mrs	x2, esr_el2
	bl	trap_serror
	b	guest_return

/*
 * void guest_enter(struct guest_regs *regs): enter a guest for the first time.
 */
ENTRY(guest_enter)
	mov	sp, x0
	ldr	x19, [sp, #REGS_VCPU]
	b	guest_return
END(guest_enter)

hyp_irq:
	hyp_save
	mov	x29, sp
	bl	irq_dispatch
	bl	trap_hyp_irq_exit
	hyp_restore

#ifdef CONFIG_WATCH_EXCEPTIONS
	/*
	 * The vectors of a CPU that is traced, or whose times with interrupts
	 * masked are measured: the same ways, with calls where they begin and
	 * end. x20 to x28 are the handlers' to
	 * save, and a guest's are in its frame.
	 */
	.balign	0x800
	.global	watch_vectors
watch_vectors:
	vector_table "b watched_sync", "b watched_irq", watched_hyp_irq

watched_sync:
	mov	x20, x2			/* ESR_EL2 */
	mov	x0, x19
	mov	x1, sp
	bl	trap_watch_exit
	mov	x2, x20
	guest_sync_dispatch
watched_return:
	guest_check_work watched_work
watched_restore:
	mov	x0, x19
	mov	x1, sp
	bl	trap_watch_enter
	b	guest_restore

watched_work:
	guest_do_work
	b	watched_restore

watched_irq:
	mov	x0, x19
	mov	x1, sp
	bl	trap_watch_exit_irq
	guest_irq_dispatch
	b	watched_return

watched_hyp_irq:
	hyp_save
	mov	x29, sp
	bl	trap_watch_irq
	bl	irq_dispatch
	bl	trap_watch_irq_end
	bl	trap_hyp_irq_exit
	bl	trap_watch_irq_return
	hyp_restore
#endif

hyp_sync:
	hyp_save
	high_regs stp
	mov	x0, sp
	mrs	x1, esr_el2
	bl	trap_hyp_sync
	hyp_restore

/*
 * void serror_collect(struct vcpu *v): complete v's outstanding memory
 * accesses, and take the SErrors that they cause here, with v in x0. ESB is a
 * NOP without FEAT_RAS; then DSB and ISB have the same effect for SErrors that
 * are pending by now.
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
 * struct vcpu *switch_stack(struct vcpu *prev, struct vcpu *next): callee-saved
 * registers are pushed on prev's stack; returns in x0 the VCPU that we came
 * from.
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

/* The first switch to a VCPU arrives here: x0 = the VCPU that we came from. */
ENTRY(thread_trampoline)
	mov	x29, xzr
	mov	x30, xzr
	bl	vcpu_start
	b	.
END(thread_trampoline)

/*
 * uint64_t smccc_call(fn, a1, a2, a3, struct smccc_result *): call firmware by
 * SMC (SMCCC 1.1 preserves x4-x17, older firmware does not).
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
