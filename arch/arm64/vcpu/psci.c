/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's PSCI 1.1 (DEN0022). Whether a VCPU is on or off is known only by
 * the scheduler: there is no second copy of that state.
 */
#include <arch/cpu.h>
#include <arch/stage2.h>
#include <arch_impl/mpidr.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/vcpu.h>

#include "smccc.h"
#include "vcpu_priv.h"
#include "wfx.h"

#define PSCI_VERSION_1_1 0x10001

enum psci_result {
	PSCI_SUCCESS = 0,
	PSCI_NOT_SUPPORTED = -1,
	PSCI_INVALID_PARAMETERS = -2,
	PSCI_DENIED = -3,
	PSCI_ALREADY_ON = -4,
	PSCI_ON_PENDING = -5,
	PSCI_INVALID_ADDRESS = -9,
};

enum { AFFINITY_ON, AFFINITY_OFF, AFFINITY_ON_PENDING };

/* power_state, original format (5.4.2): ID, powerdown, level; rest zero. */
#define POWER_STATE_MASK UINT32_C(0x0301ffff)
#define POWER_STATE_DOWN BIT(16)

static struct vcpu *vcpu_by_mpidr(const struct guest *g, uint64_t affinity)
{
	uint64_t i = vcpu_mpidr_index(affinity, g->cfg->intc_model);

	return arch_index_below(&i, g->cfg->vcpus) ? g->vcpus[i] : NULL;
}

/* Instructions can be there. */
static bool valid_entry(struct guest *g, uint64_t entry)
{
	enum stage2_prot prot;
	paddr_t pa;

	return IS_ALIGNED(entry, 4U) &&
	       stage2_lookup(&g->stage2, IPA(entry), &pa, &prot) == 0 &&
	       (prot == STAGE2_RWX || prot == STAGE2_RX);
}

/* Argument `n`; the 32-bit convention's are the low halves. */
static uint64_t arg(const struct guest_regs *r, unsigned int n)
{
	return r->x[0] & SMCCC_64 ? r->x[n] : (uint32_t)r->x[n];
}

static void answer(struct guest_regs *r, int64_t val)
{
	r->x[0] = (uint64_t)val;
}

static void version(struct vcpu *v, struct guest_regs *r)
{
	(void)v;
	answer(r, PSCI_VERSION_1_1);
}

static int64_t suspend(struct vcpu *v, uint64_t state, uint64_t entry,
		       uint64_t context)
{
	if ((state & ~(uint64_t)POWER_STATE_MASK) != 0) {
		return PSCI_INVALID_PARAMETERS;
	}
	if (!(state & POWER_STATE_DOWN)) {
		wfx_wait(v);
		return PSCI_SUCCESS;
	}
	if (!valid_entry(v->guest, entry)) {
		return PSCI_INVALID_ADDRESS;
	}
	wfx_wait(v);
	/* Interrupt controller and timers keep their power. */
	vcpu_context_save(v);
	vcpu_reset_core(v, entry, context);
	vcpu_context_restore(v);
	return (int64_t)context;
}

static void cpu_suspend(struct vcpu *v, struct guest_regs *r)
{
	answer(r, suspend(v, arg(r, 1), arg(r, 2), arg(r, 3)));
}

static void cpu_off(struct vcpu *v, struct guest_regs *r)
{
	(void)v;
	(void)r;
	sched_off();
}

/*
 * The target's registers are written by the caller that has claimed it and
 * found it off. guest_stop() first requests a stop of all VCPUs and then waits
 * for each trap in progress, so a VCPU that is started here either is seen
 * there, or is not started.
 */
static int64_t turn_on(const struct vcpu *v, uint64_t affinity, uint64_t entry,
		       uint64_t context)
{
	struct vcpu *t = vcpu_by_mpidr(v->guest, affinity);
	int64_t ret = PSCI_SUCCESS;

	if (!t) {
		return PSCI_INVALID_PARAMETERS;
	}
	if (!valid_entry(v->guest, entry)) {
		return PSCI_INVALID_ADDRESS;
	}
	if (__atomic_exchange_n(&t->arch.starting, true, __ATOMIC_ACQUIRE)) {
		return PSCI_ON_PENDING;
	}
	if (!sched_is_off(t)) {
		ret = PSCI_ALREADY_ON;
	} else if (READ_ONCE(t->stop_requested)) {
		ret = PSCI_DENIED;
	} else {
		arch_vcpu_reset(t, entry, context);
		sched_start(t);
	}
	__atomic_store_n(&t->arch.starting, false, __ATOMIC_RELEASE);
	return ret;
}

