/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual GIC: its objects in guests and VCPUs, its regions, and what the pure
 * part needs from the machine.
 */
#include <arch/guest.h>
#include <arch_impl/cpu.h>
#include <arch_impl/guest_platform.h>
#include <arch_impl/vgic.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/time.h>
#include <core/vcpu.h>
#include <libs/error.h>

#include "lr_ops.h"
#include "vgic_priv.h"

/* ---- what the pure part needs of scheduler and CPUs ---- */

void vgic_wake_vcpu(struct vgic_cpu *vc)
{
	vcpu_notify(vc->vcpu);
}

/*
 * If another CPU wants the list registers of the VCPU loaded here, update them.
 */
static void flush_loaded(void *unused)
{
	struct vcpu *v = this_cpu()->arch.loaded;

	(void)unused;
	if (v && v->guest && READ_ONCE(v->arch.vgic.flush)) {
		vgic_cpuif_flush(&v->arch.vgic);
	}
}

void vgic_preempt_point(void)
{
	assert(this_cpu()->irq_depth == 0);
	arch_irq_enable();
	/* Pending interrupts are taken before what follows: Arm ARM D1.3.4. */
	isb();
	arch_irq_disable();
	if (READ_ONCE(this_cpu()->current->stop_requested)) {
		/* The request to reschedule that came with this one may have
		 * been taken above. */
		this_cpu()->need_resched = 1;
	}
}

/* Flush here if the list registers are in reach (true), else ask the CPU that
 * has them, once (false). */
static bool flush_or_request(struct vgic_cpu *vc, const struct percpu **asked)
{
	unsigned long flags = arch_irq_save();
	const struct percpu *on = READ_ONCE(vc->loaded_on);
	bool here = !on || on == this_cpu();

	if (here) {
		vgic_cpuif_flush(vc);
	} else if (on != *asked &&
		   cpu_call(on->id, flush_loaded, NULL, false) == 0) {
		*asked = on;
	}
	arch_irq_restore(flags);
	return here;
}

/*
 * With interrupts unmasked, so that two CPUs may wait for each other, and the
 * scheduler may preempt a VCPU that waits long.
 */
void vgic_sync_vcpu(struct vgic_cpu *vc)
{
	uint32_t before = __atomic_load_n(&vc->lr_reads, __ATOMIC_ACQUIRE);
	ticks_t deadline = time_now() + ms_to_ticks(VGIC_SYNC_MS);
	const struct percpu *asked = NULL;

	while (READ_ONCE(vc->stale) &&
	       __atomic_load_n(&vc->lr_reads, __ATOMIC_ACQUIRE) == before) {
		if (flush_or_request(vc, &asked)) {
			continue;
		}
		vgic_preempt_point();
		arch_cpu_relax();
		if (time_now() > deadline) {
			static struct log_limit limit = LOG_LIMIT_INIT;

			if (log_allow(&limit)) {
				log_warn("vgic: %s does not answer",
					 vc->vcpu->name);
			}
			break;
		}
	}
}

/* ---- guests and VCPUs ---- */

/* Whichever of the two comes last. */
static void join(struct guest *g, struct vcpu *v)
{
	if (g->arch.vgic && v && v->arch.vgic.private_irqs) {
		vgic_cpu_join(g->arch.vgic, &v->arch.vgic, v->index);
	}
}

/* Not in the registry: these are for a guest's interrupt controller, which is
 * not one of its devices. One for each region. */
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

