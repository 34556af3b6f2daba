/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt state machine: where an interrupt belongs after its state
 * has changed, and what its list register says meanwhile.
 *
 * An interrupt is in one place: nowhere, in a queue of a VCPU, or in one of
 * its list registers. What a list register holds, pending and active, is the
 * hardware's to change; it is read back when somebody needs to know.
 */
#include "vgic_priv.h"

const struct vgic_lr_ops *vgic_lr_ops;

uint64_t vgic_lr_get(const struct vgic_cpu *vc, unsigned int n)
{
	return vc->loaded_on ? vgic_lr_ops->read_lr(n) : vc->lr[n];
}

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

/* An SGI of the v2 model counts its requesting CPUs apart. */
static bool has_sources(const struct vgic_cpu *vc, const struct virq_ref *r)
{
	return !vgic_v3(vc->vgic) && r->intid < 16;
}

static bool is_awake(const struct vgic *vg, unsigned int n)
{
	return n < vg->ncpus && vg->cpus[n] && !READ_ONCE(vg->cpus[n]->asleep);
}

/* The search starts after the last chosen. */
uint8_t vgic_choose_any(struct vgic *vg)
{
	for (uint32_t i = 0; i < vg->ncpus; i++) {
		uint32_t n = (vg->next_any + i) % vg->ncpus;

		if (is_awake(vg, n)) {
			vg->next_any = n + 1;
			return (uint8_t)n;
		}
	}
	return 0;
}

