/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First instructions: the arm64 Linux boot header (Linux documentation,
 * "Booting AArch64 Linux"), self-relocation, and the way to C, for the boot
 * CPU and for those it starts through PSCI.
 *
 * On entry: MMU off, x0 = physical address of the host device tree, data
 * cache in any state that is clean for the image itself.
 */
#include <arch_impl/asm.h>

	.section .head.text, "ax"
	.global _start
_start:
	b	primary_entry
	.long	0
	.quad	0			/* text_offset */
	.quad	__image_end - _start	/* image_size, with .bss */
	.quad	0xa			/* LE, 4K pages, anywhere in RAM */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.text
/*
 * Apply `op` (ivac or civac) by VA to the pages [x0, x1), which hold a multiple
 * of four lines. Clobbers x0, x2, x3.
 */
	.macro	cache_range op
	mrs	x3, ctr_el0
	ubfx	x3, x3, #16, #4		/* DminLine: log2 words */
	mov	x2, #4
	lsl	x2, x2, x3		/* bytes per line */
1:	.rept	4
	dc	\op, x0
	add	x0, x0, x2
	.endr
	cmp	x0, x1
	b.lo	1b
	dsb	sy
	.endm

ENTRY(primary_entry)
	msr	daifset, #0xf
	mov	x19, x0			/* device tree */

	/*
	 * Lines the loader left dirty over our .bss must not be written back
	 * over what we store with the cache off. What it loaded it cleaned.
	 */
	adrp	x0, __bss_start
	adrp	x1, __image_end
	cache_range civac

	/* Zero .bss: page aligned at both ends. */
	adrp	x0, __bss_start
	adrp	x1, __bss_end
2:	.irp	offset, 0, 16, 32, 48, 64, 80, 96, 112
	stp	xzr, xzr, [x0, #\offset]
	.endr
	add	x0, x0, #128
	cmp	x0, x1
	b.lo	2b

	/*
	 * Relocate: add where we are to each word the table tells of (the
	 * generic ELF specification's SHT_RELR). An even entry is the offset
	 * of a word; an odd one has a bit for each of the 63 words behind.
	 */
	adrp	x20, __image_start
	adrp	x0, __relr_start
	add	x0, x0, :lo12:__relr_start
	adrp	x1, __relr_end
	add	x1, x1, :lo12:__relr_end
3:	cmp	x0, x1
	b.hs	4f
	ldr	x2, [x0], #8
	tbnz	x2, #0, 10f
	add	x3, x20, x2
	ldr	x4, [x3]
	add	x4, x4, x20
	str	x4, [x3], #8
	b	3b
10:	mov	x5, x3
11:	lsr	x2, x2, #1
	cbz	x2, 13f
	tbz	x2, #0, 12f
	ldr	x4, [x5]
	add	x4, x4, x20
	str	x4, [x5]
12:	add	x5, x5, #8
	b	11b
13:	add	x3, x3, #(63 * 8)
	b	3b
4:
	adrp	x0, __boot_stack_end
	mov	sp, x0
	mov	x29, xzr
	mov	x30, xzr

	mrs	x1, CurrentEL
	cmp	x1, #(2 << 2)
	b.eq	5f
	lsr	x1, x1, #2
	mov	x2, #(3 << 20)
	cmp	x1, #1
	b.ne	8f
	msr	cpacr_el1, x2		/* libfdt may use SIMD registers */
	b	9f
8:	msr	cptr_el3, xzr
9:	isb
	mov	x0, x19
	bl	early_wrong_el
5:	bl	el2_setup
	mov	x0, x19
	bl	mmu_boot_init		/* x0 = TTBR0_EL2 */
	mov	x20, x0

	/*
	 * What a speculative read may have brought into the cache of the
	 * memory just written is stale: drop it. Nothing is dirty.
	 */
	adrp	x0, __rodata_start
	adrp	x1, __image_end
	cache_range ivac
	mov	x0, x20
	bl	mmu_enable		/* touches no memory */

	mov	x0, x19
	bl	arm64_main
	b	.
END(primary_entry)

/*
 * A CPU started by PSCI CPU_ON: x0 = physical address of its struct
 * secondary_boot { ttbr, stack, percpu }, cleaned to the point of coherency.
 */
ENTRY(secondary_entry)
	msr	daifset, #0xf
	mov	x19, x0
	mrs	x1, CurrentEL
	cmp	x1, #(2 << 2)
	b.ne	6f
	bl	el2_setup
	ldr	x0, [x19, #0]
	bl	mmu_enable
	ldp	x1, x0, [x19, #8]	/* stack top, percpu */
	mov	sp, x1
	mov	x29, xzr
	mov	x30, xzr
	bl	arm64_secondary_main
6:	wfi
	b	6b
END(secondary_entry)

/*
 * EL2 into a known state, MMU still off: SCTLR with its RES1 bits and
 * nothing else, FP usable until the scheduler arms the lazy switch, the
 * exception vectors. Clobbers x0.
 */
ENTRY(el2_setup)
	ldr	x0, =0x30c50830		/* SCTLR_EL2 RES1, Arm ARM D19.2.119 */
	msr	sctlr_el2, x0
	mov	x0, #(1 << 31)		/* HCR_EL2.RW */
	msr	hcr_el2, x0
	mov	x0, #0x33ff		/* CPTR_EL2 RES1, no FP trap */
	msr	cptr_el2, x0
	adrp	x0, vectors
	add	x0, x0, :lo12:vectors
	msr	vbar_el2, x0
	msr	tpidr_el2, xzr
	msr	cnthp_ctl_el2, xzr
	msr	spsel, #1
	isb
	ret
END(el2_setup)
	.ltorg
