/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's network cards, on the real path of frames: each is connected to a
 * switch with a port of this test, which resolves the gateway of QEMU's user
 * network (10.0.2.2) by ARP and sends it echo requests of all sizes.
 */
#include <core/heap.h>
#include <core/netport.h>
#include <core/netswitch.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/wbox.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "sem.h"

#define SWITCH "wbox-net"
#define FRAME_MAX 1514
#define ETH_ARP 0x0806
#define ETH_IP 0x0800
#define ARP_LEN 42
#define IP_AT 14
#define ICMP_AT 34
#define ECHO_AT 42 /* data of an echo request */
#define BATCH 16
#define ECHOES 256
#define LIMIT_MS 20000
#define TRIES 50 /* of the first ARP request: the link may be coming up */
#define PATIENCE_MS 200

static const uint8_t our_mac[NET_MAC_LEN] = { 2, 0, 0, 0x77, 0x62, 0x78 };
static const uint8_t our_ip[4] = { 10, 0, 2, 99 };
static const uint8_t gateway_ip[4] = { 10, 0, 2, 2 };

static struct netport *port;
static struct semaphore answers;
static uint8_t gateway[NET_MAC_LEN]; /* [A] written before `known` */
static bool known;
static bool echoed[ECHOES];
static unsigned int wrong;

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* RFC 1071, of an even number of bytes. */
static unsigned int checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i += 2) {
		sum += get16(p + i);
	}
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return ~sum & 0xffff;
}

/* --- what comes ----------------------------------------------------------- */

static uint8_t pattern(unsigned int number, size_t i)
{
	return (uint8_t)(number * 31 + i * 7);
}

/* Always even, from a few bytes to a full frame. */
static size_t data_size(unsigned int number)
{
	return 18 + (size_t)number * 5 / 2 * 2 + (number % 8 == 7 ? 168 : 0);
}

static void echo_came(const uint8_t *f, size_t len)
{
	unsigned int number = get16(f + ICMP_AT + 6) % ECHOES;
	size_t size = data_size(number);
	bool good = len >= ECHO_AT + size && !echoed[number];

	for (size_t i = 0; good && i < size; i++) {
		good = f[ECHO_AT + i] == pattern(number, i);
	}
	wrong += !good;
	echoed[number] = true;
	sem_up(&answers);
}

static bool net_receive(struct netport *p, const struct net_packet *pkt,
			enum net_drop *why)
{
	static uint8_t f[FRAME_MAX]; /* one card at a time */
	size_t len = 0;

	(void)p;
	(void)why;
	if (pkt->len < ARP_LEN || pkt->len > FRAME_MAX) {
		return true;
	}
	for (unsigned int i = 0; i < pkt->nsegs; i++) {
		memcpy(f + len, pkt->segs[i].va, pkt->segs[i].size);
		len += pkt->segs[i].size;
	}
	if (get16(f + 12) == ETH_ARP && get16(f + 20) == 2 &&
	    memcmp(f + 28, gateway_ip, 4) == 0 && !known) {
		memcpy(gateway, f + 22, NET_MAC_LEN);
		known = true;
		sem_up(&answers);
	} else if (get16(f + 12) == ETH_IP && f[IP_AT + 9] == 1 &&
		   f[ICMP_AT] == 0) {
		echo_came(f, len);
	}
	return true;
}

static const struct netport_ops net_ops = { .receive = net_receive };

/* --- what is sent --------------------------------------------------------- */

static size_t make_arp(uint8_t *f)
{
	memset(f, 0xff, NET_MAC_LEN);
	memcpy(f + 6, our_mac, NET_MAC_LEN);
	put16(f + 12, ETH_ARP);
	put16(f + 14, 1);
	put16(f + 16, ETH_IP);
	f[18] = NET_MAC_LEN;
	f[19] = 4;
	put16(f + 20, 1);
	memcpy(f + 22, our_mac, NET_MAC_LEN);
	memcpy(f + 28, our_ip, 4);
	memset(f + 32, 0, NET_MAC_LEN);
	memcpy(f + 38, gateway_ip, 4);
	return ARP_LEN;
}

