/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The locks, and how a change of state reaches the VCPU it concerns: at once
 * where its list registers are in reach, else by flagging and kicking it.
 */
#include "vgic_priv.h"

bool vgic_lock(struct vgic_cpu *vc)
{
	if (READ_ONCE(vc->spis) == 0 || !vgic_reachable(vc)) {
		spin_lock(&vc->lock);
		if (vc->spis == 0 || !vgic_reachable(vc)) {
			return false;
		}
		/* That changed just now. */
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

void vgic_unlock_cpu(struct vgic_cpu *vc)
{
	bool wake = vc->wake;

	vc->wake = false;
	spin_unlock(&vc->lock);
	if (wake) {
		vgic_wake(vc);
	}
}

void vgic_unlock(struct vgic_cpu *vc, bool shared)
{
	struct vgic *vg = vc->vgic;

	vgic_unlock_cpu(vc);
	if (shared) {
		vgic_deliver_strays(vg);
		spin_unlock(&vg->lock);
	}
}

/* ---- changes ---- */

static void flag(struct vgic_cpu *vc)
{
	WRITE_ONCE(vc->stale, true);
	WRITE_ONCE(vc->armed, 0);
	/* Pairs with vgic_cpuif_flush(). */
	__atomic_store_n(&vc->flush, true, __ATOMIC_RELEASE);
	vc->wake = true;
}

/* Bound while it could not be delivered, and now it can: is the line still
 * high? The host interrupt comes again if so. */
static void release_held(struct vgic_cpu *vc)
{
	for (uint32_t left = vc->priv.want_release; unlikely(left);
	     left &= left - 1) {
		struct virq_ref r = virq_ref(vc->vgic, vc, vgic_ctz(left));

		vc->priv.want_release &= ~r.m;
		if (!((r.b->resident | r.b->active) & r.m)) {
			vgic_unbind(&r);
			vgic_place(vc, &r);
		}
	}
}

static void update_locked(struct vgic_cpu *vc, const struct virq_ref *r,
			  struct vgic_cpuset *set)
{
	bool reachable = vgic_reachable(vc);

	if (r->b->resident & r->m) {
		if (!reachable) {
			flag(vc);
			vgic_cpuset_add(set, vc->index);
			return;
		}
		vgic_reconcile_lr(vc, r->q->lr);
	} else {
		vgic_place(vc, r);
	}
	if (reachable) {
		vgic_fill(vc);
	} else if (r->b->queued & r->m) {
		flag(vc);
	}
}

void vgic_update_private(struct vgic_cpu *vc, unsigned int intid,
			 struct vgic_cpuset *set)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, intid);

	assert_held(&vc->lock);
	if (unlikely(r.b->want_release & r.m)) {
		if (vgic_reachable(vc)) {
			release_held(vc);
		} else {
			flag(vc);
		}
	}
	update_locked(vc, &r, set);
}

/* Whose lock guards the SPI's place now. */
static unsigned int home(struct vgic *vg, const struct virq_ref *r)
{
	if ((r->b->resident | r->b->queued | r->b->active) & r->m) {
		return r->q->where;
	}
	return vgic_target(vg, r);
}

void vgic_update_spi(struct vgic *vg, unsigned int intid,
		     struct vgic_cpuset *set)
{
	struct virq_ref r = virq_ref(vg, NULL, intid);
	unsigned int n = home(vg, &r);
	struct vgic_cpu *vc = n < vg->ncpus ? vg->cpus[n] : NULL;

	assert_held(&vg->lock);
	vgic_forget_stray(vg, &r);
	if (vc) {
		spin_lock(&vc->lock);
		update_locked(vc, &r, set);
		vgic_unlock_cpu(vc);
	}
}

/*
 * An SPI that left its VCPU here reaches the next. Ends: delivering one may
 * retire others from the same VCPU's list registers, but each list register
 * only once, for nothing changes routes meanwhile.
 */
void vgic_deliver_all(struct vgic *vg)
{
	struct vgic_cpuset set = { { 0 } };

	while (vg->nr_stray) {
		for (unsigned int i = 0; i < vg->nspis / 32; i++) {
			unsigned int first = VGIC_NR_PRIVATE + 32 * i;

			while (vg->stray[i]) {
				vgic_update_spi(
					vg, first + vgic_ctz(vg->stray[i]),
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

			vgic_port_sync(vg->cpus[64 * i + (unsigned int)n]);
		}
	}
}

/*
 * The guest ended active interrupts that had no list register: count them
 * off, innermost first (IHI0069 12.4.6, EOIcount).
 */
void vgic_count_off_ends(struct vgic_cpu *vc)
{
	uint64_t hcr;
	unsigned int left;

	if (!vc->loaded_on || !(vc->hcr & HCR_LRENPIE)) {
		return;
	}
	hcr = vgic_lr_ops->read_hcr();
	left = HCR_EOICOUNT(hcr);
	if (left) {
		vgic_lr_ops->write_hcr(vc->hcr);
	}
	for (; left && vc->levels[VGIC_QUEUE_ACTIVE]; left--) {
		struct virq_ref r = virq_ref(
			vc->vgic, vc, vgic_queue_first(vc, VGIC_QUEUE_ACTIVE));

		r.b->active &= ~r.m;
		vgic_unbind(&r);
		vgic_place(vc, &r);
	}
}

void vgic_reconcile(struct vgic_cpu *vc)
{
	assert_held(&vc->lock);
	WRITE_ONCE(vc->stale, false);
	if (unlikely(vc->reset)) {
		vgic_cpu_reset_locked(vc);
	}
	vgic_count_off_ends(vc);
	for (uint32_t left = vc->lr_used; left; left &= left - 1) {
		vgic_reconcile_lr(vc, vgic_ctz(left));
	}
	release_held(vc);
	vgic_fill(vc);
	__atomic_store_n(&vc->rounds, vc->rounds + 1, __ATOMIC_RELEASE);
}

void vgic_kick(struct vgic_cpu *vc)
{
	assert_held(&vc->lock);
	if (vgic_reachable(vc)) {
		vgic_reconcile(vc);
		vc->wake = true;
	} else {
		flag(vc);
	}
}

/*
 * Hot: nothing waits in a queue, and there is room: no search, no second
 * lock, one list register read or written. Most often it is the one that the
 * same interrupt had last time, which nobody has looked at since.
 */
int vgic_direct_lr(struct vgic_cpu *vc, const struct virq_ref *r)
{
	uint32_t room;
	unsigned int n;

	if (!vgic_reachable(vc) || !vgic_may_signal(vc, r) || vc->stale ||
	    (vc->levels[VGIC_QUEUE_GRP0] | vc->levels[VGIC_QUEUE_GRP1])) {
		return -1;
	}
	if (r->b->resident & r->m) {
		n = r->q->lr;
		if ((vgic_lr_get(vc, n) >> vgic_lr_ops->state_shift) & 3) {
			return -1;
		}
		r->b->active &= ~r->m;
		r->b->lr_latch &= ~r->m;
		return (int)n;
	}
	room = vgic_free_lrs(vc);
	if (!room || (r->b->active & r->m)) {
		return -1;
	}
	return __builtin_ctz(room);
}
