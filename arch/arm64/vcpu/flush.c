/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cache maintenance by set and way works only on this CPU's caches, and on the
 * lines of all guests in them. So a guest may not do it, and it would be of no
 * use to one that may move to another CPU. Software that uses it (boot loaders,
 * when they switch MMU and caches on or off) expects all of its memory to
 * become coherent. So the first such operation cleans and invalidates the
 * guest's RAM by address; after that writes to SCTLR_EL1 trap, and RAM is
 * flushed again when the caches go off or on, after which set/way operations
 * have an effect again.
 *
 * A trap flushes one chunk and leaves the PC where it is until all is done:
 * the guest traps again, and interrupts and other VCPUs come in between.
 */
#include "flush.h"

#include <arch/mmu.h>
#include <arch/stage2.h>
#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <core/guest.h>
#include <core/vcpu.h>

#define CHUNK KIB(64)

static void flush_page(struct guest *g, uint64_t ipa)
{
	paddr_t pa;

	if (stage2_lookup(&g->stage2, IPA(ipa), &pa, NULL) == 0) {
		arch_cache_clean_inval(arch_phys_to_virt(pa), PAGE_SIZE);
	}
}

/* The address `off` bytes into the guest's RAM; false past its end. */
static bool ram_address(const struct guest_config *cfg, uint64_t off,
			uint64_t *ipa)
{
	for (uint32_t i = 0; i < cfg->nmemory; i++) {
		if (off < cfg->memory[i].size) {
			*ipa = cfg->memory[i].base + off;
			return true;
		}
		off -= cfg->memory[i].size;
	}
	return false;
}

/* Flush the next chunk; true when there is none left. */
static bool flush_step(struct vcpu *v)
{
	uint64_t end = v->arch.flush_done + CHUNK;
	uint64_t ipa;

	while (v->arch.flush_done < end) {
		if (!ram_address(v->guest->cfg, v->arch.flush_done, &ipa)) {
			v->arch.flush_done = 0;
			return true;
		}
		flush_page(v->guest, ipa);
		v->arch.flush_done += PAGE_SIZE;
	}
	return false;
}

static void trap_writes(struct vcpu *v, bool on)
{
	uint64_t hcr = read_sysreg(hcr_el2);

	if (on) {
		v->arch.hcr |= HCR_TVM;
		write_sysreg(hcr | HCR_TVM, hcr_el2);
	} else {
		v->arch.hcr &= ~HCR_TVM;
		write_sysreg(hcr & ~HCR_TVM, hcr_el2);
	}
}

bool flush_set_way(struct vcpu *v)
{
	if (v->arch.hcr & HCR_TVM) {
		return true;
	}
	if (!flush_step(v)) {
		return false;
	}
	trap_writes(v, true);
	return true;
}

static bool caches_on(uint64_t sctlr)
{
	return (sctlr & (SCTLR_C | SCTLR_M)) == (SCTLR_C | SCTLR_M);
}

bool flush_write_sctlr(struct vcpu *v, uint64_t val)
{
	bool before = caches_on(read_sysreg(sctlr_el1));

	if (caches_on(val) != before && !flush_step(v)) {
		return false;
	}
	write_sysreg(val, sctlr_el1);
	if (caches_on(val)) {
		trap_writes(v, false);
	}
	return true;
}
