/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VCPU's CPU interface as the hypervisor switches it: list registers to
 * and from the hardware, host interrupts bound to a VCPU, and whether
 * anything would interrupt it.
 */
#include "vgic_priv.h"

/* SGIs from elsewhere, where the list registers are at hand: as one's own. */
static void open_inbox(struct vgic_cpu *vc)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(vc->inbox); i++) {
		uint64_t left;

		if (!READ_ONCE(vc->inbox[i])) {
			continue;
		}
		left = __atomic_exchange_n(&vc->inbox[i], 0, __ATOMIC_RELAXED);
		for (; left; left &= left - 1) {
			unsigned int bit = (unsigned int)__builtin_ctzll(left);

			/* The sender has looked at the group. */
			vgic_sgi(vc, 8 * i + bit / 8, bit % 8, 3);
		}
	}
}

/*
 * Loaded elsewhere: the flag stays for whoever has it. Taking the flag makes
 * visible what was left before it was raised; what comes later raises it again.
 */
void vgic_cpuif_flush(struct vgic_cpu *vc)
{
	if (!vgic_reachable(vc)) {
		return;
	}
	(void)__atomic_exchange_n(&vc->flush, false, __ATOMIC_ACQUIRE);
	open_inbox(vc);
	if (READ_ONCE(vc->stale)) {
		vgic_cpuif_maintenance(vc);
	}
}

void vgic_cpuif_maintenance(struct vgic_cpu *vc)
{
	bool shared = vgic_lock(vc);

	if (vgic_reachable(vc)) {
		vgic_reconcile(vc);
	} else {
		/* It was loaded in between. */
		WRITE_ONCE(vc->flush, true);
	}
	vgic_unlock(vc, shared);
}

/*
 * Host interrupts are a CPU's own: none may stay active on behalf of a VCPU
 * that leaves, or it could not fire for the next. What was active becomes
 * active in software only; whether the line is still high is for the owner
 * of the line to say.
 */
static void unbind_all(struct vgic_cpu *vc)
{
	for (uint32_t left = vc->priv.hw; left; left &= left - 1) {
		struct virq_ref r = virq_ref(vc->vgic, vc, vgic_ctz(left));

		if (!(r.b->resident & r.m)) {
			vgic_unbind(&r);
			vgic_place(vc, &r);
			continue;
		}
		if ((vc->lr[r.q->lr] >> vgic_lr_ops->state_shift) & 3) {
			vgic_unbind(&r);
		}
		vgic_reconcile_lr(vc, r.q->lr);
	}
}

void vgic_cpuif_save(struct vgic_cpu *vc)
{
	const struct vgic_lr_ops *ops = vgic_lr_ops;
	bool shared = vgic_lock(vc);

	vgic_count_off_ends(vc);
	for (uint32_t left = vc->lr_used; left; left &= left - 1) {
		unsigned int n = vgic_ctz(left);

		vc->lr[n] = ops->read_lr(n);
		ops->write_lr(n, 0);
	}
	vc->vmcr = ops->read_vmcr();
	ops->read_apr(vc->apr);
	ops->write_hcr(0);
	vc->armed = 0;
	__atomic_store_n(&vc->loaded_on, NULL, __ATOMIC_RELAXED);
	unbind_all(vc);
	if (vc->stale || vc->levels[VGIC_QUEUE_GRP0] ||
	    vc->levels[VGIC_QUEUE_GRP1]) {
		vgic_reconcile(vc);
	}
	/* Whoever waits for a look at list registers finds their images. */
	__atomic_store_n(&vc->rounds, vc->rounds + 1, __ATOMIC_RELEASE);
	vgic_unlock(vc, shared);
}

/*
 * An interrupt whose line was raised in software while the VCPU was away is
 * the hardware's again. Bind it at once where the host interrupt can be made
 * active; else lower the line: the hardware will say so if it is high.
 */
