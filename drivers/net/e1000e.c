/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel 82574L (82574 GbE Controller Family Datasheet, 3.4, "the datasheet").
 * Receive descriptors have the legacy format, transmit descriptors the extended
 * one.
 */
#include <arch/cpu.h>
#include <arch/mmio.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/pci.h>
#include <libs/error.h>

#include "card_priv.h"

/* 10.2: registers. */
#define E1000_CTRL 0x0000
#define E1000_STATUS 0x0008
#define E1000_CTRL_EXT 0x0018
#define E1000_ICR 0x00c0
#define E1000_IMS 0x00d0
#define E1000_IMC 0x00d8
#define E1000_EIAC 0x00dc
#define E1000_IVAR 0x00e4
#define E1000_RCTL 0x0100
#define E1000_TCTL 0x0400
#define E1000_TIPG 0x0410
#define E1000_RDBAL 0x2800
#define E1000_RDBAH 0x2804
#define E1000_RDLEN 0x2808
#define E1000_RDH 0x2810
#define E1000_RDT 0x2818
#define E1000_RXDCTL 0x2828
#define E1000_TDBAL 0x3800
#define E1000_TDBAH 0x3804
#define E1000_TDLEN 0x3808
#define E1000_TDH 0x3810
#define E1000_TDT 0x3818
#define E1000_TXDCTL 0x3828
#define E1000_RFCTL 0x5008
#define E1000_MTA 0x5200
#define E1000_MTA_WORDS 128
#define E1000_RAL 0x5400
#define E1000_RAH 0x5404

#define CTRL_MASTER_DISABLE BIT(2)
#define CTRL_LINK_UP BIT(6)
#define CTRL_RESET BIT(26)
#define STATUS_LINK BIT(1)
#define STATUS_MASTER BIT(19)
#define CTRL_EXT_LOADED BIT(28) /* the driver is loaded */
#define IVAR_ALL_ON_0 0x00088888U
#define RCTL_ENABLE BIT(1)
#define RCTL_ANY_UNICAST BIT(3)
#define RCTL_ANY_MULTICAST BIT(4)
#define RCTL_BROADCAST BIT(15)
#define RCTL_NO_FCS BIT(26)
#define TCTL_ENABLE BIT(1)
#define TCTL_PAD BIT(3)
#define TCTL_COLLISIONS (0x0fU << 4 | 0x3fU << 12)
#define TIPG_COPPER (6U << 20 | 8U << 10 | 8U)
/* 10.2.6.14: bit 22 must be set; each descriptor is written back when it is
 * done. */
#define TXDCTL_VALUE (1U << 24 | 1U << 22 | 1U << 16)
#define RXDCTL_VALUE (1U << 24 | 1U << 16)
#define RAH_VALID BIT(31)

#define INT_LINK BIT(2)
#define INT_RX_LOW BIT(4)
#define INT_RX_OVERRUN BIT(6)
#define INT_RX_TIMER BIT(7)
#define INT_RX_QUEUE_0 BIT(20) /* these two with MSI-X only */
#define INT_OTHER BIT(24)
#define INT_RX (INT_RX_LOW | INT_RX_OVERRUN | INT_RX_TIMER | INT_RX_QUEUE_0)
#define INT_ALL 0xffffffffU

/* 3.2.4 and 3.3.5: descriptors. */
struct rx_descriptor {
	uint64_t addr;
	uint16_t len, checksum;
	uint8_t status, errors;
	uint16_t special;
};
#define RX_DONE BIT(0)
#define RX_WHOLE BIT(1)

/* 7.2.10.3 and 7.2.10.4: descriptors of data, and of what the card has to do to
 * it (context). */
struct tx_descriptor {
	uint64_t addr; /* context: offsets of the headers */
	uint32_t command;
	uint8_t status, options;
	uint16_t special; /* context: the segment size in bytes */
};
#define TX_DATA (1U << 20)
#define TX_END BIT(24)
#define TX_FCS BIT(25)
#define TX_SEGMENT BIT(26)
#define TX_REPORT BIT(27)
#define TX_EXTENDED BIT(29)
#define TX_CONTEXT_TCP BIT(24)
#define TX_CONTEXT_IPV4 BIT(25)
#define TX_DONE BIT(0)
#define TX_IP_CHECKSUM BIT(0)
#define TX_CHECKSUM BIT(1)
_Static_assert(sizeof(struct rx_descriptor) == 16 &&
		       sizeof(struct tx_descriptor) == 16,
	       "the datasheet's descriptors");

