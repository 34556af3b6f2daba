/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A control loop (docs/howto/mixed-criticality.md): at each millisecond of the
 * virtual timer it takes a reading, filters it and sets its output; the
 * deadline is the next millisecond. Once a second it prints the number of
 * loops, of missed deadlines, and the longest time from the millisecond to the
 * output. Each loop writes one character of this line: writing all of it at
 * once would take too long.
 */
#include <gic.h>

#define PERIOD_HZ 1000
#define TAPS 64
#define PASSES 60

static uint64_t period; /* in ticks of the counter */
static volatile int32_t taps[TAPS];
static volatile int32_t output;

static char line[80];
static unsigned int length, written;

static uint64_t now(void)
{
	__asm__ volatile("isb" : : : "memory");
	return guest_sysreg_read(cntvct_el0);
}

static void sleep_until(uint64_t when)
{
	guest_sysreg_write(cntv_cval_el0, when);
	guest_sysreg_write(cntv_ctl_el0, 1);
	while (now() < when) {
		uint32_t iar;

		guest_wait();
		/* The timer's interrupt is level-sensitive, so clear it
		 * first. */
		guest_sysreg_write(cntv_ctl_el0, 0);
		iar = gic_take();
		if ((iar & 0x3ff) < 1020) {
			gic_end(iar);
		}
		guest_sysreg_write(cntv_ctl_el0, 1);
	}
	guest_sysreg_write(cntv_ctl_el0, 0);
}

/* Some 30,000 instructions. */
static void compute(uint64_t reading)
{
	int32_t sum = (int32_t)reading;

	for (unsigned int pass = 0; pass < PASSES; pass++) {
		for (unsigned int i = 0; i < TAPS; i++) {
			int32_t tap = taps[i];

			taps[i] = tap + ((sum - tap) >> 3);
			sum = tap;
		}
	}
	output = sum;
}

static void add(const char *text)
{
	while (*text != '\0' && length < sizeof(line)) {
		line[length++] = *text++;
	}
}

static void add_number(uint64_t n)
{
	char digits[24];
	unsigned int i = sizeof(digits);

	digits[--i] = '\0';
	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	add(digits + i);
}

static void tell(uint64_t loops, uint64_t missed, uint64_t longest)
{
	static uint64_t seconds;
	uint64_t us = 1000000 / PERIOD_HZ;

	length = written = 0;
	add("control ");
	add_number(++seconds);
	add(": ");
	add_number(loops);
	add(" loops, ");
	add_number(missed);
	add(" missed, longest ");
	add_number(longest * us / period);
	add(" us\r\n");
}

void guest_main(const void *tree)
{
	uint64_t begin, loops = 0, missed = 0, longest = 0;

	(void)tree;
	gic_init();
	gic_enable(GIC_TIMER);
	period = guest_sysreg_read(cntfrq_el0) / PERIOD_HZ;
	begin = now() + period;
	for (;;) {
		uint64_t took;

		sleep_until(begin);
		compute(begin);
		if (written < length) {
			guest_putc(line[written++]);
		}
		took = now() - begin;
		loops++;
		missed += took > period;
		longest = took > longest ? took : longest;
		begin += period;
		/* A loop whose deadline has already passed is not begun. */
		for (; now() >= begin + period; begin += period) {
			loops++;
			missed++;
		}
		if (loops >= PERIOD_HZ) {
			tell(loops, missed, longest);
			loops = missed = longest = 0;
		}
	}
}
