/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the vectors to the handlers: the table by exception class, work that is
 * left before a guest continues, and exceptions of the hypervisor itself.
 */
#include <arch_impl/esr.h>
#include <arch_impl/features.h>
#include <arch_impl/hyp_frame.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/irq_dispatch.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/sched.h>

_Static_assert(offsetof(struct guest_regs, elr) == 248, "entry.S");
_Static_assert(offsetof(struct guest_regs, spsr) == 256, "entry.S");
_Static_assert(sizeof(struct guest_regs) % 16 == 0, "stack alignment");
_Static_assert(sizeof(struct hyp_frame) == sizeof(struct guest_regs),
	       "entry.S uses one size for both");

/* By ESR_ELx.EC, Arm ARM D19.2.37. Classes that are not named are UNDEFINED for
 * the guest. */
extern const trap_handler_t trap_table[64];
const trap_handler_t trap_table[64] = {
	[0x00] = trap_undef,
	[0x01] = trap_wfx,
	[0x02] = trap_undef,
	[0x03] = trap_cp15_32,
	[0x04] = trap_cp15_64,
	[0x05 ... 0x06] = trap_undef,
	[0x07] = trap_fp,
	[0x08 ... 0x15] = trap_undef,
	[0x16] = trap_hvc64,
	[0x17] = trap_smc64,
	[0x18] = trap_sysreg,
	[0x19] = trap_sve,
	[0x1a ... 0x1f] = trap_undef,
	[0x20] = trap_insn_abort,
	[0x21 ... 0x23] = trap_undef,
	[0x24] = trap_data_abort,
	[0x25 ... 0x3f] = trap_undef,
};

/*
 * guest_return found need_resched or the flush flag set: do all that has to be
 * done before the VCPU returns to its guest. Interrupts masked; may switch away
 * and come back on another CPU. The caller checks need_resched again.
 */
void trap_guest_work(struct vcpu *v);
void trap_guest_work(struct vcpu *v)
{
	sched_resched();
	if (READ_ONCE(v->stop_requested)) {
		sched_off();
	}
	if (READ_ONCE(v->arch.vgic.flush)) {
		vgic_flush(v);
	}
}

static bool harmless(uint64_t esr)
{
	return esr_serror_harmless(esr, cpu_features.ras);
}

/*
 * A guest's SError (HCR_EL2.AMO routes it here): it affects only that guest,
 * whatever its severity, because a guest could cause a severe one on purpose.
 */
void trap_serror(struct vcpu *v, struct guest_regs *regs, uint64_t esr);
void trap_serror(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	static struct log_limit limit = LOG_LIMIT_INIT;

	v->arch.exits[EC_SERROR]++;
	if (!harmless(esr)) {
		guest_crash(v, "SError, ESR 0x%llx at PC 0x%llx",
			    (unsigned long long)esr,
			    (unsigned long long)regs->elr);
	} else if (log_allow(&limit)) {
		log_warn("%s: harmless SError, ESR 0x%llx", v->name,
			 (unsigned long long)esr);
	}
}

void trap_hyp_irq_exit(void);
void trap_hyp_irq_exit(void)
{
	struct percpu *cpu = this_cpu();

	if (cpu->need_resched && cpu->preempt_count == 0 &&
	    cpu->irq_depth == 0) {
		sched_resched();
	}
}

static __cold void dump_frame(const struct hyp_frame *f, uint64_t esr)
{
	panic_printf("PC %016llx PSTATE %08llx ESR %08llx FAR %016llx\n",
		     (unsigned long long)f->elr, (unsigned long long)f->spsr,
		     (unsigned long long)esr,
		     (unsigned long long)read_sysreg(far_el2));
	panic_printf("SP %016llx\n", (unsigned long long)(uintptr_t)f +
					     sizeof(struct hyp_frame));
	for (unsigned int i = 0; i < 31; i++) {
		panic_printf("x%-2u %016llx%s", i, (unsigned long long)f->x[i],
			     i % 4 == 3 || i == 30 ? "\n" : " ");
	}
}

