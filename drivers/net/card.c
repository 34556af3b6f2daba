/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network cards: moving frames between descriptor rings and a port.
 *
 * Received frames are delivered by the interrupt, a few at a time; when there
 * are more, interrupts stay off and the card's thread receives until there are
 * none, so that network traffic cannot take a CPU away from everything else.
 * Frames to be sent are copied, so that the sender need not wait for the card.
 *
 * Lock: tx_lock (LOCK_DRIVER). Receiving needs none: at any time only the
 * interrupt or only the thread receives.
 */
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <core/device.h>
#include <core/log.h>
#include <core/page.h>
#include <core/random.h>
#include <core/sched.h>
#include <core/thread.h>
#include <libs/error.h>
#include <string.h>

#include "card_priv.h"

#define CARD_PRIORITY (SCHED_PRIO_MAX - 2)
/*
 * Batches that the thread delivers before it yields to others of its priority.
 */
#define POLL_BATCHES 8
#define BUFFER_ORDER 7
_Static_assert(CARD_SLOTS *CARD_BUFFER == PAGE_SIZE << BUFFER_ORDER,
	       "a ring's buffers");

/* --- buffers -------------------------------------------------------------- */

/* The end of the addresses that the device can reach. */
static uint64_t reach(const struct net_card *c)
{
	uint64_t own = c->bits >= 64 ? UINT64_MAX : BIT(c->bits) - 1;
	uint64_t last = MIN(c->dev->dma.limit, own);
	uint64_t end = last + c->dev->dma.offset + 1;

	return last == UINT64_MAX || end <= last ? UINT64_MAX : end;
}

static int make_buffers(struct net_card *c, struct card_slot *slots,
			paddr_t *pa)
{
	int err = page_alloc_below(pa, BUFFER_ORDER, PAGE_ANY_COLOUR, reach(c));
	uint8_t *va;

	if (err) {
		return err;
	}
	va = arch_phys_to_virt(*pa);
	for (unsigned int i = 0; i < CARD_SLOTS; i++) {
		slots[i].seg = (struct io_segment){
			.va = va + i * CARD_BUFFER,
			.pa = PADDR(pa->v + i * CARD_BUFFER),
			.size = CARD_BUFFER,
		};
	}
	return 0;
}

static void free_buffers(paddr_t pa)
{
	if (pa.v) {
		page_free(pa, BUFFER_ORDER);
	}
}

/* Map a whole buffer, which the device can reach: nothing is bounced, so this
 * cannot fail. */
static void map_slot(struct net_card *c, struct card_slot *s, enum dma_dir dir)
{
	int err = dma_map(c->dev, &s->seg, dir, &s->addr);

	assert(!err);
}

/* --- receiving ------------------------------------------------------------ */

static unsigned int next_slot(unsigned int slot)
{
	return (slot + 1) % CARD_SLOTS;
}

static void take(struct net_card *c, const struct card_frame *f, unsigned int n)
{
	struct card_slot *s = &c->rx[f->slot];

	dma_unmap(c->dev, &s->seg, DMA_FROM_DEVICE, s->addr);
	c->segs[n] = s->seg;
	c->segs[n].size = f->len;
	c->packets[n] = (struct net_packet){
		.segs = &c->segs[n],
		.nsegs = 1,
		.len = f->len,
	};
}

static void give_back(struct net_card *c, unsigned int first, unsigned int end)
{
	unsigned int last = first;

	if (first == end) {
		return;
	}
	for (unsigned int i = first; i != end; i = next_slot(i)) {
		map_slot(c, &c->rx[i], DMA_FROM_DEVICE);
		c->ops->give(c, i);
		last = i;
	}
	c->ops->given(c, last);
}

/* Deliver at most CARD_BATCH frames. Returns the number of slots that were
 * used. */
static unsigned int receive_batch(struct net_card *c)
{
	static struct log_limit limit = LOG_LIMIT_INIT;
	unsigned int first = c->rx_next, slots = 0, n = 0;
	struct card_frame f;

	while (slots < CARD_BATCH && c->ops->received(c, c->rx_next, &f)) {
		f.slot = c->rx_next;
		take(c, &f, n);
		if (f.good && f.len >= NET_ETH_LEN && f.len <= CARD_BUFFER) {
			n++;
		} else if (log_allow(&limit)) {
			log_warn("%s: %s: a bad frame of %u bytes",
				 c->dev->name, netport_name(c->port), f.len);
		}
		c->rx_next = next_slot(c->rx_next);
		slots++;
	}
	if (n > 0) {
		(void)netport_send(c->port, c->packets, n);
	}
	give_back(c, first, c->rx_next);
	return slots;
}

