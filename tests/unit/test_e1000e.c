/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel's 82574L, and what all network drivers share, on a model of the
 * card. */
#include "card_model.h"

#include "drivers/net/card.c"
#include "drivers/net/e1000e.c"

/* --- the card ------------------------------------------------------------- */

static unsigned int ngone, bad_gone, starts;
static bool link_there = true, tx_stuck, reset_stuck, vanished;

static void model_reset(void)
{
	uint32_t ral = model_get(0x5400), rah = model_get(0x5404);

	memset(model_regs, 0, sizeof(model_regs));
	model_put(0x5400, ral);
	model_put(0x5404, rah);
	starts++;
}

static uint32_t model_read(unsigned int off)
{
	if (vanished) {
		return UINT32_MAX;
	}
	if (off == 0x08) {
		return link_there ? 2 : 0;
	}
	return model_get(off);
}

/* Called for each frame that is sent; by default it must be one of
 * frame_fill(). */
static void (*wire_sent)(const uint8_t *frame, size_t len);

static void wire_send(const uint8_t *frame, size_t len)
{
	if (wire_sent) {
		wire_sent(frame, len);
		return;
	}
	bad_gone += !frame_is(frame, len, ngone);
	ngone++;
}

static unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* RFC 1071, not inverted. */
static uint32_t sum_of(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	}
	while (sum >> 16) {
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* Datasheet 7.2.11: the context of a frame. */
struct model_context {
	uint8_t ipcss, ipcso;
	uint16_t ipcse;
	uint8_t tucss, tucso;
	uint16_t tucse;
	uint32_t command;
	uint8_t status, header;
	uint16_t mss;
};

static void model_finish(uint8_t *f, size_t len, uint8_t options,
			 const struct model_context *x, uint32_t extra)
{
	if (options & 1) {
		put16(f + x->ipcso, 0);
		put16(f + x->ipcso,
		      ~sum_of(f + x->ipcss, x->ipcse + 1U - x->ipcss, 0));
	}
	if (options & 2) {
		put16(f + x->tucso,
		      ~sum_of(f + x->tucss, len - x->tucss, extra));
	}
	wire_send(f, len);
}

static void model_segment(const uint8_t *f, size_t len, uint8_t options,
			  const struct model_context *x)
{
	static uint8_t part[2048];
	size_t payload = len - x->header;
	bool ipv4 = x->command & BIT(25);
	uint32_t seq;

	assert_int_equal(x->command & 0xfffff, payload);
	assert_true(x->command & BIT(24));
	for (size_t at = 0; at < payload; at += x->mss) {
		size_t n = MIN((size_t)x->mss, payload - at);
		size_t l4 = x->header - x->tucss + n;

		memcpy(part, f, x->header);
		memcpy(part + x->header, f + x->header + at, n);
		assert_int_equal(get16(part + x->ipcss + (ipv4 ? 2 : 4)), 0);
		put16(part + x->ipcss + (ipv4 ? 2 : 4),
		      (unsigned int)(ipv4 ? x->header - x->ipcss + n
					  : x->header - x->ipcss - 40 + n));
		seq = get16(part + x->tucss + 4) << 16 |
		      get16(part + x->tucss + 6);
		seq += (uint32_t)at;
		put16(part + x->tucss + 4, seq >> 16);
		put16(part + x->tucss + 6, seq & 0xffff);
		model_finish(part, x->header + n, options, x, (uint32_t)l4);
	}
}

static void model_transmit(uint32_t tail)
{
	static struct model_context x;
	static uint8_t frame[70000];
	static size_t len;
	uint32_t head = model_get(0x3810);

	while (head != tail && !tx_stuck) {
		uint8_t *d = model_ram(model_get(0x3800)) + 16 * head;
		uint32_t command;
		uint64_t addr;

		memcpy(&addr, d, 8);
		memcpy(&command, d + 8, 4);
		assert_true(command & BIT(29));
		assert_true(command & BIT(27));
		if ((command >> 20 & 15) == 0) {
			memcpy(&x, d, 16);
		} else {
			assert_int_equal(command >> 20 & 15, 1);
			memcpy(frame + len, model_ram(addr), command & 0xfffff);
			len += command & 0xfffff;
			if (command & BIT(24)) {
				if (command & BIT(26)) {
					model_segment(frame, len, d[13], &x);
				} else {
					model_finish(frame, len, d[13], &x, 0);
				}
				len = 0;
			}
		}
		d[12] = 1;
		head = (head + 1) % 256;
	}
	model_put(0x3810, head);
}

static void model_write(unsigned int off, uint32_t v)
{
	if (vanished) {
		return;
	}
	switch (off) {
	case 0x00:
		if (v & BIT(26)) {
			model_reset();
			v = reset_stuck ? v : v & ~(uint32_t)BIT(26);
		}
		model_put(0, v);
		break;
	case 0xc0: /* write 1 to clear */
		model_put(0xc0, model_get(0xc0) & ~v);
		break;
	case 0xd0:
		model_put(0xd0, model_get(0xd0) | v);
		break;
	case 0xd8:
		model_put(0xd0, model_get(0xd0) & ~v);
		break;
	case 0x3818:
		model_put(off, v);
		model_transmit(v);
		break;
	default:
		model_put(off, v);
	}
}

/* Receive a frame from the wire; false: the card has no room. */
static bool wire_receive(const uint8_t *frame, uint32_t len, uint8_t errors)
{
	uint32_t head = model_get(0x2810);
	uint8_t *d = model_ram(model_get(0x2800)) + 16 * head;
	uint64_t addr;
	uint16_t n = (uint16_t)len;

	if (!(model_get(0x100) & 2) || head == model_get(0x2818)) {
		model_put(0xc0, model_get(0xc0) | 0x40);
		return false;
	}
	memcpy(&addr, d, 8);
	memcpy(model_ram(addr), frame, len);
	memcpy(d + 8, &n, 2);
	d[12] = 3;
	d[13] = errors;
	model_put(0x2810, (head + 1) % 256);
	model_put(0xc0, model_get(0xc0) | 0x80);
	return true;
}

static unsigned int nwire;

static bool wire_next(void)
{
	static uint8_t frame[2048];

	frame_fill(frame, nwire);
	if (!wire_receive(frame, frame_len(nwire), 0)) {
		return false;
	}
	nwire++;
	return true;
}

/* --- PCI ------------------------------------------------------------------ */

const struct device_bus pci_bus = { .name = "pci" };
static struct pci_device function;
static bool irq_on;

int pci_enable(struct pci_device *p)
{
	(void)p;
	return 0;
}

int pci_map_bar(struct pci_device *p, unsigned int bar, volatile void **regs,
		uint64_t *size)
{
	assert_true(p == &function && bar == 0 && !size);
	*regs = model_regs;
	return 0;
}

int pci_irq_alloc(struct pci_device *p, unsigned int want, unsigned int *got)
{
	(void)p;
	*got = want;
	return 0;
}

int pci_irq_request(struct pci_device *p, unsigned int vector, irq_handler_t fn,
		    void *arg)
{
	p->vectors[vector].fn = fn;
	p->vectors[vector].arg = arg;
	return 0;
}

void pci_irq_enable(struct pci_device *p, unsigned int vector)
{
	(void)p;
	(void)vector;
	irq_on = true;
}

void pci_irq_disable(struct pci_device *p, unsigned int vector)
{
	(void)p;
	(void)vector;
	irq_on = false;
}

static bool card_line(void)
{
	return irq_on && (model_get(0xc0) & model_get(0xd0));
}

static void card_handler(void)
{
	function.vectors[0].fn(0, function.vectors[0].arg);
}

/* --- tests ---------------------------------------------------------------- */

static int probe_result;

static void probe_body(void)
{
	probe_result = e1000_probe(&function.dev);
}

static void remove_body(void)
{
	e1000_remove(&function.dev);
	dma_fini(&function.dev);
}

static int setup(void **state)
{
	(void)state;
	memset(&function, 0, sizeof(function));
	memset(model_regs, 0, sizeof(model_regs));
	function.dev = (struct device){
		.name = "card",
		.dma = { .coherent = true, .limit = UINT64_MAX },
	};
	model_put(0x5400, 0x12005452);
	model_put(0x5404, 0x5634);
	nseen = bad_seen = ngone = bad_gone = nwire = starts = 0;
	link_there = true;
	tx_stuck = reset_stuck = vanished = false;
	port_meanwhile = NULL;
	wire_sent = NULL;
	run(probe_body);
	assert_int_equal(probe_result, 0);
	step(1);
	assert_true(port_there && port_up);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	run(remove_body);
	assert_false(port_there);
	assert_int_equal(model_get(0xd0), 0);
	assert_int_equal(model_get(0x100) & 2, 0);
	return 0;
}

static void test_probe(void **state)
{
	static const uint8_t mac[] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

	(void)state;
	assert_memory_equal(port_attr.mac, mac, 6);
	assert_true(port_attr.uplink);
	assert_int_equal(port_attr.max_len, 1514);
}

static void test_send(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 1500; n++) {
		assert_true(port_send(n));
	}
	assert_int_equal(ngone, 1500);
	assert_int_equal(bad_gone, 0);
}

