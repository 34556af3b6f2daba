/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creating, destroying and resetting a guest's VCPU. */
#include <arch/vcpu.h>
#include <arch_impl/features.h>
#include <arch_impl/mpidr.h>
#include <arch_impl/pmu.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/vcpu.h>
#include <string.h>

#include "abort.h"
#include "debug.h"
#include "vcpu_priv.h"

/*
 * The traps that every guest has. FB and BSU: a guest's VCPU may move to
 * another CPU between its TLB maintenance and the barrier, so both must affect
 * all CPUs.
 */
static uint64_t hcr_for_guest(const struct guest *g)
{
	const struct cpu_features *f = &cpu_features;

	return HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB |
	       HCR_BSU_INNER | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR |
	       HCR_TSW | HCR_RW | (g->cfg->native_wait ? 0 : HCR_TWI) |
	       (f->lor ? HCR_TLOR : 0) | (f->ras ? HCR_TERR : 0) |
	       (f->mte ? HCR_TID5 : 0) | (f->sme ? HCR_TID1 : 0) |
	       (f->pauth ? HCR_APK | HCR_API : 0) |
	       (f->csv2_2 ? HCR_ENSCXT : 0) | (f->ctr_differs ? HCR_TID2 : 0);
}

void arch_vcpu_native_wait(struct vcpu *v, bool native)
{
	if (native || v->guest->cfg->native_wait) {
		v->arch.hcr &= ~HCR_TWI;
	} else {
		v->arch.hcr |= HCR_TWI;
	}
}

__cold int arch_vcpu_init(struct vcpu *v)
{
	uintptr_t top = (uintptr_t)v->stack + v->stack_size;
	int err;

	v->arch.regs = (struct guest_regs *)(top - sizeof(struct guest_regs));
	v->arch.regs->vcpu = v;
	v->arch.vmpidr = MPIDR_RES1 |
			 vcpu_mpidr(v->index, v->guest->cfg->intc_model);
	v->arch.hcr = hcr_for_guest(v->guest);
	v->arch.loaded_cpu = VCPU_LOADED_NOWHERE;
	err = vgic_cpu_init(v);
	if (!err) {
		vtimer_init(v);
	}
	return err;
}

void arch_vcpu_fini(struct vcpu *v)
{
	vcpu_context_unload(v);
	vtimer_fini(v);
	vgic_cpu_fini(v);
}

void vcpu_reset_core(struct vcpu *v, uint64_t entry, uint64_t arg)
{
	struct guest_regs *regs = v->arch.regs;

	memset(regs->x, 0, sizeof(regs->x));
	regs->x[0] = arg;
	regs->elr = entry;
	regs->spsr = PSR_EL1H | PSR_D | PSR_A | PSR_I | PSR_F;
	v->arch.sys = (struct sysregs){ .sctlr = SCTLR_EL1_RESET };
	fp_reset(v);
	v->arch.hcr &= ~HCR_TVM; /* flush.c sets it */
	v->arch.flush_done = 0;
	v->arch.loaded_cpu = VCPU_LOADED_NOWHERE;
}

void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t arg)
{
	vcpu_reset_core(v, entry, arg);
	debug_reset(v);
	v->arch.fault.valid = false;
	v->arch.waiting = false;
	v->arch.region = &abort_no_region;
	v->arch.region_before = &abort_no_region;
	if (unlikely(v->arch.vpmu.used)) {
		pmu_guest_reset(v);
	}
	vtimer_reset(v);
	vgic_cpu_reset(v);
}