/* Headers of a packet to be segmented: RFC 791, 8200, 9293. */
#define ETH_TAG 0x8100
#define IPV4_LENGTH 2
#define IPV4_CHECKSUM 10
#define IPV4_ADDRESSES 12
#define IPV6_LENGTH 4
#define IPV6_ADDRESSES 8
#define TCP_OFFSET 12 /* offset of the data in words, in the upper four bits */
#define TCP_CHECKSUM 16
#define TCP_MIN 20
#define PROTOCOL_TCP 6

/* 4.6.3.2, 5.2.5.1: many times the limits of the datasheet. */
#define E1000_RESET_MS 100
#define E1000_MASTER_MS 100
#define E1000_BAR 0

struct e1000 {
	struct net_card card;
	struct pci_device *p;
	volatile uint8_t *regs;
	struct dma_buffer rx, tx;
};

static struct e1000 *e1000_of(struct net_card *c)
{
	return container_of(c, struct e1000, card);
}

static uint32_t get(const struct e1000 *e, unsigned int off)
{
	return mmio_read32(e->regs + off);
}

static void set(const struct e1000 *e, unsigned int off, uint32_t v)
{
	mmio_write32(e->regs + off, v);
}

static int wait_clear(const struct e1000 *e, unsigned int off, uint32_t bits,
		      unsigned int limit_ms)
{
	for (unsigned int ms = 0; ms <= limit_ms; ms++) {
		uint32_t v = get(e, off);

		if (v == UINT32_MAX) {
			return -ERR_IO; /* the card has been removed */
		}
		if (!(v & bits)) {
			return 0;
		}
		sleep_ms(1);
	}
	return -ERR_TIMEOUT;
}

/* --- descriptors ---------------------------------------------------------- */

static volatile struct rx_descriptor *rx_at(const struct e1000 *e,
					    unsigned int slot)
{
	return (volatile struct rx_descriptor *)e->rx.va + slot;
}

static volatile struct tx_descriptor *tx_at(const struct e1000 *e,
					    unsigned int slot)
{
	return (volatile struct tx_descriptor *)e->tx.va + slot;
}

static void e1000_give(struct net_card *c, unsigned int slot)
{
	volatile struct rx_descriptor *d = rx_at(e1000_of(c), slot);

	d->addr = c->rx[slot].addr;
	d->status = 0;
}

/*
 * The tail is the first descriptor that the card does not own. The last one
 * given is handed over only with the next, so that a full ring differs from an
 * empty one.
 */
static void e1000_given(struct net_card *c, unsigned int slot)
{
	arch_dma_wmb();
	set(e1000_of(c), E1000_RDT, slot);
}

static bool e1000_received(struct net_card *c, unsigned int slot,
			   struct card_frame *out)
{
	volatile struct rx_descriptor *d = rx_at(e1000_of(c), slot);

	if (!(d->status & RX_DONE)) {
		return false;
	}
	arch_dma_rmb();
	out->len = d->len;
	out->good = (d->status & RX_WHOLE) && d->errors == 0;
	return true;
}

static void e1000_receive_irq(struct net_card *c, bool on)
{
	set(e1000_of(c), on ? E1000_IMS : E1000_IMC, INT_RX);
}

static unsigned int be16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static void put_be16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/*
 * The card fills in lengths and checksums of each segment, and wants the
 * checksum of the pseudo header without its length in their place (7.2.11). The
 * headers are in our copy, so a guest cannot change them meanwhile.
 */
static bool prepare_tcp(uint8_t *head, unsigned int ip, unsigned int tcp,
			bool ipv4)
{
	unsigned int from = ip + (ipv4 ? IPV4_ADDRESSES : IPV6_ADDRESSES);
	unsigned int to = from + (ipv4 ? 8 : 32);
	uint32_t sum = PROTOCOL_TCP;

	if (to > tcp) {
		return false;
	}
	for (unsigned int i = from; i < to; i += 2) {
		sum += be16(head + i);
	}
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	put_be16(head + tcp + TCP_CHECKSUM, sum);
	put_be16(head + ip + (ipv4 ? IPV4_LENGTH : IPV6_LENGTH), 0);
	if (ipv4) {
		put_be16(head + ip + IPV4_CHECKSUM, 0);
	}
	return true;
}

