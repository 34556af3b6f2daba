/* SPDX-License-Identifier: GPL-2.0-or-later */
/* White-box, arm64: FP/SIMD registers of threads, ID registers, SErrors,
 * random. */
#include <arch_impl/cpu.h>
#include <arch_impl/esr.h>
#include <arch_impl/features.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/random.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/wbox.h>
#include <string.h>

#include "arch/arm64/vcpu/idreg.h"

#define THREADS 3
#define ROUNDS 60

/* q0-q31 as 64 words; the compiler itself uses none of them. */
#define ALL_Q(op) \
	op " q0, q1, [%0]\n\t" op " q2, q3, [%0, #32]\n\t" op \
	   " q4, q5, [%0, #64]\n\t" op " q6, q7, [%0, #96]\n\t" op \
	   " q8, q9, [%0, #128]\n\t" op " q10, q11, [%0, #160]\n\t" op \
	   " q12, q13, [%0, #192]\n\t" op " q14, q15, [%0, #224]\n\t" op \
	   " q16, q17, [%0, #256]\n\t" op " q18, q19, [%0, #288]\n\t" op \
	   " q20, q21, [%0, #320]\n\t" op " q22, q23, [%0, #352]\n\t" op \
	   " q24, q25, [%0, #384]\n\t" op " q26, q27, [%0, #416]\n\t" op \
	   " q28, q29, [%0, #448]\n\t" op " q30, q31, [%0, #480]\n\t"

static void q_load(const uint64_t words[64])
{
	__asm__ volatile(ASM_FP ALL_Q("ldp") : : "r"(words) : "memory");
}

static void q_store(uint64_t words[64])
{
	__asm__ volatile(ASM_FP ALL_Q("stp") : : "r"(words) : "memory");
}

struct job {
	uint64_t seed;
	bool move; /* from CPU to CPU */
	bool ok;
};

static void move_on(unsigned int round)
{
	struct cpumask m = { 0 };
	unsigned int cpu = round % cpu_count;

	if (cpu_online(cpu)) {
		cpumask_set(&m, cpu);
		/* Refused or not, the registers have to stay. */
		int err = sched_set_affinity(vcpu_current(), &m, NULL);

		(void)err;
	}
}

static void fp_thread(void *arg)
{
	struct job *job = arg;
	uint64_t want[64], got[64];
	uint32_t fpcr = (uint32_t)(job->seed % 4) << 22;

	write_fp_sysreg(fpcr, fpcr);
	job->ok = true;
	for (unsigned int round = 0; round < ROUNDS && job->ok; round++) {
		/* New values in each round, so that a stale copy on a CPU is
		 * noticed. */
		for (unsigned int i = 0; i < 64; i++) {
			want[i] =
				(job->seed << 32 | round) * 0x9e3779b97f4a7c15 +
				i;
		}
		q_load(want);
		if (job->move) {
			move_on(round);
		} else {
			sched_relinquish();
		}
		memset(got, 0, sizeof(got));
		q_store(got);
		job->ok = memcmp(got, want, sizeof(got)) == 0 &&
			  read_fp_sysreg(fpcr) == fpcr;
	}
}

static bool run_jobs(struct job *jobs, unsigned int count,
		     const struct cpumask *where)
{
	const struct thread_attr attr = {
		.name = "fp",
		.priority = SCHED_PRIO_DEFAULT,
		.joinable = true,
		.affinity = where,
	};
	struct vcpu *threads[THREADS];
	unsigned int made = 0;
	bool ok = true;

	for (; made < count; made++) {
		if (thread_create(&threads[made], &attr, fp_thread,
				  &jobs[made])) {
			ok = false;
			break;
		}
	}
	for (unsigned int i = 0; i < made; i++) {
		thread_join(threads[i]);
		ok &= jobs[i].ok;
	}
	return ok;
}

WBOX_TEST(fp_threads, "fp: threads on one CPU keep their registers")
{
	struct job jobs[THREADS] = { { 1, false, false },
				     { 2, false, false },
				     { 3, false, false } };
	struct cpumask one = { 0 };

	cpumask_set(&one, 0);
	WB_ASSERT(run_jobs(jobs, THREADS, &one));
}

