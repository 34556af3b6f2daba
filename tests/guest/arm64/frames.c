/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that has its cards 0 to 3 on one switch and sends invalid frames:
 * with another card's source address, with tags where none belong, with two
 * tags. Card 0 is an access port of VLAN 10 whose source is checked, 1 one of
 * VLAN 10, 2 one of VLAN 20, and 3 a trunk of both whose native VLAN is 10.
 * With `frames=storm` it broadcasts as fast as it can instead, and with
 * `frames=loop` it makes a loop: for a second it sends on card 1 what it
 * receives on card 0, and the other way round.
 */
#include <probe.h>
#include <vq.h>

#define CARDS 4
#define RAM 0x40000000UL
#define RINGS (RAM + 0x800000)
#define DATA (RAM + 0xa00000)
#define BUFFER 2048
#define HEADER 12
#define ALL 0xff     /* stands for ff-ff-ff-ff-ff-ff */
#define GROUP 0xfe   /* 03-00-00-00-00-00: not valid as a source */
#define BRIDGES 0xfd /* 01-80-c2-00-00-01 */
#define TAG 0x8100
#define TYPE 0x88b5 /* local experiments */
#define LEN 100

struct card {
	uint64_t slot;
	struct vq rx, tx;
	uint64_t rx_data, tx_data;
};

static struct card cards[CARDS];

static void byte(uint64_t at, unsigned int v)
{
	*(volatile uint8_t *)at = (uint8_t)v;
}

static unsigned int half(uint64_t at)
{
	return (unsigned int)*(volatile uint8_t *)at << 8 |
	       *(volatile uint8_t *)(at + 1);
}

static void put_half(uint64_t at, unsigned int v)
{
	byte(at, v >> 8);
	byte(at + 1, v);
}

/* Card N's own address is 02-00-00-00-00-0N. */
static void put_address(uint64_t at, unsigned int who)
{
	static const uint8_t bridges[6] = { 1, 0x80, 0xc2, 0, 0, 1 };

	for (unsigned int i = 0; i < 6; i++) {
		unsigned int v = who == ALL ? 0xff : 0;

		if (who == BRIDGES) {
			v = bridges[i];
		} else if (i == 0 && who != ALL) {
			v = who == GROUP ? 3 : 2;
		} else if (i == 5 && who < CARDS) {
			v = who;
		}
		byte(at + i, v);
	}
}

static void lend(struct card *c, uint16_t n)
{
	vq_desc(&c->rx, n, c->rx_data + (uint64_t)BUFFER * n, BUFFER,
		VIRTIO_WRITE, 0);
	vq_add(&c->rx, n);
}

static void card_start(unsigned int i)
{
	struct card *c = &cards[i];

	c->slot = VIRTIO_SLOT(i);
	c->rx_data = DATA + (uint64_t)i * 0x40000;
	c->tx_data = c->rx_data + 0x20000;
	vq_begin(c->slot, VIRTIO_VERSION_1);
	vq_init(&c->rx, c->slot, 0, RINGS + (uint64_t)i * 0x10000);
	vq_init(&c->tx, c->slot, 1, RINGS + (uint64_t)i * 0x10000 + 0x8000);
	vq_ready(c->slot);
	for (uint16_t n = 0; n < VQ_SIZE; n++) {
		lend(c, n);
	}
	vq_kick(&c->rx);
}

static void sent(struct card *c)
{
	uint16_t head;
	uint32_t len;

	while (c->tx.seen != c->tx.added) {
		(void)vq_get(&c->tx, &head, &len);
	}
}

struct frame {
	const char *name;
	unsigned int from, to, source;
	unsigned int tags[2]; /* VLAN and 0x1000, or 0: none */
	unsigned int arrives; /* a bit for each card */
};

static void send(const struct frame *f, unsigned int number)
{
	struct card *c = &cards[f->from];
	uint64_t at = c->tx_data + HEADER;

	for (unsigned int i = 0; i < HEADER; i++) {
		byte(c->tx_data + i, 0);
	}
	put_address(at, f->to);
	put_address(at + 6, f->source);
	at += 12;
	for (unsigned int i = 0; i < 2 && f->tags[i] != 0; i++, at += 4) {
		put_half(at, TAG);
		put_half(at + 2, f->tags[i] & 0xfff);
	}
	put_half(at, TYPE);
	put_half(at + 2, number);
	vq_desc(&c->tx, 0, c->tx_data, HEADER + LEN, 0, 0);
	vq_add(&c->tx, 0);
	vq_kick(&c->tx);
	sent(c);
}

/* How often the frame arrived at the card, with or without a tag. */
static unsigned int received(struct card *c, unsigned int number)
{
	unsigned int n = 0;
	uint16_t head;
	uint32_t len;

	while (vq_get(&c->rx, &head, &len)) {
		uint64_t at =
			c->rx_data + (uint64_t)BUFFER * head + HEADER + 12;

		for (unsigned int i = 0; i < 2 && half(at) == TAG; i++) {
			at += 4;
		}
		n += half(at) == TYPE && half(at + 2) == number;
		lend(c, head);
		vq_kick(&c->rx);
	}
	return n;
}

#define T(vid) (0x1000 | (vid))

