/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cadence Gigabit Ethernet MAC, as AMD's Zynq, ZynqMP and Versal have it
 * (UG585, chapter 16 and appendix B.18; UG1085, chapter 34; UG1087).
 *
 * The interrupt is level-triggered. Received frames are found in the
 * descriptors; the status bits only say when to look.
 */
#include <arch/cpu.h>
#include <arch/mmio.h>
#include <core/device.h>
#include <core/heap.h>
#include <core/log.h>
#include <libs/error.h>
#include <string.h>

#include "card_priv.h"
#include "phy_priv.h"

#define GEM_CONTROL 0x000
#define GEM_CONFIG 0x004
#define GEM_STATUS 0x008
#define GEM_DMA_CONFIG 0x010
#define GEM_TX_STATUS 0x014
#define GEM_RX_BASE 0x018
#define GEM_TX_BASE 0x01c
#define GEM_RX_STATUS 0x020
#define GEM_INT_STATUS 0x024
#define GEM_INT_ENABLE 0x028
#define GEM_INT_DISABLE 0x02c
#define GEM_INT_MASK 0x030
#define GEM_PHY 0x034
#define GEM_HASH_LOW 0x080
#define GEM_HASH_HIGH 0x084
#define GEM_ADDRESS_LOW 0x088
#define GEM_ADDRESS_HIGH 0x08c
#define GEM_MODULE_ID 0x0fc
#define GEM_DESIGN_6 0x294
/* Registers of queue n, from 1 on. */
#define GEM_INT_DISABLE_Q(n) (0x620 + 4 * ((n)-1))
#define GEM_TX_BASE_Q(n) (0x440 + 4 * ((n)-1))
#define GEM_RX_BASE_Q(n) (0x480 + 4 * ((n)-1))
#define GEM_TX_BASE_HIGH 0x4c8
#define GEM_RX_BASE_HIGH 0x4d4

#define CONTROL_RX BIT(2)
#define CONTROL_TX BIT(3)
#define CONTROL_PHY BIT(4)
#define CONTROL_CLEAR_STATS BIT(5)
#define CONTROL_START_TX BIT(9)

#define CONFIG_100 BIT(0)
#define CONFIG_FULL_DUPLEX BIT(1)
#define CONFIG_PROMISCUOUS BIT(4)
#define CONFIG_1536 BIT(8)
#define CONFIG_1000 BIT(10)
#define CONFIG_DROP_LENGTH_ERRORS BIT(16)
#define CONFIG_NO_FCS BIT(17)
/* MDC: at most 2.5 MHz, so pclk up to 560 MHz. */
#define CONFIG_MDC_224 (7U << 18)
#define CONFIG_BUS_WIDTH (3U << 21) /* the width as it is */

#define DMA_BURST_16 16U
#define DMA_RX_MEMORY (3U << 8) /* all of it */
#define DMA_TX_MEMORY BIT(10)
#define DMA_RX_BUFFER ((CARD_BUFFER / 64U) << 16)
#define DMA_64 BIT(30)

#define STATUS_PHY_IDLE BIT(2)

#define INT_RX_DONE BIT(1)
#define INT_RX_USED BIT(2)
#define INT_TX_UNDERRUN BIT(4)
#define INT_TX_CORRUPT BIT(6) /* memory could not be read (bus error) */
#define INT_RX_OVERRUN BIT(10)
#define INT_BUS_ERROR BIT(11)
#define INT_RX (INT_RX_DONE | INT_RX_USED | INT_RX_OVERRUN)
#define INT_BROKEN (INT_TX_UNDERRUN | INT_TX_CORRUPT | INT_BUS_ERROR)
#define TX_STATUS_BROKEN \
	(BIT(4) | BIT(6) | BIT(8)) /* likewise, of what is sent */
#define INT_ALL 0x7fffffffU

#define PHY_CLAUSE_22 (1U << 30 | 2U << 16)
#define PHY_READ (2U << 28)
#define PHY_WRITE (1U << 28)

