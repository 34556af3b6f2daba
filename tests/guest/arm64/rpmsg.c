/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest with an RPMSG device, as a driver of it without an operating system.
 * What it does is said by the boot argument `rpmsg=`:
 *
 * talk     announce an endpoint, send COUNT messages of all lengths to each
 *          guest that announces one, and check order and content of theirs;
 *          tell of those that are gone. `mib=N`: once all is sent, so many MiB
 *          go into a ring in shared memory
 * ask      the same with a coprocessor, which sends all back (copro.c): to each
 *          that announces "echo", so many as `count=` says
 * outside  send to nodes that it must not reach
 * hostile  break the rules of addresses, lengths and names, flood, and see that
 *          each message comes back
 * deaf     announce an endpoint, and never give a buffer
 */
#include <guest.h>
#include <ring.h>
#include <vq.h>

#define SLOT VIRTIO_SLOT(0)
#define RX 0
#define TX 1
/* The guest has 16 MiB, wherever. */
#define RAM ((uint64_t)&guest_main & ~UINT64_C(0xffffff))
#define RINGS (RAM + 0x800000)
#define RX_DATA (RAM + 0x900000)
#define TX_DATA (RAM + 0xa00000)
#define BUFFER 512
#define DATA_MAX 496

#define NS 53
#define NODE(address) ((address) >> 20)
#define NODES 16
#define ME 100     /* the endpoint */
#define COUNT 2000 /* messages to each */
/* Linux's character device binds to channels of this name. */
#define NAME "rpmsg-raw"
#define ECHO "echo" /* a coprocessor's */

struct head {
	uint32_t src, dst, reserved;
	uint16_t len, flags;
};

struct announcement {
	char name[32];
	uint32_t address, flags;
};

struct peer {
	uint32_t address; /* 0: not known */
	uint32_t sent, got;
};

static struct vq rx, tx;
static struct peer peers[NODES];
static uint16_t tx_free[VQ_SIZE], tx_nfree;
static uint64_t wrong;
static bool deaf;
static uint64_t ring_mib; /* 0: no such ring */
static const char *wanted = NAME;
static uint32_t count = COUNT;

static void say(const char *what, uint64_t v)
{
	guest_puts(what);
	guest_puts(" ");
	guest_puthex(v);
	guest_puts("\n");
}

static void fail(const char *what, uint64_t v)
{
	if (wrong++ < 10) {
		guest_puts("WRONG: ");
		say(what, v);
	}
}

/* --- the queues ----------------------------------------------------------- */

static void give_buffer(uint16_t id)
{
	vq_desc(&rx, id, RX_DATA + (uint64_t)id * BUFFER, BUFFER, VIRTIO_WRITE,
		0);
	vq_add(&rx, id);
}

static void start(void)
{
	vq_begin(SLOT, VIRTIO_VERSION_1 | 1); /* NS */
	vq_init(&rx, SLOT, RX, RINGS);
	vq_init(&tx, SLOT, TX, RINGS + 0x10000);
	vq_ready(SLOT);
	for (uint16_t i = 0; i < VQ_SIZE; i++) {
		tx_free[tx_nfree++] = i;
		if (!deaf) {
			give_buffer(i);
		}
	}
	vq_kick(&rx);
}

/* Messages that came back. */
static void collect(void)
{
	uint16_t id;
	uint32_t len;

	while (vq_get(&tx, &id, &len)) {
		if (len != 0 || tx_nfree == VQ_SIZE) {
			fail("a message came back with bytes", len);
		}
		tx_free[tx_nfree++] = id;
	}
}

static volatile uint8_t *tx_data(uint16_t id)
{
	return (volatile uint8_t *)(TX_DATA + (uint64_t)id * BUFFER +
				    sizeof(struct head));
}

/* A slot to send from, which must be free. */
static uint16_t take(void)
{
	return tx_free[--tx_nfree];
}

/* Send what is in the slot, with a header that says `len`. */
static void send(uint16_t id, uint32_t src, uint32_t dst, uint32_t len,
		 uint32_t size)
{
	volatile struct head *h =
		(volatile struct head *)(TX_DATA + (uint64_t)id * BUFFER);

	h->src = src;
	h->dst = dst;
	h->reserved = 0;
	h->len = (uint16_t)len;
	h->flags = 0;
	vq_desc(&tx, id, TX_DATA + (uint64_t)id * BUFFER,
		(uint32_t)sizeof(*h) + size, 0, 0);
	vq_add(&tx, id);
	vq_kick(&tx);
	collect();
}