static bool is_ipv4(const struct net_packet *pkt)
{
	return (pkt->offload.gso_type & ~(unsigned int)NET_HDR_GSO_ECN) ==
	       NET_HDR_GSO_TCPV4;
}

/* Fill in a context descriptor for segmentation; false if the headers are not
 * what the packet claims. */
static bool segmentation(struct tx_descriptor *d, const struct net_packet *pkt,
			 uint8_t *head, size_t size)
{
	bool ipv4 = is_ipv4(pkt);
	unsigned int tcp = pkt->offload.csum_start, ip = NET_ETH_LEN, header;

	if (tcp + TCP_MIN > size || pkt->offload.csum_offset != TCP_CHECKSUM) {
		return false;
	}
	if (be16(head + NET_ETH_LEN - 2) == ETH_TAG) {
		ip += NET_TAG_LEN;
	}
	header = tcp + (head[tcp + TCP_OFFSET] >> 4) * 4U;
	if (header < tcp + TCP_MIN || header > size || header > UINT8_MAX ||
	    header >= pkt->len || pkt->offload.gso_size == 0 ||
	    !prepare_tcp(head, ip, tcp, ipv4)) {
		return false;
	}
	d->addr |= ip | (uint64_t)(ip + IPV4_CHECKSUM) << 8 |
		   (uint64_t)(tcp - 1) << 16;
	d->command |= (pkt->len - header) | (uint32_t)TX_SEGMENT |
		      (uint32_t)TX_CONTEXT_TCP |
		      (ipv4 ? (uint32_t)TX_CONTEXT_IPV4 : 0);
	d->options = (uint8_t)header;
	d->special = pkt->offload.gso_size;
	return true;
}

static bool segmented(const struct net_packet *pkt)
{
	return pkt->offload.gso_type != NET_HDR_GSO_NONE;
}

static bool e1000_offload(struct net_card *c, unsigned int slot,
			  const struct net_packet *pkt, uint8_t *head,
			  size_t size)
{
	volatile struct tx_descriptor *at = tx_at(e1000_of(c), slot);
	unsigned int start = pkt->offload.csum_start;
	unsigned int field = start + pkt->offload.csum_offset;
	struct tx_descriptor d = {
		.addr = (uint64_t)start << 32 | (uint64_t)field << 40,
		.command = (uint32_t)(TX_EXTENDED | TX_REPORT),
	};

	/* Offsets are bytes in the descriptor; the checksum covers all of the
	 * rest of the packet. */
	if (field + 2 > size || field > UINT8_MAX ||
	    (segmented(pkt) && !segmentation(&d, pkt, head, size))) {
		return false;
	}
	*at = d;
	return true;
}

static void e1000_send(struct net_card *c, unsigned int slot, uint32_t len,
		       bool last, const struct net_packet *pkt)
{
	bool checksum = pkt->offload.flags & NET_HDR_NEEDS_CSUM;
	struct tx_descriptor d = {
		.addr = c->tx[slot].addr,
		.command = len | TX_DATA |
			   (uint32_t)(TX_EXTENDED | TX_FCS | TX_REPORT),
	};

	if (last) {
		d.command |= (uint32_t)TX_END;
	}
	if (checksum) {
		d.options = TX_CHECKSUM;
	}
	if (segmented(pkt)) {
		d.command |= (uint32_t)TX_SEGMENT;
		d.options |= is_ipv4(pkt) ? TX_IP_CHECKSUM : 0;
	}
	*tx_at(e1000_of(c), slot) = d;
}

static void e1000_sent(struct net_card *c, unsigned int slot)
{
	arch_dma_wmb();
	set(e1000_of(c), E1000_TDT, slot);
}

static bool e1000_gone(struct net_card *c, unsigned int slot)
{
	return tx_at(e1000_of(c), slot)->status & TX_DONE;
}

