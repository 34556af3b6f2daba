/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trapped system registers (MSR, MRS, SYS at EL1 and EL0). The ID registers
 * and the debug banks are arrays; everything else is a row of one table,
 * found by a perfect hash of the register's name as it stands in the
 * syndrome. What is nowhere is UNDEFINED.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/esr.h>
#include <arch_impl/features.h>
#include <arch_impl/timer.h>
#include <arch_impl/trap.h>
#include <core/guest.h>
#include <core/log.h>
#include <core/vcpu.h>

#include "debug.h"
#include "flush.h"
#include "idreg.h"

/* What came of an access, in two registers. */
enum result { DONE, UNDEF, AGAIN };
struct outcome {
	uint64_t val;		/* of a read */
	enum result result;
};

static inline struct outcome done(uint64_t val)
{
	return (struct outcome){ val, DONE };
}

static inline struct outcome done_if(bool ok, enum result otherwise)
{
	return (struct outcome){ 0, ok ? DONE : otherwise };
}

/* What may be done with a register, and by whom. */
#define R BIT(0)
#define W BIT(1)
#define EL0 BIT(2)
#define RW (R | W)

struct row;
typedef struct outcome (*access_t)(struct vcpu *v, const struct row *row,
				   bool write, uint64_t val);

struct row {
	uint32_t name;
	uint8_t flags;
	uint8_t arg;		/* the handler's own */
	access_t access;
};

static struct outcome raz_wi(struct vcpu *v,
			     const struct row *row, bool write,
			     uint64_t val)
{
	(void)v;
	(void)row;
	(void)write;
	(void)val;
	return done(0);
}

/* --- interrupts and time ------------------------------------------------ */

static struct outcome icc_sgi(struct vcpu *v,
			      const struct row *row, bool write,
			      uint64_t val)
{
	(void)write;
	return done_if(vgic_sgi1r(v, row->arg, val), UNDEF);
}

static struct outcome icc_dir(struct vcpu *v,
			      const struct row *row, bool write,
			      uint64_t val)
{
	(void)row;
	(void)write;
	return done_if(vgic_dir(v, val), UNDEF);
}

/* SRE, DFB, DIB: no legacy interface, no bypass; fixed. */
static struct outcome icc_sre(struct vcpu *v,
			      const struct row *row, bool write,
			      uint64_t val)
{
	(void)row;
	(void)write;
	(void)val;
	if (v->guest->cfg->gic_version != 3) {
		return (struct outcome){ .result = UNDEF };
	}
	return done(7);
}

static struct outcome cntp_ctl(struct vcpu *v,
			       const struct row *row, bool write,
			       uint64_t val)
{
	(void)row;
	if (!write) {
		return done(vtimer_read_cntp_ctl(v));
	}
	vtimer_write_cntp_ctl(v, val);
	return done(0);
}

static struct outcome cntp_cval(struct vcpu *v,
				const struct row *row, bool write,
				uint64_t val)
{
	(void)row;
	if (!write) {
		return done(vtimer_read_cntp_cval(v));
	}
	vtimer_write_cntp_cval(v, val);
	return done(0);
}

static struct outcome cntp_tval(struct vcpu *v,
				const struct row *row, bool write,
				uint64_t val)
{
	(void)row;
	if (!write) {
		return done(vtimer_read_cntp_tval(v));
	}
	vtimer_write_cntp_tval(v, val);
	return done(0);
}

static struct outcome cntpct(struct vcpu *v,
			     const struct row *row, bool write,
			     uint64_t val)
{
	(void)v;
	(void)row;
	(void)write;
	(void)val;
	return done(arch_timer_now());
}

/* --- debug -------------------------------------------------------------- */

static struct outcome mdscr(struct vcpu *v,
			    const struct row *row, bool write,
			    uint64_t val)
{
	(void)row;
	if (write) {
		debug_write_mdscr(v, val);
	}
	return done(v->arch.debug.mdscr);
}

static struct outcome mdccint(struct vcpu *v,
			      const struct row *row, bool write,
			      uint64_t val)
{
	(void)row;
	if (write) {
		v->arch.debug.mdccint = (uint32_t)(val & GENMASK(30, 29));
	}
	return done(v->arch.debug.mdccint);
}

static struct outcome oslar(struct vcpu *v,
			    const struct row *row, bool write,
			    uint64_t val)
{
	(void)row;
	(void)write;
	debug_write_oslar(v, val);
	return done(0);
}

/* OSLM = 0b10: the OS lock is implemented. */
static struct outcome oslsr(struct vcpu *v,
			    const struct row *row, bool write,
			    uint64_t val)
{
	(void)row;
	(void)write;
	(void)val;
	return done(BIT(3) | (v->arch.debug.os_lock ? BIT(1) : 0));
}

