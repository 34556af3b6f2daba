/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exception classes and fault status codes in words, for reports. Pure. */
#include <arch_impl/esr.h>

const char *esr_ec_name(unsigned int ec)
{
	static const char *const names[64] = {
		[EC_UNKNOWN] = "undefined instruction",
		[EC_WFX] = "WFI/WFE",
		[EC_CP15_32] = "CP15 access",
		[EC_CP15_64] = "CP15 access",
		[EC_CP14_32] = "CP14 access",
		[EC_CP14_LS] = "CP14 access",
		[EC_CP14_64] = "CP14 access",
		[EC_FP] = "FP/SIMD access",
		[EC_VMRS] = "VMRS",
		[EC_PAUTH] = "pointer authentication",
		[EC_LS64] = "LD64B/ST64B",
		[EC_BTI] = "branch target exception",
		[EC_ILLEGAL_STATE] = "illegal execution state",
		[EC_SVC32] = "SVC",
		[EC_HVC32] = "HVC",
		[EC_SMC32] = "SMC",
		[EC_SVC64] = "SVC",
		[EC_HVC64] = "HVC",
		[EC_SMC64] = "SMC",
		[EC_SYSREG] = "system register access",
		[EC_SVE] = "SVE access",
		[EC_ERET] = "ERET",
		[EC_PAUTH_FAIL] = "pointer authentication failure",
		[EC_SME] = "SME access",
		[EC_INSN_LOWER] = "instruction abort",
		[EC_INSN_SAME] = "instruction abort, same EL",
		[EC_PC_ALIGN] = "misaligned PC",
		[EC_DATA_LOWER] = "data abort",
		[EC_DATA_SAME] = "data abort, same EL",
		[EC_SP_ALIGN] = "misaligned SP",
		[EC_MOPS] = "memory copy or set",
		[EC_FP32] = "FP exception",
		[EC_FP64] = "FP exception",
		[EC_SERROR] = "SError",
		[EC_BREAK_LOWER] = "breakpoint",
		[EC_BREAK_SAME] = "breakpoint",
		[EC_STEP_LOWER] = "software step",
		[EC_STEP_SAME] = "software step",
		[EC_WATCH_LOWER] = "watchpoint",
		[EC_WATCH_SAME] = "watchpoint",
		[EC_BKPT32] = "BKPT",
		[EC_VECTOR32] = "vector catch",
		[EC_BRK64] = "BRK",
	};

	return ec < ARRAY_SIZE(names) && names[ec] ? names[ec] : "unknown";
}

const char *esr_fsc_name(unsigned int fsc)
{
	static const char *const names[64] = {
		[0x00] = "address size fault, level 0",
		[0x01] = "address size fault, level 1",
		[0x02] = "address size fault, level 2",
		[0x03] = "address size fault, level 3",
		[0x04] = "translation fault, level 0",
		[0x05] = "translation fault, level 1",
		[0x06] = "translation fault, level 2",
		[0x07] = "translation fault, level 3",
		[0x09] = "access flag fault, level 1",
		[0x0a] = "access flag fault, level 2",
		[0x0b] = "access flag fault, level 3",
		[0x0d] = "permission fault, level 1",
		[0x0e] = "permission fault, level 2",
		[0x0f] = "permission fault, level 3",
		[0x10] = "external abort",
		[0x11] = "tag check fault",
		[0x14] = "external abort on table walk, level 0",
		[0x15] = "external abort on table walk, level 1",
		[0x16] = "external abort on table walk, level 2",
		[0x17] = "external abort on table walk, level 3",
		[0x18] = "parity or ECC error",
		[0x21] = "alignment fault",
		[0x30] = "TLB conflict",
		[0x34] = "lockdown",
		[0x35] = "unsupported exclusive or atomic",
	};

	return fsc < ARRAY_SIZE(names) && names[fsc] ? names[fsc] : "unknown";
}
