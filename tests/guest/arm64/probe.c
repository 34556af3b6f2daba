/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doing what may fault: recovery, single instructions, an identity map. */
#include <guest.h>
#include <probe.h>

volatile struct probe probe;

static void recover(unsigned int vector, struct guest_frame *frame)
{
	uint64_t esr = guest_sysreg_read(esr_el1);
	unsigned int ec = (unsigned int)(esr >> 26);

	(void)vector;
	probe.count++;
	probe.esr = esr;
	probe.far = guest_sysreg_read(far_el1);
	if (ec == 0x20 || ec == 0x21 || ec == 0x22) {
		/* Nothing was executed there: return to the caller. */
		frame->elr = frame->x[30];
	} else {
		frame->elr += 4;
	}
}

void probe_begin(void)
{
	guest_on_exception = recover;
	probe.count = 0;
	probe.esr = 0;
	probe.far = 0;
}

bool probe_read(uint64_t addr, unsigned int size, uint64_t *val)
{
	uint64_t v = 0;

	probe_begin();
	switch (size) {
	case 1:
		__asm__ volatile("ldrb %w0, [%1]" : "+r"(v) : "r"(addr));
		break;
	case 2:
		__asm__ volatile("ldrh %w0, [%1]" : "+r"(v) : "r"(addr));
		break;
	case 4:
		__asm__ volatile("ldr %w0, [%1]" : "+r"(v) : "r"(addr));
		break;
	default:
		__asm__ volatile("ldr %0, [%1]" : "+r"(v) : "r"(addr));
		break;
	}
	*val = v;
	return probe.count == 0;
}

bool probe_write(uint64_t addr, unsigned int size, uint64_t val)
{
	probe_begin();
	switch (size) {
	case 1:
		__asm__ volatile("strb %w0, [%1]" : : "r"(val), "r"(addr));
		break;
	case 2:
		__asm__ volatile("strh %w0, [%1]" : : "r"(val), "r"(addr));
		break;
	case 4:
		__asm__ volatile("str %w0, [%1]" : : "r"(val), "r"(addr));
		break;
	default:
		__asm__ volatile("str %0, [%1]" : : "r"(val), "r"(addr));
		break;
	}
	return probe.count == 0;
}

bool probe_fetch(uint64_t addr)
{
	probe_begin();
	__asm__ volatile("blr %0" : : "r"(addr) : "x30", "memory");
	return probe.count == 0;
}

/* In its own page: the code is written as data. */
static uint32_t code[2] __attribute__((aligned(64)));

uint64_t probe_insn(uint32_t insn, uint64_t arg)
{
	register uint64_t x0 __asm__("x0") = arg;

	probe_begin();
	code[0] = insn;
	code[1] = 0xd65f03c0; /* ret */
	__asm__ volatile("dc cvau, %1\n\tdsb ish\n\tic ivau, %1\n\tdsb ish\n\t"
			 "isb\n\tblr %1"
			 : "+r"(x0)
			 : "r"(code)
			 : "x30", "memory", "cc");
	return x0;
}

static void report(const char *name, bool ok)
{
	guest_puts(ok ? "\nPASS " : "\nFAIL ");
	guest_puts(name);
}

void probe_report(const char *name, bool ok)
{
	report(name, ok);
	guest_puts("\n");
}

void probe_report_value(const char *name, bool ok, uint64_t value)
{
	report(name, ok);
	guest_puts(" ");
	guest_puthex(value);
	guest_puts("\n");
}

static uint64_t table[512] __attribute__((aligned(4096)));

void probe_map(unsigned int gib, uint64_t desc)
{
	table[gib] = desc;
	__asm__ volatile("dsb ish\n\ttlbi vmalle1is\n\tdsb ish\n\tisb"
			 :
			 :
			 : "memory");
}

#define SCTLR_M UINT64_C(1)

void probe_mmu_on(void)
{
	for (unsigned int i = 0; i < 512; i++) {
		table[i] = (uint64_t)i << 30 |
			   (i == 0 ? PROBE_BLOCK_NC : PROBE_BLOCK_NORMAL);
	}
	/* 0: normal write-back, 1: normal non-cacheable, 2: device. */
	guest_sysreg_write(mair_el1, 0x0044ff);
	/* 39 bits, 4K, inner shareable write-back walks, 40-bit output. */
	guest_sysreg_write(tcr_el1, UINT64_C(0x200803519));
	guest_sysreg_write(ttbr0_el1, (uint64_t)table);
	__asm__ volatile("dsb ish\n\ttlbi vmalle1is\n\tdsb ish\n\tisb"
			 :
			 :
			 : "memory");
	guest_sysreg_write(sctlr_el1, guest_sysreg_read(sctlr_el1) | SCTLR_M);
	__asm__ volatile("isb" : : : "memory");
}

void probe_mmu_off(void)
{
	guest_sysreg_write(sctlr_el1, guest_sysreg_read(sctlr_el1) & ~SCTLR_M);
	__asm__ volatile("isb\n\ttlbi vmalle1is\n\tdsb ish\n\tisb"
			 :
			 :
			 : "memory");
}
