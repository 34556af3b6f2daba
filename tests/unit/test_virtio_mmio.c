/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO devices as drivers see them over MMIO: features and status, queues,
 * interrupts on edge and level lines, configuration, and requests in flight at
 * a reset, a pause and the end. The kind under test keeps requests until the
 * test lets it return them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <core/schema.h>
#include <core/virtio.h>

#include "tests/unit/virtio_mmio_driver.h"

#define QUEUE(i) (FAKE_RAM_BASE + (i)*DRV_AREA)
#define DATA (FAKE_RAM_BASE + 0x10000)
#define SIZE 16
#define RING_FEATURES (VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX)

/* --- the kind under test ------------------------------------------------- */

#define KEEP_ID 0x3e
#define KEEP_FEATURE BIT(3)
#define KEEP_REFUSED BIT(4) /* accept() refuses it */
#define KEPT_MAX 64

static struct virtio_device *keep;
static struct kept {
	struct virtqueue *vq;
	struct io_segment segs[4];
	struct virtq_chain chain;
} kept[KEPT_MAX];
static unsigned int nkept, cancels, starts, resets;
static bool cancel_works, fail_init;
static uint64_t capacity; /* in the configuration */

static int keep_init(struct virtio_device *vd)
{
	keep = vd;
	nkept = cancels = starts = resets = 0;
	cancel_works = false;
	return fail_init ? -ERR_NOENT : 0;
}

static int keep_kick(struct virtio_device *vd, struct virtqueue *vq)
{
	unsigned long flags = virtqueue_lock(vq);
	struct kept *k = &kept[nkept];

	assert_ptr_equal(vd, keep);
	do {
		k->chain.segs = k->segs;
		k->chain.max = ARRAY_SIZE(k->segs);
		k->vq = vq;
		while (nkept < KEPT_MAX - 1 &&
		       virtqueue_pop(vq, &k->chain) == 1) {
			k = &kept[++nkept];
			k->chain.segs = k->segs;
			k->chain.max = ARRAY_SIZE(k->segs);
			k->vq = vq;
		}
	} while (virtqueue_kicks_on(vq));
	virtqueue_unlock(vq, flags);
	return 0;
}

/* Return the oldest request. */
static void let_go(uint32_t written)
{
	assert_true(nkept > 0);
	virtio_done(kept[0].vq, &kept[0].chain, written);
	nkept--;
	memmove(kept, kept + 1, nkept * sizeof(kept[0]));
}

static void keep_cancel(struct virtio_device *vd, struct virtqueue *vq)
{
	(void)vd;
	(void)vq;
	cancels++;
	while (cancel_works && nkept) {
		let_go(0);
	}
}

static void keep_reset(struct virtio_device *vd)
{
	assert_held(&vd->lock);
	resets++;
}

static bool keep_accept(struct virtio_device *vd)
{
	return !virtio_has(vd, KEEP_REFUSED);
}

static void keep_start(struct virtio_device *vd)
{
	(void)vd;
	starts++;
}

static uint64_t keep_config_read(struct virtio_device *vd, uint32_t off,
				 uint32_t size)
{
	assert_held(&vd->lock);
	return (capacity >> (8 * off)) & (~UINT64_C(0) >> (64 - 8 * size));
}

static void keep_pause(struct virtio_device *vd, bool paused)
{
	(void)vd;
	(void)paused; /* requests that are kept just wait */
}

static const struct virtio_kind keep_kind = {
	.id = KEEP_ID,
	.max_queues = 2,
	.queue_size = SIZE,
	.config_size = 8,
	.state_size = 16,
	.features = KEEP_FEATURE | KEEP_REFUSED,
	.init = keep_init,
	.cancel = keep_cancel,
	.reset = keep_reset,
	.accept = keep_accept,
	.start = keep_start,
	.kick = keep_kick,
	.config_read = keep_config_read,
	.pause = keep_pause,
};

static const struct schema_prop keep_props[] = { VIRTIO_MMIO_PROPS,
						 { .name = NULL } };
static const char *const keep_compatible[] = { "test,keep", NULL };
static const struct emulator keep_emulator = {
	.name = "keep",
	.compatible = keep_compatible,
	.virtio = &keep_kind,
	.props = keep_props,
	VIRTIO_MMIO_EMULATOR,
};
EMULATOR(keep_emulator);

/* --- the machine around it ----------------------------------------------- */

static struct drv drv[2];

