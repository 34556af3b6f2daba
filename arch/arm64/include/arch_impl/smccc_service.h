/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: services that guests reach by HVC and SMC (SMCCC, DEN0028). */
#ifndef ARCH_IMPL_SMCCC_SERVICE_H
#define ARCH_IMPL_SMCCC_SERVICE_H

#include <libs/registry.h>
#include <libs/types.h>

struct vcpu;
struct guest_regs;

/*
 * A service: a range of function identifiers (DEN0028 2.5) of one owning
 * entity, fast calls. A registry entry.
 */
#define SMCCC_OWNERS 64
#define SMCCC_SERVICES_MAX 16
struct smccc_service {
	const char *name;
	uint32_t first, last; /* with bit 30, SMC64, clear */
	/* VCPU trap context, interrupts masked; x[0] is the function, in
	 * either convention. Bounded; answers in x[0]..x[3]. */
	void (*call)(struct vcpu *v, struct guest_regs *regs);
};
#define SMCCC_SERVICE(ident) \
	REGISTRY_ADD(smccc_service, struct smccc_service, ident)
REGISTRY_DECLARE(smccc_service);

/*
 * Make the dispatcher's table from the registry: at boot, and when the registry
 * has changed, while guests may be calling. No CPU uses a service that was
 * removed when it returns. Boot or thread context, one caller at a time, no
 * spinlock held. -ERR_EXIST: a service's range is invalid, or overlaps
 * another's; -ERR_RANGE: more than SMCCC_SERVICES_MAX; the old table stays.
 */
int __must_check smccc_init(void);

#endif
