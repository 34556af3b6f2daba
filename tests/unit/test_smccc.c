/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's firmware calls: the real dispatcher and PSCI, with a scheduler and
 * a stage 2 that are a few variables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arch_impl/psci_host.h>
#include <arch_impl/smccc_host.h>
#include <libs/error.h>
#include <string.h>

#include "arch/arm64/vcpu/psci.c"
#include "arch/arm64/vcpu/smccc.c"
#include "arch/arm64/vcpu/smccc_arch.c"
#include "arch/arm64/vcpu/trng.c"

#define RAM UINT64_C(0x40000000)
#define NR 4

static struct guest_config cfg;
static struct guest guest;
static struct vcpu vcpus[NR];
static struct vcpu *table[NR];
static struct guest_regs regs;
static struct percpu cpu;

/* --- what is called ----------------------------------------------------- */

static bool off[NR];
static unsigned int resets, starts, waits, saves, restores;
static uint64_t reset_entry, reset_arg;
static enum guest_action action;
static bool left;
static jmp_buf gone;

struct percpu *arch_percpu(void)
{
	return &cpu;
}

void trap_skip_aa32(struct guest_regs *r, uint64_t esr)
{
	(void)esr;
	r->elr += 2;
}

int stage2_lookup(struct stage2 *s2, ipa_t ipa, paddr_t *pa,
		  enum stage2_prot *prot)
{
	(void)s2;
	*pa = PADDR(ipa.v);
	*prot = ipa.v >= RAM + MIB(1) ? STAGE2_RO : STAGE2_RWX;
	return ipa.v >= RAM && ipa.v < RAM + MIB(2) ? 0 : -ERR_FAULT;
}

bool sched_is_off(const struct vcpu *v)
{
	return off[v->index];
}

bool sched_start(struct vcpu *v)
{
	starts++;
	off[v->index] = false;
	return true;
}

static unsigned int quiesced;

void cpu_quiesce(void)
{
	quiesced++;
}

void sched_off(void)
{
	left = true;
	longjmp(gone, 1);
}

void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t arg)
{
	assert_true(v->arch.starting);
	resets++;
	reset_entry = entry;
	reset_arg = arg;
}

void vcpu_reset_core(struct vcpu *v, uint64_t entry, uint64_t arg)
{
	assert_int_equal(saves, 1);
	assert_int_equal(restores, 0);
	v->arch.regs->elr = entry;
	v->arch.regs->x[0] = arg;
}

void vcpu_context_save(struct vcpu *v)
{
	(void)v;
	saves++;
}

void vcpu_context_restore(struct vcpu *v)
{
	(void)v;
	restores++;
}

void wfx_wait(struct vcpu *v)
{
	(void)v;
	waits++;
}

void guest_request(struct guest *g, enum guest_action a)
{
	assert_ptr_equal(g, &guest);
	action = a;
}

static bool seeded = true;

bool random_seeded(void)
{
	return seeded;
}

void random_bytes(void *buf, size_t n)
{
	memset(buf, 0xff, n);
}

/* The host's firmware. */
static bool host_present = true;
static int64_t host_version = SMCCC_1_1;
static int32_t host_wa[3];
static unsigned int host_calls;

bool psci_host_present(void)
{
	return host_present;
}

static int64_t host_trng = SMCCC_NOT_SUPPORTED; /* its version */
static unsigned int host_trng_calls, host_trng_ready;

uint64_t smccc_call(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3,
		    struct smccc_result *res)
{
	(void)a2;
	(void)a3;
	if (fn == 0x8400000a) {
		return 0;
	}
	if (fn == TRNG_VERSION) {
		return (uint64_t)host_trng;
	}
	if (fn == TRNG_RND64) {
		assert_int_equal(a1, 192);
		res->x[1] = 1;
		res->x[2] = 2;
		res->x[3] = 3;
		host_trng_calls++;
		return (uint64_t)(host_trng_calls < host_trng_ready
					  ? TRNG_NO_ENTROPY
					  : 0);
	}
	if (fn == SMCCC_VERSION) {
		return (uint64_t)host_version;
	}
	if (fn == SMCCC_ARCH_FEATURES) {
		return (uint64_t)(a1 == SMCCC_WORKAROUND_1   ? host_wa[0]
				  : a1 == SMCCC_WORKAROUND_2 ? host_wa[1]
							     : host_wa[2]);
	}
	host_calls++;
	return 0;
}