static void power_on(const char *transport, const char *ring, bool edge)
{
	fake_config("test,keep", VIRTIO_MMIO_SIZE);
	fake_node_begin();
	assert_int_equal(fdt_property_string(fake_blob, "transport", transport),
			 0);
	assert_int_equal(fdt_property_string(fake_blob, "ring", ring), 0);
	fake_node_end();
	fake_node.irqs[0].edge = edge;
	fake_log_asked = 0;
	assert_int_equal(fake_start(), 0);
}

static void run(uint64_t features)
{
	assert_true(mmio_negotiate(features | VIRTIO_F_VERSION_1));
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(mmio_queue(&drv[i], i, QUEUE(i), SIZE, features));
	}
	mmio_driver_ok();
}

static int add(struct drv *d)
{
	const struct drv_buf bufs[] = { { DATA, 16, false },
					{ DATA + 0x1000, 32, true } };

	return drv_add(d, bufs, 2, false);
}

static int status_write(uint64_t reg, uint64_t v)
{
	return fake_access(0, reg, 4, true, &v);
}

/* --- registers ----------------------------------------------------------- */

static void test_identity(void **state)
{
	(void)state;
	power_on("modern", "split", true);
	assert_int_equal(rd(VIRTIO_MMIO_MAGIC_VALUE), 0x74726976);
	assert_int_equal(rd(VIRTIO_MMIO_VERSION), 2);
	assert_int_equal(rd(VIRTIO_MMIO_DEVICE_ID), KEEP_ID);
	assert_int_equal(mmio_offered(), keep_kind.features | RING_FEATURES |
						 VIRTIO_F_VERSION_1 |
						 VIRTIO_F_RING_RESET);
	wr(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 2);
	assert_int_equal(rd(VIRTIO_MMIO_DEVICE_FEATURES), 0);
	/* 4.2.2: no shared memory regions. */
	wr(VIRTIO_MMIO_SHM_SEL, 0);
	assert_int_equal(rd(VIRTIO_MMIO_SHM_LEN_LOW), UINT32_MAX);
	assert_int_equal(rd(VIRTIO_MMIO_SHM_LEN_HIGH), UINT32_MAX);
	assert_int_equal(rd(VIRTIO_MMIO_SHM_BASE_LOW), UINT32_MAX);
	assert_int_equal(rd(VIRTIO_MMIO_SHM_BASE_HIGH), UINT32_MAX);
	/* Words only. */
	assert_int_equal(fake_read(VIRTIO_MMIO_MAGIC_VALUE, 1), 0);
	assert_int_equal(fake_read(VIRTIO_MMIO_MAGIC_VALUE, 8), 0);
	assert_true(fake_stop());

	power_on("modern", "packed", true);
	assert_true(mmio_offered() & VIRTIO_F_RING_PACKED);
	assert_true(fake_stop());
}

