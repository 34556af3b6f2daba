/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO network device of the host: packets (VirtIO 1.2, 5.1.6). Buffers of
 * 2 KiB are given to the device for receiving, and packets in them go to the
 * switch without a copy. A packet to be sent is copied once, since it is valid
 * only during the call.
 */
#include <core/percpu.h>
#include <core/time.h>
#include <string.h>

#include "virtio_net_priv.h"

#define IRQ_BATCHES 4 /* batches in one interrupt; the rest is for a thread */
#define STUCK_MS 5000 /* reset the device if nothing was sent for so long */

static uint8_t *buffer_at(const struct dma_buffer *mem, unsigned int n)
{
	return (uint8_t *)mem->va + (size_t)n * BUFFER_SIZE;
}

/* The arguments of chains are numbers of buffers, made non-NULL. */
static void *token_of(unsigned int n)
{
	return (void *)(uintptr_t)(n + 1);
}

static unsigned int of_token(const void *token)
{
	return (unsigned int)(uintptr_t)token - 1;
}

/* --- receiving ------------------------------------------------------------ */

/* Give a buffer to the device; the queue has room for all of them. */
static void lend(struct vnet_pair *p, unsigned int n)
{
	uint64_t addr = p->rx_mem.addr + (uint64_t)n * BUFFER_SIZE;
	struct virtio_chain c;

	assert_held(&p->rx_lock);
	if (virtio_chain_begin(p->rx, 1, &c)) {
		virtio_chain_put(&c, addr, BUFFER_SIZE, true);
		virtio_chain_end(p->rx, &c, token_of(n));
	}
}

void vnet_lend_all(struct vnet_pair *p)
{
	unsigned long flags = spin_lock_irqsave(&p->rx_lock);

	for (unsigned int n = 0; n < BUFFERS && p->rx->nfree > 0; n++) {
		lend(p, n);
	}
	virtio_queue_kick(p->rx);
	spin_unlock_irqrestore(&p->rx_lock, flags);
}

/* Take the rest of a packet that the device has spread over several buffers. */
static bool take_rest(struct vnet_pair *p, struct net_packet *pkt,
		      unsigned int n, unsigned int *nsegs)
{
	for (unsigned int i = 1; i < n; i++) {
		uint32_t len;
		void *token = virtio_queue_take(p->rx, &len);
		unsigned int buf = of_token(token);

		if (!token) {
			p->rx->broken = true; /* 5.1.6.4.1: all at once */
			return false;
		}
		p->taken[*nsegs] = (uint16_t)buf;
		p->segs[*nsegs] = (struct io_segment){
			.va = buffer_at(&p->rx_mem, buf),
			.size = MIN(len, (uint32_t)BUFFER_SIZE),
		};
		pkt->len += (uint32_t)p->segs[*nsegs].size;
		pkt->nsegs++;
		(*nsegs)++;
	}
	return true;
}

/* Take one packet, with its segments from p->segs[*nsegs] on. False: there is
 * none, or no room. *ok: it is a valid packet. */
static bool take_packet(struct vnet_pair *p, struct net_packet *pkt,
			unsigned int *nsegs, bool *ok)
{
	const struct virtio_net_hdr *hdr;
	unsigned int buf, n = 1;
	uint32_t len;
	void *token;

	if (*nsegs + FRAME_BUFFERS > ARRAY_SIZE(p->segs)) {
		return false;
	}
	token = virtio_queue_take(p->rx, &len);
	if (!token) {
		return false;
	}
	buf = of_token(token);
	hdr = (const struct virtio_net_hdr *)buffer_at(&p->rx_mem, buf);
	*ok = len > p->v->hdr_size && len <= BUFFER_SIZE;
	p->taken[*nsegs] = (uint16_t)buf;
	p->segs[*nsegs] = (struct io_segment){
		.va = buffer_at(&p->rx_mem, buf) + p->v->hdr_size,
		.size = *ok ? len - p->v->hdr_size : 0,
	};
	*pkt = (struct net_packet){
		.segs = &p->segs[*nsegs],
		.nsegs = 1,
		.len = (uint32_t)p->segs[*nsegs].size,
		.offload = { .flags = hdr->flags,
			     .gso_type = hdr->gso_type,
			     .hdr_len = hdr->hdr_len,
			     .gso_size = hdr->gso_size,
			     .csum_start = hdr->csum_start,
			     .csum_offset = hdr->csum_offset },
	};
	(*nsegs)++;
	if (p->v->mergeable) {
		n = MAX(READ_ONCE(hdr->num_buffers), 1U);
	}
	if (n > FRAME_BUFFERS) {
		p->rx->broken = true;
		return false;
	}
	return take_rest(p, pkt, n, nsegs);
}

