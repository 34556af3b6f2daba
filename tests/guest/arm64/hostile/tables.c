/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables that point everywhere, and that are at addresses without memory.
 */
#include "hostile.h"

#define FSC_SEA 0x10
#define FSC_SEA_WALK 0x14

/* A window for all of it: the address space's last gigabyte. */
#define WINDOW 511
#define WINDOW_VA (UINT64_C(WINDOW) << 30)

/* Blocks that lead to every power of two. */
static bool outputs(void)
{
	uint64_t val;
	bool ok = true;

	for (unsigned int bit = 31; bit < 48; bit++) {
		probe_map(WINDOW, UINT64_C(1) << bit | PROBE_BLOCK_NORMAL);
		if (probe_read(WINDOW_VA + 0x10, 4, &val)) {
			/* RAM of a big guest may be there. */
			ok &= bit < 40;
		} else {
			ok &= probe.count == 1;
		}
		(void)probe_write(WINDOW_VA, 8, 0);
		(void)probe_fetch(WINDOW_VA);
	}
	return ok;
}

/* A next-level table where nothing is, and in a device. */
static bool walks(void)
{
	uint64_t val;
	bool ok;

	probe_map(WINDOW, HOLE | 3);
	ok = !probe_read(WINDOW_VA, 4, &val) && probe.count == 1 &&
	     probe_ec() == 0x25 && (probe.esr & 0x3c) == FSC_SEA_WALK &&
	     (probe.esr & 3) == 2;
	ok &= !probe_fetch(WINDOW_VA) && probe_ec() == 0x21 &&
	      (probe.esr & 0x3c) == FSC_SEA_WALK;
	probe_map(WINDOW, (GUEST_UART & ~UINT64_C(0xfff)) | 3);
	(void)probe_read(WINDOW_VA + 0x200000, 4, &val);
	return ok && probe.count == 1;
}

/* TTBR1 into the void. */
static bool root(void)
{
	uint64_t tcr = guest_sysreg_read(tcr_el1);
	uint64_t val;
	bool ok;

	guest_sysreg_write(ttbr1_el1, HOLE);
	guest_sysreg_write(tcr_el1, (tcr & ~(UINT64_C(1) << 23)) |
					    UINT64_C(25) << 16 |
					    UINT64_C(2) << 30);
	__asm__ volatile("isb\n\ttlbi vmalle1\n\tdsb ish\n\tisb");
	ok = !probe_read(UINT64_C(0xffffff8000000000), 8, &val) &&
	     probe.count == 1 && (probe.esr & 0x3c) == FSC_SEA_WALK &&
	     (probe.esr & 3) == 1;
	guest_sysreg_write(tcr_el1, tcr);
	__asm__ volatile("isb");
	return ok;
}

/* A table that is its own next level, at all depths. */
static bool recursive(void)
{
	uint64_t table = guest_sysreg_read(ttbr0_el1);
	uint64_t val;

	probe_map(WINDOW, table | 3);
	(void)probe_read(WINDOW_VA | UINT64_C(511) << 21 | UINT64_C(511) << 12,
			 8, &val);
	(void)probe_read(WINDOW_VA, 8, &val);
	return true;
}

/* Address translation instructions on all of that. */
static bool translate(void)
{
	probe_map(WINDOW, HOLE | 3);
	for (uint64_t va = 0; va < UINT64_C(1) << 39; va += UINT64_C(1) << 30) {
		probe_begin();
		__asm__ volatile("at s1e1r, %0\n\tisb" : : "r"(va));
		__asm__ volatile("at s1e0w, %0\n\tisb" : : "r"(va));
		if (probe.count > 2) {
			return false;
		}
	}
	return true;
}

void hostile_tables(void)
{
	probe_report("table-output", outputs());
	probe_report("table-walk", walks());
	probe_report("table-root", root());
	probe_report("table-recursive", recursive());
	probe_report("table-translate", translate());
	probe_map(WINDOW, 0);
}
