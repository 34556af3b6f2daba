/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers that GICv2 and GICv3 have in common: a field per interrupt. */
#include "regs.h"

/* ---- changes ---- */

static bool lock_bank(const struct vgic_access *x)
{
	bool shared = true;

	if (!x->owner) {
		spin_lock(&x->vg->lock);
		return shared;
	}
	shared = vgic_lock(x->owner);
	if (unlikely(vgic_has_mail(x->owner))) {
		vgic_empty_inbox(x->owner);
	}
	return shared;
}

static void unlock_bank(const struct vgic_access *x, bool shared)
{
	if (x->owner) {
		vgic_unlock(x->owner, shared);
	} else {
		vgic_deliver_strays(x->vg);
		spin_unlock(&x->vg->lock);
	}
}

/* Locked as by lock_bank(), and unlocks. */
static __noinline void update_bank(const struct vgic_access *x, bool shared,
				   uint32_t left, bool wait)
{
	struct vgic_cpuset set = { { 0 } };

	for (; left; left &= left - 1) {
		uint32_t intid = ALIGN_DOWN(x->first, 32) + vgic_ctz(left);

		if (x->owner) {
			vgic_update_private(x->owner, intid, &set);
		} else {
			vgic_update_spi(x->vg, intid, &set);
		}
	}
	unlock_bank(x, shared);
	if (wait) {
		vgic_sync_set(x->vg, &set);
	}
}

/* Inline where it is hot: `modify` is then known. */
static inline void modify_bank(const struct vgic_access *x, uint32_t bits,
			       vgic_modify_t modify, bool wait)
{
	bool shared = lock_bank(x);
	uint32_t left = modify(x, bits);

	if (unlikely(left)) {
		update_bank(x, shared, left, wait);
	} else {
		unlock_bank(x, shared);
	}
}

void vgic_modify(const struct vgic_access *x, uint32_t bits,
		 vgic_modify_t modify, bool wait)
{
	modify_bank(x, bits, modify, wait);
}

static uint32_t touch_resident(const struct vgic_access *x, uint32_t bits)
{
	return x->b->resident & bits;
}

