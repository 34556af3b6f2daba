/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An empty slot of virtio-mmio: a driver finds a device ID of 0 and leaves it
 * alone (VirtIO 1.2, 4.2.2.2). All other registers read as zero and ignore
 * writes.
 */
#include <core/emulator.h>
#include <core/virtio_mmio.h>

static const char *const virtio_mmio_compatible[] = { "virtio,mmio", NULL };

static const struct emulator virtio_mmio_emulator = {
	.name = "virtio-mmio",
	.compatible = virtio_mmio_compatible,
	.access = virtio_mmio_empty_access,
	.nregs = 1,
	.nirqs = 1,
	.min_size = VIRTIO_MMIO_SIZE,
	.slot = "virtio,mmio",
	.os_props = virtio_mmio_os_props,
};
EMULATOR(virtio_mmio_emulator);