/* Try to become the only receiver; false if there is one already. */
static bool poll_begin(struct net_card *c)
{
	return !__atomic_exchange_n(&c->polling, true, __ATOMIC_ACQ_REL);
}

/*
 * Stop being the receiver. False: a frame came before interrupts were on again
 * and may not have raised one, so the caller is the receiver once more.
 */
static bool poll_end(struct net_card *c)
{
	struct card_frame f;

	__atomic_store_n(&c->polling, false, __ATOMIC_RELEASE);
	c->ops->receive_irq(c, true);
	if (!c->ops->received(c, READ_ONCE(c->rx_next), &f) || !poll_begin(c)) {
		return true;
	}
	c->ops->receive_irq(c, false);
	return false;
}

void card_interrupt(struct net_card *c)
{
	c->ops->receive_irq(c, false);
	if (poll_begin(c) && (receive_batch(c) == CARD_BATCH || !poll_end(c))) {
		work_queue(&c->poll_work); /* the thread receives */
	}
}

static void poll(struct work *w)
{
	struct net_card *c = container_of(w, struct net_card, poll_work);

	if (READ_ONCE(c->leaving) || c->given_up) {
		return;
	}
	for (unsigned int i = 0; i < POLL_BATCHES; i++) {
		if (receive_batch(c) == 0 && poll_end(c)) {
			return;
		}
	}
	work_queue(w);
}

/* --- sending -------------------------------------------------------------- */

static unsigned int tx_slot(unsigned int count)
{
	return count % CARD_SLOTS;
}

static void reclaim(struct net_card *c)
{
	assert_held(&c->tx_lock);
	while (c->tx_tail != c->tx_head &&
	       c->ops->gone(c, tx_slot(c->tx_tail))) {
		struct card_slot *s = &c->tx[tx_slot(c->tx_tail)];

		dma_unmap(c->dev, &s->seg, DMA_TO_DEVICE, s->addr);
		c->tx_tail++;
		c->tx_since = time_now();
	}
}

static unsigned int room(const struct net_card *c)
{
	/*
	 * One slot stays free, so that a full ring differs from an empty one.
	 */
	return CARD_SLOTS - 1 - (c->tx_head - c->tx_tail);
}

/* Copy a packet into as many slots as it takes, from the count `first` on. */
static void copy_packet(struct net_card *c, unsigned int first,
			const struct net_packet *pkt)
{
	size_t at = 0; /* offset in the slot's buffer */

	for (unsigned int i = 0; i < pkt->nsegs; i++) {
		const uint8_t *from = pkt->segs[i].va;
		size_t left = pkt->segs[i].size;

		while (left > 0) {
			uint8_t *to = c->tx[tx_slot(first)].seg.va;
			size_t n = MIN(left, CARD_BUFFER - at);

			memcpy(to + at, from, n);
			from += n;
			left -= n;
			at += n;
			if (at == CARD_BUFFER) {
				at = 0;
				first++;
			}
		}
	}
}

static void send_slots(struct net_card *c, unsigned int first,
		       const struct net_packet *pkt)
{
	uint32_t left = pkt->len;

	while (left > 0) {
		uint32_t n = MIN(left, (uint32_t)CARD_BUFFER);

		left -= n;
		map_slot(c, &c->tx[tx_slot(first)], DMA_TO_DEVICE);
		c->ops->send(c, tx_slot(first), n, left == 0, pkt);
		first++;
	}
	c->tx_head = first;
}

static bool send_packet(struct net_card *c, const struct net_packet *pkt,
			enum net_drop *why)
{
	bool offload = pkt->offload.flags & NET_HDR_NEEDS_CSUM;
	unsigned int first = c->tx_head + offload;
	unsigned int slots = DIV_ROUND_UP(pkt->len, CARD_BUFFER) + offload;

	assert_held(&c->tx_lock);
	if (!c->tx_on) {
		*why = NET_DROP_LINK_DOWN;
		return false;
	}
	if (room(c) < slots) {
		reclaim(c);
	}
	if (room(c) < slots) {
		*why = NET_DROP_NO_BUFFER;
		return false;
	}
	copy_packet(c, first, pkt);
	if (offload && !c->ops->offload(c, tx_slot(c->tx_head), pkt,
					c->tx[tx_slot(first)].seg.va,
					MIN(pkt->len, (uint32_t)CARD_BUFFER))) {
		*why = NET_DROP_OFFLOAD;
		return false;
	}
	if (c->tx_head == c->tx_tail) {
		c->tx_since = time_now();
	}
	send_slots(c, first, pkt);
	return true;
}

