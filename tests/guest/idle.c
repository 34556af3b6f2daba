/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that prints a line and then uses no CPU time. */
#include <guest.h>

void guest_main(const void *tree)
{
	(void)tree;
	guest_puts("idle: waiting\n");
	for (;;) {
		guest_wait();
	}
}
