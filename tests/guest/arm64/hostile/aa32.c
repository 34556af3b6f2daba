/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AArch32 at EL0, where the CPU has it: the physical timer, if opened to it, is
 * emulated; if not, the guest's kernel gets the trap. */
#include "hostile.h"

#define SPSR_USER 0x1d0 /* AArch32 User, A32, all masked */
#define SPSR_EL1H 0x3c5
#define EL0PTEN (1 << 9)
#define VECTOR_AA32_SYNC 12
#define EC_MCR 0x03
#define EC_SVC32 0x11

/* r0-r2 on entry: 0x1234, 7, 2. */
static const uint32_t timer_code[] = {
	0xec410f2e, /* mcrr p15, 2, r0, r1, c14	CNTP_CVAL */
	0xec543f2e, /* mrrc p15, 2, r3, r4, c14 */
	0xee0e2f32, /* mcr p15, 0, r2, c14, c2, 1	CNTP_CTL */
	0xe1520002, /* cmp r2, r2 */
	0x1e0e1f32, /* mcrne p15, 0, r1, c14, c2, 1 */
	0xee1e5f32, /* mrc p15, 0, r5, c14, c2, 1 */
	0xee0e1f12, /* mcr p15, 0, r1, c14, c2, 0	CNTP_TVAL */
	0xec576f2e, /* mrrc p15, 2, r6, r7, c14 */
	0xef000000, /* svc #0 */
};

static const uint32_t read_code[] = {
	0xee1e5f32, /* mrc p15, 0, r5, c14, c2, 1 */
	0xef000000, /* svc #0 */
};

static volatile uint64_t back, syndrome, r[8];

static void arrived(unsigned int vector, struct guest_frame *frame)
{
	syndrome = vector == VECTOR_AA32_SYNC ? guest_sysreg_read(esr_el1) >> 26
					      : ~UINT64_C(0);
	for (unsigned int i = 0; i < 8; i++) {
		r[i] = (uint32_t)frame->x[i];
	}
	frame->elr = back;
	frame->spsr = SPSR_EL1H;
}

/* The upper halves of registers may be lost. The MMU is off. */
static void run(const uint32_t *code)
{
	guest_on_exception = arrived;
	__asm__ volatile("stp x29, x30, [sp, #-16]!\n\t"
			 "stp x19, x20, [sp, #-16]!\n\t"
			 "stp x21, x22, [sp, #-16]!\n\t"
			 "stp x23, x24, [sp, #-16]!\n\t"
			 "stp x25, x26, [sp, #-16]!\n\t"
			 "stp x27, x28, [sp, #-16]!\n\t"
			 "adr x9, 1f\n\t"
			 "str x9, [%1]\n\t"
			 "msr elr_el1, %0\n\t"
			 "msr spsr_el1, %2\n\t"
			 "mov w0, #0x1234\n\t"
			 "mov w1, #7\n\t"
			 "mov w2, #2\n\t"
			 "eret\n"
			 "1:\n\t"
			 "ldp x27, x28, [sp], #16\n\t"
			 "ldp x25, x26, [sp], #16\n\t"
			 "ldp x23, x24, [sp], #16\n\t"
			 "ldp x21, x22, [sp], #16\n\t"
			 "ldp x19, x20, [sp], #16\n\t"
			 "ldp x29, x30, [sp], #16"
			 :
			 : "r"(code), "r"(&back), "r"((uint64_t)SPSR_USER)
			 : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8",
			   "x9", "x10", "x11", "x12", "x13", "x14", "x15",
			   "x16", "x17", "x18", "memory", "cc");
}

void hostile_aa32(void)
{
	uint64_t before;
	bool ok;

	if ((guest_sysreg_read(id_aa64pfr0_el1) & 15) != 2) {
		return;
	}
	guest_sysreg_write(cntkctl_el1, EL0PTEN);
	before = guest_sysreg_read(cntpct_el0);
	run(timer_code);
	ok = syndrome == EC_SVC32 && r[3] == 0x1234 && r[4] == 7 && r[5] == 2;
	probe_report_value("aa32-timer", ok, syndrome);
	ok = (r[7] << 32 | r[6]) >= before + 7 &&
	     (r[7] << 32 | r[6]) <= guest_sysreg_read(cntpct_el0) + 7;
	probe_report("aa32-timer-value", ok);
	guest_sysreg_write(cntkctl_el1, 0);
	run(read_code);
	probe_report_value("aa32-timer-closed", syndrome == EC_MCR, syndrome);
	guest_sysreg_write(cntp_ctl_el0, 0);
	probe_begin();
}