static void rebind(struct vgic_cpu *vc, const struct virq_ref *r)
{
	if (!vgic_host.activate) {
		r->b->line &= ~r->m;
	} else {
		vgic_host.activate(r->q->hwintid);
		r->b->hw |= r->m;
	}
	if (!(r->b->resident & r->m)) {
		vgic_place(vc, r);
		return;
	}
	vgic_reconcile_lr(vc, r->q->lr);
}

void vgic_cpuif_restore(struct vgic_cpu *vc)
{
	const struct vgic_lr_ops *ops = vgic_lr_ops;
	uint32_t rebinds;

	spin_lock(&vc->lock);
	rebinds = vc->hw_known & vc->priv.line;
	for (; rebinds; rebinds &= rebinds - 1) {
		struct virq_ref r = virq_ref(vc->vgic, vc, vgic_ctz(rebinds));

		rebind(vc, &r);
	}
	ops->write_vmcr(vc->vmcr);
	ops->write_apr(vc->apr);
	for (uint32_t left = vc->lr_used; left; left &= left - 1) {
		unsigned int n = vgic_ctz(left);

		ops->write_lr(n, vc->lr[n]);
	}
	ops->write_hcr(vc->hcr);
	__atomic_store_n(&vc->loaded_on, this_cpu(), __ATOMIC_RELAXED);
	spin_unlock(&vc->lock);
}

/* ---- would anything interrupt it? ---- */

static unsigned int priority_mask(bool group1, uint64_t vmcr)
{
	unsigned int shift;

	/* Which bits decide on preemption: IHI0069 4.8.5, IHI0048 3.3.3. */
	if (!group1 || (vmcr & VMCR_CBPR)) {
		shift = VMCR_BPR0(vmcr) + 1;
	} else {
		shift = VMCR_BPR1(vmcr);
	}
	return 0xffU << shift & 0xff;
}

/* Priority of what is being handled; 256 if nothing is. */
static unsigned int running_priority(const struct vgic_cpu *vc)
{
	unsigned int words = vgic_host.nr_apr;
	unsigned int shift = words == 1 ? 3 : words == 2 ? 2 : 1;
	unsigned int best = 256;
	uint32_t apr[ARRAY_SIZE(vc->apr)] = { 0 };

	if (vc->loaded_on) {
		vgic_lr_ops->read_apr(apr);
	} else {
		for (unsigned int i = 0; i < ARRAY_SIZE(apr); i++) {
			apr[i] = vc->apr[i];
		}
	}
	for (unsigned int i = 0; i < 2 * words && i < ARRAY_SIZE(apr); i++) {
		if (apr[i]) {
			unsigned int bit = 32 * (i % words) + vgic_ctz(apr[i]);

			best = MIN(best, bit << shift);
		}
	}
	return best;
}

/* Best pending priority of the group in list registers and queue. */
static unsigned int best_pending(const struct vgic_cpu *vc, bool group1)
{
	uint32_t levels = vc->levels[group1];
	unsigned int best = 256;

	if (levels && (READ_ONCE(vc->vgic->ctlr) & (1U << group1))) {
		best = vgic_ctz(levels) << 3;
	}
	for (uint32_t left = vc->lr_used; left; left &= left - 1) {
		struct vlr lr =
			vgic_lr_ops->decode(vgic_lr_get(vc, vgic_ctz(left)));

		if (lr.state == LR_PENDING && lr.group1 == group1) {
			best = MIN(best, (unsigned int)lr.prio);
		}
	}
	return best;
}

static bool would_interrupt(const struct vgic_cpu *vc)
{
	uint64_t vmcr;
	unsigned int running;

	if (!(vc->lr_used | vc->levels[VGIC_QUEUE_GRP0] |
	      vc->levels[VGIC_QUEUE_GRP1])) {
		return false;
	}
	vmcr = vgic_vmcr(vc);
	running = running_priority(vc);
	for (unsigned int g = 0; g < 2; g++) {
		unsigned int prio;

		if (!(vmcr & (g ? VMCR_GRP1 : VMCR_GRP0))) {
			continue;
		}
		prio = best_pending(vc, g == 1);
		if (prio < VMCR_PMR(vmcr) &&
		    (prio & priority_mask(g == 1, vmcr)) < running) {
			return true;
		}
	}
	return false;
}

