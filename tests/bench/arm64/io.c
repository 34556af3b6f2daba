/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures the cost of operations of virtio devices. Rounds are marked for a
 * plugin that counts (tests/plugins), and their series are named as in micro.c:
 *   series NAME
 * A batch is one round. Boot arguments: only=NAME,... rounds=N.
 */
#include <string.h>

#include "micro.h"
#include "virtio.h"

#define PSCI_SYSTEM_OFF 0x84000008u
#define ROUNDS 64
#define WARM_UP 16    /* rounds before those that count */
#define DEPTH 32      /* requests in flight */
#define BATCH 8       /* requests submitted together */
#define BURST 32      /* packets sent together */
#define FRAME 1514    /* bytes */
#define NET_HEADER 12 /* VirtIO 1.2, 5.1.6 */
#define MAC 6
#define PAUSE_TICKS \
	20000 /* pause of the sender, in which the receiver finishes */

static const void *tree;
static struct virtio device;
static struct queue queues[2]; /* of a network device: receive, transmit */
static volatile bool interrupted;

static bool wanted(const char *name)
{
	size_t length = strlen(name);
	const char *at = strstr(platform.only, name);

	return at && (at[length] == '\0' || at[length] == ',');
}

static unsigned int rounds(void)
{
	return platform.rounds ? platform.rounds : ROUNDS;
}

static void series(const char *name)
{
	put("series ");
	put(name);
	put("\n");
	mark(MARK_SERIES);
}

static __attribute__((noreturn)) void fail(const char *why)
{
	put("bench failed: ");
	put(why);
	put("\n");
	for (;;) {
		psci(PSCI_SYSTEM_OFF, 0, 0, 0);
	}
}

/* --- interrupts --------------------------------------------------------- */

void irq_handler(uint64_t at);
void irq_handler(uint64_t at)
{
	uint32_t iar = gic_ack();

	(void)at;
	if ((iar & 0x3ff) == TIMER_VIRT) {
		sysreg_write(cntv_ctl_el0, 0);
		isb();
	} else if ((iar & 0x3ff) == device.intid) {
		write32(device.regs + 0x64, read32(device.regs + 0x60));
	}
	interrupted = true;
	gic_eoi(iar);
}

/*
 * Called with interrupts masked: sleep until an interrupt comes, and take it.
 */
static void sleep(void)
{
	__asm__ volatile("wfi\n\t"
			 "msr daifclr, #2\n\t"
			 "isb\n\t"
			 "msr daifset, #2"
			 :
			 :
			 : "memory");
}

static void sleep_ticks(uint64_t ticks)
{
	uint64_t end = sysreg_read(cntvct_el0) + ticks;

	sysreg_write(cntv_cval_el0, end);
	sysreg_write(cntv_ctl_el0, 1);
	isb();
	while (sysreg_read(cntv_ctl_el0) & 1) {
		sleep();
	}
}

static void open_device(unsigned int id, unsigned int nqueues, uint64_t want)
{
	if (!virtio_find(tree, &device, id, 0, want)) {
		fail("no such device");
	}
	for (uint16_t i = 0; i < nqueues; i++) {
		if (!virtio_queue(&device, &queues[i], i)) {
			fail("the device does not take a queue");
		}
	}
	gic_spi_on(device.intid, device.edge, 0);
	virtio_start(&device);
}

/* --- block -------------------------------------------------------------- */

static struct {
	uint32_t type, reserved;
	uint64_t sector;
} headers[DEPTH];
static volatile uint8_t statuses[DEPTH];
static uint8_t data[DEPTH][4096] __attribute__((aligned(4096)));
static uint8_t big[128 * 1024] __attribute__((aligned(4096)));

/* Request `n`, in descriptors 3n to 3n + 2: read `size` bytes. */
static void prepare(unsigned int n, void *to, uint32_t size)
{
	struct desc *d = &queues[0].desc[3 * n];

	headers[n].type = 0; /* VIRTIO_BLK_T_IN */
	headers[n].sector = n * 8;
	d[0] = (struct desc){ (uint64_t)&headers[n], 16, DESC_NEXT,
			      (uint16_t)(3 * n + 1) };
	d[1] = (struct desc){ (uint64_t)to, size, DESC_NEXT | DESC_WRITE,
			      (uint16_t)(3 * n + 2) };
	d[2] = (struct desc){ (uint64_t)&statuses[n], 1, DESC_WRITE, 0 };
}

