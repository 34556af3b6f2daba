/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The locks, and delivering a change of state to the VCPU it concerns: at once
 * if its list registers can be accessed here, else by marking them stale and
 * kicking the VCPU.
 */
#include "vgic_priv.h"

bool vgic_lock_spis(struct vgic_cpu *vc)
{
	if (!vgic_reachable(vc)) {
		spin_lock(&vc->lock);
		if (!vgic_reachable(vc)) {
			return false;
		}
		/* That changed before the lock was taken. */
		spin_unlock(&vc->lock);
	}
	vgic_lock_shared(vc);
	return true;
}

void vgic_lock_shared(struct vgic_cpu *vc)
{
	spin_lock(&vc->vgic->lock);
	spin_lock(&vc->lock);
}

void vgic_unlock_shared(struct vgic_cpu *vc)
{
	struct vgic *vg = vc->vgic;

	vgic_unlock_cpu(vc);
	vgic_deliver_retargeted(vg);
	spin_unlock(&vg->lock);
}

/* ---- changes ---- */

static void mark_stale(struct vgic_cpu *vc)
{
	WRITE_ONCE(vc->stale, true);
	WRITE_ONCE(vc->lr_reusable, 0);
	/* Pairs with vgic_cpuif_flush(). */
	__atomic_store_n(&vc->flush, true, __ATOMIC_RELEASE);
	vc->wake = true;
}

/* Bound to a host interrupt, but could not be delivered; now it can. Deactivate
 * the host interrupt: it fires again if its line is still high. */
static void resample_hw(struct vgic_cpu *vc)
{
	for (uint32_t left = vc->priv.want_resample; left; left &= left - 1) {
		struct virq_ref r = virq_ref(vc->vgic, vc, vgic_ctz(left));

		vc->priv.want_resample &= ~r.m;
		if (!((r.b->in_lr | r.b->active) & r.m)) {
			vgic_unbind(&r);
			vgic_update_queue(vc, &r);
		}
	}
}

/* Pending, nothing waits, and there is room: it need not go by the queue. */
static bool attach_at_once(struct vgic_cpu *vc, const struct virq_ref *r)
{
	int n;

	if (!(vgic_soft_pending(r->b) & ~r->b->want_resample & r->m)) {
		return false;
	}
	n = vgic_direct_lr(vc, r);
	if (n < 0) {
		return false;
	}
	vgic_attach(vc, r, (unsigned int)n);
	vc->wake = true;
	return true;
}

static void update_locked(struct vgic_cpu *vc, const struct virq_ref *r,
			  struct vgic_cpuset *set)
{
	bool reachable = vgic_reachable(vc);
	bool in_lr = (r->b->in_lr & r->m) != 0;

	if (in_lr && !reachable) {
		mark_stale(vc);
		vgic_cpuset_add(set, vc->index);
		return;
	}
	if ((!in_lr || vgic_free_lr(vc, r->q->lr)) &&
	    (!reachable || !attach_at_once(vc, r))) {
		vgic_update_queue(vc, r);
	}
	if (reachable) {
		vgic_fill(vc);
	} else if (r->b->queued & r->m) {
		mark_stale(vc);
	}
}

void vgic_update_private(struct vgic_cpu *vc, unsigned int intid,
			 struct vgic_cpuset *set)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, intid);

	assert_held(&vc->lock);
	if (unlikely(r.b->want_resample & r.m)) {
		if (vgic_reachable(vc)) {
			resample_hw(vc);
		} else {
			mark_stale(vc);
		}
	}
	update_locked(vc, &r, set);
}

/* VCPU whose lock guards the SPI's queue and list register now. */
static unsigned int holder(struct vgic *vg, const struct virq_ref *r)
{
	if ((r->b->in_lr | r->b->queued | r->b->active) & r->m) {
		return r->q->where;
	}
	return vgic_target(vg, r);
}

void vgic_update_spi(struct vgic *vg, unsigned int intid,
		     struct vgic_cpuset *set)
{
	struct virq_ref r = virq_ref(vg, NULL, intid);
	unsigned int n = holder(vg, &r);
	struct vgic_cpu *vc = n < vg->ncpus ? vg->cpus[n] : NULL;

	assert_held(&vg->lock);
	vgic_clear_retargeted(vg, &r);
	if (vc) {
		spin_lock(&vc->lock);
		update_locked(vc, &r, set);
		vgic_unlock_cpu(vc);
	}
}

/*
 * Delivers each retargeted SPI to its new target. This terminates: delivering
 * one may take others out of the same VCPU's list registers, but each list
 * register only once, because no route changes while the lock is held.
 */
