/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports whose owners keep the packets they are given, and frames to send. */
#ifndef TESTS_NET_FAKE_H
#define TESTS_NET_FAKE_H

#include <arch_impl/host.h>
#include <core/netswitch.h>
#include <core/percpu.h>
#include <core/vcpu.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_KEEP 256 /* packets that a port keeps */

struct fake_packet {
	uint8_t *data;
	uint32_t len;
	struct net_offload offload;
};

struct fake_port {
	struct netport *port;
	struct fake_packet got[FAKE_KEEP];
	unsigned int count, done;
	bool full; /* refuse all */
	int link;  /* the last state it was told; -1: none */
	/* Called while a packet is received. */
	void (*meanwhile)(void);
};

/* The test is a thread on CPU 0, because mutexes have an owner. */
static inline void fake_thread(void)
{
	static struct vcpu self;

	host_set_cpu(0);
	this_cpu()->current = &self;
}

static bool fake_receive(struct netport *p, const struct net_packet *pkt,
			 enum net_drop *why)
{
	struct fake_port *f = netport_arg(p);
	struct fake_packet *to = &f->got[f->count];
	size_t at = 0;

	if (f->meanwhile != NULL) {
		f->meanwhile();
	}
	if (f->full || f->count == FAKE_KEEP) {
		*why = NET_DROP_NO_BUFFER;
		return false;
	}
	*to = (struct fake_packet){ malloc(pkt->len), pkt->len, pkt->offload };
	for (unsigned int i = 0; i < pkt->nsegs; i++) {
		/* The sanitizer finds more data than there is room for. */
		memcpy(to->data + at, pkt->segs[i].va, pkt->segs[i].size);
		at += pkt->segs[i].size;
	}
	if (at != pkt->len) {
		abort();
	}
	f->count++;
	return true;
}

static void fake_done(struct netport *p)
{
	struct fake_port *f = netport_arg(p);

	f->done++;
}

static void fake_link(struct netport *p, bool up)
{
	struct fake_port *f = netport_arg(p);

	f->link = up;
}

/* The counts of its two queues. */
static bool fake_queue(struct netport *p, unsigned int n,
		       struct queue_counts *out)
{
	(void)p;
	*out = (struct queue_counts){ .name = "fake", .requests = n };
	return n < 2;
}

static const struct netport_ops fake_ops = {
	.receive = fake_receive,
	.receive_done = fake_done,
	.link = fake_link,
	.queue = fake_queue,
};

/* Port number n has the address 02:00:00:00:00:n. */
static inline int fake_port_create(struct fake_port *f, const char *name,
				   uint8_t n)
{
	struct netport_attr attr = {
		.name = name,
		.ops = &fake_ops,
		.arg = f,
		.mac = { 2, 0, 0, 0, 0, n },
		.max_len = 1514,
	};

	memset(f, 0, sizeof(*f));
	f->link = -1;
	return netport_create(&f->port, &attr);
}

static inline void fake_forget(struct fake_port *f)
{
	for (unsigned int i = 0; i < f->count; i++) {
		free(f->got[i].data);
	}
	f->count = 0;
	f->done = 0;
}

static inline void fake_port_destroy(struct fake_port *f)
{
	netport_destroy(f->port);
	fake_forget(f);
}

/* A frame of `len` bytes: addresses by number (0xff: all ones), no tag. */
static inline uint8_t *fake_frame(uint8_t *buf, uint8_t dst, uint8_t src,
				  size_t len)
{
	for (size_t i = 0; i < len; i++) {
		buf[i] = (uint8_t)(i * 7);
	}
	memset(buf, dst == 0xff ? 0xff : 0, 6);
	if (dst != 0xff) {
		buf[0] = 2;
	}
	buf[5] = dst;
	memset(buf + 6, 0, 6);
	buf[6] = 2;
	buf[11] = src;
	buf[12] = 0x08;
	buf[13] = 0x00;
	return buf;
}

/* Put an 802.1Q tag into a frame of `len` bytes. Returns its new length. */
static inline size_t fake_tag(uint8_t *frame, size_t len, uint16_t tci)
{
	memmove(frame + 16, frame + 12, len - 12);
	frame[12] = 0x81;
	frame[13] = 0x00;
	frame[14] = (uint8_t)(tci >> 8);
	frame[15] = (uint8_t)tci;
	return len + 4;
}

static inline size_t fake_send(struct fake_port *f, void *data, size_t len)
{
	struct io_segment seg = { .va = data, .size = len };
	struct net_packet pkt = { .segs = &seg, .nsegs = 1 };

	pkt.len = (uint32_t)len;
	return netport_send(f->port, &pkt, 1);
}

static inline uint64_t fake_drops(struct fake_port *f,
				  enum netport_direction dir, enum net_drop why)
{
	struct netport_info info;

	netport_get_info(f->port, &info);
	return info.counts[dir].drops[why];
}

#endif
