/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that says it lives and then costs nothing. */
#include <guest.h>

void guest_main(const void *tree)
{
	(void)tree;
	guest_puts("idle: waiting\n");
	for (;;) {
		__asm__ volatile("wfi");
	}
}