static void announce(const char *name, uint32_t address, uint32_t flags)
{
	uint16_t id = take();
	volatile struct announcement *a =
		(volatile struct announcement *)tx_data(id);
	bool ended = false;

	for (unsigned int i = 0; i < sizeof(a->name); i++) {
		ended = ended || name[i] == '\0';
		a->name[i] = '\0';
		if (!ended) {
			a->name[i] = name[i];
		}
	}
	a->address = address;
	a->flags = flags;
	send(id, ME, NS, sizeof(*a), sizeof(*a));
}

/* --- what messages hold --------------------------------------------------- */

static uint8_t pattern(uint32_t number, uint32_t i)
{
	return (uint8_t)((number * 2654435761U >> 13) + i * 7);
}

static uint32_t length_of(uint32_t number)
{
	return 8 + number * 37 % (DATA_MAX - 7);
}

static void send_next(struct peer *p)
{
	uint16_t id = take();
	volatile uint8_t *data = tx_data(id);
	uint32_t len = length_of(p->sent);

	*(volatile uint32_t *)data = p->sent;
	for (uint32_t i = 4; i < len; i++) {
		data[i] = pattern(p->sent, i);
	}
	p->sent++;
	send(id, ME, p->address, len, len);
}

static void check(struct peer *p, const volatile uint8_t *data, uint32_t len)
{
	uint32_t number = *(const volatile uint32_t *)data;
	uint32_t bad = 0;

	if (number != p->got) {
		fail("a message is missing, or twice", number);
	}
	if (len != length_of(number)) {
		fail("a message of another length", len);
	}
	for (uint32_t i = 4; i < len; i++) {
		bad |= data[i] ^ pattern(number, i);
	}
	if (bad != 0) {
		fail("a message with other bytes", number);
	}
	p->got = number + 1;
}

static bool is_wanted(const volatile struct announcement *a)
{
	unsigned int i = 0;

	while (wanted[i] != '\0' && a->name[i] == wanted[i]) {
		i++;
	}
	return wanted[i] == a->name[i];
}

static void on_announcement(const volatile struct announcement *a)
{
	uint32_t node = NODE(a->address);

	if (node == 0 || node >= NODES) {
		fail("an announcement of node", node);
		return;
	}
	if (!is_wanted(a)) {
		return;
	}
	if (a->flags == 0) {
		/* Messages from there may have come before this. */
		peers[node].address = a->address;
		peers[node].sent = 0;
		say("rpmsg: there is", node);
	} else {
		if (peers[node].address != a->address) {
			fail("gone, but was never there:", a->address);
		}
		peers[node] = (struct peer){ .address = 0 };
		say("rpmsg: gone is", node);
	}
}

static void on_message(const volatile struct head *h, uint32_t size)
{
	const volatile uint8_t *data = (const volatile uint8_t *)(h + 1);
	struct peer *p = &peers[NODE(h->src) % NODES];

	if (size != sizeof(*h) + h->len) {
		fail("a length that is not that of the buffer", h->len);
	} else if (h->dst == NS && h->len == sizeof(struct announcement)) {
		on_announcement((const volatile struct announcement *)(h + 1));
	} else if (h->dst != ME) {
		fail("a message for endpoint", h->dst);
	} else if (NODE(h->src) == 0 || NODE(h->src) >= NODES || h->len < 8) {
		fail("a message from", h->src);
	} else {
		check(p, data, h->len);
	}
}

static bool receive(void)
{
	bool any = false;
	uint16_t id;
	uint32_t len;

	while (vq_get(&rx, &id, &len)) {
		on_message(
			(const volatile struct head *)(RX_DATA +
						       (uint64_t)id * BUFFER),
			len);
		give_buffer(id);
		any = true;
	}
	if (any) {
		vq_kick(&rx);
	}
	return any;
}

/* --- modes ---------------------------------------------------------------- */

/* To all that are known; true once all of `n` are done, both ways. */
static bool talk_round(unsigned int n)
{
	unsigned int over = 0;

	(void)receive();
	collect();
	for (unsigned int i = 0; i < NODES; i++) {
		struct peer *p = &peers[i];

		if (p->address != 0 && p->sent < count && tx_nfree > 0) {
			send_next(p);
		}
		over += p->address != 0 && p->sent == count && p->got >= count;
	}
	return over >= n && tx_nfree == VQ_SIZE;
}

static void talk_as(unsigned int n, const char *what)
{
	bool said = false;

	for (;;) {
		bool over = talk_round(n);

		if (over && !said) {
			guest_puts(wrong == 0 ? "PASS" : "FAIL");
			guest_puts(what);
			if (ring_mib != 0) {
				return;
			}
		}
		said = over;
	}
}

