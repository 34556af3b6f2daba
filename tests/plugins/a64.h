/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Classifies A64 instructions that cost more on silicon than an instruction
 * count shows: Arm ARM C4.1.66, "Branches, Exception Generating and System
 * instructions". Pure: the host's unit tests include it as it is.
 */
#ifndef TESTS_PLUGINS_A64_H
#define TESTS_PLUGINS_A64_H

#include <stdint.h>

#include "tests/plugins/marks.h"

enum a64 {
	A64_OTHER,
	A64_BARRIER, /* DSB, DMB, ISB, SB */
	A64_READ,    /* MRS, MRRS of any register */
	A64_WRITE,   /* MSR (register), MSRR */
	A64_PSTATE,  /* MSR (immediate): of PSTATE, no register */
	A64_TLB,     /* TLBI */
	A64_CACHE,   /* DC, IC */
	A64_AT,      /* AT */
	A64_SYS,     /* other SYS, SYSL */
	A64_ERET,    /* and ERETAA, ERETAB */
	A64_WAIT,    /* WFI, WFE */
	A64_SERIES,  /* marks.h */
	A64_BEGIN,
	A64_END,
	A64_CLASSES
};

static inline enum a64 a64_hint(uint32_t number)
{
	switch (number) {
	case 2: /* WFE */
	case 3: /* WFI */
		return A64_WAIT;
	case MARK_SERIES:
		return A64_SERIES;
	case MARK_BEGIN:
		return A64_BEGIN;
	case MARK_END:
		return A64_END;
	default:
		return A64_OTHER;
	}
}

/* CRn = 3: CLREX is among them, which orders nothing; DSB with nXS has op2 1,
 * and has it alone (C4.1.66, "Barriers"). */
static inline enum a64 a64_barrier(uint32_t op2)
{
	return op2 == 1 || (op2 >= 4 && op2 <= 7) ? A64_BARRIER : A64_OTHER;
}

/* op0 = 1: by CRn and CRm (C5.1.3, "op0==0b01, cache maintenance, TLB
 * maintenance, and address translation instructions"). */
static inline enum a64 a64_sys(uint32_t crn, uint32_t crm)
{
	if (crn == 8 || crn == 9) { /* 9: with nXS */
		return A64_TLB;
	}
	if (crn != 7) {
		return A64_SYS;
	}
	switch (crm) {
	case 1:  /* IC IALLUIS */
	case 5:  /* IC IALLU, IVAU */
	case 4:  /* DC ZVA, GVA, GZVA */
	case 6:  /* DC IVAC, ISW */
	case 10: /* DC CVAC, CSW */
	case 11: /* DC CVAU */
	case 12: /* DC CVAP */
	case 13: /* DC CVADP */
	case 14: /* DC CIVAC, CISW */
		return A64_CACHE;
	case 8:
	case 9:
		return A64_AT;
	default: /* CFP, CPP, DVP and so on */
		return A64_SYS;
	}
}

static inline enum a64 a64_class(uint32_t insn)
{
	uint32_t crn = insn >> 12 & 15, crm = insn >> 8 & 15;
	uint32_t op2 = insn >> 5 & 7;

	if (insn == 0xd69f03e0 || insn == 0xd69f0bff || insn == 0xd69f0fff) {
		return A64_ERET;
	}
	if ((insn & 0xfffff01f) == 0xd503201f) {
		return a64_hint(insn >> 5 & 127);
	}
	if ((insn & 0xfffff01f) == 0xd503301f) {
		return a64_barrier(op2);
	}
	if ((insn & 0xfff8f01f) == 0xd500401f) {
		return A64_PSTATE;
	}
	switch (insn >> 20) {
	case 0xd51: /* op0 = 2 or 3 */
	case 0xd55: /* MSRR: of a pair */
		return A64_WRITE;
	case 0xd53:
	case 0xd57: /* MRRS */
		return A64_READ;
	default:
		break;
	}
	/* SYS and SYSL; SYSP is of a pair: op0 = 1 of each. */
	switch (insn >> 19) {
	case 0xd508 >> 3:
	case 0xd528 >> 3:
	case 0xd548 >> 3:
		return a64_sys(crn, crm);
	default:
		return A64_OTHER;
	}
}

#endif
