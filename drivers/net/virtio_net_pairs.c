/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO network device of the host: several pairs of queues (VirtIO 1.2,
 * 5.1.6.5.6), one for each CPU. A packet is sent in the queue of the CPU that
 * sends it. The device then receives the packets of the same flow in the queue
 * of that pair (automatic receive steering), whose interrupt comes to that CPU.
 */
#include <core/heap.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/smp.h>
#include <core/time.h>
#include <libs/error.h>
#include <stdio.h>

#include "virtio_net_priv.h"

#define PAIRS_MAX 8
#define PAIRS_DEVICE_MAX 0x8000 /* 5.1.4.1: of max_virtqueue_pairs */
#define CONTROL_SIZE 4          /* entries: one command of three parts */
#define CONTROL_MS 200          /* for the device to answer a command */
_Static_assert(2 * PAIRS_MAX + 1 <= VIRTIO_HOST_QUEUES, "with a control queue");

static void rx_used(struct virtio_queue *q)
{
	vnet_receive(q->arg);
}

/* How many pairs are useful, and why not more. */
static unsigned int pairs_wanted(struct vnet *v)
{
	unsigned int interrupts = virtio_host_own_interrupts(v->vh);

	v->offered = 1;
	if (virtio_host_has(v->vh, VIRTIO_NET_F_MQ) &&
	    virtio_host_has(v->vh, VIRTIO_NET_F_CTRL_VQ)) {
		virtio_host_config_read(v->vh,
					offsetof(struct virtio_net_config,
						 max_virtqueue_pairs),
					&v->offered, sizeof(v->offered));
	}
	if (v->offered < 1 || v->offered > PAIRS_DEVICE_MAX) {
		v->few = "its number of pairs is not valid";
		v->offered = 1;
		return 1;
	}
	if (v->offered == 1) {
		return 1;
	}
	if (interrupts < MIN(MIN(v->offered, cpu_count), PAIRS_MAX)) {
		v->few = "there are no interrupts for more";
		return MAX(interrupts, 1U);
	}
	return MIN(MIN(v->offered, cpu_count), PAIRS_MAX);
}

static int pair_create(struct vnet *v, unsigned int i)
{
	unsigned int index = virtio_net_rx_queue(i);
	struct vnet_pair *p = &v->pairs[i];
	int err;

	p->v = v;
	spin_init(&p->rx_lock, LOCK_HOST_QUEUE);
	spin_init(&p->tx_lock, LOCK_HOST_QUEUE);
	timer_init(&p->stuck, vnet_stuck);
	err = virtio_host_queue(v->vh, index, QUEUE_SIZE, 1, rx_used, p,
				&p->rx);
	if (!err) {
		err = virtio_host_queue(v->vh, index + 1, QUEUE_SIZE,
					FRAME_BUFFERS, NULL, p, &p->tx);
	}
	if (!err) {
		err = dma_alloc(v->vh->dma, BUFFERS * BUFFER_SIZE, &p->rx_mem);
	}
	if (!err) {
		err = dma_alloc(v->vh->dma, BUFFERS * BUFFER_SIZE, &p->tx_mem);
	}
	return err;
}

static int control_create(struct vnet *v)
{
	int err = virtio_host_queue(v->vh, virtio_net_control_queue(v->offered),
				    CONTROL_SIZE, 3, NULL, v, &v->control);

	return err ? err : dma_alloc(v->vh->dma, 16, &v->control_mem);
}

int vnet_pairs_create(struct vnet *v)
{
	unsigned int n = pairs_wanted(v);
	int err = 0;

	v->pairs = heap_alloc_array(n, sizeof(v->pairs[0]));
	if (!v->pairs) {
		return -ERR_NOMEM;
	}
	v->npairs = n;
	v->sending = 1;
	for (unsigned int i = 0; !err && i < n; i++) {
		err = pair_create(v, i);
		if (!err && n > 1) {
			virtio_host_steer(v->pairs[i].rx, i);
		}
	}
	if (!err && n > 1 && control_create(v)) {
		v->control = NULL;
		v->few = "its control queue cannot be used";
	}
	return err;
}

void vnet_pairs_free(struct vnet *v)
{
	for (unsigned int i = 0; i < v->npairs; i++) {
		dma_free(v->vh->dma, &v->pairs[i].rx_mem);
		dma_free(v->vh->dma, &v->pairs[i].tx_mem);
	}
	dma_free(v->vh->dma, &v->control_mem);
	heap_free(v->pairs);
}

/* A command as it lies in control_mem. */
struct pairs_command {
	struct virtio_net_ctrl head;
	uint16_t pairs;
	uint8_t ack;
};

/* Wait for the device to give the command back. */
static bool answered(struct vnet *v)
{
	ticks_t deadline = time_now() + ms_to_ticks(CONTROL_MS);

	while (!virtio_queue_take(v->control, NULL)) {
		if (v->control->broken || time_now() > deadline) {
			return false;
		}
		delay_us(10);
	}
	return true;
}

/* What is wrong, or NULL. */
static const char *pairs_set(struct vnet *v)
{
	struct pairs_command *cmd = v->control_mem.va;
	uint64_t addr = v->control_mem.addr;
	struct virtio_chain c;

	*cmd = (struct pairs_command){
		.head = { VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET },
		.pairs = (uint16_t)v->npairs,
		.ack = VIRTIO_NET_ERR,
	};
	virtio_queue_silence(v->control);
	if (!virtio_chain_begin(v->control, 3, &c)) {
		return "its control queue is too small";
	}
	virtio_chain_put(&c, addr, sizeof(cmd->head), false);
	virtio_chain_put(&c, addr + offsetof(struct pairs_command, pairs),
			 sizeof(cmd->pairs), false);
	virtio_chain_put(&c, addr + offsetof(struct pairs_command, ack),
			 sizeof(cmd->ack), true);
	virtio_chain_end(v->control, &c, cmd);
	virtio_queue_kick(v->control);
	if (!answered(v)) {
		return "it does not answer VQ_PAIRS_SET";
	}
	return READ_ONCE(cmd->ack) == VIRTIO_NET_OK ? NULL
						    : "it refuses VQ_PAIRS_SET";
}

/* All pairs receive in any case: a device that answers late may use them. */
void vnet_pairs_use(struct vnet *v)
{
	const char *wrong;

	if (!v->control) {
		return;
	}
	wrong = pairs_set(v);
	__atomic_store_n(&v->refused, wrong, __ATOMIC_RELAXED);
	if (wrong) {
		log_warn("%s: sends in one queue: %s", v->vh->dev.name, wrong);
	}
	WRITE_ONCE(v->sending, wrong ? 1 : v->npairs);
}

void vnet_pairs_describe(const struct virtio_host *vh, struct device_fact *out)
{
	const struct vnet *v = vh->priv;
	const char *refused = __atomic_load_n(&v->refused, __ATOMIC_RELAXED);
	const char *why = refused ? refused : v->few;

	(void)snprintf(out->name, sizeof(out->name), "Queue pairs");
	(void)snprintf(out->value, sizeof(out->value), "%u of %u%s%s",
		       READ_ONCE(v->sending), v->offered, why ? ": " : "",
		       why ? why : "");
}