static void test_receive(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < 1500; n++) {
		assert_true(wire_next());
		if (n % 7 == 0) {
			step(0);
		}
	}
	step(0);
	assert_int_equal(nseen, 1500);
	assert_int_equal(bad_seen, 0);
}

static void wire_more(void)
{
	if (nwire < 3000) {
		(void)wire_next();
		(void)wire_next();
	}
}

/* Frames arrive faster than they are handled: the thread takes over with
 * interrupts off, and when the flood ends all is as before. */
static void test_flood(void **state)
{
	(void)state;
	port_meanwhile = wire_more;
	for (unsigned int i = 0; i < 255; i++) {
		assert_true(wire_next());
	}
	assert_false(wire_next());
	host_irq_begin(0);
	card_handler();
	/* One batch, and no more interrupts. */
	assert_int_equal(nseen, CARD_BATCH);
	assert_false(card_line());
	host_irq_end();
	settle();
	port_meanwhile = NULL;
	step(1);
	assert_int_equal(nseen, nwire);
	assert_true(nwire >= 255);
	assert_int_equal(bad_seen, 0);
	assert_true(wire_next());
	assert_true(card_line());
	step(0);
	assert_int_equal(nseen, nwire);
}

static void wire_one(void)
{
	port_meanwhile = NULL;
	assert_true(wire_next());
}

