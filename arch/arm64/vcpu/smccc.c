/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HVC and SMC from a guest: one dispatcher for both conduits. Results are in
 * x0-x3; x4-x17 are preserved, as SMCCC 1.2 asks (DEN0028 2.6), by not
 * touching them.
 */
#include "smccc.h"

#include <arch_impl/esr.h>
#include <arch_impl/smccc_service.h>
#include <arch_impl/trap.h>
#include <core/percpu.h>
#include <libs/error.h>

REGISTRY_DEFINE(smccc_service);

/*
 * All services, those of one owning entity (DEN0028 2.5, bits 29:24 of the
 * function identifier) side by side, and where each owner's begin. One of two
 * tables is in use while smccc_init() fills the other.
 */
struct smccc_table {
	const struct smccc_service *services[SMCCC_SERVICES_MAX + 1];
	uint8_t first_of[SMCCC_OWNERS];
};
static struct smccc_table tables[2];
static struct smccc_table *smccc_now; /* [A] */

static unsigned int owner_of(uint32_t fn)
{
	return fn >> 24 & (SMCCC_OWNERS - 1);
}

static inline void call_psci(struct vcpu *v, struct guest_regs *regs)
{
	psci_fn_t handler = psci_table[psci_index((uint32_t)regs->x[0])];

	if (unlikely(!handler)) {
		regs->x[0] = (uint64_t)SMCCC_NOT_SUPPORTED;
		return;
	}
	handler(v, regs);
}

static void psci_call(struct vcpu *v, struct guest_regs *regs)
{
	call_psci(v, regs);
}

static const struct smccc_service psci_service = {
	.name = "psci",
	.first = PSCI_RANGE,
	.last = PSCI_RANGE + PSCI_COUNT - 1,
	.call = psci_call,
};
SMCCC_SERVICE(psci_service);

static bool is_sound(const struct smccc_service *s)
{
	const struct smccc_service *it;

	if (s->first > s->last || owner_of(s->first) != owner_of(s->last) ||
	    !(s->first & (uint32_t)SMCCC_FAST) ||
	    ((s->first | s->last) & (uint32_t)SMCCC_64)) {
		return false;
	}
	registry_for_each(smccc_service, it) {
		if (it != s && it->first <= s->last && s->first <= it->last) {
			return false;
		}
	}
	return true;
}

__cold int smccc_init(void)
{
	struct smccc_table *next = &tables[smccc_now == &tables[0]];
	const struct smccc_service *it;
	unsigned int n = 0;

	registry_for_each(smccc_service, it) {
		if (!is_sound(it)) {
			return -ERR_EXIST;
		}
	}
	for (unsigned int owner = 0; owner < SMCCC_OWNERS; owner++) {
		next->first_of[owner] = (uint8_t)n;
		registry_for_each(smccc_service, it) {
			/* PSCI is not looked up: see call(). */
			if (owner_of(it->first) != owner ||
			    it == &psci_service) {
				continue;
			}
			if (n == SMCCC_SERVICES_MAX) {
				return -ERR_RANGE;
			}
			next->services[n++] = it;
		}
	}
	next->services[n] = NULL;
	__atomic_store_n(&smccc_now, next, __ATOMIC_RELEASE);
	/* The other may be in use until then. */
	cpu_quiesce();
	return 0;
}

static const struct smccc_service *find(uint32_t fn)
{
	uint32_t plain = fn & ~(uint32_t)SMCCC_64;
	unsigned int owner = owner_of(fn);
	const struct smccc_table *t = READ_ONCE(smccc_now);
	const struct smccc_service *const *s;

	for (s = &t->services[t->first_of[owner]]; *s; s++) {
		if (plain >= (*s)->first && plain <= (*s)->last) {
			return *s;
		}
		if (owner_of((*s)->first) != owner) {
			break;
		}
	}
	return NULL;
}

static void call_service(struct vcpu *v, struct guest_regs *regs)
{
	const struct smccc_service *s = find((uint32_t)regs->x[0]);

	if (s) {
		s->call(v, regs);
	} else {
		regs->x[0] = (uint64_t)SMCCC_NOT_SUPPORTED;
	}
}

/*
 * Immediates other than 0 are reserved (DEN0028 2.9): there are no such calls.
 * The idle loops of some guests call PSCI all the time: it is not looked up.
 */
static inline void call(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	if (unlikely(esr_imm16(esr))) {
		regs->x[0] = (uint64_t)SMCCC_NOT_SUPPORTED;
	} else if (likely(smccc_is_psci((uint32_t)regs->x[0]))) {
		call_psci(v, regs);
	} else {
		call_service(v, regs);
	}
}

void trap_hvc64(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	call(v, regs, esr);
}

/* Unlike HVC, a trapped SMC has not been executed. */
void trap_smc64(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	trap_skip_a64(regs);
	call(v, regs, esr);
}
