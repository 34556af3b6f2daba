/* SPDX-License-Identifier: GPL-2.0-or-later */
/* List registers of a GICv2 host: GICH, banked per CPU, IHI0048 5.3. */
#include <arch_impl/vgic.h>

#include "lr_ops.h"
#include "lr_v2.h"

/* Offsets in words. */
#define GICH_HCR 0x000 / 4
#define GICH_VMCR 0x008 / 4
#define GICH_ELRSR0 0x030 / 4
#define GICH_APR 0x0f0 / 4
#define GICH_LR 0x100 / 4

static uint64_t read_lr(unsigned int n)
{
	return vgic_host.gich[GICH_LR + n];
}

static void write_lr(unsigned int n, uint64_t val)
{
	vgic_host.gich[GICH_LR + n] = (uint32_t)val;
}

static uint32_t empty(void)
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

const struct vgic_lr_ops vgic_lr_gich = {
	.state_shift = LR_V2_STATE_SHIFT,
	.encode = lr_v2_encode,
	.decode = lr_v2_decode,
	.read_lr = read_lr,
	.write_lr = write_lr,
	.empty = empty,
	.read_vmcr = read_vmcr,
	.write_vmcr = write_vmcr,
	.read_hcr = read_hcr,
	.write_hcr = write_hcr,
	.read_apr = read_apr,
	.write_apr = write_apr,
};