/* A frame arrives just when the last one is delivered. */
static void test_late_frame(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		port_meanwhile = wire_one;
		assert_true(wire_next());
		step(0);
		assert_int_equal(nseen, nwire);
	}
	assert_int_equal(bad_seen, 0);
}

static void test_bad_frames(void **state)
{
	uint8_t frame[64] = { 0 };

	(void)state;
	assert_true(wire_receive(frame, 64, 1));
	assert_true(wire_receive(frame, 10, 0));
	assert_true(wire_next());
	step(0);
	assert_int_equal(nseen, 1);
	assert_int_equal(bad_seen, 0);
}

/* While the ring is full packets are dropped; when it moves again they are
 * not. */
static void test_full(void **state)
{
	unsigned int n = 0;

	(void)state;
	tx_stuck = true;
	while (port_send(n)) {
		n++;
	}
	assert_int_equal(n, CARD_SLOTS - 1);
	assert_false(port_send(n));
	tx_stuck = false;
	model_transmit(model_get(0x3818));
	assert_int_equal(ngone, n);
	assert_true(port_send(n));
	assert_int_equal(bad_gone, 0);
}

/* --- checksums and segments ----------------------------------------------- */

#define TCP_HEADER 32
static uint8_t big[65562];
static unsigned int nsegments;
static size_t payload_seen, ip_header, tag;

/* A TCP packet with the checksum of the pseudo header in its place. */
static struct net_packet make_tcp(bool ipv4, size_t payload, bool gso,
				  struct io_segment *seg)
{
	uint8_t *ip = big + 14 + tag, *tcp;
	size_t l4 = TCP_HEADER + payload;
	uint32_t sum;

