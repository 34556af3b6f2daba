/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm64: bits of the EL2 registers that decide what a guest may do itself
 * (Arm ARM D17.2; names as there).
 */
#ifndef ARCH_IMPL_EL2_REGS_H
#define ARCH_IMPL_EL2_REGS_H

#include <libs/types.h>

#define HCR_VM BIT(0)
#define HCR_SWIO BIT(1)
#define HCR_FMO BIT(3)
#define HCR_IMO BIT(4)
#define HCR_AMO BIT(5)
#define HCR_VSE BIT(8)
#define HCR_FB BIT(9)
#define HCR_BSU_INNER BIT(10)
#define HCR_TWI BIT(13)
#define HCR_TWE BIT(14)
#define HCR_TID1 BIT(16)
#define HCR_TID2 BIT(17)
#define HCR_TID3 BIT(18)
#define HCR_TSC BIT(19)
#define HCR_TIDCP BIT(20)
#define HCR_TACR BIT(21)
#define HCR_TSW BIT(22)
#define HCR_TVM BIT(26)
#define HCR_RW BIT(31)
#define HCR_TLOR BIT(35)
#define HCR_TERR BIT(36)
#define HCR_APK BIT(40)
#define HCR_API BIT(41)
#define HCR_ENSCXT BIT(53)
#define HCR_TID5 BIT(58)

#define MDCR_HPMN GENMASK(4, 0)
#define MDCR_TPMCR BIT(5)
#define MDCR_TPM BIT(6)
#define MDCR_HPME BIT(7)
#define MDCR_TDA BIT(9)
#define MDCR_TDOSA BIT(10)
#define MDCR_TDRA BIT(11)
#define MDCR_TPMS BIT(14)
#define MDCR_HPMD BIT(17)
#define MDCR_TTRF BIT(19)
#define MDCR_HCCD BIT(23)
#define MDCR_TDCC BIT(27)

/* CPTR_EL2 with HCR_EL2.E2H = 0. TZ and TSM are RES1 where they are not
 * implemented. */
#define CPTR_RES1 UINT64_C(0x32ff)
#define CPTR_TZ BIT(8)
#define CPTR_TFP BIT(10)
#define CPTR_TSM BIT(12)
#define CPTR_TTA BIT(20)
#define CPTR_TAM BIT(30)

#define VTCR_T0SZ GENMASK(5, 0)

#define CNTHCTL_EL1PCTEN BIT(0)
#define CNTHCTL_EL1PCEN BIT(1)

#define SCTLR_M BIT(0)
#define SCTLR_C BIT(2)
#define SCTLR_SPAN BIT(23)
#define SCTLR_E0E BIT(24)
#define SCTLR_EE BIT(25)
#define SCTLR_DSSBS BIT(44)
/* SCTLR_EL1 at reset: RES1 of v8.0, MMU and caches off, little endian. */
#define SCTLR_EL1_RESET UINT64_C(0x30d00800)

#define TCR_EPD0 BIT(7)
#define TCR_EPD1 BIT(23)

#define MDSCR_SS BIT(0)
#define MDSCR_KDE BIT(13)
#define MDSCR_MDE BIT(15)

/* PSTATE as in SPSR_ELx for AArch64. */
#define PSR_EL0T 0x0
#define PSR_EL1T 0x4
#define PSR_EL1H 0x5
#define PSR_MODE 0xf
#define PSR_EL GENMASK(3, 2)
#define PSR_AA32 BIT(4)
#define PSR_F BIT(6)
#define PSR_I BIT(7)
#define PSR_A BIT(8)
#define PSR_D BIT(9)
#define PSR_BTYPE GENMASK(11, 10)
#define PSR_SSBS BIT(12)
#define PSR_IL BIT(20)
#define PSR_SS BIT(21)
#define PSR_PAN BIT(22)
#define PSR_UAO BIT(23)
#define PSR_DIT BIT(24)
#define PSR_TCO BIT(25)
#define PSR_NZCV GENMASK(31, 28)
/* In an AArch32 SPSR. */
#define PSR32_E BIT(9)
#define PSR32_T BIT(5)
#define PSR32_DIT BIT(21)
#define PSR32_IT (GENMASK(15, 10) | GENMASK(26, 25))

#endif
