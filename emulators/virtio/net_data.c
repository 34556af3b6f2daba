/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO network device: the path of packets. Packets that the guest sends go
 * through the switch in the trap of its kick, and are copied once, into the
 * receiver's buffers. The work in one trap is bounded; the guest then takes its
 * interrupts, and the rest follows (-ERR_BUSY).
 */
#include <core/heap.h>
#include <libs/copy.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "net_priv.h"

/* Most bytes copied by one kick before the guest takes its interrupts; of
 * packets, NETSWITCH_INLINE. */
#define NET_KICK_BYTES KIB(256)

#define NET_BATCH 32 /* most packets taken from the queue together */
_Static_assert(NET_BATCH <= NET_BATCH_MAX, "one netport_send()");
/* Most parts of a packet: those of a frame, and of its header. */
#define NET_TX_PARTS (NET_SEGS_MAX + 2)
/* Parts of a batch: it is full when fewer are left than one packet may need. */
#define NET_TX_POOL 256
/* Most buffers that one packet fills: 64 KiB in buffers of 1,024 bytes; and
 * their parts, as some buffers lie on two pages. */
#define NET_RX_CHAINS 64
#define NET_RX_POOL 192
/* Most parts of the one chain that a packet fills without MRG_RXBUF. */
#define NET_RX_PARTS 64

/* Working memory of a queue, too large for a stack. [Q] the queue's lock. */
struct net_tx {
	bool busy; /* [Q] a CPU is sending and owns the rest */
	struct io_segment segs[NET_TX_POOL];
	struct virtq_chain chain[NET_BATCH];
	struct net_packet packet[NET_BATCH];
	uint64_t bytes; /* sent, while more than one pair is in use */
};

struct net_rx {
	struct io_segment segs[NET_RX_POOL];     /* [Q] */
	struct virtq_chain chain[NET_RX_CHAINS]; /* [Q] */
	uint64_t bytes; /* [A] received, if there can be other pairs */
};

int net_data_init(struct net_dev *n)
{
	for (unsigned int i = 0; i < n->pairs_max; i++) {
		n->tx[i] = heap_alloc(sizeof(*n->tx[i]));
		n->rx[i] = heap_alloc(sizeof(*n->rx[i]));
		if (n->tx[i] == NULL || n->rx[i] == NULL) {
			net_data_fini(n);
			return -ERR_NOMEM;
		}
	}
	return 0;
}

void net_data_fini(struct net_dev *n)
{
	for (unsigned int i = 0; i < n->pairs_max; i++) {
		heap_free(n->tx[i]);
		heap_free(n->rx[i]);
	}
}

/* The first pair's bytes are the port's less those of the other pairs, so that
 * with one pair nothing is counted twice. */
static uint64_t count_bytes(const struct net_dev *n, unsigned int pair,
			    bool sends)
{
	uint64_t all = sends ? netport_bytes_sent(n->port)
			     : netport_bytes_received(n->port);
	uint64_t others = 0;

	if (pair > 0) {
		return sends ? READ_ONCE(n->tx[pair]->bytes)
			     : READ_ONCE(n->rx[pair]->bytes);
	}
	for (unsigned int i = 1; i < n->pairs_max; i++) {
		others += sends ? READ_ONCE(n->tx[i]->bytes)
				: READ_ONCE(n->rx[i]->bytes);
	}
	/* The port may not have counted the last ones yet. */
	return all - MIN(all, others);
}

void net_count(const struct virtio_device *vd, const struct virtqueue *vq,
	       struct queue_counts *out)
{
	const struct net_dev *n = vd->state;
	unsigned int pair = vq->index / 2;
	bool sends = (vq->index & 1) != 0;

	if (vq->index == net_control_index(n) || pair >= n->pairs_max) {
		(void)snprintf(out->name, sizeof(out->name), "control");
		return;
	}
	(void)snprintf(out->name, sizeof(out->name), "%s %u",
		       sends ? "transmit" : "receive", pair);
	out->bytes_counted = true;
	out->bytes = count_bytes(n, pair, sends);
}

/* --- from the guest ------------------------------------------------------ */

/* The offload of a packet, as far as the negotiated features, CSUM among them,
 * allow it. */
