/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO over MMIO (VirtIO 1.2, 4.2): its registers, for the transport of the
 * guests' devices and for the driver of the host's; and the transport.
 */
#ifndef CORE_VIRTIO_MMIO_H
#define CORE_VIRTIO_MMIO_H

#include <core/emulator.h>
#include <libs/types.h>

/* 4.2.2, table 4.1: version 2. All are words, except the configuration
 * space. */
#define VIRTIO_MMIO_MAGIC_VALUE 0x000
#define VIRTIO_MMIO_VERSION 0x004
#define VIRTIO_MMIO_DEVICE_ID 0x008
#define VIRTIO_MMIO_VENDOR_ID 0x00c
#define VIRTIO_MMIO_DEVICE_FEATURES 0x010
#define VIRTIO_MMIO_DEVICE_FEATURES_SEL 0x014
#define VIRTIO_MMIO_DRIVER_FEATURES 0x020
#define VIRTIO_MMIO_DRIVER_FEATURES_SEL 0x024
#define VIRTIO_MMIO_QUEUE_SEL 0x030
#define VIRTIO_MMIO_QUEUE_NUM_MAX 0x034
#define VIRTIO_MMIO_QUEUE_NUM 0x038
#define VIRTIO_MMIO_QUEUE_READY 0x044
#define VIRTIO_MMIO_QUEUE_NOTIFY 0x050
#define VIRTIO_MMIO_INTERRUPT_STATUS 0x060
#define VIRTIO_MMIO_INTERRUPT_ACK 0x064
#define VIRTIO_MMIO_STATUS 0x070
#define VIRTIO_MMIO_QUEUE_DESC_LOW 0x080
#define VIRTIO_MMIO_QUEUE_DESC_HIGH 0x084
#define VIRTIO_MMIO_QUEUE_DRIVER_LOW 0x090
#define VIRTIO_MMIO_QUEUE_DRIVER_HIGH 0x094
#define VIRTIO_MMIO_QUEUE_DEVICE_LOW 0x0a0
#define VIRTIO_MMIO_QUEUE_DEVICE_HIGH 0x0a4
#define VIRTIO_MMIO_SHM_SEL 0x0ac
#define VIRTIO_MMIO_SHM_LEN_LOW 0x0b0
#define VIRTIO_MMIO_SHM_LEN_HIGH 0x0b4
#define VIRTIO_MMIO_SHM_BASE_LOW 0x0b8
#define VIRTIO_MMIO_SHM_BASE_HIGH 0x0bc
#define VIRTIO_MMIO_QUEUE_RESET 0x0c0
#define VIRTIO_MMIO_CONFIG_GENERATION 0x0fc
#define VIRTIO_MMIO_CONFIG 0x100

/* 4.2.4, table 4.2: those that only version 1 (legacy) has. */
#define VIRTIO_MMIO_GUEST_PAGE_SIZE 0x028
#define VIRTIO_MMIO_QUEUE_ALIGN 0x03c
#define VIRTIO_MMIO_QUEUE_PFN 0x040

#define VIRTIO_MMIO_MAGIC 0x74726976 /* "virt" */
#define VIRTIO_MMIO_LEGACY 1
#define VIRTIO_MMIO_MODERN 2

/* InterruptStatus, InterruptACK. */
#define VIRTIO_MMIO_INT_QUEUE 1
#define VIRTIO_MMIO_INT_CONFIG 2

#define VIRTIO_VENDOR 0x4c434f53 /* "SOCL", as vendor of our devices */

#define VIRTIO_MMIO_SIZE 0x200 /* bytes of a slot */

/*
 * Fields of a struct emulator whose device is behind this transport; its .name,
 * .compatible, .virtio and .props are its own, the last with VIRTIO_MMIO_PROPS
 * among them.
 */
#define VIRTIO_MMIO_EMULATOR \
	.init = virtio_mmio_init, .fini = virtio_mmio_fini, \
	.reset = virtio_mmio_reset, .access = virtio_mmio_access, \
	.pause = virtio_mmio_pause, .stopped = virtio_mmio_stopped, \
	.nregs = 1, .nirqs = 1, .min_size = VIRTIO_MMIO_SIZE, \
	.slot = "virtio,mmio", .os_compatible = virtio_mmio_os_compatible, \
	.os_props = virtio_mmio_os_props

/* Rows of struct schema_prop. */
#define VIRTIO_MMIO_PROPS \
	{ \
		.name = "transport", \
		.type = SCHEMA_CHOICE, \
		.choices = virtio_mmio_versions, \
		.otherwise = REFERENCE("modern"), \
		.doc = REFERENCE("`legacy`: for drivers from before " \
				 "VirtIO 1.0."), \
	}, \
	{ \
		.name = "ring", .type = SCHEMA_CHOICE, \
		.choices = virtio_mmio_rings, .otherwise = REFERENCE("split"), \
		.doc = REFERENCE("`packed`: packed rings are offered too."), \
	}

extern const char *const virtio_mmio_versions[];
extern const char *const virtio_mmio_rings[];
extern const char *const virtio_mmio_os_compatible[];
extern const struct emu_os_prop virtio_mmio_os_props[];

/* As struct emulator's functions of the same names; context as there. */
int virtio_mmio_init(struct emu_device *dev);
/* The device behind the transport; NULL if the slot is empty, or `dev` is
 * something else. Any context. */
struct virtio_device *virtio_mmio_device(const struct emu_device *dev);
void virtio_mmio_fini(struct emu_device *dev);
void virtio_mmio_reset(struct emu_device *dev);
void virtio_mmio_stopped(struct emu_device *dev);
void virtio_mmio_pause(struct emu_device *dev, bool paused);
int virtio_mmio_access(struct emu_device *dev, struct emu_access *a);
/* access of a slot without a device in it. */
int virtio_mmio_empty_access(struct emu_device *dev, struct emu_access *a);

#endif
