/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of one interrupt (docs/design/vgic.md has the diagram): where it
 * belongs after a change, and what its list register says.
 *
 * An interrupt is in one place: nowhere, in a queue of a VCPU, or in one of
 * its list registers. The hardware changes the pending and active state in a
 * list register; it is read back when software needs it.
 */
#include "vgic_priv.h"

const struct vgic_lr_ops *vgic_lr_ops;

void vgic_lr_put(struct vgic_cpu *vc, unsigned int n, uint64_t val)
{
	if (vc->loaded_on) {
		vgic_lr_ops->write_lr(n, val);
	} else {
		vc->lr[n] = val;
	}
}

uint64_t vgic_vmcr(const struct vgic_cpu *vc)
{
	return vc->loaded_on ? vgic_lr_ops->read_vmcr() : vc->vmcr;
}

/* GICv2 keeps the pending state of an SGI per requesting CPU. */
static bool has_sources(const struct vgic_cpu *vc, const struct virq_ref *r)
{
	return !vgic_v3(vc->vgic) && r->intid < 16;
}

static bool is_awake(const struct vgic *vg, unsigned int n)
{
	return n < vg->ncpus && vg->cpus[n] &&
	       !READ_ONCE(vg->cpus[n]->processor_sleep);
}

/* The search starts after the last chosen. */
uint8_t vgic_choose_1ofn(struct vgic *vg)
{
	for (uint32_t i = 0; i < vg->ncpus; i++) {
		uint32_t n = (vg->next_1ofn + i) % vg->ncpus;

		if (is_awake(vg, n)) {
			vg->next_1ofn = n + 1;
			return (uint8_t)n;
		}
	}
	return 0;
}

unsigned int vgic_target(struct vgic *vg, const struct virq_ref *r)
{
	uint8_t other;

	if (unlikely(r->q->one_of_n) && !is_awake(vg, r->q->target)) {
		other = vgic_choose_1ofn(vg);
		if (is_awake(vg, other)) {
			r->q->target = other;
		}
	}
	return r->q->target;
}

void vgic_unbind(const struct virq_ref *r)
{
	if (r->b->hw & r->m) {
		vgic_host.deactivate(r->q->hwintid);
		r->b->hw &= ~r->m;
		r->b->line &= ~r->m;
	}
}

/* ---- queues ---- */

static int wanted_queue(const struct virq_ref *r)
{
	const struct vgic_bank *b = r->b;

	if (b->active & r->m) {
		return VGIC_QUEUE_ACTIVE;
	}
	if (!(vgic_soft_pending(b) & b->enabled & ~b->want_resample & r->m)) {
		return -1;
	}
	return (b->group & r->m) ? VGIC_QUEUE_GRP1 : VGIC_QUEUE_GRP0;
}

static void note_retargeted(struct vgic *vg, const struct virq_ref *r)
{
	uint32_t *word = &vg->retargeted[r->intid / 32 - 1];

	if (!(*word & r->m)) {
		*word |= r->m;
		vg->nr_retargeted++;
	}
}

void vgic_clear_retargeted(struct vgic *vg, const struct virq_ref *r)
{
	uint32_t *word = &vg->retargeted[r->intid / 32 - 1];

	if (*word & r->m) {
		*word &= ~r->m;
		vg->nr_retargeted--;
	}
}

void vgic_update_queue(struct vgic_cpu *vc, const struct virq_ref *r)
{
	int want = wanted_queue(r);
	bool elsewhere = virq_is_shared(r) && want != VGIC_QUEUE_ACTIVE &&
			 vgic_target(vc->vgic, r) != vc->index;

	if (r->b->queued & r->m) {
		if (want == r->q->queue && !elsewhere &&
		    (want == VGIC_QUEUE_ACTIVE ||
		     r->q->prio >> 3 == r->q->level)) {
			return;
		}
		vgic_queue_remove(vc, r);
	}
	if (want < 0) {
		return;
	}
	if (elsewhere) {
		note_retargeted(vc->vgic, r);
		return;
	}
	vgic_queue_add(vc, r, (enum vgic_queue)want);
	vc->wake |= want != VGIC_QUEUE_ACTIVE;
}