/* --- helpers ------------------------------------------------------------ */

static int setup(void **state)
{
	(void)state;
	memset(&regs, 0, sizeof(regs));
	memset(vcpus, 0, sizeof(vcpus));
	memset(&cpu, 0, sizeof(cpu));
	cfg.vcpus = NR;
	cfg.intc_model = 3;
	guest.cfg = &cfg;
	guest.vcpus = table;
	for (unsigned int i = 0; i < NR; i++) {
		table[i] = &vcpus[i];
		vcpus[i].index = i;
		vcpus[i].guest = &guest;
		off[i] = i != 0;
	}
	vcpus[0].arch.regs = &regs;
	resets = starts = waits = saves = restores = host_calls = 0;
	action = GUEST_ACT_NONE;
	left = false;
	assert_int_equal(smccc_init(), 0);
	return 0;
}

static int64_t hvc(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	regs.x[0] = fn;
	regs.x[1] = a1;
	regs.x[2] = a2;
	regs.x[3] = a3;
	trap_hvc64(&vcpus[0], &regs, 0x5a000000);
	return (int64_t)regs.x[0];
}

/* --- tests -------------------------------------------------------------- */

static void test_conduits(void **state)
{
	(void)state;
	regs.elr = 0x1000;
	assert_int_equal(hvc(0x84000000, 0, 0, 0), 0x10001);
	assert_int_equal(regs.elr, 0x1000);
	regs.x[0] = 0x84000000;
	regs.spsr = PSR_SS | PSR_EL1H;
	trap_smc64(&vcpus[0], &regs, 0x5e000000);
	assert_int_equal(regs.x[0], 0x10001);
	assert_int_equal(regs.elr, 0x1004);
	assert_int_equal(regs.spsr, PSR_EL1H);
	/* Reserved immediates. */
	regs.x[0] = 0x84000000;
	trap_hvc64(&vcpus[0], &regs, 0x5a000001);
	assert_true(regs.x[0] == UINT64_MAX);
	regs.x[0] = 0x84000000;
	trap_smc64(&vcpus[0], &regs, 0x5e00ffff);
	assert_true(regs.x[0] == UINT64_MAX);
	assert_int_equal(regs.elr, 0x1008);
}

static void test_unknown(void **state)
{
	static const uint32_t unknown[] = {
		0,          1,          0x04000000, 0x84000005, 0x84000007,
		0x8400001f, 0x84000020, 0xc4000000, 0xc4000002, 0xc4000008,
		0xc400000a, 0x80000002, 0x86000000, 0x8600ff01, 0xc6000000,
		0xffffffff, 0x84000054, 0xc4000050,
	};
	struct guest_regs before;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		for (unsigned int r = 0; r < 31; r++) {
			regs.x[r] = 0x1000 + r;
		}
		regs.x[0] = unknown[i];
		before = regs;
		trap_hvc64(&vcpus[0], &regs, 0);
		assert_true(regs.x[0] == UINT64_MAX);
		regs.x[0] = before.x[0];
		assert_memory_equal(&regs, &before, sizeof(regs));
	}
}

static void test_features(void **state)
{
	static const uint32_t known[] = {
		0x84000000, 0x84000001, 0xc4000001, 0x84000002, 0x84000003,
		0xc4000003, 0x84000004, 0xc4000004, 0x84000006, 0x84000008,
		0x84000009, 0x8400000a, 0x84000012, 0xc4000012, 0x80000000,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		assert_int_equal(hvc(0x8400000a, known[i], 0, 0), 0);
	}
	assert_int_equal(hvc(0x8400000a, 0x84000005, 0, 0), -1);
	assert_int_equal(hvc(0x8400000a, 0xc4000002, 0, 0), -1);
	assert_int_equal(hvc(0x8400000a, 0x84000020, 0, 0), -1);
	assert_int_equal(hvc(0x8400000a, 0x12345678, 0, 0), -1);
	assert_int_equal(hvc(0x84000006, 0, 0, 0), 2);
}

