/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that tests its PMU and tries to reach the counters that are not its
 * own. With `attack` in its boot arguments it then does only that, for ever,
 * while its budget must still hold.
 */
#include <guest.h>
#include <probe.h>

#define E UINT64_C(1)
#define P UINT64_C(2)
#define C UINT64_C(4)
#define LC UINT64_C(0x40)
#define CYCLES (UINT64_C(1) << 31)
#define INST_RETIRED 0x08
#define CPU_CYCLES 0x11
#define SW_INCR 0x00

#define GICD 0x08000000UL
#define GICR 0x080a0000UL
#define PPI 23

static unsigned int counters;

/* --- registers by number ------------------------------------------------ */

static uint32_t mrs(unsigned int crm, unsigned int op2)
{
	return 0xd53b0000 | 14 << 12 | crm << 8 | op2 << 5;
}

static uint32_t msr(unsigned int crm, unsigned int op2)
{
	return 0xd51b0000 | 14 << 12 | crm << 8 | op2 << 5;
}

static uint64_t read_counter(unsigned int n)
{
	return probe_insn(mrs(8 + n / 8, n % 8), 0);
}

static void write_counter(unsigned int n, uint64_t val)
{
	probe_insn(msr(8 + n / 8, n % 8), val);
}

static uint64_t read_type(unsigned int n)
{
	return probe_insn(mrs(12 + n / 8, n % 8), 0);
}

static void write_type(unsigned int n, uint64_t val)
{
	probe_insn(msr(12 + n / 8, n % 8), val);
}

static void spin(uint64_t instructions)
{
	uint64_t n = instructions / 2;

	__asm__ volatile("1: subs %0, %0, #1\n\tb.ne 1b" : "+r"(n) : : "cc");
}

/* --- what is not there ---------------------------------------------------- */

static bool undef(void)
{
	return probe.count == 1 && probe_ec() == 0;
}

/* Tries each counter from PMCR_EL0.N on, in every way. */
static void hidden(void)
{
	uint64_t mask = CYCLES | ((UINT64_C(1) << counters) - 1);
	bool direct = true, selected = true;

	for (unsigned int n = counters; n < 31; n++) {
		read_counter(n);
		direct = direct && undef();
		write_counter(n, ~UINT64_C(0));
		direct = direct && undef();
		read_type(n);
		direct = direct && undef();
		write_type(n, INST_RETIRED);
		direct = direct && undef();
		probe_begin();
		guest_sysreg_write(pmselr_el0, n);
		guest_sysreg_write(pmxevtyper_el0, INST_RETIRED);
		guest_sysreg_write(pmxevcntr_el0, 0x12345678);
		selected = selected && guest_sysreg_read(pmxevtyper_el0) == 0 &&
			   guest_sysreg_read(pmxevcntr_el0) == 0 &&
			   probe.count == 0;
	}
	probe_report("hidden-direct", direct);
	probe_report("hidden-selected", selected);
	guest_sysreg_write(pmcntenset_el0, ~UINT64_C(0));
	guest_sysreg_write(pmintenset_el1, ~UINT64_C(0));
	guest_sysreg_write(pmovsset_el0, ~UINT64_C(0));
	probe_report("hidden-sets",
		     guest_sysreg_read(pmcntenset_el0) == mask &&
			     guest_sysreg_read(pmintenset_el1) == mask &&
			     guest_sysreg_read(pmovsset_el0) == mask);
	guest_sysreg_write(pmcntenclr_el0, ~UINT64_C(0));
	guest_sysreg_write(pmintenclr_el1, ~UINT64_C(0));
	guest_sysreg_write(pmovsclr_el0, ~UINT64_C(0));
	probe_report("cleared",
		     guest_sysreg_read(pmcntenset_el0) == 0 &&
			     guest_sysreg_read(pmintenset_el1) == 0 &&
			     guest_sysreg_read(pmovsset_el0) == 0);
}

/* --- what is -------------------------------------------------------------- */

static void cycles(void)
{
	uint64_t before, after, off;

	guest_sysreg_write(pmccntr_el0, 1000);
	guest_sysreg_write(pmcntenset_el0, CYCLES);
	before = guest_sysreg_read(pmccntr_el0);
	spin(100000);
	probe_report("cycles-off", guest_sysreg_read(pmccntr_el0) == before);
	guest_sysreg_write(pmcr_el0, E | LC);
	before = guest_sysreg_read(pmccntr_el0);
	spin(100000);
	after = guest_sysreg_read(pmccntr_el0);
	probe_report("cycles", before >= 1000 && after > before);
	guest_sysreg_write(pmcntenclr_el0, CYCLES);
	off = guest_sysreg_read(pmccntr_el0);
	spin(10000);
	probe_report("cycles-disabled",
		     guest_sysreg_read(pmccntr_el0) == off && off >= after);
}

/* QEMU counts instructions only with -icount, but then exactly. */
static void instructions(void)
{
	uint64_t has = guest_sysreg_read(pmceid0_el0) >> INST_RETIRED & 1;
	uint64_t n;

	if (!has) {
		return;
	}
	write_type(0, INST_RETIRED);
	write_counter(0, 0);
	guest_sysreg_write(pmcntenset_el0, 1);
	spin(100000);
	guest_sysreg_write(pmcntenclr_el0, 1);
	n = read_counter(0);
	/* The hypervisor's instructions for these accesses are not counted. */
	probe_report_value("instructions", n >= 100000 && n < 100050, n);
	guest_sysreg_write(pmcr_el0, E | LC | P);
	probe_report("reset", read_counter(0) == 0 &&
				      guest_sysreg_read(pmccntr_el0) != 0);
	guest_sysreg_write(pmcr_el0, E | LC | C);
	probe_report("reset-cycles", guest_sysreg_read(pmccntr_el0) == 0);
	/* Do not count at EL1. */
	write_type(0, INST_RETIRED | UINT64_C(1) << 31);
	guest_sysreg_write(pmcntenset_el0, 1);
	spin(1000);
	guest_sysreg_write(pmcntenclr_el0, 1);
	probe_report_value("filter", read_counter(0) == 0, read_counter(0));
}

