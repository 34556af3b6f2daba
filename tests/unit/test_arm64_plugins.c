/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the plugins classify A64 instructions: encodings by GNU as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/plugins/arm64/decode.h"

static const struct {
	uint32_t insn;
	enum insn_class what;
	const char *text;
} known[] = {
	{ 0xd5033f9f, INSN_BARRIER, "dsb sy" },
	{ 0xd5033b9f, INSN_BARRIER, "dsb ish" },
	{ 0xd503329f, INSN_BARRIER, "dsb oshst" },
	{ 0xd503309f, INSN_BARRIER, "ssbb" },
	{ 0xd503349f, INSN_BARRIER, "pssbb" },
	{ 0xd5033e3f, INSN_BARRIER, "dsb synxs" },
	{ 0xd5033bbf, INSN_BARRIER, "dmb ish" },
	{ 0xd50339bf, INSN_BARRIER, "dmb ishld" },
	{ 0xd5033fdf, INSN_BARRIER, "isb" },
	{ 0xd50330ff, INSN_BARRIER, "sb" },
	{ 0xd5033f5f, INSN_OTHER, "clrex" },
	{ 0xd51c1100, INSN_WRITE, "msr hcr_el2, x0" },
	{ 0xd51cc101, INSN_WRITE, "msr s3_4_c12_c1_0, x1" },
	{ 0xd518cba2, INSN_WRITE, "msr icc_sgi1r_el1, x2" },
	{ 0xd5100240, INSN_WRITE, "msr mdscr_el1, x0 (op0 is 2)" },
	{ 0xd51b4220, INSN_WRITE, "msr daif, x0" },
	{ 0xd53c5200, INSN_READ, "mrs x0, esr_el2" },
	{ 0xd53be043, INSN_READ, "mrs x3, cntvct_el0" },
	{ 0xd5300240, INSN_READ, "mrs x0, mdscr_el1" },
	{ 0xd50342df, INSN_STATE, "msr daifset, #2" },
	{ 0xd50342ff, INSN_STATE, "msr daifclr, #2" },
	{ 0xd50041bf, INSN_STATE, "msr spsel, #1" },
	{ 0xd50c83df, INSN_TLB, "tlbi vmalls12e1is" },
	{ 0xd508871f, INSN_TLB, "tlbi vmalle1" },
	{ 0xd50c8025, INSN_TLB, "tlbi ipas2e1is, x5" },
	{ 0xd50c871f, INSN_TLB, "tlbi alle2" },
	{ 0xd508971f, INSN_TLB, "sys #0, c9, c7, #0 (tlbi vmalle1nxs)" },
	{ 0xd50b7421, INSN_CACHE, "dc zva, x1" },
	{ 0xd50b7a21, INSN_CACHE, "dc cvac, x1" },
	{ 0xd50b7b21, INSN_CACHE, "dc cvau, x1" },
	{ 0xd50b7e21, INSN_CACHE, "dc civac, x1" },
	{ 0xd5087621, INSN_CACHE, "dc ivac, x1" },
	{ 0xd5087e41, INSN_CACHE, "dc cisw, x1" },
	{ 0xd508711f, INSN_CACHE, "ic ialluis" },
	{ 0xd508751f, INSN_CACHE, "ic iallu" },
	{ 0xd50b7521, INSN_CACHE, "ic ivau, x1" },
	{ 0xd5087803, INSN_TRANSLATE, "at s1e1r, x3" },
	{ 0xd50c7883, INSN_TRANSLATE, "at s12e1r, x3" },
	{ 0xd5087901, INSN_TRANSLATE, "at s1e1rp, x1" },
	{ 0xd50b7381, INSN_SYSTEM, "cfp rctx, x1" },
	{ 0xd69f03e0, INSN_LEAVE, "eret" },
	{ 0xd69f0bff, INSN_LEAVE, "eretaa" },
	{ 0xd69f0fff, INSN_LEAVE, "eretab" },
	{ 0xd503207f, INSN_WAIT, "wfi" },
	{ 0xd503205f, INSN_WAIT, "wfe" },
	{ 0xd503201f, INSN_OTHER, "nop" },
	{ 0xd503203f, INSN_OTHER, "yield" },
	{ 0xd503209f, INSN_OTHER, "sev" },
	{ 0xd503245f, INSN_OTHER, "bti c" },
	{ 0xd5032fbf, INSN_SERIES, "hint #125" },
	{ 0xd5032fdf, INSN_BEGIN, "hint #126" },
	{ 0xd5032fff, INSN_END, "hint #127" },
	{ 0xd5032f9f, INSN_OTHER, "hint #124" },
	{ 0xd4000002, INSN_OTHER, "hvc #0" },
	{ 0xd4000003, INSN_OTHER, "smc #0" },
	{ 0xd61f0020, INSN_OTHER, "br x1" },
	{ 0xd65f03c0, INSN_RETURN, "ret" },
	{ 0xd6bf03e0, INSN_OTHER, "drps" },
	{ 0xc8dffc20, INSN_OTHER, "ldar x0, [x1]" },
	{ 0xf9400020, INSN_OTHER, "ldr x0, [x1]" },
	{ 0x910003ff, INSN_OTHER, "mov sp, sp" },
	{ 0x00000000, INSN_OTHER, "udf #0" },
	{ 0xffffffff, INSN_OTHER, "no instruction" },
};