static struct net_offload tx_offload(const struct net_dev *n,
				     const struct virtio_net_hdr *h)
{
	struct net_offload o;
	uint64_t wants = 0;

	o = (struct net_offload){
		.flags = h->flags & NET_HDR_NEEDS_CSUM,
		.gso_type = h->gso_type,
		.hdr_len = h->hdr_len,
		.gso_size = h->gso_size,
		.csum_start = h->csum_start,
		.csum_offset = h->csum_offset,
	};
	if ((o.gso_type & ~NET_HDR_GSO_ECN) == NET_HDR_GSO_TCPV4) {
		wants = VIRTIO_NET_F_HOST_TSO4;
	} else if ((o.gso_type & ~NET_HDR_GSO_ECN) == NET_HDR_GSO_TCPV6) {
		wants = VIRTIO_NET_F_HOST_TSO6;
	}
	if (o.gso_type & NET_HDR_GSO_ECN) {
		wants |= VIRTIO_NET_F_HOST_ECN;
	}
	if (o.gso_type != NET_HDR_GSO_NONE &&
	    (wants == 0 || (n->vd->features & wants) != wants)) {
		o.gso_type = UINT8_MAX; /* no valid type: malformed */
	}
	return o;
}

/* The header lies in several parts, or is short (2.7.4): take it out. */
static __noinline void tx_gather(const struct net_dev *n,
				 struct virtq_chain *chain,
				 struct net_packet *pkt)
{
	struct virtio_net_hdr h = { .flags = 0 };
	size_t got = io_list_pull(&chain->readable, &h, n->header);

	*pkt = (struct net_packet){
		.segs = chain->readable.segs,
		.nsegs = chain->readable.n,
		.len = chain->readable_size - (uint32_t)got,
	};
	if (virtio_has(n->vd, VIRTIO_NET_F_CSUM)) {
		pkt->offload = tx_offload(n, &h);
	}
}

/* The header is nearly always at the start of the first buffer. It is read, by
 * one copy, if it can say anything. */
static inline void tx_packet(const struct net_dev *n, struct virtq_chain *chain,
			     struct net_packet *pkt)
{
	struct io_segment *s = chain->readable.segs;
	struct virtio_net_hdr h;

	if (unlikely(chain->readable.n == 0 || n->header != sizeof(h) ||
		     s->size <= sizeof(h))) {
		tx_gather(n, chain, pkt);
		return;
	}
	*pkt = (struct net_packet){
		.segs = s,
		.nsegs = chain->readable.n,
		.len = chain->readable_size - (uint32_t)sizeof(h),
	};
	if (virtio_has(n->vd, VIRTIO_NET_F_CSUM)) {
		__builtin_memcpy(&h, s->va, sizeof(h));
		pkt->offload = tx_offload(n, &h);
	}
	s->va = (uint8_t *)s->va + sizeof(h);
	s->size -= sizeof(h);
}

/* [Q]. Take one chain, number n of a batch, and count its parts. */
static inline bool tx_take_one(struct virtqueue *vq, struct net_tx *tx,
			       unsigned int n, unsigned int *used)
{
	struct virtq_chain *chain = &tx->chain[n];

	chain->segs = tx->segs + *used;
	chain->max = NET_TX_PARTS;
	if (virtqueue_pop(vq, chain) != 1) {
		return false;
	}
	*used += chain->readable.n + chain->writable.n;
	return true;
}

/* [Q]. Take the chains that are there, until the batch is full. */
static unsigned int tx_take_chains(struct virtqueue *vq, struct net_tx *tx)
{
	unsigned int n = 0, used = 0, most;

	if (!tx_take_one(vq, tx, n++, &used)) {
		return 0;
	}
	most = MIN((unsigned int)NET_BATCH, 1 + virtqueue_seen(vq));
	while (n < most && NET_TX_POOL - used >= NET_TX_PARTS &&
	       tx_take_one(vq, tx, n, &used)) {
		n++;
	}
	return n;
}

/* The first batch of a kick; returns the number of its packets. 0: the queue is
 * empty, or another CPU is sending its packets, and will look again. */
static unsigned int tx_begin(struct virtqueue *vq, struct net_tx *tx)
{
	unsigned long flags = virtqueue_lock(vq);
	unsigned int n = 0;

	if (!tx->busy) {
		virtqueue_kicks_off(vq);
		n = tx_take_chains(vq, tx);
		if (n == 0 && virtqueue_kicks_on(vq)) {
			virtqueue_kicks_off(vq);
			n = tx_take_chains(vq, tx);
		}
		tx->busy = n > 0;
	}
	virtqueue_unlock(vq, flags);
	return n;
}

/* Give a batch of n back and take the next, unless it was the `last`: the rest
 * is taken by another kick. */