static void completed(uint16_t head)
{
	if (statuses[head / 3] != 0) {
		fail("a request failed");
	}
	statuses[head / 3] = 0xff;
}

static void block_singly(const char *name, void *to, uint32_t size)
{
	if (!wanted(name)) {
		return;
	}
	open_device(ID_BLOCK, 1, F_EVENT_IDX);
	prepare(0, to, size);
	for (unsigned int i = 0; i < rounds() + WARM_UP; i++) {
		uint16_t head;
		uint32_t len;

		if (i == WARM_UP) {
			series(name);
		}
		mark(MARK_BEGIN);
		queue_want(&queues[0], 1);
		queue_add(&queues[0], 0);
		interrupted = false;
		queue_kick(&device, &queues[0]);
		while (!interrupted) {
			sleep();
		}
		mark(MARK_END);
		if (!queue_used(&queues[0], &head, &len)) {
			fail("an interrupt without a used buffer");
		}
		completed(head);
	}
}

/* DEPTH requests in flight; as soon as BATCH are done they are submitted
 * again. */
static void block_batches(const char *name)
{
	unsigned int done = 0;

	if (!wanted(name)) {
		return;
	}
	open_device(ID_BLOCK, 1, F_EVENT_IDX);
	for (unsigned int i = 0; i < DEPTH; i++) {
		prepare(i, data[i], sizeof(data[i]));
		queue_add(&queues[0], (uint16_t)(3 * i));
	}
	queue_want(&queues[0], BATCH);
	queue_kick(&device, &queues[0]);
	for (unsigned int i = 0; i < rounds() + WARM_UP; i++) {
		uint16_t head;
		uint32_t len;

		if (i == WARM_UP) {
			series(name);
		}
		mark(MARK_BEGIN);
		for (done = 0; done < BATCH;) {
			if (queue_used(&queues[0], &head, &len)) {
				completed(head);
				queue_add(&queues[0], head);
				done++;
				continue;
			}
			queue_want(&queues[0], (uint16_t)(BATCH - done));
			if (queues[0].used->idx == queues[0].seen) {
				sleep();
			}
		}
		queue_want(&queues[0], BATCH);
		queue_kick(&device, &queues[0]);
		mark(MARK_END);
	}
}

/* --- network ------------------------------------------------------------ */

static uint8_t received[RING_MAX][2048] __attribute__((aligned(4096)));
static uint8_t sent[BURST][2048] __attribute__((aligned(4096)));
static uint8_t own[MAC], peer[MAC];

static void open_net(void)
{
	open_device(ID_NET, 2, F_EVENT_IDX | 1ull << 5 /* MAC */);
	for (unsigned int i = 0; i < MAC; i++) {
		own[i] = *(volatile uint8_t *)(device.regs + 0x100 + i);
	}
	for (uint16_t i = 0; i < RING_MAX; i++) {
		queues[0].desc[i] = (struct desc){ (uint64_t)received[i], 2048,
						   DESC_WRITE, 0 };
		queue_add(&queues[0], i);
	}
	queue_want(&queues[0], 1);
	queue_want(&queues[1], RING_MAX + 1); /* no interrupt */
	queue_kick(&device, &queues[0]);
}

/* Frame number `n` of a burst, of `size` bytes, to `to`. */
static void send(unsigned int n, const uint8_t *to, uint32_t size)
{
	uint8_t *frame = sent[n] + NET_HEADER;

	memcpy(frame, to, MAC);
	memcpy(frame + MAC, own, MAC);
	frame[12] = 0x88; /* an EtherType for experiments: 88b5 */
	frame[13] = 0xb5;
	queues[1].desc[n] =
		(struct desc){ (uint64_t)sent[n], size + NET_HEADER, 0, 0 };
	queue_add(&queues[1], (uint16_t)n);
}

/* Take the packets that have come and give their buffers back. Returns their
 * number. */