WBOX_TEST(fp_moves, "fp: registers follow threads from CPU to CPU")
{
	struct job jobs[THREADS] = { { 4, true, false },
				     { 5, true, false },
				     { 6, true, false } };

	WB_ASSERT(run_jobs(jobs, THREADS, NULL));
	/* A single thread finds its own earlier copy on each CPU it returns
	 * to. */
	WB_ASSERT(run_jobs(jobs, 1, NULL));
}

WBOX_TEST(idregs, "features: guests are not told more than there is")
{
	uint64_t own = read_sysreg(id_aa64isar0_el1);

	for (unsigned int shift = 4; shift < 64; shift += 4) {
		uint64_t told = features_guest_idregs[ID_AA64ISAR0] >> shift;

		WB_ASSERT((told & 0xf) <= (own >> shift & 0xf));
	}
	WB_ASSERT_EQ(features_guest_idregs[ID_AA64PFR0] >> 4 & 0xff, 1);
	WB_ASSERT_EQ(features_guest_idregs[ID_AA64DFR0] >> 8 & 0xf, 0);
	WB_ASSERT_EQ(features_guest_idregs[IDREG_SLOT(4, 4)], 0);
}

/*
 * Enters the vector as if an SError were taken in serror_collect(v): QEMU
 * cannot raise one there. The branch target needs no landing pad, and `ret`
 * ends both.
 */
static void take_serror(struct vcpu *v, uint64_t esr)
{
	unsigned long flags = arch_irq_save();
	register uint64_t x0 __asm__("x0") = (uint64_t)v;

	write_sysreg(esr, esr_el2);
	write_sysreg((uint64_t)serror_collect_end, elr_el2);
	write_sysreg(read_sysreg(daif) | 9, spsr_el2); /* EL2h */
	isb();
	__asm__ volatile("adr x30, 1f\n\t"
			 "b vectors + 0x380\n"
			 "1:"
			 : "+r"(x0)
			 :
			 : "x30", "memory");
	arch_irq_restore(flags);
}

#define CORRECTED (AET_CORRECTED << 10 | DFSC_SERROR)

WBOX_TEST(serror_masked, "serror: masked again after a VCPU has left")
{
	unsigned long flags = arch_irq_save();

	serror_collect(vcpu_current());
	arch_irq_restore(flags);
	WB_ASSERT((read_sysreg(daif) & BIT(8)) != 0);
	if (cpu_features.ras) {
		take_serror(vcpu_current(), esr_make(EC_SERROR, CORRECTED));
	}
}

/* tests/integration/arm64/test_wbox.py starts the guest and checks that it
 * crashes. */
WBOX_TEST(serror_guest, "serror: what a VCPU leaves behind is its guest's")
{
	struct guest *g = guest_get("victim");
	struct vcpu *spared, *blamed;

	if (!g) {
		return;
	}
	if (cpu_features.ras) {
		take_serror(g->vcpus[0], esr_make(EC_SERROR, CORRECTED));
	}
	spared = READ_ONCE(g->crash_vcpu);
	take_serror(g->vcpus[0], esr_make(EC_SERROR, 0));
	blamed = READ_ONCE(g->crash_vcpu);
	guest_put(g);
	WB_ASSERT(!spared);
	WB_ASSERT(blamed);
}

WBOX_TEST(index_below, "cpu: an index that is not below its limit is 0")
{
	static const struct {
		uint64_t i, n;
		bool below;
	} cases[] = {
		{ 0, 0, false },
		{ 0, 1, true },
		{ 1, 1, false },
		{ 4, 5, true },
		{ 5, 5, false },
		{ UINT64_MAX, 5, false },
		{ BIT(63), BIT(63), false },
		{ BIT(63), UINT64_MAX, true },
	};

	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		uint64_t i = cases[c].i;

		WB_ASSERT_EQ(arch_index_below(&i, cases[c].n), cases[c].below);
		WB_ASSERT_EQ(i, cases[c].below ? cases[c].i : 0);
	}
}

WBOX_TEST(random_differs, "random: no two requests give the same")
{
	uint8_t a[32], b[32];

	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	WB_ASSERT(memcmp(a, b, sizeof(a)) != 0);
}
