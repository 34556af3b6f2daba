/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every bare-metal test guest shares: its console and boot arguments. */
#include <guest.h>
#include <stddef.h>

void guest_puts(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n') {
			guest_putc('\r');
		}
		guest_putc(*s);
	}
}

void guest_puthex(uint64_t v)
{
	guest_puts("0x");
	for (int shift = 60; shift >= 0; shift -= 4) {
		guest_putc("0123456789abcdef"[(v >> shift) & 15]);
	}
}

bool guest_begins(const char *text, const char *with)
{
	while (*with != '\0' && *text == *with) {
		text++;
		with++;
	}
	return *with == '\0';
}

/* They are somewhere in the tree. */
const char *guest_argument(const void *tree, const char *name)
{
	uint32_t size = __builtin_bswap32(((const uint32_t *)tree)[1]);
	const char *text = tree;

	for (uint32_t i = 0; i + 16 < size; i++) {
		if (guest_begins(text + i, name)) {
			while (*name++ != '\0') {
				i++;
			}
			return text + i;
		}
	}
	return NULL;
}

uint64_t guest_number(const void *tree, const char *name, uint64_t otherwise)
{
	const char *text = guest_argument(tree, name);
	uint64_t n = 0;

	for (; text && *text >= '0' && *text <= '9'; text++) {
		n = 10 * n + (uint64_t)(*text - '0');
	}
	return text ? n : otherwise;
}
