/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's PMU. All accesses trap (host.c says why) and are done in struct
 * vpmu; a counter is in the CPU only while it counts and its VCPU runs there.
 * So a guest that counts nothing costs no switch anything, and nothing of the
 * reserved counters can be seen in any register.
 *
 * EL2 is never counted for a guest: its counters' filters leave it out, and
 * MDCR_EL2.HPMD does.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <arch_impl/esr.h>
#include <arch_impl/pmu.h>
#include <arch_impl/vgic.h>
#include <core/guest.h>
#include <core/percpu.h>
#include <core/vcpu.h>

#include "host.h"
#include "vpmu.h"

static struct vpmu_host vpmu_host;

void pmu_guest_init(void)
{
	vpmu_host = (struct vpmu_host){
		.ceid = { pmu_ceid(0), pmu_ceid(1) },
		.counters = (uint8_t)pmu_guest_counters(),
		.version = (uint8_t)pmu_guest_version(),
		.id = (uint16_t)(read_sysreg(pmcr_el0) >> 16),
	};
}

static void update_line(struct vcpu *v)
{
	struct vpmu *p = &v->arch.vpmu;
	bool line = vpmu_signals(p);

	if (line != p->line) {
		p->line = line;
		vgic_set_line(v, VPMU_PPI, line);
	}
}

/* --- in the CPU --------------------------------------------------------- */

static void select_counter(unsigned int i)
{
	write_sysreg(i, pmselr_el0);
	isb();
}

/* EL2 is not counted (NSH is clear), nor EL3 (M differs from P). */
static uint64_t hardware_type(uint32_t type)
{
	return type | (type & PMU_TYPE_P ? 0 : PMU_TYPE_M);
}

static void load_counter(const struct vpmu *p, unsigned int i)
{
	uint64_t type = hardware_type(p->type[i]);

	if (i == PMU_CYCLE_COUNTER) {
		write_sysreg(type, pmccfiltr_el0);
		write_sysreg(p->counter[i], pmccntr_el0);
		return;
	}
	select_counter(i);
	write_sysreg(type, pmxevtyper_el0);
	write_sysreg(p->counter[i], pmxevcntr_el0);
}

static uint64_t counter_now(unsigned int i)
{
	if (i == PMU_CYCLE_COUNTER) {
		return read_sysreg(pmccntr_el0);
	}
	select_counter(i);
	return (uint32_t)read_sysreg(pmxevcntr_el0);
}

void pmu_guest_load(struct vcpu *v)
{
	struct vpmu *p = &v->arch.vpmu;
	uint32_t which = vpmu_counting(p);

	for (unsigned int i = 0; i < VPMU_COUNTERS; i++) {
		if (which >> i & 1) {
			load_counter(p, i);
		}
	}
	p->loaded = which;
	/* E stays set for the reserved counters; which of the guest's count is
	 * said by their own bits. */
	write_sysreg(PMCR_E | (p->control & (PMCR_D | PMCR_LC)), pmcr_el0);
	write_sysreg(which & p->interrupts, pmintenset_el1);
	write_sysreg(which, pmcntenset_el0);
	write_sysreg(p->user, pmuserenr_el0);
}

void pmu_guest_save(struct vcpu *v)
{
	struct vpmu *p = &v->arch.vpmu;
	uint32_t which = p->loaded;

	write_sysreg(which, pmcntenclr_el0);
	write_sysreg(which, pmintenclr_el1);
	write_sysreg(0, pmuserenr_el0);
	isb();
	for (unsigned int i = 0; i < VPMU_COUNTERS; i++) {
		if (which >> i & 1) {
			p->counter[i] = counter_now(i);
		}
	}
	p->overflowed |= (uint32_t)read_sysreg(pmovsset_el0) & which;
	write_sysreg(which, pmovsclr_el0);
	p->loaded = 0;
	update_line(v);
}

void pmu_guest_overflow(uint64_t over)
{
	struct vcpu *v = this_cpu()->current;

	write_sysreg(over, pmovsclr_el0);
	if (v->arch.pmu & PMU_GUEST) {
		v->arch.vpmu.overflowed |= (uint32_t)over;
		update_line(v);
	}
}

/* --- accesses ----------------------------------------------------------- */

/* Does it use the CPU's counters while its VCPU runs? */
static bool needs_cpu(const struct vpmu *p)
{
	return vpmu_counting(p) != 0 || p->user != 0;
}

static uint64_t access_all(struct vcpu *v, struct vpmu_access a, bool write,
			   bool el0, uint64_t val)
{
	struct vpmu *p = &v->arch.vpmu;

	if (v->arch.pmu & PMU_GUEST) {
		pmu_guest_save(v);
		v->arch.pmu &= (uint8_t)~PMU_GUEST;
	}
	if (write) {
		p->used = true;
		vpmu_write(p, &vpmu_host, a, val, el0);
		update_line(v);
	} else {
		val = vpmu_read(p, &vpmu_host, a);
	}
	if (needs_cpu(p)) {
		v->arch.pmu |= PMU_GUEST;
		pmu_guest_load(v);
	}
	return val;
}

bool pmu_guest_access(struct vcpu *v, const struct guest_regs *regs,
		      uint64_t esr, uint64_t *val)
{
	struct vpmu_access a = vpmu_decode(esr);
	bool write = !(esr & ESR_SYS_READ);
	bool el0 = (regs->spsr & PSR_EL) == 0;
	struct vpmu *p = &v->arch.vpmu;
	int counter;

	if (v->guest->cfg->counters == GUEST_COUNTERS_NONE ||
	    !vpmu_allowed(p, &vpmu_host, a, write, el0)) {
		return false;
	}
	counter = write ? -1 : vpmu_reads_counter(p, a);
	if (counter >= 0 && (p->loaded >> counter & 1)) {
		/* What programs do most, and nothing else changes by it. */
		p->counter[counter] = counter_now((unsigned int)counter);
		*val = vpmu_read(p, &vpmu_host, a);
		return true;
	}
	*val = access_all(v, a, write, el0, *val);
	return true;
}

void pmu_guest_reset(struct vcpu *v)
{
	if (v->arch.vpmu.line) {
		vgic_set_line(v, VPMU_PPI, false);
	}
	v->arch.vpmu = (struct vpmu){ 0 };
	v->arch.pmu &= (uint8_t)~PMU_GUEST;
}
