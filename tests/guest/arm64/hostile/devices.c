/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every register of every device at every size and misalignment, with the most
 * harmful values. This comes last, because the devices are unusable afterwards.
 */
#include "hostile.h"

struct area {
	const char *name;
	uint64_t base;
	uint32_t size;
	uint32_t step;
};

/* QEMU virt's, which is the default machine. */
static const struct area areas[] = {
	{ "flash", 0x00000000, 0x4000, 1 },
	{ "gicd", 0x08000000, 0x1000, 4 },
	{ "gicd-rest", 0x08001000, 0xf000, 16 },
	{ "gicc", 0x08010000, 0x2000, 4 },
	{ "its", 0x08080000, 0x20000, 64 },
	{ "gicr", 0x080a0000, 0x100, 4 },
	{ "gicr-rest", 0x080a0100, 0xff00, 64 },
	{ "gicr-sgi", 0x080b0000, 0x1000, 4 },
	{ "gicr-sgi-rest", 0x080b1000, 0xf000, 64 },
	{ "gicr-other", 0x080c0000, 0x20000, 64 },
	{ "rtc", 0x09010000, 0x1000, 1 },
	{ "fw-cfg", 0x09020000, 0x1000, 1 },
	{ "gpio", 0x09030000, 0x1000, 1 },
	{ "smmu", 0x09050000, 0x20000, 64 },
	{ "platform-bus", 0x0c000000, 0x10000, 64 },
	{ "virtio", 0x0a000000, 0x4000, 1 },
	{ "pcie-window", 0x10000000, 0x10000, 64 },
	{ "pcie-io", 0x3eff0000, 0x10000, 64 },
	{ "uart", 0x09000000, 0x1000, 1 },
};

static const uint64_t values[] = {
	0,
	UINT64_MAX,
	UINT64_C(0x5555aaaa5555aaaa),
};

static void read_all(const struct area *a)
{
	uint64_t val;

	for (uint32_t off = 0; off < a->size; off += a->step) {
		for (unsigned int size = 1; size <= 8; size *= 2) {
			(void)probe_read(a->base + off, size, &val);
			if (a->step == 4) {
				(void)probe_read(a->base + off + 3, size, &val);
			}
		}
	}
}

static void write_all(const struct area *a, uint64_t val)
{
	for (uint32_t off = 0; off < a->size; off += a->step) {
		for (unsigned int size = 1; size <= 8; size *= 2) {
			(void)probe_write(a->base + off, size, val);
		}
	}
}

/* Make the UART work again: enabled, no loopback, interrupts masked. */
static void uart_restore(void)
{
	(void)probe_write(GUEST_UART + 0x38, 4, 0);
	(void)probe_write(GUEST_UART + 0x2c, 4, 0x70);
	(void)probe_write(GUEST_UART + 0x30, 4, 0x301);
}

/* The last report must not be lost: only these two registers may matter
 * afterwards. */
static bool uart_answers(void)
{
	uint64_t id;

	return probe_read(GUEST_UART + 0xfe0, 4, &id) && id == 0x11;
}

void hostile_devices(void)
{
	for (unsigned int i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
		const struct area *a = &areas[i];

		read_all(a);
		for (unsigned int v = 0; v < sizeof(values) / sizeof(values[0]);
		     v++) {
			write_all(a, values[v]);
		}
		read_all(a);
		uart_restore();
		probe_report(a->name, uart_answers());
	}
}
