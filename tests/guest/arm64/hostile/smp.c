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

/* Contexts with which a VCPU does more than report its arrival. */
#define LEAVE_TRACES UINT64_C(0x1ea7e)
#define FIND_TRACES UINT64_C(0xf17d)
#define TRACE UINT64_C(0x5aa5f00d1234)
#define FPEN (UINT64_C(3) << 20)

/* FP register, breakpoint, EL1 register, CPU interface: none has a value from
 * before the VCPU was off. */
static volatile uint64_t traces;

static void leave_traces(void)
{
	__asm__ volatile("msr cpacr_el1, %1\n\tisb\n\t"
			 ".arch_extension fp\n\tfmov d7, %0\n\t"
			 "msr dbgbvr1_el1, %0\n\tmsr tpidr_el1, %0\n\t"
			 "msr mdscr_el1, %2\n\tisb"
			 :
			 : "r"(TRACE), "r"(FPEN), "r"(UINT64_C(1) << 15));
}

static void find_traces(void)
{
	uint64_t cpacr, fp, bvr, tpidr, mdscr;

	__asm__ volatile("mrs %0, cpacr_el1\n\t"
			 "msr cpacr_el1, %5\n\tisb\n\t"
			 ".arch_extension fp\n\tfmov %1, d7\n\t"
			 "mrs %2, dbgbvr1_el1\n\tmrs %3, tpidr_el1\n\t"
			 "mrs %4, mdscr_el1"
			 : "=&r"(cpacr), "=&r"(fp), "=&r"(bvr), "=&r"(tpidr),
			   "=&r"(mdscr)
			 : "r"(FPEN));
	traces = cpacr | fp | bvr | tpidr | mdscr;
}

void secondary_main(uint64_t context);
void secondary_main(uint64_t context)
{
	if (context == LEAVE_TRACES) {
		leave_traces();
	} else if (context == FIND_TRACES) {
		find_traces();
	}
	arrived = context;
	guest_hvc(CPU_OFF, 0, 0, 0);
}

/* Entry for CPU_ON: sets a stack and calls C. */
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

/* Twice: the second time the VCPU has run before. */
static bool begins_clean(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		traces = TRACE;
		if (on(1, (uint64_t)secondary, LEAVE_TRACES) != 0 ||
		    !wait_off() ||
		    on(1, (uint64_t)secondary, FIND_TRACES) != 0 ||
		    !wait_off() || traces != 0) {
			return false;
		}
	}
	return true;
}

void hostile_smp(void)
{
	probe_begin();
	probe_report("psci-errors", errors());
	/* With one VCPU there is no other to start. */
	if ((int)guest_hvc(AFFINITY_INFO, 1, 0, 0) != INVALID_PARAMETERS) {
		probe_report("psci-on-off", rounds());
		probe_report("psci-on-clean", begins_clean());
	}
}
