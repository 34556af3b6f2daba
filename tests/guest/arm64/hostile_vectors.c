/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exception vectors where nothing is: the fault on fetching the vector leads
 * to the same vector. There is no architectural way out; the hypervisor
 * stops this guest, by its crash policy, and says why.
 */
#include <guest.h>

void guest_main(const void *tree)
{
	(void)tree;
	guest_puts("\nvectors: leaving\n");
	guest_sysreg_write(vbar_el1, 0x30000000);
	__asm__ volatile("isb\n\tbrk #0");
	guest_puts("\nFAIL vectors: came back\n");
}