/* --- start and stop ------------------------------------------------------- */

static int e1000_stop(struct net_card *c)
{
	struct e1000 *e = e1000_of(c);
	int err;

	set(e, E1000_IMC, INT_ALL);
	set(e, E1000_RCTL, 0);
	set(e, E1000_TCTL, 0);
	/* 5.2.5.1: a reset must not come in the middle of a bus request. */
	set(e, E1000_CTRL, get(e, E1000_CTRL) | (uint32_t)CTRL_MASTER_DISABLE);
	err = wait_clear(e, E1000_STATUS, STATUS_MASTER, E1000_MASTER_MS);
	if (err == -ERR_IO) {
		return err;
	}
	set(e, E1000_CTRL, get(e, E1000_CTRL) | (uint32_t)CTRL_RESET);
	err = wait_clear(e, E1000_CTRL, CTRL_RESET, E1000_RESET_MS);
	set(e, E1000_IMC, INT_ALL);
	(void)get(e, E1000_ICR);
	return err;
}

static void init_rings(struct e1000 *e)
{
	for (unsigned int i = 0; i < CARD_SLOTS; i++) {
		e1000_give(&e->card, i);
		tx_at(e, i)->status = 0;
	}
	arch_dma_wmb();
	set(e, E1000_RDBAL, (uint32_t)e->rx.addr);
	set(e, E1000_RDBAH, (uint32_t)(e->rx.addr >> 32));
	set(e, E1000_RDLEN, CARD_SLOTS * sizeof(struct rx_descriptor));
	set(e, E1000_RDH, 0);
	set(e, E1000_RDT, 0);
	set(e, E1000_RXDCTL, RXDCTL_VALUE);
	set(e, E1000_TDBAL, (uint32_t)e->tx.addr);
	set(e, E1000_TDBAH, (uint32_t)(e->tx.addr >> 32));
	set(e, E1000_TDLEN, CARD_SLOTS * sizeof(struct tx_descriptor));
	set(e, E1000_TDH, 0);
	set(e, E1000_TDT, 0);
	set(e, E1000_TXDCTL, TXDCTL_VALUE);
}

static void program_address(struct e1000 *e)
{
	const uint8_t *mac = e->card.mac;

	set(e, E1000_RAL,
	    mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 |
		    (uint32_t)mac[3] << 24);
	set(e, E1000_RAH, (uint32_t)RAH_VALID | mac[4] | (uint32_t)mac[5] << 8);
	for (unsigned int i = 0; i < E1000_MTA_WORDS; i++) {
		set(e, E1000_MTA + 4 * i, 0);
	}
}

/* A port of a switch takes frames for any address. */
static int e1000_start(struct net_card *c)
{
	struct e1000 *e = e1000_of(c);
	int err = e1000_stop(c);

	if (err) {
		return err;
	}
	set(e, E1000_CTRL,
	    (get(e, E1000_CTRL) & ~(uint32_t)CTRL_MASTER_DISABLE) |
		    (uint32_t)CTRL_LINK_UP);
	set(e, E1000_CTRL_EXT,
	    get(e, E1000_CTRL_EXT) | (uint32_t)CTRL_EXT_LOADED);
	if (e->p->irq_mode == PCI_IRQ_MSIX) {
		set(e, E1000_IVAR, IVAR_ALL_ON_0);
		set(e, E1000_EIAC, 0);
	}
	set(e, E1000_RFCTL, 0);
	program_address(e);
	init_rings(e);
	set(e, E1000_TIPG, TIPG_COPPER);
	set(e, E1000_TCTL,
	    (uint32_t)(TCTL_ENABLE | TCTL_PAD) | TCTL_COLLISIONS);
	set(e, E1000_RCTL,
	    (uint32_t)(RCTL_ENABLE | RCTL_ANY_UNICAST | RCTL_ANY_MULTICAST |
		       RCTL_BROADCAST | RCTL_NO_FCS));
	set(e, E1000_RDT, CARD_SLOTS - 1);
	set(e, E1000_IMS, INT_LINK | INT_OTHER);
	return 0;
}

/* Bits are cleared before the descriptors are looked at: a frame that comes
 * after that sets them again. */
