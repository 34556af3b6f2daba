/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The share of the machine that a guest gets. `share=measure`: prints
 * repeatedly the fraction of the time it ran, in thousandths, and how long its
 * flash was busy with a word, in microseconds. `share=reset`: a neighbour that
 * resets itself as often as it may; `share=flash`: the same after changing its
 * flash.
 */
#include <guest.h>

#define SYSTEM_RESET 0x84000009

#define FLASH 0x04000000UL /* the second bank, without an image */
#define FLASH_IMAGE 0UL    /* the first */
#define FLASH_PAGE 0x1000
#define FLASH_BLOCK 0x40000
#define FLASH_PROGRAM 0x00400040 /* both chips, side by side */
#define FLASH_ERASE 0x00200020
#define FLASH_CONFIRM 0x00d000d0
#define FLASH_ARRAY 0x00ff00ff
#define FLASH_READY 0x80

#define WINDOW_MS 500
#define AWAY_US 500 /* a longer gap between readings: it did not run */
#define DIGITS 10

static uint64_t now(void)
{
	__asm__ volatile("isb");
	return guest_sysreg_read(cntvct_el0);
}

static uint64_t us(uint64_t ticks)
{
	return ticks * 1000000 / guest_sysreg_read(cntfrq_el0);
}

static void put_number(const char *what, uint64_t v)
{
	char text[2 * DIGITS + 1];
	unsigned int at = sizeof(text) - 1;

	text[at] = 0;
	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	guest_puts(what);
	guest_puts(text + at);
}

/* The thousandths of the window that begins now. */
static uint64_t permille(void)
{
	uint64_t freq = guest_sysreg_read(cntfrq_el0);
	uint64_t begin = now(), last = begin, ran = 0;
	uint64_t away = freq * AWAY_US / 1000000;

	while (last - begin < freq * WINDOW_MS / 1000) {
		uint64_t t = now();

		ran += t - last < away ? t - last : 0;
		last = t;
	}
	return ran * 1000 / (last - begin);
}

static void flash_ready(uint64_t at)
{
	while (!(guest_read32(at) & FLASH_READY)) {}
}

static void flash_program(uint64_t at)
{
	guest_write32(at, FLASH_PROGRAM);
	guest_write32(at, 0);
	flash_ready(at);
}

/* Programs pages that have not been written: about every eighth time, memory is
 * allocated. Returns the longest time. */
static uint64_t flash_busy(void)
{
	uint64_t longest = 0;

	guest_write32(FLASH, FLASH_ERASE);
	guest_write32(FLASH, FLASH_CONFIRM);
	flash_ready(FLASH);
	for (uint64_t at = 0; at < FLASH_BLOCK / 4; at += FLASH_PAGE) {
		static uint64_t block;
		uint64_t begin = now(), took;

		flash_program(FLASH + block * FLASH_BLOCK + at);
		took = us(now() - begin);
		longest = took > longest ? took : longest;
		block = at + FLASH_PAGE < FLASH_BLOCK / 4 ? block
							  : (block + 1) % 8;
	}
	return longest;
}

static void measure(void)
{
	for (;;) {
		put_number("share ", permille());
		put_number(" flash ", flash_busy());
		guest_puts("\n");
	}
}

void guest_main(const void *tree)
{
	const char *what = guest_argument(tree, "share=");

	if (what && guest_begins(what, "measure")) {
		guest_puts("\n");
		measure();
	}
	if (what && guest_begins(what, "flash")) {
		flash_program(FLASH_IMAGE);
		guest_write32(FLASH_IMAGE, FLASH_ARRAY);
	}
	guest_hvc(SYSTEM_RESET, 0, 0, 0);
}
