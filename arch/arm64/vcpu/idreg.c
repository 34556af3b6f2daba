/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of ID register fields, and how CPUs and guests share them. */
#include "idreg.h"

#include <string.h>

#include "arch/arm64/mmu/pte.h"

enum kind {
	MIN,   /* unsigned: a greater value has more features */
	SMIN,  /* signed: 0xf is less than 0 */
	EQUAL, /* an algorithm: the same on all CPUs, or none */
	FIXED, /* guests see `cap` whatever the CPU says */
	ALL32, /* eight unsigned fields; `cap` unused */
};

/* `cap`: the greatest value a guest may see; 0: none. */
struct field {
	uint8_t slot, shift, kind, cap;
};

/*
 * Arm ARM D17.2. Right of each field: why its cap is what it is, where it is
 * not simply a set of instructions or of bits in registers that are switched.
 */
static const struct field fields[] = {
	{ ID_AA64PFR0, 0, MIN, 2 },    /* EL0: AArch32 too */
	{ ID_AA64PFR0, 4, FIXED, 1 },  /* EL1: AArch64 only, HCR_EL2.RW */
	{ ID_AA64PFR0, 12, FIXED, 1 }, /* EL3: SMC is a conduit */
	{ ID_AA64PFR0, 16, SMIN, 1 },  /* FP */
	{ ID_AA64PFR0, 20, SMIN, 1 },  /* AdvSIMD */
	{ ID_AA64PFR0, 24, MIN, 1 },   /* GIC system registers, per guest */
	{ ID_AA64PFR0, 28, MIN, 1 },   /* RAS: v1, without records */
	{ ID_AA64PFR0, 32, MIN, 0 },   /* SVE: CPTR_EL2.TZ */
	{ ID_AA64PFR0, 40, MIN, 0 },   /* MPAM */
	{ ID_AA64PFR0, 44, MIN, 0 },   /* AMU: CPTR_EL2.TAM */
	{ ID_AA64PFR0, 48, MIN, 1 },   /* DIT */
	{ ID_AA64PFR0, 56, MIN, 2 },   /* CSV2: 2 = SCXTNUM, switched */
	{ ID_AA64PFR0, 60, MIN, 1 },   /* CSV3 */

	{ ID_AA64PFR1, 0, MIN, 1 },  /* BT */
	{ ID_AA64PFR1, 4, MIN, 2 },  /* SSBS */
	{ ID_AA64PFR1, 8, MIN, 0 },  /* MTE: HCR_EL2.ATA, TID5 */
	{ ID_AA64PFR1, 16, MIN, 0 }, /* MPAM_frac */
	{ ID_AA64PFR1, 24, MIN, 0 }, /* SME: CPTR_EL2.TSM */

	{ ID_AA64DFR0, 0, FIXED, 6 },   /* DebugVer: v8.0, emulated */
	{ ID_AA64DFR0, 8, MIN, 0 },     /* PMU: MDCR_EL2.TPM, and per guest */
	{ ID_AA64DFR0, 12, MIN, 15 },   /* BRPs */
	{ ID_AA64DFR0, 20, MIN, 15 },   /* WRPs */
	{ ID_AA64DFR0, 28, MIN, 15 },   /* CTX_CMPs */
	{ ID_AA64DFR0, 32, MIN, 0 },    /* SPE: MDCR_EL2.TPMS */
	{ ID_AA64DFR0, 36, FIXED, 15 }, /* DoubleLock: not implemented */
	{ ID_AA64DFR0, 40, MIN, 0 },    /* trace filter: MDCR_EL2.TTRF */
	{ ID_AA64DFR0, 44, MIN, 0 },    /* TRBE: MDCR_EL2.E2TB */

	{ ID_AA64ISAR0, 4, MIN, 2 },  /* AES, PMULL */
	{ ID_AA64ISAR0, 8, MIN, 1 },  /* SHA1 */
	{ ID_AA64ISAR0, 12, MIN, 2 }, /* SHA256, SHA512 */
	{ ID_AA64ISAR0, 16, MIN, 1 }, /* CRC32 */
	{ ID_AA64ISAR0, 20, MIN, 2 }, /* atomics */
	{ ID_AA64ISAR0, 28, MIN, 1 }, /* RDM */
	{ ID_AA64ISAR0, 32, MIN, 1 }, /* SHA3 */
	{ ID_AA64ISAR0, 36, MIN, 1 }, /* SM3 */
	{ ID_AA64ISAR0, 40, MIN, 1 }, /* SM4 */
	{ ID_AA64ISAR0, 44, MIN, 1 }, /* dot product */
	{ ID_AA64ISAR0, 48, MIN, 1 }, /* FHM */
	{ ID_AA64ISAR0, 52, MIN, 2 }, /* flag manipulation */
	{ ID_AA64ISAR0, 56, MIN, 2 }, /* TLBI outer shareable, by range */
	{ ID_AA64ISAR0, 60, MIN, 1 }, /* RNDR */

	{ ID_AA64ISAR1, 0, MIN, 2 },    /* DC CVAP, CVADP */
	{ ID_AA64ISAR1, 4, EQUAL, 5 },  /* APA: keys are switched */
	{ ID_AA64ISAR1, 8, EQUAL, 5 },  /* API */
	{ ID_AA64ISAR1, 12, MIN, 1 },   /* JSCVT */
	{ ID_AA64ISAR1, 16, MIN, 1 },   /* FCMA */
	{ ID_AA64ISAR1, 20, MIN, 2 },   /* LDAPR, LDAPUR */
	{ ID_AA64ISAR1, 24, EQUAL, 1 }, /* GPA */
	{ ID_AA64ISAR1, 28, EQUAL, 1 }, /* GPI */
	{ ID_AA64ISAR1, 32, MIN, 1 },   /* FRINT32, FRINT64 */
	{ ID_AA64ISAR1, 36, MIN, 1 },   /* SB */
	{ ID_AA64ISAR1, 40, MIN, 1 },   /* SPECRES */
	{ ID_AA64ISAR1, 44, MIN, 1 },   /* BF16 */
	{ ID_AA64ISAR1, 48, MIN, 1 },   /* DGH */
	{ ID_AA64ISAR1, 52, MIN, 1 },   /* I8MM */

	{ ID_AA64ISAR2, 0, MIN, 2 },    /* WFET, WFIT */
	{ ID_AA64ISAR2, 4, MIN, 1 },    /* RPRES: FPCR.AH */
	{ ID_AA64ISAR2, 8, EQUAL, 1 },  /* GPA3 */
	{ ID_AA64ISAR2, 12, EQUAL, 5 }, /* APA3 */
	{ ID_AA64ISAR2, 20, MIN, 1 },   /* BC */
	{ ID_AA64ISAR2, 24, MIN, 1 },   /* PAC_frac */
	{ ID_AA64ISAR2, 28, MIN, 1 },   /* CLRBHB */

	{ ID_AA64MMFR0, 0, MIN, 6 },   /* PARange, and per guest */
	{ ID_AA64MMFR0, 4, MIN, 2 },   /* ASIDBits */
	{ ID_AA64MMFR0, 8, MIN, 1 },   /* BigEnd: MMIO is swapped */
	{ ID_AA64MMFR0, 16, MIN, 1 },  /* BigEndEL0 */
	{ ID_AA64MMFR0, 20, MIN, 1 },  /* TGran16, not 52 bits */
	{ ID_AA64MMFR0, 24, SMIN, 0 }, /* TGran64 */
	{ ID_AA64MMFR0, 28, SMIN, 0 }, /* TGran4, not 52 bits */
	{ ID_AA64MMFR0, 44, MIN, 1 },  /* ExS */
	{ ID_AA64MMFR0, 56, MIN, 0 },  /* FGT */
	{ ID_AA64MMFR0, 60, MIN, 0 },  /* ECV */

	{ ID_AA64MMFR1, 0, MIN, 2 },  /* HAFDBS */
	{ ID_AA64MMFR1, 4, MIN, 0 },  /* VMIDBits */
	{ ID_AA64MMFR1, 8, MIN, 0 },  /* VHE */
	{ ID_AA64MMFR1, 12, MIN, 2 }, /* HPDS */
	{ ID_AA64MMFR1, 16, MIN, 0 }, /* LORegions: HCR_EL2.TLOR */
	{ ID_AA64MMFR1, 20, MIN, 3 }, /* PAN */
	{ ID_AA64MMFR1, 36, MIN, 1 }, /* ETS */
	{ ID_AA64MMFR1, 40, MIN, 0 }, /* HCX */
	{ ID_AA64MMFR1, 44, MIN, 1 }, /* AFP: FPCR bits */
	{ ID_AA64MMFR1, 48, MIN, 1 }, /* nTLBPA */

	{ ID_AA64MMFR2, 0, MIN, 1 },    /* CnP */
	{ ID_AA64MMFR2, 4, MIN, 1 },    /* UAO */
	{ ID_AA64MMFR2, 8, MIN, 1 },    /* LSM */
	{ ID_AA64MMFR2, 12, MIN, 1 },   /* IESB */
	{ ID_AA64MMFR2, 16, MIN, 1 },   /* VARange */
	{ ID_AA64MMFR2, 20, EQUAL, 1 }, /* CCIDX: format of CCSIDR */
	{ ID_AA64MMFR2, 28, MIN, 1 },   /* ST */
	{ ID_AA64MMFR2, 32, MIN, 1 },   /* LSE2 */
	{ ID_AA64MMFR2, 36, MIN, 1 },   /* IDS */
	{ ID_AA64MMFR2, 40, MIN, 0 },   /* FWB */
	{ ID_AA64MMFR2, 48, MIN, 1 },   /* TTL */
	{ ID_AA64MMFR2, 52, MIN, 2 },   /* BBM */
	{ ID_AA64MMFR2, 56, MIN, 0 },   /* EVT */
	{ ID_AA64MMFR2, 60, MIN, 1 },   /* E0PD */

	/* AArch32 at EL0: instructions; nothing of EL1's. */
	{ ID_PFR0, 0, MIN, 15 },  /* ARM */
	{ ID_PFR0, 4, MIN, 15 },  /* Thumb */
	{ ID_PFR0, 8, MIN, 15 },  /* Jazelle */
	{ ID_PFR0, 16, MIN, 15 }, /* CSV2 */
	{ ID_PFR0, 24, MIN, 1 },  /* DIT */
	{ ID_PFR1, 0, MIN, 15 },  /* ProgMod */
	{ ID_PFR1, 16, MIN, 1 },  /* GenTimer */
	{ ID_PFR2, 0, MIN, 1 },   /* CSV3 */
	{ ID_PFR2, 4, MIN, 1 },   /* SSBS */
	{ ID_ISAR0, 0, ALL32, 0 },
	{ ID_ISAR1, 0, ALL32, 0 },
	{ ID_ISAR2, 0, ALL32, 0 },
	{ ID_ISAR3, 0, ALL32, 0 },
	{ ID_ISAR4, 0, ALL32, 0 },
	{ ID_ISAR5, 0, ALL32, 0 },
	{ ID_ISAR6, 0, ALL32, 0 },
	{ ID_MMFR0, 0, ALL32, 0 },
	{ ID_MMFR1, 0, ALL32, 0 },
	{ ID_MMFR2, 0, ALL32, 0 },
	{ ID_MMFR3, 0, ALL32, 0 },
	{ ID_MMFR4, 0, ALL32, 0 },
	{ ID_MMFR5, 0, ALL32, 0 },
	{ ID_MVFR0, 0, ALL32, 0 },
	{ ID_MVFR1, 0, ALL32, 0 },
	{ ID_MVFR2, 0, ALL32, 0 },
};

