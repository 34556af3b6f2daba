/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Software-generated interrupts: to a VCPU whose list registers are in reach at
 * once, to others through their inbox; and the registers of the GICv3 CPU
 * interface that generate them. GICv2's GICD_SGIR is in gicd_v2.c.
 */
#include "vgic_priv.h"

/* Fields of ICC_SGI1R_EL1 and its like, IHI0069 12.2. */
#define SGIR_INTID(val) ((unsigned int)FIELD(val, 27, 24))
#define SGIR_AFF1(val) FIELD(val, 23, 16)
#define SGIR_TARGET_LIST(val) ((val)&0xffff)
#define SGIR_IRM BIT(40)
/* No VCPU has an Aff3 or Aff2, nor an Aff0 above 15. */
#define SGIR_AFF3_RS_AFF2 (GENMASK(55, 44) | GENMASK(39, 32))

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

/* Of a VCPU that is not loaded: the guest has ended it since its list register
 * was written. */
static inline bool pend_in_lr(struct vgic_cpu *vc, const struct virq_ref *r,
			      unsigned int source)
{
	uint64_t *lr = &vc->lr[r->q->lr];

	if (!(r->b->in_lr & ~r->b->latch & r->m) || vc->loaded_on ||
	    vc->stale || vgic_lr_state(*lr) ||
	    (vc->levels[VGIC_QUEUE_GRP0] | vc->levels[VGIC_QUEUE_GRP1]) ||
	    !vgic_may_signal(vc, r)) {
		return false;
	}
	*lr = vgic_lr_pending(r) | (uint64_t)source << vgic_lr_ops->at.source;
	r->q->source = (uint8_t)source;
	r->b->active &= ~r->m;
	r->b->lr_latch |= r->m;
	r->b->lr_pending |= r->m;
	return true;
}

/* Out of line: the way that reuses a list register needs no stack frame. */
static __noinline void sgi(struct vgic_cpu *vc, unsigned int intid,
			   unsigned int source)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, intid);
	int n;

	spin_lock(&vc->lock);
	n = vgic_direct_lr(vc, &r);
	if (n >= 0 && !(r.b->latch & r.m)) {
		vgic_attach_sgi(vc, &r, (unsigned int)n, source);
	} else if (n >= 0) {
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

static __noinline void sgi_not_loaded(struct vgic_cpu *vc, unsigned int intid,
				      unsigned int source)
{
	struct virq_ref r;
	bool done;

	/* It is below 16 already; virq_ref() is told that it is no SPI. */
	intid %= 16;
	r = virq_ref(vc->vgic, vc, intid);

	spin_lock(&vc->lock);
	/* Unless it was loaded in between. */
	done = pend_in_lr(vc, &r, source);
	spin_unlock(&vc->lock);
	if (done) {
		vgic_wake(vc);
	} else {
		sgi(vc, intid, source);
	}
}

/* Out of the inbox, wherever `vc` is loaded. If it gets its list register here,
 * the sender wakes it. */
static inline void make_pending(struct vgic_cpu *vc, unsigned int intid,
				unsigned int source)
{
	if (vc->private_irqs[intid].source != source ||
	    !vgic_reuse_lr(vc, intid)) {
		sgi(vc, intid, source);
	}
}

/* ---- the inbox ---- */

/*
 * To a VCPU that is loaded elsewhere: without a lock, its CPU does the rest.
 * The order is inbox, flag, wake; vgic_cpuif_flush() takes the flag first.
 */
static __noinline void post_remote(struct vgic_cpu *vc, unsigned int intid,
				   unsigned int source)
{
	(void)__atomic_fetch_or(&vc->sgi_inbox[intid / 8],
				BIT(intid % 8 * 8 + source), __ATOMIC_RELAXED);
	/* Pairs with vgic_cpuif_flush(). */
	__atomic_store_n(&vc->flush, true, __ATOMIC_RELEASE);
	vgic_wake_vcpu(vc);
}

void vgic_drain_sgi_inbox(struct vgic_cpu *vc)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(vc->sgi_inbox); i++) {
		uint64_t left;

		/* An atomic exchange would fetch the line for writing. */
		if (!READ_ONCE(vc->sgi_inbox[i])) {
			continue;
		}
		left = __atomic_exchange_n(&vc->sgi_inbox[i], 0,
					   __ATOMIC_RELAXED);
		for (; left; left &= left - 1) {
			unsigned int bit = (unsigned int)__builtin_ctzll(left);

			make_pending(vc, 8 * i + bit / 8, bit % 8);
		}
	}
}

void vgic_sgi(struct vgic_cpu *vc, unsigned int intid, unsigned int source,
	      unsigned int groups)
{
	unsigned int group = READ_ONCE(vc->priv.group) >> intid & 1;
	const struct percpu *on = READ_ONCE(vc->loaded_on);

	if (!(groups >> group & 1)) {
		return;
	}
	/* v3 has source 0 throughout, in list registers and records. */
	if (vgic_v3(vc->vgic)) {
		source = 0;
	}
	if (!on) {
		sgi_not_loaded(vc, intid, source);
	} else if (on != this_cpu()) {
		post_remote(vc, intid, source);
	} else if (vc->private_irqs[intid].source == source &&
		   vgic_reuse_loaded_lr(vc, intid)) {
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
		if (i % VGIC_SGIS_PER_SLICE == VGIC_SGIS_PER_SLICE - 1) {
			vgic_preempt_point();
		}
	}
}

/* ---- ICC_SGI0R_EL1, ICC_SGI1R_EL1, ICC_ASGI1R_EL1 ---- */

/*
 * With a single Security state ICC_SGI1R_EL1 makes SGIs of either group
 * pending, the other two only those of group 0 (IHI0069 8.1.10, table 8-14).
 */
void vgicv3_sgir(struct vgic_cpu *self, enum vgic_sgi_reg which, uint64_t val)
{
	struct vgic *vg = self->vgic;
	unsigned int groups = which == VGIC_SGI1R ? 3 : 1;
	unsigned int intid = SGIR_INTID(val);
	unsigned int n = 0;

	if (val & SGIR_IRM) {
		vgic_sgi_others(self, intid, groups);
		return;
	}
	/* A bit of the list is an Aff0 of 0 to 15. */
	if (val & SGIR_AFF3_RS_AFF2) {
		return;
	}
	for (uint64_t list = SGIR_TARGET_LIST(val); list;) {
		uint64_t i =
			16 * SGIR_AFF1(val) + (uint64_t)__builtin_ctzll(list);

		if (arch_index_below(&i, vg->ncpus) && vg->cpus[i]) {
			vgic_sgi(vg->cpus[i], intid, self->index, groups);
		}
		list &= list - 1;
		if (list && ++n % VGIC_SGIS_PER_SLICE == 0) {
			vgic_preempt_point();
		}
	}
}
