/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host clock: Arm PrimeCell real-time clock PL031 (DDI0224C), read once. */
#include <arch/mmu.h>
#include <core/rtc.h>
#include <drv/driver.h>
#include <drv/mmio.h>
#include <libs/error.h>

#define PL031_DR 0x000		/* DDI0224C 3.3.1: seconds */

static int pl031_probe(dt_node_t node)
{
	volatile uint8_t *regs;
	paddr_t base;
	uint64_t size;
	int err = dt_reg(node, 0, &base, &size);

	if (err) {
		return err;
	}
	regs = arch_mmu_map_device(base, size);
	if (!regs) {
		return -ERR_NOMEM;
	}
	rtc_set(mmio_read32(regs + PL031_DR));
	return 0;
}

static const char *const pl031_compatible[] = { "arm,pl031", NULL };

static const struct driver pl031_driver = {
	.name = "pl031",
	.class = DRIVER_OTHER,
	.compatible = pl031_compatible,
	.probe = pl031_probe,
};
DRIVER(pl031_driver);
