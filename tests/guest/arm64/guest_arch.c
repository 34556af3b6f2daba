/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64's part of the test guests: PL011, calls to firmware, exceptions. */
#include <guest.h>

#define UART_DR (GUEST_UART + 0x00)
#define UART_FR (GUEST_UART + 0x18)
#define UART_FR_RXFE (1U << 4)
#define UART_FR_TXFF (1U << 5)
#define PSCI_SYSTEM_OFF 0x84000008U

void guest_putc(char c)
{
	while ((guest_read32(UART_FR) & UART_FR_TXFF) != 0) {}
	guest_write32(UART_DR, (uint8_t)c);
}

/* No interrupt controller is set up, so poll gently. */
char guest_getc(void)
{
	while ((guest_read32(UART_FR) & UART_FR_RXFE) != 0) {
		__asm__ volatile("wfe");
	}
	return (char)guest_read32(UART_DR);
}

uint64_t guest_hvc(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	register uint64_t r0 __asm__("x0") = x0;
	register uint64_t r1 __asm__("x1") = x1;
	register uint64_t r2 __asm__("x2") = x2;
	register uint64_t r3 __asm__("x3") = x3;

	/* SMCCC 1.0 lets the callee change x4-x17. */
	__asm__ volatile("hvc #0"
			 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
			   "x12", "x13", "x14", "x15", "x16", "x17", "memory");
	return r0;
}

uint64_t guest_smc(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	register uint64_t r0 __asm__("x0") = x0;
	register uint64_t r1 __asm__("x1") = x1;
	register uint64_t r2 __asm__("x2") = x2;
	register uint64_t r3 __asm__("x3") = x3;

	__asm__ volatile("smc #0"
			 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
			   "x12", "x13", "x14", "x15", "x16", "x17", "memory");
	return r0;
}

void guest_poweroff(void)
{
	guest_hvc(PSCI_SYSTEM_OFF, 0, 0, 0);
}

static void report(unsigned int vector, struct guest_frame *frame)
{
	guest_puts("guest exception, vector ");
	guest_puthex(vector);
	guest_puts(" esr ");
	guest_puthex(guest_sysreg_read(esr_el1));
	guest_puts(" elr ");
	guest_puthex(frame->elr);
	guest_puts(" far ");
	guest_puthex(guest_sysreg_read(far_el1));
	guest_puts("\n");
	guest_poweroff();
}

guest_handler guest_on_exception = report;

void guest_exception(unsigned int vector, struct guest_frame *frame)
{
	guest_on_exception(vector, frame);
}
