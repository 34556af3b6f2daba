/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First instructions: the arm64 Linux boot header (Linux documentation,
 * "Booting AArch64 Linux"), self-relocation, and entering C, for the boot CPU
 * and for those it starts through PSCI.
 *
 * On entry: MMU off, x0 = physical address of the host device tree, data
 * cache in any state that is clean for the image itself.
 *
 * Code of .idmap.text is in the image's first page, which is also mapped at its
 * physical address: it runs with the MMU on and off.
 */
#include <arch_impl/asm.h>

/* MMU_IMAGE_BASE, bits 47:32 and 31:16; boot_map.c asserts that they agree. */
#define IMAGE_BASE_HIGH 0xffff
#define IMAGE_BASE_LOW 0xc000

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
	/* At the image's virtual addresses. Clobbers x1. */
	.macro	set_vectors
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el2, x1
	isb
	.endm

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
	 * Dirty cache lines that the loader has left over our .bss must not be
	 * written back over what we store with the cache off. The loaded image
	 * itself it has cleaned.
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

	/* Linked at 0. Until the MMU is on, addresses are physical. */
	adrp	x0, __image_start
	bl	relocate
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

	/* From here on, pointers are to the image's virtual addresses. */
	movz	x21, #IMAGE_BASE_HIGH, lsl #32
	movk	x21, #IMAGE_BASE_LOW, lsl #16
	adrp	x0, __image_start
	sub	x21, x21, x0		/* virtual less physical address */
	mov	x0, x21
	bl	relocate
	add	sp, sp, x21

	/*
	 * Speculative reads may have brought stale lines of the memory just
	 * written into the cache: invalidate them. None is dirty.
	 */
	adrp	x0, __rodata_start
	adrp	x1, __image_end
	cache_range ivac
	adr	x30, 3f
	add	x30, x30, x21
	mov	x0, x20
	b	mmu_enable		/* touches no memory */

3:	set_vectors
	mov	x0, x19
	bl	arm64_main
	b	.
END(primary_entry)

/*
 * Add x0 to each word that the table names (the generic ELF specification's
 * SHT_RELR). An even entry is the offset of a word; an odd one has a bit for
 * each of the next 63 words. Clobbers x1-x6.
 */
relocate:
	adrp	x6, __image_start
	adrp	x1, __relr_start
	add	x1, x1, :lo12:__relr_start
	adrp	x2, __relr_end
	add	x2, x2, :lo12:__relr_end
1:	cmp	x1, x2
	b.hs	5f
	ldr	x3, [x1], #8
	tbnz	x3, #0, 2f
	add	x4, x6, x3
	ldr	x5, [x4]
	add	x5, x5, x0
	str	x5, [x4], #8
	b	1b
2:	mov	x6, x4
3:	lsr	x3, x3, #1
	cbz	x3, 4f
	tbz	x3, #0, 6f
	ldr	x5, [x6]
	add	x5, x5, x0
	str	x5, [x6]
6:	add	x6, x6, #8
	b	3b
4:	add	x4, x4, #(63 * 8)
	adrp	x6, __image_start
	b	1b
5:	ret
END(relocate)

ENTRY(secondary_start)
	set_vectors
	b	arm64_secondary_main
END(secondary_start)

	.section .idmap.text, "ax"
/*
 * A CPU started by PSCI CPU_ON: x0 = physical address of its struct
 * secondary_boot { ttbr, stack, percpu, start }, cleaned to the point of coherency.
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
	ldr	x2, [x19, #24]
	mov	sp, x1
	mov	x29, xzr
	mov	x30, xzr
	blr	x2			/* secondary_start */
6:	wfi
	b	6b
END(secondary_entry)

/*
 * EL2 into a known state, MMU still off: SCTLR with its RES1 bits and
 * nothing else, FP usable until the scheduler arms the lazy switch. Clobbers
 * x0.
 */
ENTRY(el2_setup)
	ldr	x0, =0x30c50830		/* SCTLR_EL2 RES1, Arm ARM D19.2.119 */
	msr	sctlr_el2, x0
	mov	x0, #(1 << 31)		/* HCR_EL2.RW */
	msr	hcr_el2, x0
	mov	x0, #0x33ff		/* CPTR_EL2 RES1, no FP trap */
	msr	cptr_el2, x0
	msr	tpidr_el2, xzr
	msr	cnthp_ctl_el2, xzr
	msr	spsel, #1
	isb
	ret
END(el2_setup)
	.ltorg
