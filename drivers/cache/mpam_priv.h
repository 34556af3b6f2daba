/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MPAM's memory system components: registers (DDI0598 11, MPAMF_BASE), and what
 * the driver's files share. */
#ifndef DRIVERS_CACHE_MPAM_PRIV_H
#define DRIVERS_CACHE_MPAM_PRIV_H

#include <arch/mmio.h>
#include <core/device.h>
#include <core/portion.h>

/* Offsets. All are 32 bits wide, or are read and written as halves. */
enum {
	MPAMF_IDR = 0x0000,
	MPAMF_AIDR = 0x0020,
	MPAMF_CPOR_IDR = 0x0030,
	MPAMF_CCAP_IDR = 0x0038,
	MPAMF_MBW_IDR = 0x0040,
	MPAMF_PARTID_NRW_IDR = 0x0050,
	MPAMF_ECR = 0x00f0,
	MPAMF_ESR = 0x00f8,
	MPAMCFG_PART_SEL = 0x0100,
	MPAMCFG_CMAX = 0x0108,
	MPAMCFG_CMIN = 0x0110,
	MPAMCFG_CASSOC = 0x0118,
	MPAMCFG_MBW_MIN = 0x0200,
	MPAMCFG_MBW_MAX = 0x0208,
	MPAMCFG_EN = 0x0300,
	MPAMCFG_PRI = 0x0400,
	MPAMCFG_MBW_PROP = 0x0500,
	MPAMCFG_INTPARTID = 0x0600,
	MPAMCFG_CPBM = 0x1000,    /* a register for 32 portions */
	MPAMCFG_MBW_PBM = 0x2000, /* the same of bandwidth */
	MPAM_PAGE = 0x1000,       /* all before the bitmaps */
};

/* MPAMF_IDR */
#define IDR_HAS_CCAP_PART BIT(24)
#define IDR_HAS_CPOR_PART BIT(25)
#define IDR_HAS_MBW_PART BIT(26)
#define IDR_HAS_PRI_PART BIT(27)
#define IDR_EXT BIT(28) /* the upper half is there */
#define IDR_HAS_PARTID_NRW BIT(31)
#define IDR_HAS_RIS BIT(32)
#define IDR_HAS_EXTD_ESR BIT(38)
#define IDR_HAS_ESR BIT(39)
#define IDR_HAS_ENDIS BIT(42)

/* MPAMF_CCAP_IDR, MPAMF_MBW_IDR */
#define CCAP_HAS_CASSOC BIT(28)
#define CCAP_HAS_CMIN BIT(29)
#define CCAP_NO_CMAX BIT(30)
#define MBW_HAS_MIN BIT(10)
#define MBW_HAS_MAX BIT(11)
#define MBW_HAS_PBM BIT(12)
#define MBW_HAS_PROP BIT(13)

/* MPAMCFG_PART_SEL.INTERNAL, MPAMCFG_INTPARTID.INTERNAL */
#define PARTID_INTERNAL BIT(16)
#define PART_SEL_RIS_SHIFT 24

/* CMAX, CASSOC and MBW_MAX are fractions of 16 bits: all there is. */
#define FRACTION_MAX 0xffff

#define RIS_MAX 16

struct mpam_msc;

/* A resource instance: one of the things in a component that are divided. */
struct mpam_ris {
	struct portion_unit unit;
	struct mpam_msc *msc;
	unsigned int index;
	uint64_t idr;          /* MPAMF_IDR while it is selected */
	uint32_t cpbm_width;   /* portions, 0: none */
	uint32_t mbwpbm_width; /* the same of bandwidth */
	uint32_t ccap, mbw;    /* MPAMF_CCAP_IDR, MPAMF_MBW_IDR; 0: none */
};

/* All immutable after probe(). */
struct mpam_msc {
	const char *name;
	volatile uint8_t *regs;
	uint64_t size;  /* of regs, bytes */
	uint64_t idr;   /* MPAMF_IDR of instance 0 */
	bool narrowing; /* PARTIDs are mapped to internal ones: to themselves */
	uint32_t ids;   /* PARTIDs that it tells apart */
	unsigned int nris;
	struct mpam_ris ris[RIS_MAX];
};

static inline uint32_t msc_read(const struct mpam_msc *m, unsigned int reg)
{
	return mmio_read32(m->regs + reg);
}

static inline void msc_write(const struct mpam_msc *m, unsigned int reg,
			     uint32_t val)
{
	mmio_write32(m->regs + reg, val);
}

/* mpam_msc.c: -ERR_IO if the component has recorded an error, which is logged
 * and cleared. */
int __must_check mpam_msc_error(const struct mpam_msc *m);

/* mpam_ris.c: of instance `index`, whose registers are within the component's:
 * what it has; and all of that for each PARTID. The first reports what is wrong
 * with it. -ERR_FORMAT; -ERR_IO. */
int __must_check mpam_ris_read(struct mpam_msc *m, unsigned int index);
int __must_check mpam_ris_open(const struct mpam_ris *r);
/* struct portion_unit's operation. */
int mpam_ris_allow(struct portion_unit *u, uint32_t id, portion_mask_t set,
		   unsigned int count);

#endif
