/* SPDX-License-Identifier: GPL-2.0-or-later */
/* White-box, arm64: copies through SIMD registers that another thread may
 * own. */
#include <arch/copy.h>
#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <core/heap.h>
#include <core/sched.h>
#include <core/wbox.h>
#include <string.h>

#define SIZE_MOST 9000 /* two pages and a remainder */
#define GUARD 32
#define PLACES 20
#define AREA (2 * GUARD + PLACES + SIZE_MOST)

/* q0-q7 as words; the compiler itself uses none of them. */
#define WORDS 16
#define SOME_Q(op) \
	op " q0, q1, [%0]\n\t" op " q2, q3, [%0, #32]\n\t" op \
	   " q4, q5, [%0, #64]\n\t" op " q6, q7, [%0, #96]\n\t"

static uint8_t byte_of(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

/* True if the n bytes at to + GUARD + place, and only they, have changed. */
static bool copy_ok(uint8_t *to, const uint8_t *from, size_t place, size_t at,
		    size_t n)
{
	memset(to, 0xee, AREA);
	arch_copy(to + GUARD + place, from + at, n);
	for (size_t i = 0; i < AREA; i++) {
		size_t in = i - GUARD - place;
		uint8_t want = in < n ? byte_of(at + in) : 0xee;

		if (to[i] != want) {
			return false;
		}
	}
	return true;
}

WBOX_TEST(copy_places, "copy: any size, from and to any place")
{
	static const size_t sizes[] = {
		0,    1,    512,  1023, 1024, 1279,
		4095, 4096, 4097, 5120, 8192, SIZE_MOST
	};
	uint8_t *from = heap_alloc(AREA), *to = heap_alloc(AREA);
	bool ok = from && to;

	for (size_t i = 0; ok && i < AREA; i++) {
		from[i] = byte_of(i);
	}
	for (size_t i = 0; ok && i < ARRAY_SIZE(sizes); i++) {
		for (size_t place = 0; ok && place < PLACES; place += 3) {
			ok = copy_ok(to, from, place, 0, sizes[i]) &&
			     copy_ok(to, from, 0, place, sizes[i]) &&
			     copy_ok(to, from, 1, place, sizes[i]);
		}
	}
	heap_free(from);
	heap_free(to);
	WB_ASSERT(ok);
}

WBOX_TEST(copy_registers, "copy: the registers stay their owner's")
{
	uint64_t want[WORDS], got[WORDS] = { 0 };
	uint8_t *from = heap_alloc(AREA), *to = heap_alloc(AREA);
	bool ok = from && to;

	for (unsigned int i = 0; i < WORDS; i++) {
		want[i] = i * UINT64_C(0x9e3779b97f4a7c15);
	}
	if (ok) {
		memset(from, 0x55, AREA);
		__asm__ volatile(ASM_FP SOME_Q("ldp") : : "r"(want) : "memory");
		arch_copy(to, from, SIZE_MOST);
		__asm__ volatile(ASM_FP SOME_Q("stp") : : "r"(got) : "memory");
		ok = memcmp(want, got, sizeof(got)) == 0;
	}
	heap_free(from);
	heap_free(to);
	WB_ASSERT(ok);
}

WBOX_TEST(copy_trap, "copy: does not take the registers for its caller")
{
	uint8_t *from = heap_alloc(AREA), *to = heap_alloc(AREA);
	unsigned long flags;
	uint64_t before, after;

	WB_ASSERT(from && to);
	memset(from, 0x55, AREA);
	flags = arch_irq_save();
	before = read_sysreg(cptr_el2);
	write_sysreg(before | CPTR_TFP, cptr_el2);
	isb();
	arch_copy(to, from, SIZE_MOST);
	after = read_sysreg(cptr_el2);
	write_sysreg(before, cptr_el2);
	isb();
	arch_irq_restore(flags);
	WB_ASSERT(after & CPTR_TFP);
	WB_ASSERT_EQ(memcmp(from, to, SIZE_MOST), 0);
	heap_free(from);
	heap_free(to);
}
