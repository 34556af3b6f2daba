/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The level of a device's interrupt line. */
#include "vgic_priv.h"

/* Set the line, and latch an edge; false: no change. Each call with `level` is
 * an edge to an edge-triggered input. */
static bool drive(const struct virq_ref *r, bool level)
{
	struct vgic_bank *b = r->b;
	bool was = (b->line & r->m) != 0;

	if (!level) {
		b->line &= ~r->m;
		return was && !(b->edge & r->m);
	}
	b->line |= r->m;
	if (b->edge & r->m) {
		b->latch |= r->m;
		return true;
	}
	return !was;
}

static void line_private(struct vgic_cpu *vc, unsigned int intid, bool level)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, intid);
	struct vgic_cpuset set = { { 0 } };
	bool shared;

	spin_lock(&vc->lock);
	if (!drive(&r, level) || (level && vgic_attach_again(vc, &r))) {
		vgic_unlock_cpu(vc);
		return;
	}
	/* The guest's lock comes first, if SPIs are on the VCPU. */
	vgic_unlock_cpu(vc);
	shared = vgic_lock(vc);
	vgic_update_private(vc, intid, &set);
	vgic_unlock(vc, shared);
}

/* Where it is already, if it has ended there. */
static bool pend_spi_again(struct vgic *vg, const struct virq_ref *r)
{
	struct vgic_cpu *vc;
	bool done;

	vc = r->b->in_lr & r->m ? vg->cpus[r->q->where] : NULL;
	if (!vc) {
		return false;
	}
	spin_lock(&vc->lock);
	done = vgic_attach_again(vc, r);
	vgic_unlock_cpu(vc);
	return done;
}

static void line_shared(struct vgic *vg, unsigned int intid, bool level)
{
	struct virq_ref r = virq_ref(vg, NULL, intid);
	struct vgic_cpuset set = { { 0 } };

	spin_lock(&vg->lock);
	if (drive(&r, level) && !(level && pend_spi_again(vg, &r))) {
		vgic_update_spi(vg, intid, &set);
		vgic_deliver_retargeted(vg);
	}
	spin_unlock(&vg->lock);
}

void vgic_line(struct vgic *vg, struct vgic_cpu *vc, unsigned int intid,
	       bool level)
{
	if (intid < VGIC_NR_PRIVATE) {
		line_private(vc, intid, level);
	} else if (intid < VGIC_NR_PRIVATE + vg->nspis) {
		line_shared(vg, intid, level);
	}
}
