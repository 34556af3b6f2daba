/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host clock: Arm PrimeCell real-time clock PL031 (DDI0224C), read once. */
#include <arch/mmio.h>
#include <core/device.h>
#include <core/rtc.h>
#include <libs/error.h>

#define PL031_DR 0x000 /* DDI0224C 3.3.1: seconds */

static int pl031_probe(struct device *dev)
{
	volatile void *regs;
	int err = device_map(dev, 0, &regs, NULL);

	if (err) {
		return err;
	}
	rtc_set(mmio_read32((volatile uint8_t *)regs + PL031_DR));
	return 0;
}

/*
 * Nothing to do: the time was read once, and the device is not used after that.
 */
static void pl031_remove(struct device *dev)
{
	(void)dev;
}

static const char *const pl031_compatible[] = { "arm,pl031", NULL };

static const struct driver pl031_driver = {
	.name = "pl031",
	.class = DEVICE_RTC,
	.compatible = pl031_compatible,
	.probe = pl031_probe,
	.remove = pl031_remove,
};
DRIVER(pl031_driver);
