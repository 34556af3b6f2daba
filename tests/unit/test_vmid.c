/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMIDs, with a model of the TLBs: a CPU that runs a guest caches its
 * translations under its VMID; no guest may run with a VMID under which a TLB
 * still has another guest's translations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arch/cpu.h>

#include "arch/arm64/mmu/vmid.h"

#define CPUS 4
#define GUESTS 1000

static struct vmid_space space;
static uint64_t ids[GUESTS];
/* Invalidation is broadcast, so one TLB stands for all. Guest + 1 by VMID, 0:
 * nothing. */
static unsigned int tlb[1 << VMID_BITS_MAX];
static unsigned int running[CPUS]; /* guest + 1 */
static uint64_t loaded[CPUS];      /* VMID number */
static unsigned int flushes;

static uint64_t rnd(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* A guest has one VMID on all CPUs, or its TLB maintenance would miss some. */
static void check_same(unsigned int cpu)
{
	for (unsigned int c = 0; c < cpu; c++) {
		if (running[c] == running[cpu]) {
			assert_int_equal(loaded[c], loaded[cpu]);
		}
	}
}

static void run_guests(void)
{
	for (unsigned int c = 0; c < CPUS; c++) {
		if (running[c]) {
			unsigned int *owner = &tlb[loaded[c]];

			assert_true(*owner == 0 || *owner == running[c]);
			*owner = running[c];
			check_same(c);
		}
	}
}

/* Guests on other CPUs continue and fill the TLBs again. */
static void flush_all(void)
{
	memset(tlb, 0, sizeof(tlb));
	flushes++;
	run_guests();
}

static void start(unsigned int bits)
{
	arch_irq_disable(); /* as in a switch of guests */
	memset(&space, 0, sizeof(space));
	memset(ids, 0, sizeof(ids));
	memset(tlb, 0, sizeof(tlb));
	memset(running, 0, sizeof(running));
	flushes = 0;
	vmid_init(&space, bits, CPUS, flush_all);
}

static void switch_to(unsigned int cpu, unsigned int guest)
{
	uint64_t id = vmid_get(&space, cpu, &ids[guest]);

	assert_int_equal(id, ids[guest]);
	loaded[cpu] = vmid_number(id);
	assert_in_range(loaded[cpu], 1, (1u << space.bits) - 1);
	running[cpu] = guest + 1;
	run_guests();
}

static void test_stable(void **state)
{
	uint64_t first;

	(void)state;
	start(8);
	switch_to(0, 5);
	first = loaded[0];
	switch_to(0, 6);
	assert_int_not_equal(loaded[0], first);
	switch_to(1, 5);
	assert_int_equal(loaded[1], first);
	switch_to(0, 5);
	assert_int_equal(loaded[0], first);
	assert_int_equal(flushes, 0);
}

static void test_all_used(void **state)
{
	(void)state;
	start(8);
	for (unsigned int g = 0; g < 255; g++) {
		switch_to(0, g);
	}
	assert_int_equal(flushes, 0);
	switch_to(0, 255);
	assert_int_equal(flushes, 1);
	switch_to(0, 0);
	assert_int_equal(flushes, 1);
}

/* One guest runs all the time on CPU 1: its VMID stays, whatever the others
 * do. */
static void test_reserved(void **state)
{
	uint64_t mine;

	(void)state;
	start(8);
	switch_to(1, 0);
	mine = loaded[1];
	for (unsigned int i = 0; i < 3000; i++) {
		switch_to(0, 1 + i % (GUESTS - 1));
		assert_int_not_equal(loaded[0], mine);
	}
	assert_true(flushes > 5);
	switch_to(1, 0);
	assert_int_equal(loaded[1], mine);
	switch_to(2, 0);
	assert_int_equal(loaded[2], mine);
}

static void rollover_on(unsigned int cpu)
{
	unsigned int before = flushes;

	for (unsigned int g = 1; flushes == before; g++) {
		switch_to(cpu, g % GUESTS);
	}
}

/* CPU 1 keeps running guest 0 while others come and go; it runs on CPU 2
 * too. */
static void test_two_rollovers(void **state)
{
	(void)state;
	start(8);
	switch_to(0, 1);
	switch_to(1, 0);
	for (unsigned int round = 0; round < 5; round++) {
		rollover_on(0);
		switch_to(2, 0);
		switch_to(2, 1);
		rollover_on(0);
		switch_to(3, 0);
		switch_to(3, 1);
	}
}

static void test_random(void **state)
{
	(void)state;
	start(8);
	for (unsigned int i = 0; i < 200000; i++) {
		unsigned int cpu = (unsigned int)(rnd() % CPUS);
		uint64_t guests = i % 1000 < 500 ? GUESTS : 300;

		switch_to(cpu, (unsigned int)(rnd() % guests));
		if (rnd() % 50 == 0) {
			running[cpu] = 0; /* a thread runs */
		}
	}
	assert_true(flushes > 100);
}

static void test_16_bits(void **state)
{
	static uint64_t id[70000];

	(void)state;
	start(16);
	for (unsigned int g = 0; g < 65535; g++) {
		(void)vmid_get(&space, 0, &id[g]);
	}
	assert_int_equal(flushes, 0);
	(void)vmid_get(&space, 0, &id[65535]);
	assert_int_equal(flushes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stable),
		cmocka_unit_test(test_all_used),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_two_rollovers),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_16_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