#define DESIGN_6_QUEUES(d) (((d)&0xff) | 1) /* a bit each, but for queue 0 */
#define DESIGN_6_64 BIT(23)
#define GEM_QUEUES 8

/* Receive descriptors. Word 0: the buffer's address and these. */
#define RX_USED BIT(0)
#define RX_WRAP BIT(1)
#define RX_ADDRESS 0xfffffffcU
/* Word 1. */
#define RX_LENGTH(w) ((w)&0x1fff)
#define RX_START BIT(14)
#define RX_END BIT(15)

/* Transmit descriptors, word 1. */
#define TX_USED BIT(31)
#define TX_WRAP BIT(30)
#define TX_LAST BIT(15)

/* Time limit of an MDIO frame, whose 64 bits take 26 us at 2.5 MHz. */
#define GEM_PHY_MS 10
/* Time in which the frame that is being transferred ends. */
#define GEM_STOP_MS 10

struct gem {
	struct net_card card;
	volatile uint8_t *regs;
	bool wide;                /* descriptors have 64-bit addresses */
	unsigned int words;       /* of a descriptor: 2 or 4 */
	uint32_t queues;          /* a bit for each queue */
	struct dma_buffer rx, tx; /* rings; behind the tx ring is a descriptor
				     for the other queues */
	struct phy phy;
	uint32_t link_config; /* bits of GEM_CONFIG that the link decides */
	unsigned int irq;
};

static struct gem *gem_of(struct net_card *c)
{
	return container_of(c, struct gem, card);
}

static uint32_t get(const struct gem *g, unsigned int off)
{
	return mmio_read32(g->regs + off);
}

static void set(const struct gem *g, unsigned int off, uint32_t v)
{
	mmio_write32(g->regs + off, v);
}

/* --- descriptors ---------------------------------------------------------- */

static volatile uint32_t *
descriptor(const struct gem *g, const struct dma_buffer *ring, unsigned int i)
{
	return (volatile uint32_t *)ring->va + (size_t)i * g->words;
}

static uint32_t wrap(unsigned int slot, uint64_t bit)
{
	return slot == CARD_SLOTS - 1 ? (uint32_t)bit : 0;
}

/* The word that hands the descriptor to the card is written last. */
static void gem_give(struct net_card *c, unsigned int slot)
{
	struct gem *g = gem_of(c);
	volatile uint32_t *d = descriptor(g, &g->rx, slot);
	uint64_t addr = c->rx[slot].addr;

	d[1] = 0;
	if (g->wide) {
		d[2] = (uint32_t)(addr >> 32);
	}
	arch_dma_wmb();
	d[0] = ((uint32_t)addr & RX_ADDRESS) | wrap(slot, RX_WRAP);
}

/* Nothing to do: the card polls the descriptors. */
static void gem_given(struct net_card *c, unsigned int slot)
{
	(void)c;
	(void)slot;
}

static bool gem_received(struct net_card *c, unsigned int slot,
			 struct card_frame *out)
{
	struct gem *g = gem_of(c);
	volatile uint32_t *d = descriptor(g, &g->rx, slot);
	uint32_t whole = RX_START | RX_END;

	if (!(d[0] & RX_USED)) {
		return false;
	}
	arch_dma_rmb();
	out->len = RX_LENGTH(d[1]);
	out->good = (d[1] & whole) == whole;
	return true;
}

static void gem_send(struct net_card *c, unsigned int slot, uint32_t len,
		     bool last, const struct net_packet *pkt)
{
	struct gem *g = gem_of(c);
	volatile uint32_t *d = descriptor(g, &g->tx, slot);

	(void)pkt;
	d[0] = (uint32_t)c->tx[slot].addr;
	if (g->wide) {
		d[2] = (uint32_t)(c->tx[slot].addr >> 32);
	}
	arch_dma_wmb();
	d[1] = len | (last ? (uint32_t)TX_LAST : 0) | wrap(slot, TX_WRAP);
}

