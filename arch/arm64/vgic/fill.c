/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of a VCPU's interrupts have a list register. While there are enough
 * of them, all; else those that come first by priority, and a maintenance
 * interrupt fetches the next.
 */
#include "vgic_priv.h"

/*
 * Rank of a level for delivery: groups that the CPU interface has disabled come
 * last.
 */
static unsigned int rank(unsigned int level, bool group1, uint64_t vmcr)
{
	return level + ((vmcr & (group1 ? VMCR_GRP1 : VMCR_GRP0))
				? 0
				: VGIC_PRI_LEVELS);
}

/* The queue to serve next, or -1; *best is its first's rank. */
static int pick_queue(const struct vgic_cpu *vc, unsigned int *best)
{
	uint32_t ctlr = READ_ONCE(vc->vgic->ctlr);
	uint64_t vmcr;
	int found = -1;

	if (!(vc->levels[VGIC_QUEUE_GRP0] | vc->levels[VGIC_QUEUE_GRP1])) {
		return -1;
	}
	vmcr = vgic_vmcr(vc);
	for (int q = VGIC_QUEUE_GRP0; q <= VGIC_QUEUE_GRP1; q++) {
		uint32_t levels = vc->levels[q];
		unsigned int rk;

		if (!levels || !(ctlr & (1U << q))) {
			continue;
		}
		rk = rank(vgic_ctz(levels), q == 1, vmcr);
		if (found < 0 || rk < *best) {
			found = q;
			*best = rk;
		}
	}
	return found;
}

/*
 * An active interrupt without a list register can be deactivated only if we
 * know which one the guest means: with EOImode 0 the guest deactivates in the
 * order of priority, and EOIcount is enough; with EOImode 1 its writes to DIR
 * must trap.
 * GICv2's DIR has a page of its own, which is never the hardware's.
 */
static bool may_evict_active(const struct vgic_cpu *vc)
{
	return !vgic_v3(vc->vgic) || vgic_host.has_tdir ||
	       !(vgic_vmcr(vc) & VMCR_EOIM);
}

/* Reconcile first: that may already free it. */
static void clear_lr(struct vgic_cpu *vc, unsigned int n)
{
	vgic_reconcile_lr(vc, n);
	if (vc->lr_used & (1U << n)) {
		vgic_evict(vc, n);
	}
}

/* Free a list register for an interrupt of `wanted` rank; -1 if all hold
 * what comes before it. */
static int make_room(struct vgic_cpu *vc, unsigned int wanted)
{
	uint64_t vmcr = vgic_vmcr(vc);
	int worst_pending = -1, worst_active = -1;
	unsigned int rank_pending = 0, prio_active = 0;

	for (unsigned int n = 0; n < vgic_host.nr_lrs; n++) {
		struct vlr lr = vgic_lr_ops->decode(vgic_lr_get(vc, n));
		unsigned int rk = rank(lr.prio >> 3, lr.group1, vmcr);

		if (!lr.state) {
			vgic_reconcile_lr(vc, n);
			if (!(vc->lr_used & (1U << n))) {
				return (int)n;
			}
			lr = vgic_lr_ops->decode(vgic_lr_get(vc, n));
		}
		if (lr.state == LR_PENDING && rk >= rank_pending) {
			worst_pending = (int)n;
			rank_pending = rk;
		} else if (lr.state != LR_PENDING && lr.prio >= prio_active) {
			worst_active = (int)n;
			prio_active = lr.prio;
		}
	}
	if (worst_pending >= 0) {
		if (rank_pending <= wanted) {
			return -1;
		}
		clear_lr(vc, (unsigned int)worst_pending);
		return worst_pending;
	}
	if (!may_evict_active(vc)) {
		return -1;
	}
	clear_lr(vc, (unsigned int)worst_active);
	return worst_active;
}

/* Every list register is active and must stay: ask for a maintenance interrupt
 * when one is deactivated. */
static void request_eoi_maintenance(struct vgic_cpu *vc)
{
	for (unsigned int n = 0; n < vgic_host.nr_lrs && !vc->maintenance_off;
	     n++) {
		struct vlr lr = vgic_lr_ops->decode(vgic_lr_get(vc, n));

		if (lr.state && !lr.hw && !lr.eoi) {
			lr.eoi = true;
			vgic_lr_put(vc, n, vgic_lr_ops->encode(&lr));
		}
	}
}