/* Callee-saved registers are still the caller's; ESR and FAR are those of the
 * last exception, often the guest's trap that led here. */
__cold void arch_panic_registers(uintptr_t pc)
{
	struct hyp_frame f = { .elr = pc, .spsr = read_sysreg(daif) };

	__asm__ volatile("stp x0, x1, [%0]\n\t"
			 "stp x2, x3, [%0, #16]\n\t"
			 "stp x4, x5, [%0, #32]\n\t"
			 "stp x6, x7, [%0, #48]\n\t"
			 "stp x8, x9, [%0, #64]\n\t"
			 "stp x10, x11, [%0, #80]\n\t"
			 "stp x12, x13, [%0, #96]\n\t"
			 "stp x14, x15, [%0, #112]\n\t"
			 "stp x16, x17, [%0, #128]\n\t"
			 "stp x18, x19, [%0, #144]\n\t"
			 "stp x20, x21, [%0, #160]\n\t"
			 "stp x22, x23, [%0, #176]\n\t"
			 "stp x24, x25, [%0, #192]\n\t"
			 "stp x26, x27, [%0, #208]\n\t"
			 "stp x28, x29, [%0, #224]\n\t"
			 "str x30, [%0, #240]"
			 :
			 : "r"(f.x)
			 : "memory");
	dump_frame(&f, read_sysreg(esr_el2));
}

static void __noreturn die(const struct hyp_frame *f, uint64_t esr,
			   const char *what)
{
	panic_begin("%s", what);
	dump_frame(f, esr);
	panic_end(f->elr, f->x[29]);
}

/*
 * SErrors are masked at EL2 except in serror_collect(), where x0 is the VCPU
 * that caused them. Those of a thread are the hypervisor's own.
 */
static void hyp_serror(const struct hyp_frame *f, uint64_t esr)
{
	struct vcpu *v = (struct vcpu *)f->x[0];

	if (f->elr - (uint64_t)serror_collect <=
		    (uint64_t)(serror_collect_end -
			       (const uint8_t *)serror_collect) &&
	    v->guest) {
		trap_serror(v, v->arch.regs, esr);
	} else if (!harmless(esr)) {
		die(f, esr, "SError in the hypervisor");
	}
}

/* At EL2: a thread's first FP instruction, an SError, or a bug. */
void trap_hyp_sync(struct hyp_frame *f, uint64_t esr);
void trap_hyp_sync(struct hyp_frame *f, uint64_t esr)
{
	switch (esr_ec(esr)) {
	case EC_FP:
		fp_take(vcpu_current());
		break;
	case EC_SERROR:
		hyp_serror(f, esr);
		break;
	default:
		die(f, esr, "unexpected exception in the hypervisor");
	}
}

void trap_bad(struct hyp_frame *f, uint64_t esr, unsigned int kind) __noreturn;
void trap_bad(struct hyp_frame *f, uint64_t esr, unsigned int kind)
{
	static const char *const what[] = {
		"synchronous exception on SP_EL0",
		"interrupt on SP_EL0",
		"unexpected FIQ",
		"SError in the hypervisor",
	};

	die(f, esr, what[kind & 3]);
}

void trap_stack_overflow(uint64_t sp, uint64_t fp) __noreturn;
void trap_stack_overflow(uint64_t sp, uint64_t fp)
{
	uint64_t pc = read_sysreg(elr_el2);

	panic_begin("stack overflow in %s", vcpu_current()->name);
	panic_printf("PC %016llx SP %016llx ESR %08llx FAR %016llx\n",
		     (unsigned long long)pc, (unsigned long long)sp,
		     (unsigned long long)read_sysreg(esr_el2),
		     (unsigned long long)read_sysreg(far_el2));
	panic_end(pc, fp);
}