static void gem_sent(struct net_card *c, unsigned int slot)
{
	struct gem *g = gem_of(c);

	(void)slot;
	arch_dma_wmb();
	set(g, GEM_CONTROL, get(g, GEM_CONTROL) | (uint32_t)CONTROL_START_TX);
}

static bool gem_gone(struct net_card *c, unsigned int slot)
{
	struct gem *g = gem_of(c);

	return descriptor(g, &g->tx, slot)[1] & TX_USED;
}

static void gem_receive_irq(struct net_card *c, bool on)
{
	set(gem_of(c), on ? GEM_INT_ENABLE : GEM_INT_DISABLE, INT_RX);
}

/* --- start and stop ------------------------------------------------------- */

/* Mark all transmit slots as used, and the descriptor of the queues that are
 * not used. */
static void init_rings(struct gem *g)
{
	volatile uint32_t *spare = descriptor(g, &g->tx, CARD_SLOTS);

	for (unsigned int i = 0; i < CARD_SLOTS; i++) {
		gem_give(&g->card, i);
		descriptor(g, &g->tx, i)[1] = (uint32_t)TX_USED |
					      wrap(i, TX_WRAP);
	}
	spare[0] = RX_USED | RX_WRAP;
	spare[1] = (uint32_t)(TX_USED | TX_WRAP);
	arch_dma_wmb();
}

static void program_queues(struct gem *g)
{
	uint32_t spare = (uint32_t)g->tx.addr + CARD_SLOTS * g->words * 4;

	set(g, GEM_RX_BASE, (uint32_t)g->rx.addr);
	set(g, GEM_TX_BASE, (uint32_t)g->tx.addr);
	if (g->wide) {
		set(g, GEM_RX_BASE_HIGH, (uint32_t)(g->rx.addr >> 32));
		set(g, GEM_TX_BASE_HIGH, (uint32_t)(g->tx.addr >> 32));
	}
	for (unsigned int q = 1; q < GEM_QUEUES; q++) {
		if (g->queues & BIT(q)) {
			set(g, GEM_RX_BASE_Q(q), spare);
			set(g, GEM_TX_BASE_Q(q), spare);
			set(g, GEM_INT_DISABLE_Q(q), INT_ALL);
		}
	}
}

static void program_address(struct gem *g)
{
	const uint8_t *mac = g->card.mac;

	set(g, GEM_ADDRESS_LOW,
	    mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 |
		    (uint32_t)mac[3] << 24);
	set(g, GEM_ADDRESS_HIGH, mac[4] | (uint32_t)mac[5] << 8);
	set(g, GEM_HASH_LOW, 0);
	set(g, GEM_HASH_HIGH, 0);
}

/* A port of a switch takes frames for any address. */
static void program_config(struct gem *g)
{
	uint32_t config = get(g, GEM_CONFIG) & CONFIG_BUS_WIDTH;

	config |= CONFIG_MDC_224 | g->link_config;
	config |= (uint32_t)(CONFIG_PROMISCUOUS | CONFIG_1536 |
			     CONFIG_DROP_LENGTH_ERRORS | CONFIG_NO_FCS);
	set(g, GEM_CONFIG, config);
}

static int gem_stop(struct net_card *c)
{
	struct gem *g = gem_of(c);

	set(g, GEM_INT_DISABLE, INT_ALL);
	set(g, GEM_CONTROL, CONTROL_PHY);
	/* The card finishes its present memory access and begins no other. */
	sleep_ms(GEM_STOP_MS);
	set(g, GEM_TX_STATUS, UINT32_MAX);
	set(g, GEM_RX_STATUS, UINT32_MAX);
	set(g, GEM_INT_STATUS, INT_ALL);
	(void)get(g, GEM_INT_STATUS); /* some are cleared by reading */
	return 0;
}

