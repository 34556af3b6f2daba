/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the hypervisor's end of vsock. */
#ifndef CORE_MSG_VSOCK_PRIV_H
#define CORE_MSG_VSOCK_PRIV_H

#include <core/spinlock.h>
#include <core/sync.h>
#include <core/vsock.h>
#include <core/vsock_port.h>
#include <libs/ring.h>

enum vsock_state {
	VSOCK_FREE,
	VSOCK_REQUESTED, /* accept() has not decided yet */
	VSOCK_REFUSED,   /* RST is to be sent, then it is free */
	VSOCK_OPEN,
	VSOCK_CLOSING, /* by the service; the guest has not confirmed it */
	VSOCK_OVER,    /* for the guest; the service has not closed it */
};

/* What the service's thread is to be told: a bit each. */
#define VSOCK_EVENT_ACCEPT 1U
#define VSOCK_EVENT_RECEIVE 2U
#define VSOCK_EVENT_WRITABLE 4U
#define VSOCK_EVENT_CLOSED 8U

/* All [L], its service's lock, unless [I]. */
struct vsock_stream {
	struct vsock_service *service; /* [I] */
	struct vsock_port *port;       /* NULL once the guest is gone */
	uint32_t cid;
	uint32_t guest_port;
	enum vsock_state state;
	bool owned;      /* by the service: accepted and not closed */
	uint32_t events; /* VSOCK_EVENT_* */
	uint32_t reuses; /* of this slot */
	struct ring rx, tx;
	/* Credit (5.10.6.3): rx.head, rx.tail and tx.tail are the counts of
	 * bytes received, forwarded and sent. */
	uint32_t peer_buf_alloc, peer_fwd_cnt;
	uint32_t told_fwd_cnt; /* what the guest knows of rx.tail */
	bool respond;          /* RESPONSE is to be sent */
	bool credit;           /* CREDIT_UPDATE is to be sent */
	bool asked;            /* CREDIT_REQUEST was sent for want of credit */
	bool write_waits;      /* writable() is wanted */
	uint32_t shut;         /* the guest's: VIRTIO_VSOCK_SHUTDOWN_* */
	uint32_t shutting;     /* ours, once all is sent */
	uint32_t shut_sent;    /* ours, as told */
};

/* [I] immutable, [L] lock. */
struct vsock_service {
	struct vsock_attr attr; /* [I] */
	struct spinlock lock;   /* LOCK_VSOCK */
	uint32_t bit;           /* [I] in vsock_port.due */
	uint64_t events;        /* [L] streams that have some, a bit each */
	uint16_t next;          /* [L] whose turn it is to send */
	bool used;              /* [A] a guest has connected once */
	struct waitqueue work;  /* the thread waits there */
	struct vsock_stream streams[];
};

/* vsock_service.c: the service in slot n, or NULL. Any context. */
struct vsock_service *vsock_service_nth(unsigned int n);

/* vsock_stream.c; the service's lock is held. */
/* A packet for the stream: false if the answer is RST. */
bool vsock_stream_receive(struct vsock_stream *s,
			  const struct virtio_vsock_hdr *h,
			  struct io_list *data);
/* Is there something to be sent? */
bool vsock_stream_due(const struct vsock_stream *s);
/* Write the next packet; bytes. Only if there is something to be sent. */
size_t vsock_stream_send(struct vsock_stream *s, struct io_list *to,
			 size_t size);
/* Begin a connection in a free slot. */
void vsock_stream_begin(struct vsock_stream *s, struct vsock_port *p,
			const struct virtio_vsock_hdr *h);
/* The guest's end is gone. */
void vsock_stream_over(struct vsock_stream *s);
/* Credit is told when the guest knows of less than half of what it has. */
static inline bool vsock_credit_stale(const struct vsock_stream *s)
{
	return s->rx.tail - s->told_fwd_cnt >= s->rx.size / 2;
}

#endif