static unsigned int receive(void)
{
	unsigned int n = 0;
	uint16_t head;
	uint32_t len;

	while (queue_used(&queues[0], &head, &len)) {
		memcpy(peer, received[head] + NET_HEADER + MAC, MAC);
		queue_add(&queues[0], head);
		n++;
	}
	if (n > 0) {
		queue_kick(&device, &queues[0]);
	}
	queue_want(&queues[0], 1);
	return n;
}

static unsigned int wait_received(void)
{
	unsigned int n;

	while ((n = receive()) == 0) {
		if (queues[0].used->idx == queues[0].seen) {
			sleep();
		}
	}
	return n;
}

static void forget_sent(void)
{
	uint16_t head;
	uint32_t len;

	while (queue_used(&queues[1], &head, &len)) {}
}

/* Let both sides learn each other's address. */
static void meet(void)
{
	static const uint8_t all[MAC] = { 255, 255, 255, 255, 255, 255 };

	do {
		send(0, all, 64);
		queue_kick(&device, &queues[1]);
		sleep_ticks(PAUSE_TICKS);
		forget_sent();
	} while (receive() == 0);
}

/* The other side: answers every frame, or only receives. */
static void other_side(bool answers)
{
	bool met = false;

	open_net();
	for (;;) {
		(void)wait_received();
		forget_sent();
		if (answers || !met) {
			send(0, peer, 64);
			queue_kick(&device, &queues[1]);
			met = true;
		}
	}
}

static void net_bursts(const char *name, unsigned int burst)
{
	if (!wanted(name)) {
		return;
	}
	open_net();
	meet();
	for (unsigned int i = 0; i < rounds() + WARM_UP; i++) {
		forget_sent();
		if (i == WARM_UP) {
			series(name);
		}
		mark(MARK_BEGIN);
		for (unsigned int n = 0; n < burst; n++) {
			send(n, peer, FRAME);
		}
		queue_kick(&device, &queues[1]);
		sleep_ticks(PAUSE_TICKS);
		mark(MARK_END);
	}
}

static void net_ping(const char *name)
{
	if (!wanted(name)) {
		return;
	}
	open_net();
	meet();
	for (unsigned int i = 0; i < rounds() + WARM_UP; i++) {
		forget_sent();
		if (i == WARM_UP) {
			series(name);
		}
		mark(MARK_BEGIN);
		send(0, peer, 64);
		queue_kick(&device, &queues[1]);
		(void)wait_received();
		mark(MARK_END);
	}
}

/* --- RPMSG ---------------------------------------------------------------- */

#define RPMSG_DATA 64
#define RPMSG_OTHER (1u << 20 | 1) /* endpoint 1 of the node created first */

struct rpmsg {
	uint32_t src, dst, reserved;
	uint16_t len, flags;
	uint8_t data[RPMSG_DATA];
};

/* How the driver of either side learns of messages: a name's last word. */
struct way {
	const char *ping, *echo, *load;
	uint64_t features;
	bool polls; /* it asks for no interrupt and does not sleep */
};

static const struct way ways[] = {
	{ "rpmsg-ping-pong", "rpmsg-echo", "rpmsg-load", F_EVENT_IDX, false },
	{ "rpmsg-ping-pong-flags", "rpmsg-echo-flags", "rpmsg-load-flags", 0,
	  false },
	{ "rpmsg-ping-pong-poll", "rpmsg-echo-poll", "rpmsg-load-poll",
	  F_EVENT_IDX, true },
};

static void want_received(const struct way *way)
{
	queue_want(&queues[0], way->polls ? RING_MAX + 1 : 1);
}

static void open_rpmsg(const struct way *way)
{
	open_device(ID_RPMSG, 2, way->features);
	for (uint16_t i = 0; i < RING_MAX; i++) {
		queues[0].desc[i] = (struct desc){ (uint64_t)received[i], 512,
						   DESC_WRITE, 0 };
		queue_add(&queues[0], i);
	}
	want_received(way);
	queue_want(&queues[1], RING_MAX + 1); /* no interrupt */
	queue_kick(&device, &queues[0]);
}

