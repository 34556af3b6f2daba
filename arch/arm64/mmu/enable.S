/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turning the EL2 MMU on: the same for the boot CPU and for all others. */
#include <arch_impl/asm.h>

/* pte.h has the same values for C; boot_map.c asserts that they agree. */
#define MAIR 0x4404ff
#define TCR_LOW 0x3510
#define TCR_HIGH 0x8080
#define SCTLR_LOW 0x183d
#define SCTLR_HIGH 0x30cd
#define PARANGE_48 5

	.section .idmap.text, "ax"
/*
 * void mmu_enable(uint64_t ttbr). Clobbers x0-x2; no data access, for what
 * is in memory may differ from what will be seen through the caches.
 */
ENTRY(mmu_enable)
	mov	x1, #(MAIR & 0xffff)
	movk	x1, #(MAIR >> 16), lsl #16
	msr	mair_el2, x1

	/* TCR_EL2.PS: what the CPU has, at most 48 bits. */
	mov	x1, #TCR_LOW
	movk	x1, #TCR_HIGH, lsl #16
	mrs	x2, id_aa64mmfr0_el1
	and	x2, x2, #0xf
	cmp	x2, #PARANGE_48
	b.ls	1f
	mov	x2, #PARANGE_48
1:	orr	x1, x1, x2, lsl #16
	msr	tcr_el2, x1
	msr	ttbr0_el2, x0
	isb

	/* Whatever ran before us may have left translations and code. */
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb

	mov	x1, #SCTLR_LOW
	movk	x1, #SCTLR_HIGH, lsl #16
	msr	sctlr_el2, x1
	isb
	ret
END(mmu_enable)
