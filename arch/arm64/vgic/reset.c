/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state at power-on, and a look at it for the terminal. */
#include <string.h>

#include "vgic_priv.h"

#define SGI_BITS 0x0000ffffU

/* Out of the list registers, wherever they are; what an SPI has there comes
 * back to it, a private interrupt is about to forget. */
static void empty_lrs(struct vgic_cpu *vc)
{
	for (uint32_t left = vc->lr_used; left; left &= left - 1) {
		unsigned int n = vgic_ctz(left);

		vgic_reconcile_lr(vc, n);
		if (vc->lr_used & (1U << n)) {
			vgic_evict(vc, n);
		}
	}
}

static void reset_privates(struct vgic_cpu *vc)
{
	struct vgic_bank *b = &vc->priv;

	for (unsigned int i = 0; i < VGIC_NR_PRIVATE; i++) {
		struct virq_ref r = virq_ref(vc->vgic, vc, i);

		if (b->queued & r.m) {
			vgic_queue_remove(vc, &r);
		}
		vgic_unbind(&r);
		*r.q = (struct virq){ .where = vc->index };
	}
	*b = (struct vgic_bank){ .edge = SGI_BITS };
	memset(vc->sgi_sources, 0, sizeof(vc->sgi_sources));
	for (unsigned int i = 0; i < ARRAY_SIZE(vc->inbox); i++) {
		__atomic_store_n(&vc->inbox[i], 0, __ATOMIC_RELAXED);
	}
	vc->hw_known = 0;
}

void vgic_cpu_reset_locked(struct vgic_cpu *vc)
{
	assert_held(&vc->lock);
	vc->reset = false;
	vc->asleep = true;
	empty_lrs(vc);
	reset_privates(vc);
	vc->vmcr = 0;
	memset(vc->apr, 0, sizeof(vc->apr));
	vc->hcr = HCR_EN;
	if (vc->loaded_on) {
		vgic_lr_ops->write_vmcr(0);
		vgic_lr_ops->write_apr(vc->apr);
		vgic_lr_ops->write_hcr(vc->hcr);
	}
}

/* It may still be loaded on another CPU, not running: that CPU does it. */
void vgic_cpu_reset_state(struct vgic_cpu *vc)
{
	bool away;

	vgic_lock_shared(vc);
	vc->reset = true;
	away = !vgic_reachable(vc);
	vgic_kick(vc);
	vgic_unlock(vc, true);
	if (away) {
		vgic_port_sync(vc);
	}
}

/* The SPIs of a bank, whose first one is `intid`. */
static void reset_bank(struct vgic *vg, unsigned int intid, uint32_t spis)
{
	struct vgic_cpuset set = { { 0 } };
	struct virq_ref r = virq_ref(vg, NULL, intid);
	struct vgic_bank *b = r.b;

	b->enabled &= ~spis;
	b->group &= ~spis;
	b->edge &= ~spis;
	b->line &= ~spis;
	b->latch &= ~spis;
	b->active &= ~(spis & ~b->resident);
	b->want_unpend |= spis & b->resident;
	b->want_inactive |= spis & b->resident;
	b->want_active &= ~spis;
	for (uint32_t left = (b->queued | b->resident) & spis; left;
	     left &= left - 1) {
		vgic_update_spi(vg, intid + vgic_ctz(left), &set);
	}
}

static void reset_spi(struct virq *q, bool single)
{
	q->prio = 0;
	q->any = false;
	q->route = 0;
	q->mask = single;
	q->target = single ? 0 : VGIC_NO_TARGET;
}

void vgic_set_ctlr(struct vgic *vg, uint32_t val)
{
	WRITE_ONCE(vg->ctlr, val);
	if (vgic_v3(vg)) {
		vgicv3_set_control(vg);
	} else {
		vgicv2_set_control(vg);
	}
}

void vgic_reset_state(struct vgic *vg)
{
	bool single = vgic_v3(vg) || vg->ncpus == 1;

	spin_lock(&vg->lock);
	vgic_set_ctlr(vg, 0);
	vg->next_any = 0;
	for (uint32_t i = 0; i < vg->nspis; i += 32) {
		reset_bank(vg, VGIC_NR_PRIVATE + i,
			   UINT32_MAX >> (32 - MIN(vg->nspis - i, 32U)));
	}
	for (uint32_t i = 0; i < vg->nspis; i++) {
		reset_spi(virq_ref(vg, NULL, VGIC_NR_PRIVATE + i).q, single);
	}
	vgic_deliver_strays(vg);
	spin_unlock(&vg->lock);
	for (uint32_t i = 0; i < vg->ncpus; i++) {
		if (vg->cpus[i]) {
			vgic_cpu_reset_state(vg->cpus[i]);
		}
	}
}

void vgic_cpu_join(struct vgic *vg, struct vgic_cpu *vc, unsigned int index)
{
	vc->vgic = vg;
	vc->index = (uint8_t)index;
	vc->asleep = true;
	vc->hcr = HCR_EN;
	vc->priv.edge = SGI_BITS;
	for (unsigned int i = 0; i < VGIC_NR_PRIVATE; i++) {
		vc->private_irqs[i].where = vc->index;
	}
	vg->cpus[index] = vc;
}

bool vgic_info(struct vgic *vg, struct vgic_cpu *vc, unsigned int intid,
	       struct vgic_irq_info *out)
{
	struct virq_ref r;
	struct vgic_bank *b;

	if (intid >= VGIC_NR_PRIVATE + vg->nspis ||
	    (intid < VGIC_NR_PRIVATE && !vc)) {
		return false;
	}
	r = virq_ref(vg, vc, intid);
	b = r.b;
	*out = (struct vgic_irq_info){
		.intid = intid,
		.enabled = (b->enabled & r.m) != 0,
		.pending = (vgic_pending(b) & r.m) != 0,
		.active = (b->active & r.m) != 0,
		.line = (b->line & r.m) != 0,
		.edge = (b->edge & r.m) != 0,
		.hw = (b->hw & r.m) != 0,
		.resident = (b->resident & r.m) != 0,
		.group = (b->group & r.m) != 0,
		.priority = r.q->prio,
		.target = r.q->target == VGIC_NO_TARGET ? -1 : r.q->target,
	};
	if (intid < VGIC_NR_PRIVATE) {
		out->target = vc->index;
	}
	return true;
}