static unsigned int field_get(const uint64_t *regs, const struct field *f)
{
	return (unsigned int)(regs[f->slot] >> f->shift & 0xf);
}

/* The rank of a value: a greater rank has more features. */
static int rank(const struct field *f, unsigned int val)
{
	return f->kind == SMIN && (val & 8) ? (int)val - 16 : (int)val;
}

static unsigned int lesser(const struct field *f, unsigned int a,
			   unsigned int b)
{
	if (f->kind == EQUAL) {
		return a == b ? a : 0;
	}
	return rank(f, a) <= rank(f, b) ? a : b;
}

static uint64_t lesser_all(uint64_t a, uint64_t b)
{
	uint64_t out = 0;

	for (unsigned int shift = 0; shift < 32; shift += 4) {
		out |= MIN(a >> shift & 0xf, b >> shift & 0xf) << shift;
	}
	return out;
}

void idreg_merge(uint64_t common[IDREG_COUNT], const uint64_t cpu[IDREG_COUNT])
{
	uint64_t out[IDREG_COUNT] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];

		if (f->kind == ALL32) {
			out[f->slot] =
				lesser_all(common[f->slot], cpu[f->slot]);
		} else {
			out[f->slot] |= (uint64_t)lesser(f,
							 field_get(common, f),
							 field_get(cpu, f))
					<< f->shift;
		}
	}
	memcpy(common, out, sizeof(out));
}

