/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where interrupts come from: device lines and other VCPUs. */
#include "vgic_priv.h"

/* The wire, and the edge detector behind it; false: nothing new. Each call
 * with `level` is an edge to an edge-triggered input. */
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
	bool shared = vgic_lock(vc);

	if (drive(&r, level)) {
		vgic_update_private(vc, intid, &set);
	}
	vgic_unlock(vc, shared);
}

static void line_shared(struct vgic *vg, unsigned int intid, bool level)
{
	struct virq_ref r = virq_ref(vg, NULL, intid);
	struct vgic_cpuset set = { { 0 } };

	spin_lock(&vg->lock);
	if (drive(&r, level)) {
		vgic_update_spi(vg, intid, &set);
		vgic_deliver_strays(vg);
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

static void latch_sgi(struct vgic_cpu *vc, const struct virq_ref *r,
		      unsigned int source)
{
	r->b->latch |= r->m;
	if (!vgic_v3(vc->vgic)) {
		vc->sgi_sources[r->intid] |= (uint8_t)(1U << source);
	}
}

static void sgi_queued(struct vgic_cpu *vc, const struct virq_ref *r,
		       unsigned int source)
{
	struct vgic_cpuset set = { { 0 } };
	bool shared = vgic_lock(vc);

	latch_sgi(vc, r, source);
	vgic_update_private(vc, r->intid, &set);
	vgic_unlock(vc, shared);
}

static __noinline void sgi(struct vgic_cpu *vc, unsigned int intid,
			   unsigned int source)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, intid);
	int n;

	spin_lock(&vc->lock);
	n = vgic_direct_lr(vc, &r);
	if (n >= 0) {
		latch_sgi(vc, &r, source);
		vgic_attach(vc, &r, (unsigned int)n);
	}
	spin_unlock(&vc->lock);
	if (n >= 0) {
		vgic_wake(vc);
	} else {
		sgi_queued(vc, &r, source);
	}
}

/* To a VCPU that is loaded elsewhere: without a lock, its CPU does the rest. */
static void post(struct vgic_cpu *vc, unsigned int intid, unsigned int source)
{
	(void)__atomic_fetch_or(&vc->inbox[intid / 8],
				BIT(intid % 8 * 8 + source), __ATOMIC_RELAXED);
	/* Pairs with vgic_cpuif_flush(). */
	__atomic_store_n(&vc->flush, true, __ATOMIC_RELEASE);
	vgic_port_wake(vc);
}

void vgic_empty_inbox(struct vgic_cpu *vc)
{
	struct vgic_cpuset set = { { 0 } };

	for (unsigned int i = 0; i < ARRAY_SIZE(vc->inbox); i++) {
		uint64_t left = __atomic_exchange_n(&vc->inbox[i], 0,
						    __ATOMIC_RELAXED);

		for (; left; left &= left - 1) {
			unsigned int bit = (unsigned int)__builtin_ctzll(left);
			struct virq_ref r =
				virq_ref(vc->vgic, vc, 8 * i + bit / 8);

			latch_sgi(vc, &r, bit % 8);
			vgic_update_private(vc, r.intid, &set);
		}
	}
}

void vgic_sgi(struct vgic_cpu *vc, unsigned int intid, unsigned int source,
	      unsigned int groups)
{
	unsigned int group = READ_ONCE(vc->priv.group) >> intid & 1;

	if (!(groups >> group & 1)) {
		return;
	}
	/* v3 has source 0 throughout, in list registers and records. */
	if (vgic_v3(vc->vgic)) {
		source = 0;
	}
	if (!vgic_reachable(vc)) {
		post(vc, intid, source);
	} else if (vc->private_irqs[intid].source == source &&
		   vgic_repeat(vc, intid)) {
		vgic_wake(vc);
	} else {
		sgi(vc, intid, source);
	}
}

void vgic_sgi_others(struct vgic_cpu *self, unsigned int intid,
		     unsigned int groups)
{
	struct vgic *vg = self->vgic;

	for (uint32_t i = 0; i < vg->ncpus; i++) {
		if (i != self->index && vg->cpus[i]) {
			vgic_sgi(vg->cpus[i], intid, self->index, groups);
		}
	}
}
