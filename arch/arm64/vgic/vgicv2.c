/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The distributor of a GICv2 without Security Extensions, IHI0048 4.3. The
 * CPU interface is the hardware's GICV, mapped into the guest; but for its
 * second page, where GICC_DIR alone is (4.4.15): what no list register has
 * can only be deactivated by us.
 */
#include "regs.h"

/* ---- GICD_CTLR, GICD_TYPER, GICD_IIDR ---- */

static uint64_t read_control(const struct vgic_access *x)
{
	const struct vgic *vg = x->vg;

	switch (x->off) {
	case 0x00:
		return READ_ONCE(vg->ctlr);
	case 0x04:
		return (uint64_t)(vg->ncpus - 1) << 5 | vg->nspis / 32;
	case 0x08:
		return VGIC_IIDR;
	default:
		return 0;
	}
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

static void write_sgir(const struct vgic_access *x)
{
	struct vgic_cpu *self = x->self;
	unsigned int intid = (unsigned int)FIELD(x->val, 3, 0);
	unsigned int list = (unsigned int)FIELD(x->val, 23, 16);

	switch (FIELD(x->val, 25, 24)) {
	case 0:
		break;
	case 1:
		vgic_sgi_others(self, intid, 3);
		return;
	case 2:
		vgic_sgi(self, intid, self->index, 3);
		return;
	default:
		return;
	}
	for (list &= (1U << x->vg->ncpus) - 1; list; list &= list - 1) {
		struct vgic_cpu *vc = x->vg->cpus[__builtin_ctz(list)];

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

/* SGIR at 0xf00, CPENDSGIR from 0xf10, SPENDSGIR from 0xf20, in one row. */
static bool locate_sgi(struct vgic_access *x)
{
	uint32_t off = x->off - 0xf00;

	if (off < 0x10 || off >= 0x30) {
		return false;
	}
	x->first = off & 15;
	x->owner = x->self;
	x->b = &x->self->priv;
	return true;
}

static uint64_t read_sgi_row(const struct vgic_access *x)
{
	struct vgic_access y = *x;

	return locate_sgi(&y) ? read_sources(&y) : 0;
}

static void write_sgi_row(const struct vgic_access *x)
{
	struct vgic_access y = *x;
	uint32_t bits;

	if (x->off == 0xf00 && x->size == 4) {
		write_sgir(x);
	} else if (locate_sgi(&y)) {
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
		.read = read_control, .write = write_control,
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

static void access_dist(struct vgic *vg, struct vgic_cpu *self,
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
}

void vgicv2_access(struct vgic *vg, struct vgic_cpu *self, struct emu_access *a)
{
	if (a->region == 0) {
		access_dist(vg, self, a);
	} else if (a->off == 0 && a->write && a->size == 4) {
		vgic_cpuif_dir(self, (unsigned int)FIELD(a->value, 9, 0));
	}
}
