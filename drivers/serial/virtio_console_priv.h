/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VirtIO console of the host: its ports, and its control queues, which say
 * which of them there are. */
#ifndef DRIVERS_SERIAL_VIRTIO_CONSOLE_PRIV_H
#define DRIVERS_SERIAL_VIRTIO_CONSOLE_PRIV_H

#include <core/device.h>
#include <core/dma.h>
#include <core/log.h>
#include <core/spinlock.h>
#include <core/uart.h>
#include <core/virtio_console.h>
#include <core/virtio_driver.h>
#include <core/work.h>

#define PORTS_MAX 8 /* ports of a device that are used */
#define BUFFER_SIZE 512
#define RX_BUFFERS 4
#define RX_ROUNDS 8 /* looks at an empty queue in one interrupt */

#define CONTROL_RX 32 /* messages that the device may send at once */
#define CONTROL_RX_SIZE 128
#define CONTROL_TX 32    /* messages that the device has not read yet */
#define PORT_NAME_MAX 20 /* longest name that is used */

struct port;
struct vcon;

/* The device of a port other than 0. Its last reference may outlive the port's
 * presence, and the console. */
struct port_device {
	struct device dev;
	struct port *p;               /* [I] */
	char wanted[DEVICE_NAME_MAX]; /* [I] another port may have this name */
};

/* [I] immutable after probe, [L] lock, [C] the control queues' lock, [D] the
 * lock of the list of devices, [A] set with [C], cleared with [D]. */
struct port {
	struct vcon *c;               /* [I] */
	unsigned int id;              /* [I] */
	struct virtio_queue *rx, *tx; /* [I] */
	struct port_device *dev;      /* [D] listed; NULL: not, or port 0 */
	bool told;                    /* [D] its user, that it was removed */
	struct spinlock lock;
	struct uart *uart;     /* [L] NULL: no line */
	struct dma_buffer mem; /* [D] RX_BUFFERS for receiving, two for sending;
				  from the first line on */
	struct work rx_work;   /* what an interrupt has left */
	bool lent;             /* [L] the device was given the buffers */
	bool receiving;        /* [L] somebody is in rx_used() */
	bool rx_more;          /* [L] and has to look again */
	bool rx_off;           /* [L] the client wants no more */
	bool tx_wanted;        /* [L] tell the client when there is room */
	bool tx_busy;          /* [L] the device has the other buffer */
	unsigned int tx_at;    /* [L] which of the two is being filled */
	unsigned int tx_n;     /* [L] bytes in it */
	/* [L] What was received and not taken yet. */
	unsigned int rx_buf, rx_n, rx_off_at;
	bool rx_have;
	/* [C] The device has added it; its side, and ours, is open. `present`
	 * is also read without the lock. */
	bool present, device_open, open;
	bool removed;                 /* [A] since its line was made */
	char name[PORT_NAME_MAX + 1]; /* [C] or "" */
};

/* [I] immutable after probe, [C], [D] as above. The driver has a reference, the
 * work items together, and each device of a port. */
struct vcon {
	struct virtio_host *vh; /* [I] */
	unsigned int refs;      /* [D] */
	bool gone;              /* [D] the driver was removed */
	unsigned int nports;    /* [I] that have queues */
	uint32_t max_ports;     /* [I] that the device may have */
	bool multiport;         /* [I] */
	struct work changed;    /* ports come and go, or messages are left */
	struct work end;        /* behind the last run of it */
	struct spinlock lock;
	struct virtio_queue *control_rx, *control_tx; /* [I] */
	struct dma_buffer mem; /* [I] CONTROL_RX buffers, CONTROL_TX messages */
	bool probing;          /* [C] ports are not looked at yet */
	uint32_t tx_used;      /* [C] a bit for each message the device has */
	unsigned int errors;   /* [C] invalid messages so far */
	struct log_limit limit;
	struct port ports[PORTS_MAX]; /* [I] */
};

static inline void *token_of(unsigned int n)
{
	return (void *)(uintptr_t)(n + 1);
}

/* Before the device is started: create the control queues and their memory.
 * virtio_host_queue()'s errors. Thread or boot context. */
int __must_check vcon_control_queues(struct vcon *c);
/*
 * Ask for the ports, and wait until the device has read all messages, answers
 * to its own included, CONTROL_MS at most: what most devices say because of
 * them they have said by then. What comes later is looked at as it comes. Ports
 * that are there are `present`. Thread or boot context, after the start.
 */
void vcon_control_ask(struct vcon *c);
/* Read the messages that an interrupt has left. Thread context. */
void vcon_control_catch_up(struct vcon *c);
/* Tell the device whether a port's line is in use. Thread or boot context. */
void vcon_control_open(struct port *p, bool open);

/* virtio_console.c: a line on `dev`, the console's own or the port's; and its
 * removal. The list of devices is locked. */
int __must_check vcon_line_add(struct port *p, struct device *dev);
void vcon_line_remove(struct port *p);

/* virtio_console_port.c. The list of devices is locked in both. */
/* Prepare the work of a console with several ports. -ERR_NOMEM. */
int __must_check vcon_ports_init(struct vcon *c);
/* Give each port that is there a line, and take it from those that are not, as
 * far as it has no user. */
void vcon_ports_update(struct vcon *c);
/* For the driver's removal: no line is left, none has a user. */
void vcon_ports_remove(struct vcon *c);
void vcon_put(struct vcon *c);

#endif
