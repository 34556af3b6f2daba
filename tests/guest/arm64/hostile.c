/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that does everything that a guest should not do. It must get the
 * architecture's answer each time and reach the end; the hypervisor and other
 * guests must not be affected.
 */
#include "tests/guest/arm64/hostile/hostile.h"

void guest_main(const void *tree)
{
	(void)tree;
	guest_puts("\nhostile guest\n");
	hostile_calls();
	hostile_sysregs();
	hostile_maintenance();
	hostile_smp();
	hostile_interrupts();
	hostile_aa32();
	probe_mmu_on();
	hostile_holes();
	hostile_forms();
	hostile_el0();
	hostile_tables();
	hostile_devices();
	guest_puts("\nDONE\n");
}
