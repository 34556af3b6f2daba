/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's PSCI 1.1 (DEN0022). A VCPU is on or off as the scheduler has
 * it: there is no second state to keep in step.
 */
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
	uint64_t i = vcpu_mpidr_index(affinity, g->cfg->gic_version);

	return i < g->cfg->vcpus ? g->vcpus[i] : NULL;
}

/* Instructions can be there. */
static bool valid_entry(struct guest *g, uint64_t entry)
{
	enum stage2_prot prot;
	paddr_t pa;

	return IS_ALIGNED(entry, 4u) &&
	       stage2_lookup(&g->stage2, IPA(entry), &pa, &prot) == 0 &&
	       (prot == STAGE2_RWX || prot == STAGE2_RX);
}

static int64_t version(struct vcpu *v, uint64_t a1, uint64_t a2, uint64_t a3)
{
	(void)v;
	(void)a1;
	(void)a2;
	(void)a3;
	return PSCI_VERSION_1_1;
}

static int64_t cpu_suspend(struct vcpu *v, uint64_t state, uint64_t entry,
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
	/* Interrupt controller and timers are not what loses power. */
	vcpu_context_save(v);
	vcpu_reset_core(v, entry, context);
	vcpu_context_restore(v);
	return (int64_t)context;
}

static int64_t cpu_off(struct vcpu *v, uint64_t a1, uint64_t a2, uint64_t a3)
{
	(void)v;
	(void)a1;
	(void)a2;
	(void)a3;
	sched_off();
}

/*
 * The target's registers are written by whoever has claimed it and found it
 * off. A guest being stopped tells all its VCPUs to stop and then waits for
 * each trap in progress, so one started here is either seen or not started.
 */
static int64_t cpu_on(struct vcpu *v, uint64_t affinity, uint64_t entry,
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

static bool in_affinity(const struct guest *g, uint32_t index, uint64_t target,
			unsigned int level)
{
	uint64_t affinity = vcpu_mpidr(index, g->cfg->gic_version);

	/* Aff3 is at 39:32, so level 3 compares that field alone. */
	return level == 3 ? affinity >> 32 == target >> 32 :
			    affinity >> 8 * level == target >> 8 * level;
}

static int64_t affinity_info(struct vcpu *v, uint64_t target, uint64_t level,
			     uint64_t a3)
{
	const struct guest *g = v->guest;
	int64_t ret = PSCI_INVALID_PARAMETERS;

	(void)a3;
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

static int64_t migrate_info_type(struct vcpu *v, uint64_t a1, uint64_t a2,
				 uint64_t a3)
{
	(void)v;
	(void)a1;
	(void)a2;
	(void)a3;
	return 2;	/* no trusted OS that would need migration */
}

/* The call does not return: this VCPU leaves, a worker sees to the rest. */
static int64_t request(struct vcpu *v, enum guest_action action)
{
	guest_request(v->guest, action);
	WRITE_ONCE(v->stop_requested, true);
	WRITE_ONCE(this_cpu()->need_resched, 1);
	return PSCI_SUCCESS;
}

static int64_t system_off(struct vcpu *v, uint64_t a1, uint64_t a2,
			  uint64_t a3)
{
	(void)a1;
	(void)a2;
	(void)a3;
	return request(v, GUEST_ACT_POWEROFF);
}

static int64_t system_reset(struct vcpu *v, uint64_t a1, uint64_t a2,
			    uint64_t a3)
{
	(void)a1;
	(void)a2;
	(void)a3;
	return request(v, GUEST_ACT_RESET);
}

static int64_t system_reset2(struct vcpu *v, uint64_t type, uint64_t cookie,
			     uint64_t a3)
{
	(void)cookie;
	(void)a3;
	if ((uint32_t)type != 0) {
		/* SYSTEM_WARM_RESET is the only architectural one. */
		return PSCI_INVALID_PARAMETERS;
	}
	return request(v, GUEST_ACT_RESET);
}

static int64_t features(struct vcpu *v, uint64_t fn, uint64_t a2, uint64_t a3)
{
	(void)v;
	(void)a2;
	(void)a3;
	if ((uint32_t)fn == SMCCC_VERSION) {
		return PSCI_SUCCESS;
	}
	if (((uint32_t)fn & ~(uint32_t)(SMCCC_64 | (PSCI_COUNT - 1))) !=
	    PSCI_RANGE || !psci_table[psci_index((uint32_t)fn)]) {
		return PSCI_NOT_SUPPORTED;
	}
	/* CPU_SUSPEND's flags: original format, platform coordinated. */
	return PSCI_SUCCESS;
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
