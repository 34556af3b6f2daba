/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The measuring guest's virtio driver: virtio.h. */
#include <libfdt.h>

#include "micro.h"
#include "virtio.h"

/* VirtIO 1.2, table 4.1. */
#define MAGIC 0x000
#define VERSION 0x004
#define DEVICE_ID 0x008
#define DEVICE_FEATURES 0x010
#define DEVICE_FEATURES_SEL 0x014
#define DRIVER_FEATURES 0x020
#define DRIVER_FEATURES_SEL 0x024
#define QUEUE_SEL 0x030
#define QUEUE_NUM_MAX 0x034
#define QUEUE_NUM 0x038
#define QUEUE_READY 0x044
#define QUEUE_NOTIFY 0x050
#define STATUS 0x070
#define QUEUE_DESC 0x080
#define QUEUE_DRIVER 0x090
#define QUEUE_DEVICE 0x0a0

enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };

#define QUEUES 8

static struct {
	struct desc desc[RING_MAX];
	struct avail avail __attribute__((aligned(64)));
	struct used used __attribute__((aligned(64)));
} __attribute__((aligned(4096))) rings[QUEUES];
static unsigned int rings_taken;

static void full_barrier(void)
{
	__asm__ volatile("dmb ish" : : : "memory");
}

static uint32_t cell(const void *tree, int node, const char *name, int n)
{
	int len;
	const fdt32_t *p = fdt_getprop(tree, node, name, &len);

	return p && len >= (n + 1) * 4 ? fdt32_to_cpu(p[n]) : 0;
}

static bool agree(struct virtio *v, uint64_t want)
{
	for (uint32_t half = 0; half < 2; half++) {
		uint32_t offered;

		write32(v->regs + DEVICE_FEATURES_SEL, half);
		offered = read32(v->regs + DEVICE_FEATURES);
		offered &= (uint32_t)(want >> (32 * half));
		write32(v->regs + DRIVER_FEATURES_SEL, half);
		write32(v->regs + DRIVER_FEATURES, offered);
		v->features |= (uint64_t)offered << (32 * half);
	}
	write32(v->regs + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	return read32(v->regs + STATUS) & FEATURES_OK;
}

bool virtio_find(const void *tree, struct virtio *v, unsigned int id,
		 unsigned int n, uint64_t want)
{
	int node = -1;

	while ((node = fdt_node_offset_by_compatible(tree, node,
						     "virtio,mmio")) >= 0) {
		v->regs = (uint64_t)cell(tree, node, "reg", 0) << 32 |
			  cell(tree, node, "reg", 1);
		v->intid = cell(tree, node, "interrupts", 1) + 32;
		v->edge = cell(tree, node, "interrupts", 2) == 1;
		v->features = 0;
		if (read32(v->regs + DEVICE_ID) == id && n-- == 0) {
			write32(v->regs + STATUS, 0);
			write32(v->regs + STATUS, ACKNOWLEDGE | DRIVER);
			return agree(v, want | F_VERSION_1);
		}
	}
	return false;
}

static void write64(uint64_t addr, const volatile void *p)
{
	write32(addr, (uint32_t)(uint64_t)p);
	write32(addr + 4, (uint32_t)((uint64_t)p >> 32));
}

bool virtio_queue(struct virtio *v, struct queue *q, uint16_t index)
{
	if (rings_taken == QUEUES) {
		return false;
	}
	*q = (struct queue){
		.desc = rings[rings_taken].desc,
		.avail = &rings[rings_taken].avail,
		.used = &rings[rings_taken].used,
		.index = index,
	};
	rings_taken++;
	write32(v->regs + QUEUE_SEL, index);
	if (read32(v->regs + QUEUE_NUM_MAX) < RING_MAX) {
		return false;
	}
	write32(v->regs + QUEUE_NUM, RING_MAX);
	write64(v->regs + QUEUE_DESC, q->desc);
	write64(v->regs + QUEUE_DRIVER, q->avail);
	write64(v->regs + QUEUE_DEVICE, q->used);
	write32(v->regs + QUEUE_READY, 1);
	return true;
}

void virtio_start(struct virtio *v)
{
	write32(v->regs + STATUS,
		ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

void queue_add(struct queue *q, uint16_t head)
{
	q->avail->ring[q->next % RING_MAX] = head;
	q->next++;
}

void queue_kick(struct virtio *v, struct queue *q)
{
	uint16_t old = q->notified;

	full_barrier();
	q->avail->idx = q->next;
	q->notified = q->next;
	full_barrier();
	if (v->features & F_EVENT_IDX) {
		/* VirtIO 1.2, 2.7.10. */
		if ((uint16_t)(q->next - q->used->avail_event - 1) >=
		    (uint16_t)(q->next - old)) {
			return;
		}
	} else if (q->used->flags & 1) {
		return;
	}
	write32(v->regs + QUEUE_NOTIFY, q->index);
}

bool queue_used(struct queue *q, uint16_t *head, uint32_t *len)
{
	if (q->used->idx == q->seen) {
		return false;
	}
	full_barrier();
	*head = (uint16_t)q->used->ring[q->seen % RING_MAX].id;
	*len = q->used->ring[q->seen % RING_MAX].len;
	q->seen++;
	return true;
}

void queue_want(struct queue *q, uint16_t n)
{
	q->avail->used_event = (uint16_t)(q->seen + n - 1);
	q->avail->flags = n > RING_MAX;
	full_barrier();
}