/* Eight tags: SET reads as ones, CLR reads the tags. */
static struct outcome claim(struct vcpu *v,
			    const struct row *row, bool write,
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

static struct outcome dc_set_way(struct vcpu *v,
				 const struct row *row, bool write,
				 uint64_t val)
{
	(void)row;
	(void)write;
	(void)val;
	return done_if(flush_set_way(v), AGAIN);
}

static struct outcome sctlr(struct vcpu *v,
			    const struct row *row, bool write,
			    uint64_t val)
{
	(void)row;
	(void)write;
	return done_if(flush_write_sctlr(v, val), AGAIN);
}

enum { VM_TTBR0, VM_TTBR1, VM_TCR, VM_ESR, VM_FAR, VM_AFSR0, VM_AFSR1,
       VM_MAIR, VM_AMAIR, VM_CONTEXTIDR };

/* HCR_EL2.TVM also traps these; the guest may write them as it likes. */
static struct outcome vm_control(struct vcpu *v,
				 const struct row *row, bool write,
				 uint64_t val)
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

static struct outcome cpu_type(struct vcpu *v,
			       const struct row *row, bool write,
			       uint64_t val)
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

static struct outcome csselr(struct vcpu *v,
			     const struct row *row, bool write,
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

/* REG(identifier, Op0, Op1, CRn, CRm, Op2, flags, handler, argument) */
#define REGISTERS(REG) \
	REG(ICC_SGI1R, 3, 0, 12, 11, 5, W, icc_sgi, VGIC_SGI1R) \
	REG(ICC_ASGI1R, 3, 0, 12, 11, 6, W, icc_sgi, VGIC_ASGI1R) \
	REG(ICC_SGI0R, 3, 0, 12, 11, 7, W, icc_sgi, VGIC_SGI0R) \
	REG(ICC_DIR, 3, 0, 12, 11, 1, W, icc_dir, 0) \
	REG(ICC_SRE, 3, 0, 12, 12, 5, RW, icc_sre, 0) \
	REG(CNTPCT, 3, 3, 14, 0, 1, R | EL0, cntpct, 0) \
	REG(CNTP_TVAL, 3, 3, 14, 2, 0, RW | EL0, cntp_tval, 0) \
	REG(CNTP_CTL, 3, 3, 14, 2, 1, RW | EL0, cntp_ctl, 0) \
	REG(CNTP_CVAL, 3, 3, 14, 2, 2, RW | EL0, cntp_cval, 0) \
	REG(OSDTRRX, 2, 0, 0, 0, 2, RW, raz_wi, 0) \
	REG(MDCCINT, 2, 0, 0, 2, 0, RW, mdccint, 0) \
	REG(MDSCR, 2, 0, 0, 2, 2, RW, mdscr, 0) \
	REG(OSDTRTX, 2, 0, 0, 3, 2, RW, raz_wi, 0) \
	REG(OSECCR, 2, 0, 0, 6, 2, RW, raz_wi, 0) \
	REG(MDRAR, 2, 0, 1, 0, 0, R, raz_wi, 0) \
	REG(OSLAR, 2, 0, 1, 0, 4, W, oslar, 0) \
	REG(OSLSR, 2, 0, 1, 1, 4, R, oslsr, 0) \
	REG(OSDLR, 2, 0, 1, 3, 4, RW, raz_wi, 0) \
	REG(DBGPRCR, 2, 0, 1, 4, 4, RW, raz_wi, 0) \
	REG(DBGCLAIMSET, 2, 0, 7, 8, 6, RW, claim, 0) \
	REG(DBGCLAIMCLR, 2, 0, 7, 9, 6, RW, claim, 1) \
	REG(DBGAUTHSTATUS, 2, 0, 7, 14, 6, R, raz_wi, 0) \
	REG(MDCCSR, 2, 3, 0, 1, 0, R | EL0, raz_wi, 0) \
	REG(DBGDTR, 2, 3, 0, 4, 0, RW | EL0, raz_wi, 0) \
	REG(DBGDTRX, 2, 3, 0, 5, 0, RW | EL0, raz_wi, 0) \
	REG(DC_ISW, 1, 0, 7, 6, 2, W, dc_set_way, 0) \
	REG(DC_CSW, 1, 0, 7, 10, 2, W, dc_set_way, 0) \
	REG(DC_CISW, 1, 0, 7, 14, 2, W, dc_set_way, 0) \
	REG(ACTLR, 3, 0, 1, 0, 1, RW, raz_wi, 0) \
	REG(SCTLR, 3, 0, 1, 0, 0, W, sctlr, 0) \
	REG(TTBR0, 3, 0, 2, 0, 0, W, vm_control, VM_TTBR0) \
	REG(TTBR1, 3, 0, 2, 0, 1, W, vm_control, VM_TTBR1) \
	REG(TCR, 3, 0, 2, 0, 2, W, vm_control, VM_TCR) \
	REG(AFSR0, 3, 0, 5, 1, 0, W, vm_control, VM_AFSR0) \
	REG(AFSR1, 3, 0, 5, 1, 1, W, vm_control, VM_AFSR1) \
	REG(ESR, 3, 0, 5, 2, 0, W, vm_control, VM_ESR) \
	REG(FAR, 3, 0, 6, 0, 0, W, vm_control, VM_FAR) \
	REG(MAIR, 3, 0, 10, 2, 0, W, vm_control, VM_MAIR) \
	REG(AMAIR, 3, 0, 10, 3, 0, W, vm_control, VM_AMAIR) \
	REG(CONTEXTIDR, 3, 0, 13, 0, 1, W, vm_control, VM_CONTEXTIDR) \
	REG(ERRIDR, 3, 0, 5, 3, 0, R, raz_wi, 0) \
	REG(ERRSELR, 3, 0, 5, 3, 1, RW, raz_wi, 0) \
	REG(ERXFR, 3, 0, 5, 4, 0, R, raz_wi, 0) \
	REG(ERXCTLR, 3, 0, 5, 4, 1, RW, raz_wi, 0) \
	REG(ERXSTATUS, 3, 0, 5, 4, 2, RW, raz_wi, 0) \
	REG(ERXADDR, 3, 0, 5, 4, 3, RW, raz_wi, 0) \
	REG(ERXMISC0, 3, 0, 5, 5, 0, RW, raz_wi, 0) \
	REG(ERXMISC1, 3, 0, 5, 5, 1, RW, raz_wi, 0) \
	REG(REVIDR, 3, 0, 0, 0, 6, R, cpu_type, CPU_REVIDR) \
	REG(AIDR, 3, 1, 0, 0, 7, R, cpu_type, CPU_AIDR) \
	REG(CTR, 3, 3, 0, 0, 1, R | EL0, cpu_type, CPU_CTR) \
	REG(CLIDR, 3, 1, 0, 0, 1, R, cpu_type, CPU_CLIDR) \
	REG(CCSIDR, 3, 1, 0, 0, 0, R, cpu_type, CPU_CCSIDR) \
	REG(CSSELR, 3, 2, 0, 0, 0, RW, csselr, 0)

/* Row 0 is none: nothing may be done with it. */
enum {
	ROW_NONE,
#define REG(id, op0, op1, crn, crm, op2, fl, fn, a) ROW_##id,
	REGISTERS(REG)
#undef REG
	ROW_COUNT,
};

static const struct row rows[ROW_COUNT] = {
#define REG(id, op0, op1, crn, crm, op2, fl, fn, a) \
	[ROW_##id] = { SYSREG(op0, op1, crn, crm, op2), fl, a, fn },
	REGISTERS(REG)
#undef REG
};

/*
 * Row number by hash. The multiplier was found by trying: with another
 * set of registers two may want the same slot, which the compiler reports
 * (-Woverride-init); then tools/sysreg-hash.py finds a new one.
 */
#define HASH_MUL UINT32_C(0xdf229651)
#define HASH(name) (((uint32_t)(name) * HASH_MUL) >> 24)

static const uint8_t slots[256] = {
#define REG(id, op0, op1, crn, crm, op2, fl, fn, a) \
	[HASH(SYSREG(op0, op1, crn, crm, op2))] = ROW_##id,
	REGISTERS(REG)
#undef REG
};

static const struct row *find(uint32_t name)
{
	const struct row *row = &rows[slots[HASH(name)]];

	return row->name == name ? row : &rows[ROW_NONE];
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
	unsigned int slot = IDREG_SLOT((unsigned int)SYSREG_CRM(esr) & 7,
				       (unsigned int)SYSREG_OP2(esr));
	uint64_t val = features_guest_idregs[slot];

	if (unlikely(IDREG_PER_GUEST >> slot & 1)) {
		val = idreg_for_guest(slot, val, v->guest->cfg->gic_version,
				      v->arch.ipa_bits);
	}
	return val;
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

static __noinline struct outcome access_bank(struct vcpu *v, uint64_t esr,
					     uint64_t val)
{
	enum debug_bank bank = (enum debug_bank)(SYSREG_OP2(esr) & 3);
	bool ok = debug_bank_access(v, bank, (unsigned int)SYSREG_CRM(esr),
				    !(esr & ESR_SYS_READ), &val);

	return (struct outcome){ val, ok ? DONE : UNDEF };
}

static struct outcome access_register(struct vcpu *v,
				      const struct guest_regs *regs,
				      uint64_t esr, uint64_t val)
{
	bool write = !(esr & ESR_SYS_READ);
	const struct row *row;

	if (unlikely(is_debug_bank(esr)) && !from_el0(regs)) {
		return access_bank(v, esr, val);
	}
	row = find((uint32_t)(esr & ESR_SYS_NAME));
	if (!(row->flags & (write ? W : R)) ||
	    (from_el0(regs) && !(row->flags & EL0))) {
		return (struct outcome){ .result = UNDEF };
	}
	return row->access(v, row, write, val);
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

static __noinline void other_register(struct vcpu *v, struct guest_regs *regs,
				      uint64_t esr)
{
	unsigned int rt = esr_sys_rt(esr);
	struct outcome o = access_register(v, regs, esr, trap_reg(regs, rt));

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
