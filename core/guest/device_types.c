/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of devices by their compatible, beyond their emulators. */
#include <string.h>

#include "config_priv.h"

#define STRINGS(field, s) .field = (s), .field##_len = sizeof(s)
#define END_OF_CELLS \
	{ \
		NULL, 0 \
	}

const struct device_type device_types[] = {
	{
		.compatible = "arm,pl011",
		STRINGS(os_compatible, "arm,pl011\0arm,primecell"),
		.nregs = 1,
		.nirqs = 1,
		.min_size = KIB(4),
		.console = true,
		.nclocks = 2,
		STRINGS(clock_names, "uartclk\0apb_pclk"),
	},
	{
		.compatible = "arm,pl031",
		STRINGS(os_compatible, "arm,pl031\0arm,primecell"),
		.nregs = 1,
		.nirqs = 1,
		.min_size = KIB(4),
		.nclocks = 1,
		STRINGS(clock_names, "apb_pclk"),
	},
	{
		.compatible = "arm,pl061",
		STRINGS(os_compatible, "arm,pl061\0arm,primecell"),
		.nregs = 1,
		.nirqs = 1,
		.min_size = KIB(4),
		.power_key = true,
		.nclocks = 1,
		STRINGS(clock_names, "apb_pclk"),
		.cells = { { "#gpio-cells", 2 },
			   { "gpio-controller", -1 },
			   END_OF_CELLS },
	},
	{
		.compatible = "arm,sp805",
		STRINGS(os_compatible, "arm,sp805\0arm,primecell"),
		.nregs = 1,
		.nirqs = 1,
		.min_size = KIB(4),
		.nclocks = 2,
		STRINGS(clock_names, "wdog_clk\0apb_pclk"),
	},
	{
		.compatible = "ns16550a",
		STRINGS(os_compatible, "ns16550a"),
		.nregs = 1,
		.nirqs = 1,
		.min_size = 8,
		.console = true,
		/* 115200 baud is a divisor of one. */
		.cells = { { "clock-frequency", 1843200 }, END_OF_CELLS },
	},
	{
		.compatible = "cfi-flash",
		STRINGS(os_compatible, "cfi-flash"),
		.min_size = KIB(256),
		.cells = { { "bank-width", 4 }, END_OF_CELLS },
	},
	{
		.compatible = "qemu,fw-cfg-mmio",
		STRINGS(os_compatible, "qemu,fw-cfg-mmio"),
		.nregs = 1,
		.min_size = 0x18,
		.dma_coherent = true,
	},
	{
		.compatible = "virtio,mmio",
		STRINGS(os_compatible, "virtio,mmio"),
		.nregs = 1,
		.nirqs = 1,
		.min_size = 0x200,
		.dma_coherent = true,
	},
};
const unsigned int device_type_count = ARRAY_SIZE(device_types);

const struct device_type *device_type_find(const char *compatible)
{
	unsigned int i;

	for (i = 0; i < device_type_count; i++) {
		if (strcmp(device_types[i].compatible, compatible) == 0) {
			return &device_types[i];
		}
	}
	return NULL;
}
