/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every virtio device of the registry, with a driver that starts it correctly
 * and then follows no rules: the first bytes choose the device and the
 * features; each record writes to rings and buffers, kicks, or lets something
 * else happen. Locks, timers and memory are checked by emu_fake.h.
 */
#include <core/virtio.h>

#include "tests/unit/vdisk_fake.h"
#include "tests/unit/virtio_mmio_driver.h"
#include "tests/unit/vsock_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define QUEUES 4 /* that are put to work; a device may have more */
#define QUEUE(i) (FAKE_RAM_BASE + (uint64_t)(i)*DRV_AREA)
#define DATA (FAKE_RAM_BASE + QUEUES * DRV_AREA)
#define DATA_SIZE 0x8000
#define SIZE 16
#define WAITS_MAX 1000 /* for what one step has begun */

struct record {
	uint8_t what, queue;
	uint16_t at;
	uint32_t value;
};

static struct drv drv[QUEUES];
static const struct emulator *pick(unsigned int which)
{
	const struct emulator *it;
	unsigned int n = 0;

	registry_for_each(emulator, it) {
		n += it->virtio != NULL;
	}
	which %= n;
	registry_for_each(emulator, it) {
		if (it->virtio && which-- == 0) {
			break;
		}
	}
	return it;
}

static void configure(const struct emulator *emu, uint8_t how)
{
	fake_config(emu->compatible[0], VIRTIO_MMIO_SIZE);
	fake_node_begin();
	fake_check(fdt_property_string(fake_blob, "ring", "packed") == 0);
	fake_check(fdt_property_string(fake_blob, "disk", FAKE_DISK) == 0);
	fake_node_end();
	fake_node.irqs[0].edge = how & 8;
}

/* By the rules, with what is offered or less. */
static void start(uint8_t how, uint8_t less)
{
	uint64_t wants = mmio_offered() & ~(uint64_t)(how & 1 ? less : 0);

	wants &= ~(how & 2 ? VIRTIO_F_RING_PACKED : 0);
	wants &= ~(how & 4 ? VIRTIO_F_EVENT_IDX : 0);
	if (!mmio_negotiate(wants)) {
		return;
	}
	for (unsigned int i = 0;
	     i < MIN(fake_dev.emu->virtio->max_queues, QUEUES); i++) {
		(void)mmio_queue(&drv[i], i, QUEUE(i), SIZE, wants);
	}
	mmio_driver_ok();
}

static unsigned int waited;

/* Messages of the guest wait for their receivers, or are refused, or delivered;
 * names are to be told, and a message comes. */
static void messages(uint64_t how)
{
	static uint8_t data[1024];
	uint64_t head[VMSG_HEAD_MAX / sizeof(uint64_t)] = { how, how >> 8 };
	struct vmsg_node *n = fake_vmsg;
	static const int results[] = { VMSG_DELIVERED, VMSG_PARKED, -ERR_BUSY,
				       -ERR_NOENT };

	if (n == NULL) {
		return;
	}
	n->result = results[how & 3];
	n->peers = how >> 2 & 7;
	n->announce_result = how & 32 ? -ERR_NOSPC : 0;
	if (how & 64 && n->nparked > 0) {
		fake_vmsg_end((unsigned int)(how >> 8) % n->nparked,
			      how & 128 ? VMSG_DELIVERED : VMSG_REFUSED);
		n->attr.ops->room(n);
	}
	if (n->up && !n->paused) {
		(void)fake_vmsg_give((uint32_t)(how >> 8 & 4095), head,
				     sizeof(head), data,
				     (uint32_t)(how >> 16 & 1023));
	}
	if (n->attr.ops->notice != NULL) {
		n->nnotices = (how >> 26) & 31;
		n->notice_at = 0;
		n->attr.ops->notice(n);
	}
}

/* Let everything that is waited for end. */
static void meanwhile(void)
{
	fake_check(++waited < WAITS_MAX);
	fake_advance(1000);
	(void)fake_run_work();
	fake_disk_run();
}

static void store(uint64_t reg, uint64_t value)
{
	uint64_t v = value;

	while (fake_access(0, reg, 4, true, &v) == -ERR_BUSY) {
		meanwhile();
		v = value;
	}
}

/* A chain that is valid in the ring, unless something has broken that; its
 * contents may be anything. */
static void add(struct drv *d, const struct record *r)
{
	struct drv_buf bufs[4];
	unsigned int n = 1 + (r->value & 3);

	for (unsigned int i = 0; i < n; i++) {
		bufs[i] = (struct drv_buf){
			.addr = DATA + (r->at + i * 0x400u) % DATA_SIZE,
			.len = (r->value >> (4 + 4 * i) & 15) * 16 +
			       (r->at & 1),
			.write = i >= (r->value >> 2 & 3),
		};
	}
	if (d->free_descs >= n) {
		(void)drv_add(d, bufs, n, r->what & 0x80);
	}
}

static void other_event(const struct record *r)
{
	uint64_t v = r->value;

	switch (r->at & 7) {
	case 5:
		messages(v);
		break;
	case 0:
		fake_advance(v);
		break;
	case 1:
		(void)fake_run_work();
		fake_disk_run();
		break;
	case 2:
		emu_device_pause(&fake_dev, v & 1);
		break;
	case 3:
		emu_device_pause(&fake_dev, true);
		emu_device_stopped(&fake_dev);
		emu_device_pause(&fake_dev, false);
		emu_device_reset(&fake_dev);
		fake_check(fake_node.irqs[0].edge || !fake_line);
		start((uint8_t)v, (uint8_t)(v >> 8));
		break;
	case 4:
		(void)!fake_access(0, VIRTIO_MMIO_CONFIG + (v & 0xff), 1,
				   v & 256, &v);
		break;
	default:
		store(r->value & 0xfc, r->value >> 8);
		break;
	}
}

static void step(const struct record *r)
{
	struct drv *d = &drv[r->queue % QUEUES];

	waited = 0;
	switch (r->what & 7) {
	case 0:
	case 1:
		add(d, r);
		break;
	case 2:
	case 3:
		store(VIRTIO_MMIO_QUEUE_NOTIFY, r->queue % QUEUES);
		break;
	case 4: /* what is read by the device */
		memcpy(drv_at(DATA + r->at % (DATA_SIZE - 4), 4), &r->value, 4);
		break;
	case 5: /* and the rings */
		memcpy(drv_at(QUEUE(0) + r->at % (QUEUES * DRV_AREA - 4), 4),
		       &r->value, 4);
		break;
	case 6: /* the driver takes all for its own, whoever has it */
		memset(d->in_use, 0, sizeof(d->in_use));
		d->free_descs = SIZE;
		break;
	default:
		other_event(r);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct emulator *emu;
	struct record r;

	if (size < 3) {
		return 0;
	}
	emu = pick(data[0]);
	fake_now = 1000000000;
	fake_asleep = meanwhile;
	waited = 0;
	memset(fake_ram, 0, sizeof(fake_ram));
	for (unsigned int i = 0; i < QUEUES; i++) {
		drv_init(&drv[i], QUEUE(i), SIZE, 0);
	}
	fake_flat = data[1] & 0x10;
	configure(emu, data[1]);
	if (fake_start()) {
		return 0;
	}
	start(data[1], data[2]);
	for (size_t at = 3; at + sizeof(r) <= size; at += sizeof(r)) {
		memcpy(&r, data + at, sizeof(r));
		step(&r);
	}
	emu_device_pause(&fake_dev, true);
	emu_device_stopped(&fake_dev);
	fake_check(fake_stop());
	return 0;
}
