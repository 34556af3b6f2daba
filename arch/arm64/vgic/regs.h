/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Distributor and redistributor registers as rows of a table. */
#ifndef VGIC_REGS_H
#define VGIC_REGS_H

#include "vgic_priv.h"

/* One access, taken apart. */
struct vgic_access {
	/* By the model: */
	struct vgic *vg;
	struct vgic_cpu *self;		/* who makes it; v2 only */
	struct vgic_cpu *privates;	/* whose SGIs and PPIs the frame shows */
	bool shared;			/* the frame shows SPIs */
	uint32_t off;			/* in the frame */
	/* By vgic_row_access(): */
	uint8_t size;
	uint64_t val;			/* written */
	/* Of registers with a field per interrupt: */
	uint32_t first;			/* INTID */
	struct vgic_cpu *owner;		/* first < 32: whose; else NULL */
	struct vgic_bank *b;		/* the bank `first` is in */
};

#define VGIC_SIZE_32 4
#define VGIC_SIZE_BYTES (1 | 2 | 4)
#define VGIC_SIZE_64 (4 | 8)

/*
 * 128 bytes of registers of one kind, enough for 1024 fields of one bit.
 * Wider fields have as many rows, all equal; a kind's first offset is a
 * multiple of its size. NULL: reads as zero, ignores writes, as does any
 * access of a size that is not allowed.
 */
struct vgic_row {
	uint64_t (*read)(const struct vgic_access *x);
	void (*write)(const struct vgic_access *x);
	uint8_t bits;			/* per interrupt; 0: not that kind */
	uint8_t sizes;			/* in bytes, a set: VGIC_SIZE_* */
};
#define VGIC_ROW_SHIFT 7
#define VGIC_ROWS (0x1000 >> VGIC_ROW_SHIFT)

/* Which interrupts the access is to; false: none this frame has. */
static inline bool vgic_locate(const struct vgic_row *row,
			       struct vgic_access *x)
{
	uint32_t block = 128U * row->bits;
	uint32_t first = (x->off & (block - 1)) * 8 / row->bits;
	uint64_t spi = first - VGIC_NR_PRIVATE;

	x->first = first;
	x->owner = NULL;
	if (first < VGIC_NR_PRIVATE) {
		if (!x->privates) {
			return false;
		}
		x->owner = x->privates;
		x->b = &x->privates->priv;
		return true;
	}
	if (!x->shared || !arch_index_below(&spi, x->vg->nspis)) {
		return false;
	}
	x->first = (uint32_t)spi + VGIC_NR_PRIVATE;
	x->b = &x->vg->spi[spi / 32];
	return true;
}

/* Perform access `a` by `row`. */
static inline void vgic_row_access(const struct vgic_row *row,
				   struct vgic_access *x, struct emu_access *a)
{
	/* To keep it is cheaper than gcc's reckoning it anew at each use. */
	__asm__("" : "+r"(row));
	if (!(row->sizes & a->size) || (a->off & (a->size - 1U))) {
		return;
	}
	x->size = a->size;
	x->val = a->value;
	if (row->bits && !vgic_locate(row, x)) {
		return;
	}
	if (a->write) {
		if (row->write) {
			row->write(x);
		}
	} else if (row->read) {
		a->value = row->read(x);
	}
}

/*
 * Hot reads, of words that are kept as they read: the distributor's first
 * registers; and groups and enables of the bank at word `off` / 4 of its row,
 * where `priv` is the first, or NULL. False: not one of those.
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

	if (a->write || a->size != 4 || (off & 3) || off < 0x080 ||
	    off >= 0x200) {
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
	a->value = off < 0x100 ? b->group : b->enabled;
	return true;
}

/* The rows both models have; `n` is the number of bits. */
#define VGIC_ROW(n, name, s) \
	{ .read = vgic_read_##name, .write = vgic_write_##name, \
	  .bits = (n), .sizes = (s) }
#define VGIC_COMMON_ROWS \
	[0x080 >> VGIC_ROW_SHIFT] = VGIC_ROW(1, group, VGIC_SIZE_32), \
	[0x100 >> VGIC_ROW_SHIFT] = VGIC_ROW(1, enable, VGIC_SIZE_32), \
	[0x180 >> VGIC_ROW_SHIFT] = VGIC_ROW(1, disable, VGIC_SIZE_32), \
	[0x200 >> VGIC_ROW_SHIFT] = VGIC_ROW(1, pend, VGIC_SIZE_32), \
	[0x280 >> VGIC_ROW_SHIFT] = VGIC_ROW(1, unpend, VGIC_SIZE_32), \
	[0x300 >> VGIC_ROW_SHIFT] = VGIC_ROW(1, activate, VGIC_SIZE_32), \
	[0x380 >> VGIC_ROW_SHIFT] = VGIC_ROW(1, deactivate, VGIC_SIZE_32), \
	[0x400 >> VGIC_ROW_SHIFT ... 0x7ff >> VGIC_ROW_SHIFT] = \
		VGIC_ROW(8, priority, VGIC_SIZE_BYTES), \
	[0xc00 >> VGIC_ROW_SHIFT ... 0xcff >> VGIC_ROW_SHIFT] = \
		VGIC_ROW(2, config, VGIC_SIZE_32)

uint64_t vgic_read_group(const struct vgic_access *x);
void vgic_write_group(const struct vgic_access *x);
uint64_t vgic_read_enable(const struct vgic_access *x);
void vgic_write_enable(const struct vgic_access *x);
uint64_t vgic_read_disable(const struct vgic_access *x);
void vgic_write_disable(const struct vgic_access *x);
uint64_t vgic_read_pend(const struct vgic_access *x);
void vgic_write_pend(const struct vgic_access *x);
uint64_t vgic_read_unpend(const struct vgic_access *x);
void vgic_write_unpend(const struct vgic_access *x);
uint64_t vgic_read_activate(const struct vgic_access *x);
void vgic_write_activate(const struct vgic_access *x);
uint64_t vgic_read_deactivate(const struct vgic_access *x);
void vgic_write_deactivate(const struct vgic_access *x);
uint64_t vgic_read_priority(const struct vgic_access *x);
void vgic_write_priority(const struct vgic_access *x);
uint64_t vgic_read_config(const struct vgic_access *x);
void vgic_write_config(const struct vgic_access *x);

/*
 * Change bank x->b under the right lock: `modify` gets the bits, and returns
 * those whose queue or list register it concerns. `wait`: until the effect
 * on VCPUs running elsewhere is complete.
 */
typedef uint32_t (*vgic_modify_t)(const struct vgic_access *x, uint32_t bits);
void vgic_modify(const struct vgic_access *x, uint32_t bits,
		 vgic_modify_t modify, bool wait);
/* Make what the bank says of interrupts in list registers true now. */
void vgic_settle(const struct vgic_access *x);

/* GICD_CTLR's group enables. */
void vgic_write_ctlr(struct vgic *vg, uint32_t val);
/* PIDR4..7, PIDR0..3, CIDR0..3; `off` from PIDR4. */
uint64_t vgic_read_id(const struct vgic *vg, uint32_t off);
#define VGIC_IIDR 0x5300043b	/* product 'S', as no Arm Ltd. part has */

#endif