static void test_features(void **state)
{
	(void)state;
	power_on("modern", "split", true);
	assert_false(mmio_negotiate(KEEP_FEATURE)); /* 6.1: VERSION_1 */
	assert_false(mmio_negotiate(VIRTIO_F_VERSION_1 | BIT(9)));
	assert_false(mmio_negotiate(VIRTIO_F_VERSION_1 | KEEP_REFUSED));
	/* It cannot run without this feature. */
	mmio_driver_ok();
	wr(VIRTIO_MMIO_STATUS, VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_DRIVER_OK);
	assert_false(rd(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_DRIVER_OK);
	assert_int_equal(starts, 0);

	assert_true(mmio_negotiate(VIRTIO_F_VERSION_1 | KEEP_FEATURE));
	wr(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	wr(VIRTIO_MMIO_DRIVER_FEATURES, 0); /* too late */
	assert_true(virtio_has(keep, KEEP_FEATURE));
	mmio_driver_ok();
	assert_int_equal(starts, 1);
	mmio_driver_ok();
	assert_int_equal(starts, 1);
	wr(VIRTIO_MMIO_STATUS,
	   VIRTIO_STATUS_NEEDS_RESET); /* the driver cannot set it */
	assert_int_equal(rd(VIRTIO_MMIO_STATUS),
			 MMIO_STARTED | VIRTIO_STATUS_DRIVER_OK);
	assert_true(fake_stop());
}

static void test_queue_registers(void **state)
{
	(void)state;
	power_on("modern", "split", true);
	assert_true(mmio_negotiate(VIRTIO_F_VERSION_1));
	wr(VIRTIO_MMIO_QUEUE_SEL, 1);
	assert_int_equal(rd(VIRTIO_MMIO_QUEUE_NUM_MAX), SIZE);
	assert_int_equal(rd(VIRTIO_MMIO_QUEUE_READY), 0);
	wr(VIRTIO_MMIO_QUEUE_SEL, 2);
	assert_int_equal(rd(VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
	wr(VIRTIO_MMIO_QUEUE_READY, 1);
	wr(VIRTIO_MMIO_QUEUE_SEL, UINT32_MAX);
	assert_int_equal(rd(VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
	assert_int_equal(rd(VIRTIO_MMIO_STATUS), MMIO_STARTED);
	assert_true(mmio_queue(&drv[0], 0, QUEUE(0), SIZE, 0));
	/* While it is in use it does not change. */
	wr(VIRTIO_MMIO_QUEUE_NUM, 4);
	mmio_address(VIRTIO_MMIO_QUEUE_DESC_LOW, 0);
	mmio_driver_ok();
	assert_true(add(&drv[0]) >= 0);
	(void)mmio_kick(0);
	(void)mmio_kick(7);
	assert_int_equal(nkept, 1);
	let_go(0);
	assert_true(fake_stop());
}

/* Places where a queue cannot be. */
static void test_bad_queues(void **state)
{
	static const struct {
		uint64_t desc, driver, device;
		uint16_t num;
	} bad[] = {
		{ QUEUE(0), QUEUE(1), QUEUE(2), 0 },
		{ QUEUE(0), QUEUE(1), QUEUE(2), 3 },
		{ QUEUE(0), QUEUE(1), QUEUE(2), 2 * SIZE },
		{ QUEUE(0), QUEUE(1), QUEUE(2), UINT16_MAX },
		{ QUEUE(0) + 8, QUEUE(1), QUEUE(2), SIZE },
		{ QUEUE(0), QUEUE(1) + 1, QUEUE(2), SIZE },
		{ QUEUE(0), QUEUE(1), QUEUE(2) + 2, SIZE },
		{ 0, QUEUE(1), QUEUE(2), SIZE },
		{ QUEUE(0), FAKE_BASE, QUEUE(2), SIZE },
		{ QUEUE(0), QUEUE(1), FAKE_RAM_BASE + FAKE_RAM_SIZE - 8, SIZE },
		{ UINT64_MAX - 15, QUEUE(1), QUEUE(2), SIZE },
	};

	(void)state;
	power_on("modern", "split", true);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_true(mmio_negotiate(VIRTIO_F_VERSION_1));
		wr(VIRTIO_MMIO_QUEUE_SEL, 0);
		wr(VIRTIO_MMIO_QUEUE_NUM, bad[i].num);
		mmio_address(VIRTIO_MMIO_QUEUE_DESC_LOW, bad[i].desc);
		mmio_address(VIRTIO_MMIO_QUEUE_DRIVER_LOW, bad[i].driver);
		mmio_address(VIRTIO_MMIO_QUEUE_DEVICE_LOW, bad[i].device);
		wr(VIRTIO_MMIO_QUEUE_READY, 1);
		assert_int_equal(rd(VIRTIO_MMIO_QUEUE_READY), 0);
		assert_int_equal(rd(VIRTIO_MMIO_STATUS),
				 MMIO_STARTED | VIRTIO_STATUS_NEEDS_RESET);
		assert_int_equal(fake_pins, 0);
		assert_int_equal(fake_log_asked, i + 1);
	}
	run(RING_FEATURES); /* and back to the working state */
	assert_true(fake_stop());
}

/* --- interrupts ---------------------------------------------------------- */

static void test_level(void **state)
{
	uint32_t len;

	(void)state;
	power_on("modern", "split", false);
	run(0);
	assert_true(add(&drv[0]) >= 0 && add(&drv[0]) >= 0);
	(void)mmio_kick(0);
	assert_int_equal(nkept, 2);
	assert_false(fake_line);
	let_go(5);
	assert_true(fake_line);
	assert_int_equal(rd(VIRTIO_MMIO_INTERRUPT_STATUS), 1);
	assert_int_equal(drv_used(&drv[0], &len), 0);
	assert_int_equal(len, 5);
	virtio_config_unlock(keep, virtio_config_lock(keep), true);
	assert_int_equal(rd(VIRTIO_MMIO_INTERRUPT_STATUS), 3);
	wr(VIRTIO_MMIO_INTERRUPT_ACK, 1);
	assert_true(fake_line);
	wr(VIRTIO_MMIO_INTERRUPT_ACK, 2);
	assert_false(fake_line);
	let_go(0);
	assert_true(fake_line);
	wr(VIRTIO_MMIO_STATUS, 0);
	assert_false(fake_line);
	assert_int_equal(rd(VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	assert_true(fake_stop());
}

/* One edge for each cause, and one for causes that are left at an
 * acknowledgement. */
static void test_edge(void **state)
{
	(void)state;
	power_on("modern", "split", true);
	run(0);
	fake_line_calls = 0;
	assert_true(add(&drv[0]) >= 0 && add(&drv[1]) >= 0);
	(void)mmio_kick(0);
	(void)mmio_kick(1);
	let_go(0);
	assert_int_equal(fake_line_calls, 1);
	let_go(0); /* from the other queue, not acknowledged yet */
	assert_int_equal(fake_line_calls, 1);
	assert_int_equal(rd(VIRTIO_MMIO_INTERRUPT_STATUS), 1);
	/* Between the driver's read and its acknowledgement. */
	virtio_config_unlock(keep, virtio_config_lock(keep), true);
	assert_int_equal(fake_line_calls, 2);
	wr(VIRTIO_MMIO_INTERRUPT_ACK, 1);
	assert_int_equal(fake_line_calls, 3);
	assert_true(fake_line);
	wr(VIRTIO_MMIO_INTERRUPT_ACK, 2);
	assert_int_equal(fake_line_calls, 3);
	assert_true(fake_stop());
}

/* --- configuration ------------------------------------------------------- */

static void test_config(void **state)
{
	unsigned long flags;
	uint32_t generation;

	(void)state;
	power_on("modern", "split", false);
	capacity = UINT64_C(0x1122334455667788);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG, 4), 0x55667788);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG + 4, 4), 0x11223344);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG, 8), capacity);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG + 6, 2), 0x1122);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG + 7, 1), 0x11);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG + 8, 4), 0);
	assert_int_equal(fake_read(VIRTIO_MMIO_CONFIG + 0xf8, 8), 0);
	fake_write(VIRTIO_MMIO_CONFIG, 0, 8); /* not writable */
	generation = rd(VIRTIO_MMIO_CONFIG_GENERATION);
	flags = virtio_config_lock(keep);
	capacity = 1;
	virtio_config_unlock(keep, flags, true);
	assert_int_not_equal(rd(VIRTIO_MMIO_CONFIG_GENERATION), generation);
	assert_false(fake_line); /* no driver yet */
	run(0);
	generation = rd(VIRTIO_MMIO_CONFIG_GENERATION);
	virtio_config_unlock(keep, virtio_config_lock(keep), false);
	assert_int_equal(rd(VIRTIO_MMIO_CONFIG_GENERATION), generation);
	assert_false(fake_line);
	virtio_config_unlock(keep, virtio_config_lock(keep), true);
	assert_int_equal(rd(VIRTIO_MMIO_INTERRUPT_STATUS), 2);
	assert_true(fake_line);
	assert_true(fake_stop());
}

