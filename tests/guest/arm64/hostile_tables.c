/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation tables where nothing is, with the MMU on: neither the next
 * instruction nor the exception vector can be fetched. As hostile_vectors.
 */
#include <guest.h>

void guest_main(const void *tree)
{
	(void)tree;
	guest_puts("\ntables: leaving\n");
	guest_sysreg_write(mair_el1, 0xff);
	guest_sysreg_write(tcr_el1, UINT64_C(0x200803519));
	guest_sysreg_write(ttbr0_el1, 0x30000000);
	__asm__ volatile("isb\n\ttlbi vmalle1\n\tdsb ish\n\tisb");
	guest_sysreg_write(sctlr_el1, guest_sysreg_read(sctlr_el1) | 1);
	__asm__ volatile("isb");
	guest_puts("\nFAIL tables: came back\n");
}
