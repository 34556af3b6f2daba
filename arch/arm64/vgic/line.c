/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The level of a device's interrupt line. */
#include "vgic_priv.h"

/* Set the line, and latch an edge; false: no change. Each call with `level` is
 * an edge to an edge-triggered input. */
static inline bool drive(const struct virq_ref *r, bool level)
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

/*
 * The list register that a private interrupt has, if the guest has ended what
 * was in it, or else a free one, which is its own from then on. -1: none.
 */
static inline int own_lr(struct vgic_cpu *vc, const struct virq_ref *r)
{
	unsigned int n = r->q->lr;
	uint32_t room;

	if (r->b->in_lr & r->m) {
		return vgic_lr_state(vgic_lr_get(vc, n)) ? -1 : (int)n;
	}
	room = vgic_free_lrs(vc);
	if (!room || ((r->b->queued | r->b->active) & r->m) ||
	    virq_is_shared(r)) {
		return -1;
	}
	n = vgic_ctz(room);
	r->b->in_lr |= r->m;
	r->q->where = vc->index;
	r->q->lr = (uint8_t)n;
	vc->lr_used |= 1U << n;
	vc->lr_intid[n] = r->intid;
	return (int)n;
}

/*
 * Hot: an interrupt of a device or a timer is pending again, and the guest has
 * ended it since its list register was written, or (private) there is a free
 * one: it is pending there at once. Nothing waits in a queue, and nothing is to
 * be made up for: so all that it needs is in `r`. SGIs of a GICv2 have sources,
 * and are left out. False: go by vgic_update_private() or vgic_update_spi().
 */
static __noinline bool attach_again(struct vgic_cpu *vc, struct vgic_bank *b,
				    struct virq *q, uint16_t intid)
{
	/* In registers: no caller keeps a reference. */
	const struct virq_ref here = {
		.b = b,
		.q = q,
		.m = 1U << intid % 32,
		.intid = intid,
	};
	const struct virq_ref *r = &here;
	uint64_t lr;
	int n;

	if (((b->hw | b->want_resample) & r->m) || !vgic_reachable(vc) ||
	    vc->stale ||
	    (vc->levels[VGIC_QUEUE_GRP0] | vc->levels[VGIC_QUEUE_GRP1]) ||
	    !vgic_may_signal(vc, r) || r->intid < 16) {
		return false;
	}
	n = own_lr(vc, r);
	if (n < 0) {
		return false;
	}
	b->active &= ~r->m;
	b->lr_pending |= r->m;
	b->lr_latch = (b->lr_latch & ~r->m) | (b->latch & r->m);
	b->latch &= ~r->m;
	lr = vgic_lr_pending(r);
	if (b->line & ~b->edge & r->m) {
		/* As choose_deactivation(). */
		lr |= BIT(vgic_lr_ops->at.eoi);
	}
	vc->lr[n] = lr;
	if (vc->loaded_on) {
		vgic_lr_ops->write_lr((unsigned int)n, lr);
		if (virq_is_shared(r) && vgic_may_reuse_spi(r)) {
			vc->lr_reusable |= vgic_spi_reusable((unsigned int)n);
		}
	}
	vc->wake = true;
	return true;
}

static __noinline void update_private(struct vgic_cpu *vc, unsigned int intid)
{
	struct vgic_cpuset set = { { 0 } };
	/* The guest's lock comes first, if SPIs are on the VCPU. */
	bool shared = vgic_lock(vc);

	vgic_update_private(vc, intid, &set);
	vgic_unlock(vc, shared);
}

void vgic_line_private(struct vgic_cpu *vc, unsigned int intid, bool level)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, intid);
	bool done;

	spin_lock(&vc->lock);
	done = !drive(&r, level) ||
	       (level && attach_again(vc, r.b, r.q, r.intid));
	vgic_unlock_cpu(vc);
	if (unlikely(!done)) {
		update_private(vc, intid);
	}
}

/* Where it is already, if it has ended there. */
static inline bool pend_spi_again(struct vgic *vg, const struct virq_ref *r)
{
	struct vgic_cpu *vc;
	bool done;

	vc = r->b->in_lr & r->m ? vg->cpus[r->q->where] : NULL;
	if (!vc) {
		return false;
	}
	spin_lock(&vc->lock);
	done = attach_again(vc, r->b, r->q, r->intid);
	vgic_unlock_cpu(vc);
	return done;
}

