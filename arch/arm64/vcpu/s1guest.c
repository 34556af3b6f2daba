/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VCPU's virtual addresses: where its tables are, and reading through them.
 * */
#include "s1guest.h"

#include <arch_impl/cpu.h>
#include <core/guest.h>
#include <core/vcpu.h>

void s1_regs_live(struct s1_regs *out)
{
	out->sctlr = read_sysreg(sctlr_el1);
	out->tcr = read_sysreg(tcr_el1);
	out->ttbr0 = read_sysreg(ttbr0_el1);
	out->ttbr1 = read_sysreg(ttbr1_el1);
}

void s1_regs_saved(const struct vcpu *v, struct s1_regs *out)
{
	out->sctlr = v->arch.sys.sctlr;
	out->tcr = v->arch.sys.tcr;
	out->ttbr0 = v->arch.sys.ttbr0;
	out->ttbr1 = v->arch.sys.ttbr1;
}

static bool read_desc(void *ctx, uint64_t ipa, uint64_t *out)
{
	return guest_read(ctx, IPA(ipa), out, sizeof(*out)) == 0;
}

void s1_guest_walk(struct vcpu *v, const struct s1_regs *regs, uint64_t va,
		   const struct s1_access *access, struct s1_result *out)
{
	s1_walk(regs, va, access, read_desc, v->guest, out);
}

bool s1_guest_read(struct vcpu *v, const struct s1_regs *regs, uint64_t va,
		   void *buf, size_t n)
{
	struct s1_result r;

	s1_guest_walk(v, regs, va, NULL, &r);
	return r.status == S1_OK &&
	       guest_read(v->guest, IPA(r.ipa), buf, n) == 0;
}