/* ---- list registers ---- */

/* The pending state moves from the latch into the list register. */
static void take_pending(struct vgic_cpu *vc, const struct virq_ref *r)
{
	uint8_t *sources;

	if (!(r->b->latch & r->m)) {
		return;
	}
	r->b->lr_latch |= r->m;
	if (has_sources(vc, r)) {
		sources = &vc->sgi_sources[r->intid];
		r->q->source = (uint8_t)__builtin_ctz(*sources);
		*sources &= (uint8_t)(*sources - 1);
		if (*sources) {
			return;
		}
	}
	r->b->latch &= ~r->m;
}

/* The pending state moves from the list register into the latch. */
static void return_pending(struct vgic_cpu *vc, const struct virq_ref *r)
{
	if (!(r->b->lr_latch & r->m)) {
		return;
	}
	r->b->lr_latch &= ~r->m;
	r->b->latch |= r->m;
	if (has_sources(vc, r)) {
		vc->sgi_sources[r->intid] |= (uint8_t)(1U << r->q->source);
	}
}

/*
 * Choose what the deactivation does. With the HW bit it also deactivates the
 * host interrupt, which then fires again by itself if its line is still high;
 * but pending and active together are not allowed with HW (IHI0069 12.4.7).
 * Else the EOI bit asks for a maintenance interrupt if a host interrupt is
 * bound, or if more is pending than the list register can hold: a level line
 * still high, an SGI of another CPU, a route changed.
 */
static void choose_deactivation(const struct virq_ref *r, struct vlr *lr)
{
	const struct vgic_bank *b = r->b;
	uint32_t more = (vgic_soft_pending(b) & b->enabled) | b->hw;

	lr->hw = (b->hw & ~b->latch & r->m) &&
		 lr->state != (LR_PENDING | LR_ACTIVE);
	lr->hwintid = r->q->hwintid;
	lr->eoi = !lr->hw && (more & r->m);
}

/* Into list register n, as `lr` says. */
static inline void install(struct vgic_cpu *vc, const struct virq_ref *r,
			   unsigned int n, const struct vlr *lr)
{
	r->b->in_lr |= r->m;
	r->q->where = vc->index;
	r->q->lr = (uint8_t)n;
	vc->lr_used |= 1U << n;
	vc->lr_intid[n] = r->intid;
	vc->lr[n] = vgic_lr_ops->encode(lr);
	if (vc->loaded_on) {
		vgic_lr_ops->write_lr(n, vc->lr[n]);
		if (lr->state == LR_PENDING && (lr->hw || r->intid < 16)) {
			vc->lr_reusable |= r->m;
		} else if (lr->state == LR_PENDING && virq_is_shared(r) &&
			   vgic_may_reuse_spi(r)) {
			vc->lr_reusable |= vgic_spi_reusable(n);
		}
	}
}

void vgic_attach_sgi(struct vgic_cpu *vc, const struct virq_ref *r,
		     unsigned int n, unsigned int source)
{
	const struct vlr lr = {
		.intid = r->intid,
		.prio = r->q->prio,
		.state = LR_PENDING,
		.source = (uint8_t)source,
		.group1 = (r->b->group & r->m) != 0,
	};

	r->b->lr_latch |= r->m;
	r->b->lr_pending |= r->m;
	r->q->source = (uint8_t)source;
	install(vc, r, n, &lr);
}

