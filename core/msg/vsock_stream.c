/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One stream of the hypervisor's end of vsock: its state and its credit
 * (VirtIO 1.2, 5.10.6.3 and 5.10.6.5). The service's lock is held everywhere.
 *
 * What is to be sent is kept as state (vsock_stream_due()) and written when the
 * guest has a buffer: no packet waits anywhere, and nothing is allocated.
 */
#include "vsock_priv.h"

/* --- rings ---------------------------------------------------------------- */

/* The memory of byte `at`, and how much of n bytes lies together there. */
static uint8_t *ring_piece(const struct ring *r, uint32_t at, size_t *n)
{
	uint32_t i = at & (r->size - 1);

	*n = MIN(*n, (size_t)(r->size - i));
	return r->buf + i;
}

/* Move n bytes, for which there is room, from a guest's buffer. */
static void ring_pull(struct ring *r, struct io_list *from, size_t n)
{
	while (n > 0) {
		size_t part = n;
		uint8_t *to = ring_piece(r, r->head, &part);

		part = io_list_pull(from, to, part);
		if (part == 0) {
			return;
		}
		r->head += (uint32_t)part;
		n -= part;
	}
}

/* Move n bytes that are there to a guest's buffer that has the room. */
static void ring_fill(struct ring *r, struct io_list *to, size_t n)
{
	while (n > 0) {
		size_t part = n;
		const uint8_t *from = ring_piece(r, r->tail, &part);

		part = io_list_fill(to, from, part);
		if (part == 0) {
			return;
		}
		r->tail += (uint32_t)part;
		n -= part;
	}
}

/* --- state ---------------------------------------------------------------- */

/* Tell the service's thread. */
static void stream_event(struct vsock_stream *s, uint32_t events)
{
	struct vsock_service *service = s->service;

	assert_held(&service->lock);
	s->events |= events;
	service->events |= BIT(s - service->streams);
	wait_wake_one(&service->work);
}

void vsock_stream_begin(struct vsock_stream *s, struct vsock_port *p,
			const struct virtio_vsock_hdr *h)
{
	struct ring rx, tx;

	ring_init(&rx, s->rx.buf, s->rx.size);
	ring_init(&tx, s->tx.buf, s->tx.size);
	*s = (struct vsock_stream){
		.service = s->service,
		.port = p,
		.cid = p->cid,
		.guest_port = h->src_port,
		.state = VSOCK_REQUESTED,
		.reuses = s->reuses + 1,
		.rx = rx,
		.tx = tx,
		.peer_buf_alloc = h->buf_alloc,
		.peer_fwd_cnt = h->fwd_cnt,
	};
	WRITE_ONCE(s->service->used, true);
	stream_event(s, VSOCK_EVENT_ACCEPT);
}

void vsock_stream_over(struct vsock_stream *s)
{
	s->port = NULL;
	if (s->state == VSOCK_OPEN || s->state == VSOCK_REQUESTED) {
		s->state = VSOCK_OVER;
		stream_event(s, VSOCK_EVENT_CLOSED);
	} else if (s->state != VSOCK_OVER) {
		s->state = VSOCK_FREE;
	}
}

/* Bytes that the guest has room for. A guest that lies has none: what it has
 * forwarded cannot be more than it was sent. */
static uint32_t stream_credit(const struct vsock_stream *s)
{
	uint32_t in_flight = s->tx.tail - s->peer_fwd_cnt;

	return in_flight < s->peer_buf_alloc ? s->peer_buf_alloc - in_flight
					     : 0;
}

/* --- the guest sends ------------------------------------------------------ */

static bool stream_data(struct vsock_stream *s,
			const struct virtio_vsock_hdr *h, struct io_list *data)
{
	if ((s->state != VSOCK_OPEN && s->state != VSOCK_CLOSING) ||
	    (s->shut & VIRTIO_VSOCK_SHUTDOWN_SEND) ||
	    h->len > ring_free(&s->rx)) {
		return false;
	}
	if (s->state == VSOCK_CLOSING) {
		/* Nobody reads it. But the guest may have to send it before it
		 * reads what we have sent. */
		s->rx.head += h->len;
		s->rx.tail = s->rx.head;
		s->credit |= vsock_credit_stale(s);
		return true;
	}
	if (h->len > 0) {
		ring_pull(&s->rx, data, h->len);
		stream_event(s, VSOCK_EVENT_RECEIVE);
	}
	return true;
}

/* 5.10.6.5: when the guest will neither send nor receive, the answer is RST. */
static bool stream_shut(struct vsock_stream *s, uint32_t flags)
{
	s->shut |= flags & VIRTIO_VSOCK_SHUTDOWN_BOTH;
	if (s->shut == VIRTIO_VSOCK_SHUTDOWN_BOTH) {
		return false;
	}
	if (s->state == VSOCK_OPEN && (s->shut & VIRTIO_VSOCK_SHUTDOWN_SEND)) {
		stream_event(s, VSOCK_EVENT_RECEIVE);
	}
	return true;
}