static void rpmsg_send(uint32_t dst)
{
	struct rpmsg *m = (struct rpmsg *)(uintptr_t)sent[0];

	*m = (struct rpmsg){ .src = 1, .dst = dst, .len = RPMSG_DATA };
	queues[1].desc[0] = (struct desc){ (uint64_t)m, sizeof(*m), 0, 0 };
	forget_sent();
	queue_add(&queues[1], 0);
	queue_kick(&device, &queues[1]);
}

/* Take one message; returns who sent it. */
static uint32_t rpmsg_take(const struct way *way)
{
	const struct rpmsg *m;
	uint16_t head;
	uint32_t len;

	while (!queue_used(&queues[0], &head, &len)) {
		if (way->polls) {
			__asm__ volatile(
				"yield"); /* QEMU: another CPU's turn */
		} else if (queues[0].used->idx == queues[0].seen) {
			sleep();
		}
	}
	m = (const struct rpmsg *)(uintptr_t)received[head];
	queue_add(&queues[0], head);
	queue_kick(&device, &queues[0]);
	want_received(way);
	return m->src;
}

static __attribute__((noreturn)) void rpmsg_echo(const struct way *way)
{
	open_rpmsg(way);
	for (;;) {
		rpmsg_send(rpmsg_take(way));
	}
}

/* There and back, until the guest is stopped. */
static __attribute__((noreturn)) void rpmsg_load(const struct way *way)
{
	open_rpmsg(way);
	sleep_ticks(PAUSE_TICKS); /* until they know of each other */
	for (;;) {
		rpmsg_send(RPMSG_OTHER);
		(void)rpmsg_take(way);
	}
}

static void rpmsg_ping(const struct way *way)
{
	open_rpmsg(way);
	sleep_ticks(PAUSE_TICKS);
	for (unsigned int i = 0; i < rounds() + WARM_UP; i++) {
		if (i == WARM_UP) {
			series(way->ping);
		}
		mark(MARK_BEGIN);
		rpmsg_send(RPMSG_OTHER);
		(void)rpmsg_take(way);
		mark(MARK_END);
	}
}

static void rpmsg(void)
{
	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (wanted(ways[i].echo)) {
			rpmsg_echo(&ways[i]);
		}
		if (wanted(ways[i].load)) {
			rpmsg_load(&ways[i]);
		}
		if (wanted(ways[i].ping)) {
			rpmsg_ping(&ways[i]);
		}
	}
}

/* --- console ------------------------------------------------------------ */

static void console(const char *name, uint32_t size)
{
	static char text[64];

	if (!wanted(name)) {
		return;
	}
	memset(text, '.', sizeof(text));
	open_device(ID_CONSOLE, 2, F_EVENT_IDX);
	queues[1].desc[0] = (struct desc){ (uint64_t)text, size, 0, 0 };
	for (unsigned int i = 0; i < rounds() + WARM_UP; i++) {
		uint16_t head;
		uint32_t len;

		if (i == WARM_UP) {
			series(name);
		}
		mark(MARK_BEGIN);
		queue_want(&queues[1], 1);
		queue_add(&queues[1], 0);
		interrupted = false;
		queue_kick(&device, &queues[1]);
		while (!interrupted) {
			sleep();
		}
		mark(MARK_END);
		(void)queue_used(&queues[1], &head, &len);
	}
}

void micro_main(const void *fdt, uint64_t at);
void micro_main(const void *fdt, uint64_t at)
{
	(void)at;
	tree = fdt;
	platform_init(fdt);
	put("bench io\n");
	gic_init();
	gic_cpu_init();
	if (wanted("net-sink") || wanted("net-echo")) {
		other_side(wanted("net-echo"));
	}
	block_singly("block-read-4k", data[0], sizeof(data[0]));
	block_batches("block-read-4k-batch");
	block_singly("block-read-128k", big, sizeof(big));
	net_bursts("net-packet", 1);
	net_bursts("net-packet-batch", BURST);
	net_ping("net-ping-pong");
	rpmsg();
	console("console-1", 1);
	console("console-64", 64);
	mark(MARK_SERIES);
	put("bench done\n");
	psci(PSCI_SYSTEM_OFF, 0, 0, 0);
	for (;;) {}
}

/* start.S wants one; there is no second CPU here. */
void second_main(uint64_t at);
void second_main(uint64_t at)
{
	(void)at;
}
