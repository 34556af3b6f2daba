/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that counts the instructions it gets: each of its VCPUs runs the same
 * loop of LOOP instructions for ever, and VCPU 0 prints how many loops all of
 * them have run in every other second of the counter. `vcpus=N` in its boot
 * arguments is the number of VCPUs to turn on.
 */
#include <guest.h>

#define LOOP 100000 /* instructions, not counting about a dozen around them */

static volatile uint64_t rounds[GUEST_VCPUS];

static unsigned int self(void)
{
	return (unsigned int)(guest_sysreg_read(mpidr_el1) & (GUEST_VCPUS - 1));
}

static void go_round(unsigned int me)
{
	uint64_t n = LOOP / 2;

	__asm__ volatile("1: subs %0, %0, #1\n\tb.ne 1b" : "+r"(n) : : "cc");
	rounds[me]++;
}

static void run(void)
{
	unsigned int me = self();

	for (;;) {
		go_round(me);
	}
}

static uint64_t all_rounds(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < GUEST_VCPUS; i++) {
		sum += rounds[i];
	}
	return sum;
}

static uint64_t seconds(void)
{
	return guest_sysreg_read(cntvct_el0) / guest_sysreg_read(cntfrq_el0);
}

void guest_main(const void *tree)
{
	const char *vcpus = guest_argument(tree, "vcpus=");
	uint64_t begin, count;

	for (unsigned int i = 1; vcpus && i < (unsigned int)(*vcpus - '0');
	     i++) {
		guest_hvc(0xc4000003, i, (uint64_t)guest_secondary,
			  (uint64_t)run);
	}
	guest_puts("meter: ready\n");
	for (;;) {
		begin = seconds();
		while (seconds() == begin) {
			go_round(0);
		}
		count = all_rounds();
		begin++;
		while (seconds() == begin) {
			go_round(0);
		}
		count = all_rounds() - count;
		guest_puts("second ");
		guest_puthex(begin);
		guest_puts(" rounds ");
		guest_puthex(count);
		guest_puts("\n");
	}
}