/* --- requests in flight -------------------------------------------------- */

/* The store that resets completes when all requests are back; their results are
 * not visible. */
static void in_flight(uint64_t reg, uint64_t value, bool whole)
{
	uint32_t len;

	power_on("modern", "split", false);
	run(RING_FEATURES | VIRTIO_F_RING_RESET);
	assert_true(add(&drv[0]) >= 0 && add(&drv[0]) >= 0);
	(void)mmio_kick(0);
	assert_int_equal(nkept, 2);
	wr(VIRTIO_MMIO_QUEUE_SEL, 0);
	assert_int_equal(status_write(reg, value), -ERR_BUSY);
	let_go(7);
	assert_int_equal(drv_used(&drv[0], &len), -1);
	assert_int_equal(status_write(reg, value), -ERR_BUSY);
	assert_true(fake_pins > 0 && cancels == 2);
	assert_true(add(&drv[0]) >= 0);
	(void)mmio_kick(0); /* a kick by another VCPU: too late */
	assert_int_equal(nkept, 1);
	cancel_works = true;
	assert_int_equal(status_write(reg, value), 0);
	assert_int_equal(nkept, 0);
	assert_false(fake_line);
	assert_int_equal(drv_used(&drv[0], &len), -1);
	assert_int_equal(rd(VIRTIO_MMIO_QUEUE_READY), 0);
	assert_int_equal(rd(VIRTIO_MMIO_QUEUE_RESET), 0);
	assert_int_equal(fake_pins, whole ? 0 : 3);
	if (whole) {
		assert_int_equal(rd(VIRTIO_MMIO_STATUS), 0);
		run(RING_FEATURES);
	} else {
		assert_int_equal(resets, 2); /* resets of the device */
		assert_true(add(&drv[1]) >= 0);
		(void)mmio_kick(1);
		let_go(0);
		assert_int_equal(drv_used(&drv[1], &len), 0);
		assert_true(
			mmio_queue(&drv[0], 0, QUEUE(0), SIZE, RING_FEATURES));
	}
	assert_true(add(&drv[0]) >= 0);
	(void)mmio_kick(0);
	assert_int_equal(nkept, 1);
	let_go(1);
	assert_int_equal(drv_used(&drv[0], &len), 0);
	assert_true(fake_stop());
}