static unsigned int tx_next(struct virtqueue *vq, struct net_tx *tx,
			    unsigned int n, bool last)
{
	unsigned long flags = virtqueue_lock(vq);
	unsigned int what;

	for (unsigned int i = 0; i < n; i++) {
		virtqueue_push(vq, &tx->chain[i], 0);
	}
	n = 0;
	if (last) {
		what = virtqueue_publish(vq) ? VIRTQUEUE_DUE : 0;
	} else {
		what = virtqueue_finish(vq);
		if (what & VIRTQUEUE_MORE) {
			virtqueue_kicks_off(vq);
			n = tx_take_chains(vq, tx);
		}
	}
	tx->busy = n > 0;
	virtqueue_unlock(vq, flags);
	if (what & VIRTQUEUE_DUE) {
		virtio_interrupt(vq);
	}
	return n;
}

/* 5.1.6.5.5.1: packets of a flow are received by the pair that sent it last. */
static __noinline void tx_steer(struct net_dev *n, struct net_tx *tx,
				const struct net_packet *pkt, uint16_t index)
{
	uint8_t *pair = &n->steer[net_flow(pkt)];

	tx->bytes += pkt->len;
	if (READ_ONCE(*pair) != index / 2) {
		WRITE_ONCE(*pair, (uint8_t)(index / 2));
	}
}

static size_t tx_send(struct net_dev *n, struct virtqueue *vq,
		      struct net_tx *tx, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		tx_packet(n, &tx->chain[i], &tx->packet[i]);
		if (READ_ONCE(n->pairs) > 1) {
			tx_steer(n, tx, &tx->packet[i], vq->index);
		}
	}
	return netport_send(n->port, tx->packet, count);
}

int net_transmit(struct net_dev *n, struct virtqueue *vq, unsigned int most)
{
	struct net_tx *tx = n->tx[vq->index / 2];
	unsigned int packets = 0, count = tx_begin(vq, tx);
	bool full = false;
	size_t bytes = 0;

	while (count > 0) {
		bytes += tx_send(n, vq, tx, count);
		packets += count;
		full = packets >= most || bytes >= NET_KICK_BYTES;
		count = tx_next(vq, tx, count, full);
	}
	return full && !netport_defer(n->port) ? -ERR_BUSY : 0;
}

/* One turn for each pair. A pair that is deferred again gets another turn
 * later. */
bool net_send_left(struct netport *p)
{
	struct net_dev *n = netport_arg(p);
	bool more = false;

	for (uint32_t i = 0; i < n->pairs_max; i++) {
		more |= net_transmit(n, &n->vd->queues[2 * i + 1],
				     NETSWITCH_INLINE) != 0;
	}
	return more;
}

/* --- to the guest -------------------------------------------------------- */

/* vq->lock is held. Put back the last n chains taken. */
static void rx_untake(struct virtqueue *vq, struct net_rx *rx, unsigned int n)
{
	while (n > 0) {
		virtqueue_unpop(vq, &rx->chain[--n]);
	}
}

/* vq->lock is held. Take buffers for `size` bytes. Returns their number, 0 if
 * there are too few. */
static unsigned int rx_take(const struct net_dev *n, struct virtqueue *vq,
			    struct net_rx *rx, size_t size)
{
	unsigned int most = n->mergeable ? NET_RX_CHAINS : 1;
	unsigned int count = 0, used = 0;
	size_t room = 0;

	while (room < size) {
		struct virtq_chain *chain = &rx->chain[count];

		if (count == most || used + NET_RX_PARTS > NET_RX_POOL) {
			break;
		}
		chain->segs = rx->segs + used;
		chain->max = NET_RX_PARTS;
		if (virtqueue_pop(vq, chain) != 1) {
			break;
		}
		used += chain->readable.n + chain->writable.n;
		room += chain->writable_size;
		count++;
	}
	/* The header must fit into one buffer (5.1.6.3.2). */
	if (room >= size && rx->chain[0].writable_size >= n->header) {
		return count;
	}
	rx_untake(vq, rx, count);
	return 0;
}

/* The position in a packet's data that is being copied into buffers. */
struct rx_source {
	const struct io_segment *seg, *end;
	size_t off; /* in *seg */
};

/* Fill one part of a buffer. Returns bytes, fewer than `room` at the packet's
 * end. */
static size_t rx_fill_part(struct rx_source *from, uint8_t *to, size_t room)
{
	size_t left = room;

	while (left > 0 && from->seg < from->end) {
		size_t n = MIN(left, from->seg->size - from->off);

		copy_bytes(to, (const uint8_t *)from->seg->va + from->off, n);
		to += n;
		left -= n;
		from->off += n;
		if (from->off == from->seg->size) {
			from->seg++;
			from->off = 0;
		}
	}
	return room - left;
}