static bool card_send(struct netport *p, const struct net_packet *pkt,
		      enum net_drop *why)
{
	struct net_card *c = netport_arg(p);
	unsigned long flags = spin_lock_irqsave(&c->tx_lock);
	bool taken = send_packet(c, pkt, why);

	spin_unlock_irqrestore(&c->tx_lock, flags);
	return taken;
}

static void card_send_done(struct netport *p)
{
	struct net_card *c = netport_arg(p);
	unsigned long flags = spin_lock_irqsave(&c->tx_lock);

	if (c->tx_on) {
		c->ops->sent(c, tx_slot(c->tx_head));
	}
	spin_unlock_irqrestore(&c->tx_lock, flags);
}

static const struct netport_ops card_port_ops = {
	.receive = card_send,
	.receive_done = card_send_done,
};

/* --- starting, and starting again ----------------------------------------- */

static void set_tx(struct net_card *c, bool on)
{
	unsigned long flags = spin_lock_irqsave(&c->tx_lock);

	c->tx_on = on;
	if (!on) {
		/* The card is stopped, or will be: the frames that it had are
		 * lost. */
		c->tx_head = 0;
		c->tx_tail = 0;
	}
	spin_unlock_irqrestore(&c->tx_lock, flags);
}

/* Start the card, which must be stopped. */
static int start(struct net_card *c)
{
	int err;

	c->rx_next = 0;
	for (unsigned int i = 0; i < CARD_SLOTS; i++) {
		map_slot(c, &c->rx[i], DMA_FROM_DEVICE);
	}
	err = c->ops->start(c);
	if (err == 0) {
		set_tx(c, true);
		c->ops->receive_irq(c, true);
	}
	return err;
}

static int stop(struct net_card *c)
{
	set_tx(c, false);
	return c->ops->stop(c);
}

static void restart(struct net_card *c)
{
	int err;

	c->restarts++;
	log_warn("%s: %s: starting it again", c->dev->name,
		 netport_name(c->port));
	err = stop(c);
	/* No interrupt receives after this, and the thread is running this
	 * function. */
	irq_synchronize();
	if (err == 0) {
		err = start(c);
	}
	if (err || c->restarts >= CARD_RESTARTS_MAX) {
		log_err("%s: %s: given up: %s", c->dev->name,
			netport_name(c->port),
			err ? err_str(err) : "it stops again and again");
		c->given_up = true;
		c->up = false;
		netport_set_carrier(c->port, false);
		if (stop(c)) {
			log_err("%s: it does not stop", c->dev->name);
		}
	}
}

static bool send_is_stuck(struct net_card *c)
{
	unsigned long flags = spin_lock_irqsave(&c->tx_lock);
	bool stuck = false;

	if (c->tx_on && c->tx_head != c->tx_tail) {
		reclaim(c);
		stuck = c->tx_head != c->tx_tail &&
			time_now() - c->tx_since >=
				ms_to_ticks(CARD_SEND_LIMIT_MS);
	}
	spin_unlock_irqrestore(&c->tx_lock, flags);
	return stuck;
}

static void check_link(struct net_card *c)
{
	bool up = c->ops->link(c);

	if (up != c->up) {
		c->up = up;
		netport_set_carrier(c->port, up);
		log_info("%s: %s: link %s", c->dev->name, netport_name(c->port),
			 up ? "up" : "down");
	}
}

static void tick(struct work *w)
{
	struct net_card *c = container_of(w, struct net_card, tick_work);
	bool broken = __atomic_exchange_n(&c->broken, false, __ATOMIC_ACQ_REL);

	if (READ_ONCE(c->leaving) || c->given_up) {
		return;
	}
	if (broken || (c->up && send_is_stuck(c))) {
		restart(c);
		c->quiet = 0;
	} else if (++c->quiet >= CARD_QUIET_TICKS) {
		c->restarts = 0;
	}
	if (!c->given_up) {
		check_link(c);
	}
	timer_set(&c->timer, time_now() + ms_to_ticks(CARD_TICK_MS));
}

static void timer_fired(struct timer *t)
{
	struct net_card *c = container_of(t, struct net_card, timer);

	work_queue(&c->tick_work);
}

