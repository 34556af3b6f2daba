/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arch/guest.h for arm64: vGIC, time, and what this host can give. */
#include <arch/guest.h>
#include <arch/stage2.h>
#include <arch_impl/timer.h>
#include <arch_impl/vgic.h>
#include <core/guest.h>
#include <core/vcpu.h>
#include <libs/error.h>

struct vgic_host vgic_host;

void vgic_host_deactivate(unsigned int hwintid);
void vgic_host_deactivate(unsigned int hwintid)
{
	vgic_host.deactivate(hwintid);
}

void arch_guest_limits(struct config_limits *limits)
{
	limits->ipa_bits = stage2_max_ipa_bits();
	limits->gic_version = vgic_host.version;
	limits->gicv2_ok = vgic_host.version == 2;
	limits->gicv3_ok = vgic_host.version == 3;
}

/* The guest's CPU interface is the host's virtual one (IHI0048 5.5), but for
 * its second page, whose one register, DIR, is the vGIC's. */
static int map_gicv(struct guest *g)
{
	return stage2_map(&g->stage2, IPA(g->cfg->gicc.base),
			  PADDR(vgic_host.gicv_base), PAGE_SIZE,
			  STAGE2_DEVICE);
}

int arch_guest_init(struct guest *g)
{
	int err = vgic_init(g);

	if (!err && g->cfg->gic_version == 2) {
		err = map_gicv(g);
	}
	return err;
}

void arch_guest_fini(struct guest *g)
{
	if (g->arch.vgic) {
		vgic_fini(g);
	}
}

void arch_guest_reset(struct guest *g)
{
	vgic_reset(g);
	/* The virtual counter starts from 0 at each power-on. */
	g->arch.cntvoff = arch_timer_now();
}

unsigned int arch_guest_regions(struct guest *g, struct emu_region *out,
				unsigned int max)
{
	return vgic_regions(g, out, max);
}

void arch_guest_irq(struct guest *g, unsigned int intid, bool level)
{
	vgic_set_line(g, NULL, intid, level);
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