static int gem_start(struct net_card *c)
{
	struct gem *g = gem_of(c);
	uint32_t dma = DMA_BURST_16 | DMA_RX_MEMORY | (uint32_t)DMA_TX_MEMORY |
		       DMA_RX_BUFFER;
	int err = gem_stop(c);

	if (err) {
		return err;
	}
	if (g->wide) {
		dma |= (uint32_t)DMA_64;
	}
	init_rings(g);
	program_config(g);
	program_address(g);
	set(g, GEM_DMA_CONFIG, dma);
	program_queues(g);
	set(g, GEM_CONTROL,
	    (uint32_t)(CONTROL_PHY | CONTROL_CLEAR_STATS | CONTROL_RX |
		       CONTROL_TX));
	set(g, GEM_INT_ENABLE, INT_BROKEN);
	return 0;
}

/*
 * INT_TX_CORRUPT alone says nothing: there are cards (QEMU's) that raise it for
 * a received frame that is too long. Were that taken for an error of ours,
 * whoever sends such frames could stop the card.
 */
static bool is_broken(const struct gem *g, uint32_t status)
{
	return (status & INT_BUS_ERROR) ||
	       ((status & INT_BROKEN) &&
		(get(g, GEM_TX_STATUS) & (uint32_t)TX_STATUS_BROKEN));
}

static void gem_interrupt(unsigned int irq, void *arg)
{
	struct gem *g = arg;
	uint32_t status = get(g, GEM_INT_STATUS) & ~get(g, GEM_INT_MASK);

	(void)irq;
	set(g, GEM_INT_STATUS, status);
	if (status & INT_RX) {
		set(g, GEM_RX_STATUS, UINT32_MAX);
		card_interrupt(&g->card);
	}
	if (is_broken(g, status)) {
		set(g, GEM_INT_DISABLE, INT_BROKEN);
		card_broken(&g->card);
	}
}

/* --- the PHY -------------------------------------------------------------- */

static int phy_idle(struct gem *g)
{
	for (unsigned int ms = 0; ms <= GEM_PHY_MS; ms++) {
		if (get(g, GEM_STATUS) & STATUS_PHY_IDLE) {
			return 0;
		}
		sleep_ms(1);
	}
	return -ERR_TIMEOUT;
}

static int gem_phy_read(void *arg, unsigned int phy, unsigned int reg,
			uint16_t *out)
{
	struct gem *g = arg;
	int err = phy_idle(g);

	if (err == 0) {
		set(g, GEM_PHY,
		    PHY_CLAUSE_22 | PHY_READ | phy << 23 | reg << 18);
		err = phy_idle(g);
	}
	*out = (uint16_t)get(g, GEM_PHY);
	return err;
}

static int gem_phy_write(void *arg, unsigned int phy, unsigned int reg,
			 uint16_t v)
{
	struct gem *g = arg;
	int err = phy_idle(g);

	if (err == 0) {
		set(g, GEM_PHY,
		    PHY_CLAUSE_22 | PHY_WRITE | phy << 23 | reg << 18 | v);
		err = phy_idle(g);
	}
	return err;
}

static const struct phy_ops gem_phy_ops = { gem_phy_read, gem_phy_write };

/*
 * The clock of the link is set by the firmware, and only its speed works.
 * Without a PHY that answers, the link is taken to be up.
 */
static bool gem_link(struct net_card *c)
{
	struct gem *g = gem_of(c);
	struct phy_link link;
	uint32_t config = 0;

	phy_poll(&g->phy, &link);
	if (!link.up) {
		return false;
	}
	if (link.mbits == 1000) {
		config |= (uint32_t)CONFIG_1000;
	} else if (link.mbits == 100) {
		config |= (uint32_t)CONFIG_100;
	}
	if (link.full_duplex) {
		config |= (uint32_t)CONFIG_FULL_DUPLEX;
	}
	if (config != g->link_config) {
		g->link_config = config;
		program_config(g);
	}
	return true;
}

static const struct card_ops gem_ops = {
	.start = gem_start,
	.stop = gem_stop,
	.received = gem_received,
	.give = gem_give,
	.given = gem_given,
	.receive_irq = gem_receive_irq,
	.send = gem_send,
	.sent = gem_sent,
	.gone = gem_gone,
	.link = gem_link,
};

/* --- life ----------------------------------------------------------------- */

/* Use the address of the tree, or that which the firmware has set, or make one
 * up. */
