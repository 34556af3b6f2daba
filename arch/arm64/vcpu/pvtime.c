/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stolen time for guests (DEN0057, "Paravirtualized Time for Arm-based
 * Systems"): how long each VCPU was ready to run and did not. The records are
 * in memory of the hypervisor, which the guest can read and not write, outside
 * of its RAM. A VCPU's is written whenever the VCPU is switched in, once the
 * guest has asked where it is.
 */
#include "pvtime.h"

#include <arch/mmu.h>
#include <arch/stage2.h>
#include <arch_impl/smccc_service.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/log.h>
#include <core/page.h>
#include <core/time.h>
#include <string.h>

#include "smccc.h"

/* Where QEMU's machine "virt" has it: nothing else is there. */
#define PVTIME_IPA UINT64_C(0x090a0000)

/* DEN0057 3.2.1, little-endian. All but the time is zero. */
struct pvtime_record {
	uint32_t revision;
	uint32_t attributes;
	uint64_t stolen; /* ns */
	uint8_t reserved[48];
};
_Static_assert(sizeof(struct pvtime_record) == 64, "DEN0057 3.2.1");

static uint64_t size_of(const struct guest *g)
{
	return ALIGN_UP(g->cfg->vcpus * sizeof(struct pvtime_record),
			PAGE_SIZE);
}

static bool overlaps(const struct config_range *r, uint64_t size)
{
	return r->base < PVTIME_IPA + size && PVTIME_IPA < r->base + r->size;
}

/* A device of the description may be there. */
static bool is_free(const struct guest *g, uint64_t size)
{
	for (uint32_t i = 0; i < g->cfg->ndevices; i++) {
		const struct config_device *d = &g->cfg->devices[i];

		for (uint32_t n = 0; n < d->nregs; n++) {
			if (overlaps(&d->regs[n], size)) {
				return false;
			}
		}
	}
	for (uint32_t n = 0; n < g->cfg->intc_nregs; n++) {
		if (overlaps(&g->cfg->intc_regs[n], size)) {
			return false;
		}
	}
	return true;
}

void pvtime_init(struct guest *g)
{
	uint64_t size = size_of(g);
	paddr_t pa;

	if (!is_free(g, size) ||
	    page_alloc_exact(&pa, size / PAGE_SIZE, g->colours.set)) {
		return;
	}
	memset(arch_phys_to_virt(pa), 0, size);
	if (stage2_map(&g->stage2, IPA(PVTIME_IPA), pa, size, STAGE2_RO)) {
		page_free_exact(pa, size / PAGE_SIZE);
		return;
	}
	page_account_guest((int64_t)(size / PAGE_SIZE));
	g->arch.pvtime = arch_phys_to_virt(pa);
}

void pvtime_fini(struct guest *g)
{
	uint64_t size = size_of(g);
	int err;

	if (!g->arch.pvtime) {
		return;
	}
	err = stage2_unmap(&g->stage2, IPA(PVTIME_IPA), size);
	assert(!err);
	page_account_guest(-(int64_t)(size / PAGE_SIZE));
	page_free_exact(arch_virt_to_phys(g->arch.pvtime), size / PAGE_SIZE);
	g->arch.pvtime = NULL;
}

void pvtime_update(struct vcpu *v)
{
	WRITE_ONCE(v->arch.pvtime->stolen,
		   ticks_to_ns(v->times.ready + v->times.throttled));
}

bool pvtime_offered(const struct guest *g)
{
	return g->arch.pvtime != NULL;
}

static uint64_t record_of(struct vcpu *v)
{
	v->arch.pvtime = &v->guest->arch.pvtime[v->index];
	pvtime_update(v);
	return PVTIME_IPA + v->index * sizeof(struct pvtime_record);
}

static void pvtime_call(struct vcpu *v, struct guest_regs *regs)
{
	uint64_t *x = regs->x;
	uint32_t fn = (uint32_t)x[0], asked = (uint32_t)x[1];

	/* Of the 64-bit convention only (DEN0057 3.1). */
	if (!pvtime_offered(v->guest) || !(fn & (uint32_t)SMCCC_64)) {
		x[0] = (uint64_t)SMCCC_NOT_SUPPORTED;
	} else if (fn == PV_TIME_ST) {
		x[0] = record_of(v);
	} else {
		x[0] = asked == PV_TIME_FEATURES || asked == PV_TIME_ST
			       ? SMCCC_SUCCESS
			       : (uint64_t)SMCCC_NOT_SUPPORTED;
	}
}

static const struct smccc_service pvtime_service = {
	.name = "pvtime",
	.first = PV_TIME_FEATURES & ~(uint32_t)SMCCC_64,
	.last = PV_TIME_ST & ~(uint32_t)SMCCC_64,
	.call = pvtime_call,
};
SMCCC_SERVICE(pvtime_service);
