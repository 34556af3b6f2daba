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

/* Perform access `a` by `row`. */
void vgic_row_access(const struct vgic_row *row, struct vgic_access *x,
		     struct emu_access *a);

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
