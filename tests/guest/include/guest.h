/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a bare-metal test guest has on every architecture: a console, boot
 * arguments, power off. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stdint.h>

/* The image's own part; `tree` is the guest's device tree. Return: power off.
 * */
void guest_main(const void *tree);

void guest_putc(char c);
char guest_getc(void); /* waits for one */
void guest_puts(const char *s);
void guest_puthex(uint64_t v);

void guest_poweroff(void);

/* The text behind `name` in the boot arguments of the tree, or NULL. */
const char *guest_argument(const void *tree, const char *name);
/* Its number, in decimal. */
uint64_t guest_number(const void *tree, const char *name, uint64_t otherwise);
bool guest_begins(const char *text, const char *with);

static inline uint32_t guest_read32(uint64_t addr)
{
	return *(volatile uint32_t *)addr;
}

static inline void guest_write32(uint64_t addr, uint32_t v)
{
	*(volatile uint32_t *)addr = v;
}

/* tests/guest/<arch>/include: guest_wait(), which waits for an interrupt, and
 * additions for guests of this architecture. */
#include <guest_arch.h>

#endif
