/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VirtIO network device of the host: its pairs of queues. */
#ifndef DRIVERS_NET_VIRTIO_NET_PRIV_H
#define DRIVERS_NET_VIRTIO_NET_PRIV_H

#include <core/netport.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <core/virtio_driver.h>
#include <core/virtio_net.h>
#include <core/work.h>

#define QUEUE_SIZE 256
#define BUFFER_SIZE 2048
#define BUFFERS QUEUE_SIZE
/* The largest frame and its header. */
#define FRAME_BUFFERS DIV_ROUND_UP(NET_FRAME_MAX + 12, BUFFER_SIZE)
#define BATCH 32 /* packets given to the switch at once */
_Static_assert(BATCH <= NET_BATCH_MAX, "one netport_send()");
_Static_assert(FRAME_BUFFERS <= NET_SEGS_MAX, "a packet's segments");

/*
 * A pair: a queue to receive, one to send. [I] immutable after probe, [R]
 * rx_lock, [T] tx_lock, [W] whoever receives.
 */
struct vnet_pair {
	struct vnet *v;          /* [I] */
	struct virtio_queue *rx; /* [I] */
	struct virtio_queue *tx; /* [I] */
	struct spinlock rx_lock, tx_lock;
	struct dma_buffer rx_mem, tx_mem; /* [I] */
	bool rx_stopped;                  /* [R] */
	bool tx_stopped;                  /* [T] */
	bool receiving;                   /* [R] there is a receiver [W] */
	bool more;     /* [R] the receiver has to look again */
	bool unkicked; /* [T] packets were given since the last kick */
	/* The packets of a batch, their segments and buffers. */
	struct net_packet packets[BATCH];              /* [W] */
	struct io_segment segs[BATCH + FRAME_BUFFERS]; /* [W] */
	uint16_t taken[BATCH + FRAME_BUFFERS];         /* [W] buffers */
	/* Sending: free buffers, and for each which follows it in a packet. */
	uint16_t tx_free[BUFFERS]; /* [T] a stack */
	uint16_t tx_next[BUFFERS]; /* [T] BUFFERS: none */
	unsigned int tx_nfree;     /* [T] */
	struct timer stuck;
	uint64_t sent, sent_before; /* [T] packets the device is done with */
};

/* [I] immutable after probe, [A] atomic. */
struct vnet {
	struct virtio_host *vh; /* [I] */
	struct netport *port;   /* [I] */
	unsigned int hdr_size;  /* [I] */
	bool mergeable;         /* [I] */
	unsigned int npairs;    /* [I] that receive */
	unsigned int sending;   /* [A] of them, that send */
	uint16_t offered;       /* [I] pairs that the device has */
	const char *few;        /* [I] why there are no more pairs; or NULL */
	const char *refused;    /* [A] why one sends; or NULL */
	struct virtio_queue *control;  /* [I] NULL: none */
	struct dma_buffer control_mem; /* [I] */
	struct work work;        /* what an interrupt has left; restarting */
	struct vnet_pair *pairs; /* [I] npairs of them */
};

/* virtio_net_data.c */
/* Give the device all buffers of a pair to receive. */
void vnet_lend_all(struct vnet_pair *p);
/* Receive what is there. Interrupt context, or interrupts masked. */
void vnet_receive(struct vnet_pair *p);
/* See struct netport_ops. */
bool vnet_send(struct netport *port, const struct net_packet *pkt,
	       enum net_drop *why);
void vnet_sent(struct netport *port);
/* Handler of a pair's timer. */
void vnet_stuck(struct timer *t);

/* virtio_net_pairs.c */
/* Create the queues of a pair for each CPU, as far as the device and its
 * interrupts allow. Errors of the first pair: virtio_host_queue()'s,
 * -ERR_NOMEM. Thread or boot context, before the start. */
int __must_check vnet_pairs_create(struct vnet *v);
void vnet_pairs_free(struct vnet *v);
/* After each start of the device: use all pairs, or one if the device refuses.
 * Thread or boot context. */
void vnet_pairs_use(struct vnet *v);
/* See struct virtio_host. */
void vnet_pairs_describe(const struct virtio_host *vh, struct device_fact *out);

#endif
