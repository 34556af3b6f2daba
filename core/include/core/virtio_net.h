/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VirtIO network device (VirtIO 1.2, 5.1): what guests' cards and the
 * driver for the host's have in common. */
#ifndef CORE_VIRTIO_NET_H
#define CORE_VIRTIO_NET_H

#include <libs/types.h>

/* 5.1.3: feature bits. */
#define VIRTIO_NET_F_CSUM BIT(0)
#define VIRTIO_NET_F_GUEST_CSUM BIT(1)
#define VIRTIO_NET_F_CTRL_GUEST_OFFLOADS BIT(2)
#define VIRTIO_NET_F_MTU BIT(3)
#define VIRTIO_NET_F_MAC BIT(5)
#define VIRTIO_NET_F_GUEST_TSO4 BIT(7)
#define VIRTIO_NET_F_GUEST_TSO6 BIT(8)
#define VIRTIO_NET_F_GUEST_ECN BIT(9)
#define VIRTIO_NET_F_HOST_TSO4 BIT(11)
#define VIRTIO_NET_F_HOST_TSO6 BIT(12)
#define VIRTIO_NET_F_HOST_ECN BIT(13)
#define VIRTIO_NET_F_MRG_RXBUF BIT(15)
#define VIRTIO_NET_F_STATUS BIT(16)
#define VIRTIO_NET_F_CTRL_VQ BIT(17)
#define VIRTIO_NET_F_CTRL_RX BIT(18)
#define VIRTIO_NET_F_CTRL_VLAN BIT(19)
#define VIRTIO_NET_F_CTRL_RX_EXTRA BIT(20)
#define VIRTIO_NET_F_GUEST_ANNOUNCE BIT(21)
#define VIRTIO_NET_F_MQ BIT(22)
#define VIRTIO_NET_F_CTRL_MAC_ADDR BIT(23)

/* 5.1.4: configuration's status. */
#define VIRTIO_NET_S_LINK_UP 1
#define VIRTIO_NET_S_ANNOUNCE 2

/* 5.1.6: the header of each packet. For legacy drivers without MRG_RXBUF it has
 * no num_buffers (5.1.6.1). */
struct virtio_net_hdr {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
	uint16_t num_buffers;
};
#define VIRTIO_NET_HDR_SHORT 10

/* 5.1.4: configuration. */
struct virtio_net_config {
	uint8_t mac[6];
	uint16_t status, max_virtqueue_pairs, mtu;
} __packed;

/* 5.1.2: receiveq1, transmitq1, receiveq2 and so on; the control queue follows
 * those of all pairs that the device has, with VIRTIO_NET_F_MQ. */
static inline unsigned int virtio_net_rx_queue(unsigned int pair)
{
	return 2 * pair;
}

/* The number of the control queue, if the device has `pairs` pairs. */
static inline unsigned int virtio_net_control_queue(unsigned int pairs)
{
	return 2 * pairs;
}

/* 5.1.6.5: commands, which begin with class and command, and the answer. */
struct virtio_net_ctrl {
	uint8_t class, command;
};
#define VIRTIO_NET_CTRL_MQ 4
#define VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET 0 /* uint16_t pairs */
#define VIRTIO_NET_OK 0
#define VIRTIO_NET_ERR 1

#endif
