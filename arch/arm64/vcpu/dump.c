/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest VCPU's registers, fault and backtrace, for crash reports and the
 * terminal. All memory is read through checked accessors, because the guest
 * controls its contents.
 */
#include <arch/vcpu.h>
#include <arch_impl/esr.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/vcpu.h>
#include <stdio.h>

#include "s1guest.h"

#define MAX_FRAMES 24

struct out {
	void (*line)(void *ctx, const char *s);
	void *ctx;
	char buf[96];
};

#define PRINT(o, ...) \
	do { \
		snprintf((o)->buf, sizeof((o)->buf), __VA_ARGS__); \
		(o)->line((o)->ctx, (o)->buf); \
	} while (0)

typedef unsigned long long u64; /* for %llx */

static const char *mode_name(uint64_t spsr)
{
	if (spsr & PSR_AA32) {
		return "EL0 AArch32";
	}
	switch (spsr & PSR_MODE) {
	case PSR_EL0T:
		return "EL0t";
	case PSR_EL1T:
		return "EL1t";
	case PSR_EL1H:
		return "EL1h";
	default:
		return "?";
	}
}

static void dump_general(struct out *o, const struct guest_regs *r)
{
	PRINT(o, "PC %016llx  PSTATE %08llx %s %c%c%c%c %c%c%c%c", (u64)r->elr,
	      (u64)r->spsr, mode_name(r->spsr), r->spsr & BIT(31) ? 'N' : 'n',
	      r->spsr & BIT(30) ? 'Z' : 'z', r->spsr & BIT(29) ? 'C' : 'c',
	      r->spsr & BIT(28) ? 'V' : 'v', r->spsr & PSR_D ? 'D' : 'd',
	      r->spsr & PSR_A ? 'A' : 'a', r->spsr & PSR_I ? 'I' : 'i',
	      r->spsr & PSR_F ? 'F' : 'f');
	for (unsigned int i = 0; i < 30; i += 3) {
		PRINT(o, "x%-2u %016llx  x%-2u %016llx  x%-2u %016llx", i,
		      (u64)r->x[i], i + 1, (u64)r->x[i + 1], i + 2,
		      (u64)r->x[i + 2]);
	}
	PRINT(o, "x30 %016llx", (u64)r->x[30]);
}

static void dump_system(struct out *o, const struct sysregs *s)
{
	PRINT(o, "SCTLR %016llx  TCR  %016llx  VBAR %016llx", (u64)s->sctlr,
	      (u64)s->tcr, (u64)s->vbar);
	PRINT(o, "TTBR0 %016llx  TTBR1 %016llx  MAIR %016llx", (u64)s->ttbr0,
	      (u64)s->ttbr1, (u64)s->mair);
	PRINT(o, "SP_EL0 %016llx  SP_EL1 %016llx", (u64)s->sp_el0,
	      (u64)s->sp_el1);
	PRINT(o, "ELR_EL1 %016llx  SPSR_EL1 %08llx", (u64)s->elr_el1,
	      (u64)s->spsr_el1);
}

static bool is_abort(unsigned int ec)
{
	return (ec & ~5U) == EC_INSN_LOWER; /* 0x20, 21, 24, 25 */
}

static void dump_syndrome(struct out *o, const char *name, uint64_t esr,
			  uint64_t far)
{
	unsigned int ec = esr_ec(esr);

	if (!IS_ENABLED(CONFIG_ESR_NAMES)) {
		PRINT(o, "%s %08llx FAR %016llx", name, (u64)esr, (u64)far);
		return;
	}
	if (esr == 0) { /* no exception: each sets IL or more */
		PRINT(o, "%s %08llx", name, (u64)esr);
		return;
	}
	if (!is_abort(ec)) {
		PRINT(o, "%s %08llx: %s", name, (u64)esr, esr_ec_name(ec));
		return;
	}
	PRINT(o, "%s %08llx: %s, %s", name, (u64)esr, esr_ec_name(ec),
	      esr_fsc_name(esr_fsc(esr)));
	PRINT(o, "  at %016llx%s", (u64)far,
	      ec < EC_DATA_LOWER ? ""
	      : esr & ESR_WNR    ? ", write"
				 : ", read");
}

static void dump_fault(struct out *o, const struct vcpu *v)
{
	const struct vcpu_fault *f = &v->arch.fault;

	/* EL1's own last exception; stale if there was none. */
	dump_syndrome(o, "ESR_EL1", v->arch.sys.esr, v->arch.sys.far);
	if (f->valid) {
		dump_syndrome(o, "ESR_EL2", f->esr, f->far);
		PRINT(o, "  IPA %016llx", (u64)f->ipa);
	}
}

/* Frame records of the guest (AAPCS64 6.4.6), each above the one before. */
static void dump_backtrace(struct out *o, struct vcpu *v)
{
	const struct guest_regs *r = v->arch.regs;
	uint64_t fp = r->x[29];
	struct s1_regs s1;

	if (r->spsr & PSR_AA32) {
		return;
	}
	s1_regs_saved(v, &s1);
	PRINT(o, "backtrace: %016llx", (u64)r->elr);
	for (unsigned int i = 0; i < MAX_FRAMES; i++) {
		uint64_t record[2];

		if (fp == 0 || !IS_ALIGNED(fp, 16U) ||
		    !s1_guest_read(v, &s1, fp, record, sizeof(record)) ||
		    record[1] == 0) {
			return;
		}
		PRINT(o, "           %016llx",
		      (u64)s1_plain_address(s1.tcr, record[1]));
		if (record[0] <= fp) {
			return;
		}
		fp = record[0];
	}
}

void arch_vcpu_dump(struct vcpu *v, void (*line)(void *ctx, const char *s),
		    void *ctx)
{
	struct out o = { .line = line, .ctx = ctx };

	if (!v->arch.regs) {
		return; /* a thread has no guest's registers */
	}
	dump_general(&o, v->arch.regs);
	dump_system(&o, &v->arch.sys);
	dump_fault(&o, v);
	dump_backtrace(&o, v);
}