__cold int vgic_init(struct guest *g)
{
	const struct guest_config *cfg = g->cfg;
	struct vgic *vg;

	_Static_assert(GUEST_NR_SPIS <= VGIC_SPI_BANKS * 32 &&
			       GUEST_NR_SPIS % 32 == 0,
		       "SPIs come in banks");
	if (cfg->vcpus >
	    (cfg->intc_model == GUEST_GICV2 ? 8 : VGIC_MAX_VCPUS)) {
		return -ERR_RANGE;
	}
	vg = heap_alloc(sizeof(*vg));
	if (!vg) {
		return -ERR_NOMEM;
	}
	vg->cpus = heap_alloc_array(cfg->vcpus, sizeof(struct vgic_cpu *));
	vg->spis = heap_alloc_array(GUEST_NR_SPIS, sizeof(struct virq));
	if (!vg->cpus || !vg->spis) {
		heap_free(vg->cpus);
		heap_free(vg->spis);
		heap_free(vg);
		return -ERR_NOMEM;
	}
	spin_init(&vg->lock, LOCK_VIRQ);
	vg->guest = g;
	vg->model = (uint8_t)cfg->intc_model;
	if (!vgic_lr_ops) {
		/* The checker allows only the host's version for guests. */
		vgic_lr_ops = vgic_v3(vg) ? &vgic_lr_ich : &vgic_lr_gich;
	}
	vg->ncpus = cfg->vcpus;
	vg->nspis = GUEST_NR_SPIS;
	init_device(vg, 0);
	init_device(vg, 1);
	g->arch.vgic = vg;
	for (uint32_t i = 0; i < cfg->vcpus; i++) {
		join(g, g->vcpus[i]);
	}
	vgic_reset(g);
	return 0;
}

__cold void vgic_fini(struct guest *g)
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

__cold int vgic_cpu_init(struct vcpu *v)
{
	struct vgic_cpu *vc = &v->arch.vgic;

	vc->private_irqs =
		heap_alloc_array(VGIC_NR_PRIVATE, sizeof(struct virq));
	if (!vc->private_irqs) {
		return -ERR_NOMEM;
	}
	spin_init(&vc->lock, LOCK_VIRQ_VCPU);
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

/* The second: what GICV does not provide of a GICv2's CPU interface. */
__cold unsigned int vgic_regions(struct guest *g, struct emu_region *out,
				 unsigned int max)
{
	struct vgic *vg = g->arch.vgic;
	struct config_range r[] = { g->cfg->intc_regs[GUEST_GICD],
				    g->cfg->intc_regs[GUEST_GICR] };
	unsigned int n = ARRAY_SIZE(r);

	if (!vgic_v3(vg)) {
		r[1] = g->cfg->intc_regs[GUEST_GICC];
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

void vgic_set_line(struct vcpu *v, unsigned int intid, bool level)
{
	unsigned long flags = arch_irq_save();

	vgic_line_private(&v->arch.vgic, intid, level);
	arch_irq_restore(flags);
}

void arch_guest_irq(struct guest *g, unsigned int line, bool level)
{
	unsigned long flags = arch_irq_save();

	vgic_line_spi(g->arch.vgic, line, level);
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

bool vgic_has_pending(struct vcpu *v)
{
	unsigned long flags = arch_irq_save();
	bool ret = vgic_cpuif_has_pending(&v->arch.vgic);

	arch_irq_restore(flags);
	return ret;
}

/*
 * The maintenance interrupt is asserted again and again although nothing has
 * changed: the guest executes nothing in between. All enables in HCR are
 * cleared; if it is still asserted, the host interrupt is disabled.
 */
static void stop_maintenance(struct vcpu *v)
{
	if (!v || !v->guest || !vgic_loaded_here(&v->arch.vgic) ||
	    v->arch.vgic.maintenance_off) {
		irq_silence(vgic_host.maintenance_irq);
		return;
	}
	vgic_cpuif_disable_maintenance(&v->arch.vgic);
	guest_crash(v, "maintenance interrupt %u stays asserted",
		    vgic_host.maintenance_irq);
}

void vgic_maintenance(void)
{
	struct vcpu *v = this_cpu()->arch.loaded;

	if (v && v->guest && vgic_loaded_here(&v->arch.vgic) &&
	    vgic_cpuif_maintenance_irq(&v->arch.vgic)) {
		return;
	}
	if (irq_spurious(vgic_host.maintenance_irq)) {
		stop_maintenance(v);
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
