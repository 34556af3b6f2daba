/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VCPU's CPU interface: its switch (list registers to and from the
 * hardware), host interrupts bound to a VCPU, writes to DIR, and whether
 * anything would interrupt the VCPU.
 */
#include "vgic_priv.h"

/* Update the list registers, or leave that to the CPU where it is loaded. */
static void update_lrs(struct vgic_cpu *vc)
{
	bool shared = vgic_lock(vc);

	if (vgic_reachable(vc)) {
		vgic_reconcile(vc);
	} else {
		/* It was loaded on another CPU in between. */
		WRITE_ONCE(vc->flush, true);
	}
	vgic_unlock(vc, shared);
}

/*
 * Edges into list registers that are empty and may be written again; their
 * senders wake the VCPU. Of others, vgic_reconcile() makes pending interrupts.
 * A bit may be taken out elsewhere if the guest makes the interrupt not
 * pending; what else is changed clears `lr_reusable`.
 */
static __noinline void drain_spi_inbox(struct vgic_cpu *vc)
{
	uint32_t ready =
		READ_ONCE(vc->spi_inbox) &
		(uint32_t)(READ_ONCE(vc->lr_reusable) >> VGIC_NR_PRIVATE);

	if (ready) {
		ready &= vgic_lr_ops->read_elrsr();
		ready &= __atomic_fetch_and(&vc->spi_inbox, ~ready,
					    __ATOMIC_RELAXED);
	}
	for (; ready; ready &= ready - 1) {
		unsigned int n = vgic_ctz(ready);

		vgic_lr_ops->write_lr(n, vc->lr[n]);
	}
	if (READ_ONCE(vc->spi_inbox)) {
		update_lrs(vc);
	}
}

/*
 * If it is loaded on another CPU, the flag stays set for that CPU. Clearing the
 * flag (acquire) makes visible what was written before it was set (release);
 * later senders set it again.
 */
void vgic_cpuif_flush(struct vgic_cpu *vc)
{
	if (!vgic_reachable(vc)) {
		return;
	}
	(void)__atomic_exchange_n(&vc->flush, false, __ATOMIC_ACQUIRE);
	if (IS_ENABLED(CONFIG_OPTIMIZE_SIZE) || vgic_sgi_inbox_used(vc)) {
		vgic_drain_sgi_inbox(vc);
	}
	if (READ_ONCE(vc->stale)) {
		update_lrs(vc);
	} else if (vgic_reuses_spis() && READ_ONCE(vc->spi_inbox)) {
		drain_spi_inbox(vc);
	}
}

/* A digest of everything that the guest can change in its virtual CPU
 * interface. */
static uint64_t digest(const struct vgic_cpu *vc)
{
	uint32_t apr[ARRAY_SIZE(vc->apr)] = { 0 };
	uint64_t sum = vgic_lr_ops->read_vmcr() ^ vgic_lr_ops->read_hcr() << 32;

	vgic_lr_ops->read_apr(apr);
	for (unsigned int i = 0; i < ARRAY_SIZE(apr); i++) {
		sum = 31 * sum + apr[i];
	}
	for (unsigned int n = 0; n < vgic_host.nr_lrs; n++) {
		sum = 31 * sum + vgic_lr_ops->read_lr(n);
	}
	return sum;
}

bool vgic_cpuif_maintenance_irq(struct vgic_cpu *vc)
{
	bool changed = digest(vc) != vc->maintenance_digest;

	update_lrs(vc);
	vc->maintenance_digest = digest(vc);
	return changed;
}

void vgic_cpuif_disable_maintenance(struct vgic_cpu *vc)
{
	bool shared = vgic_lock(vc);

	vc->maintenance_off = true;
	vgic_reconcile(vc);
	vc->hcr = HCR_EN;
	vgic_lr_ops->write_hcr(vc->hcr);
	vgic_unlock(vc, shared);
}

/* Hot: the guest has ended it, by which the host interrupt was deactivated, and
 * nothing else is recorded. */
