/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The distributor of a GICv2 without Security Extensions, IHI0048 4.3. The CPU
 * interface is the hardware's GICV, mapped into the guest, except its second
 * page, which has only GICC_DIR (4.4.15): interrupts that are in no list
 * register can only be deactivated by us.
 */
#include "gicd.h"

#define GICC_DIR 0x1000
#define GICC_SECOND_PAGE 0x1000 /* where the emulated region begins */

/* ---- GICD_CTLR, GICD_TYPER, GICD_IIDR ---- */

void vgicv2_set_control(struct vgic *vg)
{
	WRITE_ONCE(vg->control[0], vg->ctlr);
	vg->control[1] = (vg->ncpus - 1) << 5 | vg->nspis / 32;
	vg->control[2] = VGIC_IIDR;
}

static void write_control(const struct vgic_access *x)
{
	if (x->off == GICD_CTLR) {
		vgic_write_ctlr(x->vg, (uint32_t)x->val);
	}
}

/*
 * ---- GICD_ITARGETSR ----
 *
 * Of a uniprocessor implementation these are RAZ/WI, and every interrupt goes
 * to the one CPU (IHI0048 4.3.12). With one VCPU ours is a multiprocessor's
 * with one interface connected: bits of CPUs that are not there are RAZ/WI,
 * the one that is there holds what is written, for software that reads its own
 * bit in the first register and copies it, or that reads back; and for
 * software that knows it is alone, SPIs go to that CPU whatever is written.
 */
static __cold uint64_t read_targets(const struct vgic_access *x)
{
	uint64_t val = 0;

	for (uint32_t i = 0; i < x->size; i++) {
		uint64_t mask =
			x->owner ? 1U << x->self->index
				 : virq_ref(x->vg, NULL, x->first + i).q->mask;

		val |= mask << 8 * i;
	}
	return val;
}

/* Of several targets the first gets the interrupt: the choice is IMPLEMENTATION
 * DEFINED. */
static __cold uint32_t set_targets(const struct vgic_access *x, uint32_t bits)
{
	uint32_t cpus = (1U << x->vg->ncpus) - 1;

	for (uint32_t i = 0; i < x->size; i++) {
		struct virq *q = virq_ref(x->vg, NULL, x->first + i).q;

		q->mask = (uint8_t)(x->val >> 8 * i & cpus);
		if (q->mask) {
			q->target = (uint8_t)__builtin_ctz(q->mask);
		} else {
			q->target = x->vg->ncpus == 1 ? 0 : VGIC_NO_TARGET;
		}
	}
	return bits & (x->b->queued | x->b->in_lr | vgic_soft_pending(x->b));
}

static __cold void write_targets(const struct vgic_access *x)
{
	if (!x->owner) {
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

	vgic_sync_bank(x);
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

static __cold uint32_t clear_sources(const struct vgic_access *x, uint32_t bits)
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
		if (b->in_lr & (1U << n) &&
		    mask & (1U << vc->private_irqs[n].source)) {
			b->want_clear_pending |= 1U << n;
		}
	}
	return bits & (b->queued | b->in_lr);
}

static __cold uint32_t set_sources(const struct vgic_access *x, uint32_t bits)
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

/* CPENDSGIR and SPENDSGIR are in one row. SGIR is before them, write only, and
 * was handled by access_dist(). */
static bool locate_sgi(const struct vgic_access *x, struct vgic_access *y)
{
	if (x->off < GICD_CPENDSGIR || x->off >= GICD_SPENDSGIR_END) {
		return false;
	}
	*y = *x;
	y->first = (uint32_t)x->off & 15;
	y->owner = x->self;
	y->b = &x->self->priv;
	return true;
}

static __cold uint64_t read_sgi_row(const struct vgic_access *x)
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
			    y.off < GICD_SPENDSGIR ? clear_sources
						   : set_sources,
			    true);
	}
}

/* ---- identification ---- */

static uint64_t read_id(const struct vgic_access *x)
{
	if (x->off < GICD_V2_PIDR4) {
		return 0;
	}
	return vgic_read_id(x->vg, (uint32_t)x->off - GICD_V2_PIDR4);
}

static const struct vgic_row rows[VGIC_ROWS] = {
	[VGIC_ROW_OF(GICD_CTLR)] = {
		.write = write_control,
		.sizes = VGIC_SIZE_32,
	},
	VGIC_COMMON_ROWS,
	[VGIC_ROWS_OF(GICD_ITARGETSR, GICD_ICFGR)] = {
		.read = read_targets, .write = write_targets,
		.bits = 8, .sizes = VGIC_SIZE_BYTES,
	},
	[VGIC_ROW_OF(GICD_SGIR)] = {
		.read = read_sgi_row, .write = write_sgi_row,
		.sizes = VGIC_SIZE_BYTES,
	},
	[VGIC_ROW_OF(GICD_V2_PIDR4)] = {
		.read = read_id, .sizes = VGIC_SIZE_32,
	},
};

static __noinline int access_row(struct vgic *vg, struct vgic_cpu *self,
				 struct emu_access *a)
{
	struct vgic_access x = {
		.vg = vg,
		.self = self,
		.privates = self,
		.off = a->off,
		.size = a->size,
		.val = a->value,
	};

	if (a->off < GICC_SECOND_PAGE) {
		vgic_row_access(rows[VGIC_ROW_AT(x.off)], &x, a);
	}
	return 0;
}

static __noinline int access_dist(struct vgic *vg, struct emu_access *a)
{
	struct vgic_cpu *self = vgic_self(vg);

	if (a->off == GICD_SGIR && a->size == 4 && a->write) {
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
	if (a->off == GICC_DIR - GICC_SECOND_PAGE && a->write && a->size == 4) {
		vgic_cpuif_dir(vgic_self(dev->state),
			       (unsigned int)FIELD(a->value, 9, 0));
	}
	return 0;
}
