/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Distributor and redistributors of a GICv3 with a single Security state
 * (GICD_CTLR.DS) and affinity routing always on, IHI0069 12.9 to 12.11; and
 * the SGI registers of its CPU interface, 12.2.
 */
#include <arch_impl/mpidr.h>

#include "regs.h"

#define CTLR_ARE BIT(4)
#define CTLR_DS BIT(6)
#define TYPER_MBIS BIT(16)
#define TYPER_IDBITS (UINT64_C(9) << 19) /* INTIDs of 10 bits */
#define ROUTER_ANY BIT(31)
#define ROUTER_AFFINITY GENMASK(23, 0) /* no Aff3: TYPER.A3V is 0 */
#define WAKER_PROCESSOR_SLEEP BIT(1)
#define WAKER_CHILDREN_ASLEEP BIT(2)

#define FRAME_SIZE 0x10000U
#define REDIST_SHIFT 17 /* RD_base and SGI_base */

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
	case 0x00:
		if (x->size == 4) {
			vgic_write_ctlr(x->vg, (uint32_t)x->val);
		}
		break;
	case 0x40: /* SETSPI_NSR */
	case 0x48: /* CLRSPI_NSR */
		if (arch_index_below(&intid, VGIC_NR_PRIVATE + x->vg->nspis) &&
		    intid >= VGIC_NR_PRIVATE) {
			vgic_line(x->vg, NULL, (unsigned int)intid,
				  x->off == 0x40);
		}
		break;
	default:
		break;
	}
}

static uint64_t read_router(const struct vgic_access *x)
{
	const struct virq *q = virq_ref(x->vg, NULL, x->first).q;
	uint64_t val = q->route | (q->any ? ROUTER_ANY : 0);

	/* All fields are in the lower word. */
	return x->off & 4 ? 0 : val;
}

static uint32_t set_router(const struct vgic_access *x, uint32_t bits)
{
	struct virq *q = virq_ref(x->vg, NULL, x->first).q;

	q->route = (uint32_t)(x->val & ROUTER_AFFINITY);
	q->any = (x->val & ROUTER_ANY) != 0;
	q->target = q->any ? vgic_choose_any(x->vg)
			   : target_of(x->vg, q->route);
	return bits & (x->b->queued | x->b->resident | vgic_soft_pending(x->b));
}

static void write_router(const struct vgic_access *x)
{
	if (!(x->off & 4)) {
		vgic_modify(x, 1U << x->first % 32, set_router, true);
	}
}

static uint64_t read_id(const struct vgic_access *x)
{
	uint32_t off = x->off & (FRAME_SIZE - 1);

	return off >= 0xffd0 ? vgic_read_id(x->vg, off - 0xffd0) : 0;
}

