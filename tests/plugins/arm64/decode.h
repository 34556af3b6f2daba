/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the plugins know of A64 instructions (tests/plugins/insn.h): Arm ARM
 * C4.1.66, "Branches, Exception Generating and System instructions".
 */
#ifndef TESTS_PLUGINS_ARM64_DECODE_H
#define TESTS_PLUGINS_ARM64_DECODE_H

#include "tests/plugins/arm64/marks.h"
#include "tests/plugins/insn.h"

#define INSN_TARGET "aarch64"
#define INSN_CPU_REGISTER "TPIDR_EL2"

#define INSN_RET 0xd65f0000
#define INSN_RET_MASK 0xfffffc1f
#define INSN_WFI 0xd503207f
/* MSR DAIFSet and DAIFClr, all but CRm (C6.2.229). */
#define INSN_DAIF_MASK 0xfffff0ff
#define INSN_DAIF_SET 0xd50340df
#define INSN_DAIF_CLR 0xd50340ff
#define INSN_DAIF_I (2u << 8)

/* LDR (literal) of w17, and LDR (immediate) of w17 by x17 after ADRP (C6.2.166,
 * C6.2.167): how code that is about to unmask interrupts loads the flag
 * (arch/arm64/include/arch_impl/cpu.h). */
#define INSN_LDR_W17 0x18000011
#define INSN_LDR_W17_MASK 0xff00001f
#define INSN_LDR_W17_X17 0xb9400231
#define INSN_LDR_W17_X17_MASK 0xffc003ff

/* Offsets of vectors: an interrupt at EL2, and all of lower levels. */
#define INSN_VECTOR_TABLE 0x800
#define INSN_VECTOR_IRQ 0x280
#define INSN_VECTOR_LOWER 0x400

/* Little-endian, as all A64 code is (B2.6.2). */
static inline uint32_t insn_word(const struct insn *insn)
{
	uint32_t word = 0;

	for (unsigned int i = 0; i < 4 && i < insn->size; i++) {
		word |= (uint32_t)insn->bytes[i] << 8 * i;
	}
	return word;
}

static inline enum insn_class insn_hint(uint32_t number)
{
	switch (number) {
	case 2: /* WFE */
	case 3: /* WFI */
		return INSN_WAIT;
	case MARK_SERIES:
		return INSN_SERIES;
	case MARK_BEGIN:
		return INSN_BEGIN;
	case MARK_END:
		return INSN_END;
	default:
		return INSN_OTHER;
	}
}

/* CRn = 3: CLREX is among them, which orders nothing; DSB with nXS has op2 1,
 * and has it alone (C4.1.66, "Barriers"). */
static inline enum insn_class insn_barrier(uint32_t op2)
{
	return op2 == 1 || (op2 >= 4 && op2 <= 7) ? INSN_BARRIER : INSN_OTHER;
}

/* op0 = 1: by CRn and CRm (C5.1.3, "op0==0b01, cache maintenance, TLB
 * maintenance, and address translation instructions"). */
static inline enum insn_class insn_sys(uint32_t crn, uint32_t crm)
{
	if (crn == 8 || crn == 9) { /* 9: with nXS */
		return INSN_TLB;
	}
	if (crn != 7) {
		return INSN_SYSTEM;
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
		return INSN_CACHE;
	case 8:
	case 9:
		return INSN_TRANSLATE;
	default: /* CFP, CPP, DVP and so on */
		return INSN_SYSTEM;
	}
}

static inline enum insn_class insn_class_word(uint32_t insn)
{
	uint32_t crn = insn >> 12 & 15, crm = insn >> 8 & 15;
	uint32_t op2 = insn >> 5 & 7;

	if (insn == 0xd69f03e0 || insn == 0xd69f0bff || insn == 0xd69f0fff) {
		return INSN_LEAVE;
	}
	if ((insn & INSN_RET_MASK) == INSN_RET) {
		return INSN_RETURN;
	}
	if ((insn & 0xfffff01f) == 0xd503201f) {
		return insn_hint(insn >> 5 & 127);
	}
	if ((insn & 0xfffff01f) == 0xd503301f) {
		return insn_barrier(op2);
	}
	if ((insn & 0xfff8f01f) == 0xd500401f) {
		return INSN_STATE;
	}
	switch (insn >> 20) {
	case 0xd51: /* op0 = 2 or 3 */
	case 0xd55: /* MSRR: of a pair */
		return INSN_WRITE;
	case 0xd53:
	case 0xd57: /* MRRS */
		return INSN_READ;
	default:
		break;
	}
	/* SYS and SYSL; SYSP is of a pair: op0 = 1 of each. */
	switch (insn >> 19) {
	case 0xd508 >> 3:
	case 0xd528 >> 3:
	case 0xd548 >> 3:
		return insn_sys(crn, crm);
	default:
		return INSN_OTHER;
	}
}

static inline enum insn_class insn_class(const struct insn *insn)
{
	return insn_class_word(insn_word(insn));
}

static inline enum insn_mask insn_mask(const struct insn *insn, uint64_t flag)
{
	uint32_t word = insn_word(insn);
	int64_t literal = ((int32_t)(word << 8) >> 13) * 4;

	if ((word & INSN_DAIF_MASK) == INSN_DAIF_SET && (word & INSN_DAIF_I)) {
		return INSN_MASKS;
	}
	if ((word & INSN_LDR_W17_MASK) == INSN_LDR_W17
		    ? insn->address + (uint64_t)literal == flag
		    : (word & INSN_LDR_W17_X17_MASK) == INSN_LDR_W17_X17) {
		return INSN_WILL_UNMASK;
	}
	if (word == INSN_WFI || insn_class_word(word) == INSN_LEAVE ||
	    ((word & INSN_DAIF_MASK) == INSN_DAIF_CLR &&
	     (word & INSN_DAIF_I))) {
		return INSN_UNMASKS;
	}
	return INSN_KEEPS;
}

static inline bool insn_is_vector(uint64_t offset)
{
	return offset < INSN_VECTOR_TABLE && offset % 0x80 == 0 &&
	       (offset == INSN_VECTOR_IRQ || offset >= INSN_VECTOR_LOWER);
}

#endif
