/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that does everything a guest should not. It must get the
 * architecture's answer each time and reach the end; the hypervisor and the
 * guests beside it must not notice.
 */
#include "tests/guest/hostile/hostile.h"

void guest_main(const void *tree)
{
	(void)tree;
	guest_puts("\nhostile guest\n");
	hostile_calls();
	hostile_sysregs();
	hostile_maintenance();
	hostile_smp();
	hostile_aa32();
	probe_mmu_on();
	hostile_holes();
	hostile_forms();
	hostile_tables();
	hostile_devices();
	guest_puts("\nDONE\n");
}
