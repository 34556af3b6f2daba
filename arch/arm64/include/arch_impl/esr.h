/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm64: ESR_ELx, taken apart and put together (Arm ARM D17.2.37). Pure: the
 * host tests include it as it is.
 */
#ifndef ARCH_IMPL_ESR_H
#define ARCH_IMPL_ESR_H

#include <libs/types.h>

enum esr_ec {
	EC_UNKNOWN = 0x00,
	EC_WFX = 0x01,
	EC_CP15_32 = 0x03,
	EC_CP15_64 = 0x04,
	EC_CP14_32 = 0x05,
	EC_CP14_LS = 0x06,
	EC_FP = 0x07,
	EC_VMRS = 0x08,
	EC_PAUTH = 0x09,
	EC_LS64 = 0x0a,
	EC_CP14_64 = 0x0c,
	EC_BTI = 0x0d,
	EC_ILLEGAL_STATE = 0x0e,
	EC_SVC32 = 0x11,
	EC_HVC32 = 0x12,
	EC_SMC32 = 0x13,
	EC_SVC64 = 0x15,
	EC_HVC64 = 0x16,
	EC_SMC64 = 0x17,
	EC_SYSREG = 0x18,
	EC_SVE = 0x19,
	EC_ERET = 0x1a,
	EC_PAUTH_FAIL = 0x1c,
	EC_SME = 0x1d,
	EC_INSN_LOWER = 0x20,
	EC_INSN_SAME = 0x21,
	EC_PC_ALIGN = 0x22,
	EC_DATA_LOWER = 0x24,
	EC_DATA_SAME = 0x25,
	EC_SP_ALIGN = 0x26,
	EC_MOPS = 0x27,
	EC_FP32 = 0x28,
	EC_FP64 = 0x2c,
	EC_SERROR = 0x2f,
	EC_BREAK_LOWER = 0x30,
	EC_BREAK_SAME = 0x31,
	EC_STEP_LOWER = 0x32,
	EC_STEP_SAME = 0x33,
	EC_WATCH_LOWER = 0x34,
	EC_WATCH_SAME = 0x35,
	EC_BKPT32 = 0x38,
	EC_VECTOR32 = 0x3a,
	EC_BRK64 = 0x3c,
};

#define ESR_EC_SHIFT 26
#define ESR_IL BIT(25)

static inline unsigned int esr_ec(uint64_t esr)
{
	return (unsigned int)FIELD(esr, 31, 26);
}

/* The instruction was 32 bits long (else a 16-bit T32 one). */
static inline bool esr_il(uint64_t esr)
{
	return (esr & ESR_IL) != 0;
}

static inline uint64_t esr_make(enum esr_ec ec, uint64_t iss)
{
	return (uint64_t)ec << ESR_EC_SHIFT | ESR_IL | iss;
}

/* HVC, SMC, SVC, BRK. */
static inline unsigned int esr_imm16(uint64_t esr)
{
	return (unsigned int)FIELD(esr, 15, 0);
}

/* Data and instruction aborts. */
#define ESR_ISV BIT(24)         /* SAS .. AR describe the access */
#define ESR_SAS GENMASK(23, 22) /* log2 of the size */
#define ESR_SAS_WORD BIT(23)
#define ESR_SSE BIT(21) /* sign extended */
#define ESR_SF BIT(15)  /* 64-bit register */
#define ESR_AR BIT(14)  /* acquire/release */
#define ESR_FNV BIT(10) /* FAR not valid */
#define ESR_EA BIT(9)
#define ESR_CM BIT(8)    /* cache maintenance */
#define ESR_S1PTW BIT(7) /* during a stage 1 table walk */
#define ESR_WNR BIT(6)   /* write, not read */

static inline unsigned int esr_access_size(uint64_t esr)
{
	return 1U << FIELD(esr, 23, 22);
}

static inline unsigned int esr_srt(uint64_t esr)
{
	return (unsigned int)FIELD(esr, 20, 16);
}

/* Fault status: xFSC. */
#define FSC_SEA 0x10      /* synchronous external abort */
#define FSC_SEA_WALK 0x14 /* .. on a table walk, + level 0-3 */
#define FSC_ALIGNMENT 0x21
#define FSC_TLB_CONFLICT 0x30
#define FSC_LOCKDOWN 0x34
#define FSC_EXCLUSIVE 0x35 /* unsupported exclusive or atomic */