static void test_in_flight(void **state)
{
	(void)state;
	in_flight(VIRTIO_MMIO_STATUS, 0, true);
	in_flight(VIRTIO_MMIO_QUEUE_RESET, 1, false);
	in_flight(VIRTIO_MMIO_QUEUE_READY, 0, false);
}

/* Without RING_RESET there is no such register. */
static void test_no_ring_reset(void **state)
{
	(void)state;
	power_on("modern", "split", false);
	run(0);
	wr(VIRTIO_MMIO_QUEUE_SEL, 0);
	wr(VIRTIO_MMIO_QUEUE_RESET, 1);
	assert_int_equal(rd(VIRTIO_MMIO_QUEUE_READY), 1);
	assert_true(fake_stop());
}

static void test_pause(void **state)
{
	uint32_t len;

	(void)state;
	power_on("modern", "split", false);
	run(RING_FEATURES);
	assert_true(add(&drv[0]) >= 0);
	(void)mmio_kick(0);
	emu_device_pause(&fake_dev, true);
	emu_device_pause(&fake_dev, true);
	assert_true(add(&drv[0]) >= 0 && add(&drv[1]) >= 0);
	(void)mmio_kick(0);
	assert_int_equal(nkept, 1);
	let_go(3); /* the request in progress ends */
	assert_int_equal(drv_used(&drv[0], &len), 0);
	assert_int_equal(len, 3);
	emu_device_pause(&fake_dev, false);
	assert_int_equal(nkept, 2); /* from both queues, without another kick */
	let_go(0);
	let_go(0);
	/* The guest goes off: kept requests end, as the memory will be used
	 * again. */
	assert_true(add(&drv[1]) >= 0);
	(void)mmio_kick(1);
	emu_device_pause(&fake_dev, true);
	cancel_works = true;
	emu_device_stopped(&fake_dev);
	assert_int_equal(nkept, 0);
	assert_int_equal(fake_pins, 0);
	emu_device_pause(&fake_dev, false);
	emu_device_reset(&fake_dev);
	run(0);
	assert_true(add(&drv[1]) >= 0);
	(void)mmio_kick(1);
	assert_int_equal(nkept, 1);
	assert_true(fake_stop()); /* cancelled */
}

/* --- a ring that is wrong ------------------------------------------------ */

