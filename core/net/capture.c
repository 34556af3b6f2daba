/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures: a ring of the frames that passed a port. It keeps the newest
 * frames; but while it is streamed over a serial port it keeps the oldest,
 * because the frame that is being sent must not be overwritten.
 */
#include <core/heap.h>
#include <core/rtc.h>
#include <libs/error.h>
#include <string.h>

#include "capture_priv.h"

/*
 * Most old frames that a new one may displace; otherwise the new one is lost.
 */
#define CAPTURE_PUSH_MAX 64

static struct list captures = LIST_INIT(captures); /* [N] */

/* [L]. Copy to the ring, at position `at`, a count of bytes ever put. */
static void ring_put(struct netcapture *c, uint64_t at, const void *data,
		     size_t n)
{
	size_t off = at & (c->size - 1), first = MIN(n, c->size - off);

	memcpy(c->ring + off, data, first);
	memcpy(c->ring, (const uint8_t *)data + first, n - first);
}

static void ring_get(const struct netcapture *c, uint64_t at, void *data,
		     size_t n)
{
	size_t off = at & (c->size - 1), first = MIN(n, c->size - off);

	memcpy(data, c->ring + off, first);
	memcpy((uint8_t *)data + first, c->ring, n - first);
}

/* [L]. Make room for n bytes. */
static bool ring_make_room(struct netcapture *c, size_t n)
{
	struct capture_record r;

	for (unsigned int i = 0; c->head + n - c->tail > c->size; i++) {
		if (READ_ONCE(c->streamed) || i == CAPTURE_PUSH_MAX) {
			return false;
		}
		ring_get(c, c->tail, &r, sizeof(r));
		c->tail += sizeof(r) + r.n;
		c->lost++;
	}
	return true;
}

/* [L] */
static void ring_add(struct netcapture *c, const struct capture_record *r,
		     const struct net_packet *pkt)
{
	uint64_t at = c->head;
	size_t left = r->n;

	ring_put(c, at, r, sizeof(*r));
	at += sizeof(*r);
	for (unsigned int i = 0; left > 0; i++) {
		size_t part = MIN(pkt->segs[i].size, left);

		ring_put(c, at, pkt->segs[i].va, part);
		at += part;
		left -= part;
	}
	c->head = at;
}

void netcapture_tap(struct netcapture *c, enum netport_direction dir,
		    const struct net_packet *pkt)
{
	struct capture_record r = {
		.len = pkt->len,
		.n = MIN(pkt->len, c->snap),
		.out = dir == NETPORT_OUT,
	};

	if (!capture_match(&c->filter, pkt)) {
		return;
	}
	r.ns = rtc_now_ns();
	spin_lock(&c->lock);
	c->frames++;
	if (ring_make_room(c, sizeof(r) + r.n)) {
		ring_add(c, &r, pkt);
	} else {
		c->lost++;
	}
	spin_unlock(&c->lock);
	wait_wake_one(&c->ready);
}

bool netcapture_read(struct netcapture *c, struct netcapture_record *r,
		     uint8_t *buf)
{
	unsigned long flags = spin_lock_irqsave(&c->lock);
	bool found = c->tail != c->head;
	struct capture_record head;

	if (found) {
		ring_get(c, c->tail, &head, sizeof(head));
		ring_get(c, c->tail + sizeof(head), buf, head.n);
		c->tail += sizeof(head) + head.n;
		*r = (struct netcapture_record){
			.ns = head.ns,
			.len = head.len,
			.n = head.n,
			.out = head.out != 0,
		};
	}
	spin_unlock_irqrestore(&c->lock, flags);
	return found;
}

/* [N]. NULL */
static struct netcapture *netcapture_find(const char *name)
{
	struct netcapture *c;

	list_for_each(c, &captures, node) {
		if (strcmp(c->name, name) == 0) {
			return c;
		}
	}
	return NULL;
}

