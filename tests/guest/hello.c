/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest guest that shows that it runs: it prints a line, then every line
 * typed. */
#include <guest.h>

/* 'q' powers off. */
void guest_main(const void *tree)
{
	guest_puts("hello: tree at ");
	guest_puthex((uint64_t)(uintptr_t)tree);
	guest_puts("\n");
	for (;;) {
		char c = guest_getc();

		if (c == 'q') {
			guest_puts("bye\n");
			return;
		}
		guest_putc(c);
	}
}
