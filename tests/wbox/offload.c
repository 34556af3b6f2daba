/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checksums and segmentation by the host's cards. Through each card that
 * accepts either, the test connects to an echo server behind QEMU's user
 * network (10.0.2.100, port 7), if there is one, and compares what comes back.
 * tests/integration/arm64/test_cards.py starts the server and looks for the
 * line in the log.
 */
#include <core/heap.h>
#include <core/log.h>
#include <core/netport.h>
#include <core/netswitch.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/wbox.h>
#include <libs/error.h>
#include <string.h>

#include "sem.h"

#define SWITCH "wbox-offload"
#define FRAME_MAX 1514
#define HEADERS 54 /* Ethernet, IPv4, TCP */
#define IP_AT 14
#define TCP_AT 34
#define DATA 8000 /* in one packet */
#define MSS 1400
#define PORT 7
#define OUR_PORT 4097
#define OUR_SEQ 0x7ffff000U
#define FLAG_SYN 0x02
#define FLAG_RST 0x04
#define FLAG_PSH_ACK 0x18
#define FLAG_ACK 0x10
#define LIMIT_MS 10000
#define PATIENCE_MS 500
#define TRIES 4

static const uint8_t our_mac[NET_MAC_LEN] = { 2, 0, 0, 0x6f, 0x66, 0x66 };
static const uint8_t our_ip[4] = { 10, 0, 2, 98 };
static const uint8_t server_ip[4] = { 10, 0, 2, 100 };

static struct netport *port;
static struct semaphore came;
static uint8_t server_mac[NET_MAC_LEN];
static uint32_t server_seq; /* next expected from the server */
static bool resolved, connected, broken;
static size_t echoed;
static uint8_t packet[HEADERS + DATA];

static uint8_t data_at(size_t i)
{
	return (uint8_t)(i * 7 + (i >> 8));
}

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* --- what comes ----------------------------------------------------------- */

static void tcp_came(const uint8_t *f, size_t len)
{
	const uint8_t *tcp = f + TCP_AT;
	size_t header = (tcp[12] >> 4) * 4U;
	size_t total = get16(f + IP_AT + 2) + IP_AT;
	const uint8_t *data = tcp + header;
	size_t n = total - TCP_AT - header;

	if (total > len || total < TCP_AT + header ||
	    get16(tcp + 2) != OUR_PORT || (tcp[13] & FLAG_RST)) {
		return;
	}
	if (!connected &&
	    (tcp[13] & (FLAG_SYN | FLAG_ACK)) == (FLAG_SYN | FLAG_ACK)) {
		server_seq = get32(tcp + 4) + 1;
		connected = true;
		sem_up(&came);
	} else if (connected && n > 0 && get32(tcp + 4) == server_seq) {
		for (size_t i = 0; i < n; i++) {
			broken |= data[i] != data_at(echoed + i);
		}
		server_seq += (uint32_t)n;
		echoed += n;
		sem_up(&came);
	}
}

static bool offload_receive(struct netport *p, const struct net_packet *pkt,
			    enum net_drop *why)
{
	static uint8_t f[FRAME_MAX];
	size_t len = 0;

	(void)p;
	(void)why;
	if (pkt->len < 42 || pkt->len > FRAME_MAX) {
		return true;
	}
	for (unsigned int i = 0; i < pkt->nsegs; i++) {
		memcpy(f + len, pkt->segs[i].va, pkt->segs[i].size);
		len += pkt->segs[i].size;
	}
	if (get16(f + 12) == 0x0806 && get16(f + 20) == 2 && !resolved &&
	    memcmp(f + 28, server_ip, 4) == 0) {
		memcpy(server_mac, f + 22, NET_MAC_LEN);
		resolved = true;
		sem_up(&came);
	} else if (get16(f + 12) == 0x0800 && len >= HEADERS &&
		   f[IP_AT + 9] == 6) {
		tcp_came(f, len);
	}
	return true;
}

static const struct netport_ops offload_ops = { .receive = offload_receive };

/* --- what is sent --------------------------------------------------------- */

static void send(size_t len, const struct net_offload *offload)
{
	const struct io_segment seg = { .va = packet, .size = len };
	const struct net_packet pkt = {
		.segs = &seg,
		.nsegs = 1,
		.len = (uint32_t)len,
		.offload = *offload,
	};

	(void)netport_send(port, &pkt, 1);
}

static void send_arp(void)
{
	static const struct net_offload none;

	memset(packet, 0, 42);
	memset(packet, 0xff, NET_MAC_LEN);
	memcpy(packet + 6, our_mac, NET_MAC_LEN);
	put16(packet + 12, 0x0806);
	put32(packet + 14, 0x00010800);
	put32(packet + 18, 0x06040001);
	memcpy(packet + 22, our_mac, NET_MAC_LEN);
	memcpy(packet + 28, our_ip, 4);
	memcpy(packet + 38, server_ip, 4);
	send(42, &none);
}