static inline bool unbind_ended(struct vgic_cpu *vc, const struct virq_ref *r)
{
	struct vgic_bank *b = r->b;
	unsigned int n = r->q->lr;

	if (!(b->in_lr & ~b->latch & r->m) || vc->stale ||
	    vgic_lr_state(vc->lr[n]) ||
	    !(vc->lr[n] & BIT(vgic_lr_ops->at.hw))) {
		return false;
	}
	b->in_lr &= ~r->m;
	b->hw &= ~r->m;
	b->line &= ~r->m;
	b->active &= ~r->m;
	b->lr_pending &= ~r->m;
	b->lr_latch &= ~r->m;
	r->q->acked = false;
	vc->lr_used &= ~(1U << n);
	vc->lr[n] = 0;
	return true;
}

/*
 * These host interrupts are private to a CPU: none may stay active for a VCPU
 * that leaves, or it could not fire for the next one. What was active becomes
 * active in software only; the timer code then sets the line.
 */
static __noinline void unbind_other(struct vgic_cpu *vc, unsigned int intid)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, intid);

	if (!(r.b->in_lr & r.m)) {
		vgic_unbind(&r);
		vgic_update_queue(vc, &r);
		return;
	}
	if (vgic_lr_state(vc->lr[r.q->lr])) {
		vgic_unbind(&r);
	}
	vgic_reconcile_lr(vc, r.q->lr);
}

static void unbind_all(struct vgic_cpu *vc)
{
	for (uint32_t left = vc->priv.hw; left; left &= left - 1) {
		struct virq_ref r = virq_ref(vc->vgic, vc, vgic_ctz(left));

		if (!unbind_ended(vc, &r)) {
			unbind_other(vc, r.intid);
		}
	}
}

/* Does a pending interrupt wait for a list register? */
static bool some_wait(const struct vgic_cpu *vc)
{
	return (vc->levels[VGIC_QUEUE_GRP0] | vc->levels[VGIC_QUEUE_GRP1]) != 0;
}

/* Locked. Afterwards the list registers are in vc->lr[]. True: interrupts bound
 * to the host's were released, and may be pending now. */
static inline bool unload(struct vgic_cpu *vc)
{
	bool bound = vc->priv.hw != 0;

	vgic_lr_ops->save(vc);
	vc->lr_reusable = 0;
	__atomic_store_n(&vc->loaded_on, NULL, __ATOMIC_RELAXED);
	if (bound) {
		unbind_all(vc);
	}
	/* Pairs with vgic_sync_vcpu(). */
	__atomic_store_n(&vc->lr_reads, vc->lr_reads + 1, __ATOMIC_RELEASE);
	return bound;
}

static __noinline void save_all(struct vgic_cpu *vc)
{
	bool shared = vgic_lock(vc);

	vgic_apply_eoicount(vc);
	(void)unload(vc);
	if (vc->stale || some_wait(vc)) {
		vgic_reconcile(vc);
	}
	vgic_unlock(vc, shared);
}

/* What the list registers' SPIs are recorded with is left alone most often:
 * then without the guest's lock. */
void vgic_cpuif_save(struct vgic_cpu *vc)
{
	spin_lock(&vc->lock);
	if (vc->stale || some_wait(vc) || vc->hcr != HCR_EN) {
		spin_unlock(&vc->lock);
		save_all(vc);
		return;
	}
	if (unload(vc) && unlikely(some_wait(vc))) {
		vgic_unlock_cpu(vc);
		update_lrs(vc);
		return;
	}
	/* What is to be woken waits in a queue. */
	spin_unlock(&vc->lock);
}

/* Hot: all that has happened to it is that the line was raised. */
static inline bool rebind_pending(struct vgic_cpu *vc, const struct virq_ref *r)
{
	struct vgic_bank *b = r->b;
	uint64_t *lr = &vc->lr[r->q->lr];

	if (!(b->in_lr & ~b->latch & ~b->lr_latch & ~b->hw & r->m) ||
	    !vgic_host.activate || vc->stale ||
	    vgic_lr_state(*lr) != LR_PENDING) {
		return false;
	}
	vgic_host.activate(r->q->hwintid);
	b->hw |= r->m;
	*lr = vgic_lr_pending(r) | BIT(vgic_lr_ops->at.hw) |
	      (uint64_t)r->q->hwintid << vgic_lr_ops->at.hwintid;
	return true;
}

/*
 * A line that software raised while the VCPU was not loaded is the hardware's
 * again. Bind the interrupt where the host interrupt can be made active; else
 * lower the line: the host interrupt fires if it is high.
 */
