/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the plugins classify A64 instructions: encodings by GNU as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/plugins/a64.h"

static const struct {
	uint32_t insn;
	enum a64 what;
	const char *text;
} known[] = {
	{ 0xd5033f9f, A64_BARRIER, "dsb sy" },
	{ 0xd5033b9f, A64_BARRIER, "dsb ish" },
	{ 0xd503329f, A64_BARRIER, "dsb oshst" },
	{ 0xd503309f, A64_BARRIER, "ssbb" },
	{ 0xd503349f, A64_BARRIER, "pssbb" },
	{ 0xd5033e3f, A64_BARRIER, "dsb synxs" },
	{ 0xd5033bbf, A64_BARRIER, "dmb ish" },
	{ 0xd50339bf, A64_BARRIER, "dmb ishld" },
	{ 0xd5033fdf, A64_BARRIER, "isb" },
	{ 0xd50330ff, A64_BARRIER, "sb" },
	{ 0xd5033f5f, A64_OTHER, "clrex" },
	{ 0xd51c1100, A64_WRITE, "msr hcr_el2, x0" },
	{ 0xd51cc101, A64_WRITE, "msr s3_4_c12_c1_0, x1" },
	{ 0xd518cba2, A64_WRITE, "msr icc_sgi1r_el1, x2" },
	{ 0xd5100240, A64_WRITE, "msr mdscr_el1, x0 (op0 is 2)" },
	{ 0xd51b4220, A64_WRITE, "msr daif, x0" },
	{ 0xd53c5200, A64_READ, "mrs x0, esr_el2" },
	{ 0xd53be043, A64_READ, "mrs x3, cntvct_el0" },
	{ 0xd5300240, A64_READ, "mrs x0, mdscr_el1" },
	{ 0xd50342df, A64_PSTATE, "msr daifset, #2" },
	{ 0xd50342ff, A64_PSTATE, "msr daifclr, #2" },
	{ 0xd50041bf, A64_PSTATE, "msr spsel, #1" },
	{ 0xd50c83df, A64_TLB, "tlbi vmalls12e1is" },
	{ 0xd508871f, A64_TLB, "tlbi vmalle1" },
	{ 0xd50c8025, A64_TLB, "tlbi ipas2e1is, x5" },
	{ 0xd50c871f, A64_TLB, "tlbi alle2" },
	{ 0xd508971f, A64_TLB, "sys #0, c9, c7, #0 (tlbi vmalle1nxs)" },
	{ 0xd50b7421, A64_CACHE, "dc zva, x1" },
	{ 0xd50b7a21, A64_CACHE, "dc cvac, x1" },
	{ 0xd50b7b21, A64_CACHE, "dc cvau, x1" },
	{ 0xd50b7e21, A64_CACHE, "dc civac, x1" },
	{ 0xd5087621, A64_CACHE, "dc ivac, x1" },
	{ 0xd5087e41, A64_CACHE, "dc cisw, x1" },
	{ 0xd508711f, A64_CACHE, "ic ialluis" },
	{ 0xd508751f, A64_CACHE, "ic iallu" },
	{ 0xd50b7521, A64_CACHE, "ic ivau, x1" },
	{ 0xd5087803, A64_AT, "at s1e1r, x3" },
	{ 0xd50c7883, A64_AT, "at s12e1r, x3" },
	{ 0xd5087901, A64_AT, "at s1e1rp, x1" },
	{ 0xd50b7381, A64_SYS, "cfp rctx, x1" },
	{ 0xd69f03e0, A64_ERET, "eret" },
	{ 0xd69f0bff, A64_ERET, "eretaa" },
	{ 0xd69f0fff, A64_ERET, "eretab" },
	{ 0xd503207f, A64_WAIT, "wfi" },
	{ 0xd503205f, A64_WAIT, "wfe" },
	{ 0xd503201f, A64_OTHER, "nop" },
	{ 0xd503203f, A64_OTHER, "yield" },
	{ 0xd503209f, A64_OTHER, "sev" },
	{ 0xd503245f, A64_OTHER, "bti c" },
	{ 0xd5032fbf, A64_SERIES, "hint #125" },
	{ 0xd5032fdf, A64_BEGIN, "hint #126" },
	{ 0xd5032fff, A64_END, "hint #127" },
	{ 0xd5032f9f, A64_OTHER, "hint #124" },
	{ 0xd4000002, A64_OTHER, "hvc #0" },
	{ 0xd4000003, A64_OTHER, "smc #0" },
	{ 0xd61f0020, A64_OTHER, "br x1" },
	{ 0xd65f03c0, A64_OTHER, "ret" },
	{ 0xd6bf03e0, A64_OTHER, "drps" },
	{ 0xc8dffc20, A64_OTHER, "ldar x0, [x1]" },
	{ 0xf9400020, A64_OTHER, "ldr x0, [x1]" },
	{ 0x910003ff, A64_OTHER, "mov sp, sp" },
	{ 0x00000000, A64_OTHER, "udf #0" },
	{ 0xffffffff, A64_OTHER, "no instruction" },
};

static void test_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (a64_class(known[i].insn) != known[i].what) {
			print_error("%s\n", known[i].text);
		}
		assert_int_equal(a64_class(known[i].insn), known[i].what);
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
		assert_int_equal(a64_class(insn), A64_OTHER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_only_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