static void test_cpu_on(void **state)
{
	(void)state;
	assert_int_equal(hvc(0xc4000003, 1, RAM + 4, 77), 0);
	assert_int_equal(resets, 1);
	assert_int_equal(starts, 1);
	assert_true(reset_entry == RAM + 4);
	assert_int_equal(reset_arg, 77);
	assert_false(vcpus[1].arch.starting);
	assert_int_equal(hvc(0xc4000003, 1, RAM, 0), PSCI_ALREADY_ON);
	assert_int_equal(hvc(0xc4000003, 0, RAM, 0), PSCI_ALREADY_ON);
	assert_int_equal(starts, 1);

	/* A CPU that does not exist; entries where there is no memory, or no
	 * code. */
	assert_int_equal(hvc(0xc4000003, NR, RAM, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(hvc(0xc4000003, BIT(32) | 2, RAM, 0),
			 PSCI_INVALID_PARAMETERS);
	assert_int_equal(hvc(0xc4000003, 2, RAM - 4, 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(hvc(0xc4000003, 2, RAM + 2, 0), PSCI_INVALID_ADDRESS);
	assert_int_equal(hvc(0xc4000003, 2, RAM + MIB(1), 0),
			 PSCI_INVALID_ADDRESS);
	assert_int_equal(starts, 1);

	/* Another VCPU is starting it; the guest is being stopped. */
	vcpus[2].arch.starting = true;
	assert_int_equal(hvc(0xc4000003, 2, RAM, 0), PSCI_ON_PENDING);
	vcpus[2].arch.starting = false;
	vcpus[2].stop_requested = true;
	assert_int_equal(hvc(0xc4000003, 2, RAM, 0), PSCI_DENIED);
	assert_false(vcpus[2].arch.starting);
	assert_int_equal(starts, 1);
}

/* In the 32-bit convention only the low halves are arguments. */
static void test_truncation(void **state)
{
	(void)state;
	assert_int_equal(
		hvc(0x84000003, BIT(40) | 1, BIT(50) | RAM, UINT64_MAX), 0);
	assert_true(reset_entry == RAM);
	assert_true(reset_arg == UINT32_MAX);
	/* And the low half of x0 is the function ID. */
	assert_int_equal(hvc(BIT(63) | 0x84000000, 0, 0, 0), 0x10001);
}

static void test_affinity_info(void **state)
{
	(void)state;
	assert_int_equal(hvc(0xc4000004, 0, 0, 0), AFFINITY_ON);
	assert_int_equal(hvc(0xc4000004, 1, 0, 0), AFFINITY_OFF);
	vcpus[1].arch.starting = true;
	assert_int_equal(hvc(0xc4000004, 1, 0, 0), AFFINITY_ON_PENDING);
	vcpus[1].arch.starting = false;
	/* The cluster is on while any VCPU is. */
	assert_int_equal(hvc(0xc4000004, 0, 1, 0), AFFINITY_ON);
	assert_int_equal(hvc(0xc4000004, 0, 2, 0), AFFINITY_ON);
	assert_int_equal(hvc(0xc4000004, 0, 3, 0), AFFINITY_ON);
	off[0] = true;
	assert_int_equal(hvc(0xc4000004, 0, 3, 0), AFFINITY_OFF);
	assert_int_equal(hvc(0xc4000004, NR, 0, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(hvc(0xc4000004, 0x100, 1, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(hvc(0xc4000004, 0, 4, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(hvc(0xc4000004, UINT64_MAX, 3, 0),
			 PSCI_INVALID_PARAMETERS);
}

static void test_suspend(void **state)
{
	(void)state;
	regs.elr = 0x8000;
	assert_int_equal(hvc(0xc4000001, 0, RAM, 5), 0);
	assert_int_equal(waits, 1);
	assert_int_equal(regs.elr, 0x8000);
	/* Powerdown: enters at the address with the context in x0. */
	assert_int_equal(hvc(0xc4000001, BIT(16), RAM + 8, 5), 5);
	assert_int_equal(waits, 2);
	assert_int_equal(restores, 1);
	assert_true(regs.elr == RAM + 8);
	assert_int_equal(hvc(0xc4000001, BIT(16), 0, 5), PSCI_INVALID_ADDRESS);
	assert_int_equal(hvc(0xc4000001, BIT(31), RAM, 0),
			 PSCI_INVALID_PARAMETERS);
	assert_int_equal(waits, 2);
}

static void test_off(void **state)
{
	(void)state;
	if (setjmp(gone) == 0) {
		(void)hvc(0x84000002, 0, 0, 0);
	}
	assert_true(left);
}

static void test_system(void **state)
{
	(void)state;
	(void)hvc(0x84000008, 0, 0, 0);
	assert_int_equal(action, GUEST_ACT_POWEROFF);
	assert_true(vcpus[0].stop_requested);
	assert_int_equal(cpu.need_resched, 1);
	setup(state);
	(void)hvc(0x84000009, 0, 0, 0);
	assert_int_equal(action, GUEST_ACT_RESET);
	setup(state);
	(void)hvc(0xc4000012, BIT(32), 0, 0);
	assert_int_equal(action, GUEST_ACT_RESET);
	setup(state);
	assert_int_equal(hvc(0xc4000012, 1, 0, 0), PSCI_INVALID_PARAMETERS);
	assert_int_equal(action, GUEST_ACT_NONE);
	assert_false(vcpus[0].stop_requested);
}

static void test_arch(void **state)
{
	(void)state;
	assert_int_equal(hvc(SMCCC_VERSION, 0, 0, 0), 0x10002);
	assert_int_equal(hvc(SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0), 0);
	assert_int_equal(hvc(SMCCC_ARCH_FEATURES, SMCCC_ARCH_SOC_ID, 0, 0), -1);
	/* Nothing is known about the host yet. */
	assert_int_equal(hvc(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_1, 0, 0),
			 -1);
	assert_int_equal(hvc(SMCCC_WORKAROUND_1, 0, 0, 0), -1);
	assert_int_equal(host_calls, 0);

	/* Old firmware is not asked, nor is missing firmware. */
	host_version = -1;
	smccc_cpu_probe(0, 0);
	assert_int_equal(hvc(SMCCC_WORKAROUND_1, 0, 0, 0), -1);
	host_present = false;
	host_version = SMCCC_1_1;
	smccc_cpu_probe(0, 0);
	assert_int_equal(cpu.arch.predictor_call, 0);
	assert_int_equal(hvc(SMCCC_WORKAROUND_1, 0, 0, 0), -1);

	host_present = true;
	host_wa[2] = -1;
	smccc_cpu_probe(0, 0);
	assert_int_equal(hvc(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_1, 0, 0), 0);
	assert_int_equal(hvc(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_2, 0, 0), 1);
	assert_int_equal(hvc(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_3, 0, 0),
			 -1);
	assert_int_equal(hvc(SMCCC_WORKAROUND_1, 0, 0, 0), 0);
	assert_int_equal(host_calls, 1);
	/* A guest cannot switch the host's mitigation off. */
	assert_int_equal(hvc(SMCCC_WORKAROUND_2, 0, 0, 0), 0);
	assert_int_equal(host_calls, 1);
	assert_int_equal(hvc(SMCCC_WORKAROUND_3, 0, 0, 0), -1);
}

/* The workaround that a CPU calls between two guests, by its firmware and
 * features. */
static void test_predictor(void **state)
{
	const uint64_t csv2 = BIT(56), csv2_3 = 3 * BIT(56), ecbhb = BIT(60);
	static const struct {
		int32_t wa1, wa3;
		uint32_t plain, csv2, csv2_3, ecbhb, both;
	} cases[] = {
		{ -1, -1, 0, 0, 0, 0, 0 },
		{ 1, 1, 0, 0, 0, 0, 0 },
		{ 0, -1, SMCCC_WORKAROUND_1, 0, 0, SMCCC_WORKAROUND_1, 0 },
		{ 0, 1, SMCCC_WORKAROUND_1, 0, 0, SMCCC_WORKAROUND_1, 0 },
		{ 1, 0, SMCCC_WORKAROUND_3, SMCCC_WORKAROUND_3, 0,
		  SMCCC_WORKAROUND_3, 0 },
		{ 0, 0, SMCCC_WORKAROUND_3, SMCCC_WORKAROUND_3, 0,
		  SMCCC_WORKAROUND_3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		host_wa[0] = cases[i].wa1;
		host_wa[2] = cases[i].wa3;
		smccc_cpu_probe(0, 0);
		assert_int_equal(cpu.arch.predictor_call, cases[i].plain);
		smccc_cpu_probe(csv2, 0);
		assert_int_equal(cpu.arch.predictor_call, cases[i].csv2);
		smccc_cpu_probe(csv2_3, 0);
		assert_int_equal(cpu.arch.predictor_call, cases[i].csv2_3);
		smccc_cpu_probe(0, ecbhb);
		assert_int_equal(cpu.arch.predictor_call, cases[i].ecbhb);
		smccc_cpu_probe(csv2, ecbhb);
		assert_int_equal(cpu.arch.predictor_call, cases[i].both);
	}
	/* Guests are offered each workaround that any CPU needs. */
	assert_int_equal(hvc(SMCCC_ARCH_FEATURES, SMCCC_WORKAROUND_3, 0, 0), 0);
}

static void test_trng(void **state)
{
	(void)state;
	assert_int_equal(hvc(0x84000050, 0, 0, 0), 0x10000);
	assert_int_equal(hvc(0x84000051, 0x84000053, 0, 0), 0);
	assert_int_equal(hvc(0x84000051, 0x84000054, 0, 0), -1);
	assert_int_not_equal(hvc(0x84000052, 0, 0, 0), -1);

	assert_int_equal(hvc(0xc4000053, 192, 0, 0), 0);
	assert_true((regs.x[1] & regs.x[2] & regs.x[3]) == UINT64_MAX);
	/* The lowest word is in x3, with no more bits than asked for. */
	assert_int_equal(hvc(0xc4000053, 65, 0, 0), 0);
	assert_true(regs.x[3] == UINT64_MAX);
	assert_int_equal(regs.x[2], 1);
	assert_int_equal(regs.x[1], 0);
	assert_int_equal(hvc(0x84000053, 33, 0, 0), 0);
	assert_true(regs.x[3] == UINT32_MAX);
	assert_int_equal(regs.x[2], 1);
	assert_int_equal(regs.x[1], 0);
	assert_int_equal(hvc(0x84000053, 96, 0, 0), 0);
	assert_int_equal(hvc(0x84000053, 97, 0, 0), -2);
	assert_int_equal(hvc(0xc4000053, 193, 0, 0), -2);
	assert_int_equal(hvc(0xc4000053, 0, 0, 0), -2);
	assert_int_equal(hvc(0xc4000053, UINT64_MAX, 0, 0), -2);
	seeded = false;
	assert_int_equal(hvc(0x84000050, 0, 0, 0), -1);
	assert_int_equal(hvc(0xc4000053, 64, 0, 0), -1);
	seeded = true;
}

static unsigned int vendor_calls;

static void vendor_call(struct vcpu *v, struct guest_regs *r)
{
	(void)v;
	vendor_calls++;
	r->x[0] = 77;
}

/* A service that a module adds is called; an invalid one is refused. */
static void test_services(void **state)
{
	static const struct smccc_service vendor = {
		.name = "vendor",
		.first = 0x86000010,
		.last = 0x8600001f,
		.call = vendor_call,
	};
	static const struct smccc_service bad[] = {
		{ "backwards", 0x86000020, 0x8600001f, vendor_call },
		{ "two owners", 0x86ff0000, 0x87000000, vendor_call },
		{ "yielding", 0x06000000, 0x06000001, vendor_call },
		{ "smc64", 0xc6000000, 0xc6000001, vendor_call },
		{ "psci", 0x84000010, 0x84000030, vendor_call },
		{ "overlap", 0x86000000, 0x86000010, vendor_call },
	};
	const void *entries[2] = { &vendor, NULL };
	struct registry_segment segment = { entries, entries + 1, NULL };

	(void)state;
	assert_int_equal(hvc(0x86000010, 0, 0, 0), SMCCC_NOT_SUPPORTED);
	registry_add(&smccc_service_registry, &segment);
	quiesced = 0;
	assert_int_equal(smccc_init(), 0);
	assert_int_equal(quiesced, 1); /* the old table is not in use */
	assert_int_equal(hvc(0x86000010, 0, 0, 0), 77);
	assert_int_equal(hvc(0xc600001f, 0, 0, 0), 77);
	assert_int_equal(vendor_calls, 2);
	assert_int_equal(hvc(0x8600000f, 0, 0, 0), SMCCC_NOT_SUPPORTED);
	assert_int_equal(hvc(0x86000020, 0, 0, 0), SMCCC_NOT_SUPPORTED);
	assert_int_equal(hvc(0x87000010, 0, 0, 0), SMCCC_NOT_SUPPORTED);
	assert_int_equal(hvc(SMCCC_VERSION, 0, 0, 0), SMCCC_1_2);
	segment.stop = entries + 2;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		entries[1] = &bad[i];
		assert_int_equal(smccc_init(), -ERR_EXIST);
		assert_int_equal(quiesced, 1);
		assert_int_equal(hvc(0x86000010, 0, 0, 0), 77);
	}
	assert_int_equal(registry_remove(&smccc_service_registry, &segment), 0);
	assert_int_equal(smccc_init(), 0);
	assert_int_equal(hvc(0x86000010, 0, 0, 0), SMCCC_NOT_SUPPORTED);
}

/* The host firmware's TRNG, for our generator: asked again while it has no
 * entropy, but not for ever, and not if it might not answer at all. */
static void test_host_trng(void **state)
{
	uint64_t bits[3] = { 0 };

	(void)state;
	host_version = SMCCC_1_1;
	assert_false(arch_random_firmware(bits));
	host_trng = 0x10000;
	host_trng_ready = 5;
	assert_true(arch_random_firmware(bits));
	assert_int_equal(host_trng_calls, 5);
	assert_true(bits[0] == 1 && bits[1] == 2 && bits[2] == 3);
	host_trng_calls = 0;
	host_trng_ready = HOST_TRIES + 1;
	assert_false(arch_random_firmware(bits));
	assert_int_equal(host_trng_calls, HOST_TRIES);
	host_trng_calls = 0;
	host_version = 0x10000;
	assert_false(arch_random_firmware(bits));
	assert_int_equal(host_trng_calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_conduits, setup),
		cmocka_unit_test_setup(test_unknown, setup),
		cmocka_unit_test_setup(test_features, setup),
		cmocka_unit_test_setup(test_cpu_on, setup),
		cmocka_unit_test_setup(test_truncation, setup),
		cmocka_unit_test_setup(test_affinity_info, setup),
		cmocka_unit_test_setup(test_suspend, setup),
		cmocka_unit_test_setup(test_off, setup),
		cmocka_unit_test_setup(test_system, setup),
		cmocka_unit_test_setup(test_arch, setup),
		cmocka_unit_test_setup(test_predictor, setup),
		cmocka_unit_test_setup(test_trng, setup),
		cmocka_unit_test_setup(test_host_trng, setup),
		cmocka_unit_test_setup(test_services, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