static void test_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (insn_class_word(known[i].insn) != known[i].what) {
			print_error("%s\n", known[i].text);
		}
		assert_int_equal(insn_class_word(known[i].insn), known[i].what);
	}
}

/* Only system instructions and ERET are in a class. */
static void test_only_system(void **state)
{
	uint32_t insn = 1;

	(void)state;
	for (unsigned int i = 0; i < 1000000; i++) {
		insn = insn * 1664525u + 1013904223u;
		if (insn >> 24 == 0xd5 || insn >> 21 == 0xd6800000u >> 21) {
			continue;
		}
		assert_int_equal(insn_class_word(insn), INSN_OTHER);
	}
}

static enum insn_mask mask_of(uint64_t address, uint32_t word, uint64_t flag)
{
	struct insn insn = { .address = address, .size = sizeof(word) };

	memcpy(insn.bytes, &word, sizeof(word));
	return insn_mask(&insn, flag);
}

/* What masks interrupts, and what ends that. */
static void test_mask(void **state)
{
	static const struct {
		uint32_t word;
		enum insn_mask what;
	} all[] = {
		{ 0xd50342df, INSN_MASKS },       /* msr daifset, #2 */
		{ 0xd5034fdf, INSN_MASKS },       /* msr daifset, #15 */
		{ 0xd50344df, INSN_KEEPS },       /* msr daifset, #4 */
		{ 0xd50342ff, INSN_UNMASKS },     /* msr daifclr, #2 */
		{ 0xd50341ff, INSN_KEEPS },       /* msr daifclr, #1 */
		{ 0xd503207f, INSN_UNMASKS },     /* wfi */
		{ 0xd503205f, INSN_KEEPS },       /* wfe */
		{ 0xd69f03e0, INSN_UNMASKS },     /* eret */
		{ 0xd65f03c0, INSN_KEEPS },       /* ret */
		{ 0xb9400231, INSN_WILL_UNMASK }, /* ldr w17, [x17] */
		{ 0xb9400211, INSN_KEEPS },       /* ldr w17, [x16] */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		assert_int_equal(mask_of(0x1000, all[i].word, 0), all[i].what);
	}
	/* ldr w17, . + 8 and . - 8; ldr w16, . + 8 */
	assert_int_equal(mask_of(0x1000, 0x18000051, 0x1008), INSN_WILL_UNMASK);
	assert_int_equal(mask_of(0x1000, 0x18ffffd1, 0xff8), INSN_WILL_UNMASK);
	assert_int_equal(mask_of(0x1000, 0x18000051, 0x1004), INSN_KEEPS);
	assert_int_equal(mask_of(0x1000, 0x18000050, 0x1008), INSN_KEEPS);
}

/* Vectors for IRQ at EL2 with SP_EL2, and of lower levels. */
static void test_vectors(void **state)
{
	unsigned int found = 0;

	(void)state;
	for (uint64_t offset = 0; offset < 0x1000; offset += 4) {
		found += insn_is_vector(offset);
	}
	assert_int_equal(found, 9);
	assert_true(insn_is_vector(0x280));
	assert_true(insn_is_vector(0x400));
	assert_true(insn_is_vector(0x780));
	assert_false(insn_is_vector(0x200));
	assert_false(insn_is_vector(UINT64_MAX - 0x7f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_only_system),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
