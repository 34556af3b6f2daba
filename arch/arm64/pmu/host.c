/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's PMUv3 (Arm ARM D11): the counters beyond MDCR_EL2.HPMN, which are
 * ours, and the interrupt. Each CPU's reserved counters are its last ones;
 * those before them and the cycle counter are for guests (guest.c).
 *
 * MDCR_EL2.TPM traps all of a guest's accesses. HPMN alone is not relied on: it
 * keeps the counters out of EL1's reach on hardware, but QEMU 7.2 lets EL1 read
 * beyond it; and PMCR_EL0.E, which EL1 could otherwise clear, gates the
 * interrupts of all counters there.
 */
#include <arch/pmu.h>
#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <arch_impl/features.h>
#include <arch_impl/pmu.h>
#include <core/budget.h>
#include <core/dt.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/vcpu.h>
#include <libs/error.h>

#include "events.h"
#include "host.h"

#define PMU_ALL UINT64_C(0xffffffff)

static struct {
	uint64_t ceid[2]; /* of all CPUs */
	uint8_t reserve;  /* wanted of each CPU */
	uint8_t reserved; /* reserved on all CPUs */
	uint8_t guest;    /* event counters for guests */
	bool any;         /* a CPU was seen */
	bool interrupts;  /* the interrupt works */
	bool nudges;      /* see nudge_needed() */
} host = { .reserve = 2 * ARCH_PMU_COUNTERS };

/*
 * QEMU 7.2 looks for an overflow one count too early, so that it finds none
 * until something else makes it look. A second counter of the same event that
 * overflows a few counts later does. Hardware needs none: nudge_needed() finds
 * out.
 */
#define NUDGE_COUNTS 64
#define NUDGE(n) ((n) + ARCH_PMU_COUNTERS)

/* Reserved counter `n`, of this CPU. */
static unsigned int index_of(unsigned int n)
{
	return this_cpu()->arch.pmu_first + n;
}

static void select_counter(unsigned int i)
{
	write_sysreg(i, pmselr_el0);
	isb();
}

static void set_counter(unsigned int i, uint64_t type, uint32_t value)
{
	select_counter(i);
	write_sysreg(type, pmxevtyper_el0);
	write_sysreg(value, pmxevcntr_el0);
}

/* ---- boot ---- */

static unsigned int counters_of_cpu(void)
{
	return (unsigned int)FIELD(read_sysreg(pmcr_el0), 15, 11);
}

/* One at least stays below HPMN, where 0 would be UNPREDICTABLE (D17.3.9). */
static unsigned int reserve(unsigned int counters)
{
	return IS_ENABLED(CONFIG_BUDGET) && counters > 1
		       ? MIN(counters - 1, (unsigned int)host.reserve)
		       : 0;
}

static void all_cpus_have(unsigned int reserved, unsigned int guest)
{
	host.ceid[0] = read_sysreg(pmceid0_el0) &
		       (host.any ? host.ceid[0] : UINT64_MAX);
	host.ceid[1] = read_sysreg(pmceid1_el0) &
		       (host.any ? host.ceid[1] : UINT64_MAX);
	host.reserved =
		(uint8_t)(host.any ? MIN(host.reserved, reserved) : reserved);
	host.guest = (uint8_t)(host.any ? MIN(host.guest, guest) : guest);
	host.any = true;
}

__cold uint64_t pmu_cpu_init(void)
{
	unsigned int counters = counters_of_cpu();
	unsigned int reserved = reserve(counters);

	write_sysreg(PMCR_E | PMCR_P | PMCR_C | PMCR_LC, pmcr_el0);
	write_sysreg(PMU_ALL, pmcntenclr_el0);
	write_sysreg(PMU_ALL, pmintenclr_el1);
	write_sysreg(PMU_ALL, pmovsclr_el0);
	write_sysreg(0, pmccfiltr_el0);
	write_sysreg(0, pmuserenr_el0);
	this_cpu()->arch.pmu_first = (uint8_t)(counters - reserved);
	all_cpus_have(reserved, counters - reserved);
	pmu_guest_init();
	return (counters - reserved) | (reserved ? MDCR_HPME : 0);
}

/*
 * Does an overflow of instructions stay unseen? Nothing between the counter's
 * start and the reading of ISR_EL1, which is no register of the PMU, may make
 * an emulator look. Cycles pass by themselves. Interrupts masked, none pending.
 */
#define PROBE_LEFT 64
#define PROBE_LOOPS 256

static bool nudge_needed(void)
{
	unsigned int i = index_of(0);
	uint32_t event = 0;
	bool raised;

	if (pmu_event_parse(host.ceid, "INST_RETIRED", &event)) {
		return false;
	}
	set_counter(i, event | PMU_TYPE_NSH, (uint32_t)-PROBE_LEFT);
	write_sysreg(BIT(i), pmintenset_el1);
	write_sysreg(BIT(i), pmcntenset_el0);
	isb();
	for (volatile unsigned int k = 0; k < PROBE_LOOPS; k++) {
		/* Instructions to count. */
	}
	raised = (read_sysreg(isr_el1) & ISR_I) != 0;
	write_sysreg(BIT(i), pmcntenclr_el0);
	write_sysreg(BIT(i), pmintenclr_el1);
	write_sysreg(BIT(i), pmovsclr_el0);
	isb();
	return !raised;
}