/*
 * Fill one chain with the rest of the packet, as far as it fits. Returns bytes.
 */
static uint32_t rx_fill(struct rx_source *from, const struct io_list *to)
{
	size_t n = 0;

	for (unsigned int i = 0; i < to->n && from->seg < from->end; i++) {
		n += rx_fill_part(from, to->segs[i].va, to->segs[i].size);
	}
	return (uint32_t)n;
}

/* Write the header in front of the packet, as tx_packet() reads it. */
static void rx_header(const struct net_dev *n, struct io_list *l,
		      const struct virtio_net_hdr *h)
{
	struct io_segment *s = l->segs;

	if (likely(n->header == sizeof(*h) && s->size > sizeof(*h))) {
		__builtin_memcpy(s->va, h, sizeof(*h));
		s->va = (uint8_t *)s->va + sizeof(*h);
		s->size -= sizeof(*h);
	} else {
		(void)io_list_fill(l, h, n->header);
	}
}

/* The header of a packet that fills `count` buffers. */
static struct virtio_net_hdr rx_make_header(const struct net_packet *pkt,
					    unsigned int count)
{
	struct virtio_net_hdr h = { .num_buffers = (uint16_t)count };

	if (pkt->offload.flags != 0 || pkt->offload.gso_type != 0) {
		h.flags = pkt->offload.flags;
		h.gso_type = pkt->offload.gso_type;
		h.hdr_len = (uint16_t)MIN(pkt->offload.hdr_len, pkt->len);
		h.gso_size = pkt->offload.gso_size;
		h.csum_start = pkt->offload.csum_start;
		h.csum_offset = pkt->offload.csum_offset;
	}
	return h;
}

/* vq->lock is held. The buffers of one packet are given back together
 * (5.1.6.4). */
static void rx_copy(const struct net_dev *n, struct virtqueue *vq,
		    struct net_rx *rx, unsigned int count,
		    const struct net_packet *pkt)
{
	struct rx_source from = {
		.seg = pkt->segs,
		.end = pkt->segs + pkt->nsegs,
	};
	struct virtio_net_hdr h = rx_make_header(pkt, count);
	uint32_t written = n->header;

	rx_header(n, &rx->chain[0].writable, &h);
	for (unsigned int i = 0; i < count; i++) {
		written += rx_fill(&from, &rx->chain[i].writable);
		virtqueue_push(vq, &rx->chain[i], written);
		written = 0;
	}
}

/* vq->lock is held. Put a packet into as many buffers as it needs. */
static __noinline bool rx_spread(const struct net_dev *n, struct virtqueue *vq,
				 struct net_rx *rx,
				 const struct net_packet *pkt)
{
	unsigned int count = rx_take(n, vq, rx, n->header + pkt->len);

	if (count > 0) {
		rx_copy(n, vq, rx, count, pkt);
	}
	return count > 0;
}

#define RX_HEADER sizeof(struct virtio_net_hdr)

static __noinline void rx_write_header(uint8_t *to,
				       const struct net_packet *pkt)
{
	struct virtio_net_hdr h = rx_make_header(pkt, 1);

	__builtin_memcpy(to, &h, sizeof(h));
}

/* The header of a packet in one buffer. Most are zeros but for their number of
 * buffers. */
static inline void rx_first_header(uint8_t *to, const struct net_packet *pkt)
{
	static const struct virtio_net_hdr plain = { .num_buffers = 1 };

	if (unlikely(pkt->offload.flags != 0 || pkt->offload.gso_type != 0)) {
		rx_write_header(to, pkt);
	} else {
		__builtin_memcpy(to, &plain, sizeof(plain));
	}
}

/* The data of a packet that fits. Its first part is most often the addresses
 * and the type alone, which have been judged (core/net/send.c). */
static inline void rx_data(uint8_t *to, const struct net_packet *pkt)
{
	const struct io_segment *s = pkt->segs, *end = s + pkt->nsegs;
	size_t left = pkt->len;

	if (likely(s->size == NET_ETH_LEN && left >= NET_ETH_LEN)) {
		__builtin_memcpy(to, s->va, NET_ETH_LEN);
		to += NET_ETH_LEN;
		left -= NET_ETH_LEN;
		s++;
	}
	for (; s < end && left > 0; s++) {
		size_t part = MIN(s->size, left);

		copy_bytes(to, s->va, part);
		to += part;
		left -= part;
	}
}

/* vq->lock is held. Put a packet into the queue; it nearly always fits in one
 * part of one buffer. */
