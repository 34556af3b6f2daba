/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the drivers of network cards share: buffers for frames, polling of the
 * rings, and restarting a card that has failed. A driver handles its registers
 * and descriptors. docs/design/cards.md.
 */
#ifndef DRIVERS_NET_CARD_PRIV_H
#define DRIVERS_NET_CARD_PRIV_H

#include <core/dma.h>
#include <core/netport.h>
#include <core/spinlock.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/work.h>

struct net_card;

#define CARD_SLOTS 256 /* descriptors of a ring, a power of two */
/* Bytes for a frame with a VLAN tag, its FCS, and what a card adds. */
#define CARD_BUFFER 2048
#define CARD_FRAME_MAX 1514
#define CARD_BATCH 32 /* frames delivered together */
_Static_assert(CARD_BATCH <= NET_BATCH_MAX, "one netport_send()");
/* Interval of checking the link and the transmitter. */
#define CARD_TICK_MS 1000
/* Time after which a frame that has not been sent is taken for stuck. */
#define CARD_SEND_LIMIT_MS 5000
/* Restarts in a row after which the card is given up. */
#define CARD_RESTARTS_MAX 8
#define CARD_QUIET_TICKS \
	60 /* ticks after which restarts no longer count as in a row */

/* A received frame. */
struct card_frame {
	unsigned int slot;
	uint32_t len; /* bytes, without FCS */
	bool good;    /* whole, in one buffer, no error */
};

/* T: the card's thread, or probe and remove. P: one caller at a time, in an
 * interrupt or T. L: tx_lock held, any context. */
struct card_ops {
	/*
	 * T. Reset the card, program the rings (all receive slots are given to
	 * it), enable receiving and sending. -ERR_IO: it does not become ready.
	 */
	int (*start)(struct net_card *c);
	/* T. Stop the card: after this it neither reads nor writes memory, nor
	 * raises an interrupt. -ERR_IO: that is not certain. */
	int (*stop)(struct net_card *c);
	/* P. Get the frame in a slot; false if none has been received. */
	bool (*received)(struct net_card *c, unsigned int slot,
			 struct card_frame *out);
	/* P. Give a slot back to the card. given(): that was the last of
	 * several. */
	void (*give)(struct net_card *c, unsigned int slot);
	void (*given)(struct net_card *c, unsigned int slot);
	/* P. Interrupts for received frames: off, or on from the next frame on.
	 * Frames that came before may not raise one. */
	void (*receive_irq)(struct net_card *c, bool on);
	/*
	 * L. Describe in the slot's descriptor what the card has to do to the
	 * packet in the slots that follow, whose first `size` bytes are at
	 * `head` and may be changed. False: the card cannot do it. NULL: the
	 * card supports no offloads.
	 */
	bool (*offload)(struct net_card *c, unsigned int slot,
			const struct net_packet *pkt, uint8_t *head,
			size_t size);
	/* L. Prepare sending a slot; `last`: the packet ends there. */
	void (*send)(struct net_card *c, unsigned int slot, uint32_t len,
		     bool last, const struct net_packet *pkt);
	/* L. Tell the card to send the slots before this one. */
	void (*sent)(struct net_card *c, unsigned int slot);
	/* L. Has the slot been sent? */
	bool (*gone)(struct net_card *c, unsigned int slot);
	/* T. Read the link's state, and set up what depends on it. True: up. */
	bool (*link)(struct net_card *c);
};

struct card_slot {
	struct io_segment seg; /* its buffer; while mapped, the frame's part */
	uint64_t addr;         /* as the device sees it */
};

/* [I] immutable once added, [T] tx_lock, [P] whoever polls, [W] the thread. */
struct net_card {
	struct device *dev;         /* [I] */
	const struct card_ops *ops; /* [I] */
	struct netport *port;       /* [I] */
	uint8_t mac[NET_MAC_LEN];   /* [I] */
	uint32_t accepts;           /* [I] NET_ACCEPT_* */
	unsigned int bits;          /* [I] of the card's addresses */

	struct card_slot rx[CARD_SLOTS]; /* [P] */
	unsigned int rx_next;            /* [P] slot that is filled next */
	struct net_packet packets[CARD_BATCH]; /* [P] */
	struct io_segment segs[CARD_BATCH];    /* [P] */

	struct spinlock tx_lock;
	struct card_slot tx[CARD_SLOTS]; /* [T] */
	unsigned int tx_head, tx_tail;   /* [T] counts: next, oldest in use */
	bool tx_on;                      /* [T] the card takes frames */
	ticks_t tx_since; /* [T] since when a slot is in use, or the last one
			     left */

	struct workqueue workqueue;
	struct work poll_work, tick_work;
	struct timer timer;
	bool polling; /* [A] there is a receiver, or the thread will be one */
	bool broken;  /* [A] an interrupt reported an error */
	bool up;      /* [W] link */
	bool leaving; /* [A] */
	unsigned int restarts; /* [W] restarts in a row */
	unsigned int quiet;    /* [W] ticks since the last */
	bool given_up;         /* [W] */
	paddr_t rx_pa, tx_pa;  /* [I] buffers */
};

/*
 * For probe(): allocate the buffers, create the port and start the card. The
 * caller has filled in dev, ops, mac, accepts and bits, and called dma_init().
 * The card's interrupt may come before this returns. -ERR_NOMEM, -ERR_IO,
 * -ERR_EXIST. Thread context.
 */
int __must_check card_add(struct net_card *c);
/* For remove(): stop the card. Its interrupt may still come, but does nothing;
 * the driver frees it and its own memory next. Thread context. */
void card_remove(struct net_card *c);

/* For the interrupt handler: frames have been received. */
void card_interrupt(struct net_card *c);
/* For the interrupt handler: the card reports that it has stopped. The thread
 * restarts it. */
void card_broken(struct net_card *c);
/* For the interrupt handler: the link may have changed. */
void card_link_changed(struct net_card *c);

/* The card's address from the host tree; -ERR_NOENT if the tree has none. */
int card_tree_mac(const struct device *dev, uint8_t mac[NET_MAC_LEN]);
/* The same from two registers of the card's, its first byte the lowest of
 * `low`; one is made up if they hold none. */
void card_register_mac(uint8_t mac[NET_MAC_LEN], uint32_t low, uint32_t high);

#endif
