/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trapped system registers (MSR, MRS, SYS at EL1 and EL0). The ID registers and
 * the debug banks are arrays; everything else is a row of one table, found by
 * an index in two levels: Op0, Op1 and CRn, then CRm and Op2. All other
 * registers are UNDEFINED.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/esr.h>
#include <arch_impl/features.h>
#include <arch_impl/guest_platform.h>
#include <arch_impl/pmu.h>
#include <arch_impl/timer.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/log.h>
#include <core/vcpu.h>

#include "debug.h"
#include "flush.h"
#include "idreg.h"

/* The result of an access, which fits in two registers. */
enum result { DONE, UNDEF, AGAIN };
struct outcome {
	uint64_t val;    /* of a read */
	uint64_t result; /* enum result; as wide as a register */
};

static inline struct outcome done(uint64_t val)
{
	return (struct outcome){ val, DONE };
}

static inline struct outcome done_if(bool ok, enum result otherwise)
{
	return (struct outcome){ 0, ok ? DONE : otherwise };
}

/* What may be done with a register, and by whom. R and W: BIT(ESR_SYS_READ). */
#define W BIT(0)
#define R BIT(1)
#define EL0 BIT(2)
#define RW (R | W)

struct row;
typedef struct outcome (*access_t)(struct vcpu *v, const struct row *row,
				   bool write, uint64_t val);

struct row {
	uint32_t name;
	uint8_t flags;
	uint8_t arg; /* meaning depends on the handler */
	access_t access;
};

static struct outcome raz_wi(struct vcpu *v, const struct row *row, bool write,
			     uint64_t val)
{
	(void)v;
	(void)row;
	(void)write;
	(void)val;
	return done(0);
}

/* --- interrupts and time ------------------------------------------------ */

static struct outcome icc_sgi(struct vcpu *v, const struct row *row, bool write,
			      uint64_t val)
{
	(void)write;
	return done_if(vgic_sgi1r(v, row->arg, val), UNDEF);
}

static struct outcome icc_dir(struct vcpu *v, const struct row *row, bool write,
			      uint64_t val)
{
	(void)row;
	(void)write;
	return done_if(vgic_dir(v, val), UNDEF);
}

/* SRE, DFB, DIB: no legacy interface, no bypass; fixed. */
static struct outcome icc_sre(struct vcpu *v, const struct row *row, bool write,
			      uint64_t val)
{
	(void)row;
	(void)write;
	(void)val;
	if (v->guest->cfg->intc_model != GUEST_GICV3) {
		return (struct outcome){ .result = UNDEF };
	}
	return done(7);
}

/* The first access; the VCPU has the timer's registers from then on. */
static struct outcome cntp(struct vcpu *v, const struct row *row, bool write,
			   uint64_t val)
{
	(void)row;
	(void)write;
	(void)val;
	return (struct outcome){ .result = vtimer_own_phys(v) ? AGAIN : UNDEF };
}

static struct outcome cntpct(struct vcpu *v, const struct row *row, bool write,
			     uint64_t val)
{
	(void)v;
	(void)row;
	(void)write;
	(void)val;
	return done(arch_timer_now());
}

/* --- debug -------------------------------------------------------------- */

static struct outcome mdscr(struct vcpu *v, const struct row *row, bool write,
			    uint64_t val)
{
	(void)row;
	if (write) {
		debug_write_mdscr(v, val);
	}
	return done(v->arch.debug.mdscr);
}

static struct outcome mdccint(struct vcpu *v, const struct row *row, bool write,
			      uint64_t val)
{
	(void)row;
	if (write) {
		v->arch.debug.mdccint = (uint32_t)(val & GENMASK(30, 29));
	}
	return done(v->arch.debug.mdccint);
}

static struct outcome oslar(struct vcpu *v, const struct row *row, bool write,
			    uint64_t val)
{
	(void)row;
	(void)write;
	debug_write_oslar(v, val);
	return done(0);
}

/* OSLM = 0b10: the OS lock is implemented. */
static struct outcome oslsr(struct vcpu *v, const struct row *row, bool write,
			    uint64_t val)
{
	(void)row;
	(void)write;
	(void)val;
	return done(BIT(3) | (v->arch.debug.os_lock ? BIT(1) : 0));
}