/* Into list register n; not queued. */
void vgic_attach(struct vgic_cpu *vc, const struct virq_ref *r, unsigned int n)
{
	struct vlr lr = {
		.intid = r->intid,
		.prio = r->q->prio,
		.state = LR_ACTIVE,
		.group1 = (r->b->group & r->m) != 0,
	};

	if (r->b->active & r->m) {
		/* The hardware matches the EOI by these. */
		if (r->q->acked) {
			lr.prio = r->q->acked_prio;
			lr.group1 = r->q->acked_group1;
		}
	} else {
		lr.state = LR_PENDING;
		r->b->lr_pending |= r->m;
		take_pending(vc, r);
	}
	lr.source = has_sources(vc, r) ? r->q->source : 0;
	choose_deactivation(r, &lr);
	if (virq_is_shared(r)) {
		WRITE_ONCE(vc->spis, vc->spis + 1);
	}
	install(vc, r, n, &lr);
}

/* Out of list register n; its state has been read back. */
static void detach(struct vgic_cpu *vc, const struct virq_ref *r,
		   unsigned int n)
{
	r->b->in_lr &= ~r->m;
	r->b->lr_pending &= ~r->m;
	vc->lr_used &= ~(1U << n);
	if (virq_is_shared(r)) {
		WRITE_ONCE(vc->spis, vc->spis - 1);
	}
	vgic_lr_put(vc, n, 0);
}

/* The changes that register writes left for the CPU with the list register. */
static void apply_wants(const struct virq_ref *r, struct vlr *lr)
{
	struct vgic_bank *b = r->b;
	bool was = lr->state != 0;

	if (b->want_clear_pending & r->m) {
		lr->state &= (uint8_t)~LR_PENDING;
	}
	if (b->want_clear_active & r->m) {
		lr->state &= (uint8_t)~LR_ACTIVE;
	}
	if (b->want_set_active & r->m) {
		lr->state |= LR_ACTIVE;
	}
	b->want_clear_pending &= ~r->m;
	b->want_clear_active &= ~r->m;
	b->want_set_active &= ~r->m;
	if (was && !lr->state) {
		vgic_unbind(r);
	}
}

/* Its pending state may stay in the list register. */
static bool keeps_pending(const struct vgic_cpu *vc, const struct virq_ref *r,
			  const struct vlr *lr)
{
	const struct vgic_bank *b = r->b;
	uint32_t level = b->line & ~b->edge;

	return vgic_may_signal(vc, r) && lr->prio == r->q->prio &&
	       lr->group1 == ((b->group & r->m) != 0) &&
	       ((b->lr_latch | level) & r->m);
}

/*
 * Others wait for a list register. The pending state of an interrupt that is
 * active and pending must then wait with them, or it might be delivered before
 * one of higher priority.
 */
static bool others_are_queued(const struct vgic_cpu *vc)
{
	uint32_t ctlr = READ_ONCE(vc->vgic->ctlr);

	return ((ctlr & VGIC_CTLR_GRP0) && vc->levels[VGIC_QUEUE_GRP0]) ||
	       ((ctlr & VGIC_CTLR_GRP1) && vc->levels[VGIC_QUEUE_GRP1]);
}

/*
 * Pending again while active: only an edge can be added, level interrupts are
 * sampled again when they are deactivated. The hardware matches the EOI of an
 * active interrupt by group and priority, so these must not have changed.
 */
static bool may_add_pending(const struct vgic_cpu *vc, const struct virq_ref *r,
			    const struct vlr *lr)
{
	if (!(r->b->latch & r->b->edge & ~r->b->hw & r->m) ||
	    !vgic_may_signal(vc, r) || lr->prio != r->q->prio ||
	    lr->group1 != ((r->b->group & r->m) != 0) ||
	    others_are_queued(vc)) {
		return false;
	}
	return !has_sources(vc, r) ||
	       (vc->sgi_sources[r->intid] & (1U << lr->source));
}

/* A further edge, while the interrupt is pending in the list register, is
 * merged with it. */
