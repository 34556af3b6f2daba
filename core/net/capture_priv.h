/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of captures: recording the frames that pass a port. */
#ifndef CORE_NET_CAPTURE_PRIV_H
#define CORE_NET_CAPTURE_PRIV_H

#include <core/netcapture.h>
#include <core/spinlock.h>
#include <libs/list.h>

#include "net_priv.h"

/* Precedes each frame in the ring. */
struct capture_record {
	uint64_t ns;
	uint32_t len, n;
	uint32_t out, unused;
};

/* [I] immutable, [L] lock, [N] net_mutex. */
struct netcapture {
	struct netcapture_filter filter; /* [I] */
	uint32_t snap;                   /* [I] */
	uint32_t size;                   /* [I] of the ring: a power of two */
	uint8_t *ring;                   /* [I] */
	struct spinlock lock;
	uint64_t head, tail;           /* [L] bytes ever put, ever taken */
	uint64_t frames, lost;         /* [L] */
	struct netport *port;          /* [N] NULL: the capture has ended */
	struct list node;              /* [N] */
	uint32_t refs;                 /* [N] */
	struct capture_stream *stream; /* [N] NULL: none */
	bool streamed;                 /* [A] there is a stream */
	struct waitqueue ready;        /* the stream's thread waits here */
	char name[NETPORT_NAME_MAX];   /* [I] */
};

/* capture.c: record a frame that passes a captured port. Any context. */
void netcapture_tap(struct netcapture *c, enum netport_direction dir,
		    const struct net_packet *pkt);

static inline void net_tap(const struct netport *p, enum netport_direction dir,
			   const struct net_packet *pkt)
{
	struct netcapture *c = __atomic_load_n(&p->tap, __ATOMIC_ACQUIRE);

	if (unlikely(c != NULL)) {
		netcapture_tap(c, dir, pkt);
	}
}

/* capture_filter.c: does the frame match the filter? Pure. */
bool capture_match(const struct netcapture_filter *f,
		   const struct net_packet *pkt);

/* Is there a frame to be read? Any context. */
static inline bool netcapture_pending(const struct netcapture *c)
{
	return READ_ONCE(c->head) != READ_ONCE(c->tail);
}

/* capture_stream.c. The name of the serial port, or NULL; net_mutex is held. */
const char *capture_stream_name(const struct netcapture *c);
/* End the stream, if there is one; the caller sees to it that no other can
 * begin. Thread context. */
void capture_stream_end(struct netcapture *c);

#endif
