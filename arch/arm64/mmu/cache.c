/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cache maintenance by address, and zeroing by cache line. */
#include <arch/mmu.h>
#include <arch_impl/cpu.h>
#include <arch_impl/features.h>
#include <core/log.h>
#include <string.h>

#define ZERO_LINE 64 /* of nearly all CPUs, and what DC ZVA clears there */

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
	size_t line = words(FIELD(ctr, 19, 16)); /* DminLine */
	uintptr_t at;

	for_each_line(at, va, size, line)
	{
		__asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
	}
	dsb(sy);
}

/* CTR_EL0.CWG; 0: not given, at most 2 KiB (Arm ARM D19.2.34). */
size_t arch_cache_granule(void)
{
	uint64_t cwg = FIELD(features_ctr(), 27, 24);

	return cwg ? words(cwg) : KIB(2);
}

/*
 * Guest images are written through our addresses and run through the guest's.
 * In a PIPT instruction cache both name the same line; a VIPT one, whose
 * aliases are unknown, is invalidated as a whole.
 */
static void icache_inval(const void *va, size_t size, uint64_t ctr)
{
	size_t line = words(FIELD(ctr, 3, 0)); /* IminLine */
	bool pipt = FIELD(ctr, 15, 14) == 3;   /* L1Ip */
	uintptr_t at;

	if (!pipt) {
		__asm__ volatile("ic ialluis" : : : "memory");
		return;
	}
	for_each_line(at, va, size, line)
	{
		__asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");
	}
}

/*
 * A guest begins with its caches off: it fetches and reads from memory, so
 * cleaning to the point of unification (and thus CTR_EL0.IDC) is not enough.
 */
void arch_cache_sync_icache(const void *va, size_t size)
{
	uint64_t ctr = features_ctr();

	if (size == 0) {
		return;
	}
	arch_cache_clean_inval(va, size);
	if ((ctr & BIT(29)) == 0) { /* DIC */
		icache_inval(va, size, ctr);
	}
	dsb(ish);
	isb();
}

/* With CTR_EL0.DIC the writes were enough (Arm ARM B2.7.4). */
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

	if (dczid & BIT(4)) { /* DZP: prohibited */
		memset(va, 0, size);
		return;
	}
	/* A block is at most 2 KiB: there are two in a page, or more. */
	for (uintptr_t at = (uintptr_t)va; at < end; at += 2 * block) {
		__asm__ volatile("dc zva, %0\n\tdc zva, %1"
				 :
				 : "r"(at), "r"(at + block)
				 : "memory");
	}
}

/*
 * Where a line is what DC ZVA clears, it is cleaned at once, while it is still
 * close to the CPU; both act on one address and so in program order (Arm ARM
 * D7, "Ordering and completion of data and instruction cache instructions").
 * CIVAC, so that no line stays in the cache for aliases of another owner.
 */
static void zero_lines(uintptr_t at, uintptr_t end)
{
	for (; at < end; at += 4 * ZERO_LINE) {
		__asm__ volatile("dc zva, %0\n\tdc civac, %0\n\t"
				 "dc zva, %1\n\tdc civac, %1\n\t"
				 "dc zva, %2\n\tdc civac, %2\n\t"
				 "dc zva, %3\n\tdc civac, %3"
				 :
				 : "r"(at), "r"(at + ZERO_LINE),
				   "r"(at + 2 * ZERO_LINE),
				   "r"(at + 3 * ZERO_LINE)
				 : "memory");
	}
	dsb(sy);
}

void arch_zero_memory(void *va, size_t size)
{
	uint64_t dczid = read_sysreg(dczid_el0);
	size_t line = words(FIELD(features_ctr(), 19, 16)); /* DminLine */
	size_t block = words(FIELD(dczid, 3, 0));

	if (line == ZERO_LINE && block == ZERO_LINE && !(dczid & BIT(4))) {
		zero_lines((uintptr_t)va, (uintptr_t)va + size);
		return;
	}
	arch_zero_pages(va, size);
	arch_cache_clean_inval(va, size);
}
