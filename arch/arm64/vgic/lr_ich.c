/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * List registers of a GICv3 host: ICH_*_EL2, IHI0069 12.4. Writes are made
 * visible to the virtual CPU interface by the exception return.
 */
#include <arch_impl/cpu.h>
#include <arch_impl/vgic.h>

#include "lr_ops.h"
#include "lr_v3.h"

/* By encoding: assemblers know the names only with a newer -march. */
#define ICH_AP0R(n) s3_4_c12_c8_##n
#define ICH_AP1R(n) s3_4_c12_c9_##n
#define ICH_ELRSR s3_4_c12_c11_5
#define ICH_HCR s3_4_c12_c11_0
#define ICH_VMCR s3_4_c12_c11_7
#define ICH_LR_LOW(n) s3_4_c12_c12_##n  /* LR0 to LR7 */
#define ICH_LR_HIGH(n) s3_4_c12_c13_##n /* LR8 to LR15 */

#define READ(reg) READ_1(reg)
#define READ_1(reg) read_sysreg(reg)
#define WRITE(val, reg) WRITE_1(val, reg)
#define WRITE_1(val, reg) write_sysreg(val, reg)

static uint64_t read_lr(unsigned int n)
{
	switch (n) {
	case 0:
		return READ(ICH_LR_LOW(0));
	case 1:
		return READ(ICH_LR_LOW(1));
	case 2:
		return READ(ICH_LR_LOW(2));
	case 3:
		return READ(ICH_LR_LOW(3));
	case 4:
		return READ(ICH_LR_LOW(4));
	case 5:
		return READ(ICH_LR_LOW(5));
	case 6:
		return READ(ICH_LR_LOW(6));
	case 7:
		return READ(ICH_LR_LOW(7));
	case 8:
		return READ(ICH_LR_HIGH(0));
	case 9:
		return READ(ICH_LR_HIGH(1));
	case 10:
		return READ(ICH_LR_HIGH(2));
	case 11:
		return READ(ICH_LR_HIGH(3));
	case 12:
		return READ(ICH_LR_HIGH(4));
	case 13:
		return READ(ICH_LR_HIGH(5));
	case 14:
		return READ(ICH_LR_HIGH(6));
	default:
		return READ(ICH_LR_HIGH(7));
	}
}

static void write_lr(unsigned int n, uint64_t val)
{
	switch (n) {
	case 0:
		WRITE(val, ICH_LR_LOW(0));
		break;
	case 1:
		WRITE(val, ICH_LR_LOW(1));
		break;
	case 2:
		WRITE(val, ICH_LR_LOW(2));
		break;
	case 3:
		WRITE(val, ICH_LR_LOW(3));
		break;
	case 4:
		WRITE(val, ICH_LR_LOW(4));
		break;
	case 5:
		WRITE(val, ICH_LR_LOW(5));
		break;
	case 6:
		WRITE(val, ICH_LR_LOW(6));
		break;
	case 7:
		WRITE(val, ICH_LR_LOW(7));
		break;
	case 8:
		WRITE(val, ICH_LR_HIGH(0));
		break;
	case 9:
		WRITE(val, ICH_LR_HIGH(1));
		break;
	case 10:
		WRITE(val, ICH_LR_HIGH(2));
		break;
	case 11:
		WRITE(val, ICH_LR_HIGH(3));
		break;
	case 12:
		WRITE(val, ICH_LR_HIGH(4));
		break;
	case 13:
		WRITE(val, ICH_LR_HIGH(5));
		break;
	case 14:
		WRITE(val, ICH_LR_HIGH(6));
		break;
	default:
		WRITE(val, ICH_LR_HIGH(7));
		break;
	}
}

static uint32_t read_elrsr(void)
{
	return (uint32_t)READ(ICH_ELRSR);
}

static uint64_t read_vmcr(void)
{
	return READ(ICH_VMCR);
}

static void write_vmcr(uint64_t val)
{
	WRITE(val, ICH_VMCR);
}

static uint64_t read_hcr(void)
{
	return READ(ICH_HCR);
}

static void write_hcr(uint64_t val)
{
	WRITE(val, ICH_HCR);
}