static void choose_mac(struct gem *g)
{
	if (card_tree_mac(g->card.dev, g->card.mac) != 0) {
		card_register_mac(g->card.mac, get(g, GEM_ADDRESS_LOW),
				  get(g, GEM_ADDRESS_HIGH));
	}
}

static void read_design(struct gem *g)
{
	uint32_t design = 0;

	/* Older versions (Zynq's) have one queue and no such register. */
	if ((get(g, GEM_MODULE_ID) >> 16 & 0xfff) >= 7) {
		design = get(g, GEM_DESIGN_6);
	}
	g->queues = DESIGN_6_QUEUES(design);
	g->wide = design & DESIGN_6_64;
	g->words = g->wide ? 4 : 2;
}

static uint32_t tree_phy(dt_node_t node)
{
	dt_node_t child;
	uint32_t reg;
	int depth = 0;

	for (child = dt_next(node, &depth); child >= 0 && depth > 0;
	     child = dt_next(child, &depth)) {
		if (depth == 1 &&
		    strncmp(dt_name(child), "ethernet-phy", 12) == 0 &&
		    dt_u32(child, "reg", &reg) == 0) {
			return reg;
		}
	}
	return PHY_UNKNOWN;
}

static int make_rings(struct gem *g)
{
	size_t size = (size_t)(CARD_SLOTS + 1) * g->words * sizeof(uint32_t);
	int err = dma_init(g->card.dev, g->card.bits);

	if (err == 0) {
		err = dma_alloc(g->card.dev, size, &g->rx);
	}
	if (err == 0) {
		err = dma_alloc(g->card.dev, size, &g->tx);
	}
	return err;
}

static void gem_free(struct gem *g)
{
	dma_free(g->card.dev, &g->rx);
	dma_free(g->card.dev, &g->tx);
	heap_free(g);
}

static int gem_begin(struct gem *g)
{
	int err = make_rings(g);

	if (err == 0) {
		set(g, GEM_INT_DISABLE, INT_ALL);
		set(g, GEM_CONFIG,
		    (get(g, GEM_CONFIG) & CONFIG_BUS_WIDTH) | CONFIG_MDC_224);
		set(g, GEM_CONTROL, CONTROL_PHY);
		phy_find(&g->phy, &gem_phy_ops, g, tree_phy(g->card.dev->dt));
		err = device_irq_request(g->card.dev, 0, gem_interrupt, g,
					 &g->irq);
	}
	if (err) {
		return err;
	}
	irq_enable(g->irq);
	err = card_add(&g->card);
	if (err) {
		irq_disable(g->irq);
		irq_synchronize();
	}
	return err;
}

static int gem_probe(struct device *dev)
{
	struct gem *g = heap_alloc(sizeof(*g));
	volatile void *regs;
	int err;

	if (!g) {
		return -ERR_NOMEM;
	}
	g->card.dev = dev;
	g->card.ops = &gem_ops;
	err = device_map(dev, 0, &regs, NULL);
	if (err == 0) {
		g->regs = regs;
		read_design(g);
		g->card.bits = g->wide ? 64 : 32;
		choose_mac(g);
		err = gem_begin(g);
	}
	if (err) {
		gem_free(g);
		return err;
	}
	dev->priv = g;
	return 0;
}

static void gem_remove(struct device *dev)
{
	struct gem *g = dev->priv;

	card_remove(&g->card);
	irq_disable(g->irq);
	irq_synchronize();
	gem_free(g);
}

static const char *const gem_compatible[] = {
	"cdns,gem",        "cdns,zynq-gem",
	"cdns,zynqmp-gem", "cdns,versal-gem",
	"xlnx,versal-gem", "xlnx,zynq-gem",
	"xlnx,zynqmp-gem", NULL,
};

static const struct driver gem_driver = {
	.name = "cadence-gem",
	.class = DEVICE_NET,
	.compatible = gem_compatible,
	.probe = gem_probe,
	.remove = gem_remove,
};
DRIVER(gem_driver);