/* Eight tags: SET reads as ones, CLR reads the tags. */
static struct outcome claim(struct vcpu *v, const struct row *row, bool write,
			    uint64_t val)
{
	struct debug_regs *d = &v->arch.debug;
	bool clear = row->arg;

	if (write && clear) {
		d->claim &= ~(uint32_t)val;
	} else if (write) {
		d->claim |= (uint32_t)val & 0xff;
	}
	return done(clear ? d->claim : 0xff);
}

/* --- caches and memory control ------------------------------------------ */

static struct outcome dc_set_way(struct vcpu *v, const struct row *row,
				 bool write, uint64_t val)
{
	(void)row;
	(void)write;
	(void)val;
	return done_if(flush_set_way(v), AGAIN);
}

static struct outcome sctlr(struct vcpu *v, const struct row *row, bool write,
			    uint64_t val)
{
	(void)row;
	(void)write;
	return done_if(flush_write_sctlr(v, val), AGAIN);
}

enum {
	VM_TTBR0,
	VM_TTBR1,
	VM_TCR,
	VM_ESR,
	VM_FAR,
	VM_AFSR0,
	VM_AFSR1,
	VM_MAIR,
	VM_AMAIR,
	VM_CONTEXTIDR
};

/* HCR_EL2.TVM also traps these; the guest may write them as it likes. */
static struct outcome vm_control(struct vcpu *v, const struct row *row,
				 bool write, uint64_t val)
{
	(void)v;
	(void)write;
	switch (row->arg) {
	case VM_TTBR0:
		write_sysreg(val, ttbr0_el1);
		break;
	case VM_TTBR1:
		write_sysreg(val, ttbr1_el1);
		break;
	case VM_TCR:
		write_sysreg(val, tcr_el1);
		break;
	case VM_ESR:
		write_sysreg(val, esr_el1);
		break;
	case VM_FAR:
		write_sysreg(val, far_el1);
		break;
	case VM_AFSR0:
		write_sysreg(val, afsr0_el1);
		break;
	case VM_AFSR1:
		write_sysreg(val, afsr1_el1);
		break;
	case VM_MAIR:
		write_sysreg(val, mair_el1);
		break;
	case VM_AMAIR:
		write_sysreg(val, amair_el1);
		break;
	default:
		write_sysreg(val, contextidr_el1);
		break;
	}
	return done(0);
}

/* HCR_EL2.TID1 and TID2, set only where something in them needs hiding. */
enum { CPU_REVIDR, CPU_AIDR, CPU_CTR, CPU_CLIDR, CPU_CCSIDR };

static struct outcome cpu_type(struct vcpu *v, const struct row *row,
			       bool write, uint64_t val)
{
	(void)v;
	(void)write;
	(void)val;
	switch (row->arg) {
	case CPU_REVIDR:
		return done(read_sysreg(revidr_el1));
	case CPU_AIDR:
		return done(read_sysreg(aidr_el1));
	case CPU_CTR:
		return done(features_ctr());
	case CPU_CLIDR:
		return done(read_sysreg(clidr_el1));
	default:
		return done(read_sysreg(ccsidr_el1));
	}
}

static struct outcome csselr(struct vcpu *v, const struct row *row, bool write,
			     uint64_t val)
{
	(void)v;
	(void)row;
	if (write) {
		write_sysreg(val & 0xf, csselr_el1);
		isb();
	}
	return done(read_sysreg(csselr_el1));
}

/* --- the table ---------------------------------------------------------- */

/*
 * SPACE(name, Op0, Op1, CRn): where there are registers that trap; named like
 * the generic name of a register, S<op0>_<op1>_C<n>_C<m>_<op2>.
 */
#define SPACES(SPACE) \
	SPACE(S1_0_C7, 1, 0, 7) \
	SPACE(S2_0_C0, 2, 0, 0) \
	SPACE(S2_0_C1, 2, 0, 1) \
	SPACE(S2_0_C7, 2, 0, 7) \
	SPACE(S2_3_C0, 2, 3, 0) \
	SPACE(S3_0_C0, 3, 0, 0) \
	SPACE(S3_0_C1, 3, 0, 1) \
	SPACE(S3_0_C2, 3, 0, 2) \
	SPACE(S3_0_C5, 3, 0, 5) \
	SPACE(S3_0_C6, 3, 0, 6) \
	SPACE(S3_0_C10, 3, 0, 10) \
	SPACE(S3_0_C12, 3, 0, 12) \
	SPACE(S3_0_C13, 3, 0, 13) \
	SPACE(S3_1_C0, 3, 1, 0) \
	SPACE(S3_2_C0, 3, 2, 0) \
	SPACE(S3_3_C0, 3, 3, 0) \
	SPACE(S3_3_C14, 3, 3, 14)

