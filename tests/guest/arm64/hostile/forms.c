/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every form of load and store on a device, most of which the hypervisor has to
 * decode: the UART's identification registers show whether it did so correctly.
 */
#include "hostile.h"

/* PeriphID0-3, PCellID0-3: 0x11, 0x10, revision, 0, 0x0d, ... */
#define ID (GUEST_UART + 0xfe0)
#define IMSC (GUEST_UART + 0x38)

struct pair {
	uint64_t a, b;
};

/* The probe must not fault, and give a and b. */
static bool gives(struct pair p, uint64_t a, uint64_t b)
{
	return probe.count == 0 && p.a == a && p.b == b;
}

/* x0 and x1 are all ones before; x2 is the base. */
#define LOAD2(insn, base_var) \
	({ \
		struct pair pair_; \
		probe_begin(); \
		__asm__ volatile( \
			"mov x0, #-1\n\tmov x1, #-1\n\tmov x2, %2\n\t" insn \
			"\n\t" \
			"mov %2, x2\n\tmov %0, x0\n\tmov %1, x1" \
			: "=&r"(pair_.a), "=&r"(pair_.b), "+r"(base_var) \
			: \
			: "x0", "x1", "x2", "x3", "memory"); \
		pair_; \
	})

#define BASE(name, value) uint64_t name = (value)

static bool pairs(void)
{
	BASE(base, ID);
	struct pair p = LOAD2("ldp w0, w1, [x2]", base);
	bool ok = gives(p, 0x11, 0x10);

	p = LOAD2("ldnp w0, w1, [x2, #4]", base);
	ok &= gives(p, 0x10, p.b) && (p.b & ~UINT64_C(0xf0)) == 4;
	p = LOAD2("ldpsw x0, x1, [x2], #8", base);
	ok &= gives(p, 0x11, 0x10) && base == ID + 8;
	base = ID - 8;
	p = LOAD2("ldp w0, w1, [x2, #8]!", base);
	ok &= gives(p, 0x11, 0x10) && base == ID;
	p = LOAD2("ldp x0, x1, [x2]", base);
	/* 8 bytes: either as two registers, or refused. */
	return ok && probe.count <= 1;
}

static bool single(void)
{
	BASE(base, ID);
	struct pair p = LOAD2("ldr w0, [x2], #4", base);
	bool ok = gives(p, 0x11, ~UINT64_C(0)) && base == ID + 4;

	p = LOAD2("ldr w0, [x2, #-4]!", base);
	ok &= gives(p, 0x11, ~UINT64_C(0)) && base == ID;
	p = LOAD2("ldur w0, [x2, #4]", base);
	ok &= gives(p, 0x10, ~UINT64_C(0));
	p = LOAD2("ldar w0, [x2]", base);
	ok &= gives(p, 0x11, ~UINT64_C(0));
	p = LOAD2("mov x1, #4\n\tldr w0, [x2, x1, lsl #2]", base);
	ok &= gives(p, 0x0d, 4);
	p = LOAD2("mov w1, #-4\n\tadd x2, x2, #4\n\t"
		  "ldr w0, [x2, w1, sxtw]",
		  base);
	ok &= probe.count == 0 && p.a == 0x11;
	return ok;
}

static bool stores(void)
{
	BASE(base, IMSC);
	uint64_t val = 0;
	struct pair p = LOAD2("mov w0, #0x55\n\tstr w0, [x2], #0", base);
	bool ok = probe.count == 0 && probe_read(IMSC, 4, &val) &&
		  val == 0x55 && p.a == 0x55;

	/* IMSC, and RIS that ignores writes. */
	(void)LOAD2("mov w0, #0x2a\n\tstp w0, wzr, [x2]", base);
	ok &= probe.count == 0 && probe_read(IMSC, 4, &val) && val == 0x2a;
	(void)LOAD2("stlr wzr, [x2]", base);
	return ok && probe_read(IMSC, 4, &val) && val == 0;
}

/* Into x0, through a SIMD register. */
static bool simd(void)
{
	BASE(base, ID);
	struct pair p;

	guest_sysreg_write(cpacr_el1, UINT64_C(3) << 20);
	__asm__ volatile("isb");
	p = LOAD2(".arch_extension fp\n\tldr s3, [x2]\n\tfmov w0, s3", base);
	if (!gives(p, 0x11, ~UINT64_C(0))) {
		return false;
	}
	p = LOAD2(".arch_extension fp\n\tldp s3, s4, [x2], #8\n\t"
		  "fmov w0, s3\n\tfmov w1, s4",
		  base);
	return gives(p, 0x11, 0x10) && base == ID + 8;
}

/* Accesses that no device answers: one abort each, and nothing changes. */
static bool refused(void)
{
	BASE(base, ID);
	bool ok = true;

	(void)LOAD2("ldxr w0, [x2]", base);
	ok &= probe.count <= 1;
	(void)LOAD2("mov w0, #0\n\tstxr w1, w0, [x2]", base);
	ok &= probe.count <= 1;
	(void)LOAD2("ldxp w0, w1, [x2]", base);
	ok &= probe.count <= 1;
	(void)LOAD2("clrex\n\tdc zva, x2", base);
	ok &= probe.count == 1;
	(void)LOAD2(".arch_extension simd\n\tld1 {v0.4s}, [x2]", base);
	ok &= probe.count == 1;
	(void)LOAD2(".arch_extension lse\n\tldadd w0, w1, [x2]", base);
	ok &= probe.count == 1;
	(void)LOAD2("prfm pldl1keep, [x2]", base);
	return ok && probe.count == 0;
}

/* An access across the end of a region must not reach its neighbour. */
static bool boundary(void)
{
	BASE(base, GUEST_UART + 0xffc);
	uint64_t val;
	bool ok = !probe_read(GUEST_UART + 0xffc, 8, &val) && probe.count == 1;

	(void)LOAD2("ldp w0, w1, [x2]", base);
	ok &= probe.count == 1;
	(void)LOAD2("ldp x0, x1, [x2]", base);
	return ok && probe.count == 1;
}

void hostile_forms(void)
{
	probe_report("form-pair", pairs());
	probe_report("form-single", single());
	probe_report("form-store", stores());
	probe_report("form-simd", simd());
	probe_report("form-refused", refused());
	probe_report("form-boundary", boundary());
}