bool vgic_cpuif_has_pending(struct vgic_cpu *vc)
{
	bool shared, ret;

	if (READ_ONCE(vc->flush)) {
		vgic_cpuif_flush(vc);
	}
	shared = vgic_lock(vc);
	ret = vgic_reachable(vc) ? would_interrupt(vc) : vc->flush;
	vgic_unlock(vc, shared);
	return ret;
}

/* ---- host interrupts ---- */

static void bind(struct vgic_cpu *vc, const struct virq_ref *r,
		 unsigned int hwintid)
{
	uint32_t *pending = (r->b->edge & r->m) ? &r->b->latch : &r->b->line;

	*pending |= r->m;
	r->b->hw |= r->m;
	r->q->hwintid = (uint16_t)hwintid;
	vc->hw_known |= r->m;
}

static void inject_hw_queued(struct vgic_cpu *vc, const struct virq_ref *r,
			     unsigned int hwintid)
{
	bool shared = vgic_lock(vc);

	if (!vgic_loaded_here(vc)) {
		/* It left meanwhile; its timer is looked after in software. */
		vgic_host.deactivate(hwintid);
		vgic_unlock(vc, shared);
		return;
	}
	/* Ends what it was bound to before. */
	vgic_reconcile(vc);
	bind(vc, r, hwintid);
	if (r->b->resident & r->m) {
		vgic_reconcile_lr(vc, r->q->lr);
	} else {
		vgic_place(vc, r);
		vgic_fill(vc);
	}
	vc->wake = true;
	vgic_unlock(vc, shared);
}

static __noinline void inject_hw(struct vgic_cpu *vc, unsigned int intid,
				 unsigned int hwintid)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, intid);
	int n = -1;

	spin_lock(&vc->lock);
	if (vgic_loaded_here(vc)) {
		n = vgic_direct_lr(vc, &r);
	}
	if (n >= 0) {
		bind(vc, &r, hwintid);
		vgic_attach(vc, &r, (unsigned int)n);
	}
	spin_unlock(&vc->lock);
	if (n >= 0) {
		vgic_wake(vc);
	} else {
		inject_hw_queued(vc, &r, hwintid);
	}
}

/* The record of what it is bound to is still right when it is repeated: the
 * guest's end is not looked at until something else asks. */
void vgic_cpuif_inject_hw(struct vgic_cpu *vc, unsigned int intid,
			  unsigned int hwintid)
{
	if (likely(vgic_repeat(vc, intid))) {
		vgic_wake(vc);
	} else {
		inject_hw(vc, intid, hwintid);
	}
}

/* ---- DIR ---- */

/* Deactivate what this VCPU has active, wherever that is kept. */
static void end_active(struct vgic_cpu *vc, const struct virq_ref *r)
{
	if (r->b->resident & r->m) {
		r->b->want_inactive |= r->m;
		r->b->want_active &= ~r->m;
		vgic_reconcile_lr(vc, r->q->lr);
	} else if (r->b->active & r->m) {
		r->b->active &= ~r->m;
		vgic_unbind(r);
		vgic_place(vc, r);
	}
	vgic_fill(vc);
}

void vgic_cpuif_dir(struct vgic_cpu *vc, unsigned int intid)
{
	struct vgic *vg = vc->vgic;
	struct virq_ref r;
	uint64_t n = intid;

	if (!arch_index_below(&n, VGIC_NR_PRIVATE + vg->nspis)) {
		return;
	}
	r = virq_ref(vg, vc, (unsigned int)n);
	vgic_lock_shared(vc);
	/* With EOImode 0 the write has no defined effect: none. */
	if (vgic_reachable(vc) && (vgic_vmcr(vc) & VMCR_EOIM) &&
	    r.q->where == vc->index) {
		end_active(vc, &r);
	}
	vgic_unlock(vc, true);
}