void card_broken(struct net_card *c)
{
	__atomic_store_n(&c->broken, true, __ATOMIC_RELEASE);
	work_queue(&c->tick_work);
}

void card_link_changed(struct net_card *c)
{
	work_queue(&c->tick_work);
}

/* --- life ----------------------------------------------------------------- */

static int make_port(struct net_card *c)
{
	struct netport_attr attr = {
		.ops = &card_port_ops,
		.arg = c,
		.accepts = c->accepts,
		.max_len = CARD_FRAME_MAX,
		.uplink = true,
	};

	memcpy(attr.mac, c->mac, NET_MAC_LEN);
	return netport_create(&c->port, &attr);
}

static int make_memory(struct net_card *c)
{
	int err = make_buffers(c, c->rx, &c->rx_pa);

	if (err == 0) {
		err = make_buffers(c, c->tx, &c->tx_pa);
	}
	return err;
}

static void free_memory(struct net_card *c)
{
	free_buffers(c->rx_pa);
	free_buffers(c->tx_pa);
}

static int make_thread(struct net_card *c)
{
	const struct thread_attr attr = {
		.name = c->dev->name,
		.priority = CARD_PRIORITY,
	};

	spin_init(&c->tx_lock, LOCK_DRIVER);
	timer_init(&c->timer, timer_fired);
	work_init(&c->poll_work, &c->workqueue, poll);
	work_init(&c->tick_work, &c->workqueue, tick);
	return workqueue_start(&c->workqueue, &attr);
}

static void end_thread(struct net_card *c)
{
	WRITE_ONCE(c->leaving, true);
	work_cancel(&c->tick_work);
	timer_cancel(&c->timer);
	workqueue_stop(&c->workqueue);
}

int card_add(struct net_card *c)
{
	int err = make_memory(c);

	if (err) {
		goto out;
	}
	err = make_thread(c);
	if (err) {
		goto out;
	}
	err = make_port(c);
	if (err) {
		goto out_thread;
	}
	netport_set_carrier(c->port, false);
	err = start(c);
	if (err) {
		goto out_stop;
	}
	log_info("%s: %s: %02x:%02x:%02x:%02x:%02x:%02x", c->dev->name,
		 netport_name(c->port), c->mac[0], c->mac[1], c->mac[2],
		 c->mac[3], c->mac[4], c->mac[5]);
	work_queue(&c->tick_work);
	return 0;
out_stop:
	if (stop(c)) {
		log_err("%s: it does not stop", c->dev->name);
	}
	irq_synchronize();
	netport_destroy(c->port);
out_thread:
	end_thread(c);
out:
	free_memory(c);
	return err;
}

void card_remove(struct net_card *c)
{
	bool stopped;

	end_thread(c);
	stopped = stop(c) == 0;
	irq_synchronize();
	netport_destroy(c->port);
	if (stopped) {
		free_memory(c);
	} else {
		log_err("%s: it does not stop: its buffers are left to it",
			c->dev->name);
	}
}

/* Can a card have this address? */
static bool mac_valid(const uint8_t mac[NET_MAC_LEN])
{
	uint8_t any = 0;

	for (unsigned int i = 0; i < NET_MAC_LEN; i++) {
		any |= mac[i];
	}
	/*
	 * IEEE 802, 8.2.2: bit 0 of the first byte is set in group addresses.
	 */
	return any && !(mac[0] & 1);
}

int card_tree_mac(const struct device *dev, uint8_t mac[NET_MAC_LEN])
{
	static const char *const names[] = { "mac-address",
					     "local-mac-address" };

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		int len;
		const void *p = dt_prop(dev->dt, names[i], &len);

		if (p && len == NET_MAC_LEN && mac_valid(p)) {
			memcpy(mac, p, NET_MAC_LEN);
			return 0;
		}
	}
	return -ERR_NOENT;
}

void card_register_mac(uint8_t mac[NET_MAC_LEN], uint32_t low, uint32_t high)
{
	for (unsigned int i = 0; i < 4; i++) {
		mac[i] = (uint8_t)(low >> (8 * i));
	}
	mac[4] = (uint8_t)high;
	mac[5] = (uint8_t)(high >> 8);
	if (!mac_valid(mac)) {
		random_bytes(mac, NET_MAC_LEN);
		mac[0] = (uint8_t)((mac[0] & 0xfc) |
				   2); /* locally administered */
	}
}