static void test_fault(void **state)
{
	uint32_t len;

	(void)state;
	power_on("modern", "split", false);
	run(RING_FEATURES);
	assert_true(add(&drv[0]) >= 0 && add(&drv[1]) >= 0);
	(void)mmio_kick(1);
	drv_set16(DRV_DRIVER(&drv[0]) + 2, SIZE + 1);
	(void)mmio_kick(0);
	(void)mmio_kick(0);
	assert_int_equal(rd(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET,
			 VIRTIO_STATUS_NEEDS_RESET);
	assert_int_equal(rd(VIRTIO_MMIO_INTERRUPT_STATUS), 2); /* 2.1.2 */
	assert_true(fake_line);
	assert_int_equal(fake_log_asked, 1);
	emu_device_pause(&fake_dev, true);
	emu_device_pause(&fake_dev, false); /* it cannot be resumed */
	assert_int_equal(fake_log_asked, 1);
	assert_int_equal(nkept, 1);
	let_go(1); /* a request of the other queue */
	assert_int_equal(drv_used(&drv[1], &len), 0);
	run(RING_FEATURES);
	assert_false(fake_line);
	assert_true(add(&drv[0]) >= 0);
	(void)mmio_kick(0);
	assert_int_equal(nkept, 1);
	let_go(0);
	assert_true(fake_stop());
}

/* --- legacy -------------------------------------------------------------- */

static void test_legacy(void **state)
{
	uint64_t base = FAKE_RAM_BASE + 0x2000;
	const struct drv_buf buf = { DATA, 16, true };

	(void)state;
	power_on("legacy", "packed", false);
	assert_int_equal(rd(VIRTIO_MMIO_VERSION), 1);
	assert_int_equal(mmio_offered(), keep_kind.features | RING_FEATURES |
						 VIRTIO_F_ANY_LAYOUT);
	wr(VIRTIO_MMIO_STATUS, 1);
	wr(VIRTIO_MMIO_STATUS, 3);
	wr(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	wr(VIRTIO_MMIO_DRIVER_FEATURES, KEEP_FEATURE);
	wr(VIRTIO_MMIO_GUEST_PAGE_SIZE, 0x1000);
	wr(VIRTIO_MMIO_QUEUE_SEL, 0);
	assert_int_equal(rd(VIRTIO_MMIO_QUEUE_PFN), 0);
	wr(VIRTIO_MMIO_QUEUE_NUM, SIZE);
	wr(VIRTIO_MMIO_QUEUE_ALIGN, 0x1000);
	memset(drv_at(base, 0x3000), 0, 0x3000);
	wr(VIRTIO_MMIO_QUEUE_PFN, (uint32_t)(base >> 12));
	assert_int_equal(rd(VIRTIO_MMIO_QUEUE_PFN), base >> 12);
	/* A legacy queue by hand: 2.7.2. Used before DRIVER_OK (3.1.2). */
	drv_desc(base + 16 * 2, &buf, VIRTQ_DESC_F_WRITE, 0);
	drv_set16(base + 16 * SIZE + 4, 2);
	drv_set16(base + 16 * SIZE + 2, 1);
	(void)mmio_kick(0);
	assert_int_equal(nkept, 1);
	let_go(16);
	assert_int_equal(drv_get16(base + 0x1000 + 2), 1);
	assert_int_equal(drv_get32(base + 0x1000 + 4), 2);
	assert_int_equal(drv_get32(base + 0x1000 + 8), 16);
	assert_true(fake_line);
	wr(VIRTIO_MMIO_STATUS, 7);
	assert_int_equal(rd(VIRTIO_MMIO_STATUS), 7);
	assert_int_equal(starts, 1);
	assert_true(virtio_has(keep, KEEP_FEATURE));
	/* The registers of version 2 do not exist. */
	assert_int_equal(rd(VIRTIO_MMIO_QUEUE_READY), 0);
	assert_int_equal(rd(VIRTIO_MMIO_CONFIG_GENERATION), 0);
	wr(VIRTIO_MMIO_QUEUE_READY, 0);
	wr(VIRTIO_MMIO_QUEUE_RESET, 1);
	assert_int_equal(rd(VIRTIO_MMIO_QUEUE_PFN), base >> 12);
	wr(VIRTIO_MMIO_QUEUE_PFN, 0);
	assert_int_equal(rd(VIRTIO_MMIO_QUEUE_PFN), 0);
	assert_int_equal(fake_pins, 0);
	/* An invalid address; an invalid alignment. */
	wr(VIRTIO_MMIO_QUEUE_PFN, UINT32_MAX);
	assert_true(rd(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	wr(VIRTIO_MMIO_STATUS, 0);
	wr(VIRTIO_MMIO_QUEUE_ALIGN, 0);
	wr(VIRTIO_MMIO_QUEUE_PFN, (uint32_t)(base >> 12));
	wr(VIRTIO_MMIO_GUEST_PAGE_SIZE, 0);
	assert_int_equal(rd(VIRTIO_MMIO_QUEUE_PFN), 0);
	assert_true(fake_stop());
}

/* --- making one ---------------------------------------------------------- */

static void test_no_memory(void **state)
{
	int err = -ERR_NOMEM, budget;

	(void)state;
	for (budget = 0; err; budget++) {
		fake_config("test,keep", VIRTIO_MMIO_SIZE);
		fake_heap_budget = budget;
		err = fake_start();
		assert_true(err == 0 || err == -ERR_NOMEM);
		assert_true(err == 0 || fake_heap_live == 0);
	}
	assert_true(budget > 2);
	fake_heap_budget = -1;
	assert_true(fake_stop());
	fail_init = true;
	fake_config("test,keep", VIRTIO_MMIO_SIZE);
	assert_int_equal(fake_start(), -ERR_NOENT);
	assert_int_equal(fake_heap_live, 0);
	fail_init = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_queue_registers),
		cmocka_unit_test(test_bad_queues),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_edge),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_in_flight),
		cmocka_unit_test(test_no_ring_reset),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_legacy),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
