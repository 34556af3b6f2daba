/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers that GICv2 and GICv3 have in common: those with a field per
 * interrupt, GICD_CTLR and identification. The tables of rows are in gicd.h.
 * Those that systems use only to set their interrupts up are __cold.
 */
#include "gicd.h"

/* From PIDR4. */
#define PIDR2 0x18
#define CIDR0 0x20

/* ---- changes ---- */

/*
 * Interrupts updated, or VCPUs kicked, in one slice: with the locks held and
 * interrupts masked. Each may wake a VCPU, which is some 1,500 instructions.
 */
#define UPDATES_PER_SLICE 4

static bool lock_bank(const struct vgic_access *x)
{
	if (x->owner) {
		return vgic_lock(x->owner);
	}
	spin_lock(&x->vg->lock);
	return true;
}

static void unlock_bank(const struct vgic_access *x, bool shared)
{
	if (x->owner) {
		vgic_unlock(x->owner, shared);
	} else {
		vgic_deliver_retargeted(x->vg);
		spin_unlock(&x->vg->lock);
	}
}

/* One slice of `left`; returns what remains. */
static uint32_t update_some(const struct vgic_access *x, uint32_t left,
			    struct vgic_cpuset *set)
{
	bool shared = lock_bank(x);

	for (unsigned int i = 0; i < UPDATES_PER_SLICE && left;
	     i++, left &= left - 1) {
		uint32_t intid = ALIGN_DOWN(x->first, 32) + vgic_ctz(left);

		if (x->owner) {
			vgic_update_private(x->owner, intid, set);
		} else {
			vgic_update_spi(x->vg, intid, set);
		}
	}
	unlock_bank(x, shared);
	return left;
}

void vgic_update_bank(const struct vgic_access *x, uint32_t bits, bool wait)
{
	struct vgic_cpuset set = { { 0 } };

	while ((bits = update_some(x, bits, &set)) != 0) {
		vgic_preempt_point();
	}
	if (wait) {
		vgic_sync_set(x->vg, &set);
	}
}

/*
 * A VCPU's own bits need its lock alone. The update of queue and list register
 * may need the guest's too. It goes by the state it then finds, so another CPU
 * may change that, or do the update, in between.
 */
static inline uint32_t modify_private(const struct vgic_access *x,
				      uint32_t bits, vgic_modify_t modify)
{
	uint32_t left;

	if (unlikely(vgic_sgi_inbox_used(x->owner))) {
		vgic_drain_sgi_inbox(x->owner);
	}
	spin_lock(&x->owner->lock);
	left = modify(x, bits);
	spin_unlock(&x->owner->lock);
	return left;
}

/* Inline where it is hot: `modify` is then known. */
static inline void modify_bank(const struct vgic_access *x, uint32_t bits,
			       vgic_modify_t modify, bool wait)
{
	uint32_t left;

	if (x->owner) {
		left = modify_private(x, bits, modify);
	} else {
		spin_lock(&x->vg->lock);
		left = modify(x, bits);
		spin_unlock(&x->vg->lock);
	}
	if (unlikely(left)) {
		vgic_update_bank(x, left, wait);
	}
}

void vgic_modify(const struct vgic_access *x, uint32_t bits,
		 vgic_modify_t modify, bool wait)
{
	modify_bank(x, bits, modify, wait);
}

static uint32_t select_in_lr(const struct vgic_access *x, uint32_t bits)
{
	return x->b->in_lr & bits;
}

void vgic_sync_bank(const struct vgic_access *x)
{
	if (READ_ONCE(x->b->in_lr) ||
	    (x->owner && vgic_sgi_inbox_used(x->owner))) {
		vgic_modify(x, UINT32_MAX, select_in_lr, true);
	}
}

static struct virq *virq_at(const struct vgic_access *x, uint32_t intid)
{
	return virq_ref(x->vg, x->owner, intid).q;
}

/* SGIs of the v2 model are not made pending by ISPENDR: IHI0048 4.3.7. */
static uint32_t pendable(const struct vgic_access *x)
{
	return x->owner && !vgic_v3(x->vg) ? 0xffff0000 : UINT32_MAX;
}

/* ---- IGROUPR ---- */

__cold uint64_t vgic_read_igroupr(const struct vgic_access *x)
{
	return x->b->group;
}

static uint32_t set_group(const struct vgic_access *x, uint32_t bits)
{
	uint32_t changed = x->b->group ^ bits;

	x->b->group = bits;
	return changed & (x->b->queued | x->b->in_lr);
}

__cold void vgic_write_igroupr(const struct vgic_access *x)
{
	vgic_modify(x, (uint32_t)x->val, set_group, false);
}

