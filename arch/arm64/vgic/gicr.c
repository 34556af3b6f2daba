/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv3 redistributors, IHI0069 12.10 and 12.11: per VCPU a frame RD_base, and
 * a frame SGI_base with the registers of its SGIs and PPIs.
 */
#include <arch_impl/mpidr.h>

#include "gicd.h"

#define REDIST_SHIFT 17 /* RD_base and SGI_base */

#define GICR_IIDR 0x0004
#define GICR_TYPER 0x0008 /* 64 bits */
#define GICR_WAKER 0x0014

#define TYPER_LAST BIT(4)
#define TYPER_PROCESSOR_NUMBER_SHIFT 8
#define TYPER_AFFINITY_SHIFT 32

#define WAKER_PROCESSOR_SLEEP BIT(1)
#define WAKER_CHILDREN_ASLEEP BIT(2)

static uint64_t redist_typer(const struct vgic *vg, const struct vgic_cpu *vc)
{
	uint64_t affinity = vcpu_mpidr(vc->index, 3);
	bool last = vc->index + 1U == vg->ncpus;

	return affinity << TYPER_AFFINITY_SHIFT |
	       (uint64_t)vc->index << TYPER_PROCESSOR_NUMBER_SHIFT |
	       (last ? TYPER_LAST : 0);
}

static uint64_t read_redist(const struct vgic_access *x)
{
	const struct vgic_cpu *vc = x->privates;
	uint64_t typer;

	switch (x->off) {
	case GICR_IIDR:
		return x->size == 4 ? VGIC_IIDR : 0;
	case GICR_TYPER:
	case GICR_TYPER + 4:
		typer = redist_typer(x->vg, vc);
		return x->off == GICR_TYPER ? typer : typer >> 32;
	case GICR_WAKER:
		if (x->size == 4 && READ_ONCE(vc->processor_sleep)) {
			return WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP;
		}
		return 0;
	default:
		return 0;
	}
}

/*
 * A sleeping redistributor continues to deliver: software has disabled the CPU
 * interface's groups by then (IHI0069 11.1), and some images never wake theirs.
 * Only 1-of-N distribution skips it.
 */
static void write_redist(const struct vgic_access *x)
{
	struct vgic_cpu *vc = x->privates;

	if (x->off == GICR_WAKER && x->size == 4) {
		WRITE_ONCE(vc->processor_sleep,
			   (x->val & WAKER_PROCESSOR_SLEEP) != 0);
	}
}

static const struct vgic_row redist_rows[VGIC_ROWS] = {
	[VGIC_ROW_OF(GICR_TYPER)] = {
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
	bool sgi_frame = (a->off & GICV3_FRAME_SIZE) != 0;
	struct vgic_access x = {
		.vg = vg,
		.privates = vc,
		.off = a->off & (GICV3_FRAME_SIZE - 1),
		.size = a->size,
		.val = a->value,
	};

	vgic_row_access(*vgic_frame_row(sgi_frame ? sgi_rows : redist_rows,
					vgic_beyond_row, x.off),
			&x, a);
	return 0;
}

int vgicv3_access_redist(struct emu_device *dev, struct emu_access *a)
{
	struct vgic *vg = dev->state;
	uint64_t n = a->off >> REDIST_SHIFT;
	uint64_t off = a->off & (2 * GICV3_FRAME_SIZE - 1);
	struct vgic_cpu *vc;

	if (!arch_index_below(&n, vg->ncpus) || !vg->cpus[n]) {
		return 0;
	}
	vc = vg->cpus[n];
	/* SGI_base has the first word of each row only: no SPIs. */
	if (off % 128 < 4 &&
	    vgic_read_bits(vg, &vc->priv, off - GICV3_FRAME_SIZE, a)) {
		return 0;
	}
	return access_redist(vg, vc, a);
}
