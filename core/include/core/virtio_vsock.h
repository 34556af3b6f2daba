/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structures and constants of the VirtIO socket device (VirtIO 1.2, 5.10). */
#ifndef CORE_VIRTIO_VSOCK_H
#define CORE_VIRTIO_VSOCK_H

#include <libs/types.h>

/* 5.10.2: the queues. */
#define VIRTIO_VSOCK_RX 0
#define VIRTIO_VSOCK_TX 1
#define VIRTIO_VSOCK_EVENT 2
#define VIRTIO_VSOCK_QUEUES 3

/* 5.10.3 */
#define VIRTIO_VSOCK_F_STREAM BIT(0)
#define VIRTIO_VSOCK_F_SEQPACKET BIT(1)

/* 5.10.4: context identifiers that are nobody's, or the host's. The upper 32
 * bits of one are 0. */
#define VSOCK_CID_HOST 2
#define VSOCK_CID_FIRST 3 /* of guests */
#define VSOCK_CID_LAST UINT32_C(0xfffffffe)

struct virtio_vsock_config {
	uint64_t guest_cid;
};

/* 5.10.6 */
struct virtio_vsock_hdr {
	uint64_t src_cid, dst_cid;
	uint32_t src_port, dst_port;
	uint32_t len; /* bytes of data that follow */
	uint16_t type, op;
	uint32_t flags;
	uint32_t buf_alloc, fwd_cnt; /* credit: 5.10.6.3 */
} __packed;
_Static_assert(sizeof(struct virtio_vsock_hdr) == 44, "5.10.6");

#define VIRTIO_VSOCK_TYPE_STREAM 1
#define VIRTIO_VSOCK_TYPE_SEQPACKET 2

enum virtio_vsock_op {
	VIRTIO_VSOCK_OP_INVALID,
	VIRTIO_VSOCK_OP_REQUEST,
	VIRTIO_VSOCK_OP_RESPONSE,
	VIRTIO_VSOCK_OP_RST,
	VIRTIO_VSOCK_OP_SHUTDOWN,
	VIRTIO_VSOCK_OP_RW,
	VIRTIO_VSOCK_OP_CREDIT_UPDATE,
	VIRTIO_VSOCK_OP_CREDIT_REQUEST,
	VIRTIO_VSOCK_OPS
};

/* Flags of SHUTDOWN: what its sender will not do any more. */
#define VIRTIO_VSOCK_SHUTDOWN_RCV 1
#define VIRTIO_VSOCK_SHUTDOWN_SEND 2
#define VIRTIO_VSOCK_SHUTDOWN_BOTH 3

/* Flags of RW of SEQPACKET (5.10.6.6.1): the message, and the record, ends with
 * this packet. */
#define VIRTIO_VSOCK_SEQ_EOM 1
#define VIRTIO_VSOCK_SEQ_EOR 2

/* 5.10.6.7 */
#define VIRTIO_VSOCK_EVENT_TRANSPORT_RESET 0

struct virtio_vsock_event {
	uint32_t id;
};

/* A packet in the opposite direction of `h`: its addresses and type, without
 * data or credit. */
static inline struct virtio_vsock_hdr
virtio_vsock_reply(const struct virtio_vsock_hdr *h, enum virtio_vsock_op op)
{
	return (struct virtio_vsock_hdr){
		.src_cid = h->dst_cid,
		.dst_cid = h->src_cid,
		.src_port = h->dst_port,
		.dst_port = h->src_port,
		.type = h->type,
		.op = (uint16_t)op,
	};
}

#endif