static struct netcapture *netcapture_make(const struct netcapture_attr *attr)
{
	struct netcapture *c = heap_alloc(sizeof(*c));

	if (c == NULL) {
		return NULL;
	}
	c->size = NETCAPTURE_SIZE_MIN;
	while (c->size < attr->size) {
		c->size *= 2;
	}
	c->ring = heap_alloc(c->size);
	if (c->ring == NULL) {
		heap_free(c);
		return NULL;
	}
	c->filter = attr->filter;
	c->snap = attr->snap;
	c->refs = 1;
	spin_init(&c->lock, LOCK_NETCAPTURE);
	wait_init(&c->ready);
	return c;
}

static void netcapture_free(struct netcapture *c)
{
	heap_free(c->ring);
	heap_free(c);
}

int netcapture_start(struct netport *p, const struct netcapture_attr *attr)
{
	struct netcapture *c;

	/* The ring must hold a frame with its record. */
	if (attr->snap < NET_ETH_LEN || attr->snap > NETCAPTURE_SNAP_MAX ||
	    attr->size < NETCAPTURE_SIZE_MIN ||
	    attr->size > NETCAPTURE_SIZE_MAX ||
	    attr->snap + sizeof(struct capture_record) > attr->size) {
		return -ERR_RANGE;
	}
	c = netcapture_make(attr);
	if (c == NULL) {
		return -ERR_NOMEM;
	}
	mutex_lock(&net_mutex);
	if (p->tap != NULL || netcapture_find(p->name) != NULL) {
		mutex_unlock(&net_mutex);
		netcapture_free(c);
		return -ERR_EXIST;
	}
	memcpy(c->name, p->name, sizeof(c->name));
	c->port = p;
	p->refs++;
	list_append(&captures, &c->node);
	__atomic_store_n(&p->tap, c, __ATOMIC_RELEASE);
	mutex_unlock(&net_mutex);
	return 0;
}

void netcapture_put(struct netcapture *c)
{
	bool last;

	mutex_lock(&net_mutex);
	last = --c->refs == 0;
	mutex_unlock(&net_mutex);
	if (last) {
		netcapture_free(c);
	}
}

int netcapture_stop(const char *name)
{
	struct netcapture *c;
	struct netport *p;

	mutex_lock(&net_mutex);
	c = netcapture_find(name);
	if (c == NULL) {
		mutex_unlock(&net_mutex);
		return -ERR_NOENT;
	}
	p = c->port;
	list_remove(&c->node);
	__atomic_store_n(&p->tap, NULL, __ATOMIC_RELAXED);
	c->port = NULL;
	cpu_quiesce();
	mutex_unlock(&net_mutex);
	capture_stream_end(c);
	netport_put(p);
	netcapture_put(c);
	return 0;
}

struct netcapture *netcapture_get(const char *name)
{
	struct netcapture *c;

	mutex_lock(&net_mutex);
	c = netcapture_find(name);
	if (c != NULL) {
		c->refs++;
	}
	mutex_unlock(&net_mutex);
	return c;
}

struct netcapture *netcapture_get_nth(unsigned int n)
{
	struct netcapture *c, *found = NULL;

	mutex_lock(&net_mutex);
	list_for_each(c, &captures, node) {
		if (n-- == 0) {
			c->refs++;
			found = c;
			break;
		}
	}
	mutex_unlock(&net_mutex);
	return found;
}

void netcapture_get_info(struct netcapture *c, struct netcapture_info *out)
{
	unsigned long flags;

	*out = (struct netcapture_info){
		.name = c->name,
		.snap = c->snap,
		.size = c->size,
	};
	mutex_lock(&net_mutex);
	out->stream = capture_stream_name(c);
	mutex_unlock(&net_mutex);
	flags = spin_lock_irqsave(&c->lock);
	out->used = c->head - c->tail;
	out->frames = c->frames;
	out->lost = c->lost;
	spin_unlock_irqrestore(&c->lock, flags);
}
