/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest guest that shows it lives: a line, then every line typed. */
#include <guest.h>

#define UART_DR (GUEST_UART + 0x00)
#define UART_FR (GUEST_UART + 0x18)
#define UART_FR_RXFE (1U << 4)
#define UART_IMSC (GUEST_UART + 0x38)
#define UART_IMSC_RX ((1U << 4) | (1U << 6))

/* 'q' powers off; no interrupt controller is set up, so poll gently. */
void guest_main(const void *tree)
{
	guest_puts("hello: tree at ");
	guest_puthex((uint64_t)(uintptr_t)tree);
	guest_puts("\n");
	for (;;) {
		uint32_t c;

		while ((guest_read32(UART_FR) & UART_FR_RXFE) != 0) {
			__asm__ volatile("wfe");
		}
		c = guest_read32(UART_DR) & 0xff;
		if (c == 'q') {
			guest_puts("bye\n");
			return;
		}
		guest_putc((char)c);
	}
}
