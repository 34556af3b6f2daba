/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of whole pages by SIMD registers: a pair of them is 32 bytes, a pair
 * of general registers 16. They are a guest's, or a thread's, or nobody's
 * (fp.c), so what is used is put back. Interrupts are masked meanwhile: the
 * registers would go to another CPU with `current`, and back wrong. No guest
 * has SVE or SME (idreg.c), so there is nothing in the registers beyond 128
 * bits.
 */
#include <arch/copy.h>
#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <core/page.h>
#include <libs/copy.h>

/* One round of the loop. */
#define COPY_UNIT 256
/* Below it, putting the registers back costs more than they save. */
#define COPY_LEAST 1024

#define HALF \
	"ldp q2, q3, [%[s], #32]\n\t" \
	"ldp q4, q5, [%[s], #64]\n\t" \
	"ldp q6, q7, [%[s], #96]\n\t" \
	"ldp q0, q1, [%[s]], #128\n\t" \
	"stp q2, q3, [%[d], #32]\n\t" \
	"stp q4, q5, [%[d], #64]\n\t" \
	"stp q6, q7, [%[d], #96]\n\t" \
	"stp q0, q1, [%[d]], #128\n\t"
#define KEPT(op) \
	op " q0, q1, [%0]\n\t" op " q2, q3, [%0, #32]\n\t" op \
	   " q4, q5, [%0, #64]\n\t" op " q6, q7, [%0, #96]\n\t"

/* Whole units, not none. The FP trap is off. A function of its own, so that
 * make bench-io can tell what is copied by it. */
static __noinline void copy_units(uint8_t *d, const uint8_t *s, size_t n)
{
	__asm__ volatile(ASM_FP "1:\n\t" HALF HALF
				"subs %[n], %[n], %[unit]\n\t"
				"b.ne 1b\n\t"
			 : [d] "+r"(d), [s] "+r"(s), [n] "+r"(n)
			 : [unit] "i"(COPY_UNIT)
			 : "cc", "memory");
}

static void copy_masked(uint8_t *d, const uint8_t *s, size_t n)
{
	unsigned long flags = arch_irq_save();
	uint64_t cptr = read_sysreg(cptr_el2);
	uint64_t kept[16];

	if (cptr & CPTR_TFP) {
		write_sysreg(cptr & ~CPTR_TFP, cptr_el2);
		isb();
	}
	__asm__ volatile(ASM_FP KEPT("stp") : : "r"(kept) : "memory");
	copy_units(d, s, n);
	__asm__ volatile(ASM_FP KEPT("ldp") : : "r"(kept) : "memory");
	if (cptr & CPTR_TFP) {
		write_sysreg(cptr, cptr_el2);
		isb();
	}
	arch_irq_restore(flags);
}

void arch_copy(void *restrict dst, const void *restrict src, size_t n)
{
	const uint8_t *s = src;
	uint8_t *d = dst;

	while (n >= COPY_LEAST) {
		size_t part = MIN(ALIGN_DOWN(n, COPY_UNIT), PAGE_SIZE);

		copy_masked(d, s, part);
		d += part;
		s += part;
		n -= part;
	}
	copy_bytes(d, s, n);
}