unsigned int vgic_target(struct vgic *vg, const struct virq_ref *r)
{
	uint8_t other;

	if (unlikely(r->q->any) && !is_awake(vg, r->q->target)) {
		other = vgic_choose_any(vg);
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

/* May it be signalled to `vc`, were it pending? */
bool vgic_may_signal(const struct vgic_cpu *vc, const struct virq_ref *r)
{
	uint32_t grp = (r->b->group & r->m) ? VGIC_CTLR_GRP1 : VGIC_CTLR_GRP0;

	return (r->b->enabled & r->m) && (READ_ONCE(vc->vgic->ctlr) & grp) &&
	       (!virq_is_shared(r) || r->q->target == vc->index);
}

/* ---- places ---- */

static int wanted_queue(const struct virq_ref *r)
{
	const struct vgic_bank *b = r->b;

	if (b->active & r->m) {
		return VGIC_QUEUE_ACTIVE;
	}
	if (!(vgic_soft_pending(b) & b->enabled & ~b->want_release & r->m)) {
		return -1;
	}
	return (b->group & r->m) ? VGIC_QUEUE_GRP1 : VGIC_QUEUE_GRP0;
}

static void note_stray(struct vgic *vg, const struct virq_ref *r)
{
	uint32_t *word = &vg->stray[r->intid / 32 - 1];

	if (!(*word & r->m)) {
		*word |= r->m;
		vg->nr_stray++;
	}
}

void vgic_forget_stray(struct vgic *vg, const struct virq_ref *r)
{
	uint32_t *word = &vg->stray[r->intid / 32 - 1];

	if (*word & r->m) {
		*word &= ~r->m;
		vg->nr_stray--;
	}
}

/*
 * Queue an interrupt that is not resident, or take it out. An SPI whose
 * target is another VCPU becomes a stray: two VCPUs' locks are never held at
 * once, so it is delivered when this one's is released.
 */
void vgic_place(struct vgic_cpu *vc, const struct virq_ref *r)
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
		note_stray(vc->vgic, r);
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

/* And back. */
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
 * How its end comes about. With the HW bit it is the host interrupt's too,
 * which then comes again by itself; but pending and active at once do not go
 * with it (IHI0069 12.4.7). Else the end has to be told if a host interrupt
 * waits for it, or more is pending than the list register can hold: a level
 * line still high, an SGI of another CPU, a route changed.
 */
static void choose_end(const struct virq_ref *r, struct vlr *lr)
{
	const struct vgic_bank *b = r->b;
	uint32_t more = (vgic_soft_pending(b) & b->enabled) | b->hw;

	lr->hw = (b->hw & ~b->latch & r->m) &&
		 lr->state != (LR_PENDING | LR_ACTIVE);
	lr->hwintid = r->q->hwintid;
	lr->eoi = !lr->hw && (more & r->m);
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
		/* By these its end is recognized. */
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
	choose_end(r, &lr);
	r->b->resident |= r->m;
	r->q->where = vc->index;
	r->q->lr = (uint8_t)n;
	vc->lr_used |= 1U << n;
	vc->lr_intid[n] = r->intid;
	if (virq_is_shared(r)) {
		WRITE_ONCE(vc->spis, vc->spis + 1);
	}
	vc->lr[n] = vgic_lr_ops->encode(&lr);
	if (vc->loaded_on) {
		vgic_lr_ops->write_lr(n, vc->lr[n]);
		if (lr.state == LR_PENDING && (lr.hw || r->intid < 16)) {
			vc->armed |= r->m;
		}
	}
}

/* Out of list register n; its state has been brought back. */
static void detach(struct vgic_cpu *vc, const struct virq_ref *r,
		   unsigned int n)
{
	r->b->resident &= ~r->m;
	r->b->lr_pending &= ~r->m;
	vc->lr_used &= ~(1U << n);
	if (virq_is_shared(r)) {
		WRITE_ONCE(vc->spis, vc->spis - 1);
	}
	vgic_lr_put(vc, n, 0);
}

/* What registers asked for while the list register was out of reach. */
static void apply_wants(const struct virq_ref *r, struct vlr *lr)
{
	struct vgic_bank *b = r->b;
	bool was = lr->state != 0;

	if (b->want_unpend & r->m) {
		lr->state &= (uint8_t)~LR_PENDING;
	}
	if (b->want_inactive & r->m) {
		lr->state &= (uint8_t)~LR_ACTIVE;
	}
	if (b->want_active & r->m) {
		lr->state |= LR_ACTIVE;
	}
	b->want_unpend &= ~r->m;
	b->want_inactive &= ~r->m;
	b->want_active &= ~r->m;
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
 * Others wait for a list register. What is pending behind its own active
 * state must then wait with them, or it might come before its turn.
 */
static bool is_crowded(const struct vgic_cpu *vc)
{
	uint32_t ctlr = READ_ONCE(vc->vgic->ctlr);

	return ((ctlr & VGIC_CTLR_GRP0) && vc->levels[VGIC_QUEUE_GRP0]) ||
	       ((ctlr & VGIC_CTLR_GRP1) && vc->levels[VGIC_QUEUE_GRP1]);
}

/*
 * Pending anew while active: only an edge can be added, level interrupts
 * are sampled again at their end. The hardware matches the end of an active
 * interrupt by group and priority, so these must not have changed.
 */
static bool may_add_pending(const struct vgic_cpu *vc, const struct virq_ref *r,
			    const struct vlr *lr)
{
	if (!(r->b->latch & r->b->edge & ~r->b->hw & r->m) ||
	    !vgic_may_signal(vc, r) || lr->prio != r->q->prio ||
	    lr->group1 != ((r->b->group & r->m) != 0) || is_crowded(vc)) {
		return false;
	}
	return !has_sources(vc, r) ||
	       (vc->sgi_sources[r->intid] & (1U << lr->source));
}

/* Edges that came while it is pending in the list register are one with it. */
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

static void settle_pending(struct vgic_cpu *vc, const struct virq_ref *r,
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
	    ((lr->state & LR_ACTIVE) && is_crowded(vc))) {
		lr->state &= (uint8_t)~LR_PENDING;
		return_pending(vc, r);
	}
}

/* Remember by what priority and group the guest will end it. */
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

/*
 * Read list register n back, bring software's view and it in agreement, and
 * give it up if the interrupt is at its end.
 */
void vgic_reconcile_lr(struct vgic_cpu *vc, unsigned int n)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, vc->lr_intid[n]);
	uint64_t old = vgic_lr_get(vc, n);
	struct vlr lr = vgic_lr_ops->decode(old);
	uint64_t val;

	if (!lr.state && lr.hw) {
		/* The guest's deactivation was the host's too. */
		r.b->hw &= ~r.m;
		r.b->line &= ~r.m;
	} else if (!lr.state) {
		vgic_unbind(&r);
	}
	if (!virq_is_shared(&r)) {
		vc->armed &= ~r.m;
	}
	note_ack(&r, &lr);
	apply_wants(&r, &lr);
	settle_pending(vc, &r, &lr);
	r.b->active &= ~r.m;
	r.b->lr_pending &= ~r.m;
	if (!lr.state) {
		detach(vc, &r, n);
		vgic_place(vc, &r);
		return;
	}
	if (lr.state & LR_ACTIVE) {
		r.b->active |= r.m;
	}
	if (lr.state & LR_PENDING) {
		r.b->lr_pending |= r.m;
	}
	choose_end(&r, &lr);
	val = vgic_lr_ops->encode(&lr);
	if (val != old) {
		vgic_lr_put(vc, n, val);
	}
}

/* Take a live interrupt out of list register n, back into a queue. */
void vgic_evict(struct vgic_cpu *vc, unsigned int n)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, vc->lr_intid[n]);

	return_pending(vc, &r);
	detach(vc, &r, n);
	vgic_place(vc, &r);
}