/* The guest's lock is held. */
static __noinline void update_shared(struct vgic *vg, unsigned int intid)
{
	struct vgic_cpuset set = { { 0 } };

	vgic_update_spi(vg, intid, &set);
	vgic_deliver_retargeted(vg);
}

static __noinline void line_shared_locked(struct vgic *vg, unsigned int intid,
					  bool level)
{
	struct virq_ref r = virq_ref(vg, NULL, intid);

	assert_held(&vg->lock);
	if (drive(&r, level) && !(level && pend_spi_again(vg, &r))) {
		update_shared(vg, intid);
	}
	spin_unlock(&vg->lock);
}

static __noinline void line_shared(struct vgic *vg, unsigned int intid,
				   bool level)
{
	spin_lock(&vg->lock);
	line_shared_locked(vg, intid, level);
}

/* The same of an edge that is latched, and in a list register of `vc`. */
static __noinline void edge_latched(struct vgic_cpu *vc, struct vgic_bank *b,
				    struct virq *q, unsigned int intid)
{
	struct vgic *vg = vc->vgic;
	bool done;

	assert_held(&vg->lock);
	spin_lock(&vc->lock);
	done = attach_again(vc, b, q, (uint16_t)intid);
	vgic_unlock_cpu(vc);
	if (!done) {
		update_shared(vg, intid);
	}
	spin_unlock(&vg->lock);
}

/* Only this CPU changes the list registers of a VCPU that is loaded here. */
static __noinline void edge_here(struct vgic_cpu *vc, unsigned int n,
				 unsigned int intid)
{
	if (vgic_lr_ops->read_elrsr() >> n & 1) {
		vgic_lr_ops->write_lr(n, vc->lr[n]);
		vgic_wake(vc);
	} else {
		line_shared(vc->vgic, intid, true);
	}
}

/* The guest's lock is held, so the interrupt stays in that list register. */
static inline void post_edge(struct vgic_cpu *vc, unsigned int n)
{
	(void)__atomic_fetch_or(&vc->spi_inbox, 1U << n, __ATOMIC_RELAXED);
	/* Pairs with vgic_cpuif_flush(). */
	__atomic_store_n(&vc->flush, true, __ATOMIC_RELEASE);
}

/*
 * Hot: an edge whose list register may be written again (vgic_reuse_lr()), here
 * or, by the inbox of SPIs, where its VCPU is loaded. Whatever takes a function
 * that returns is elsewhere, so that this one needs no stack frame.
 */
void vgic_line_spi(struct vgic *vg, unsigned int intid, bool level)
{
	unsigned int spi = intid - VGIC_NR_PRIVATE;
	uint32_t m = 1U << spi % 32;
	struct vgic_bank *b;
	struct vgic_cpu *vc;
	struct virq *q;
	unsigned int n;

	if (spi >= vg->nspis) {
		return;
	}
	if (!vgic_reuses_spis() || !level || !spin_trylock(&vg->lock)) {
		line_shared(vg, intid, level);
		return;
	}
	b = &vg->spi[spi / 32];
	q = &vg->spis[spi];
	n = q->lr;
	vc = vg->cpus[q->where];
	if (!(b->in_lr & b->edge & m)) {
		line_shared_locked(vg, intid, true);
		return;
	}
	b->line |= m;
	if (!(READ_ONCE(vc->lr_reusable) & vgic_spi_reusable(n))) {
		b->latch |= m;
		edge_latched(vc, b, q, intid);
		return;
	}
	if (vgic_loaded_here(vc)) {
		spin_unlock(&vg->lock);
		edge_here(vc, n, intid);
		return;
	}
	post_edge(vc, n);
	spin_unlock(&vg->lock);
	vgic_wake_vcpu(vc);
}

void vgic_discard_posted(struct vgic *vg, const struct vgic_bank *b,
			 uint32_t bits)
{
	unsigned int first = 32 * (unsigned int)(b - vg->spi);

	assert_held(&vg->lock);
	for (uint32_t left = bits & b->in_lr; left; left &= left - 1) {
		const struct virq *q = &vg->spis[first + vgic_ctz(left)];

		(void)__atomic_fetch_and(&vg->cpus[q->where]->spi_inbox,
					 ~(1U << q->lr), __ATOMIC_RELAXED);
	}
}