/* ---- ISENABLER, ICENABLER ---- */

uint64_t vgic_read_isenabler(const struct vgic_access *x)
{
	return x->b->enabled;
}

uint64_t vgic_read_icenabler(const struct vgic_access *x)
{
	return x->b->enabled;
}

static uint32_t set_enable(const struct vgic_access *x, uint32_t bits)
{
	struct vgic_bank *b = x->b;
	uint32_t fresh = bits & ~b->enabled;

	b->enabled |= bits;
	b->want_resample |= fresh & b->hw & ~b->in_lr;
	return fresh & (vgic_soft_pending(b) | b->in_lr);
}

void vgic_write_isenabler(const struct vgic_access *x)
{
	modify_bank(x, (uint32_t)x->val, set_enable, false);
}

static uint32_t clear_enable(const struct vgic_access *x, uint32_t bits)
{
	struct vgic_bank *b = x->b;
	uint32_t old = bits & b->enabled;

	b->enabled &= ~bits;
	return old & (b->queued | b->in_lr);
}

void vgic_write_icenabler(const struct vgic_access *x)
{
	modify_bank(x, (uint32_t)x->val, clear_enable, true);
}

/* ---- ISPENDR, ICPENDR ---- */

__cold uint64_t vgic_read_ispendr(const struct vgic_access *x)
{
	vgic_sync_bank(x);
	return vgic_pending(x->b);
}

__cold uint64_t vgic_read_icpendr(const struct vgic_access *x)
{
	return vgic_read_ispendr(x);
}

static uint32_t set_pend(const struct vgic_access *x, uint32_t bits)
{
	x->b->latch |= bits;
	return bits & (x->b->enabled | x->b->in_lr);
}

__cold void vgic_write_ispendr(const struct vgic_access *x)
{
	vgic_modify(x, (uint32_t)x->val & pendable(x), set_pend, false);
}

/* A level that is still high stays pending: IHI0048 4.3.8. */
static uint32_t clear_pend(const struct vgic_access *x, uint32_t bits)
{
	struct vgic_bank *b = x->b;

	b->latch &= ~bits;
	if (!x->owner) {
		vgic_discard_spis(x->vg, b, bits);
	}
	b->want_clear_pending |= bits & b->in_lr;
	return bits & (b->queued | b->in_lr);
}

__cold void vgic_write_icpendr(const struct vgic_access *x)
{
	vgic_modify(x, (uint32_t)x->val & pendable(x), clear_pend, true);
}

/* ---- ISACTIVER, ICACTIVER ---- */

__cold uint64_t vgic_read_isactiver(const struct vgic_access *x)
{
	vgic_sync_bank(x);
	return x->b->active;
}

__cold uint64_t vgic_read_icactiver(const struct vgic_access *x)
{
	return vgic_read_isactiver(x);
}

static uint32_t set_active(const struct vgic_access *x, uint32_t bits)
{
	struct vgic_bank *b = x->b;
	uint32_t fresh = bits & ~b->active & ~b->in_lr;

	for (uint32_t left = fresh; left; left &= left - 1) {
		struct virq *q =
			virq_at(x, ALIGN_DOWN(x->first, 32) + vgic_ctz(left));

		q->acked = false;
		if (left & -left & b->queued) {
			continue; /* `where` is right */
		}
		if (x->owner) {
			q->where = x->owner->index;
		} else {
			q->where = q->target == VGIC_NO_TARGET ? 0 : q->target;
		}
	}
	b->active |= fresh;
	b->want_set_active |= bits & b->in_lr;
	b->want_clear_active &= ~(bits & b->in_lr);
	return fresh | (bits & b->in_lr);
}

__cold void vgic_write_isactiver(const struct vgic_access *x)
{
	vgic_modify(x, (uint32_t)x->val, set_active, true);
}

static uint32_t clear_active(const struct vgic_access *x, uint32_t bits)
{
	struct vgic_bank *b = x->b;
	uint32_t old = bits & b->active & ~b->in_lr;

	b->active &= ~old;
	b->want_resample |= old & b->hw;
	b->want_clear_active |= bits & b->in_lr;
	b->want_set_active &= ~(bits & b->in_lr);
	return old | (bits & b->in_lr);
}

__cold void vgic_write_icactiver(const struct vgic_access *x)
{
	vgic_modify(x, (uint32_t)x->val, clear_active, true);
}

/* ---- IPRIORITYR ---- */

__cold uint64_t vgic_read_ipriorityr(const struct vgic_access *x)
{
	uint64_t val = 0;

	for (uint32_t i = 0; i < x->size; i++) {
		val |= (uint64_t)virq_at(x, x->first + i)->prio << 8 * i;
	}
	return val;
}

