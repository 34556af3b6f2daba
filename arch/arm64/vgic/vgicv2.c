/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The distributor of a GICv2 without Security Extensions, IHI0048 4.3. The
 * CPU interface is the hardware's GICV, mapped into the guest; but for its
 * second page, where GICC_DIR alone is (4.4.15): what no list register has
 * can only be deactivated by us.
 */
#include "regs.h"

/* ---- GICD_CTLR, GICD_TYPER, GICD_IIDR ---- */

void vgicv2_set_control(struct vgic *vg)
{
	WRITE_ONCE(vg->control[0], vg->ctlr);
	vg->control[1] = (vg->ncpus - 1) << 5 | vg->nspis / 32;
	vg->control[2] = VGIC_IIDR;
}

static void write_control(const struct vgic_access *x)
{
	if (x->off == 0) {
		vgic_write_ctlr(x->vg, (uint32_t)x->val);
	}
}

/* ---- GICD_ITARGETSR ---- */

static uint64_t read_targets(const struct vgic_access *x)
{
	uint64_t val = 0;

	if (x->vg->ncpus == 1) {
		return 0; /* uniprocessor: RAZ/WI */
	}
	for (uint32_t i = 0; i < x->size; i++) {
		uint64_t mask =
			x->owner ? 1U << x->self->index
				 : virq_ref(x->vg, NULL, x->first + i).q->mask;

		val |= mask << 8 * i;
	}
	return val;
}

/* Of several targets the first takes it: which one is ours to choose. */
static uint32_t set_targets(const struct vgic_access *x, uint32_t bits)
{
	uint32_t cpus = (1U << x->vg->ncpus) - 1;

	for (uint32_t i = 0; i < x->size; i++) {
		struct virq *q = virq_ref(x->vg, NULL, x->first + i).q;

		q->mask = (uint8_t)(x->val >> 8 * i & cpus);
		q->target = q->mask ? (uint8_t)__builtin_ctz(q->mask)
				    : VGIC_NO_TARGET;
	}
	return bits & (x->b->queued | x->b->resident | vgic_soft_pending(x->b));
}

static void write_targets(const struct vgic_access *x)
{
	if (!x->owner && x->vg->ncpus > 1) {
		vgic_modify(x, ((1U << x->size) - 1) << x->first % 32,
			    set_targets, true);
	}
}

/* ---- GICD_SGIR, GICD_CPENDSGIR, GICD_SPENDSGIR ---- */

static void write_sgir(struct vgic *vg, struct vgic_cpu *self, uint64_t val)
{
	unsigned int intid = (unsigned int)FIELD(val, 3, 0);
	uint32_t list = (uint32_t)FIELD(val, 23, 16) & (BIT(vg->ncpus) - 1);

	switch (FIELD(val, 25, 24)) {
	case 0:
		break;
	case 1:
		vgic_sgi_others(self, intid, 3);
		return;
	case 2:
		list = 1U << self->index;
		break;
	default:
		return;
	}
	for (; list; list &= list - 1) {
		struct vgic_cpu *vc = vg->cpus[vgic_ctz(list)];

		if (vc) {
			vgic_sgi(vc, intid, self->index, 3);
		}
	}
}

/* A byte per SGI, a bit per CPU that asked for it. */
static uint64_t read_sources(const struct vgic_access *x)
{
	const struct vgic_cpu *vc = x->self;
	uint64_t val = 0;

	vgic_settle(x);
	for (uint32_t i = 0; i < x->size; i++) {
		uint32_t n = x->first + i;
		uint64_t byte = vc->sgi_sources[n];

		if (x->b->lr_pending & (1U << n)) {
			byte |= 1U << vc->private_irqs[n].source;
		}
		val |= byte << 8 * i;
	}
	return val;
}

static uint32_t clear_sources(const struct vgic_access *x, uint32_t bits)
{
	struct vgic_cpu *vc = x->self;
	struct vgic_bank *b = x->b;

	for (uint32_t i = 0; i < x->size; i++) {
		uint32_t n = x->first + i;
		uint8_t mask = (uint8_t)(x->val >> 8 * i);

		vc->sgi_sources[n] &= (uint8_t)~mask;
		if (!vc->sgi_sources[n]) {
			b->latch &= ~(1U << n);
		}
		if (b->resident & (1U << n) &&
		    mask & (1U << vc->private_irqs[n].source)) {
			b->want_unpend |= 1U << n;
		}
	}
	return bits & (b->queued | b->resident);
}

