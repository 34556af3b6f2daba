/* SPDX-License-Identifier: GPL-2.0-or-later */
/* List registers of a GICv2 host: GICH, banked per CPU, IHI0048 5.3. */
#include <arch_impl/vgic.h>

#include "lr_ops.h"
#include "lr_v2.h"

/* Offsets in words. */
#define GICH_HCR (0x000 / 4)
#define GICH_VMCR (0x008 / 4)
#define GICH_ELRSR0 (0x030 / 4)
#define GICH_APR (0x0f0 / 4)
#define GICH_LR (0x100 / 4)

static uint64_t read_lr(unsigned int n)
{
	return vgic_host.gich[GICH_LR + n];
}

static void write_lr(unsigned int n, uint64_t val)
{
	vgic_host.gich[GICH_LR + n] = (uint32_t)val;
}

static uint32_t read_elrsr(void)
{
	return vgic_host.gich[GICH_ELRSR0];
}

static uint64_t read_vmcr(void)
{
	return vgic_host.gich[GICH_VMCR];
}

static void write_vmcr(uint64_t val)
{
	vgic_host.gich[GICH_VMCR] = (uint32_t)val;
}

static uint64_t read_hcr(void)
{
	return vgic_host.gich[GICH_HCR];
}

static void write_hcr(uint64_t val)
{
	vgic_host.gich[GICH_HCR] = (uint32_t)val;
}

/* One register for both groups. */
static void read_apr(uint32_t *apr)
{
	apr[0] = vgic_host.gich[GICH_APR];
}

static void write_apr(const uint32_t *apr)
{
	vgic_host.gich[GICH_APR] = apr[0];
}

static void save(struct vgic_cpu *vc)
{
	for (uint32_t left = vc->lr_used; left; left &= left - 1) {
		unsigned int n = (unsigned int)__builtin_ctz(left);

		vc->lr[n] = read_lr(n);
		write_lr(n, 0);
	}
	vc->vmcr = read_vmcr();
	read_apr(vc->apr);
	write_hcr(0);
}

static void load(const struct vgic_cpu *vc)
{
	for (uint32_t left = vc->lr_used; left; left &= left - 1) {
		unsigned int n = (unsigned int)__builtin_ctz(left);

		write_lr(n, vc->lr[n]);
	}
	write_vmcr(vc->vmcr);
	write_apr(vc->apr);
	write_hcr(vc->hcr);
}

const struct vgic_lr_ops vgic_lr_gich = {
	.at = LR_V2_FORMAT,
	.encode = lr_v2_encode,
	.decode = lr_v2_decode,
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
