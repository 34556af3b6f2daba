/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * More interrupts pending than there are list registers, in every combination
 * of their groups and of what distributor and CPU interface have enabled. The
 * guest must go on, and in the end get each once.
 */
#include "hostile.h"

#define GICD UINT64_C(0x08000000)
#define GICC UINT64_C(0x08010000)
#define GICR_SGI UINT64_C(0x080b0000)
#define GICC_ACK_CTL 4u /* IAR and EOIR are both groups' */
#define SGIS 16u
#define SPURIOUS 1020u

static bool v3;

/* Where SGIs' registers are. */
static uint64_t frame(void)
{
	return v3 ? GICR_SGI : GICD;
}

static void distributor(unsigned int groups)
{
	guest_write32(GICD, groups | (v3 ? 0x10 : 0));
}

static void interface(unsigned int groups)
{
	if (v3) {
		guest_sysreg_write(s3_0_c12_c12_6, groups & 1);
		guest_sysreg_write(s3_0_c12_c12_7, groups >> 1);
		__asm__ volatile("isb");
	} else {
		guest_write32(GICC, groups | GICC_ACK_CTL);
	}
}

static void open_mask(void)
{
	if (v3) {
		guest_sysreg_write(s3_0_c12_c12_5, 7); /* ICC_SRE_EL1 */
		__asm__ volatile("isb");
		guest_sysreg_write(s3_0_c4_c6_0, 0xff); /* ICC_PMR_EL1 */
	} else {
		guest_write32(GICC + 4, 0xff);
	}
}

static void send(unsigned int sgi)
{
	if (v3) {
		guest_sysreg_write(s3_0_c12_c11_5, (uint64_t)sgi << 24 | 1);
	} else {
		guest_write32(GICD + 0xf00, 2u << 24 | sgi);
	}
}

/* Acknowledge and end the first: GICv3, of a group. */
static unsigned int take(unsigned int group)
{
	uint64_t iar;

	if (!v3) {
		iar = guest_read32(GICC + 0x0c);
		if (iar < SPURIOUS) {
			guest_write32(GICC + 0x10, (uint32_t)iar);
		}
		return (unsigned int)iar;
	}
	if (group) {
		iar = guest_sysreg_read(s3_0_c12_c12_0);
		if (iar < SPURIOUS) {
			guest_sysreg_write(s3_0_c12_c12_1, iar);
		}
	} else {
		iar = guest_sysreg_read(s3_0_c12_c8_0);
		if (iar < SPURIOUS) {
			guest_sysreg_write(s3_0_c12_c8_1, iar);
		}
	}
	return (unsigned int)iar;
}

/*
 * Does every interrupt come exactly once? The order of equal priorities is
 * IMPLEMENTATION DEFINED, so both groups are tried in turn. Waits some time for
 * the next.
 */
static bool take_all(uint32_t group1)
{
	uint32_t got = 0;

	for (unsigned int i = 0; i < 8 * SGIS; i++) {
		unsigned int intid = take(i & 1);

		if (intid >= SGIS) {
			continue;
		}
		if ((got >> intid & 1) ||
		    (v3 && (group1 >> intid & 1) != (i & 1))) {
			return false;
		}
		got |= 1u << intid;
	}
	return got == 0xffff;
}

static bool more_than_lrs(uint32_t group1, unsigned int dist, unsigned int face)
{
	distributor(3);
	interface(3);
	guest_write32(frame() + 0x80, group1);
	guest_write32(frame() + 0x100, 0xffff);
	interface(face);
	distributor(dist);
	for (unsigned int i = 0; i < SGIS; i++) {
		send(i);
	}
	/* This is not reached if the hypervisor never returns to the guest. */
	for (unsigned int i = 0; i < 100; i++) {
		guest_hvc(0x84000000, 0, 0, 0);
	}
	distributor(3);
	interface(3);
	return take_all(group1);
}

void hostile_interrupts(void)
{
	static const uint32_t groups[] = { 0, 0xffff, 0x00ff, 0x5555, 0xfffe };
	bool ok = true;

	v3 = (guest_sysreg_read(id_aa64pfr0_el1) >> 24 & 15) != 0;
	probe_begin();
	open_mask();
	for (unsigned int i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		for (unsigned int n = 0; n < 16; n++) {
			ok = more_than_lrs(groups[i], n & 3, n >> 2) && ok;
		}
	}
	guest_write32(frame() + 0x180, 0xffff);
	distributor(0);
	interface(0);
	probe_report("more-than-lrs", ok && probe.count == 0);
}
