/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state at power-on, and reading state for the terminal. */
#include <string.h>

#include "gicd.h"

#define SGI_BITS 0x0000ffffU

/*
 * Empty the list registers. The state of an SPI is read back. That of a private
 * interrupt is about to be reset; only if it is bound to a host interrupt do we
 * have to know whether the guest has already ended that.
 */
static void empty_lrs(struct vgic_cpu *vc)
{
	for (uint32_t left = vc->lr_used; left; left &= left - 1) {
		unsigned int n = vgic_ctz(left);
		unsigned int intid = vc->lr_intid[n];

		if (intid < VGIC_NR_PRIVATE && !(vc->priv.hw >> intid & 1)) {
			vc->lr_used &= ~(1U << n);
			vgic_lr_put(vc, n, 0);
			continue;
		}
		vgic_reconcile_lr(vc, n);
		if (vc->lr_used & (1U << n)) {
			vgic_evict(vc, n);
		}
	}
}

static void reset_privates(struct vgic_cpu *vc)
{
	struct vgic_bank *b = &vc->priv;

	for (uint32_t left = b->queued | b->hw; left; left &= left - 1) {
		struct virq_ref r = virq_ref(vc->vgic, vc, vgic_ctz(left));

		if (b->queued & r.m) {
			vgic_queue_remove(vc, &r);
		}
		vgic_unbind(&r);
	}
	*b = (struct vgic_bank){ .edge = SGI_BITS };
	memset(vc->private_irqs, 0, VGIC_NR_PRIVATE * sizeof(struct virq));
	if (!vgic_v3(vc->vgic)) {
		memset(vc->sgi_sources, 0, sizeof(vc->sgi_sources));
	}
	vgic_discard_sgi_inbox(vc);
	vc->hw_known = 0;
	vc->lr_reusable = 0;
}

void vgic_cpu_reset_locked(struct vgic_cpu *vc)
{
	assert_held(&vc->lock);
	vc->reset = false;
	vc->processor_sleep = true;
	vc->maintenance_off = false;
	empty_lrs(vc);
	reset_privates(vc);
	vc->vmcr = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(vc->apr); i++) {
		vc->apr[i] = 0;
	}
	vc->hcr = HCR_EN;
	if (vc->loaded_on) {
		vgic_lr_ops->write_vmcr(0);
		vgic_lr_ops->write_apr(vc->apr);
		vgic_lr_ops->write_hcr(vc->hcr);
	}
}

/*
 * The VCPU may still be loaded on another CPU, though not running: then that
 * CPU does it. Here nobody has to be woken: what is left to deliver, SPIs, is
 * delivered when the VCPU starts.
 */
void vgic_cpu_reset_state(struct vgic_cpu *vc)
{
	bool shared = vgic_lock(vc);
	bool away = !vgic_reachable(vc);

	vc->reset = true;
	if (away) {
		vgic_kick(vc);
	} else {
		vgic_reconcile(vc);
	}
	vgic_unlock(vc, shared);
	if (away) {
		vgic_sync_vcpu(vc);
	}
}

static void reset_spi(struct virq *q, bool single)
{
	q->prio = 0;
	q->one_of_n = false;
	q->route = 0;
	q->mask = single;
	q->target = single ? 0 : VGIC_NO_TARGET;
}

/* A bank of SPIs, the guest's lock being held: the interrupts to be
 * taken out of queue or list register. */
static uint32_t reset_bits(struct vgic_bank *b)
{
	b->enabled = 0;
	b->group = 0;
	b->edge = 0;
	b->line = 0;
	b->latch = 0;
	b->active &= b->in_lr;
	b->want_clear_pending |= b->in_lr;
	b->want_clear_active |= b->in_lr;
	b->want_set_active = 0;
	return b->queued | b->in_lr;
}

static void reset_bank(struct vgic *vg, unsigned int n)
{
	bool single = vgic_v3(vg) || vg->ncpus == 1;
	const struct vgic_access x = {
		.vg = vg,
		.first = VGIC_NR_PRIVATE + 32 * n,
		.b = &vg->spi[n],
	};
	uint32_t left;

	spin_lock(&vg->lock);
	vgic_discard_spis(vg, x.b, UINT32_MAX);
	left = reset_bits(x.b);
	spin_unlock(&vg->lock);
	if (left) {
		vgic_update_bank(&x, left, false);
	}
	spin_lock(&vg->lock);
	for (unsigned int i = 0; i < 32; i++) {
		reset_spi(&vg->spis[32 * n + i], single);
	}
	spin_unlock(&vg->lock);
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
	spin_lock(&vg->lock);
	vgic_set_ctlr(vg, 0);
	vg->next_1ofn = 0;
	spin_unlock(&vg->lock);
	for (uint32_t i = 0; i < vg->nspis / 32; i++) {
		reset_bank(vg, i);
		vgic_preempt_point();
	}
	for (uint32_t i = 0; i < vg->ncpus; i++) {
		if (vg->cpus[i]) {
			vgic_cpu_reset_state(vg->cpus[i]);
			vgic_preempt_point();
		}
	}
}

void vgic_cpu_join(struct vgic *vg, struct vgic_cpu *vc, unsigned int index)
{
	vc->vgic = vg;
	vc->index = (uint8_t)index;
	vc->processor_sleep = true;
	vc->hcr = HCR_EN;
	vc->priv.edge = SGI_BITS;
	vg->cpus[index] = vc;
}