static uint32_t set_priority(const struct vgic_access *x, uint32_t bits)
{
	for (uint32_t i = 0; i < x->size; i++) {
		uint8_t prio = (uint8_t)(x->val >> 8 * i);

		virq_at(x, x->first + i)->prio = prio & 0xf8;
	}
	return bits & (x->b->queued | x->b->in_lr);
}

__cold void vgic_write_ipriorityr(const struct vgic_access *x)
{
	vgic_modify(x, ((1U << x->size) - 1) << x->first % 32, set_priority,
		    false);
}

/* ---- ICFGR ---- */

__cold uint64_t vgic_read_icfgr(const struct vgic_access *x)
{
	uint32_t edge = x->b->edge >> x->first % 32;
	uint64_t val = 0;

	for (unsigned int i = 0; i < 16; i++) {
		val |= (uint64_t)(edge >> i & 1) << (2 * i + 1);
	}
	return val;
}

static uint32_t set_config(const struct vgic_access *x, uint32_t bits)
{
	struct vgic_bank *b = x->b;
	uint32_t edge = 0;

	for (unsigned int i = 0; i < 16; i++) {
		edge |= (uint32_t)(x->val >> (2 * i + 1) & 1) << i;
	}
	edge <<= x->first % 32;
	bits &= b->edge ^ edge;
	b->edge ^= bits;
	return bits & (b->queued | b->in_lr | b->line);
}

__cold void vgic_write_icfgr(const struct vgic_access *x)
{
	/* SGIs are edge-triggered: IHI0069 12.9.10. */
	if (x->first >= 16) {
		vgic_modify(x, 0xffffU << x->first % 32, set_config, false);
	}
}

/* ---- what is not per interrupt ---- */

static void apply_ctlr(struct vgic_cpu *vc, struct vgic_cpuset *away)
{
	bool shared = vgic_lock(vc);

	/* Interrupts that become pending from now on use the new state. */
	if (vc->lr_used | vc->levels[VGIC_QUEUE_GRP0] |
	    vc->levels[VGIC_QUEUE_GRP1]) {
		if (!vgic_reachable(vc)) {
			vgic_cpuset_add(away, vc->index);
		}
		vgic_kick(vc);
	}
	vgic_unlock(vc, shared);
}

/*
 * The groups of all interrupts at once: every VCPU reconciles its own list
 * registers. A group that is disabled is so everywhere when the write is done,
 * for RWP reads as zero (IHI0069 12.9.4).
 */
__cold void vgic_write_ctlr(struct vgic *vg, uint32_t val)
{
	struct vgic_cpuset away = { { 0 } };
	uint32_t old;

	val &= VGIC_CTLR_GRP0 | VGIC_CTLR_GRP1;
	spin_lock(&vg->lock);
	old = vg->ctlr;
	if (val != old) {
		vgic_set_ctlr(vg, val);
	}
	spin_unlock(&vg->lock);
	if (val == old) {
		return;
	}
	for (uint32_t i = 0; i < vg->ncpus; i++) {
		if (vg->cpus[i]) {
			apply_ctlr(vg->cpus[i], &away);
		}
		if (i % UPDATES_PER_SLICE == UPDATES_PER_SLICE - 1) {
			vgic_preempt_point();
		}
	}
	if (old & ~val) {
		vgic_sync_set(vg, &away);
	}
}

/* PIDR2.ArchRev is the version; CIDR0-3 are as for all components. */
__cold uint64_t vgic_read_id(const struct vgic *vg, uint32_t off)
{
	static const uint8_t cidr[] = { 0x0d, 0xf0, 0x05, 0xb1 };

	if (off == PIDR2) {
		return (uint64_t)vg->model << 4;
	}
	if (off >= CIDR0 && off < CIDR0 + 4 * ARRAY_SIZE(cidr)) {
		return cidr[(off - CIDR0) / 4];
	}
	return 0;
}

static uint64_t read_frame_id(const struct vgic_access *x)
{
	uint32_t off = (uint32_t)x->off & (GICV3_FRAME_SIZE - 1);

	return off >= GICV3_PIDR4 ? vgic_read_id(x->vg, off - GICV3_PIDR4) : 0;
}

const struct vgic_row *vgic_beyond_row(uint64_t off)
{
	static const struct vgic_row id_row = {
		.read = read_frame_id,
		.sizes = VGIC_SIZE_32,
	};
	static const struct vgic_row no_row;

	return off >= ALIGN_DOWN(GICV3_PIDR4, 128) && off < GICV3_FRAME_SIZE
		       ? &id_row
		       : &no_row;
}