static uint32_t set_sources(const struct vgic_access *x, uint32_t bits)
{
	struct vgic_cpu *vc = x->self;
	uint32_t cpus = (1U << x->vg->ncpus) - 1;

	for (uint32_t i = 0; i < x->size; i++) {
		uint32_t n = x->first + i;
		uint8_t mask = (uint8_t)(x->val >> 8 * i & cpus);

		vc->sgi_sources[n] |= mask;
		if (mask) {
			x->b->latch |= 1U << n;
		}
	}
	return bits;
}

/* CPENDSGIR from 0xf10, SPENDSGIR from 0xf20, in one row. SGIR is before
 * them, write only, and has been looked at. */
static bool locate_sgi(const struct vgic_access *x, struct vgic_access *y)
{
	uint32_t off = x->off - 0xf00;

	if (off < 0x10 || off >= 0x30) {
		return false;
	}
	*y = *x;
	y->first = off & 15;
	y->owner = x->self;
	y->b = &x->self->priv;
	return true;
}

static uint64_t read_sgi_row(const struct vgic_access *x)
{
	struct vgic_access y;

	return locate_sgi(x, &y) ? read_sources(&y) : 0;
}

static void write_sgi_row(const struct vgic_access *x)
{
	struct vgic_access y;
	uint32_t bits;

	if (locate_sgi(x, &y)) {
		bits = ((1U << y.size) - 1) << y.first;
		vgic_modify(&y, bits,
			    y.off < 0xf20 ? clear_sources : set_sources, true);
	}
}

/* ---- identification ---- */

static uint64_t read_id(const struct vgic_access *x)
{
	return x->off >= 0xfd0 ? vgic_read_id(x->vg, x->off - 0xfd0) : 0;
}

static const struct vgic_row rows[VGIC_ROWS] = {
	[0x000 >> VGIC_ROW_SHIFT] = {
		.write = write_control,
		.sizes = VGIC_SIZE_32,
	},
	VGIC_COMMON_ROWS,
	[0x800 >> VGIC_ROW_SHIFT ... 0xbff >> VGIC_ROW_SHIFT] = {
		.read = read_targets, .write = write_targets,
		.bits = 8, .sizes = VGIC_SIZE_BYTES,
	},
	[0xf00 >> VGIC_ROW_SHIFT] = {
		.read = read_sgi_row, .write = write_sgi_row,
		.sizes = VGIC_SIZE_BYTES,
	},
	[0xf80 >> VGIC_ROW_SHIFT] = {
		.read = read_id, .sizes = VGIC_SIZE_32,
	},
};

static __noinline int access_row(struct vgic *vg, struct vgic_cpu *self,
				 struct emu_access *a)
{
	struct vgic_access x;

	if (a->off < 0x1000) {
		x.vg = vg;
		x.self = self;
		x.privates = self;
		x.shared = true;
		x.off = (uint32_t)a->off;
		vgic_row_access(&rows[x.off >> VGIC_ROW_SHIFT], &x, a);
	}
	return 0;
}

static __noinline int access_dist(struct vgic *vg, struct emu_access *a)
{
	struct vgic_cpu *self = vgic_self(vg);

	if (a->off == 0xf00 && a->size == 4 && a->write) {
		write_sgir(vg, self, a->value);
		return 0;
	}
	if (vgic_read_bits(vg, &self->priv, a->off, a)) {
		return 0;
	}
	return access_row(vg, self, a);
}

int vgicv2_access_dist(struct emu_device *dev, struct emu_access *a)
{
	struct vgic *vg = dev->state;

	return vgic_read_control(vg, a) ? 0 : access_dist(vg, a);
}

int vgicv2_access_gicc(struct emu_device *dev, struct emu_access *a)
{
	if (a->off == 0 && a->write && a->size == 4) {
		vgic_cpuif_dir(vgic_self(dev->state),
			       (unsigned int)FIELD(a->value, 9, 0));
	}
	return 0;
}