void vgic_settle(const struct vgic_access *x)
{
	if (READ_ONCE(x->b->resident) ||
	    (x->owner && vgic_has_mail(x->owner))) {
		vgic_modify(x, UINT32_MAX, touch_resident, true);
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

uint64_t vgic_read_group(const struct vgic_access *x)
{
	return x->b->group;
}

static uint32_t set_group(const struct vgic_access *x, uint32_t bits)
{
	uint32_t changed = x->b->group ^ bits;

	x->b->group = bits;
	return changed & (x->b->queued | x->b->resident);
}

void vgic_write_group(const struct vgic_access *x)
{
	vgic_modify(x, (uint32_t)x->val, set_group, false);
}

/* ---- ISENABLER, ICENABLER ---- */

uint64_t vgic_read_enable(const struct vgic_access *x)
{
	return x->b->enabled;
}

uint64_t vgic_read_disable(const struct vgic_access *x)
{
	return x->b->enabled;
}

static uint32_t set_enable(const struct vgic_access *x, uint32_t bits)
{
	struct vgic_bank *b = x->b;
	uint32_t fresh = bits & ~b->enabled;

	b->enabled |= bits;
	b->want_release |= fresh & b->hw & ~b->resident;
	return fresh & (vgic_soft_pending(b) | b->resident);
}

void vgic_write_enable(const struct vgic_access *x)
{
	modify_bank(x, (uint32_t)x->val, set_enable, false);
}

static uint32_t clear_enable(const struct vgic_access *x, uint32_t bits)
{
	struct vgic_bank *b = x->b;
	uint32_t old = bits & b->enabled;

	b->enabled &= ~bits;
	return old & (b->queued | b->resident);
}

void vgic_write_disable(const struct vgic_access *x)
{
	modify_bank(x, (uint32_t)x->val, clear_enable, true);
}

/* ---- ISPENDR, ICPENDR ---- */

uint64_t vgic_read_pend(const struct vgic_access *x)
{
	vgic_settle(x);
	return vgic_pending(x->b);
}

uint64_t vgic_read_unpend(const struct vgic_access *x)
{
	return vgic_read_pend(x);
}

static uint32_t set_pend(const struct vgic_access *x, uint32_t bits)
{
	x->b->latch |= bits;
	return bits & (x->b->enabled | x->b->resident);
}

void vgic_write_pend(const struct vgic_access *x)
{
	vgic_modify(x, (uint32_t)x->val & pendable(x), set_pend, false);
}

/* A level that is still high stays pending: IHI0048 4.3.8. */
static uint32_t clear_pend(const struct vgic_access *x, uint32_t bits)
{
	struct vgic_bank *b = x->b;

	b->latch &= ~bits;
	b->want_unpend |= bits & b->resident;
	return bits & (b->queued | b->resident);
}

void vgic_write_unpend(const struct vgic_access *x)
{
	vgic_modify(x, (uint32_t)x->val & pendable(x), clear_pend, true);
}

/* ---- ISACTIVER, ICACTIVER ---- */

uint64_t vgic_read_activate(const struct vgic_access *x)
{
	vgic_settle(x);
	return x->b->active;
}

uint64_t vgic_read_deactivate(const struct vgic_access *x)
{
	return vgic_read_activate(x);
}

static uint32_t set_active(const struct vgic_access *x, uint32_t bits)
{
	struct vgic_bank *b = x->b;
	uint32_t fresh = bits & ~b->active & ~b->resident;

	for (uint32_t left = fresh; left; left &= left - 1) {
		struct virq *q =
			virq_at(x, ALIGN_DOWN(x->first, 32) + vgic_ctz(left));

		q->acked = false;
		if (left & -left & b->queued) {
			continue; /* there, then */
		}
		if (x->owner) {
			q->where = x->owner->index;
		} else {
			q->where = q->target == VGIC_NO_TARGET ? 0 : q->target;
		}
	}
	b->active |= fresh;
	b->want_active |= bits & b->resident;
	b->want_inactive &= ~(bits & b->resident);
	return fresh | (bits & b->resident);
}

void vgic_write_activate(const struct vgic_access *x)
{
	vgic_modify(x, (uint32_t)x->val, set_active, true);
}

static uint32_t clear_active(const struct vgic_access *x, uint32_t bits)
{
	struct vgic_bank *b = x->b;
	uint32_t old = bits & b->active & ~b->resident;

	b->active &= ~old;
	b->want_release |= old & b->hw;
	b->want_inactive |= bits & b->resident;
	b->want_active &= ~(bits & b->resident);
	return old | (bits & b->resident);
}

void vgic_write_deactivate(const struct vgic_access *x)
{
	vgic_modify(x, (uint32_t)x->val, clear_active, true);
}

/* ---- IPRIORITYR ---- */

uint64_t vgic_read_priority(const struct vgic_access *x)
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
	return bits & (x->b->queued | x->b->resident);
}

void vgic_write_priority(const struct vgic_access *x)
{
	vgic_modify(x, ((1U << x->size) - 1) << x->first % 32, set_priority,
		    false);
}

/* ---- ICFGR ---- */

uint64_t vgic_read_config(const struct vgic_access *x)
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
	return bits & (b->queued | b->resident | b->line);
}

void vgic_write_config(const struct vgic_access *x)
{
	/* SGIs are edge-triggered: IHI0069 12.9.10. */
	if (x->first >= 16) {
		vgic_modify(x, 0xffffU << x->first % 32, set_config, false);
	}
}

/* ---- what is not per interrupt ---- */

static void kick_all(struct vgic *vg, struct vgic_cpuset *away)
{
	for (uint32_t i = 0; i < vg->ncpus; i++) {
		struct vgic_cpu *vc = vg->cpus[i];

		if (vc) {
			spin_lock(&vc->lock);
			if (!vgic_reachable(vc)) {
				vgic_cpuset_add(away, i);
			}
			vgic_kick(vc);
			vgic_unlock_cpu(vc);
		}
	}
}

/*
 * The groups of all interrupts at once: every VCPU looks at its own list
 * registers. A group that is disabled is so everywhere when the write is done,
 * for RWP reads as zero (IHI0069 12.9.4).
 */
void vgic_write_ctlr(struct vgic *vg, uint32_t val)
{
	struct vgic_cpuset away = { { 0 } };
	uint32_t old;

	val &= VGIC_CTLR_GRP0 | VGIC_CTLR_GRP1;
	spin_lock(&vg->lock);
	old = vg->ctlr;
	if (val != old) {
		vgic_set_ctlr(vg, val);
		kick_all(vg, &away);
		vgic_deliver_strays(vg);
	}
	spin_unlock(&vg->lock);
	if (old & ~val) {
		vgic_sync_set(vg, &away);
	}
}

uint64_t vgic_read_id(const struct vgic *vg, uint32_t off)
{
	static const uint8_t cidr[] = { 0x0d, 0xf0, 0x05, 0xb1 };

	if (off == 0x18) {
		return (uint64_t)vg->model << 4; /* PIDR2.ArchRev */
	}
	if (off >= 0x20 && off < 0x30) {
		return cidr[(off - 0x20) / 4];
	}
	return 0;
}
