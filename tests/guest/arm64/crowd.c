/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns on as many VCPUs as it has, all of which spin with interrupts masked.
 * Prints how many they are.
 */
#include <guest.h>

#define VCPUS 128
#define CPU_ON 0xc4000003
#define CLUSTER 16 /* VCPUs of one Aff1 */

void crowd_spin(void);

__asm__(".pushsection .text\n"
	".globl crowd_spin\n"
	".type crowd_spin, %function\n"
	"crowd_spin:\n"
	"	msr daifset, #15\n"
	"1:	b 1b\n"
	".size crowd_spin, . - crowd_spin\n"
	".popsection\n");

void guest_main(const void *tree)
{
	uint64_t n = 1;

	(void)tree;
	while (n < VCPUS && guest_hvc(CPU_ON, n / CLUSTER << 8 | n % CLUSTER,
				      (uint64_t)crowd_spin, 0) == 0) {
		n++;
	}
	guest_puts("\ncrowd: ");
	guest_puthex(n);
	guest_puts("\n");
	crowd_spin();
}