/* 1, 2 or 4 words of each group, after the number of preemption bits. */
static inline void read_apr(uint32_t *apr)
{
	uint32_t *ap1 = apr + vgic_host.nr_apr;

	apr[0] = (uint32_t)READ(ICH_AP0R(0));
	ap1[0] = (uint32_t)READ(ICH_AP1R(0));
	if (vgic_host.nr_apr >= 2) {
		apr[1] = (uint32_t)READ(ICH_AP0R(1));
		ap1[1] = (uint32_t)READ(ICH_AP1R(1));
	}
	if (vgic_host.nr_apr == 4) {
		apr[2] = (uint32_t)READ(ICH_AP0R(2));
		apr[3] = (uint32_t)READ(ICH_AP0R(3));
		ap1[2] = (uint32_t)READ(ICH_AP1R(2));
		ap1[3] = (uint32_t)READ(ICH_AP1R(3));
	}
}

static inline void write_apr(const uint32_t *apr)
{
	const uint32_t *ap1 = apr + vgic_host.nr_apr;

	WRITE(apr[0], ICH_AP0R(0));
	WRITE(ap1[0], ICH_AP1R(0));
	if (vgic_host.nr_apr >= 2) {
		WRITE(apr[1], ICH_AP0R(1));
		WRITE(ap1[1], ICH_AP1R(1));
	}
	if (vgic_host.nr_apr == 4) {
		WRITE(apr[2], ICH_AP0R(2));
		WRITE(apr[3], ICH_AP0R(3));
		WRITE(ap1[2], ICH_AP1R(2));
		WRITE(ap1[3], ICH_AP1R(3));
	}
}

/* One by one, for a register's number is in the instruction. Few are in use,
 * and these are the first. */
#define FIRST_LRS(LR) \
	LR(0, ICH_LR_LOW(0)) \
	LR(1, ICH_LR_LOW(1)) \
	LR(2, ICH_LR_LOW(2)) \
	LR(3, ICH_LR_LOW(3))
#define FIRST_LRS_MASK 0xfU

static __noinline void save_others(struct vgic_cpu *vc, uint32_t left)
{
	for (; left; left &= left - 1) {
		unsigned int n = (unsigned int)__builtin_ctz(left);

		vc->lr[n] = read_lr(n);
		write_lr(n, 0);
	}
}

static __noinline void load_others(const struct vgic_cpu *vc, uint32_t left)
{
	for (; left; left &= left - 1) {
		unsigned int n = (unsigned int)__builtin_ctz(left);

		write_lr(n, vc->lr[n]);
	}
}

static void save(struct vgic_cpu *vc)
{
	const uint32_t used = vc->lr_used;

	vc->vmcr = READ(ICH_VMCR);
	read_apr(vc->apr);
	if (used) {
#define LR(n, reg) \
	if (used & (1U << (n))) { \
		vc->lr[n] = READ(reg); \
		WRITE(UINT64_C(0), reg); \
	}
		FIRST_LRS(LR)
#undef LR
		if (unlikely(used & ~FIRST_LRS_MASK)) {
			save_others(vc, used & ~FIRST_LRS_MASK);
		}
	}
	WRITE(UINT64_C(0), ICH_HCR);
}

static void load(const struct vgic_cpu *vc)
{
	const uint32_t used = vc->lr_used;

	WRITE(vc->vmcr, ICH_VMCR);
	write_apr(vc->apr);
	if (used) {
#define LR(n, reg) \
	if (used & (1U << (n))) { \
		WRITE(vc->lr[n], reg); \
	}
		FIRST_LRS(LR)
#undef LR
		if (unlikely(used & ~FIRST_LRS_MASK)) {
			load_others(vc, used & ~FIRST_LRS_MASK);
		}
	}
	WRITE(vc->hcr, ICH_HCR);
}

const struct vgic_lr_ops vgic_lr_ich = {
	.at = LR_V3_FORMAT,
	.encode = lr_v3_encode,
	.decode = lr_v3_decode,
	.read_lr = read_lr,
	.write_lr = write_lr,
	.read_elrsr = read_elrsr,
	.read_vmcr = read_vmcr,
	.write_vmcr = write_vmcr,
	.read_hcr = read_hcr,
	.write_hcr = write_hcr,
	.read_apr = read_apr,
	.write_apr = write_apr,
	.save = save,
	.load = load,
};
