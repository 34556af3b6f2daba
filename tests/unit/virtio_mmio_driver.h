/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver's side of virtio-mmio (VirtIO 1.2, 4.2.3), for tests of devices: it
 * uses fake_dev of emu_fake.h, and queues of virtio_driver.h. */
#ifndef TESTS_UNIT_VIRTIO_MMIO_DRIVER_H
#define TESTS_UNIT_VIRTIO_MMIO_DRIVER_H

#include <core/virtio_mmio.h>

#include "tests/unit/virtio_driver.h"

#define MMIO_STARTED \
	(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | \
	 VIRTIO_STATUS_FEATURES_OK)

/* Negotiate as in 3.1.1, up to FEATURES_OK; true if it stays set. */
static inline bool mmio_negotiate(uint64_t features)
{
	wr(VIRTIO_MMIO_STATUS, 0);
	wr(VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE);
	wr(VIRTIO_MMIO_STATUS,
	   VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	for (unsigned int i = 0; i < 2; i++) {
		wr(VIRTIO_MMIO_DRIVER_FEATURES_SEL, i);
		wr(VIRTIO_MMIO_DRIVER_FEATURES,
		   (uint32_t)(features >> (32 * i)));
	}
	wr(VIRTIO_MMIO_STATUS, MMIO_STARTED);
	return rd(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK;
}

static inline uint64_t mmio_offered(void)
{
	uint64_t low;

	wr(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	low = rd(VIRTIO_MMIO_DEVICE_FEATURES);
	wr(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	return low | (uint64_t)rd(VIRTIO_MMIO_DEVICE_FEATURES) << 32;
}

static inline void mmio_address(uint64_t reg, uint64_t ipa)
{
	wr(reg, (uint32_t)ipa);
	wr(reg + 4, (uint32_t)(ipa >> 32));
}

/* Set up `d` at `base` as queue `index` (4.2.3.2); true if the device accepts
 * it. */
static inline bool mmio_queue(struct drv *d, uint32_t index, uint64_t base,
			      uint16_t size, uint64_t features)
{
	drv_init(d, base, size, features);
	wr(VIRTIO_MMIO_QUEUE_SEL, index);
	wr(VIRTIO_MMIO_QUEUE_NUM, size);
	mmio_address(VIRTIO_MMIO_QUEUE_DESC_LOW, DRV_DESC(d));
	mmio_address(VIRTIO_MMIO_QUEUE_DRIVER_LOW, DRV_DRIVER(d));
	mmio_address(VIRTIO_MMIO_QUEUE_DEVICE_LOW, DRV_DEVICE(d));
	wr(VIRTIO_MMIO_QUEUE_READY, 1);
	return rd(VIRTIO_MMIO_QUEUE_READY) == 1;
}

static inline void mmio_driver_ok(void)
{
	wr(VIRTIO_MMIO_STATUS, MMIO_STARTED | VIRTIO_STATUS_DRIVER_OK);
}

/* Kick, and again while the device has more to do than one trap allows. Returns
 * the number of kicks. */
static inline unsigned int mmio_kick(uint32_t index)
{
	uint64_t v = index;
	unsigned int n = 0;
	int err;

	do {
		err = fake_access(0, VIRTIO_MMIO_QUEUE_NOTIFY, 4, true, &v);
		fake_check(err == 0 || err == -ERR_BUSY);
		n++;
	} while (err);
	return n;
}

#endif
