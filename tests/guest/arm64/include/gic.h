/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interrupt controller of the default machine, version 2 or 3, for guests
 * with one VCPU that never unmask: they wait, and take what is pending. */
#ifndef GIC_H
#define GIC_H

#include <guest.h>

#define GICD 0x08000000UL
#define GICC 0x08010000UL
#define GICR_SGI 0x080b0000UL /* of the first VCPU */

#define GIC_VIRTIO(n) (48 + (n)) /* of VIRTIO_SLOT(n): an edge */
#define GIC_TIMER 27             /* of the virtual timer: a level */

static inline bool gic_is_v3(void)
{
	return (guest_sysreg_read(id_aa64pfr0_el1) >> 24 & 15) != 0;
}

static inline void gic_init(void)
{
	if (!gic_is_v3()) {
		guest_write32(GICD, 1);
		guest_write32(GICC + 4, 0xff);
		guest_write32(GICC, 1);
		return;
	}
	guest_write32(GICD, 0x12);             /* ARE, group 1 */
	guest_sysreg_write(s3_0_c12_c12_5, 7); /* ICC_SRE_EL1 */
	__asm__ volatile("isb");
	guest_sysreg_write(s3_0_c4_c6_0, 0xff); /* ICC_PMR_EL1 */
	guest_sysreg_write(s3_0_c12_c12_7, 1);  /* ICC_IGRPEN1_EL1 */
	__asm__ volatile("isb");
}

/* A PPI, or an SPI that is an edge, as the tree says (GICD_ICFGR). */
static inline void gic_enable(uint32_t intid)
{
	uint32_t word = intid / 32 * 4, bit = 1U << intid % 32;
	uint32_t edge = 2U << (intid % 16 * 2);
	uint64_t frame = gic_is_v3() && intid < 32 ? GICR_SGI : GICD;

	if (intid >= 32) {
		uint64_t config = GICD + 0xc00 + intid / 16 * 4;

		guest_write32(config, guest_read32(config) | edge);
	}
	if (gic_is_v3()) {
		guest_write32(frame + 0x80 + word,
			      guest_read32(frame + 0x80 + word) | bit);
		if (intid >= 32) {
			guest_write32(GICD + 0x6000 + 8 * intid, 0);
			guest_write32(GICD + 0x6004 + 8 * intid, 0);
		}
	} else if (intid >= 32) {
		*(volatile uint8_t *)(GICD + 0x800 + intid) = 1;
	}
	guest_write32(frame + 0x100 + word, bit);
}

/* Acknowledge the pending interrupt, as GICC_IAR; 1020 and above: none. */
static inline uint32_t gic_take(void)
{
	return gic_is_v3() ? (uint32_t)guest_sysreg_read(s3_0_c12_c12_0)
			   : guest_read32(GICC + 0xc);
}

static inline void gic_end(uint32_t iar)
{
	if (gic_is_v3()) {
		guest_sysreg_write(s3_0_c12_c12_1, iar);
	} else {
		guest_write32(GICC + 0x10, iar);
	}
}

#endif
