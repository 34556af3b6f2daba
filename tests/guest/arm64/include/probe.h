/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Executing what may fault, and seeing the result. */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stdint.h>

/* The exceptions since probe_begin(). */
struct probe {
	unsigned int count;
	uint64_t esr, far; /* of the last */
};
extern volatile struct probe probe;

/* From now on a faulting instruction is skipped and counted; a fault on
 * fetching returns to the caller (x30). */
void probe_begin(void);

static inline unsigned int probe_ec(void)
{
	return (unsigned int)(probe.esr >> 26);
}

static inline unsigned int probe_fsc(void)
{
	return (unsigned int)(probe.esr & 0x3f);
}

/* One access; true if it did not fault. */
bool probe_read(uint64_t addr, unsigned int size, uint64_t *val);
bool probe_write(uint64_t addr, unsigned int size, uint64_t val);
/* Jump there; true if it came back without a fault. */
bool probe_fetch(uint64_t addr);
/* Run one instruction with x0 = arg; its x0. */
uint64_t probe_insn(uint32_t insn, uint64_t arg);

/* "PASS name" or "FAIL name", on a line of its own. */
void probe_report(const char *name, bool ok);
/* As above, with a number that helps to find the cause. */
void probe_report_value(const char *name, bool ok, uint64_t value);

/* Identity mapping of 512 GiB: the first as normal non-cacheable memory, so
 * that misaligned accesses reach it, the rest normal cacheable. */
void probe_mmu_on(void);
void probe_mmu_off(void);
/* Entry of the table for [n GiB, (n + 1) GiB); the TLB is flushed. */
void probe_map(unsigned int gib, uint64_t desc);
#define PROBE_BLOCK_NORMAL UINT64_C(0x701) /* AF, inner shareable */
#define PROBE_BLOCK_NC UINT64_C(0x405)
#define PROBE_BLOCK_DEVICE UINT64_C(0x409)

#endif
