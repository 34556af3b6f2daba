/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turning VCPUs on and off, rightly and wrongly. */
#include "hostile.h"

#define CPU_OFF 0x84000002
#define CPU_ON 0xc4000003
#define AFFINITY_INFO 0xc4000004

#define INVALID_PARAMETERS (-2)
#define ALREADY_ON (-4)
#define INVALID_ADDRESS (-9)
#define ROUNDS 200

extern const uint8_t secondary[];
static volatile uint64_t arrived;

void secondary_main(uint64_t context);
void secondary_main(uint64_t context)
{
	arrived = context;
	guest_hvc(CPU_OFF, 0, 0, 0);
}

/* Where CPU_ON enters: a stack, and on to C. */
__asm__(".pushsection .text\n"
	".balign 4\n"
	"secondary:\n"
	"	adrp x1, secondary_stack\n"
	"	add x1, x1, :lo12:secondary_stack\n"
	"	add sp, x1, #4096\n"
	"	b secondary_main\n"
	".popsection\n"
	".local secondary_stack\n"
	".comm secondary_stack, 4096, 16\n");

static int on(uint64_t cpu, uint64_t entry, uint64_t context)
{
	return (int)guest_hvc(CPU_ON, cpu, entry, context);
}

static bool errors(void)
{
	return on(0, (uint64_t)secondary, 0) == ALREADY_ON &&
	       on(77, (uint64_t)secondary, 0) == INVALID_PARAMETERS &&
	       on(UINT64_MAX, (uint64_t)secondary, 0) == INVALID_PARAMETERS &&
	       on(1, HOLE, 0) != 0 && on(1, 1, 0) != 0 &&
	       on(1, GUEST_UART, 0) != 0 &&
	       (int)guest_hvc(AFFINITY_INFO, 77, 0, 0) == INVALID_PARAMETERS &&
	       (int)guest_hvc(AFFINITY_INFO, 0, 9, 0) == INVALID_PARAMETERS &&
	       (int)guest_hvc(AFFINITY_INFO, 0, 0, 0) == 0;
}

static bool wait_off(void)
{
	for (unsigned int i = 0; i < 100000000; i++) {
		if (guest_hvc(AFFINITY_INFO, 1, 0, 0) == 1) {
			return true;
		}
	}
	return false;
}

static bool rounds(void)
{
	for (uint64_t i = 1; i <= ROUNDS; i++) {
		if (on(1, (uint64_t)secondary, i) != 0 || !wait_off() ||
		    arrived != i) {
			return false;
		}
	}
	return true;
}

void hostile_smp(void)
{
	probe_begin();
	probe_report("psci-errors", errors());
	/* With one VCPU there is nobody to start. */
	if ((int)guest_hvc(AFFINITY_INFO, 1, 0, 0) != INVALID_PARAMETERS) {
		probe_report("psci-on-off", rounds());
	}
}
