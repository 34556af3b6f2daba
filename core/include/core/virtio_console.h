/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VirtIO console device (VirtIO 1.2, 5.3): what guests' consoles and the
 * driver for the host's have in common. */
#ifndef CORE_VIRTIO_CONSOLE_H
#define CORE_VIRTIO_CONSOLE_H

#include <libs/types.h>

/* 5.3.3: features. */
#define VIRTIO_CONSOLE_F_SIZE BIT(0)
#define VIRTIO_CONSOLE_F_MULTIPORT BIT(1)
#define VIRTIO_CONSOLE_F_EMERG_WRITE BIT(2)

/* 5.3.4: configuration. */
struct virtio_console_config {
	uint16_t cols, rows;
	uint32_t max_nr_ports;
	uint32_t emerg_wr;
} __packed;

/* 5.3.2: queues of port 0, the control queues, those of port 1 and so on; of a
 * port first the one in which the driver receives. */
#define VIRTIO_CONSOLE_CONTROL_RX 2
#define VIRTIO_CONSOLE_CONTROL_TX 3

/* The number of a port's receive queue (5.3.2); the next one transmits. */
static inline unsigned int virtio_console_rx_queue(unsigned int port)
{
	return port == 0 ? 0 : 2 + 2 * port;
}

/* 5.3.6.2: control messages. DEVICE_ADD and DEVICE_REMOVE are of ports. */
enum virtio_console_event {
	VIRTIO_CONSOLE_DEVICE_READY,
	VIRTIO_CONSOLE_DEVICE_ADD,
	VIRTIO_CONSOLE_DEVICE_REMOVE,
	VIRTIO_CONSOLE_PORT_READY,
	VIRTIO_CONSOLE_CONSOLE_PORT,
	VIRTIO_CONSOLE_RESIZE,
	VIRTIO_CONSOLE_PORT_OPEN,
	VIRTIO_CONSOLE_PORT_NAME, /* the name follows, without a terminator */
};

struct virtio_console_control {
	uint32_t id; /* of the port */
	uint16_t event, value;
} __packed;

/* VIRTIO_CONSOLE_RESIZE. */
struct virtio_console_resize {
	struct virtio_console_control control;
	uint16_t cols, rows;
} __packed;

#endif