static __noinline void rebind(struct vgic_cpu *vc, unsigned int intid)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, intid);

	if (!vgic_host.activate) {
		r.b->line &= ~r.m;
	} else {
		vgic_host.activate(r.q->hwintid);
		r.b->hw |= r.m;
	}
	if (!(r.b->in_lr & r.m)) {
		vgic_update_queue(vc, &r);
		return;
	}
	vgic_reconcile_lr(vc, r.q->lr);
}

static __noinline void rebind_all(struct vgic_cpu *vc, uint32_t rebinds)
{
	for (; rebinds; rebinds &= rebinds - 1) {
		struct virq_ref r = virq_ref(vc->vgic, vc, vgic_ctz(rebinds));

		if (!rebind_pending(vc, &r)) {
			rebind(vc, r.intid);
		}
	}
}

void vgic_cpuif_restore(struct vgic_cpu *vc)
{
	uint32_t rebinds;

	spin_lock(&vc->lock);
	rebinds = vc->hw_known & vc->priv.line;
	if (rebinds) {
		rebind_all(vc, rebinds);
	}
	vgic_lr_ops->load(vc);
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

/* Priority of the interrupt being handled; 256 if there is none. */
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

/* Of a VCPU that is loaded here. List registers that are empty say so
 * themselves; most often the guest has ended all it had. */
static bool nothing_pending(const struct vgic_cpu *vc)
{
	uint32_t used = vc->lr_used;

	if (READ_ONCE(vc->levels[VGIC_QUEUE_GRP0]) |
	    READ_ONCE(vc->levels[VGIC_QUEUE_GRP1])) {
		return false;
	}
	return !used || !(used & ~vgic_lr_ops->read_elrsr());
}

static bool would_interrupt(const struct vgic_cpu *vc)
{
	uint64_t vmcr = vgic_vmcr(vc);
	unsigned int running = running_priority(vc);

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

static __noinline bool has_pending_locked(struct vgic_cpu *vc)
{
	bool shared = vgic_lock(vc);
	bool ret = vgic_reachable(vc) ? would_interrupt(vc) : vc->flush;

	vgic_unlock(vc, shared);
	return ret;
}

bool vgic_cpuif_has_pending(struct vgic_cpu *vc)
{
	if (READ_ONCE(vc->flush)) {
		vgic_cpuif_flush(vc);
	}
	/* Without the lock: while the VCPU is loaded here, others only add to
	 * its queues, and wake it then. */
	return !(vgic_loaded_here(vc) && nothing_pending(vc)) &&
	       has_pending_locked(vc);
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
		/* Not loaded any more; software watches its timer. */
		vgic_host.deactivate(hwintid);
		vgic_unlock(vc, shared);
		return;
	}
	/* Also unbinds it from an earlier host interrupt. */
	vgic_reconcile(vc);
	bind(vc, r, hwintid);
	if (r->b->in_lr & r->m) {
		vgic_reconcile_lr(vc, r->q->lr);
	} else {
		vgic_update_queue(vc, r);
		vgic_fill(vc);
	}
	vc->wake = true;
	vgic_unlock(vc, shared);
}

/* Out of line, as sgi() in sgi.c. */
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

/* When the list register is used again, the record of what it is bound to is
 * still right. The guest's deactivation is read back only when another event
 * needs to know. */
void vgic_cpuif_inject_hw(struct vgic_cpu *vc, unsigned int intid,
			  unsigned int hwintid)
{
	if (likely(vgic_reuse_lr(vc, intid))) {
		vgic_wake(vc);
	} else {
		inject_hw(vc, intid, hwintid);
	}
}

/* ---- DIR ---- */

/* Deactivate an interrupt that is active on this VCPU, wherever its state is
 * kept. */
static void deactivate(struct vgic_cpu *vc, const struct virq_ref *r)
{
	if (r->b->in_lr & r->m) {
		r->b->want_clear_active |= r->m;
		r->b->want_set_active &= ~r->m;
		vgic_reconcile_lr(vc, r->q->lr);
	} else if (r->b->active & r->m) {
		r->b->active &= ~r->m;
		vgic_unbind(r);
		vgic_update_queue(vc, r);
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
	/* With EOImode 0 the effect of the write is not defined: ignore it. */
	if (vgic_reachable(vc) && (vgic_vmcr(vc) & VMCR_EOIM) &&
	    r.q->where == vc->index) {
		deactivate(vc, &r);
	}
	vgic_unlock(vc, true);
}