static void merge_pending(struct vgic_cpu *vc, const struct virq_ref *r,
			  const struct vlr *lr)
{
	uint8_t *sources;

	if (!(r->b->latch & r->m)) {
		return;
	}
	if (has_sources(vc, r)) {
		sources = &vc->sgi_sources[r->intid];
		*sources &= (uint8_t) ~(1U << lr->source);
		if (*sources) {
			return;
		}
	}
	r->b->latch &= ~r->m;
	r->b->lr_latch |= r->m;
}

static void reconcile_pending(struct vgic_cpu *vc, const struct virq_ref *r,
			      struct vlr *lr)
{
	if (!(lr->state & LR_PENDING)) {
		r->b->lr_latch &= ~r->m;
		if (lr->state && may_add_pending(vc, r, lr)) {
			lr->state |= LR_PENDING;
			r->b->lr_latch |= r->m;
			merge_pending(vc, r, lr);
		}
		return;
	}
	merge_pending(vc, r, lr);
	if (!keeps_pending(vc, r, lr) ||
	    ((lr->state & LR_ACTIVE) && others_are_queued(vc))) {
		lr->state &= (uint8_t)~LR_PENDING;
		return_pending(vc, r);
	}
}

/* Remember the priority and group with which the guest acknowledged it. */
static void note_ack(const struct virq_ref *r, const struct vlr *lr)
{
	if (!(lr->state & LR_ACTIVE)) {
		r->q->acked = false;
	} else if (!(r->b->active & r->m)) {
		r->q->acked = true;
		r->q->acked_prio = lr->prio;
		r->q->acked_group1 = lr->group1;
	}
}

/* An edge that waits in the inbox of SPIs. */
static inline void take_posted(struct vgic_cpu *vc, const struct virq_ref *r,
			       unsigned int n)
{
	uint32_t bit = 1U << n;

	if (READ_ONCE(vc->spi_inbox) & bit) {
		(void)__atomic_fetch_and(&vc->spi_inbox, ~bit,
					 __ATOMIC_RELAXED);
		r->b->latch |= r->m;
	}
}

bool vgic_free_lr(struct vgic_cpu *vc, unsigned int n)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, vc->lr_intid[n]);
	uint64_t old = vgic_lr_get(vc, n);
	struct vlr lr = vgic_lr_ops->decode(old);
	uint64_t val;

	if (!lr.state && lr.hw) {
		/* The guest's deactivation has also deactivated the host
		 * interrupt. */
		r.b->hw &= ~r.m;
		r.b->line &= ~r.m;
	} else if (!lr.state) {
		vgic_unbind(&r);
	}
	if (!virq_is_shared(&r)) {
		vc->lr_reusable &= ~(uint64_t)r.m;
	} else if (vgic_reuses_spis()) {
		vc->lr_reusable &= ~vgic_spi_reusable(n);
		take_posted(vc, &r, n);
	}
	note_ack(&r, &lr);
	apply_wants(&r, &lr);
	reconcile_pending(vc, &r, &lr);
	r.b->active &= ~r.m;
	r.b->lr_pending &= ~r.m;
	if (!lr.state) {
		detach(vc, &r, n);
		return true;
	}
	if (lr.state & LR_ACTIVE) {
		r.b->active |= r.m;
	}
	if (lr.state & LR_PENDING) {
		r.b->lr_pending |= r.m;
	}
	choose_deactivation(&r, &lr);
	val = vgic_lr_ops->encode(&lr);
	if (val != old) {
		vgic_lr_put(vc, n, val);
	}
	return false;
}

void vgic_reconcile_lr(struct vgic_cpu *vc, unsigned int n)
{
	if (vgic_free_lr(vc, n)) {
		struct virq_ref r = virq_ref(vc->vgic, vc, vc->lr_intid[n]);

		vgic_update_queue(vc, &r);
	}
}

void vgic_evict(struct vgic_cpu *vc, unsigned int n)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, vc->lr_intid[n]);

	return_pending(vc, &r);
	detach(vc, &r, n);
	vgic_update_queue(vc, &r);
}