void vgic_deliver_all_retargeted(struct vgic *vg)
{
	struct vgic_cpuset set = { { 0 } };

	while (vg->nr_retargeted) {
		for (unsigned int i = 0; i < vg->nspis / 32; i++) {
			unsigned int first = VGIC_NR_PRIVATE + 32 * i;

			while (vg->retargeted[i]) {
				vgic_update_spi(
					vg, first + vgic_ctz(vg->retargeted[i]),
					&set);
			}
		}
	}
}

void vgic_sync_set(struct vgic *vg, const struct vgic_cpuset *set)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(set->bits); i++) {
		uint64_t left = set->bits[i];

		for (; left; left &= left - 1) {
			int n = __builtin_ctzll(left);

			vgic_sync_vcpu(vg->cpus[64 * i + (unsigned int)n]);
		}
	}
}

/*
 * The guest deactivated EOIcount active interrupts that had no list register.
 * With EOImode 0 these are the ones of highest priority (IHI0069 12.4.6).
 */
void vgic_take_eoicount(struct vgic_cpu *vc)
{
	unsigned int left = HCR_EOICOUNT(vgic_lr_ops->read_hcr());

	if (left) {
		vgic_lr_ops->write_hcr(vc->hcr);
	}
	for (; left && vc->levels[VGIC_QUEUE_ACTIVE]; left--) {
		struct virq_ref r = virq_ref(
			vc->vgic, vc, vgic_queue_first(vc, VGIC_QUEUE_ACTIVE));

		r.b->active &= ~r.m;
		vgic_unbind(&r);
		vgic_update_queue(vc, &r);
	}
}

void vgic_reconcile(struct vgic_cpu *vc)
{
	assert_held(&vc->lock);
	WRITE_ONCE(vc->stale, false);
	if (unlikely(vc->reset)) {
		vgic_cpu_reset_locked(vc);
	}
	vgic_apply_eoicount(vc);
	for (uint32_t left = vc->lr_used; left; left &= left - 1) {
		vgic_reconcile_lr(vc, vgic_ctz(left));
	}
	if (unlikely(vc->priv.want_resample)) {
		resample_hw(vc);
	}
	vgic_fill(vc);
	__atomic_store_n(&vc->lr_reads, vc->lr_reads + 1, __ATOMIC_RELEASE);
}

void vgic_kick(struct vgic_cpu *vc)
{
	assert_held(&vc->lock);
	if (vgic_reachable(vc)) {
		vgic_reconcile(vc);
		vc->wake = true;
	} else {
		mark_stale(vc);
	}
}

/*
 * Free a list register whose private interrupt the guest has deactivated and
 * has nothing else recorded. Interrupts bound to a host interrupt keep theirs,
 * as do SPIs, whose bits are under another lock. -1: none. The first one found
 * is taken, so that among interrupts that come in turn the others keep theirs.
 */
static int take_deactivated_lr(struct vgic_cpu *vc)
{
	struct vgic_bank *b = &vc->priv;
	uint32_t left = vc->lr_used & vgic_lr_ops->read_elrsr();
	uint32_t busy = vgic_soft_pending(b) | b->hw | b->want_clear_pending |
			b->want_clear_active | b->want_set_active;

	for (; left; left &= left - 1) {
		unsigned int n = vgic_ctz(left);
		unsigned int intid = vc->lr_intid[n];
		uint32_t m = 1U << intid % 32;

		if (intid < VGIC_NR_PRIVATE && !(busy & m)) {
			vc->private_irqs[intid].acked = false;
			vc->lr_reusable &= ~(uint64_t)m;
			b->in_lr &= ~m;
			b->active &= ~m;
			b->lr_pending &= ~m;
			b->lr_latch &= ~m;
			return (int)n;
		}
	}
	return -1;
}

/*
 * Hot: nothing waits in a queue, and there is room: no search, no second
 * lock, one list register read or written. Most often it is the one that the
 * same interrupt had last time and that has not been read back since.
 */
int vgic_direct_lr(struct vgic_cpu *vc, const struct virq_ref *r)
{
	uint32_t room;
	unsigned int n;

	if (!vgic_reachable(vc) || !vgic_may_signal(vc, r) || vc->stale ||
	    (vc->levels[VGIC_QUEUE_GRP0] | vc->levels[VGIC_QUEUE_GRP1])) {
		return -1;
	}
	if (r->b->in_lr & r->m) {
		n = r->q->lr;
		if (vgic_lr_state(vgic_lr_get(vc, n))) {
			return -1;
		}
		r->b->active &= ~r->m;
		r->b->lr_latch &= ~r->m;
		return (int)n;
	}
	if (r->b->active & r->m) {
		return -1;
	}
	room = vgic_free_lrs(vc);
	if (room) {
		return __builtin_ctz(room);
	}
	return vc->loaded_on && !vc->levels[VGIC_QUEUE_ACTIVE]
		       ? take_deactivated_lr(vc)
		       : -1;
}
