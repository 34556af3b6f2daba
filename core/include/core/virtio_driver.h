/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's side of VirtIO (1.2), for devices of the host: a bus whose
 * devices are matched by their device ID, and queues, independent of the
 * transport. docs/design/virtio-drivers.md.
 *
 * A driver has `.bus = &virtio_bus` and in `.ids` device IDs (uint16_t) up to a
 * 0. Its probe():
 *
 * 	virtio_host_negotiate()	reset, agree on features
 * 	virtio_host_queue()	for each queue
 * 	virtio_host_start()		the device goes to work
 *
 * and its remove() virtio_host_stop(); what is left is taken back by the bus.
 */
#ifndef CORE_VIRTIO_DRIVER_H
#define CORE_VIRTIO_DRIVER_H

#include <core/device.h>
#include <core/dma.h>
#include <core/virtio_ring.h>
#include <libs/types.h>

struct virtio_host;
struct virtio_queue;

#define VIRTIO_HOST_QUEUES 18 /* used of one device: a console of 8 ports */
#define VIRTIO_HOST_QUEUE_MAX 1024 /* entries */

/* --- queues --------------------------------------------------------------- */

/* A buffer that the device has: what it was added with. */
struct virtio_token {
	void *arg;       /* NULL: free */
	uint16_t ndescs; /* of the ring itself */
	uint16_t next;   /* packed: the next free id */
};

/* [I] immutable once created, [Q] protected by a lock of the queue's user,
 * which is held in all calls with the queue. */
struct virtio_queue {
	struct virtio_host *host; /* [I] */
	void *arg;                /* [I] the driver's */
	/* Buffers may have been used. Interrupt context, no lock held. */
	void (*used)(struct virtio_queue *q); /* [I] */
	uint16_t index;                       /* [I] the device's number */
	uint16_t interrupt; /* [I] how many before it have used() */
	uint16_t size;      /* [I] entries, a power of two */
	uint16_t chain_max; /* [I] descriptors of a buffer */
	bool indirect, event_idx, packed; /* [I] */
	bool steered;                     /* [I] to `cpu` */
	unsigned int cpu;                 /* [I] */
	bool broken; /* [Q] the device returned a buffer that it did not have */
	uint16_t free_head; /* [Q] split: descriptor; packed: id */
	uint16_t nfree;     /* [Q] descriptors */
	/* [Q] Buffers made available since the last reset: the index of the
	 * next one is its low half; and that at the last notification. */
	uint32_t avail_count, told_count;
	uint16_t used_idx; /* [Q] of the next used one; packed: position */
	/* [Q] Packed: the next free descriptor, and that at the last
	 * notification; rounds (2.8.1). */
	uint16_t next, told_at;
	bool avail_wrap, used_wrap, told_wrap;
	uint64_t kicks, interrupts; /* [Q], and by the transport's CPU */
	union {
		struct {
			struct virtq_desc *desc;
			volatile struct virtq_avail *avail;
			volatile struct virtq_used *usedr;
			struct virtq_desc *tables;
		};
		struct {
			struct virtq_packed_desc *ring;
			struct virtq_packed_event *driver_event, *device_event;
			struct virtq_packed_desc *packed_tables;
		};
	};                           /* [I] tables: chain_max for each entry */
	uint64_t tables_addr;        /* [I] the device's address of them */
	struct virtio_token *tokens; /* [Q] by head, or id */
	struct dma_buffer ring_mem, tables_mem;
	/* [I] In ring_mem, after the descriptors: the areas written by the
	 * driver and by the device. */
	uint32_t driver_off, device_off;
	volatile void *doorbell; /* [I] the transport's */
};

/* A buffer that is being built. */
struct virtio_chain {
	struct virtq_desc *base, *last;
	struct virtq_packed_desc *packed; /* NULL: split */
	uint16_t next, head, n, limit;
};

/*
 * Begin a buffer of n descriptors, 1 to chain_max; false if there is no room
 * now. A buffer that was begun may be abandoned: nothing is allocated before
 * its end. The driver serialises what it does with one queue and its buffers,
 * by this and the next functions; otherwise any context.
 */