/*
 * Which changes of the interface's group enables alter what comes first: one
 * enabled, or one disabled that has the other behind it. With a group alone,
 * its disabling alters nothing. (There QEMU 7.2, which looks at the wrong
 * group for VGrp0D, would assert the interrupt for ever.)
 */
static uint64_t group_changes(uint64_t vmcr)
{
	switch (vmcr & (VMCR_GRP0 | VMCR_GRP1)) {
	case 0:
		return HCR_GRP0_EIE | HCR_GRP1_EIE;
	case VMCR_GRP0:
		return HCR_GRP1_EIE;
	case VMCR_GRP1:
		return HCR_GRP0_EIE;
	default:
		return HCR_GRP0_DIE | HCR_GRP1_DIE;
	}
}

/* Maintenance interrupts are on only while interrupts wait in a queue. */
static void update_hcr(struct vgic_cpu *vc, bool no_pending, bool more)
{
	uint64_t hcr = HCR_EN;

	if (more && !no_pending) {
		hcr |= HCR_NPIE | group_changes(vgic_vmcr(vc));
	}
	if (vc->levels[VGIC_QUEUE_ACTIVE]) {
		hcr |= HCR_LRENPIE;
		if (vgic_v3(vc->vgic) && vgic_host.has_tdir) {
			hcr |= HCR_TDIR;
		}
	}
	if (unlikely(vc->maintenance_off)) {
		hcr = HCR_EN;
	}
	if (hcr != vc->hcr) {
		vc->hcr = hcr;
		if (vc->loaded_on) {
			vgic_lr_ops->write_hcr(hcr);
		}
	}
}

static void load_first(struct vgic_cpu *vc, enum vgic_queue queue,
		       unsigned int n)
{
	struct virq_ref r = virq_ref(vc->vgic, vc, vgic_queue_first(vc, queue));

	vgic_queue_remove(vc, &r);
	vgic_attach(vc, &r, n);
}

/*
 * Others wait in a queue: does a list register hold a pending interrupt, so
 * that NPIE reports when it is acknowledged? The pending state of one that is
 * active and pending goes back to the queue.
 */
static bool find_pending_lr(struct vgic_cpu *vc)
{
	bool found = false;

	for (unsigned int n = 0; n < vgic_host.nr_lrs; n++) {
		uint8_t state = vgic_lr_ops->decode(vgic_lr_get(vc, n)).state;

		if (state == (LR_PENDING | LR_ACTIVE)) {
			vgic_reconcile_lr(vc, n);
		}
		found |= state == LR_PENDING;
	}
	return found;
}

/* Active interrupts from the queue into free list registers. */
static void fill_actives(struct vgic_cpu *vc)
{
	uint32_t room = vgic_free_lrs(vc);

	while (vc->levels[VGIC_QUEUE_ACTIVE] && room) {
		load_first(vc, VGIC_QUEUE_ACTIVE, vgic_ctz(room));
		room &= room - 1;
	}
}

/*
 * Move what is first in the queues into list registers. Each round loads an
 * interrupt that ranks before all left behind, so list registers are written
 * at most twice.
 */
void vgic_fill_queued(struct vgic_cpu *vc)
{
	unsigned int best = 0;
	bool no_pending = false;
	int queue = -1;

	if (vc->levels[VGIC_QUEUE_ACTIVE] && !may_evict_active(vc)) {
		fill_actives(vc);
	}
	for (unsigned int i = 0; i < 2 * VGIC_MAX_LRS; i++) {
		uint32_t room = vgic_free_lrs(vc);
		int n = room ? __builtin_ctz(room) : -1;

		queue = pick_queue(vc, &best);
		if (queue >= 0 && n < 0) {
			n = make_room(vc, best);
			queue = pick_queue(vc, &best);
		}
		if (queue < 0 || n < 0) {
			break;
		}
		load_first(vc, (enum vgic_queue)queue, (unsigned int)n);
	}
	fill_actives(vc);
	if (queue >= 0 && !find_pending_lr(vc)) {
		no_pending = true;
		request_eoi_maintenance(vc);
	}
	update_hcr(vc, no_pending, queue >= 0);
}