/* AArch32's registers describe nothing if EL0 cannot be AArch32. */
static bool is_aa32(unsigned int slot)
{
	return slot < ID_AA64PFR0;
}

void idreg_sanitize(const uint64_t common[IDREG_COUNT],
		    uint64_t guest[IDREG_COUNT])
{
	bool aa32 = (common[ID_AA64PFR0] & 0xf) == 2;

	memset(guest, 0, IDREG_COUNT * sizeof(guest[0]));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];
		unsigned int val = f->cap;

		if (is_aa32(f->slot) && !aa32) {
			continue;
		}
		if (f->kind == ALL32) {
			guest[f->slot] = common[f->slot];
			continue;
		}
		if (f->kind == EQUAL) {
			/* Above the cap is another algorithm's extension. */
			val = MIN(field_get(common, f), f->cap);
		} else if (f->kind != FIXED) {
			val = lesser(f, field_get(common, f), f->cap);
		}
		guest[f->slot] |= (uint64_t)val << f->shift;
	}
}

/* Puts `val` into the field of four bits at `shift` of *reg. */
static void field_set(uint64_t *reg, unsigned int shift, uint64_t val)
{
	*reg = (*reg & ~(UINT64_C(0xf) << shift)) | val << shift;
}

void idreg_for_guest(uint64_t guest[IDREG_COUNT], unsigned int gic_version,
		     unsigned int ipa_bits, unsigned int pmu_version)
{
	uint64_t range = guest[ID_AA64MMFR0] & 0xf;

	if (gic_version != 3) {
		field_set(&guest[ID_AA64PFR0], 24, 0);
	}
	field_set(&guest[ID_AA64DFR0], 8, pmu_version);
	field_set(&guest[ID_AA64MMFR0], 0, MIN(range, parange_code(ipa_bits)));
}

uint64_t idreg_merge_ctr(uint64_t a, uint64_t b)
{
	uint64_t out = BIT(31); /* RES1 */

	out |= a & b & (BIT(28) | BIT(29));                   /* IDC, DIC */
	out |= MIN(a & 0xf, b & 0xf);                         /* IminLine */
	out |= MIN(a & GENMASK(19, 16), b & GENMASK(19, 16)); /* DminLine */
	out |= MAX(a & GENMASK(23, 20), b & GENMASK(23, 20)); /* ERG */
	out |= MAX(a & GENMASK(27, 24), b & GENMASK(27, 24)); /* CWG */
	/* L1Ip: PIPT (3) only if both are; else VIPT (2). */
	out |= MIN(a & GENMASK(15, 14), b & GENMASK(15, 14));
	return out;
}