static const struct frame frames[] = {
	{ "frame-good", 0, ALL, 0, { 0 }, 1 << 1 | 1 << 3 },
	{ "frame-from-1", 1, ALL, 1, { 0 }, 1 << 0 | 1 << 3 },
	{ "frame-forged", 0, ALL, 1, { 0 }, 0 },
	{ "frame-forged-unknown", 0, ALL, 2, { 0 }, 0 },
	{ "frame-from-a-group", 1, ALL, GROUP, { 0 }, 0 },
	/* The place of address 1 was not learned from the forged frame. */
	{ "frame-to-1", 3, 1, 3, { 0 }, 1 << 1 },
	{ "frame-to-bridges", 1, BRIDGES, 1, { 0 }, 0 },
	/* An access port accepts no tags, not even that of its VLAN. */
	{ "frame-tagged-20", 1, ALL, 1, { T(20) }, 0 },
	{ "frame-tagged-10", 1, ALL, 1, { T(10) }, 0 },
	{ "frame-tagged-twice", 1, ALL, 1, { T(10), T(20) }, 0 },
	/* Except a priority tag; a tag behind it would come out of the
	 * trunk. */
	{ "frame-priority", 1, ALL, 1, { T(0) }, 1 << 0 | 1 << 3 },
	{ "frame-priority-tagged-20", 1, ALL, 1, { T(0), T(20) }, 0 },
	{ "frame-trunk-20", 3, ALL, 3, { T(20) }, 1 << 2 },
	{ "frame-trunk-10", 3, ALL, 3, { T(10) }, 1 << 0 | 1 << 1 },
	{ "frame-trunk-30", 3, ALL, 3, { T(30) }, 0 },
	{ "frame-trunk-10-20", 3, ALL, 3, { T(10), T(20) }, 0 },
	{ "frame-trunk-20-10", 3, ALL, 3, { T(20), T(10) }, 0 },
};

static void hostile(void)
{
	/* When a good frame has arrived, nothing else is on its way. */
	static const struct frame good = { .from = 1, .to = ALL, .source = 1 };

	for (unsigned int i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		unsigned int got = 0, after = 0;

		send(&frames[i], 2 * i);
		for (unsigned int n = 0; n < CARDS; n++) {
			got |= received(&cards[n], 2 * i) << n;
		}
		send(&good, 2 * i + 1);
		for (unsigned int n = 0; n < CARDS; n++) {
			after |= received(&cards[n], 2 * i + 1) << n;
		}
		probe_report_value(frames[i].name,
				   got == frames[i].arrives &&
					   after == (1 << 0 | 1 << 3),
				   got << 8 | after);
	}
}

static uint64_t now(void)
{
	__asm__ volatile("isb" : : : "memory");
	return guest_sysreg_read(cntvct_el0);
}

static uint64_t hz(void)
{
	return guest_sysreg_read(cntfrq_el0);
}

/* Broadcasts for a second; a unicast frame must still arrive. */
static void storm(void)
{
	static const struct frame all = { .from = 0, .to = ALL, .source = 0 };
	static const struct frame one = { .from = 0, .to = 1, .source = 0 };
	static const struct frame known = { .from = 1, .to = 0, .source = 1 };
	uint64_t until = now() + hz();
	unsigned int n = 0, got = 0, lost = 0;

	send(&known, 0);
	for (; now() < until; n++) {
		send(&all, 1);
		got += received(&cards[1], 1);
		if (n % 64 == 0) {
			send(&one, 2);
			lost += received(&cards[1], 2) != 1;
		}
	}
	guest_puts("SENT ");
	guest_puthex(n);
	guest_puts(" GOT ");
	guest_puthex(got);
	guest_puts(" LOST ");
	guest_puthex(lost);
	guest_puts("\n");
}

/* Forwards what one card received to the other; returns how many. */
static unsigned int forward(struct card *from, struct card *to)
{
	unsigned int n = 0;
	uint16_t head;
	uint32_t len;

	while (n < VQ_SIZE && vq_get(&from->rx, &head, &len)) {
		vq_desc(&to->tx, 0, from->rx_data + (uint64_t)BUFFER * head,
			len, 0, 0);
		vq_add(&to->tx, 0);
		vq_kick(&to->tx);
		sent(to);
		lend(from, head);
		vq_kick(&from->rx);
		n++;
	}
	return n;
}

static void loop(void)
{
	static const struct frame all = { .from = 3, .to = ALL, .source = 3 };
	uint64_t until = now() + hz();
	unsigned int n = 0;

	for (unsigned int i = 0; now() < until; i++) {
		/* The loop doubles each frame in every round. */
		if (i % 16 == 0) {
			send(&all, 1);
		}
		n += forward(&cards[0], &cards[1]);
		n += forward(&cards[1], &cards[0]);
	}
	guest_puts("FORWARDED ");
	guest_puthex(n);
	guest_puts("\n");
}

void guest_main(const void *tree)
{
	const char *what = guest_argument(tree, "frames=");
	/* Read before the rings are set up: they may overwrite the tree. */
	bool storms = what && guest_begins(what, "storm");
	bool loops = what && guest_begins(what, "loop");

	probe_mmu_on();
	for (unsigned int i = 0; i < CARDS; i++) {
		card_start(i);
	}
	if (storms) {
		storm();
	} else if (loops) {
		loop();
	} else {
		hostile();
	}
	guest_puts("\nDONE\n");
}
