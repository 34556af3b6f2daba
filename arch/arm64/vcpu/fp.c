/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FP/SIMD registers, lazily: CPTR_EL2.TFP traps the first use after each
 * switch, of guests and of hypervisor threads alike.
 *
 * Invariants, per CPU, while interrupts are masked:
 * - TFP clear: the registers belong to `current`, which is fp_owner, and its
 *   memory image is stale.
 * - TFP set: every memory image is good. The registers still hold a copy of
 *   fp_owner's, which is as good as the image if fp_owner->fp_cpu says so:
 *   if it took its state to another CPU meanwhile, or was reset, it does not.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/el2_regs.h>
#include <arch_impl/trap.h>
#include <core/percpu.h>
#include <core/vcpu.h>
#include <string.h>

#define PAIRS(op) \
	op " q0, q1, [%0]\n\t" op " q2, q3, [%0, #32]\n\t" op \
	   " q4, q5, [%0, #64]\n\t" op " q6, q7, [%0, #96]\n\t" op \
	   " q8, q9, [%0, #128]\n\t" op " q10, q11, [%0, #160]\n\t" op \
	   " q12, q13, [%0, #192]\n\t" op " q14, q15, [%0, #224]\n\t" op \
	   " q16, q17, [%0, #256]\n\t" op " q18, q19, [%0, #288]\n\t" op \
	   " q20, q21, [%0, #320]\n\t" op " q22, q23, [%0, #352]\n\t" op \
	   " q24, q25, [%0, #384]\n\t" op " q26, q27, [%0, #416]\n\t" op \
	   " q28, q29, [%0, #448]\n\t" op " q30, q31, [%0, #480]\n\t"

static void regs_save(struct vcpu *v)
{
	struct fp_state *fp = &v->arch.fp;

	v->arch.fp_written = true;
	__asm__ volatile(ASM_FP PAIRS("stp") : : "r"(fp->q) : "memory");
	fp->fpcr = (uint32_t)read_fp_sysreg(fpcr);
	fp->fpsr = (uint32_t)read_fp_sysreg(fpsr);
}

/* The compiler keeps nothing in these registers (-mgeneral-regs-only). */
static void regs_load(const struct fp_state *fp)
{
	__asm__ volatile(ASM_FP PAIRS("ldp") : : "r"(fp->q) : "memory");
	write_fp_sysreg(fp->fpcr, fpcr);
	write_fp_sysreg(fp->fpsr, fpsr);
}

static void trap_set(bool on)
{
	uint64_t cptr = read_sysreg(cptr_el2);

	write_sysreg(on ? cptr | CPTR_TFP : cptr & ~CPTR_TFP, cptr_el2);
	isb();
}

static bool copy_is_good(const struct percpu *cpu, const struct vcpu *v)
{
	return cpu->arch.fp_owner == v && v->arch.fp_cpu == cpu->id + 1;
}

void fp_leave(struct vcpu *prev)
{
	regs_save(prev);
	trap_set(true);
}

void fp_return(struct vcpu *next)
{
	if (copy_is_good(this_cpu(), next)) {
		trap_set(false);
	}
}

void fp_take(struct vcpu *v)
{
	struct percpu *cpu = this_cpu();

	trap_set(false);
	if (!copy_is_good(cpu, v)) {
		regs_load(&v->arch.fp);
		cpu->arch.fp_owner = v;
		v->arch.fp_cpu = cpu->id + 1;
	}
}

void fp_reset(struct vcpu *v)
{
	if (v->arch.fp_written) {
		memset(&v->arch.fp, 0, sizeof(v->arch.fp));
		v->arch.fp_written = false;
	}
	v->arch.fp_cpu = 0;
}

struct fp_state *fp_image_get(struct vcpu *v)
{
	if (!(read_sysreg(cptr_el2) & CPTR_TFP)) {
		regs_save(v);
	}
	return &v->arch.fp;
}

void fp_image_put(struct vcpu *v)
{
	v->arch.fp_written = true;
	v->arch.fp_cpu = 0;
	fp_take(v);
}

void trap_fp(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	(void)regs;
	(void)esr;
	fp_take(v);
}