/* Receive one batch: taken under the lock, delivered without it, then the
 * buffers are given back. False if there was nothing. */
static bool receive_batch(struct vnet_pair *p)
{
	unsigned long flags = spin_lock_irqsave(&p->rx_lock);
	unsigned int n = 0, nsegs = 0;
	bool ok = false;

	while (n < BATCH && !p->rx_stopped &&
	       take_packet(p, &p->packets[n], &nsegs, &ok)) {
		n += ok;
	}
	spin_unlock_irqrestore(&p->rx_lock, flags);
	if (n > 0) {
		(void)netport_send(p->v->port, p->packets, n);
	}
	flags = spin_lock_irqsave(&p->rx_lock);
	for (unsigned int i = 0; i < nsegs && !p->rx_stopped; i++) {
		lend(p, p->taken[i]);
	}
	if (nsegs > 0 && !p->rx_stopped) {
		virtio_queue_kick(p->rx);
	}
	spin_unlock_irqrestore(&p->rx_lock, flags);
	return nsegs > 0;
}

static bool receive_begin(struct vnet_pair *p)
{
	unsigned long flags = spin_lock_irqsave(&p->rx_lock);
	bool mine = !p->receiving && !p->rx_stopped;

	p->more = true;
	p->receiving |= mine;
	spin_unlock_irqrestore(&p->rx_lock, flags);
	return mine;
}

/* Stop receiving. True: nothing is left, and the next packet raises an
 * interrupt. */
static bool receive_end(struct vnet_pair *p)
{
	unsigned long flags = spin_lock_irqsave(&p->rx_lock);
	bool quiet = !p->more && (p->rx_stopped || p->rx->broken ||
				  virtio_queue_rearm(p->rx));

	if (quiet) {
		p->receiving = false;
	}
	p->more = false;
	spin_unlock_irqrestore(&p->rx_lock, flags);
	return quiet;
}

void vnet_receive(struct vnet_pair *p)
{
	unsigned int n = 0;

	if (!receive_begin(p)) {
		return; /* the receiver has been told to look again */
	}
	do {
		while (n < IRQ_BATCHES && receive_batch(p)) {
			n++;
		}
		if (n == IRQ_BATCHES) {
			break;
		}
	} while (!receive_end(p));
	if (n == IRQ_BATCHES) {
		WRITE_ONCE(p->receiving, false);
		work_queue(&p->v->work);
	}
	if (p->rx->broken) {
		work_queue(&p->v->work);
	}
}

/* --- sending -------------------------------------------------------------- */

/* Take back the buffers of packets that the device has sent. */
static void reclaim(struct vnet_pair *p)
{
	void *token;

	assert_held(&p->tx_lock);
	while ((token = virtio_queue_take(p->tx, NULL)) != NULL) {
		unsigned int buf = of_token(token);

		while (buf < BUFFERS) {
			p->tx_free[p->tx_nfree++] = (uint16_t)buf;
			buf = p->tx_next[buf];
		}
		p->sent++;
	}
}

/* Copy a packet into buffers, behind its header, and make these a chain. */
static void fill(struct vnet_pair *p, const struct net_packet *pkt,
		 struct virtio_chain *c)
{
	unsigned int buf = p->tx_free[--p->tx_nfree], first = buf;
	uint32_t at = p->v->hdr_size, left = pkt->len;
	const struct io_segment *seg = pkt->segs;
	size_t off = 0;
	struct virtio_net_hdr *hdr =
		(struct virtio_net_hdr *)buffer_at(&p->tx_mem, buf);

