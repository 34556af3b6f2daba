/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest VCPU's EL1 and EL0 system registers, between the CPU and memory.
 *
 * Saved whenever the VCPU is switched out, so that any CPU can continue it; not
 * loaded again if this CPU ran only threads in between.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <arch_impl/features.h>
#include <arch_impl/pmu.h>
#include <arch_impl/smccc_host.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/sched_policy.h>
#include <core/vcpu.h>

#include "debug.h"

/*
 * What every CPU has: two neighbours in struct sysregs, which go by one access
 * to memory, and their registers. TCR and SCTLR are apart, see sysregs_load().
 */
#define COMMON_REGS(PAIR) \
	PAIR(cpacr, cpacr_el1, ttbr0, ttbr0_el1) \
	PAIR(ttbr1, ttbr1_el1, mair, mair_el1) \
	PAIR(vbar, vbar_el1, contextidr, contextidr_el1) \
	PAIR(tpidr_el0, tpidr_el0, tpidrro_el0, tpidrro_el0) \
	PAIR(tpidr_el1, tpidr_el1, sp_el0, sp_el0) \
	PAIR(sp_el1, sp_el1, elr_el1, elr_el1) \
	PAIR(spsr_el1, spsr_el1, esr, esr_el1) \
	PAIR(far, far_el1, par, par_el1) \
	PAIR(cntkctl, cntkctl_el1, csselr, csselr_el1)

/* IMPLEMENTATION DEFINED, and RES0 where there are none of these: on Cortex-A
 * CPUs. */
#define AUX_REGS(REG) \
	REG(amair, amair_el1) \
	REG(afsr0, afsr0_el1) \
	REG(afsr1, afsr1_el1)

/* APIAKeyLo_EL1 .. APGAKeyHi_EL1. */
#define PAUTH_REGS(REG) \
	REG(pauth[0], s3_0_c2_c1_0) \
	REG(pauth[1], s3_0_c2_c1_1) \
	REG(pauth[2], s3_0_c2_c1_2) \
	REG(pauth[3], s3_0_c2_c1_3) \
	REG(pauth[4], s3_0_c2_c2_0) \
	REG(pauth[5], s3_0_c2_c2_1) \
	REG(pauth[6], s3_0_c2_c2_2) \
	REG(pauth[7], s3_0_c2_c2_3) \
	REG(pauth[8], s3_0_c2_c3_0) \
	REG(pauth[9], s3_0_c2_c3_1)

#define SAVE(member, reg) s->member = read_sysreg(reg);
#define LOAD(member, reg) write_sysreg(s->member, reg);
#define SAVE_PAIR(member_a, reg_a, member_b, reg_b) \
	do { \
		uint64_t a_ = read_sysreg(reg_a), b_ = read_sysreg(reg_b); \
		s->member_a = a_; \
		s->member_b = b_; \
	} while (0);
/* The empty statement has both read before the first is written: by one
 * instruction. */
#define LOAD_PAIR(member_a, reg_a, member_b, reg_b) \
	do { \
		uint64_t a_ = s->member_a, b_ = s->member_b; \
		__asm__ volatile("" : "+r"(a_), "+r"(b_)); \
		write_sysreg(a_, reg_a); \
		write_sysreg(b_, reg_b); \
	} while (0);

static void optional_save(struct sysregs *s)
{
	if (!cpu_features.more_regs) {
		return;
	}
	if (cpu_features.aux_regs) {
		AUX_REGS(SAVE)
	}
	if (cpu_features.pauth) {
		PAUTH_REGS(SAVE)
	}
	if (cpu_features.csv2_2) {
		SAVE(scxtnum_el0, s3_3_c13_c0_7)
		SAVE(scxtnum_el1, s3_0_c13_c0_7)
	}
	if (cpu_features.ras) {
		SAVE(disr, s3_4_c12_c1_1) /* VDISR_EL2 */
	}
	if (cpu_features.sme) {
		SAVE(tpidr2, s3_3_c13_c0_5)
	}
}

#ifdef CONFIG_CACHE_PORTIONS
static void mpam_load(const struct guest *g)
{
	write_sysreg(g->arch.mpam, s3_0_c10_c5_0); /* MPAM1_EL1 */
	write_sysreg(g->arch.mpam, s3_0_c10_c5_1); /* MPAM0_EL1 */
}
#else
static inline void mpam_load(const struct guest *g)
{
	(void)g;
}
#endif

static void optional_load(const struct vcpu *v)
{
	const struct sysregs *s = &v->arch.sys;

	if (!cpu_features.more_regs) {
		return;
	}
	if (cpu_features.aux_regs) {
		AUX_REGS(LOAD)
	}
	if (cpu_features.pauth) {
		PAUTH_REGS(LOAD)
	}
	if (cpu_features.csv2_2) {
		LOAD(scxtnum_el0, s3_3_c13_c0_7)
		LOAD(scxtnum_el1, s3_0_c13_c0_7)
	}
	if (cpu_features.ras) {
		LOAD(disr, s3_4_c12_c1_1)
		write_sysreg(0, s3_4_c5_c2_3); /* VSESR_EL2 */
	}
	if (cpu_features.sme) {
		LOAD(tpidr2, s3_3_c13_c0_5)
	}
	if (cpu_features.mpam) {
		mpam_load(v->guest);
	}
}

