/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated virtio-mmio transport (virtio 1.2, 4.2.2) with nothing plugged in:
 * a driver finds a device ID of 0 and leaves it alone (4.2.2.2). All other
 * registers read as zero and ignore writes.
 */
#include <emu/emulator.h>

/* Virtio 1.2, table 4.1: register layout. */
#define VIRTIO_MAGIC_VALUE 0x000
#define VIRTIO_VERSION 0x004
#define VIRTIO_DEVICE_ID 0x008
#define VIRTIO_VENDOR_ID 0x00c

#define VIRTIO_MAGIC 0x74726976		/* "virt" */
#define VIRTIO_MODERN 2
#define VIRTIO_NO_DEVICE 0
#define VIRTIO_VENDOR 0x4c434f53	/* "SOCL" */

static int virtio_mmio_access(struct emu_device *dev, struct emu_access *a)
{
	(void)dev;
	if (a->write || a->size != 4) {
		return 0;		/* 4.2.2.2: drivers use words only */
	}
	switch (a->off) {
	case VIRTIO_MAGIC_VALUE:
		a->value = VIRTIO_MAGIC;
		break;
	case VIRTIO_VERSION:
		a->value = VIRTIO_MODERN;
		break;
	case VIRTIO_DEVICE_ID:
		a->value = VIRTIO_NO_DEVICE;
		break;
	case VIRTIO_VENDOR_ID:
		a->value = VIRTIO_VENDOR;
		break;
	default:
		break;
	}
	return 0;
}

static const char *const virtio_mmio_compatible[] = { "virtio,mmio", NULL };

static const struct emulator virtio_mmio_emulator = {
	.name = "virtio-mmio",
	.compatible = virtio_mmio_compatible,
	.access = virtio_mmio_access,
};
EMULATOR(virtio_mmio_emulator);
