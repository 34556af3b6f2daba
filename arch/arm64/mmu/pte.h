/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMSAv8-64 descriptors and translation control fields, 4 KiB granule, output
 * addresses up to 48 bits (Arm ARM D8.3). Pure: the host tests use it as is.
 */
#ifndef ARM64_MMU_PTE_H
#define ARM64_MMU_PTE_H

#include <libs/types.h>

#define PTE_BITS 9 /* index bits per level */
#define PTE_COUNT (1U << PTE_BITS)
#define PTE_LEAF_LEVEL 3
#define PTE_MAX_BITS 48

#define PTE_VALID BIT(0)
#define PTE_TABLE BIT(1) /* levels 0-2; a page at level 3 */
#define PTE_ADDR GENMASK(47, 12)

/* Both stages. */
#define PTE_SH_INNER (UINT64_C(3) << 8)
#define PTE_AF BIT(10)
#define PTE_XN BIT(54) /* stage 2: XN[1], both ELs */

/* The Contiguous bit (Arm ARM D8.6.1). With it, 16 pages that are adjacent on
 * both sides and aligned to their size may be one entry of a TLB. */
#define PTE_CONT BIT(52)
#define PTE_RUN_PAGES 16
#define PTE_RUN_BYTES (PTE_RUN_PAGES * PAGE_SIZE)

/* Stage 1 of EL2 without VHE: one privilege level, AP[1] is RES1. */
#define PTE_S1_ATTR(index) ((uint64_t)(index) << 2)
#define PTE_S1_AP_RES1 BIT(6)
#define PTE_S1_RO BIT(7)
#define PTE_S1_GP BIT(50) /* branch targets are checked */

#define PTE_S1_ATTR_MASK PTE_S1_ATTR(7)

/* Stage 2. */
#define PTE_S2_ATTR(memattr) ((uint64_t)(memattr) << 2)
#define PTE_S2_ATTR_MASK PTE_S2_ATTR(15)
#define PTE_S2_NORMAL_WB PTE_S2_ATTR(0xf)
#define PTE_S2_NORMAL_NC PTE_S2_ATTR(0x5)
#define PTE_S2_DEVICE_NGNRE PTE_S2_ATTR(0x1)
#define PTE_S2_READ BIT(6)
#define PTE_S2_WRITE BIT(7)

/* What may change while the entry stays valid; anything else needs
 * break-before-make (Arm ARM D8.16.1). The bits agree for both stages. */
#define PTE_PERMISSIONS (GENMASK(7, 6) | PTE_S1_GP | GENMASK(54, 53))

/* MAIR_EL2: the indices of PTE_S1_ATTR(). */
enum { MAIR_NORMAL, MAIR_DEVICE, MAIR_UNCACHED };
#define MAIR_VALUE \
	((UINT64_C(0xff) << (8 * MAIR_NORMAL)) | /* WB, RW-allocate */ \
	 (UINT64_C(0x04) << (8 * MAIR_DEVICE)) | /* nGnRE */ \
	 (UINT64_C(0x44) << (8 * MAIR_UNCACHED)))

/* TCR_EL2: 48-bit addresses; tables are write-back, inner shareable. The PS
 * field (bits 18-16) is added at run time. */
#define TCR_EL2_RES1 (BIT(31) | BIT(23))
#define TCR_WALK_WB \
	((UINT64_C(1) << 8) | (UINT64_C(1) << 10) | (UINT64_C(3) << 12))
#define TCR_EL2_VALUE (TCR_EL2_RES1 | TCR_WALK_WB | (64 - PTE_MAX_BITS))
#define TCR_PS_SHIFT 16
#define PARANGE_48 5 /* ID_AA64MMFR0_EL1.PARange */

/* SCTLR_EL2: RES1 bits, and M, C, SA, I, WXN. */
#define SCTLR_EL2_RES1 UINT64_C(0x30c50830)
#define SCTLR_EL2_MMU (BIT(0) | BIT(2) | BIT(3) | BIT(12) | BIT(19))

#define VTCR_RES1 BIT(31)
#define VTCR_VS BIT(19) /* 16-bit VMIDs */

/* log2 of the bytes that an entry at `level` spans. */
static inline unsigned int pte_shift(unsigned int level)
{
	return PAGE_SHIFT + PTE_BITS * (PTE_LEAF_LEVEL - level);
}

static inline uint64_t pte_span(unsigned int level)
{
	return UINT64_C(1) << pte_shift(level);
}

/* A block or page descriptor; levels 1 to 3. */
static inline uint64_t pte_leaf(uint64_t pa, uint64_t attrs, unsigned int level)
{
	return pa | attrs | PTE_VALID |
	       (level == PTE_LEAF_LEVEL ? PTE_TABLE : 0);
}

static inline uint64_t pte_table(uint64_t pa)
{
	return pa | PTE_VALID | PTE_TABLE;
}

static inline bool pte_is_valid(uint64_t pte)
{
	return (pte & PTE_VALID) != 0;
}

static inline bool pte_is_table(uint64_t pte, unsigned int level)
{
	return level < PTE_LEAF_LEVEL &&
	       (pte & (PTE_VALID | PTE_TABLE)) == (PTE_VALID | PTE_TABLE);
}

static inline uint64_t pte_addr(uint64_t pte)
{
	return pte & PTE_ADDR;
}

/* All but address and type. */
static inline uint64_t pte_attrs(uint64_t pte)
{
	return pte & ~(PTE_ADDR | PTE_VALID | PTE_TABLE);
}

/* Address bits for a PARange code; codes above 48 bits are cut to 48. */
static inline unsigned int parange_bits(unsigned int code)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48 };

	return bits[MIN(code, PARANGE_48)];
}

/* Smallest PARange code that holds `bits`. */
static inline unsigned int parange_code(unsigned int bits)
{
	unsigned int code = 0;

	while (code < PARANGE_48 && parange_bits(code) < bits) {
		code++;
	}
	return code;
}

/* The fewest address bits that a PARange code stands for and that reach all
 * addresses below `end`; 48 if none do. */
static inline unsigned int parange_holding(uint64_t end)
{
	unsigned int code = 0;

	while (code < PARANGE_48 && end > BIT(parange_bits(code))) {
		code++;
	}
	return parange_bits(code);
}

/*
 * Stage 2 of `bits` input bits: the start level is the deepest that needs
 * at most 16 concatenated tables (Arm ARM D8.2.7).
 */
static inline unsigned int stage2_start_level(unsigned int bits)
{
	unsigned int level = 2;

	while (level > 0 && bits > pte_shift(level) + PTE_BITS + 4) {
		level--;
	}
	return level;
}

/* Tables of a root at `level`, that level or one above. */
static inline unsigned int stage2_root_pages(unsigned int bits,
					     unsigned int level)
{
	unsigned int top = pte_shift(level) + PTE_BITS;

	return bits > top ? 1U << (bits - top) : 1;
}

/* VTCR_EL2 for `bits` of IPA from `level` on; `ps` is the PARange code of the
 * output. */
static inline uint64_t vtcr_encode(unsigned int bits, unsigned int level,
				   unsigned int ps, bool vmid16)
{
	/* SL0: level 2, 1, 0 are coded 0, 1, 2. */
	uint64_t sl0 = 2 - level;

	return VTCR_RES1 | TCR_WALK_WB | ((uint64_t)ps << TCR_PS_SHIFT) |
	       (vmid16 ? VTCR_VS : 0) | (sl0 << 6) | (64 - bits);
}

#endif