/* IGRPMODR, NSACR: reserved with a single Security state. */
static const struct vgic_row dist_rows[VGIC_ROWS] = {
	[0x000 >> VGIC_ROW_SHIFT] = {
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

static const struct vgic_row id_row = {
	.read = read_id,
	.sizes = VGIC_SIZE_32,
};

static const struct vgic_row no_row;

/* The row for an offset in a 64 KiB frame whose first 4 KiB are `rows`. */
static inline const struct vgic_row *find_row(const struct vgic_row *rows,
					      uint64_t off)
{
	if (likely(off < 0x1000)) {
		/* No more than that if the check is mispredicted, either. */
		return &rows[off >> VGIC_ROW_SHIFT & (VGIC_ROWS - 1)];
	}
	if (rows == dist_rows && off >= 0x6000 && off < 0x8000) {
		return &router_row;
	}
	return off >= 0xff80 && off < FRAME_SIZE ? &id_row : &no_row;
}

static __noinline int access_dist(struct vgic *vg, struct emu_access *a)
{
	struct vgic_access x;

	x.vg = vg;
	x.privates = NULL;
	x.shared = true;
	x.off = (uint32_t)a->off;
	vgic_row_access(find_row(dist_rows, a->off), &x, a);
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

/* ---- redistributors ---- */

static uint64_t redist_typer(const struct vgic *vg, const struct vgic_cpu *vc)
{
	uint64_t affinity = vcpu_mpidr(vc->index, 3);
	bool last = vc->index + 1U == vg->ncpus;

	return affinity << 32 | (uint64_t)vc->index << 8 | (last ? BIT(4) : 0);
}

static uint64_t read_redist(const struct vgic_access *x)
{
	const struct vgic_cpu *vc = x->privates;
	uint64_t typer;

	switch (x->off) {
	case 0x04:
		return x->size == 4 ? VGIC_IIDR : 0;
	case 0x08:
	case 0x0c:
		typer = redist_typer(x->vg, vc);
		return x->off == 8 ? typer : typer >> 32;
	case 0x14:
		if (x->size == 4 && READ_ONCE(vc->asleep)) {
			return WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP;
		}
		return 0;
	default:
		return 0;
	}
}

/*
 * A sleeping redistributor goes on delivering: its software has disabled the
 * CPU interface's groups by then (IHI0069 11.1), and images exist that never
 * wake theirs. Only 1-of-N distribution passes it over.
 */
static void write_redist(const struct vgic_access *x)
{
	struct vgic_cpu *vc = x->privates;

	if (x->off == 0x14 && x->size == 4) {
		WRITE_ONCE(vc->asleep, (x->val & WAKER_PROCESSOR_SLEEP) != 0);
	}
}

static const struct vgic_row redist_rows[VGIC_ROWS] = {
	[0x000 >> VGIC_ROW_SHIFT] = {
		.read = read_redist, .write = write_redist,
		.sizes = VGIC_SIZE_64,
	},
};

static const struct vgic_row sgi_rows[VGIC_ROWS] = {
	VGIC_COMMON_ROWS,
};

static __noinline int access_redist(struct vgic *vg, struct vgic_cpu *vc,
				     struct emu_access *a)
{
	bool sgi_frame = (a->off & FRAME_SIZE) != 0;
	struct vgic_access x;

	x.vg = vg;
	x.privates = vc;
	x.shared = false;
	x.off = (uint32_t)a->off & (FRAME_SIZE - 1);
	vgic_row_access(find_row(sgi_frame ? sgi_rows : redist_rows, x.off), &x,
			a);
	return 0;
}

int vgicv3_access_redist(struct emu_device *dev, struct emu_access *a)
{
	struct vgic *vg = dev->state;
	uint64_t n = a->off >> REDIST_SHIFT;
	uint64_t off = a->off & (2 * FRAME_SIZE - 1);
	struct vgic_cpu *vc;

	if (!arch_index_below(&n, vg->ncpus) || !vg->cpus[n]) {
		return 0;
	}
	vc = vg->cpus[n];
	/* One word each: of what follows, the SGI frame has none. */
	if (off % 128 < 4 &&
	    vgic_read_bits(vg, &vc->priv, off - FRAME_SIZE, a)) {
		return 0;
	}
	return access_redist(vg, vc, a);
}

/* ---- SGIs ---- */

/*
 * With a single Security state ICC_SGI1R_EL1 makes SGIs of either group
 * pending, the other two only those of group 0 (IHI0069 8.1.10, table 8-14).
 */
void vgicv3_sgir(struct vgic_cpu *self, enum vgic_sgi_reg which, uint64_t val)
{
	struct vgic *vg = self->vgic;
	unsigned int groups = which == VGIC_SGI1R ? 3 : 1;
	unsigned int intid = (unsigned int)FIELD(val, 27, 24);
	/* Of the first CPU in the target list. */
	uint64_t first = vcpu_mpidr_index(
		FIELD(val, 55, 48) << 32 | FIELD(val, 39, 32) << 16 |
		FIELD(val, 23, 16) << 8 | FIELD(val, 47, 44) << 4, 3);

	if (val & BIT(40)) {
		vgic_sgi_others(self, intid, groups);
		return;
	}
	if (first >= vg->ncpus) {
		return;
	}
	for (uint64_t list = val & 0xffff; list; list &= list - 1) {
		uint64_t n = first + (uint64_t)__builtin_ctzll(list);

		if (arch_index_below(&n, vg->ncpus) && vg->cpus[n]) {
			vgic_sgi(vg->cpus[n], intid, self->index, groups);
		}
	}
}