	hdr->flags = pkt->offload.flags & NET_HDR_NEEDS_CSUM;
	hdr->gso_type = pkt->offload.gso_type;
	hdr->hdr_len = pkt->offload.hdr_len;
	hdr->gso_size = pkt->offload.gso_size;
	hdr->csum_start = pkt->offload.csum_start;
	hdr->csum_offset = pkt->offload.csum_offset;
	if (p->v->hdr_size == sizeof(struct virtio_net_hdr)) {
		hdr->num_buffers = 0;
	}
	while (left > 0) {
		size_t part = MIN(MIN(seg->size - off, (size_t)left),
				  (size_t)(BUFFER_SIZE - at));

		memcpy(buffer_at(&p->tx_mem, buf) + at,
		       (const uint8_t *)seg->va + off, part);
		at += (uint32_t)part;
		off += part;
		left -= (uint32_t)part;
		if (off == seg->size) {
			seg++;
			off = 0;
		}
		if (at == BUFFER_SIZE && left > 0) {
			virtio_chain_put(
				c, p->tx_mem.addr + (uint64_t)buf * BUFFER_SIZE,
				BUFFER_SIZE, false);
			p->tx_next[buf] = p->tx_free[--p->tx_nfree];
			buf = p->tx_next[buf];
			at = 0;
		}
	}
	p->tx_next[buf] = BUFFERS;
	virtio_chain_put(c, p->tx_mem.addr + (uint64_t)buf * BUFFER_SIZE, at,
			 false);
	virtio_chain_end(p->tx, c, token_of(first));
}

/* Buffers that a packet and its header take. */
static unsigned int buffers_of(const struct vnet_pair *p,
			       const struct net_packet *pkt)
{
	return DIV_ROUND_UP(pkt->len + p->v->hdr_size, BUFFER_SIZE);
}

/* The pair of the CPU that sends. */
static struct vnet_pair *pair_here(struct vnet *v)
{
	return &v->pairs[cpu_id() % READ_ONCE(v->sending)];
}

bool vnet_send(struct netport *port, const struct net_packet *pkt,
	       enum net_drop *why)
{
	struct vnet_pair *p = pair_here(netport_arg(port));
	unsigned int n = buffers_of(p, pkt);
	unsigned long flags = spin_lock_irqsave(&p->tx_lock);
	struct virtio_chain c;
	bool ok = false;

	*why = NET_DROP_NO_BUFFER;
	if (p->tx_stopped) {
		*why = NET_DROP_LINK_DOWN;
	} else {
		reclaim(p);
		ok = n <= p->tx_nfree && virtio_chain_begin(p->tx, n, &c);
	}
	if (ok) {
		fill(p, pkt, &c);
		WRITE_ONCE(p->unkicked, true);
	}
	spin_unlock_irqrestore(&p->tx_lock, flags);
	return ok;
}

static void kick(struct vnet_pair *p)
{
	unsigned long flags = spin_lock_irqsave(&p->tx_lock);

	WRITE_ONCE(p->unkicked, false);
	if (!p->tx_stopped) {
		virtio_queue_kick(p->tx);
		if (!timer_armed(&p->stuck)) {
			p->sent_before = p->sent;
			timer_set(&p->stuck,
				  time_now() + ms_to_ticks(STUCK_MS));
		}
	}
	spin_unlock_irqrestore(&p->tx_lock, flags);
}

/* Ring each doorbell once for all packets that were given; the thread that gave
 * them may be on another CPU by now. */
void vnet_sent(struct netport *port)
{
	struct vnet *v = netport_arg(port);

	for (unsigned int i = 0; i < v->npairs; i++) {
		if (READ_ONCE(v->pairs[i].unkicked)) {
			kick(&v->pairs[i]);
		}
	}
}

/* Buffers are taken back only when something is sent, so look first. */
void vnet_stuck(struct timer *t)
{
	struct vnet_pair *p = container_of(t, struct vnet_pair, stuck);
	unsigned long flags = spin_lock_irqsave(&p->tx_lock);
	bool stuck = false, waits = false;

	if (!p->tx_stopped) {
		reclaim(p);
		waits = p->tx_nfree < BUFFERS;
		stuck = p->tx->broken || (waits && p->sent == p->sent_before);
		p->sent_before = p->sent;
		p->tx->broken |= stuck;
	}
	spin_unlock_irqrestore(&p->tx_lock, flags);
	if (stuck) {
		work_queue(&p->v->work);
	} else if (waits) {
		timer_set(t, time_now() + ms_to_ticks(STUCK_MS));
	}
}
