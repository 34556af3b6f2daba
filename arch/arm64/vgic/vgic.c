/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual GIC: its objects in guests and VCPUs, its regions, and what the
 * pure part needs of the machine.
 */
#include <arch_impl/vgic.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/time.h>
#include <core/vcpu.h>
#include <libs/error.h>

#include "lr_ops.h"
#include "vgic_priv.h"

/* ---- the surroundings of the pure part ---- */

void vgic_port_wake(struct vgic_cpu *vc)
{
	sched_wake(vc->vcpu);
	if (this_cpu()->current != vc->vcpu) {
		vcpu_kick(vc->vcpu);
	}
}

/* If the VCPU loaded here is asked for its list registers, answer. */
static void serve(void *unused)
{
	struct vcpu *v = this_cpu()->arch.loaded;

	(void)unused;
	if (v && v->guest && READ_ONCE(v->arch.vgic.flush)) {
		vgic_cpuif_flush(&v->arch.vgic);
	}
}

/*
 * Two CPUs may wait for each other: each answers while it waits. Others
 * answer the call, their interrupts being masked for a bounded time only.
 */
void vgic_port_sync(struct vgic_cpu *vc)
{
	unsigned long flags = arch_irq_save();
	uint32_t before = __atomic_load_n(&vc->rounds, __ATOMIC_ACQUIRE);
	ticks_t deadline = time_now() + ms_to_ticks(VGIC_SYNC_MS);
	const struct percpu *asked = NULL;

	while (READ_ONCE(vc->stale) &&
	       __atomic_load_n(&vc->rounds, __ATOMIC_ACQUIRE) == before) {
		struct percpu *on = READ_ONCE(vc->loaded_on);

		if (!on || on == this_cpu()) {
			vgic_cpuif_flush(vc);
			continue;
		}
		if (on != asked && cpu_call(on->id, serve, NULL, false) == 0) {
			asked = on;
		}
		serve(NULL);
		arch_cpu_relax();
		if (time_now() > deadline) {
			static struct log_limit limit = LOG_LIMIT_INIT;

			if (log_allow(&limit)) {
				log_warn("vgic: CPU %u does not answer",
					 on->id);
			}
			break;
		}
	}
	arch_irq_restore(flags);
}

/* ---- guests and VCPUs ---- */

/* Whichever of the two comes last. */
static void join(struct guest *g, struct vcpu *v)
{
	if (g->arch.vgic && v && v->arch.vgic.private_irqs) {
		vgic_cpu_join(g->arch.vgic, &v->arch.vgic, v->index);
	}
}

/* Not in the registry: made for a guest's interrupt controller, not for a
 * node among its devices. By region. */
static const struct emulator v2_emulators[] = {
	{ .name = "gicv2-gicd", .access = vgicv2_access_dist },
	{ .name = "gicv2-gicc", .access = vgicv2_access_gicc },
};
static const struct emulator v3_emulators[] = {
	{ .name = "gicv3-gicd", .access = vgicv3_access_dist },
	{ .name = "gicv3-gicr", .access = vgicv3_access_redist },
};

static void init_device(struct vgic *vg, unsigned int n)
{
	struct emu_device *dev = &vg->dev[n];

	dev->emu = vgic_v3(vg) ? &v3_emulators[n] : &v2_emulators[n];
	dev->guest = vg->guest;
	dev->state = vg;
	dev->name = dev->emu->name;
	spin_init(&dev->lock, LOCK_DEVICE);
}

int vgic_init(struct guest *g)
{
	const struct guest_config *cfg = g->cfg;
	struct vgic *vg;

	if (cfg->vcpus > (cfg->gic_version == 2 ? 8 : VGIC_MAX_VCPUS) ||
	    cfg->nspis > VGIC_SPI_BANKS * 32 || cfg->nspis % 32 != 0) {
		return -ERR_RANGE;
	}
	vg = heap_alloc(sizeof(*vg));
	if (!vg) {
		return -ERR_NOMEM;
	}
	vg->cpus = heap_alloc_array(cfg->vcpus, sizeof(struct vgic_cpu *));
	vg->spis = heap_alloc_array(MAX(cfg->nspis, 1U), sizeof(struct virq));
	if (!vg->cpus || !vg->spis) {
		heap_free(vg->cpus);
		heap_free(vg->spis);
		heap_free(vg);
		return -ERR_NOMEM;
	}
	spin_init(&vg->lock, LOCK_VGIC);
	vg->guest = g;
	vg->model = (uint8_t)cfg->gic_version;
	if (!vgic_lr_ops) {
		/* The checker allows guests the host's version alone. */
		vgic_lr_ops = vgic_v3(vg) ? &vgic_lr_ich : &vgic_lr_gich;
	}
	vg->ncpus = cfg->vcpus;
	vg->nspis = cfg->nspis;
	init_device(vg, 0);
	init_device(vg, 1);
	g->arch.vgic = vg;
	for (uint32_t i = 0; i < cfg->vcpus; i++) {
		join(g, g->vcpus[i]);
	}
	vgic_reset(g);
	return 0;
}