static uint32_t add_words(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i += 2) {
		sum += get16(p + i);
	}
	return sum;
}

static uint32_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* With the checksum of the pseudo header only: the card or the switch completes
 * it. */
static void send_tcp(uint8_t flags, uint32_t seq, size_t data)
{
	struct net_offload offload = {
		.flags = NET_HDR_NEEDS_CSUM,
		.csum_start = TCP_AT,
		.csum_offset = 16,
	};
	uint8_t *ip = packet + IP_AT, *tcp = packet + TCP_AT;
	unsigned int l4 = (unsigned int)(HEADERS - TCP_AT + data);

	memset(packet, 0, HEADERS);
	memcpy(packet, server_mac, NET_MAC_LEN);
	memcpy(packet + 6, our_mac, NET_MAC_LEN);
	put16(packet + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, 20 + l4);
	ip[8] = 64;
	ip[9] = 6;
	memcpy(ip + 12, our_ip, 4);
	memcpy(ip + 16, server_ip, 4);
	put16(ip + 10, ~fold(add_words(ip, 20)));
	put16(tcp, OUR_PORT);
	put16(tcp + 2, PORT);
	put32(tcp + 4, seq);
	put32(tcp + 8, flags & FLAG_ACK ? server_seq : 0);
	tcp[12] = 5 << 4;
	tcp[13] = flags;
	put16(tcp + 14, 0xffff);
	put16(tcp + 16, fold(add_words(ip + 12, 8) + 6 + l4));
	for (size_t i = 0; i < data; i++) {
		packet[HEADERS + i] = data_at(i);
	}
	if (data > MSS) {
		offload.gso_type = NET_HDR_GSO_TCPV4;
		offload.gso_size = MSS;
		offload.hdr_len = HEADERS;
	}
	send(HEADERS + data, &offload);
}

static bool await(const bool *what, void (*ask)(void))
{
	for (unsigned int i = 0; i < TRIES; i++) {
		ask();
		if (sem_down_until(&came,
				   time_now() + ms_to_ticks(PATIENCE_MS)) ==
			    0 &&
		    READ_ONCE(*what)) {
			return true;
		}
	}
	return READ_ONCE(*what);
}

static void send_syn(void)
{
	send_tcp(FLAG_SYN, OUR_SEQ, 0);
}

/* NULL: the echo is right, or there is no server. */
static const char *try_echo(const char *card)
{
	ticks_t limit = time_now() + ms_to_ticks(LIMIT_MS);

	resolved = connected = broken = false;
	echoed = 0;
	sem_init(&came, 0);
	if (!await(&resolved, send_arp) || !await(&connected, send_syn)) {
		return NULL;
	}
	send_tcp(FLAG_ACK, OUR_SEQ + 1, 0);
	send_tcp(FLAG_PSH_ACK, OUR_SEQ + 1, DATA);
	while (echoed < DATA) {
		if (sem_down_until(&came, limit)) {
			return "the echo does not come";
		}
		send_tcp(FLAG_ACK, OUR_SEQ + 1 + DATA, 0);
	}
	send_tcp(FLAG_RST, OUR_SEQ + 1 + DATA, 0);
	log_info("%s: %u bytes echoed", card, (unsigned int)echoed);
	return broken ? "the echo is something else" : NULL;
}

static const char *try_card(struct netport *card)
{
	struct netport_info info;
	const char *why;

	netport_get_info(card, &info);
	if (!info.uplink || info.switch_name[0]) {
		return NULL;
	}
	if (netport_attach(card, SWITCH, true)) {
		return "it is not attached";
	}
	why = try_echo(info.name);
	return netport_detach(card) ? "it is not detached" : why;
}

WBOX_TEST(offloads, "offload: what cards complete is right")
{
	struct netport_attr attr = {
		.name = "wbox-offload",
		.ops = &offload_ops,
		.max_len = FRAME_MAX,
	};
	struct netport *card;
	const char *why = NULL;

	memcpy(attr.mac, our_mac, NET_MAC_LEN);
	WB_ASSERT(netport_create(&port, &attr) == 0);
	WB_ASSERT(netport_attach(port, SWITCH, true) == 0);
	for (unsigned int n = 0; (card = netport_get_nth(n)) != NULL; n++) {
		why = why ? why : try_card(card);
		netport_put(card);
	}
	netport_destroy(port);
	WB_ASSERT(netswitch_destroy(SWITCH) == 0);
	if (why) {
		wbox_fail(w, __FILE__, __LINE__, "%s", why);
	}
}
