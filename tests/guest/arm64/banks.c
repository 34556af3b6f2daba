/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the width of the guest's addresses, and which of them are RAM, by
 * testing the last eight bytes below each power of two. The MMU is off, so that
 * only stage 2 matters.
 */
#include <guest.h>
#include <probe.h>

#define LOWEST 32
#define HIGHEST 48

/* ID_AA64MMFR0_EL1.PARange */
static unsigned int address_bits(void)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 52 };
	uint64_t code = guest_sysreg_read(id_aa64mmfr0_el1) & 15;

	return code < sizeof(bits) ? bits[code] : 0;
}

static void put_decimal(unsigned int n)
{
	guest_putc((char)('0' + n / 10));
	guest_putc((char)('0' + n % 10));
}

/* All are written before any is read, to notice two that are the same
 * memory. */
void guest_main(const void *tree)
{
	uint64_t val;

	(void)tree;
	for (unsigned int w = LOWEST; w <= HIGHEST; w++) {
		probe_write((UINT64_C(1) << w) - 8, 8, w);
	}
	guest_puts("banks: ");
	put_decimal(address_bits());
	guest_puts(" bits, RAM below 2^");
	for (unsigned int w = LOWEST; w <= HIGHEST; w++) {
		if (probe_read((UINT64_C(1) << w) - 8, 8, &val) && val == w) {
			guest_putc(' ');
			put_decimal(w);
		}
	}
	guest_puts(" end\n");
	for (;;) {
		__asm__ volatile("wfi");
	}
}
