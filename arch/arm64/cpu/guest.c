/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arch/guest.h for arm64: vGIC, time, and the limits of this host. */
#include <arch/guest.h>
#include <arch/stage2.h>
#include <arch_impl/el2_regs.h>
#include <arch_impl/features.h>
#include <arch_impl/guest_platform.h>
#include <arch_impl/pmu.h>
#include <arch_impl/timer.h>
#include <arch_impl/vgic.h>
#include <core/guest.h>
#include <core/vcpu.h>
#include <libs/error.h>
#include <string.h>

#include "arch/arm64/vcpu/idreg.h"
#include "arch/arm64/vcpu/pvtime.h"

struct vgic_host vgic_host;

void arch_guest_limits(struct config_limits *limits)
{
	limits->ipa_bits = stage2_max_ipa_bits();
	/* A guest's GIC has the version of the host's. */
	limits->intc_default = vgic_host.version;
	limits->no_counters = !pmu_guest_possible();
	limits->intc_models = (uint32_t)BIT(vgic_host.version);
}

/* The guest's CPU interface is the host's virtual one (IHI0048 5.5), except its
 * second page, whose only register, DIR, the vGIC emulates. */
static int map_gicv(struct guest *g)
{
	return stage2_map(&g->stage2, IPA(g->cfg->intc_regs[GUEST_GICC].base),
			  PADDR(vgic_host.gicv_base), PAGE_SIZE, STAGE2_DEVICE);
}

/* Once, so that a read of one is a load. */
static void tell_features(struct guest *g)
{
	bool pmu = g->cfg->counters != GUEST_COUNTERS_NONE;

	memcpy(g->arch.idregs, features_guest_idregs, sizeof(g->arch.idregs));
	idreg_for_guest(g->arch.idregs, g->cfg->intc_model,
			64 - (unsigned int)(g->stage2.vtcr & VTCR_T0SZ),
			pmu ? pmu_guest_version() : 0);
}

int arch_guest_init(struct guest *g)
{
	int err = vgic_init(g);

	tell_features(g);
	if (!err && g->cfg->intc_model == GUEST_GICV2) {
		err = map_gicv(g);
	}
	if (!err) {
		pvtime_init(g);
	}
	return err;
}

void arch_guest_fini(struct guest *g)
{
	pvtime_fini(g);
	if (g->arch.vgic) {
		vgic_fini(g);
	}
}

void arch_guest_reset(struct guest *g)
{
	vgic_reset(g);
	/* Until a pause both counters equal the host's: as on a board after
	 * reset, and no CVAL is beyond their end (cpu.md). */
	g->arch.cntvoff = 0;
}

unsigned int arch_guest_regions(struct guest *g, struct emu_region *out,
				unsigned int max)
{
	return vgic_regions(g, out, max);
}

void arch_guest_time_pause(struct guest *g)
{
	g->arch.paused_at = arch_timer_now();
	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		vtimer_pause(g->vcpus[i]);
	}
}

void arch_guest_time_resume(struct guest *g)
{
	g->arch.cntvoff += arch_timer_now() - g->arch.paused_at;
	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		vtimer_resume(g->vcpus[i]);
	}
}