	memset(big, 0x11, sizeof(big));
	ip_header = ipv4 ? 20 : 40;
	tcp = ip + ip_header;
	put16(big + 12, tag ? 0x8100 : ipv4 ? 0x800 : 0x86dd);
	put16(big + 12 + tag, ipv4 ? 0x800 : 0x86dd);
	ip[0] = ipv4 ? 0x45 : 0x60;
	put16(ip + (ipv4 ? 2 : 4), (unsigned int)(ipv4 ? l4 + 20 : l4));
	ip[ipv4 ? 9 : 6] = 6;
	put16(ip + 10, ipv4 ? 0 : get16(ip + 10));
	if (ipv4) {
		put16(ip + 10, ~sum_of(ip, 20, 0));
	}
	for (size_t i = 0; i < payload; i++) {
		tcp[TCP_HEADER + i] = (uint8_t)(i * 7 + (i >> 8));
	}
	put16(tcp + 4, 0x1234);
	put16(tcp + 6, 0xf000);
	tcp[12] = TCP_HEADER / 4 << 4;
	sum = sum_of(ip + (ipv4 ? 12 : 8), ipv4 ? 8 : 32, (uint32_t)(6 + l4));
	put16(tcp + 16, sum);
	*seg = (struct io_segment){ .va = big,
				    .size = 14 + tag + ip_header + l4 };
	return (struct net_packet){
		.segs = seg,
		.nsegs = 1,
		.len = (uint32_t)seg->size,
		.offload = {
			.flags = NET_HDR_NEEDS_CSUM,
			.gso_type = !gso ? 0 : ipv4 ? NET_HDR_GSO_TCPV4
						    : NET_HDR_GSO_TCPV6,
			.gso_size = gso ? 1400 : 0,
			.csum_start = (uint16_t)(14 + tag + ip_header),
			.csum_offset = 16,
		},
	};
}

/* Each segment is a packet with right checksums. */
static void check_segment(const uint8_t *f, size_t len)
{
	const uint8_t *ip = f + 14 + tag, *tcp = ip + ip_header;
	bool ipv4 = ip_header == 20;
	size_t l4 = len - 14 - tag - ip_header;
	size_t n = l4 - TCP_HEADER;
	uint32_t seq = 0x1234f000U + (uint32_t)payload_seen;

	assert_int_equal(get16(ip + (ipv4 ? 2 : 4)), ipv4 ? l4 + 20 : l4);
	if (ipv4) {
		assert_int_equal(sum_of(ip, 20, 0), 0xffff);
	}
	assert_int_equal(sum_of(tcp, l4,
				sum_of(ip + (ipv4 ? 12 : 8), ipv4 ? 8 : 32,
				       (uint32_t)(6 + l4))),
			 0xffff);
	assert_int_equal(get16(tcp + 4), seq >> 16);
	assert_int_equal(get16(tcp + 6), seq & 0xffff);
	for (size_t i = 0; i < n; i++) {
		size_t at = payload_seen + i;

		assert_int_equal(tcp[TCP_HEADER + i],
				 (uint8_t)(at * 7 + (at >> 8)));
	}
	payload_seen += n;
	nsegments++;
}

static bool give(const struct net_packet *pkt, enum net_drop *why)
{
	bool taken;

	host_irq_begin(0);
	taken = port_attr.ops->receive((struct netport *)&port_dummy, pkt, why);
	port_attr.ops->receive_done((struct netport *)&port_dummy);
	host_irq_end();
	return taken;
}

static void test_offload(void **state)
{
	static const size_t sizes[] = { 1, 1400, 1401, 8000, 65000 };
	struct io_segment seg;
	enum net_drop why;

	(void)state;
	assert_int_equal(port_attr.accepts,
			 NET_ACCEPT_CSUM | NET_ACCEPT_TSO4 | NET_ACCEPT_TSO6);
	wire_sent = check_segment;
	for (unsigned int round = 0; round < 40; round++) {
		bool ipv4 = round & 1;
		size_t payload = sizes[round / 4 % ARRAY_SIZE(sizes)];
		struct net_packet pkt;

		tag = round & 2 ? 4 : 0;
		nsegments = 0;
		payload_seen = 0;
		pkt = make_tcp(ipv4, payload, true, &seg);
		assert_true(give(&pkt, &why));
		assert_int_equal(payload_seen, payload);
		assert_int_equal(nsegments, (payload + 1399) / 1400);
		payload_seen = 0;
		pkt = make_tcp(ipv4, MIN(payload, 1400), false, &seg);
		assert_true(give(&pkt, &why));
		assert_int_equal(payload_seen, MIN(payload, 1400));
	}
	wire_sent = NULL;
	tag = 0;
	for (unsigned int n = 0; n < 300; n++) {
		assert_true(port_send(n));
	}
	assert_int_equal(bad_gone, 0);
}