bool __must_check virtio_chain_begin(struct virtio_queue *q, unsigned int n,
				     struct virtio_chain *c);

/* For virtio_chain_put(); context as there. */
void driver_packed_put(struct virtio_chain *c, uint64_t addr, uint32_t len,
		       bool device_writes);

/* Add the next of its n parts; parts that the device reads come before those it
 * writes. */
static inline void virtio_chain_put(struct virtio_chain *c, uint64_t addr,
				    uint32_t len, bool device_writes)
{
	struct virtq_desc *d;

	if (c->packed) {
		driver_packed_put(c, addr, len, device_writes);
		return;
	}
	d = &c->base[c->next];
	d->addr = addr;
	d->len = len;
	d->flags = (uint16_t)(VIRTQ_DESC_F_NEXT |
			      (device_writes ? VIRTQ_DESC_F_WRITE : 0));
	c->last = d;
	c->next = d->next;
	c->n++;
}

/* Make the buffer available; virtio_queue_take() will return `arg`, which must
 * not be NULL. Context as for virtio_chain_begin(). */
void virtio_chain_end(struct virtio_queue *q, struct virtio_chain *c,
		      void *arg);

/* Notify the device of the buffers made available since the last call, if it
 * wants that. Context as for virtio_chain_begin(). */
void virtio_queue_kick(struct virtio_queue *q);

/*
 * Take the next buffer that the device has used. Returns its argument, and in
 * *written (may be NULL) the bytes written; NULL if there is none or q->broken
 * is set. Context as for virtio_chain_begin(), of this and the next two.
 */
void *virtio_queue_take(struct virtio_queue *q, uint32_t *written);
/*
 * Enable the interrupt for further used buffers. False: there is one already.
 */
bool virtio_queue_rearm(struct virtio_queue *q);
/* Ask the device for no interrupts; it may ignore this. */
void virtio_queue_silence(struct virtio_queue *q);

/* --- devices -------------------------------------------------------------- */

/* [I] immutable once added, [D] its driver's. The transport embeds it. */
struct virtio_host {
	struct device dev;
	const struct virtio_host_transport *ops; /* [I] */
	struct device *dma; /* [I] whose reach it has: the transport's device */
	uint16_t id;        /* [I] device ID */
	bool legacy;        /* [I] no VIRTIO_F_VERSION_1 */
	uint64_t features;  /* [D] agreed on */
	uint64_t offered;   /* [D] the device's */
	/* Interrupt context, or NULL: the configuration changed, or the device
	 * asks for a reset. */
	void (*config_changed)(struct virtio_host *vh); /* [D] */
	void *priv;                                     /* [D] */
	/* What the driver says of the device in listings, or NULL. Thread
	 * context. */
	void (*describe)(const struct virtio_host *vh,
			 struct device_fact *out);       /* [D] */
	unsigned int nqueues;                            /* [D] */
	struct virtio_queue *queues[VIRTIO_HOST_QUEUES]; /* [D] as created */
	bool started;                                    /* [D] */
};

extern const struct device_bus virtio_bus;

/* The VirtIO device that a device of the bus is. */
static inline struct virtio_host *virtio_host(struct device *dev)
{
	return container_of(dev, struct virtio_host, dev);
}

/* Was this feature agreed on? */
static inline bool virtio_host_has(const struct virtio_host *vh,
				   uint64_t feature)
{
	return (vh->features & feature) != 0;
}

/*
 * For probe(): reset the device, and agree on what both it and the driver know:
 * `wanted` and the rings' features. -ERR_TIMEOUT: it does not end its reset;
 * -ERR_NOSUPP: it does not accept them. Thread or boot context.
 */
int __must_check virtio_host_negotiate(struct virtio_host *vh, uint64_t wanted);
/*
 * Create queue `index`, with at most `size` entries and buffers of at most
 * `chain_max` descriptors. -ERR_NOENT: the device has no such queue;
 * -ERR_NOMEM. Thread or boot context, before virtio_host_start().
 */
