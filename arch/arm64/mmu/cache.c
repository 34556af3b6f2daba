/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cache maintenance by address, and zeroing by cache line. */
#include <arch/mmu.h>
#include <arch_impl/cpu.h>
#include <arch_impl/features.h>
#include <string.h>

/* zero.S */
void zero_lines64(void *va, size_t size);

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

void arch_zero_pages(void *va, size_t size)
{
	uint64_t dczid = read_sysreg(dczid_el0);
	uintptr_t end = (uintptr_t)va + size;
	size_t block = words(FIELD(dczid, 3, 0));

	if (dczid & BIT(4)) {				/* DZP: prohibited */
		memset(va, 0, size);
		return;
	}
	/* A block is at most 2 KiB, so that a page is 2 of them or more. */
	for (uintptr_t at = (uintptr_t)va; at < end; at += block) {
		__asm__ volatile("dc zva, %0" : : "r"(at) : "memory");
		at += block;
		__asm__ volatile("dc zva, %0" : : "r"(at) : "memory");
	}
}

void arch_zero_memory(void *va, size_t size)
{
	if (words(FIELD(features_ctr(), 19, 16)) == 64) {	/* DminLine */
		zero_lines64(va, size);
		return;
	}
	arch_zero_pages(va, size);
	arch_cache_clean_inval(va, size);
}
