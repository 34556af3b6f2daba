/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program at EL0 that has access to one device, and whose store continues
 * into the next page: that is the interrupt controller, which only its kernel
 * may access.
 */
#include "hostile.h"

#define GICD UINT64_C(0x8000000)
#define FLASH_END GICD /* the second bank ends there */
#define WINDOW 510
#define WINDOW_VA (UINT64_C(WINDOW) << 30)

#define PAGE_NC UINT64_C(0x407) /* AF, attributes 1 */
#define PAGE_USER (UINT64_C(1) << 6)
#define SPSR_EL0T 0x3c0
#define SPSR_EL1H 0x3c5
#define EC_DATA_LOWER 0x24
#define EC_SVC64 0x15
#define DFSC_PERMISSION_3 0x0f
#define WNR 0x40

static uint64_t level2[512] __attribute__((aligned(4096)));
static uint64_t level3[512] __attribute__((aligned(4096)));

static const uint32_t store_pair[] = {
	0x29000440, /* stp w0, w1, [x2] */
	0xd4000001, /* svc #0 */
};
static const uint32_t store_across[] = {
	0xf9000040, /* str x0, [x2] */
	0xd4000001, /* svc #0 */
};

static volatile uint64_t back, esr, far;

static void arrived(unsigned int vector, struct guest_frame *frame)
{
	(void)vector;
	esr = guest_sysreg_read(esr_el1);
	far = guest_sysreg_read(far_el1);
	frame->elr = back;
	frame->spsr = SPSR_EL1H;
}

/* At EL0, with x0-x2. */
static void run(const uint32_t *code, uint64_t a, uint64_t b, uint64_t addr)
{
	register uint64_t x0 __asm__("x0") = a;
	register uint64_t x1 __asm__("x1") = b;
	register uint64_t x2 __asm__("x2") = addr;

	guest_on_exception = arrived;
	__asm__ volatile("adr x9, 1f\n\t"
			 "str x9, [%4]\n\t"
			 "msr elr_el1, %3\n\t"
			 "msr spsr_el1, %5\n\t"
			 "eret\n"
			 "1:"
			 : "+r"(x0), "+r"(x1), "+r"(x2)
			 : "r"(code), "r"(&back), "r"((uint64_t)SPSR_EL0T)
			 : "x9", "memory", "cc");
}

/* EL0 can access the flash's last page; the next page, the distributor, only
 * with `user`. */
static void map(uint64_t user)
{
	level2[0] = (uint64_t)level3 | 3;
	level3[0] = (FLASH_END - 4096) | PAGE_NC | PAGE_USER;
	level3[1] = GICD | PAGE_NC | user;
	probe_map(WINDOW, (uint64_t)level2 | 3);
}

static bool refused(void)
{
	return esr >> 26 == EC_DATA_LOWER && far == WINDOW_VA + 4096 &&
	       (esr & (WNR | 0x3f)) == (WNR | DFSC_PERMISSION_3);
}

void hostile_el0(void)
{
	uint64_t ctlr, now;
	bool ok;

	if (!probe_read(GICD, 4, &ctlr)) {
		probe_report("el0-next-page", false);
		return;
	}
	map(0);
	/* 0xff: the flash reads as an array. */
	run(store_pair, 0xff, ctlr ^ 1, WINDOW_VA + 4096 - 4);
	ok = refused() && probe_read(GICD, 4, &now) && now == ctlr;
	probe_report_value("el0-next-page", ok, esr);
	run(store_across, (ctlr ^ 1) << 32 | 0xff, 0, WINDOW_VA + 4096 - 4);
	ok = refused() && probe_read(GICD, 4, &now) && now == ctlr;
	probe_report_value("el0-across", ok, esr);
	/* If its kernel allows it, the access is done. */
	map(PAGE_USER);
	run(store_pair, 0xff, ctlr ^ 1, WINDOW_VA + 4096 - 4);
	ok = esr >> 26 == EC_SVC64 && probe_read(GICD, 4, &now) &&
	     now == (ctlr ^ 1);
	probe_report_value("el0-granted", ok, esr);
	(void)probe_write(GICD, 4, ctlr);
	probe_map(WINDOW, 0);
	probe_begin();
}
