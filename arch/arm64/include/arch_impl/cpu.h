/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: inlines behind <arch/cpu.h>, and system register access. */
#ifndef ARCH_IMPL_CPU_H
#define ARCH_IMPL_CPU_H

#include <libs/types.h>

struct percpu;

#define read_sysreg(reg) \
	({ \
		uint64_t val_; \
		__asm__ volatile("mrs %0, " #reg : "=r"(val_)); \
		val_; \
	})
#define write_sysreg(val, reg) \
	do { \
		uint64_t new_ = (val); \
		__asm__ volatile("msr " #reg ", %x0" : : "rZ"(new_)); \
	} while (0)

/*
 * Begins assembly with FP/SIMD registers: -mgeneral-regs-only disables them in
 * clang's assembler, too (seen with clang 19).
 */
#define ASM_FP ".arch_extension fp\n\t"

/* FPCR and FPSR. */
#define read_fp_sysreg(reg) \
	({ \
		uint64_t val_; \
		__asm__ volatile(ASM_FP "mrs %0, " #reg : "=r"(val_)); \
		val_; \
	})
#define write_fp_sysreg(val, reg) \
	do { \
		uint64_t new_ = (val); \
		__asm__ volatile(ASM_FP "msr " #reg ", %x0" : : "rZ"(new_)); \
	} while (0)

static inline void isb(void)
{
	__asm__ volatile("isb" : : : "memory");
}

#define dsb(domain) __asm__ volatile("dsb " #domain : : : "memory")
#define dmb(domain) __asm__ volatile("dmb " #domain : : : "memory")

/* TPIDR_EL2 holds the address of this CPU's struct percpu. */
static inline struct percpu *arch_percpu(void)
{
	uint64_t val;

	/* Volatile: after any switch a thread may run on another CPU. */
	__asm__ volatile("mrs %0, tpidr_el2" : "=r"(val));
	return (struct percpu *)val;
}

/*
 * How long interrupts are masked is measured (core/latency.h), if it is, by two
 * routines, latency_mask and latency_unmask (cpu/masked.S). Code goes there
 * that masks them while they are not masked, or is about to unmask them. In a
 * trap's handler they are masked already: a branch on the mask, which is not
 * taken, is all that it executes. The routines return to x17 and keep all but
 * x16. The mask's part has the flag in w16, the other one in w17: by these
 * tests/plugins/arm64/decode.h finds them.
 */
#ifdef CONFIG_SCHED_LATENCY
#ifdef __AARCH64_CMODEL_TINY__
#define LATENCY_FLAG(n) "ldr w" n ", latency_enabled\n\t"
#else
#define LATENCY_FLAG(n) \
	"adrp x" n ", latency_enabled\n\t" \
	"ldr w" n ", [x" n ", #:lo12:latency_enabled]\n\t"
#endif
#define LATENCY_CALL(n, hook) \
	LATENCY_FLAG(n) \
	"cbz w" n ", 2f\n\t" \
	"adr x17, 2f\n\t" \
	"b " hook "\n" \
	"2:\n\t"
#define LATENCY_CALL_IF_UNMASKED(flags, n, hook) \
	"tbz " flags ", #7, 1f\n" \
	"2:\n\t" \
	".subsection 1\n" \
	"1:\t" LATENCY_FLAG(n) "cbz w" n ", 2b\n\t" \
			       "adr x17, 2b\n\t" \
			       "b " hook "\n\t" \
			       ".previous\n\t"
#define LATENCY_CLOBBERS , "x16", "x17"
#else
#define LATENCY_CALL(n, hook)
#define LATENCY_CALL_IF_UNMASKED(flags, n, hook)
#define LATENCY_CLOBBERS
#endif

static inline unsigned long arch_irq_save(void)
{
	unsigned long flags;

	__asm__ volatile("mrs %0, daif\n\t"
			 "msr daifset, #2\n\t" LATENCY_CALL_IF_UNMASKED(
				 "%0", "16", "latency_mask")
			 : "=r"(flags)
			 :
			 : "memory" LATENCY_CLOBBERS);
	return flags;
}

static inline void arch_irq_restore(unsigned long flags)
{
	__asm__ volatile(LATENCY_CALL_IF_UNMASKED(
				 "%0", "17", "latency_unmask") "msr daif, %0"
			 :
			 : "r"(flags)
			 : "memory" LATENCY_CLOBBERS);
}

static inline void arch_irq_enable(void)
{
	__asm__ volatile(LATENCY_CALL("17", "latency_unmask") "msr daifclr, #2"
			 :
			 :
			 : "memory" LATENCY_CLOBBERS);
}

static inline void arch_irq_disable(void)
{
	__asm__ volatile(
		"msr daifset, #2\n\t" LATENCY_CALL("16", "latency_mask")
		:
		:
		: "memory" LATENCY_CLOBBERS);
}

static inline void arch_irq_window(void)
{
	__asm__ volatile("msr daifclr, #2\n\tmsr daifset, #2" : : : "memory");
}

/* What arch_irq_save() returned: were interrupts masked already? */
static inline bool arch_irq_was_disabled(unsigned long flags)
{
	return (flags & BIT(7)) != 0;
}

static inline bool arch_irq_disabled(void)
{
	return (read_sysreg(daif) & BIT(7)) != 0;
}

static inline void arch_cpu_relax(void)
{
	__asm__ volatile("yield" : : : "memory");
}

/*
 * The exclusive load sets the monitor, whose clearing by another CPU's store
 * is an event (Arm ARM B2.12.6): no SEV is needed, and no wakeup is lost.
 */
static inline void arch_wait_change(const uint16_t *p, uint16_t old)
{
	uint32_t val;

	__asm__ volatile("ldaxrh %w0, %1\n\t"
			 "cmp %w0, %w2, uxth\n\t"
			 "b.ne 1f\n\t"
			 "wfe\n"
			 "1:"
			 : "=&r"(val)
			 : "Q"(*p), "r"(old)
			 : "cc", "memory");
}

static inline void arch_idle(void)
{
	__asm__ volatile("dsb sy\n\twfi" : : : "memory");
}

/*
 * The branch on the answer may be mispredicted; CSDB keeps what follows from
 * using a selection that was (Arm ARM B2.3.11, C6.2.73). A hint on older CPUs,
 * which do not predict selections.
 */
static inline bool arch_index_below(uint64_t *i, uint64_t n)
{
	uint64_t at = *i;

	__asm__ goto("cmp %0, %1\n\t"
		     "csel %0, %0, xzr, lo\n\t"
		     "hint #20\n\t" /* csdb */
		     "b.hs %l[not_below]"
		     : "+r"(at)
		     : "rI"(n)
		     : "cc"
		     : not_below);
	*i = at;
	return true;
not_below:
	*i = 0;
	return false;
}

static inline void arch_mb(void)
{
	dmb(ish);
}

static inline void arch_rmb(void)
{
	dmb(ishld);
}

static inline void arch_wmb(void)
{
	dmb(ishst);
}

/* Devices are in the outer shareable domain (Arm ARM B2.7.1), and a barrier
 * orders accesses to memory and to device registers alike (B2.3.12). */
static inline void arch_dma_mb(void)
{
	dmb(osh);
}

static inline void arch_dma_rmb(void)
{
	dmb(oshld);
}

static inline void arch_dma_wmb(void)
{
	dmb(oshst);
}

#endif
