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

enum result { DONE, UNDEF, AGAIN };

/* What may be done with a register, and by whom. */
#define R BIT(0)
#define W BIT(1)
#define EL0 BIT(2)
#define RW (R | W)

struct row;
typedef enum result (*access_t)(struct vcpu *v, const struct row *row,
				bool write, uint64_t *val);

struct row {
	uint32_t name;
	uint8_t flags;
	uint8_t arg;		/* the handler's own */
	access_t access;
};

static enum result raz_wi(struct vcpu *v, const struct row *row, bool write,
			  uint64_t *val)
{
	(void)v;
	(void)row;
	(void)write;
	(void)val;
	return DONE;
}

/* --- interrupts and time ------------------------------------------------ */

static enum result icc_sgi(struct vcpu *v, const struct row *row, bool write,
			   uint64_t *val)
{
	(void)write;
	return vgic_sgi1r(v, row->arg, *val) ? DONE : UNDEF;
}

static enum result icc_dir(struct vcpu *v, const struct row *row, bool write,
			   uint64_t *val)
{
	(void)row;
	(void)write;
	return vgic_dir(v, *val) ? DONE : UNDEF;
}

/* SRE, DFB, DIB: no legacy interface, no bypass; fixed. */
static enum result icc_sre(struct vcpu *v, const struct row *row, bool write,
			   uint64_t *val)
{
	(void)row;
	if (v->guest->cfg->gic_version != 3) {
		return UNDEF;
	}
	if (!write) {
		*val = 7;
	}
	return DONE;
}

static enum result cntp_ctl(struct vcpu *v, const struct row *row, bool write,
			    uint64_t *val)
{
	(void)row;
	if (write) {
		vtimer_write_cntp_ctl(v, *val);
	} else {
		*val = vtimer_read_cntp_ctl(v);
	}
	return DONE;
}

static enum result cntp_cval(struct vcpu *v, const struct row *row, bool write,
			     uint64_t *val)
{
	(void)row;
	if (write) {
		vtimer_write_cntp_cval(v, *val);
	} else {
		*val = vtimer_read_cntp_cval(v);
	}
	return DONE;
}

static enum result cntp_tval(struct vcpu *v, const struct row *row, bool write,
			     uint64_t *val)
{
	(void)row;
	if (write) {
		vtimer_write_cntp_tval(v, *val);
	} else {
		*val = vtimer_read_cntp_tval(v);
	}
	return DONE;
}

static enum result cntpct(struct vcpu *v, const struct row *row, bool write,
			  uint64_t *val)
{
	(void)v;
	(void)row;
	(void)write;
	*val = arch_timer_now();
	return DONE;
}

/* --- debug -------------------------------------------------------------- */

static enum result mdscr(struct vcpu *v, const struct row *row, bool write,
			 uint64_t *val)
{
	(void)row;
	if (write) {
		debug_write_mdscr(v, *val);
	} else {
		*val = v->arch.debug.mdscr;
	}
	return DONE;
}

static enum result mdccint(struct vcpu *v, const struct row *row, bool write,
			   uint64_t *val)
{
	(void)row;
	if (write) {
		v->arch.debug.mdccint = (uint32_t)(*val & GENMASK(30, 29));
	} else {
		*val = v->arch.debug.mdccint;
	}
	return DONE;
}

static enum result oslar(struct vcpu *v, const struct row *row, bool write,
			 uint64_t *val)
{
	(void)row;
	(void)write;
	debug_write_oslar(v, *val);
	return DONE;
}

/* OSLM = 0b10: the OS lock is implemented. */
static enum result oslsr(struct vcpu *v, const struct row *row, bool write,
			 uint64_t *val)
{
	(void)row;
	(void)write;
	*val = BIT(3) | (v->arch.debug.os_lock ? BIT(1) : 0);
	return DONE;
}

/* Eight tags: SET reads as ones, CLR reads the tags. */
static enum result claim(struct vcpu *v, const struct row *row, bool write,
			 uint64_t *val)
{
	bool clear = row->arg;

	if (!write) {
		*val = clear ? v->arch.debug.claim : 0xff;
	} else if (clear) {
		v->arch.debug.claim &= ~(uint32_t)*val;
	} else {
		v->arch.debug.claim |= (uint32_t)*val & 0xff;
	}
	return DONE;
}

/* --- caches and memory control ------------------------------------------ */

static enum result dc_set_way(struct vcpu *v, const struct row *row,
			      bool write, uint64_t *val)
{
	(void)row;
	(void)write;
	(void)val;
	return flush_set_way(v) ? DONE : AGAIN;
}

static enum result sctlr(struct vcpu *v, const struct row *row, bool write,
			 uint64_t *val)
{
	(void)row;
	(void)write;
	return flush_write_sctlr(v, *val) ? DONE : AGAIN;
}

