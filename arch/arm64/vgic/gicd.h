/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of distributor and redistributors as rows of a table. An access
 * goes to the row of its offset, which names the functions that read and write:
 * gicd.c has those of both GIC versions, gicd_v2.c, gicd_v3.c and gicr.c the
 * rest.
 */
#ifndef VGIC_GICD_H
#define VGIC_GICD_H

#include "vgic_priv.h"

/*
 * Offsets in the distributor (IHI0048 4.3, IHI0069 12.9). In a redistributor's
 * SGI_base the registers from IGROUPR to ICFGR have the same (IHI0069 12.11),
 * as GICR_IGROUPR0 and so on.
 */
#define GICD_CTLR 0x0000
#define GICD_TYPER 0x0004
#define GICD_IIDR 0x0008
#define GICD_SETSPI_NSR 0x0040 /* v3 */
#define GICD_CLRSPI_NSR 0x0048 /* v3 */
#define GICD_IGROUPR 0x0080
#define GICD_ISENABLER 0x0100
#define GICD_ICENABLER 0x0180
#define GICD_ISPENDR 0x0200
#define GICD_ICPENDR 0x0280
#define GICD_ISACTIVER 0x0300
#define GICD_ICACTIVER 0x0380
#define GICD_IPRIORITYR 0x0400
#define GICD_ITARGETSR 0x0800 /* v2 */
#define GICD_ICFGR 0x0c00
#define GICD_ICFGR_END 0x0d00
#define GICD_SGIR 0x0f00      /* v2 */
#define GICD_CPENDSGIR 0x0f10 /* v2 */
#define GICD_SPENDSGIR 0x0f20 /* v2 */
#define GICD_SPENDSGIR_END 0x0f30
#define GICD_V2_PIDR4 0x0fd0 /* the first of PIDR4-7, PIDR0-3, CIDR0-3 */
#define GICD_IROUTER 0x6000  /* v3, 64 bits each */
#define GICD_IROUTER_END 0x8000
#define GICV3_PIDR4 0xffd0 /* in each frame, as GICD_V2_PIDR4 */
#define GICV3_FRAME_SIZE 0x10000U

/* One access, decoded. */
struct vgic_access {
	struct vgic *vg;
	struct vgic_cpu *privates; /* whose SGIs and PPIs the frame shows */
	struct vgic_cpu *self;     /* the VCPU that makes it; v2 only */
	/* By vgic_locate(), of registers with a field per interrupt: */
	struct vgic_cpu *owner; /* first < 32: whose; else NULL */
	struct vgic_bank *b;    /* the bank `first` is in */
	uint64_t val;           /* written */
	uint64_t off;           /* in the frame */
	uint32_t first;         /* INTID; by vgic_locate() */
	uint32_t size;          /* in bytes */
};

#define VGIC_SIZE_32 4
#define VGIC_SIZE_BYTES (1 | 2 | 4)
#define VGIC_SIZE_64 (4 | 8)

/*
 * 128 bytes of registers of one kind, enough for 1024 fields of one bit.
 * Wider fields have as many rows, all equal; a kind's first offset is a
 * multiple of its size, so that of the field is its number modulo 1024. NULL:
 * reads as zero, ignores writes, as does any access of a size that is not
 * allowed.
 */
struct vgic_row {
	uint64_t (*read)(const struct vgic_access *x);
	void (*write)(const struct vgic_access *x);
	uint8_t bits;  /* per interrupt; 0: not that kind */
	uint8_t sizes; /* in bytes, a set: VGIC_SIZE_* */
};
#define VGIC_ROW_SHIFT 7
#define VGIC_ROWS (0x1000 >> VGIC_ROW_SHIFT)
#define VGIC_ROW_OF(off) ((off) >> VGIC_ROW_SHIFT)
/*
 * Index of the row of `off` in a frame's table. The mask keeps speculative
 * execution, ahead of the comparison with the table's end, within the table,
 * whose rows hold function pointers (cpu.md, "Speculation"); it costs no
 * instruction.
 */
#define VGIC_ROW_AT(off) (VGIC_ROW_OF(off) & (VGIC_ROWS - 1))
/* From register `off` up to, not including, `end`: for range designators. */
#define VGIC_ROWS_OF(off, end) VGIC_ROW_OF(off)... VGIC_ROW_OF((end)-1)

/* Which interrupts the access is to; false: none this frame has. */
static inline bool vgic_locate(uint32_t bits, struct vgic_access *x)
{
	uint32_t first = (uint32_t)x->off * 8 / bits % 1024;
	uint64_t spi = first - VGIC_NR_PRIVATE;

	if (first < VGIC_NR_PRIVATE) {
		if (!x->privates) {
			return false;
		}
		x->first = first;
		x->owner = x->privates;
		x->b = &x->privates->priv;
		return true;
	}
	/* A redistributor has no SPIs. */
	if ((x->privates && !x->self) ||
	    !arch_index_below(&spi, x->vg->nspis)) {
		return false;
	}
	x->first = (uint32_t)spi + VGIC_NR_PRIVATE;
	x->b = &x->vg->spi[spi / 32];
	return true;
}

/* Perform access `a` by `row`. */
static inline void vgic_row_access(struct vgic_row row, struct vgic_access *x,
				   struct emu_access *a)
{
	if (!(row.sizes & a->size) || (a->off & (a->size - 1U))) {
		return;
	}
	if (row.bits && !vgic_locate(row.bits, x)) {
		return;
	}
	if (a->write) {
		if (row.write) {
			row.write(x);
		}
	} else if (row.read) {
		a->value = row.read(x);
	}
}

/*
 * Hot: reads of registers that are stored in the form in which they are read:
 * the distributor's first registers, and groups and enables. Word `off` / 4 of
 * a row selects the bank; `priv` is bank 0, or NULL. False: another register.
 */