static void talk(unsigned int n)
{
	announce(NAME, ME, 0);
	talk_as(n, " rpmsg talk\n");
}

static void ask(unsigned int n)
{
	wanted = ECHO;
	talk_as(n, " rpmsg ask\n");
}

static void all_back(const char *what)
{
	for (unsigned int i = 0; i < 100000000 && tx_nfree < VQ_SIZE; i++) {
		collect();
	}
	if (tx_nfree < VQ_SIZE) {
		fail(what, tx_nfree);
	}
}

static void outside(unsigned int n)
{
	(void)n;
	announce(NAME, ME, 0);
	for (uint32_t node = 0; node < 4096; node++) {
		send(take(), ME, node << 20 | ME, 8, 8);
		all_back("not back, to nobody");
	}
	for (unsigned int i = 0; i < 1000; i++) {
		if (receive()) {
			fail("something came", i);
		}
	}
	guest_puts(wrong == 0 ? "PASS rpmsg outside\n"
			      : "FAIL rpmsg outside\n");
}

static void break_rules(uint32_t node)
{
	uint32_t to = node << 20 | ME;

	send(take(), node << 20 | ME, to, 8, 8); /* another's endpoint */
	send(take(), 3U << 20 | ME, to, 8, 8);
	send(take(), ME, node << 20 | NS, 40, 40); /* its name service */
	send(take(), ME, 0xfffU << 20 | NS, 40, 40);
	send(take(), ME, to, 9, 8); /* lengths */
	send(take(), ME, to, 0xffff, 8);
	send(take(), ME, to, 497, 496);
	announce(NAME, node << 20 | ME, 0); /* another's name */
	announce(NAME, node << 20 | ME, 1);
	announce("", 7, 0);
	announce("a\033[2J", 7, 0);
	announce("12345678901234567890123456789012", 7, 0);
	announce(NAME, 7, 5);
	all_back("not back, against the rules");
}

/* More names than there is room for, which come and go. */
static void names(void)
{
	for (uint32_t i = 0; i < 200; i++) {
		announce("many", 1000 + i % 100, i >= 100);
		all_back("an announcement that is not back");
	}
}

/* To a guest that never takes anything: until it is stopped. */
static void flood(uint32_t node)
{
	for (unsigned int i = 0; i < 1000 && tx_nfree > 0; i++) {
		send(take(), ME, node << 20 | ME, 8, 8);
	}
}

static void hostile(unsigned int n)
{
	(void)n;
	for (uint32_t node = 1; node < 6; node++) {
		break_rules(node);
	}
	names();
	guest_puts(wrong == 0 ? "PASS rpmsg hostile\n"
			      : "FAIL rpmsg hostile\n");
	/* Number 4 is deaf. */
	flood(4);
	say("rpmsg: left to send", tx_nfree);
	for (;;) {
		(void)receive();
		collect();
		/* Once the flood is over. */
		if (tx_nfree == VQ_SIZE) {
			break_rules(1 + (rx.seen & 1));
		}
	}
}

static void be_deaf(unsigned int n)
{
	(void)n;
	announce("deaf", ME, 0);
	guest_puts("rpmsg: deaf\n");
}

static const struct {
	const char *name;
	void (*run)(unsigned int n);
} modes[] = {
	{ "talk", talk },       { "ask", ask },      { "outside", outside },
	{ "hostile", hostile }, { "deaf", be_deaf },
};

void guest_main(const void *tree)
{
	const char *what = guest_argument(tree, "rpmsg=");
	const char *n = guest_argument(tree, "peers=");
	unsigned int npeers = n != 0 ? (unsigned int)(*n - '0') : 1;
	void (*run)(unsigned int n) = 0;

	/* Before the rings are set up: they may overwrite the tree. */
	for (unsigned int i = 0; what && i < sizeof(modes) / sizeof(modes[0]);
	     i++) {
		if (guest_begins(what, modes[i].name)) {
			run = modes[i].run;
		}
	}
	if (run == 0) {
		guest_puts("FAIL rpmsg: no such argument\n");
		return;
	}
	deaf = run == be_deaf;
	ring_mib = guest_number(tree, "mib=", 0);
	count = (uint32_t)guest_number(tree, "count=", COUNT);
	start();
	run(npeers);
	if (ring_mib != 0) {
		ring_sleeps = true;
		ring_start();
		ring_produce(ring_mib * ((1 << 20) / RING_MESSAGE), false);
	}
	for (;;) {
		guest_wait();
	}
}