enum { VM_TTBR0, VM_TTBR1, VM_TCR, VM_ESR, VM_FAR, VM_AFSR0, VM_AFSR1,
       VM_MAIR, VM_AMAIR, VM_CONTEXTIDR };

/* HCR_EL2.TVM also traps these; the guest may write them as it likes. */
static enum result vm_control(struct vcpu *v, const struct row *row,
			      bool write, uint64_t *val)
{
	(void)v;
	(void)write;
	switch (row->arg) {
	case VM_TTBR0:
		write_sysreg(*val, ttbr0_el1);
		break;
	case VM_TTBR1:
		write_sysreg(*val, ttbr1_el1);
		break;
	case VM_TCR:
		write_sysreg(*val, tcr_el1);
		break;
	case VM_ESR:
		write_sysreg(*val, esr_el1);
		break;
	case VM_FAR:
		write_sysreg(*val, far_el1);
		break;
	case VM_AFSR0:
		write_sysreg(*val, afsr0_el1);
		break;
	case VM_AFSR1:
		write_sysreg(*val, afsr1_el1);
		break;
	case VM_MAIR:
		write_sysreg(*val, mair_el1);
		break;
	case VM_AMAIR:
		write_sysreg(*val, amair_el1);
		break;
	default:
		write_sysreg(*val, contextidr_el1);
		break;
	}
	return DONE;
}

/* HCR_EL2.TID1 and TID2, set only where something in them needs hiding. */
enum { CPU_REVIDR, CPU_AIDR, CPU_CTR, CPU_CLIDR, CPU_CCSIDR };

static enum result cpu_type(struct vcpu *v, const struct row *row, bool write,
			  uint64_t *val)
{
	(void)v;
	(void)write;
	switch (row->arg) {
	case CPU_REVIDR:
		*val = read_sysreg(revidr_el1);
		break;
	case CPU_AIDR:
		*val = read_sysreg(aidr_el1);
		break;
	case CPU_CTR:
		*val = features_ctr();
		break;
	case CPU_CLIDR:
		*val = read_sysreg(clidr_el1);
		break;
	default:
		*val = read_sysreg(ccsidr_el1);
		break;
	}
	return DONE;
}

static enum result csselr(struct vcpu *v, const struct row *row, bool write,
			  uint64_t *val)
{
	(void)v;
	(void)row;
	if (write) {
		write_sysreg(*val & 0xf, csselr_el1);
		isb();
	} else {
		*val = read_sysreg(csselr_el1);
	}
	return DONE;
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
#define ID_SPACE_MASK (ESR_SYS_NAME & ~SYSREG(0, 0, 0, 15, 7))

/* Op0 3, Op1 0, CRn 0, CRm 1-7: what is not allocated reads as zero. */
static bool is_id_space(uint64_t esr)
{
	return (esr & ID_SPACE_MASK) == ID_SPACE &&
	       SYSREG_CRM(esr) - 1 < IDREG_COUNT / 8;
}

static uint64_t read_id(const struct vcpu *v, uint64_t esr)
{
	unsigned int slot = IDREG_SLOT((unsigned int)SYSREG_CRM(esr),
				       (unsigned int)SYSREG_OP2(esr));

	return idreg_for_guest(slot, features_guest_idreg(slot),
			       v->guest->cfg->gic_version,
			       v->arch.ipa_bits);
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

static enum result access_other(struct vcpu *v, const struct guest_regs *regs,
				uint64_t esr, uint64_t *val)
{
	bool write = !(esr & ESR_SYS_READ);
	const struct row *row;

	if (is_debug_bank(esr) && !from_el0(regs)) {
		return debug_bank_access(v, (enum debug_bank)
					 (SYSREG_OP2(esr) & 3),
					 (unsigned int)SYSREG_CRM(esr), write,
					 val) ? DONE : UNDEF;
	}
	row = find((uint32_t)(esr & ESR_SYS_NAME));
	if (!(row->flags & (write ? W : R)) ||
	    (from_el0(regs) && !(row->flags & EL0))) {
		return UNDEF;
	}
	return row->access(v, row, write, val);
}

static void undefined(struct vcpu *v, const struct guest_regs *regs,
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

void trap_sysreg(struct vcpu *v, struct guest_regs *regs, uint64_t esr)
{
	unsigned int rt = esr_sys_rt(esr);
	uint64_t val = 0;
	enum result result;

	if (is_id_space(esr) && (esr & ESR_SYS_READ)) {
		trap_set_reg(regs, rt, read_id(v, esr));
		trap_skip(regs, esr);
		return;
	}
	if (!(esr & ESR_SYS_READ)) {
		val = trap_reg(regs, rt);
	}
	result = access_other(v, regs, esr, &val);
	if (unlikely(result == UNDEF)) {
		undefined(v, regs, esr);
		return;
	}
	if (unlikely(result == AGAIN)) {
		return;
	}
	if (esr & ESR_SYS_READ) {
		trap_set_reg(regs, rt, val);
	}
	trap_skip(regs, esr);
}
