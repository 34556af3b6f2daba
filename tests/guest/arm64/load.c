/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One of many guests that are all busy: it writes and reads its disk in random
 * places, 8 requests at a time, and sends packets to the next guest, which
 * acknowledges them, as fast as that allows. Every word that comes back from
 * the disk and every packet's order and content are checked. Boot arguments:
 * `me=N of=N seconds=N`. In the end it prints the checksum (CRC-32) of what its
 * disk must hold, after it has read all of it again.
 */
#include <gic.h>
#include <vq.h>

#define DISK VIRTIO_SLOT(0)
#define NET VIRTIO_SLOT(1)
#define RAM 0x40000000UL
#define RINGS (RAM + (8UL << 20))
#define DISK_DATA (RAM + (9UL << 20))
#define TX_DATA (RAM + (10UL << 20))
#define RX_DATA (RAM + (11UL << 20))
#define DISK_HEADERS (RINGS + 0x10000)

/* Virtual time; others have 90 ms at most before us. */
#define STALL_S 2

static uint64_t me, others, seconds;
static bool wrong;

static void say(const char *what, uint64_t value)
{
	guest_puts(what);
	guest_puts(" ");
	guest_puthex(value);
	guest_puts("\n");
}

/* Reported once: later errors would have the same cause. */
static void fail(const char *what, uint64_t value)
{
	if (!wrong) {
		guest_puts("WRONG: ");
		say(what, value);
	}
	wrong = true;
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

/* The content of word `i` of what `what` identifies. */
static uint64_t pattern(uint64_t what, uint64_t i)
{
	uint64_t x = (what + i) * 0x9e3779b97f4a7c15;

	return x ^ x >> 29;
}

static void write_pattern(uint64_t at, uint64_t what, unsigned int words)
{
	volatile uint64_t *p = (volatile uint64_t *)at;

	for (unsigned int i = 0; i < words; i++) {
		p[i] = pattern(what, i);
	}
}

static bool has_pattern(uint64_t at, uint64_t what, unsigned int words)
{
	volatile uint64_t *p = (volatile uint64_t *)at;
	uint64_t different = 0;

	for (unsigned int i = 0; i < words; i++) {
		different |= p[i] ^ pattern(what, i);
	}
	return different == 0;
}

static uint64_t random_next(void)
{
	static uint64_t x = 88172645463325252U;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x + me * 0x2545f4914f6cdd1d;
}

/* --- the disk ------------------------------------------------------------- */

#define BLOCK 4096
#define WORDS (BLOCK / 8)
#define BLOCKS_MAX 1024
#define FLIGHT 8
#define FLUSH_EVERY 64

#define READ 0
#define WRITE 1
#define FLUSH 4

struct request {
	bool busy;
	uint32_t type;
	unsigned int block;
};

static struct vq disk;
static struct request requests[FLIGHT];
/* How often each block was written; a block has one request at a time. */
static uint32_t writes_of[BLOCKS_MAX];
static bool in_use[BLOCKS_MAX];
static unsigned int blocks, in_flight;
static uint64_t done[FLUSH + 1], asked;

static uint64_t content(unsigned int block)
{
	return me << 56 | (uint64_t)block << 36 |
	       (uint64_t)writes_of[block] << 12;
}

static void disk_submit(unsigned int n, uint32_t type, unsigned int block)
{
	struct request *r = &requests[n];
	volatile uint32_t *header =
		(volatile uint32_t *)(DISK_HEADERS + 32 * n);
	uint16_t i = (uint16_t)(3 * n);
	bool data = type != FLUSH;

	*r = (struct request){ true, type, block };
	in_flight++;
	in_use[block] |= data;
	if (type == WRITE) {
		writes_of[block]++;
		write_pattern(DISK_DATA + BLOCK * n, content(block), WORDS);
	}
	header[0] = type;
	header[1] = 0;
	header[2] = data ? block * (BLOCK / 512) : 0;
	header[3] = 0;
	header[4] = 0xff;
	vq_desc(&disk, i, DISK_HEADERS + 32 * n, 16, VIRTIO_NEXT,
		data ? i + 1 : i + 2);
	vq_desc(&disk, i + 1, DISK_DATA + BLOCK * n, BLOCK,
		VIRTIO_NEXT | (type == READ ? VIRTIO_WRITE : 0), i + 2);
	vq_desc(&disk, i + 2, DISK_HEADERS + 32 * n + 16, 1, VIRTIO_WRITE, 0);
	vq_add(&disk, i);
}

/* A block never written is zeroes. */
static bool holds(unsigned int block, uint64_t at)
{
	volatile uint64_t *p = (volatile uint64_t *)at;
	uint64_t had = 0;

	if (writes_of[block] != 0) {
		return has_pattern(at, content(block), WORDS);
	}
	for (unsigned int i = 0; i < WORDS; i++) {
		had |= p[i];
	}
	return had == 0;
}

static bool disk_completions(void)
{
	bool any = false;
	uint16_t head;
	uint32_t len;

	while (vq_get(&disk, &head, &len)) {
		unsigned int n = head / 3;
		struct request *r = &requests[n];

		if (n >= FLIGHT || !r->busy) {
			fail("the disk gave back what it did not have", head);
			return true;
		}
		if (*(volatile uint8_t *)(DISK_HEADERS + 32 * n + 16) != 0) {
			fail("a request failed, of block", r->block);
		} else if (r->type == READ &&
			   !holds(r->block, DISK_DATA + BLOCK * n)) {
			fail("another content of block", r->block);
		}
		r->busy = false;
		in_flight--;
		if (r->type != FLUSH) {
			in_use[r->block] = false;
		}
		done[r->type]++;
		any = true;
	}
	return any;
}

static void disk_ask(unsigned int n)
{
	uint64_t x = random_next();
	unsigned int block = (unsigned int)(x >> 16) % blocks;

	if (++asked % FLUSH_EVERY == 0) {
		disk_submit(n, FLUSH, 0);
	} else if (!in_use[block]) {
		disk_submit(n, x & 1 ? WRITE : READ, block);
	}
}

static bool disk_work(bool more)
{
	bool any = disk_completions(), added = false;

	for (unsigned int n = 0; more && n < FLIGHT; n++) {
		if (!requests[n].busy) {
			disk_ask(n);
			added |= requests[n].busy;
		}
	}
	if (added) {
		vq_kick(&disk);
	}
	return any || added;
}

static uint32_t crc_add(uint32_t crc, uint64_t word)
{
	for (unsigned int byte = 0; byte < 8; byte++, word >>= 8) {
		crc ^= (uint32_t)word & 0xff;
		for (unsigned int bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
		}
	}
	return crc;
}

/* All of it read once more, and its checksum. */
static uint32_t disk_checksum(void)
{
	uint32_t crc = ~0U;
	uint64_t begin;

	for (unsigned int block = 0; block < blocks && !wrong; block++) {
		volatile uint64_t *p = (volatile uint64_t *)DISK_DATA;

		disk_submit(0, READ, block);
		vq_kick(&disk);
		begin = now();
		while (in_flight != 0 && !wrong) {
			(void)disk_completions();
			if (now() - begin > STALL_S * hz()) {
				fail("no answer for block", block);
			}
		}
		for (unsigned int i = 0; i < WORDS; i++) {
			crc = crc_add(crc, p[i]);
		}
	}
	return ~crc;
}

static void disk_start(void)
{
	vq_begin(DISK, VIRTIO_VERSION_1 | UINT64_C(1) << 9); /* FLUSH */
	vq_init(&disk, DISK, 0, RINGS);
	vq_ready(DISK);
	blocks = guest_read32(DISK + VIRTIO_CONFIG) / (BLOCK / 512);
	if (blocks > BLOCKS_MAX) {
		blocks = BLOCKS_MAX;
	}
}

/* --- the network -------------------------------------------------------------
 *
 * A packet behind the 12 bytes of 5.1.6: addresses, type, then kind, words of
 * payload, number, and the payload, aligned.
 */

#define HEADER 12
#define KIND (HEADER + 14)
#define COUNT (HEADER + 16)
#define NUMBER (HEADER + 20)
#define PAYLOAD (HEADER + 28)
#define TYPE 0xb588 /* 88-b5: local experiments */
#define PAYLOAD_MIN 4
#define PAYLOAD_MAX 185
#define BUFFER 2048
/* Together with as many acknowledgements, fewer than there are buffers. */
#define WINDOW 30

enum kind { HELLO = 1, HELLO_ACK, DATA, ACK, END, END_ACK };

static struct vq rx, tx;
static bool tx_busy[VQ_SIZE];
static bool met, ended, next_ended;
static uint32_t sent, acknowledged, received, told;

static uint64_t next(void)
{
	return (me + 1) % others;
}

static uint64_t before(void)
{
	return (me + others - 1) % others;
}

static bool tx_room(unsigned int *n)
{
	uint16_t head;
	uint32_t len;

	while (vq_get(&tx, &head, &len)) {
		tx_busy[head % VQ_SIZE] = false;
	}
	for (*n = 0; *n < VQ_SIZE; (*n)++) {
		if (!tx_busy[*n]) {
			return true;
		}
	}
	return false;
}

static uint64_t packet(uint64_t from, uint32_t number)
{
	return from << 52 | (uint64_t)number << 12 | UINT64_C(1) << 60;
}

static unsigned int payload(uint32_t number)
{
	return PAYLOAD_MIN + number * 61 % (PAYLOAD_MAX - PAYLOAD_MIN + 1);
}

/* An address is 02-00-00-00-00-NN. */
static void address(uint64_t at, uint64_t who)
{
	*(volatile uint16_t *)at = 2;
	*(volatile uint16_t *)(at + 2) = 0;
	*(volatile uint16_t *)(at + 4) = (uint16_t)(who << 8);
}

static bool send(enum kind kind, uint64_t to, uint32_t number)
{
	unsigned int n, words = kind == DATA ? payload(number) : PAYLOAD_MIN;
	uint64_t at;

	if (!tx_room(&n)) {
		return false;
	}
	at = TX_DATA + (uint64_t)BUFFER * n;
	for (unsigned int i = 0; i < HEADER; i += 4) {
		guest_write32(at + i, 0);
	}
	address(at + HEADER, to);
	address(at + HEADER + 6, me);
	*(volatile uint16_t *)(at + HEADER + 12) = TYPE;
	*(volatile uint16_t *)(at + KIND) = (uint16_t)kind;
	*(volatile uint16_t *)(at + COUNT) = (uint16_t)words;
	*(volatile uint16_t *)(at + COUNT + 2) = 0;
	guest_write32(at + NUMBER, number);
	guest_write32(at + NUMBER + 4, 0);
	write_pattern(at + PAYLOAD, packet(me, number), words);
	tx_busy[n] = true;
	vq_desc(&tx, (uint16_t)n, at, PAYLOAD + 8 * words, 0, 0);
	vq_add(&tx, (uint16_t)n);
	vq_kick(&tx);
	return true;
}

static void got_data(uint64_t at, uint32_t len)
{
	uint32_t number = guest_read32(at + NUMBER);
	unsigned int words = payload(number);

	if (number != received) {
		fail("packets are lost, doubled or out of order at", received);
	} else if (*(volatile uint16_t *)(at + COUNT) != words ||
		   len != PAYLOAD + 8 * words ||
		   !has_pattern(at + PAYLOAD, packet(before(), number),
				words)) {
		fail("another content of packet", number);
	}
	received = number + 1;
}

static void got(uint64_t at, uint32_t len)
{
	uint32_t number = guest_read32(at + NUMBER);
	uint64_t from = *(volatile uint16_t *)(at + HEADER + 10) >> 8;

	/* To another: a switch that has not learned yet sends to all. */
	if (*(volatile uint16_t *)(at + HEADER + 4) != me << 8) {
		return;
	}
	switch (*(volatile uint16_t *)(at + KIND)) {
	case HELLO:
		(void)send(HELLO_ACK, from, 0);
		break;
	case HELLO_ACK:
		met = true;
		break;
	case DATA:
		got_data(at, len);
		break;
	case ACK:
		if (number < acknowledged || number > sent) {
			fail("acknowledged is what was not sent", number);
		}
		acknowledged = number;
		break;
	case END:
		if (number != received) {
			fail("packets are lost at the end", received);
		}
		next_ended |= send(END_ACK, from, 0);
		break;
	case END_ACK:
		ended = true;
		break;
	default:
		fail("a packet of no kind", number);
	}
}

static void lend(uint16_t n)
{
	vq_desc(&rx, n, RX_DATA + (uint64_t)BUFFER * n, BUFFER, VIRTIO_WRITE,
		0);
	vq_add(&rx, n);
}

static bool net_receive(void)
{
	bool any = false;
	uint16_t head;
	uint32_t len;

	while (vq_get(&rx, &head, &len)) {
		got(RX_DATA + (uint64_t)BUFFER * (head % VQ_SIZE), len);
		lend(head % VQ_SIZE);
		any = true;
	}
	if (any) {
		vq_kick(&rx);
	}
	if (told != received && send(ACK, before(), received)) {
		told = received;
	}
	return any;
}

static bool net_work(bool more)
{
	bool any = net_receive();

	while (more && sent - acknowledged < WINDOW &&
	       send(DATA, next(), sent)) {
		sent++;
		any = true;
	}
	return any;
}

static void net_start(void)
{
	vq_begin(NET, VIRTIO_VERSION_1);
	vq_init(&rx, NET, 0, RINGS + VQ_BYTES);
	vq_init(&tx, NET, 1, RINGS + 2 * VQ_BYTES);
	vq_ready(NET);
	for (uint16_t n = 0; n < VQ_SIZE; n++) {
		lend(n);
	}
	vq_kick(&rx);
}

/* --- both ----------------------------------------------------------------- */

#define TICK_HZ 100

static void tick(void)
{
	guest_sysreg_write(cntv_tval_el0, hz() / TICK_HZ);
	guest_sysreg_write(cntv_ctl_el0, 1);
	__asm__ volatile("isb");
}

/* Wait for an interrupt, which is acknowledged before the queues are
 * checked. */
static void wait(void)
{
	static const uint64_t slots[] = { DISK, NET };
	uint32_t iar, which;

	guest_wait();
	while ((which = (iar = gic_take()) & 0x3ff) < 1020) {
		uint32_t n = which - GIC_VIRTIO(0);

		if (which == GIC_TIMER) {
			tick();
		} else if (n < sizeof(slots) / sizeof(slots[0])) {
			uint64_t slot = slots[n];

			guest_write32(
				slot + VIRTIO_INTERRUPT_ACK,
				guest_read32(slot + VIRTIO_INTERRUPT_STATUS));
		}
		gic_end(iar);
	}
}

/* Receives until that has happened, and keeps asking the next guest. */
static void ask(enum kind kind, const volatile bool *happened)
{
	uint64_t begin = now(), again = begin;

	while (!*happened && !wrong) {
		if (now() >= again) {
			(void)send(kind, next(), sent);
			again = now() + hz() / TICK_HZ;
		}
		if (!net_receive()) {
			wait();
		}
		if (now() - begin > STALL_S * hz()) {
			fail("nobody answers", kind);
		}
	}
}

/* While `more`: new work; then until all of it is done. */
static void work(uint64_t until)
{
	uint64_t last = now();

	while (!wrong) {
		bool more = now() < until;
		bool disk_any = disk_work(more);
		bool any = net_work(more) || disk_any;

		if (!more && in_flight == 0 && sent == acknowledged) {
			return;
		}
		if (any) {
			last = now();
			continue;
		}
		if (now() - last > STALL_S * hz()) {
			fail("nothing comes any more; packets that are out",
			     sent - acknowledged);
		}
		wait();
	}
}

static uint64_t argument(const void *tree, const char *name)
{
	const char *text = guest_argument(tree, name);
	uint64_t n = 0;

	for (; text && *text >= '0' && *text <= '9'; text++) {
		n = 10 * n + (uint64_t)(*text - '0');
	}
	return n;
}

void guest_main(const void *tree)
{
	uint64_t begin;

	me = argument(tree, "me=");
	others = argument(tree, "of=");
	seconds = argument(tree, "seconds=");
	gic_init();
	gic_enable(GIC_TIMER);
	gic_enable(GIC_VIRTIO(0));
	gic_enable(GIC_VIRTIO(1));
	tick();
	disk_start();
	net_start();
	ask(HELLO, &met);
	guest_puts("busy\n");
	begin = now();
	work(begin + seconds * hz());
	say("TICKS", now() - begin);
	ask(END, &ended);
	ask(END, &next_ended);
	say("READS", done[READ]);
	say("WRITES", done[WRITE]);
	say("FLUSHES", done[FLUSH]);
	say("SENT", sent);
	say("RECEIVED", received);
	say("CRC", disk_checksum());
	guest_puts("DONE\n");
}
