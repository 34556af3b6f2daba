/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads, writes and jumps where nothing is: external aborts. */
#include "hostile.h"

#define FSC_SEA 0x10

/* The default machine's RAM, of whatever size, and what is below it: a
 * device may be anywhere there. */
#define RAM_BASE UINT64_C(0x40000000)
#define RAM_MOST UINT64_C(0x100000000)

static bool is_sea(unsigned int ec, uint64_t far)
{
	return probe.count == 1 && probe_ec() == ec && probe_fsc() == FSC_SEA &&
	       probe.far == far;
}

static bool hole(uint64_t addr)
{
	uint64_t val;

	for (unsigned int size = 1; size <= 8; size *= 2) {
		if (probe_read(addr, size, &val) || !is_sea(0x25, addr) ||
		    probe_write(addr, size, 0) || !is_sea(0x25, addr) ||
		    !(probe.esr & 0x40)) {
			return false;
		}
	}
	return !probe_fetch(addr) && is_sea(0x21, addr);
}

/* Any answer is right, but the guest must go on. */
static void poke(uint64_t addr)
{
	uint64_t val;

	for (unsigned int size = 1; size <= 8; size *= 2) {
		(void)probe_read(addr, size, &val);
		(void)probe_read(addr + 1, size, &val);
		(void)probe_read(addr - 1, size, &val);
	}
}

void hostile_holes(void)
{
	uint64_t val;
	bool ok = true;

	probe_report("hole", hole(HOLE));
	probe_report("hole-end-of-low", hole(RAM_BASE - 8));
	/* A misaligned access is one abort too. */
	probe_report("hole-misaligned",
		     !probe_read(HOLE + 3, 8, &val) && is_sea(0x25, HOLE + 3));
	for (uint64_t a = 0; a < RAM_BASE; a += 0x100000) {
		poke(a + 0x800);
	}
	probe_report("low-gigabyte", true);
	for (uint64_t a = RAM_MOST * 2; a < UINT64_C(1) << 39; a *= 2) {
		ok &= hole(a) && hole(a - 0x1000);
	}
	probe_report("beyond-ram", ok);
}