static void e1000_interrupt(unsigned int irq, void *arg)
{
	struct e1000 *e = arg;
	uint32_t cause = get(e, E1000_ICR);

	(void)irq;
	if (cause == UINT32_MAX) {
		card_broken(&e->card);
		return;
	}
	set(e, E1000_ICR, cause);
	if (cause & INT_LINK) {
		card_link_changed(&e->card);
	}
	if (cause & INT_RX) {
		card_interrupt(&e->card);
	}
}

static bool e1000_link(struct net_card *c)
{
	uint32_t status = get(e1000_of(c), E1000_STATUS);

	return status != UINT32_MAX && (status & STATUS_LINK);
}

static const struct card_ops e1000_ops = {
	.start = e1000_start,
	.stop = e1000_stop,
	.received = e1000_received,
	.give = e1000_give,
	.given = e1000_given,
	.receive_irq = e1000_receive_irq,
	.offload = e1000_offload,
	.send = e1000_send,
	.sent = e1000_sent,
	.gone = e1000_gone,
	.link = e1000_link,
};

/* --- life ----------------------------------------------------------------- */

static int make_rings(struct e1000 *e)
{
	struct device *dev = e->card.dev;
	int err = dma_init(dev, e->card.bits);

	if (err == 0) {
		err = dma_alloc(dev, CARD_SLOTS * sizeof(struct rx_descriptor),
				&e->rx);
	}
	if (err == 0) {
		err = dma_alloc(dev, CARD_SLOTS * sizeof(struct tx_descriptor),
				&e->tx);
	}
	return err;
}

static int map_registers(struct e1000 *e)
{
	volatile void *regs;
	int err = pci_enable(e->p);

	if (err == 0) {
		err = pci_map_bar(e->p, E1000_BAR, &regs, NULL);
	}
	if (err == 0) {
		e->regs = regs;
	}
	return err;
}

static void irq_off(struct e1000 *e)
{
	pci_irq_disable(e->p, 0);
	irq_synchronize();
}

static int begin(struct e1000 *e)
{
	unsigned int got;
	int err = make_rings(e);

	if (err == 0) {
		set(e, E1000_IMC, INT_ALL);
		/* As the card has loaded it from its NVM. */
		card_register_mac(e->card.mac, get(e, E1000_RAL),
				  get(e, E1000_RAH));
		err = pci_irq_alloc(e->p, 1, &got);
	}
	if (err == 0) {
		err = pci_irq_request(e->p, 0, e1000_interrupt, e);
	}
	if (err) {
		return err;
	}
	pci_irq_enable(e->p, 0);
	err = card_add(&e->card);
	if (err) {
		irq_off(e);
	}
	return err;
}

static void e1000_free(struct e1000 *e)
{
	dma_free(e->card.dev, &e->rx);
	dma_free(e->card.dev, &e->tx);
	heap_free(e);
}

static int e1000_probe(struct device *dev)
{
	struct e1000 *e = heap_alloc(sizeof(*e));
	int err;

	if (!e) {
		return -ERR_NOMEM;
	}
	e->p = pci_device(dev);
	e->card.dev = dev;
	e->card.ops = &e1000_ops;
	e->card.bits = 64;
	e->card.accepts = NET_ACCEPT_CSUM | NET_ACCEPT_TSO4 | NET_ACCEPT_TSO6;
	err = map_registers(e);
	if (err == 0) {
		err = begin(e);
	}
	if (err) {
		e1000_free(e);
		return err;
	}
	dev->priv = e;
	return 0;
}

static void e1000_remove(struct device *dev)
{
	struct e1000 *e = dev->priv;

	card_remove(&e->card);
	irq_off(e);
	e1000_free(e);
}

static const struct pci_id e1000_ids[] = {
	{ 0x8086, 0x10d3, 0, 0 }, /* 82574L */
	{ 0x8086, 0x10f6, 0, 0 }, /* 82574LA */
	{ 0, 0, 0, 0 },
};

static const struct driver e1000_driver = {
	.name = "e1000e",
	.class = DEVICE_NET,
	.bus = &pci_bus,
	.ids = e1000_ids,
	.probe = e1000_probe,
	.remove = e1000_remove,
};
DRIVER(e1000_driver);