/* REG(identifier, space, CRm, Op2, flags, handler, argument) */
#define REGISTERS(REG) \
	REG(ICC_SGI1R, S3_0_C12, 11, 5, W, icc_sgi, VGIC_SGI1R) \
	REG(ICC_ASGI1R, S3_0_C12, 11, 6, W, icc_sgi, VGIC_ASGI1R) \
	REG(ICC_SGI0R, S3_0_C12, 11, 7, W, icc_sgi, VGIC_SGI0R) \
	REG(ICC_DIR, S3_0_C12, 11, 1, W, icc_dir, 0) \
	REG(ICC_SRE, S3_0_C12, 12, 5, RW, icc_sre, 0) \
	REG(CNTPCT, S3_3_C14, 0, 1, R | EL0, cntpct, 0) \
	REG(CNTP_TVAL, S3_3_C14, 2, 0, RW | EL0, cntp, 0) \
	REG(CNTP_CTL, S3_3_C14, 2, 1, RW | EL0, cntp, 0) \
	REG(CNTP_CVAL, S3_3_C14, 2, 2, RW | EL0, cntp, 0) \
	REG(OSDTRRX, S2_0_C0, 0, 2, RW, raz_wi, 0) \
	REG(MDCCINT, S2_0_C0, 2, 0, RW, mdccint, 0) \
	REG(MDSCR, S2_0_C0, 2, 2, RW, mdscr, 0) \
	REG(OSDTRTX, S2_0_C0, 3, 2, RW, raz_wi, 0) \
	REG(OSECCR, S2_0_C0, 6, 2, RW, raz_wi, 0) \
	REG(MDRAR, S2_0_C1, 0, 0, R, raz_wi, 0) \
	REG(OSLAR, S2_0_C1, 0, 4, W, oslar, 0) \
	REG(OSLSR, S2_0_C1, 1, 4, R, oslsr, 0) \
	REG(OSDLR, S2_0_C1, 3, 4, RW, raz_wi, 0) \
	REG(DBGPRCR, S2_0_C1, 4, 4, RW, raz_wi, 0) \
	REG(DBGCLAIMSET, S2_0_C7, 8, 6, RW, claim, 0) \
	REG(DBGCLAIMCLR, S2_0_C7, 9, 6, RW, claim, 1) \
	REG(DBGAUTHSTATUS, S2_0_C7, 14, 6, R, raz_wi, 0) \
	REG(MDCCSR, S2_3_C0, 1, 0, R | EL0, raz_wi, 0) \
	REG(DBGDTR, S2_3_C0, 4, 0, RW | EL0, raz_wi, 0) \
	REG(DBGDTRX, S2_3_C0, 5, 0, RW | EL0, raz_wi, 0) \
	REG(DC_ISW, S1_0_C7, 6, 2, W, dc_set_way, 0) \
	REG(DC_CSW, S1_0_C7, 10, 2, W, dc_set_way, 0) \
	REG(DC_CISW, S1_0_C7, 14, 2, W, dc_set_way, 0) \
	REG(ACTLR, S3_0_C1, 0, 1, RW, raz_wi, 0) \
	REG(SCTLR, S3_0_C1, 0, 0, W, sctlr, 0) \
	REG(TTBR0, S3_0_C2, 0, 0, W, vm_control, VM_TTBR0) \
	REG(TTBR1, S3_0_C2, 0, 1, W, vm_control, VM_TTBR1) \
	REG(TCR, S3_0_C2, 0, 2, W, vm_control, VM_TCR) \
	REG(AFSR0, S3_0_C5, 1, 0, W, vm_control, VM_AFSR0) \
	REG(AFSR1, S3_0_C5, 1, 1, W, vm_control, VM_AFSR1) \
	REG(ESR, S3_0_C5, 2, 0, W, vm_control, VM_ESR) \
	REG(FAR, S3_0_C6, 0, 0, W, vm_control, VM_FAR) \
	REG(MAIR, S3_0_C10, 2, 0, W, vm_control, VM_MAIR) \
	REG(AMAIR, S3_0_C10, 3, 0, W, vm_control, VM_AMAIR) \
	REG(CONTEXTIDR, S3_0_C13, 0, 1, W, vm_control, VM_CONTEXTIDR) \
	REG(ERRIDR, S3_0_C5, 3, 0, R, raz_wi, 0) \
	REG(ERRSELR, S3_0_C5, 3, 1, RW, raz_wi, 0) \
	REG(ERXFR, S3_0_C5, 4, 0, R, raz_wi, 0) \
	REG(ERXCTLR, S3_0_C5, 4, 1, RW, raz_wi, 0) \
	REG(ERXSTATUS, S3_0_C5, 4, 2, RW, raz_wi, 0) \
	REG(ERXADDR, S3_0_C5, 4, 3, RW, raz_wi, 0) \
	REG(ERXMISC0, S3_0_C5, 5, 0, RW, raz_wi, 0) \
	REG(ERXMISC1, S3_0_C5, 5, 1, RW, raz_wi, 0) \
	REG(REVIDR, S3_0_C0, 0, 6, R, cpu_type, CPU_REVIDR) \
	REG(AIDR, S3_1_C0, 0, 7, R, cpu_type, CPU_AIDR) \
	REG(CTR, S3_3_C0, 0, 1, R | EL0, cpu_type, CPU_CTR) \
	REG(CLIDR, S3_1_C0, 0, 1, R, cpu_type, CPU_CLIDR) \
	REG(CCSIDR, S3_1_C0, 0, 0, R, cpu_type, CPU_CCSIDR) \
	REG(CSSELR, S3_2_C0, 0, 0, RW, csselr, 0)