int __must_check virtio_host_queue(struct virtio_host *vh, unsigned int index,
				   unsigned int size, unsigned int chain_max,
				   void (*used)(struct virtio_queue *q),
				   void *arg, struct virtio_queue **out);
/* Ask for a queue's interrupts to come to a CPU, from virtio_host_start() on,
 * to be called before. Where that is not possible they come to another. Thread
 * or boot context. */
void virtio_host_steer(struct virtio_queue *q, unsigned int cpu);
/* How many queues can have interrupts of their own, which go where they are
 * steered. Any context. */
unsigned int virtio_host_own_interrupts(const struct virtio_host *vh);
/* Enable interrupts and set DRIVER_OK. -ERR_NOSUPP: there are no interrupts. */
int __must_check virtio_host_start(struct virtio_host *vh);
/*
 * Reset the device: after this it uses no memory, no handler runs, and the
 * queues are empty. -ERR_TIMEOUT: the reset does not end; the device is then
 * isolated from memory if the transport can do that. virtio_host_restart()
 * gives it the same features and queues, empty, again. Thread context.
 */
int virtio_host_stop(struct virtio_host *vh);
int __must_check virtio_host_restart(struct virtio_host *vh);

/* Configuration space; a generation where there is one. Any context. */
void virtio_host_config_read(struct virtio_host *vh, unsigned int off,
			     void *buf, unsigned int size);
static inline uint32_t virtio_host_config32(struct virtio_host *vh,
					    unsigned int off)
{
	uint32_t v;

	virtio_host_config_read(vh, off, &v, sizeof(v));
	return v;
}
/* The device asks for a reset, or has vanished. Any context. */
bool virtio_host_needs_reset(struct virtio_host *vh);

/* --- for transports ------------------------------------------------------- */

struct virtio_host_transport {
	const char *name;
	uint64_t (*features)(struct virtio_host *vh);
	void (*set_features)(struct virtio_host *vh, uint64_t features);
	uint8_t (*status)(struct virtio_host *vh);
	void (*set_status)(struct virtio_host *vh, uint8_t status);
	uint32_t (*generation)(struct virtio_host *vh); /* NULL: none */
	/* 1, 2 or 4 bytes, naturally aligned. */
	uint32_t (*config_read)(struct virtio_host *vh, unsigned int off,
				unsigned int size);
	/* Most entries of a queue; 0: there is none. *fixed: no fewer. */
	unsigned int (*queue_max)(struct virtio_host *vh, unsigned int index,
				  bool *fixed);
	/* Tell the device where a queue is; sets q->doorbell. */
	int (*queue_set)(struct virtio_host *vh, struct virtio_queue *q);
	void (*notify)(struct virtio_queue *q);
	/* Enable interrupts for all queues, to virtio_host_interrupt(); irq_off
	 * waits for running handlers. */
	int (*irq_on)(struct virtio_host *vh);
	void (*irq_off)(struct virtio_host *vh);
	/* Of how many queues that have used(). NULL: of none. */
	unsigned int (*own_interrupts)(const struct virtio_host *vh);
	/* Send a queue's interrupts to a CPU, if it has some of its own; called
	 * when the device has all its queues. NULL: not possible. */
	void (*steer)(struct virtio_queue *q, unsigned int cpu);
	/* The reset does not end: isolate the device from memory. NULL: not
	 * possible. */
	void (*isolate)(struct virtio_host *vh);
};

/*
 * Register a device that was found: `vh` is filled in (ops, dma, id, legacy,
 * dev.parent and dev.release) and zero elsewhere. Errors of
 * device_add_locked(). Context of the probe() of the transport's device.
 */
int __must_check virtio_host_add(struct virtio_host *vh);
/* The transport's interrupt: queues were used, the configuration changed.
 * Interrupt context. */
void virtio_host_interrupt(struct virtio_host *vh, bool queues, bool config);

#endif