static inline bool rx_put(const struct net_dev *n, struct virtqueue *vq,
			  struct net_rx *rx, const struct net_packet *pkt)
{
	struct virtq_chain *chain = &rx->chain[0];
	uint8_t *to;

	chain->segs = rx->segs;
	chain->max = NET_RX_PARTS;
	if (virtqueue_pop(vq, chain) != 1) {
		return false;
	}
	if (unlikely(chain->writable.n != 1 || n->header != RX_HEADER ||
		     chain->writable_size < RX_HEADER + pkt->len)) {
		virtqueue_unpop(vq, chain);
		return rx_spread(n, vq, rx, pkt);
	}
	to = chain->writable.segs->va;
	rx_first_header(to, pkt);
	rx_data(to + RX_HEADER, pkt);
	virtqueue_push(vq, chain, (uint32_t)RX_HEADER + pkt->len);
	return true;
}

/* The receive queue of a packet's flow (5.1.6.5.5.1). */
static struct virtqueue *rx_queue(const struct net_dev *n,
				  const struct net_packet *pkt)
{
	uint64_t pair = 0;

	if (READ_ONCE(n->pairs) > 1) {
		pair = READ_ONCE(n->steer[net_flow(pkt)]);
		if (!arch_index_below(&pair, READ_ONCE(n->pairs))) {
			pair = 0;
		}
	}
	return &n->vd->queues[2 * pair];
}

/* Bytes, if there can be other pairs. */
static void rx_count(struct net_rx *rx, uint32_t len)
{
	(void)__atomic_fetch_add(&rx->bytes, len, __ATOMIC_RELAXED);
}

/*
 * The copy is made with the queue locked: another sender to the same queue
 * waits for the copy of one packet. Copying without the lock would need memory
 * for the chains of each sender.
 */
bool net_receive(struct netport *p, const struct net_packet *pkt,
		 enum net_drop *why)
{
	struct net_dev *n = netport_arg(p);
	struct virtqueue *vq = rx_queue(n, pkt);
	struct net_rx *rx = n->rx[vq->index / 2];
	unsigned long flags;
	bool good;

	if (!net_filter_pass(n, pkt->segs[0].va, pkt->segs[0].size)) {
		*why = NET_DROP_FILTER;
		return false;
	}
	flags = virtqueue_lock(vq);
	good = rx_put(n, vq, rx, pkt);
	virtqueue_unlock(vq, flags);
	if (!good) {
		*why = NET_DROP_NO_BUFFER;
	} else if (n->pairs_max > 1) {
		(void)__atomic_fetch_or(&n->unpublished,
					(uint32_t)BIT(vq->index / 2),
					__ATOMIC_RELAXED);
		rx_count(rx, pkt->len);
	}
	return good;
}

/* Published while the queue is locked anyway. */
bool net_receive_alone(struct netport *p, const struct net_packet *pkt,
		       enum net_drop *why)
{
	struct net_dev *n = netport_arg(p);
	struct virtqueue *vq = rx_queue(n, pkt);
	struct net_rx *rx = n->rx[vq->index / 2];
	unsigned long flags;
	bool good, due;

	if (!net_filter_pass(n, pkt->segs[0].va, pkt->segs[0].size)) {
		*why = NET_DROP_FILTER;
		return false;
	}
	flags = virtqueue_lock(vq);
	good = rx_put(n, vq, rx, pkt);
	due = good && virtqueue_publish(vq);
	virtqueue_unlock(vq, flags);
	if (due) {
		virtio_interrupt(vq);
	}
	if (!good) {
		*why = NET_DROP_NO_BUFFER;
	} else if (n->pairs_max > 1) {
		rx_count(rx, pkt->len);
	}
	return good;
}

static void rx_publish(struct virtqueue *vq)
{
	unsigned long flags = virtqueue_lock(vq);
	bool due = virtqueue_publish(vq);

	virtqueue_unlock(vq, flags);
	if (due) {
		virtio_interrupt(vq);
	}
}

/* Packets are published together, with one interrupt. Another CPU's packets may
 * be among them; that CPU then finds nothing left to publish. */
void net_receive_done(struct netport *p)
{
	struct net_dev *n = netport_arg(p);
	uint32_t left;

	if (n->pairs_max == 1) {
		rx_publish(&n->vd->queues[0]);
		return;
	}
	left = __atomic_exchange_n(&n->unpublished, 0, __ATOMIC_RELAXED);
	for (; left != 0; left &= left - 1) {
		rx_publish(&n->vd->queues[2 * (uint32_t)__builtin_ctz(left)]);
	}
}