static size_t make_echo(uint8_t *f, unsigned int number)
{
	size_t size = data_size(number);
	uint8_t *ip = f + IP_AT, *icmp = f + ICMP_AT;

	memcpy(f, gateway, NET_MAC_LEN);
	memcpy(f + 6, our_mac, NET_MAC_LEN);
	put16(f + 12, ETH_IP);
	memset(ip, 0, 28);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned int)(28 + size));
	ip[8] = 64;
	ip[9] = 1;
	memcpy(ip + 12, our_ip, 4);
	memcpy(ip + 16, gateway_ip, 4);
	put16(ip + 10, checksum(ip, 20));
	icmp[0] = 8;
	put16(icmp + 6, number);
	for (size_t i = 0; i < size; i++) {
		f[ECHO_AT + i] = pattern(number, i);
	}
	put16(icmp + 2, checksum(icmp, 8 + size));
	return ECHO_AT + size;
}

/* In two segments, which drivers must put together. */
static void send(uint8_t *frames, const size_t *sizes, unsigned int n)
{
	static struct net_packet packets[BATCH];
	static struct io_segment segs[BATCH][2];

	for (unsigned int i = 0; i < n; i++) {
		uint8_t *f = frames + (size_t)i * FRAME_MAX;

		segs[i][0] = (struct io_segment){ .va = f, .size = 37 };
		segs[i][1] = (struct io_segment){ .va = f + 37,
						  .size = sizes[i] - 37 };
		packets[i] = (struct net_packet){
			.segs = segs[i],
			.nsegs = 2,
			.len = (uint32_t)sizes[i],
		};
	}
	(void)netport_send(port, packets, n);
}

static const char *ask_gateway(uint8_t *frames)
{
	for (unsigned int i = 0; i < TRIES; i++) {
		size_t size = make_arp(frames);

		send(frames, &size, 1);
		if (sem_down_until(&answers,
				   time_now() + ms_to_ticks(PATIENCE_MS)) ==
		    0) {
			return NULL;
		}
	}
	return "the gateway does not answer";
}

static const char *send_echoes(uint8_t *frames)
{
	ticks_t limit = time_now() + ms_to_ticks(LIMIT_MS);

	for (unsigned int first = 0; first < ECHOES; first += BATCH) {
		size_t sizes[BATCH];

		for (unsigned int i = 0; i < BATCH; i++) {
			sizes[i] = make_echo(frames + (size_t)i * FRAME_MAX,
					     first + i);
		}
		send(frames, sizes, BATCH);
		for (unsigned int i = 0; i < BATCH; i++) {
			if (sem_down_until(&answers, limit)) {
				return "an echo does not come";
			}
		}
	}
	return wrong ? "an echo is not what was sent" : NULL;
}

static const char *try_card(struct netport *card, uint8_t *frames)
{
	struct netport_info info;
	const char *why;

	netport_get_info(card, &info);
	if (!info.uplink || info.switch_name[0]) {
		return NULL;
	}
	known = false;
	wrong = 0;
	memset(echoed, 0, sizeof(echoed));
	sem_init(&answers, 0);
	if (netport_attach(card, SWITCH, true)) {
		return "it is not attached";
	}
	why = ask_gateway(frames);
	for (unsigned int round = 0; !why && round < 3; round++) {
		memset(echoed, 0, sizeof(echoed));
		why = send_echoes(frames);
	}
	if (netport_detach(card)) {
		return "it is not detached";
	}
	return why;
}

static void try_cards(struct wbox *w, uint8_t *frames)
{
	struct netport *card;

	for (unsigned int n = 0; (card = netport_get_nth(n)) != NULL; n++) {
		const char *why = try_card(card, frames);

		if (why) {
			wbox_fail(w, __FILE__, __LINE__, "%s: %s",
				  netport_name(card), why);
		}
		netport_put(card);
	}
}

WBOX_TEST(cards, "net: the gateway behind each card answers")
{
	struct netport_attr attr = {
		.name = "wbox",
		.ops = &net_ops,
		.max_len = FRAME_MAX,
	};
	uint8_t *frames = heap_alloc_array(BATCH, FRAME_MAX);

	memcpy(attr.mac, our_mac, NET_MAC_LEN);
	WB_ASSERT(frames);
	WB_ASSERT(netport_create(&port, &attr) == 0);
	WB_ASSERT(netport_attach(port, SWITCH, true) == 0);
	try_cards(w, frames);
	netport_destroy(port);
	WB_ASSERT(netswitch_destroy(SWITCH) == 0);
	heap_free(frames);
}
