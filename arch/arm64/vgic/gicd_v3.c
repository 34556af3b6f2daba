/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The distributor of a GICv3 with a single Security state (GICD_CTLR.DS) and
 * affinity routing always on (ARE), IHI0069 12.9.
 */
#include <arch_impl/mpidr.h>

#include "gicd.h"

#define CTLR_ARE BIT(4)
#define CTLR_DS BIT(6)
#define TYPER_MBIS BIT(16)
#define TYPER_IDBITS (UINT64_C(9) << 19) /* INTIDs of 10 bits */
#define ROUTER_1OFN BIT(31)
#define ROUTER_AFFINITY GENMASK(23, 0) /* no Aff3: TYPER.A3V is 0 */

static uint8_t target_of(const struct vgic *vg, uint64_t affinity)
{
	uint64_t n = vcpu_mpidr_index(affinity, 3);

	return n < vg->ncpus ? (uint8_t)n : VGIC_NO_TARGET;
}

/* ---- distributor ---- */

void vgicv3_set_control(struct vgic *vg)
{
	WRITE_ONCE(vg->control[0], (uint32_t)(vg->ctlr | CTLR_ARE | CTLR_DS));
	vg->control[1] = (uint32_t)(vg->nspis / 32 | TYPER_MBIS | TYPER_IDBITS);
	vg->control[2] = VGIC_IIDR;
}

static void write_control(const struct vgic_access *x)
{
	uint64_t intid = FIELD(x->val, 9, 0);

	switch (x->off) {
	case GICD_CTLR:
		if (x->size == 4) {
			vgic_write_ctlr(x->vg, (uint32_t)x->val);
		}
		break;
	case GICD_SETSPI_NSR:
	case GICD_CLRSPI_NSR:
		if (arch_index_below(&intid, VGIC_NR_PRIVATE + x->vg->nspis)) {
			vgic_line_spi(x->vg, (unsigned int)intid,
				      x->off == GICD_SETSPI_NSR);
		}
		break;
	default:
		break;
	}
}

static uint64_t read_router(const struct vgic_access *x)
{
	const struct virq *q = virq_ref(x->vg, NULL, x->first).q;
	uint64_t val = q->route | (q->one_of_n ? ROUTER_1OFN : 0);

	/* All fields are in the lower word. */
	return x->off & 4 ? 0 : val;
}

static uint32_t set_router(const struct vgic_access *x, uint32_t bits)
{
	struct virq *q = virq_ref(x->vg, NULL, x->first).q;

	q->route = (uint32_t)(x->val & ROUTER_AFFINITY);
	q->one_of_n = (x->val & ROUTER_1OFN) != 0;
	q->target = q->one_of_n ? vgic_choose_1ofn(x->vg)
				: target_of(x->vg, q->route);
	return bits & (x->b->queued | x->b->in_lr | vgic_soft_pending(x->b));
}

static void write_router(const struct vgic_access *x)
{
	if (!(x->off & 4)) {
		vgic_modify(x, 1U << x->first % 32, set_router, true);
	}
}

/* IGRPMODR, NSACR: reserved with a single Security state. */
static const struct vgic_row dist_rows[VGIC_ROWS] = {
	[VGIC_ROW_OF(GICD_CTLR)] = {
		.write = write_control,
		.sizes = 2 | VGIC_SIZE_32,
	},
	VGIC_COMMON_ROWS,
};

static const struct vgic_row router_row = {
	.read = read_router,
	.write = write_router,
	.bits = 64,
	.sizes = VGIC_SIZE_64,
};

static const struct vgic_row *beyond_row(uint64_t off)
{
	if (off >= GICD_IROUTER && off < GICD_IROUTER_END) {
		return &router_row;
	}
	return vgic_beyond_row(off);
}

static __noinline int access_dist(struct vgic *vg, struct emu_access *a)
{
	struct vgic_access x = {
		.vg = vg,
		.off = a->off,
		.size = a->size,
		.val = a->value,
	};

	vgic_row_access(*vgic_frame_row(dist_rows, beyond_row, a->off), &x, a);
	return 0;
}

int vgicv3_access_dist(struct emu_device *dev, struct emu_access *a)
{
	struct vgic *vg = dev->state;

	if (vgic_read_control(vg, a) || vgic_read_bits(vg, NULL, a->off, a)) {
		return 0;
	}
	return access_dist(vg, a);
}
