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

	/* Volatile: a thread may go on on another CPU after any switch. */
	__asm__ volatile("mrs %0, tpidr_el2" : "=r"(val));
	return (struct percpu *)val;
}

static inline unsigned long arch_irq_save(void)
{
	unsigned long flags;

	__asm__ volatile("mrs %0, daif\n\tmsr daifset, #2"
			 : "=r"(flags) : : "memory");
	return flags;
}

static inline void arch_irq_restore(unsigned long flags)
{
	__asm__ volatile("msr daif, %0" : : "r"(flags) : "memory");
}

static inline void arch_irq_enable(void)
{
	__asm__ volatile("msr daifclr, #2" : : : "memory");
}

static inline void arch_irq_disable(void)
{
	__asm__ volatile("msr daifset, #2" : : : "memory");
}

static inline bool arch_irq_disabled(void)
{
	return (read_sysreg(daif) & BIT(7)) != 0;
}

static inline void arch_cpu_relax(void)
{
	__asm__ volatile("yield" : : : "memory");
}

static inline void arch_wait_event(void)
{
	__asm__ volatile("wfe" : : : "memory");
}

static inline void arch_send_event(void)
{
	__asm__ volatile("dsb ishst\n\tsev" : : : "memory");
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
			 : "=&r"(val) : "Q"(*p), "r"(old) : "cc", "memory");
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
		     "hint #20\n\t"		/* csdb */
		     "b.hs %l[not_below]"
		     : "+r"(at) : "r"(n) : "cc" : not_below);
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

#endif