static void software(void)
{
	write_type(0, SW_INCR);
	write_counter(0, 0xfffffffe);
	guest_sysreg_write(pmcntenset_el0, 1);
	guest_sysreg_write(pmswinc_el0, ~UINT64_C(0));
	probe_report("software", read_counter(0) == 0xffffffff);
	guest_sysreg_write(pmswinc_el0, 1);
	probe_report("overflow", read_counter(0) == 0 &&
					 guest_sysreg_read(pmovsclr_el0) == 1);
	guest_sysreg_write(pmcntenclr_el0, 1);
	guest_sysreg_write(pmovsclr_el0, 1);
}

/* --- its interrupt -------------------------------------------------------- */

static volatile unsigned int interrupts;
static volatile uint64_t overflowed;

static void on_interrupt(unsigned int vector, struct guest_frame *frame)
{
	uint64_t intid;

	(void)frame;
	if ((vector & 3) != 1) {
		guest_exception(vector, frame);
		return;
	}
	intid = guest_sysreg_read(s3_0_c12_c12_0); /* ICC_IAR1_EL1 */
	if (intid == PPI) {
		interrupts++;
		overflowed = guest_sysreg_read(pmovsset_el0);
		guest_sysreg_write(pmovsclr_el0, overflowed);
	}
	guest_sysreg_write(s3_0_c12_c12_1, intid); /* ICC_EOIR1_EL1 */
}

static void interrupts_on(void)
{
	guest_on_exception = on_interrupt;
	guest_write32(GICD, 0x12);                         /* ARE, group 1 */
	guest_write32(GICR + 0x10080, ~0u);                /* IGROUPR0 */
	guest_write32(GICR + 0x10100, UINT32_C(1) << PPI); /* ISENABLER0 */
	guest_sysreg_write(s3_0_c12_c12_5, 7);             /* ICC_SRE_EL1 */
	__asm__ volatile("isb");
	guest_sysreg_write(s3_0_c4_c6_0, 0xff); /* ICC_PMR_EL1 */
	guest_sysreg_write(s3_0_c12_c12_7, 1);  /* ICC_IGRPEN1_EL1 */
	__asm__ volatile("isb\n\tmsr daifclr, #2");
}

/* For the cycle counter, whose overflow QEMU notices in time. */
static void interrupt(void)
{
	interrupts_on();
	guest_sysreg_write(pmintenset_el1, CYCLES);
	guest_sysreg_write(pmccntr_el0, (uint64_t)-100000);
	guest_sysreg_write(pmcntenset_el0, CYCLES);
	for (unsigned int i = 0; interrupts == 0 && i < 100000; i++) {
		spin(1000);
	}
	probe_report_value("interrupt", interrupts == 1 && overflowed == CYCLES,
			   interrupts);
	/* It was cleared, and does not come again. */
	spin(100000);
	probe_report("interrupt-once", interrupts == 1);
	guest_sysreg_write(pmcntenclr_el0, CYCLES);
	/* Set by software: the interrupt follows the register. */
	guest_sysreg_write(pmovsset_el0, CYCLES);
	spin(1000);
	probe_report("interrupt-set", interrupts == 2);
	guest_sysreg_write(pmcr_el0, LC);
	guest_sysreg_write(pmovsset_el0, CYCLES);
	spin(1000);
	probe_report("interrupt-disabled", interrupts == 2);
	__asm__ volatile("msr daifset, #2");
	guest_sysreg_write(pmovsclr_el0, CYCLES);
}

/* --- no PMU, or an attack ------------------------------------------------- */

static void none(void)
{
	bool all = true;

	probe_begin();
	(void)guest_sysreg_read(pmcr_el0);
	all = all && undef();
	probe_begin();
	guest_sysreg_write(pmuserenr_el0, 15);
	all = all && undef();
	probe_begin();
	(void)guest_sysreg_read(pmccntr_el0);
	all = all && undef();
	read_counter(0);
	all = all && undef();
	probe_report("none", all);
}

static void attack(void)
{
	probe_begin();
	for (;;) {
		guest_sysreg_write(pmcr_el0, 0);
		guest_sysreg_write(pmcr_el0, P | C);
		guest_sysreg_write(pmcntenclr_el0, ~UINT64_C(0));
		guest_sysreg_write(pmintenclr_el1, ~UINT64_C(0));
		guest_sysreg_write(pmovsclr_el0, ~UINT64_C(0));
		guest_sysreg_write(pmuserenr_el0, 15);
		for (unsigned int n = 0; n < 32; n++) {
			guest_sysreg_write(pmselr_el0, n);
			guest_sysreg_write(pmxevtyper_el0, 0xc0000000);
			guest_sysreg_write(pmxevcntr_el0, 0);
		}
		guest_sysreg_write(pmuserenr_el0, 0);
	}
}

void guest_main(const void *tree)
{
	uint64_t version = guest_sysreg_read(id_aa64dfr0_el1) >> 8 & 0xf;

	guest_puts("\npmu guest\n");
	if (version == 0) {
		none();
	} else {
		counters =
			(unsigned int)(guest_sysreg_read(pmcr_el0) >> 11 & 31);
		probe_report_value("counters", counters > 0, counters);
		hidden();
		cycles();
		instructions();
		software();
		interrupt();
	}
	guest_puts("DONE\n");
	if (guest_argument(tree, "attack")) {
		attack();
	}
}