static inline unsigned int esr_fsc(uint64_t esr)
{
	return (unsigned int)FIELD(esr, 5, 0);
}

/* Kinds of fault that have a level in the low two bits. */
#define FSC_KIND_SIZE 0x00
#define FSC_KIND_TRANSLATION 0x04
#define FSC_KIND_ACCESS_FLAG 0x08
#define FSC_KIND_PERMISSION 0x0c

static inline unsigned int esr_fsc_kind(uint64_t esr)
{
	return esr_fsc(esr) & 0x3c;
}

/* Is HPFAR_EL2 valid for this abort to EL2? Arm ARM D17.2.68: not for a
 * permission fault on the access itself. */
static inline bool esr_hpfar_valid(uint64_t esr)
{
	unsigned int kind = esr_fsc_kind(esr);

	return kind == FSC_KIND_TRANSLATION || kind == FSC_KIND_ACCESS_FLAG ||
	       kind == FSC_KIND_SIZE ||
	       (kind == FSC_KIND_PERMISSION && (esr & ESR_S1PTW) != 0);
}

/* Memory is mapped there, but does not allow the access. */
static inline bool esr_denied(uint64_t esr)
{
	return esr_fsc_kind(esr) == FSC_KIND_PERMISSION &&
	       (esr & ESR_S1PTW) == 0;
}

/* The faulting IPA from HPFAR_EL2 (bits 43:4 hold IPA 51:12) and FAR_EL2; of
 * a table (S1PTW) only the page is meant. */
static inline uint64_t esr_fault_ipa(uint64_t hpfar, uint64_t far)
{
	return (hpfar & GENMASK(43, 4)) << 8 | (far & PAGE_MASK);
}

/*
 * An SError after which software can continue as if nothing had happened:
 * corrected, or restartable, which occurs again if it was more severe (Arm ARM
 * D17.2.37, AET). Without FEAT_RAS this is not known.
 */
#define ESR_SERROR_IDS BIT(24) /* IMPLEMENTATION DEFINED syndrome */
#define DFSC_SERROR 0x11       /* AET is valid */
#define AET_RESTARTABLE 2
#define AET_CORRECTED 6

static inline bool esr_serror_harmless(uint64_t esr, bool ras)
{
	uint64_t aet = FIELD(esr, 12, 10);

	return ras && !(esr & ESR_SERROR_IDS) && esr_fsc(esr) == DFSC_SERROR &&
	       (aet == AET_RESTARTABLE || aet == AET_CORRECTED);
}

/* WFI, WFE and their forms with a timeout. */
enum esr_wfx { WFX_WFI, WFX_WFE, WFX_WFIT, WFX_WFET };

static inline enum esr_wfx esr_wfx_kind(uint64_t esr)
{
	return (enum esr_wfx)FIELD(esr, 1, 0);
}

/* Register with the timeout. */
static inline unsigned int esr_wfx_reg(uint64_t esr)
{
	return (unsigned int)FIELD(esr, 9, 5);
}

/*
 * MSR, MRS, SYS: the register's name stays in the ISS's own layout, so that
 * no trap rearranges bits.
 */
#define ESR_SYS_READ BIT(0)
#define ESR_SYS_NAME (GENMASK(21, 10) | GENMASK(4, 1))
#define SYSREG(op0, op1, crn, crm, op2) \
	((uint32_t)((op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | \
		    (crm) << 1))

static inline unsigned int esr_sys_rt(uint64_t esr)
{
	return (unsigned int)FIELD(esr, 9, 5);
}

#define SYSREG_OP0(name) FIELD(name, 21, 20)
#define SYSREG_OP1(name) FIELD(name, 16, 14)
#define SYSREG_CRN(name) FIELD(name, 13, 10)
#define SYSREG_OP1_CRN(name) FIELD(name, 16, 10)
#define SYSREG_CRM(name) FIELD(name, 4, 1)
#define SYSREG_OP2(name) FIELD(name, 19, 17)

/* Short text for a class and for a fault status: crash reports. */
const char *esr_ec_name(unsigned int ec);
const char *esr_fsc_name(unsigned int fsc);

#endif
