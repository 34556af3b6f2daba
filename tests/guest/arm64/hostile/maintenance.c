/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cache and TLB maintenance, by set and way, by address, of everything. */
#include "hostile.h"

static bool set_way(void)
{
	/* DC ISW, CSW, CISW on levels, sets and ways that exist, and that do
	 * not. */
	for (uint64_t i = 0; i < 4096; i++) {
		uint64_t val = i << 6 | (i & 7) << 1 | (i & 15) << 28;

		(void)probe_insn(0xd5087640, val);
		(void)probe_insn(0xd5087a40, val);
		(void)probe_insn(0xd5087e40, val);
		if (probe.count) {
			return false;
		}
	}
	return true;
}

/* The hypervisor watches for this after set/way operations: caches off and
 * on. */
static bool toggle(void)
{
	uint64_t sctlr = guest_sysreg_read(sctlr_el1);

	probe_begin();
	for (unsigned int i = 0; i < 8; i++) {
		guest_sysreg_write(sctlr_el1, sctlr | 0x1000);
		guest_sysreg_write(sctlr_el1, sctlr);
		guest_sysreg_write(mair_el1, i);
		guest_sysreg_write(contextidr_el1, i);
	}
	return probe.count == 0 && guest_sysreg_read(mair_el1) == 7 &&
	       guest_sysreg_read(contextidr_el1) == 7;
}

static bool tlb(void)
{
	probe_begin();
	for (uint64_t i = 0; i < 2000; i++) {
		__asm__ volatile("tlbi vmalle1is\n\ttlbi vmalle1\n\t"
				 "tlbi vaae1is, %0\n\ttlbi aside1is, %0\n\t"
				 "dsb ish\n\tisb"
				 :
				 : "r"(i << 40 | i));
	}
	return probe.count == 0;
}

static bool instruction(void)
{
	probe_begin();
	for (uint64_t i = 0; i < 2000; i++) {
		__asm__ volatile("ic ialluis\n\tic iallu\n\tdsb ish\n\tisb");
	}
	return probe.count == 0;
}

static bool by_address(void)
{
	/* IVAC, CVAC, CVAU, CIVAC where nothing is: no abort, or one. */
	static const uint32_t ops[] = { 0xd5087620, 0xd50b7a20, 0xd50b7b20,
					0xd50b7e20 };

	for (unsigned int i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		(void)probe_insn(ops[i], HOLE);
		if (probe.count > 1) {
			return false;
		}
		(void)probe_insn(ops[i], GUEST_UART);
		if (probe.count > 1) {
			return false;
		}
	}
	return true;
}

void hostile_maintenance(void)
{
	probe_report("set-way", set_way());
	probe_report("set-way-toggle", toggle());
	probe_report("tlb", tlb());
	probe_report("icache", instruction());
	probe_report("cache-by-address", by_address());
}