void vcpu_context_save(struct vcpu *v)
{
	struct sysregs *s = &v->arch.sys;

	if (unlikely(v->arch.pmu)) {
		pmu_switch_out(v);
	}
	SAVE_PAIR(sctlr, sctlr_el1, tcr, tcr_el1)
	COMMON_REGS(SAVE_PAIR)
	optional_save(s);
	/* The timer reports its line to the vGIC after that has released the
	 * hardware's interrupts. */
	vgic_cpuif_save(&v->arch.vgic);
	vtimer_save(v);
}

/*
 * Two VCPUs of a guest share a VMID and may use the same VA and ASID for
 * different things, so this CPU's TLB entries of the other VCPU must be
 * invalidated; and the instruction cache too, if it is tagged by virtual
 * address.
 */
static void forget_sibling(const struct vcpu *v, unsigned int cpu)
{
	uint16_t *last = &v->guest->arch.last_vcpu[cpu];
	uint16_t me = (uint16_t)(v->index + 1);

	if (*last == me) {
		return;
	}
	if (*last) {
		isb();
		__asm__ volatile("tlbi vmalle1" : : : "memory");
		if (FIELD(features_ctr(), 15, 14) < 2) {
			__asm__ volatile("ic iallu" : : : "memory");
		}
		dsb(nsh);
	}
	*last = me;
}

/*
 * No table walk may mix one guest's stage 1 with another's stage 2, not
 * even a speculative one (Cortex-A72 erratum 1319367 and its like): walks
 * are off from before the first register is changed until the last is set.
 */
static void sysregs_load(const struct vcpu *v, uint64_t vttbr, unsigned int cpu)
{
	const struct sysregs *s = &v->arch.sys;

	write_sysreg(s->tcr | TCR_EPD0 | TCR_EPD1, tcr_el1);
	write_sysreg(s->sctlr | SCTLR_M, sctlr_el1);
	isb();
	write_sysreg(v->guest->stage2.vtcr, vtcr_el2);
	write_sysreg(vttbr, vttbr_el2);
	write_sysreg(v->arch.vmpidr, vmpidr_el2);
	COMMON_REGS(LOAD_PAIR)
	optional_load(v);
	forget_sibling(v, cpu);
	isb();
	write_sysreg(s->tcr, tcr_el1);
	write_sysreg(s->sctlr, sctlr_el1);
}

/* WFE is a hint that another VCPU should run: it is trapped only if one is
 * ready. */
static uint64_t hcr_now(const struct vcpu *v, const struct percpu *cpu)
{
	bool peers = READ_ONCE(cpu->rq->nr_ready) != 0;

	return v->arch.hcr | (peers ? HCR_TWE : 0);
}

/*
 * Branch predictions trained by one guest must not affect another. If no VCPU
 * is loaded, one that is gone may have run here last.
 */
static void forget_guest(const struct percpu *cpu, const struct vcpu *v)
{
	const struct vcpu *last = cpu->arch.loaded;

	if (unlikely(cpu->arch.predictor_call) &&
	    (!last || last->guest != v->guest)) {
		smccc_call(cpu->arch.predictor_call, 0, 0, 0, NULL);
	}
}

void vcpu_context_restore(struct vcpu *v)
{
	struct percpu *cpu = this_cpu();
	uint64_t vttbr = stage2_vttbr(&v->guest->stage2);

	if (cpu->arch.loaded != v || v->arch.loaded_cpu != cpu->id) {
		forget_guest(cpu, v);
		sysregs_load(v, vttbr, cpu->id);
		cpu->arch.loaded = v;
		v->arch.loaded_cpu = cpu->id;
	} else if (read_sysreg(vttbr_el2) != vttbr) {
		/* The VMID was reassigned meanwhile. */
		write_sysreg(vttbr, vttbr_el2);
	}
	write_sysreg(hcr_now(v, cpu), hcr_el2);
	debug_load(v);
	vtimer_restore(v);
	vgic_cpuif_restore(&v->arch.vgic);
	if (unlikely(v->arch.pmu)) {
		pmu_switch_in(v);
	}
}

/* Runs on the CPU that still holds state of a VCPU: drops that. */
static void unload(void *arg)
{
	struct percpu *cpu = this_cpu();

	if (cpu->arch.loaded != arg) {
		return;
	}
	/* No walks through tables that are about to be freed. */
	write_sysreg(read_sysreg(tcr_el1) | TCR_EPD0 | TCR_EPD1, tcr_el1);
	write_sysreg(read_sysreg(sctlr_el1) | SCTLR_M, sctlr_el1);
	isb();
	write_sysreg(HCR_RW | HCR_IMO | HCR_FMO | HCR_AMO, hcr_el2);
	write_sysreg(0, vttbr_el2);
	isb();
	cpu->arch.loaded = NULL;
}

void vcpu_context_unload(struct vcpu *v)
{
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		if (cpu_online(cpu) &&
		    READ_ONCE(percpu_table[cpu]->arch.loaded) == v) {
			/* Fails for a CPU that is offline, whose state is gone,
			 * too. */
			int err = cpu_call(cpu, unload, v, true);

			(void)err;
		}
	}
	v->arch.loaded_cpu = VCPU_LOADED_NOWHERE;
}