static inline bool vgic_read_control(const struct vgic *vg,
				     struct emu_access *a)
{
	if (a->write || (a->off & ~UINT64_C(12))) {
		return false;
	}
	a->value = READ_ONCE(vg->control[a->off / 4]);
	return true;
}

static inline bool vgic_read_bits(const struct vgic *vg,
				  const struct vgic_bank *priv, uint64_t off,
				  struct emu_access *a)
{
	uint64_t n = off / 4 % 32;
	const struct vgic_bank *b;

	if (a->write || a->size != 4 || (off & 3) || off < GICD_IGROUPR ||
	    off >= GICD_ISPENDR) {
		return false;
	}
	if (n == 0) {
		b = priv;
	} else {
		b = n <= vg->nspis / 32 ? &vg->spi[n - 1] : NULL;
	}
	if (!b) {
		return false;
	}
	a->value = off < GICD_ISENABLER ? b->group : b->enabled;
	return true;
}

/* The rows both versions have; `n` is the number of bits. */
#define VGIC_ROW(n, name, s) \
	{ \
		.read = vgic_read_##name, .write = vgic_write_##name, \
		.bits = (n), .sizes = (s) \
	}
/* clang-format off */
#define VGIC_COMMON_ROWS \
	[VGIC_ROW_OF(GICD_IGROUPR)] = VGIC_ROW(1, igroupr, VGIC_SIZE_32), \
	[VGIC_ROW_OF(GICD_ISENABLER)] = VGIC_ROW(1, isenabler, VGIC_SIZE_32), \
	[VGIC_ROW_OF(GICD_ICENABLER)] = VGIC_ROW(1, icenabler, VGIC_SIZE_32), \
	[VGIC_ROW_OF(GICD_ISPENDR)] = VGIC_ROW(1, ispendr, VGIC_SIZE_32), \
	[VGIC_ROW_OF(GICD_ICPENDR)] = VGIC_ROW(1, icpendr, VGIC_SIZE_32), \
	[VGIC_ROW_OF(GICD_ISACTIVER)] = VGIC_ROW(1, isactiver, VGIC_SIZE_32), \
	[VGIC_ROW_OF(GICD_ICACTIVER)] = VGIC_ROW(1, icactiver, VGIC_SIZE_32), \
	[VGIC_ROWS_OF(GICD_IPRIORITYR, GICD_ITARGETSR)] = \
		VGIC_ROW(8, ipriorityr, VGIC_SIZE_BYTES), \
	[VGIC_ROWS_OF(GICD_ICFGR, GICD_ICFGR_END)] = \
		VGIC_ROW(2, icfgr, VGIC_SIZE_32)
/* clang-format on */

uint64_t vgic_read_igroupr(const struct vgic_access *x);
void vgic_write_igroupr(const struct vgic_access *x);
uint64_t vgic_read_isenabler(const struct vgic_access *x);
void vgic_write_isenabler(const struct vgic_access *x);
uint64_t vgic_read_icenabler(const struct vgic_access *x);
void vgic_write_icenabler(const struct vgic_access *x);
uint64_t vgic_read_ispendr(const struct vgic_access *x);
void vgic_write_ispendr(const struct vgic_access *x);
uint64_t vgic_read_icpendr(const struct vgic_access *x);
void vgic_write_icpendr(const struct vgic_access *x);
uint64_t vgic_read_isactiver(const struct vgic_access *x);
void vgic_write_isactiver(const struct vgic_access *x);
uint64_t vgic_read_icactiver(const struct vgic_access *x);
void vgic_write_icactiver(const struct vgic_access *x);
uint64_t vgic_read_ipriorityr(const struct vgic_access *x);
void vgic_write_ipriorityr(const struct vgic_access *x);
uint64_t vgic_read_icfgr(const struct vgic_access *x);
void vgic_write_icfgr(const struct vgic_access *x);

/*
 * Change bank x->b under the right lock: `modify` gets the bits, and returns
 * those whose queue or list register it concerns. `wait`: until the effect
 * on VCPUs running elsewhere is complete.
 */
typedef uint32_t (*vgic_modify_t)(const struct vgic_access *x, uint32_t bits);
void vgic_modify(const struct vgic_access *x, uint32_t bits,
		 vgic_modify_t modify, bool wait);
/*
 * Handle the consequences of a change of these bits of the interrupts of x->vg
 * or x->owner, from x->first on. No lock held; interrupts are unmasked in
 * between.
 */
void vgic_update_bank(const struct vgic_access *x, uint32_t bits, bool wait);
/* Read back the state of the bank's interrupts in list registers, wherever they
 * are. */
void vgic_sync_bank(const struct vgic_access *x);

/* GICD_CTLR's group enables. */
void vgic_write_ctlr(struct vgic *vg, uint32_t val);
/* PIDR4..7, PIDR0..3, CIDR0..3; `off` from PIDR4. */
uint64_t vgic_read_id(const struct vgic *vg, uint32_t off);
/*
 * GICv3: the row of an offset in a 64 KiB frame whose first 4 KiB are `rows`;
 * `beyond` finds it for the rest. vgic_beyond_row() knows what all frames have
 * there, the identification registers.
 */
static inline const struct vgic_row *
vgic_frame_row(const struct vgic_row *rows,
	       const struct vgic_row *(*beyond)(uint64_t off), uint64_t off)
{
	return likely(off < 0x1000) ? &rows[VGIC_ROW_AT(off)] : beyond(off);
}
const struct vgic_row *vgic_beyond_row(uint64_t off);
#define VGIC_IIDR 0x5300043b /* product 'S', as no Arm Ltd. part has */

#endif
