/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cache maintenance by address, and zeroing by cache line. */
#include <arch/mmu.h>
#include <arch_impl/cpu.h>
#include <arch_impl/features.h>
#include <core/log.h>
#include <string.h>

/* Memory that is zeroed at a time; bounds the time with interrupts masked. */
#define ZERO_CHUNK MIB(32)
#define ZERO_LINE 64

/* zero.S */
void zero_through(uintptr_t start, uintptr_t end);

/* CTR_EL0 and DCZID_EL0 give log2 of words of four bytes. */
static size_t words(uint64_t log2)
{
	return (size_t)4 << log2;
}

#define for_each_line(at, va, size, line) \
	for ((at) = ALIGN_DOWN((uintptr_t)(va), (line)); \
	     (at) < (uintptr_t)(va) + (size); (at) += (line))

void arch_cache_clean_inval(const void *va, size_t size)
{
	uint64_t ctr = features_ctr();
	size_t line = words(FIELD(ctr, 19, 16));	/* DminLine */
	uintptr_t at;

	for_each_line(at, va, size, line) {
		__asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
	}
	dsb(sy);
}

/*
 * Guest images are written through our addresses and run through the guest's.
 * A PIPT instruction cache is named by either; for a VIPT one, whose aliases
 * are unknown, everything is dropped.
 */
static void icache_inval(const void *va, size_t size, uint64_t ctr)
{
	size_t line = words(FIELD(ctr, 3, 0));		/* IminLine */
	bool pipt = FIELD(ctr, 15, 14) == 3;		/* L1Ip */
	uintptr_t at;

	if (!pipt) {
		__asm__ volatile("ic ialluis" : : : "memory");
		return;
	}
	for_each_line(at, va, size, line) {
		__asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");
	}
}

/*
 * A guest begins with its caches off: it fetches and reads from memory, so
 * the point of unification (and with it CTR_EL0.IDC) does not do.
 */
void arch_cache_sync_icache(const void *va, size_t size)
{
	uint64_t ctr = features_ctr();

	if (size == 0) {
		return;
	}
	arch_cache_clean_inval(va, size);
	if ((ctr & BIT(29)) == 0) {			/* DIC */
		icache_inval(va, size, ctr);
	}
	dsb(ish);
	isb();
}

/* With CTR_EL0.DIC the writes have done it (Arm ARM B2.7.4). */
void arch_icache_forget(void)
{
	if ((features_ctr() & BIT(29)) == 0) {
		__asm__ volatile("ic ialluis" : : : "memory");
	}
	dsb(ish);
	isb();
}

void arch_zero_pages(void *va, size_t size)
{
	uint64_t dczid = read_sysreg(dczid_el0);
	uintptr_t end = (uintptr_t)va + size;
	size_t block = words(FIELD(dczid, 3, 0));

	if (dczid & BIT(4)) {				/* DZP: prohibited */
		memset(va, 0, size);
		return;
	}
	/* A block is at most 2 KiB: there are two in a page, or more. */
	for (uintptr_t at = (uintptr_t)va; at < end; at += 2 * block) {
		__asm__ volatile("dc zva, %0\n\tdc zva, %1"
				 : : "r"(at), "r"(at + block) : "memory");
	}
}

/* Whole blocks of the direct map, so that nothing is split. */
static void zero_blocks(uintptr_t start, uintptr_t end)
{
	while (start < end) {
		size_t n = MIN((size_t)(end - start), (size_t)ZERO_CHUNK);
		int err = arch_mmu_protect(VADDR(start), n, MMU_WRITE_THROUGH);

		assert(!err);
		zero_through(start, start + n);
		err = arch_mmu_protect(VADDR(start), n, MMU_RW);
		assert(!err);
		start += n;
	}
}

void arch_zero_memory(void *va, size_t size)
{
	size_t line = words(FIELD(features_ctr(), 19, 16));	/* DminLine */

	if (line == ZERO_LINE && IS_ALIGNED((uintptr_t)va | size, MIB(2))) {
		zero_blocks((uintptr_t)va, (uintptr_t)va + size);
		return;
	}
	arch_zero_pages(va, size);
	arch_cache_clean_inval(va, size);
}