static void cpu_on(struct vcpu *v, struct guest_regs *r)
{
	answer(r, turn_on(v, arg(r, 1), arg(r, 2), arg(r, 3)));
}

static bool in_affinity(const struct guest *g, uint32_t index, uint64_t target,
			unsigned int level)
{
	uint64_t affinity = vcpu_mpidr(index, g->cfg->intc_model);

	/* Aff3 is at 39:32, so level 3 compares that field alone. */
	return level == 3 ? affinity >> 32 == target >> 32
			  : affinity >> 8 * level == target >> 8 * level;
}

static int64_t state_of(const struct guest *g, uint64_t target, uint64_t level)
{
	int64_t ret = PSCI_INVALID_PARAMETERS;

	if (level > 3 || (target & ~MPIDR_AFFINITY) != 0) {
		return ret;
	}
	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		struct vcpu *t = g->vcpus[i];

		if (!in_affinity(g, i, target, (unsigned int)level)) {
			continue;
		}
		if (READ_ONCE(t->arch.starting)) {
			return AFFINITY_ON_PENDING;
		}
		if (!sched_is_off(t)) {
			return AFFINITY_ON;
		}
		ret = AFFINITY_OFF;
	}
	return ret;
}

static void affinity_info(struct vcpu *v, struct guest_regs *r)
{
	answer(r, state_of(v->guest, arg(r, 1), arg(r, 2)));
}

static void migrate_info_type(struct vcpu *v, struct guest_regs *r)
{
	(void)v;
	answer(r, 2); /* no trusted OS that would need migration */
}

/* The call does not return: this VCPU leaves the guest, and a worker does the
 * rest. */
static void request(struct vcpu *v, enum guest_action action)
{
	guest_request(v->guest, action);
	WRITE_ONCE(v->stop_requested, true);
	WRITE_ONCE(this_cpu()->need_resched, 1);
}

static void system_off(struct vcpu *v, struct guest_regs *r)
{
	(void)r;
	request(v, GUEST_ACT_POWEROFF);
}

static void system_reset(struct vcpu *v, struct guest_regs *r)
{
	(void)r;
	request(v, GUEST_ACT_RESET);
}

static void system_reset2(struct vcpu *v, struct guest_regs *r)
{
	if ((uint32_t)r->x[1] != 0) {
		/* SYSTEM_WARM_RESET is the only architectural one. */
		answer(r, PSCI_INVALID_PARAMETERS);
		return;
	}
	request(v, GUEST_ACT_RESET);
}

static bool exists(uint32_t fn)
{
	return fn == SMCCC_VERSION ||
	       (smccc_is_psci(fn) && psci_table[psci_index(fn)] != NULL);
}

/* CPU_SUSPEND's flags are 0 too: original format, platform coordinated. */
static void features(struct vcpu *v, struct guest_regs *r)
{
	(void)v;
	answer(r,
	       exists((uint32_t)r->x[1]) ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED);
}

const psci_fn_t psci_table[2 * PSCI_COUNT] = {
	[0x00] = version,
	[0x01] = cpu_suspend,
	[0x02] = cpu_off,
	[0x03] = cpu_on,
	[0x04] = affinity_info,
	[0x06] = migrate_info_type,
	[0x08] = system_off,
	[0x09] = system_reset,
	[0x0a] = features,
	[0x12] = system_reset2,
	[PSCI_COUNT + 0x01] = cpu_suspend,
	[PSCI_COUNT + 0x03] = cpu_on,
	[PSCI_COUNT + 0x04] = affinity_info,
	[PSCI_COUNT + 0x12] = system_reset2,
};