static bool stream_operate(struct vsock_stream *s,
			   const struct virtio_vsock_hdr *h,
			   struct io_list *data)
{
	switch (h->op) {
	case VIRTIO_VSOCK_OP_RW:
		return stream_data(s, h, data);
	case VIRTIO_VSOCK_OP_CREDIT_UPDATE:
		return true;
	case VIRTIO_VSOCK_OP_CREDIT_REQUEST:
		s->credit = true;
		return true;
	case VIRTIO_VSOCK_OP_SHUTDOWN:
		return stream_shut(s, h->flags);
	default:
		return false; /* a second REQUEST, a RESPONSE, and unknown */
	}
}

bool vsock_stream_receive(struct vsock_stream *s,
			  const struct virtio_vsock_hdr *h,
			  struct io_list *data)
{
	if (h->op == VIRTIO_VSOCK_OP_RST) {
		vsock_stream_over(s);
		return true;
	}
	if (s->peer_buf_alloc != h->buf_alloc ||
	    s->peer_fwd_cnt != h->fwd_cnt) {
		s->asked = false;
	}
	s->peer_buf_alloc = h->buf_alloc;
	s->peer_fwd_cnt = h->fwd_cnt;
	if (!stream_operate(s, h, data)) {
		vsock_stream_over(s);
		return false;
	}
	return true;
}

/* --- the guest receives --------------------------------------------------- */

/* What the next packet is; OP_INVALID: there is none. */
static enum virtio_vsock_op stream_next(const struct vsock_stream *s)
{
	if (s->state == VSOCK_REFUSED) {
		return VIRTIO_VSOCK_OP_RST;
	}
	if (s->state != VSOCK_OPEN && s->state != VSOCK_CLOSING) {
		return VIRTIO_VSOCK_OP_INVALID;
	}
	if (s->respond) {
		return VIRTIO_VSOCK_OP_RESPONSE;
	}
	if (ring_used(&s->tx) == 0) {
		if (s->shutting & ~s->shut_sent) {
			return VIRTIO_VSOCK_OP_SHUTDOWN;
		}
	} else if (stream_credit(s) > 0) {
		return VIRTIO_VSOCK_OP_RW;
	} else if (!s->asked) {
		return VIRTIO_VSOCK_OP_CREDIT_REQUEST;
	}
	return s->credit ? VIRTIO_VSOCK_OP_CREDIT_UPDATE
			 : VIRTIO_VSOCK_OP_INVALID;
}

bool vsock_stream_due(const struct vsock_stream *s)
{
	return stream_next(s) != VIRTIO_VSOCK_OP_INVALID;
}

/* What a packet says is done once it is written. */
static void stream_sent(struct vsock_stream *s,
			const struct virtio_vsock_hdr *h)
{
	s->told_fwd_cnt = h->fwd_cnt; /* each packet tells it: 5.10.6.3 */
	s->credit = false;
	switch (h->op) {
	case VIRTIO_VSOCK_OP_RST:
		s->state = VSOCK_FREE;
		s->port = NULL;
		break;
	case VIRTIO_VSOCK_OP_RESPONSE:
		s->respond = false;
		break;
	case VIRTIO_VSOCK_OP_SHUTDOWN:
		s->shut_sent |= h->flags;
		break;
	case VIRTIO_VSOCK_OP_CREDIT_REQUEST:
		s->asked = true;
		break;
	default:
		break;
	}
}

size_t vsock_stream_send(struct vsock_stream *s, struct io_list *to,
			 size_t size)
{
	enum virtio_vsock_op op = stream_next(s);
	struct virtio_vsock_hdr h = {
		.src_cid = VSOCK_CID_HOST,
		.dst_cid = s->cid,
		.src_port = s->service->attr.port,
		.dst_port = s->guest_port,
		.type = VIRTIO_VSOCK_TYPE_STREAM,
		.op = (uint16_t)op,
		.buf_alloc = s->rx.size,
		.fwd_cnt = s->rx.tail,
	};

	if (op == VIRTIO_VSOCK_OP_RW) {
		h.len = MIN(ring_used(&s->tx), stream_credit(s));
		h.len = (uint32_t)MIN((size_t)h.len, size - sizeof(h));
	} else if (op == VIRTIO_VSOCK_OP_SHUTDOWN) {
		h.flags = s->shutting;
	}
	(void)io_list_fill(to, &h, sizeof(h));
	ring_fill(&s->tx, to, h.len);
	if (h.len > 0 && s->write_waits) {
		s->write_waits = false;
		stream_event(s, VSOCK_EVENT_WRITABLE);
	}
	stream_sent(s, &h);
	return sizeof(h) + h.len;
}