/* Headers that contradict the offload. */
static void test_offload_refused(void **state)
{
	struct io_segment seg;
	struct net_packet pkt;
	enum net_drop why;

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		pkt = make_tcp(true, 8000, true, &seg);
		switch (i) {
		case 0:
			pkt.offload.csum_start = 2040;
			break;
		case 1:
			pkt.offload.csum_start = 20;
			break;
		case 2:
			pkt.offload.csum_offset = 6;
			break;
		case 3:
			big[14 + 20 + 12] = 0x40;
			break;
		case 4:
			pkt.offload.gso_size = 0;
			break;
		default:
			pkt.offload.gso_type = 0;
			pkt.offload.csum_start = 0xffff;
			break;
		}
		why = NET_DROPS;
		assert_false(give(&pkt, &why));
		assert_int_equal(why, NET_DROP_OFFLOAD);
	}
	for (unsigned int n = 0; n < 300; n++) {
		assert_true(port_send(n));
	}
	assert_int_equal(bad_gone, 0);
}

/* A transmitter that stops is restarted; its frames are lost. */
static void test_stuck(void **state)
{
	unsigned int before = starts;

	(void)state;
	tx_stuck = true;
	assert_true(port_send(0));
	for (unsigned int i = 0; i < 4; i++) {
		step(CARD_TICK_MS);
	}
	assert_int_equal(starts, before);
	tx_stuck = false;
	for (unsigned int i = 0; i < 4 && starts == before; i++) {
		step(CARD_TICK_MS);
	}
	for (unsigned int i = 0; i < 300; i++) {
		step(1);
	}
	assert_true(starts > before);
	ngone = 0;
	for (unsigned int n = 0; n < 600; n++) {
		assert_true(port_send(n));
	}
	assert_int_equal(ngone, 600);
	for (unsigned int n = 0; n < 600; n++) {
		assert_true(wire_next());
		step(0);
	}
	assert_int_equal(nseen, 600);
	assert_int_equal(bad_seen + bad_gone, 0);
}

/* A transmitter that stops again and again is given up. */
static void test_given_up(void **state)
{
	unsigned int last;

	(void)state;
	tx_stuck = true;
	for (unsigned int i = 0; i < 2000; i++) {
		(void)port_send(0);
		step(100);
	}
	assert_false(port_up);
	assert_false(port_send(0));
	last = starts;
	assert_true(last <= 2 * CARD_RESTARTS_MAX + 4);
	for (unsigned int i = 0; i < 100; i++) {
		step(CARD_TICK_MS);
	}
	assert_int_equal(starts, last);
}

static void test_link(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		link_there = false;
		model_put(0xc0, model_get(0xc0) | 4);
		step(1);
		assert_false(port_up);
		link_there = true;
		/* It is also found without traffic. */
		step(CARD_TICK_MS);
		step(1);
		assert_true(port_up);
	}
}

/* The card is removed: its users get errors, and nothing else happens. */
static void test_vanished(void **state)
{
	(void)state;
	vanished = true;
	model_put(0xd0, 0xff);
	model_put(0xc0, 0x80);
	host_irq_begin(0);
	card_handler();
	host_irq_end();
	for (unsigned int i = 0; i < 10; i++) {
		model_put(0xc0, 0);
		step(CARD_TICK_MS);
	}
	assert_false(port_up);
	assert_false(port_send(0));
	vanished = false;
	memset(model_regs, 0, sizeof(model_regs));
}

static void test_reset_stuck(void **state)
{
	struct pci_device *p = &function;

	(void)state;
	run(remove_body);
	memset(p, 0, sizeof(*p));
	p->dev = (struct device){
		.name = "card",
		.dma = { .coherent = true, .limit = UINT64_MAX },
	};
	reset_stuck = true;
	run(probe_body);
	assert_int_equal(probe_result, -ERR_TIMEOUT);
	assert_false(port_there);
	assert_false(irq_on);
	dma_fini(&p->dev);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_probe),
		T(test_send),
		T(test_receive),
		T(test_flood),
		T(test_late_frame),
		T(test_bad_frames),
		T(test_full),
		T(test_offload),
		T(test_offload_refused),
		T(test_stuck),
		T(test_given_up),
		T(test_link),
		T(test_vanished),
		cmocka_unit_test_setup(test_reset_stuck, setup),
	};

	return cmocka_run_group_tests(tests, boot_once, NULL);
}