/* Guests get what budgets do not need. Other CPUs come later. */
static void give_back(void)
{
	uint64_t mdcr = read_sysreg(mdcr_el2) & ~(MDCR_HPMN | MDCR_HPME);

	host.reserve = ARCH_PMU_COUNTERS;
	host.any = false;
	write_sysreg(mdcr | pmu_cpu_init(), mdcr_el2);
	isb();
}

static void pmu_handler(unsigned int irq, void *arg);

__cold void pmu_host_init(void)
{
	dt_node_t node = dt_next_compatible(-1, "arm,armv8-pmuv3");
	unsigned long flags;
	enum irq_trigger trigger;
	unsigned int irq;

	if (!cpu_features.pmu) {
		return;
	}
	if (node < 0 || irq_of_node(node, 0, &irq, &trigger) ||
	    irq_request(irq, pmu_handler, NULL, "pmu")) {
		log_warn("pmu: no node arm,armv8-pmuv3 with an interrupt of "
			 "each CPU in the host tree: no budgets of events, and "
			 "no PMU for guests");
		return;
	}
	irq_enable(irq);
	host.interrupts = true;
	flags = arch_irq_save();
	host.nudges = host.reserved > 0 && nudge_needed();
	if (!host.nudges) {
		give_back();
	}
	arch_irq_restore(flags);
	pmu_guest_init();
	log_info("pmu: %u event counters for guests, %u reserved%s", host.guest,
		 host.reserved,
		 host.nudges ? ", of which half make the others' overflows seen"
			     : "");
}

/* ---- what others ask ---- */

unsigned int arch_pmu_counters(void)
{
	unsigned int n = host.nudges ? host.reserved / 2U : host.reserved;

	return host.interrupts ? MIN(n, (unsigned int)ARCH_PMU_COUNTERS) : 0;
}

int arch_pmu_event(const char *text, uint32_t *event)
{
	return pmu_event_parse(host.ceid, text, event);
}

const char *arch_pmu_event_name(uint32_t event)
{
	return pmu_event_name(event);
}

bool arch_pmu_event_nth(unsigned int n, uint32_t *event)
{
	return pmu_event_nth(host.ceid, n, event);
}

int arch_pmu_event_default(uint32_t *event)
{
	return pmu_event_best(host.ceid, event);
}

unsigned int pmu_guest_counters(void)
{
	return host.guest;
}

bool pmu_guest_possible(void)
{
	return IS_ENABLED(CONFIG_GUEST_PMU) && host.interrupts;
}

/* Of what v8.1 added guests get the wider events; of what came later nothing.
 * */
unsigned int pmu_guest_version(void)
{
	return pmu_guest_possible() ? MIN(cpu_features.pmu_version, 4U) : 0;
}

uint64_t pmu_ceid(unsigned int i)
{
	return host.ceid[i];
}

/* ---- reserved counters ---- */

void arch_pmu_start(unsigned int n, uint32_t event, uint32_t left)
{
	uint64_t type = event | PMU_TYPE_NSH;
	uint64_t set = BIT(index_of(n));

	this_cpu()->arch.pmu_left[n] = left;
	set_counter(index_of(n), type, (uint32_t)-left);
	if (host.nudges) {
		set |= BIT(index_of(NUDGE(n)));
		set_counter(index_of(NUDGE(n)), type,
			    (uint32_t)-left - NUDGE_COUNTS);
	}
	write_sysreg(BIT(index_of(n)), pmintenset_el1);
	write_sysreg(set, pmcntenset_el0);
}

uint32_t arch_pmu_stop(unsigned int n)
{
	uint64_t set = BIT(index_of(n));
	uint32_t value;

	if (host.nudges) {
		set |= BIT(index_of(NUDGE(n)));
	}
	write_sysreg(set, pmcntenclr_el0);
	select_counter(index_of(n));
	value = (uint32_t)read_sysreg(pmxevcntr_el0);
	write_sysreg(set, pmovsclr_el0);
	return value + this_cpu()->arch.pmu_left[n];
}

/* The line stays high until every counter that has passed zero was seen to. */
static void pmu_handler(unsigned int irq, void *arg)
{
	struct percpu *cpu = this_cpu();
	uint64_t over = read_sysreg(pmovsset_el0);
	uint64_t guests = BIT(cpu->arch.pmu_first) - 1;

	(void)arg;
	if (over & ~(guests | PMU_CYCLES)) {
		budget_overflow();
	} else if (!(over & (guests | PMU_CYCLES))) {
		if (irq_spurious(irq)) {
			irq_silence(irq);
		}
		return;
	}
	/* A counter that has not been stopped must not signal for ever. */
	write_sysreg(over & ~(guests | PMU_CYCLES) &
			     ~read_sysreg(pmcntenset_el0),
		     pmovsclr_el0);
	if (over & (guests | PMU_CYCLES)) {
		pmu_guest_overflow(over & (guests | PMU_CYCLES));
	}
}

/* ---- switching ---- */

void pmu_switch_out(struct vcpu *v)
{
	if (v->arch.pmu & PMU_BUDGET) {
		budget_switch_out(v);
	}
	if (v->arch.pmu & PMU_GUEST) {
		pmu_guest_save(v);
	}
}

void pmu_switch_in(struct vcpu *v)
{
	if (v->arch.pmu & PMU_GUEST) {
		pmu_guest_load(v);
	}
	if (v->arch.pmu & PMU_BUDGET) {
		budget_switch_in(v);
	}
}

void arch_pmu_follow(struct vcpu *v, bool on)
{
	if (on) {
		v->arch.pmu |= PMU_BUDGET;
	} else {
		v->arch.pmu &= (uint8_t)~PMU_BUDGET;
	}
}