/* Space 0 has no registers. */
enum {
	SPACE_NONE,
#define SPACE(name, op0, op1, crn) SPACE_##name,
	SPACES(SPACE)
#undef SPACE
		SPACE_COUNT,
};

/* A register's name in the syndrome is that of its space with CRm and Op2. */
enum {
#define SPACE(name, op0, op1, crn) NAME_##name = SYSREG(op0, op1, crn, 0, 0),
	SPACES(SPACE)
#undef SPACE
};

/* Row 0 is none: nothing may be done with it. */
enum {
	ROW_NONE,
#define REG(id, space, crm, op2, fl, fn, a) ROW_##id,
	REGISTERS(REG)
#undef REG
		ROW_COUNT,
};

static const struct row rows[ROW_COUNT] = {
#define REG(id, space, crm, op2, fl, fn, a) \
	[ROW_##id] = { NAME_##space | SYSREG(0, 0, 0, crm, op2), fl, a, fn },
	REGISTERS(REG)
#undef REG
};

/*
 * The index: two loads and no search, for every register alike. Two registers
 * in one place are a compile error (-Woverride-init).
 */
#define SPACE_INDEX(op0, op1_crn) ((op0) << 7 | (op1_crn))
#define OP1_CRN(op1, crn) ((op1) << 4 | (crn)) /* neighbours in a syndrome */
#define SLOT_INDEX(crm, op2) ((crm) << 3 | (op2))

static const uint8_t spaces[SPACE_INDEX(3, OP1_CRN(7, 15)) + 1] = {
#define SPACE(name, op0, op1, crn) \
	[SPACE_INDEX(op0, OP1_CRN(op1, crn))] = SPACE_##name,
	SPACES(SPACE)
#undef SPACE
};

static const uint8_t slots[SPACE_COUNT][SLOT_INDEX(15, 7) + 1] = {
#define REG(id, space, crm, op2, fl, fn, a) \
	[SPACE_##space][SLOT_INDEX(crm, op2)] = ROW_##id,
	REGISTERS(REG)
#undef REG
};

static const struct row *find(uint64_t esr)
{
	unsigned int space =
		spaces[SPACE_INDEX(SYSREG_OP0(esr), SYSREG_OP1_CRN(esr))];

	return &rows[slots[space][SLOT_INDEX(SYSREG_CRM(esr), SYSREG_OP2(esr))]];
}

/* --- arrays ------------------------------------------------------------- */

#define ID_SPACE SYSREG(3, 0, 0, 0, 0)
#define ID_SPACE_MASK (ESR_SYS_NAME & ~SYSREG(0, 0, 0, 7, 7))

/* Op0 3, Op1 0, CRn 0, CRm 1-7: what is not allocated reads as zero. */
static bool is_id_space(uint64_t esr)
{
	return (esr & ID_SPACE_MASK) == ID_SPACE &&
	       (esr & SYSREG(0, 0, 0, 7, 0)) != 0;
}

static uint64_t read_id(const struct vcpu *v, uint64_t esr)
{
	return v->guest->arch
		.idregs[IDREG_SLOT((unsigned int)SYSREG_CRM(esr) & 7,
				   (unsigned int)SYSREG_OP2(esr))];
}

/* DBGBVRn, DBGBCRn, DBGWVRn, DBGWCRn: Op2 4-7, CRm = n. */
static bool is_debug_bank(uint64_t esr)
{
	return (esr & (ESR_SYS_NAME & ~SYSREG(0, 0, 0, 15, 3))) ==
	       SYSREG(2, 0, 0, 0, 4);
}

static bool from_el0(const struct guest_regs *regs)
{
	return (regs->spsr & PSR_EL) == 0;
}

static bool access_bank(struct vcpu *v, uint64_t esr, uint64_t *val)
{
	enum debug_bank bank = (enum debug_bank)(SYSREG_OP2(esr) & 3);

	return debug_bank_access(v, bank, (unsigned int)SYSREG_CRM(esr),
				 !(esr & ESR_SYS_READ), val);
}

static __noinline void undefined(struct vcpu *v, const struct guest_regs *regs,
				 uint64_t esr)
{
	static struct log_limit limit = LOG_LIMIT_INIT;

	if (log_get_console_level() >= LOG_DEBUG && log_allow(&limit)) {
		log_debug("%s: %s S%u_%u_C%u_C%u_%u at PC 0x%llx is UNDEFINED",
			  v->name, esr & ESR_SYS_READ ? "MRS" : "MSR",
			  (unsigned int)SYSREG_OP0(esr),
			  (unsigned int)SYSREG_OP1(esr),
			  (unsigned int)SYSREG_CRN(esr),
			  (unsigned int)SYSREG_CRM(esr),
			  (unsigned int)SYSREG_OP2(esr),
			  (unsigned long long)regs->elr);
	}
	inject_undef(v);
}

/* In no row, or denied: a register of the debug banks or of the PMU, which are
 * too many for rows, or UNDEFINED. */
static __noinline void no_row(struct vcpu *v, struct guest_regs *regs,
			      uint64_t esr)
{
	unsigned int rt = esr_sys_rt(esr);
	uint64_t val = trap_reg(regs, rt);
	bool ok = is_debug_bank(esr) && !from_el0(regs)
			  ? access_bank(v, esr, &val)
			  : pmu_guest_access(v, regs, esr, &val);

	if (!ok) {
		undefined(v, regs, esr);
		return;
	}
	if (esr & ESR_SYS_READ) {
		trap_set_reg(regs, rt, val);
	}
	trap_skip_a64(regs);
}

/* May the instruction do what it does, at its exception level? */
static bool allowed(const struct row *row, const struct guest_regs *regs,
		    uint64_t esr)
{
	return row->flags >> (esr & ESR_SYS_READ) & 1 &&
	       (row->flags & EL0 || !from_el0(regs));
}

static __noinline void other_register(struct vcpu *v, struct guest_regs *regs,
				      uint64_t esr)
{
	const struct row *row = find(esr);
	unsigned int rt = esr_sys_rt(esr);
	struct outcome o;

	if (unlikely(!allowed(row, regs, esr))) {
		no_row(v, regs, esr);
		return;
	}
	o = row->access(v, row, !(esr & ESR_SYS_READ), trap_reg(regs, rt));
	if (unlikely(o.result != DONE)) {
		if (o.result == UNDEF) {
			undefined(v, regs, esr);
		}
		return;
	}
	if (esr & ESR_SYS_READ) {
		trap_set_reg(regs, rt, o.val);
	}
	trap_skip_a64(regs);
}

void trap_sysreg(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	if (is_id_space(esr) && (esr & ESR_SYS_READ)) {
		trap_set_reg(regs, esr_sys_rt(esr), read_id(v, esr));
		trap_skip_a64(regs);
	} else {
		other_register(v, regs, esr);
	}
}
