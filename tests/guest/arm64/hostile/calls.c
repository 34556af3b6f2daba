/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every firmware call number, by HVC and SMC. */
#include "hostile.h"

#define NOT_SUPPORTED UINT64_MAX

typedef uint64_t (*conduit_t)(uint64_t x0, uint64_t x1, uint64_t x2,
			      uint64_t x3);

/* Calls that do not return, or only when interrupted. */
static bool spared(uint32_t fn)
{
	switch (fn & ~UINT32_C(0x40000000)) {
	case 0x84000001: /* CPU_SUSPEND */
	case 0x84000002: /* CPU_OFF */
	case 0x84000008: /* SYSTEM_OFF */
	case 0x84000009: /* SYSTEM_RESET */
	case 0x84000012: /* SYSTEM_RESET2 */
		return true;
	default:
		return false;
	}
}

/* How many functions of one owner and convention answer. */
static unsigned int sweep(conduit_t call, uint32_t first, uint32_t n)
{
	unsigned int known = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t fn = first + i;

		if (!spared(fn) && call(fn, UINT64_MAX, UINT64_MAX,
					UINT64_MAX) != NOT_SUPPORTED) {
			known++;
		}
	}
	return known;
}

/* Fast and yielding, 32 and 64 bits, all 64 owners. */
static void sweep_all(const char *name, conduit_t call)
{
	unsigned int psci = 0, other = 0;

	probe_begin();
	for (uint32_t top = 0; top < 256; top++) {
		uint32_t first = top << 24;
		unsigned int known = sweep(call, first, 0x60) +
				     sweep(call, first + 0x7ff0, 0x20) +
				     sweep(call, first + 0xff00, 0x100);

		if (top == 0x84 || top == 0xc4) {
			psci += known;
		} else {
			other += known;
		}
	}
	/* The arguments were invalid, but PSCI knows its calls. */
	probe_report_value(name, probe.count == 0 && psci >= 5 && other < 8,
			   (uint64_t)psci << 32 | other);
}

static bool immediates(void)
{
	/* hvc #n, smc #n */
	for (uint32_t imm = 1; imm < 0x10000; imm += 97) {
		if (probe_insn(0xd4000002 | imm << 5, 0x84000000) !=
			    NOT_SUPPORTED ||
		    probe.count ||
		    probe_insn(0xd4000003 | imm << 5, 0x84000000) !=
			    NOT_SUPPORTED ||
		    probe.count) {
			return false;
		}
	}
	return true;
}

/* x4-x17 are unchanged (SMCCC 1.1 and later). */
static bool preserves(void)
{
	uint64_t changed;

	__asm__ volatile(
		"mov x0, #0x84000000\n\t"
		"mov x4, #4\n\tmov x5, #5\n\tmov x6, #6\n\tmov x7, #7\n\t"
		"mov x8, #8\n\tmov x9, #9\n\tmov x10, #10\n\tmov x11, #11\n\t"
		"mov x12, #12\n\tmov x13, #13\n\tmov x14, #14\n\t"
		"mov x15, #15\n\tmov x16, #16\n\tmov x17, #17\n\t"
		"hvc #0\n\t"
		"eor x0, x4, #4\n\t"
		"mov x1, #5\n\teor x5, x5, x1\n\torr x0, x0, x5\n\t"
		"eor x6, x6, #6\n\torr x0, x0, x6\n\t"
		"eor x7, x7, #7\n\torr x0, x0, x7\n\t"
		"eor x8, x8, #8\n\torr x0, x0, x8\n\t"
		"mov x1, #9\n\teor x9, x9, x1\n\torr x0, x0, x9\n\t"
		"mov x1, #17\n\teor x17, x17, x1\n\torr x0, x0, x17\n\t"
		"eor x16, x16, #16\n\torr x0, x0, x16\n\t"
		"mov %0, x0"
		: "=r"(changed)
		:
		: "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9",
		  "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
		  "memory");
	return changed == 0;
}

#define PV_TIME_FEATURES 0xc5000020
#define PV_TIME_ST 0xc5000021
#define STOLEN 8 /* bytes from the start of the record */

/* Calls of the stolen time service that are refused (DEN0057 3.1). */
static bool stolen_refused(void)
{
	return guest_hvc(PV_TIME_FEATURES, PV_TIME_FEATURES, 0, 0) == 0 &&
	       guest_hvc(PV_TIME_FEATURES, PV_TIME_ST, 0, 0) == 0 &&
	       guest_hvc(PV_TIME_FEATURES, PV_TIME_ST + 1, 0, 0) ==
		       NOT_SUPPORTED &&
	       guest_hvc(PV_TIME_FEATURES, UINT64_MAX, 0, 0) == NOT_SUPPORTED &&
	       /* By the 32-bit convention there is none of them. */
	       guest_hvc(0x85000020, PV_TIME_ST, 0, 0) == NOT_SUPPORTED &&
	       guest_hvc(0x85000021, 0, 0, 0) == NOT_SUPPORTED;
}

/* The record can be read, and nothing in its page written. */
static bool stolen_record(void)
{
	uint64_t record = guest_smc(PV_TIME_ST, 0, 0, 0), before, after;

	if (record == NOT_SUPPORTED || record % 64 != 0 ||
	    guest_hvc(PV_TIME_ST, 0, 0, 0) != record) {
		return false;
	}
	probe_begin();
	if (!probe_read(record, 8, &before) || before != 0 ||
	    !probe_read(record + STOLEN, 8, &before) || probe.count != 0) {
		return false;
	}
	for (uint64_t at = record & ~UINT64_C(0xfff), end = at + 0x1000;
	     at < end; at += 8) {
		probe_begin();
		if (probe_write(at, 8, UINT64_MAX) || probe.count != 1) {
			return false;
		}
	}
	probe_begin();
	return probe_read(record + STOLEN, 8, &after) && probe.count == 0 &&
	       after >= before && after != UINT64_MAX;
}

void hostile_calls(void)
{
	sweep_all("hvc-functions", guest_hvc);
	sweep_all("smc-functions", guest_smc);
	probe_report("call-immediates", immediates());
	probe_report("call-preserves", preserves());
	probe_report("psci-version",
		     guest_hvc(0x84000000, 0, 0, 0) == 0x10001 &&
			     guest_smc(0x84000000, 0, 0, 0) == 0x10001);
	probe_report("stolen-refused", stolen_refused());
	probe_report("stolen-record", stolen_record());
	probe_report("smccc-version",
		     guest_hvc(0x80000000, 0, 0, 0) == 0x10002);
	/* Reserved bits of power_state; a warm reset of an undefined type. */
	probe_report("psci-arguments",
		     (int32_t)guest_hvc(0x84000001, UINT32_MAX, 0, 0) == -2 &&
			     (int32_t)guest_hvc(0xc4000012, 1, 0, 0) == -2);
}