void vgic_fini(struct guest *g)
{
	struct vgic *vg = g->arch.vgic;

	if (!vg) {
		return;
	}
	for (uint32_t i = 0; i < vg->ncpus; i++) {
		if (vg->cpus[i]) {
			vg->cpus[i]->vgic = NULL;
		}
	}
	g->arch.vgic = NULL;
	heap_free(vg->cpus);
	heap_free(vg->spis);
	heap_free(vg);
}

void vgic_reset(struct guest *g)
{
	unsigned long flags = arch_irq_save();

	vgic_reset_state(g->arch.vgic);
	arch_irq_restore(flags);
}

int vgic_cpu_init(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->arch.vgic;

	vc->private_irqs =
		heap_alloc_array(VGIC_NR_PRIVATE, sizeof(struct virq));
	if (!vc->private_irqs) {
		return -ERR_NOMEM;
	}
	spin_init(&vc->lock, LOCK_VGIC_VCPU);
	vc->vcpu = v;
	join(v->guest, v);
	return 0;
}

void vgic_cpu_fini(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->arch.vgic;

	if (vc->vgic) {
		vc->vgic->cpus[vc->index] = NULL;
		vc->vgic = NULL;
	}
	heap_free(vc->private_irqs);
	vc->private_irqs = NULL;
}

void vgic_cpu_reset(struct vcpu *v)
{
	unsigned long flags = arch_irq_save();

	if (v->arch.vgic.vgic) {
		vgic_cpu_reset_state(&v->arch.vgic);
	}
	arch_irq_restore(flags);
}

/* The second: what GICV does not serve of a GICv2's CPU interface. */
unsigned int vgic_regions(struct guest *g, struct emu_region *out,
			  unsigned int max)
{
	struct vgic *vg = g->arch.vgic;
	struct config_range r[] = { g->cfg->gicd, g->cfg->gicr };
	unsigned int n = ARRAY_SIZE(r);

	if (!vgic_v3(vg)) {
		r[1] = g->cfg->gicc;
		r[1].base += PAGE_SIZE;
		r[1].size -= MIN(r[1].size, PAGE_SIZE);
		n = r[1].size ? 2 : 1;
	}
	for (unsigned int i = 0; i < MIN(n, max); i++) {
		out[i] = (struct emu_region){
			.base = IPA(r[i].base),
			.size = r[i].size,
			.dev = &vg->dev[i],
		};
	}
	return n;
}

/* ---- what others call ---- */

void vgic_set_line(struct guest *g, struct vcpu *v, unsigned int intid,
		   bool level)
{
	unsigned long flags = arch_irq_save();

	vgic_line(g->arch.vgic, v ? &v->arch.vgic : NULL, intid, level);
	arch_irq_restore(flags);
}

void vgic_inject_hw(struct vcpu *v, unsigned int intid, unsigned int hwintid)
{
	vgic_cpuif_inject_hw(&v->arch.vgic, intid, hwintid);
}

void vgic_flush(struct vcpu *v)
{
	vgic_cpuif_flush(&v->arch.vgic);
}

void vgic_save(struct vcpu *v)
{
	vgic_cpuif_save(&v->arch.vgic);
}

void vgic_restore(struct vcpu *v)
{
	vgic_cpuif_restore(&v->arch.vgic);
}

bool vgic_has_pending(struct vcpu *v)
{
	unsigned long flags = arch_irq_save();
	bool ret = vgic_cpuif_has_pending(&v->arch.vgic);

	arch_irq_restore(flags);
	return ret;
}

void vgic_maintenance(void)
{
	struct vcpu *v = this_cpu()->arch.loaded;

	if (v && v->guest && vgic_loaded_here(&v->arch.vgic)) {
		vgic_cpuif_maintenance(&v->arch.vgic);
	}
}

bool vgic_sgi1r(struct vcpu *v, unsigned int which, uint64_t val)
{
	struct vgic_cpu *vc = &v->arch.vgic;

	if (!vgic_v3(vc->vgic)) {
		return false;
	}
	vgicv3_sgir(vc, (enum vgic_sgi_reg)which, val);
	return true;
}

bool vgic_dir(struct vcpu *v, uint64_t val)
{
	if (!vgic_v3(v->guest->arch.vgic)) {
		return false;
	}
	vgic_cpuif_dir(&v->arch.vgic, (unsigned int)FIELD(val, 23, 0));
	return true;
}

bool vgic_get_info(struct guest *g, struct vcpu *v, unsigned int n,
		   struct vgic_irq_info *out)
{
	return vgic_info(g->arch.vgic, v ? &v->arch.vgic : NULL, n, out);
}
