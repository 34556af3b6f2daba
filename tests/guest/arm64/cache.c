/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests that compete for the last-level cache: `role=victim` reads lines of
 * `size=` KiB in random order, and marks for a plugin the part to measure, once
 * the cache is warm; `role=attacker` runs through its memory for ever. Both
 * execute YIELD now and then: QEMU runs its CPUs in turn, and YIELD ends a
 * CPU's turn.
 */
#include <guest.h>

#include "tests/plugins/arm64/marks.h"

#define LINE 64
#define READS 65536        /* measured reads */
#define READS_AT_ONCE 4    /* of the victim, before it yields */
#define ATTACK_AT_ONCE 12  /* of an attacker */
#define DATA_AT 0x200000UL /* from the start of the image */
#define ATTACK_SIZE 0x400000UL

#define TABLE_ENTRIES 512
#define BLOCK_1G 0x40000000UL
#define BLOCK_DEVICE 0x401UL /* attributes 0, access flag */
#define BLOCK_NORMAL 0x705UL /* attributes 1, inner shareable, access flag */

static uint64_t table[TABLE_ENTRIES] __attribute__((aligned(4096)));

/* Data caches need the MMU: a flat mapping of 39 bits. */
static void caches_on(void)
{
	for (unsigned long i = 0; i < 4; i++) {
		table[i] = i * BLOCK_1G | (i ? BLOCK_NORMAL : BLOCK_DEVICE);
	}
	guest_sysreg_write(mair_el1, 0xff00);
	guest_sysreg_write(ttbr0_el1, (uint64_t)table);
	guest_sysreg_write(tcr_el1, 0x200803519);
	__asm__ volatile("dsb sy; isb");
	guest_sysreg_write(sctlr_el1, guest_sysreg_read(sctlr_el1) | 0x1005);
	__asm__ volatile("isb");
}

static void turn_over(void)
{
	__asm__ volatile("yield" : : : "memory");
}

static uint64_t number(const void *tree, const char *name)
{
	const char *text = guest_argument(tree, name);
	uint64_t value = 0;

	while (text && *text >= '0' && *text <= '9') {
		value = value * 10 + (uint64_t)(*text++ - '0');
	}
	return value;
}

static const volatile uint64_t *data(void)
{
	uint64_t here;

	__asm__("adr %0, ." : "=r"(here));
	return (const volatile uint64_t *)((here & ~(DATA_AT - 1)) + DATA_AT);
}

/* Reads random lines; scaled by multiplication, as the size is not a power of
 * two. */
static void read_any(const volatile uint64_t *from, uint64_t lines,
		     unsigned int reads)
{
	uint64_t s = 88172645463325252;

	for (unsigned int n = 0; n < reads; n++) {
		s ^= s << 13;
		s ^= s >> 7;
		s ^= s << 17;
		(void)from[((s >> 32) * lines >> 32) * (LINE / 8)];
		if (n % READS_AT_ONCE == 0) {
			turn_over();
		}
	}
}

static void read_all(const volatile uint64_t *from, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes / 8; at += LINE / 8) {
		(void)from[at];
		if (at / (LINE / 8) % ATTACK_AT_ONCE == 0) {
			turn_over();
		}
	}
}

static void victim(uint64_t bytes)
{
	read_all(data(), bytes);
	read_any(data(), bytes / LINE, READS);
	mark(MARK_SERIES);
	mark(MARK_BEGIN);
	read_any(data(), bytes / LINE, READS);
	mark(MARK_END);
	mark(MARK_SERIES);
	guest_puts("measured\n");
}

void guest_main(const void *tree)
{
	const char *role = guest_argument(tree, "role=");

	caches_on();
	if (role && guest_begins(role, "victim")) {
		victim(number(tree, "size=") * 1024);
		return;
	}
	guest_puts("attacks\n");
	for (;;) {
		read_all(data(), ATTACK_SIZE);
	}
}
