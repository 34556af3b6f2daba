/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest VCPU's beginning, end, and reset state. */
#include <arch/vcpu.h>
#include <arch_impl/features.h>
#include <arch_impl/mpidr.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/vcpu.h>
#include <string.h>

#include "abort.h"
#include "debug.h"
#include "vcpu_priv.h"

/*
 * What every guest has trapped. FB and BSU: a guest's VCPU may go on on
 * another CPU between its TLB maintenance and the barrier, so both reach all.
 */
static uint64_t hcr_for_guest(const struct guest *g)
{
	const struct cpu_features *f = &cpu_features;

	return HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB |
	       HCR_BSU_INNER | HCR_TID3 | HCR_TSC | HCR_TIDCP |
	       HCR_TACR | HCR_TSW | HCR_RW |
	       (g->cfg->native_wfi ? 0 : HCR_TWI) |
	       (f->lor ? HCR_TLOR : 0) | (f->ras ? HCR_TERR : 0) |
	       (f->mte ? HCR_TID5 : 0) | (f->sme ? HCR_TID1 : 0) |
	       (f->pauth ? HCR_APK | HCR_API : 0) |
	       (f->csv2_2 ? HCR_ENSCXT : 0) |
	       (f->ctr_differs ? HCR_TID2 : 0);
}

int arch_vcpu_init(struct vcpu *v)
{
	uintptr_t top = (uintptr_t)v->stack + v->stack_size;
	int err;

	v->arch.regs = (struct guest_regs *)(top - sizeof(struct guest_regs));
	v->arch.regs->vcpu = v;
	v->arch.vmpidr = MPIDR_RES1 |
			 vcpu_mpidr(v->index, v->guest->cfg->gic_version);
	v->arch.ipa_bits = (uint8_t)(64 - (v->guest->stage2.vtcr & VTCR_T0SZ));
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
	memset(&v->arch.fp, 0, sizeof(v->arch.fp));
	fp_forget(v);
	v->arch.hcr &= ~HCR_TVM;	/* flush.c sets it */
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
	vtimer_reset(v);
	vgic_cpu_reset(v);
}
