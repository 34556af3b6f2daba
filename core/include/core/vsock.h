/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services of the hypervisor that guests reach by vsock at CID 2: streams of
 * bytes in both directions, with bounded buffers and credit (VirtIO 1.2,
 * 5.10.6.3). docs/design/messaging.md.
 *
 * A service listens on a port and has a thread of its own. All its callbacks
 * are called by that thread, one at a time, no lock held: they may block and
 * allocate. A guest never waits for one in a trap: it can send what there is
 * room for, and no more.
 */
#ifndef CORE_VSOCK_H
#define CORE_VSOCK_H

#include <libs/registry.h>
#include <libs/types.h>

struct vsock_stream;

#define VSOCK_SERVICES_MAX 8
#define VSOCK_STREAMS_MAX 64 /* of a service */
#define VSOCK_BUFFER_MIN 4096
#define VSOCK_BUFFER_MAX 65536

struct vsock_ops {
	/*
	 * A guest connects. True: the stream is open, and the service owns it
	 * until it calls vsock_close(); false: it is refused (RST), and the
	 * stream is gone. NULL: all are accepted.
	 */
	bool (*accept)(struct vsock_stream *s);
	/* There are bytes to be read, or the guest has shut down its side
	 * (vsock_ended()). Called again for what comes later, not for what was
	 * left unread. */
	void (*receive)(struct vsock_stream *s);
	/* There is room to write, after vsock_write() has taken less than it
	 * was given, or vsock_room() was 0. NULL: the service does not need to
	 * know. */
	void (*writable)(struct vsock_stream *s);
	/*
	 * The connection is over: closed or reset by the guest, or its device
	 * was reset or is gone. What has arrived can still be read; nothing can
	 * be written. Nothing else is called for the stream after this, and the
	 * service closes it, now or later. Not called for a stream that the
	 * service has closed.
	 */
	void (*closed)(struct vsock_stream *s);
};

struct vsock_attr {
	const char *name; /* of the service's thread; copied */
	uint32_t port;
	uint8_t priority; /* of the thread */
	uint16_t streams; /* at a time, 1 to VSOCK_STREAMS_MAX */
	uint16_t streams_per_guest;
	/* Bytes of each stream's buffer for what is received, and for what is
	 * sent: powers of two, VSOCK_BUFFER_MIN to VSOCK_BUFFER_MAX. */
	uint32_t receive_size, send_size;
	const struct vsock_ops *ops;
};

/* Services that listen once a guest with a vsock device is created: before
 * nobody could connect, and they would take memory and time at the start. */
#define VSOCK_SERVICE(ident) \
	REGISTRY_ADD(vsock_service, struct vsock_attr, ident)
REGISTRY_DECLARE(vsock_service);

/* For the vsock device, when one is created: start them, once. Failures are
 * logged. Thread context. */
void vsock_services_start(void);

/* The stream's number in its service, below attr.streams: an index for what the
 * service keeps of each. Any context. */
unsigned int vsock_number(const struct vsock_stream *s);
/* The CID of the guest, and its port. Any context. */
uint32_t vsock_cid(const struct vsock_stream *s);
uint32_t vsock_port(const struct vsock_stream *s);
/* Copy the name of the guest to `name`, "" if it is gone; cut to `size`. Any
 * context but traps. */
void vsock_guest_name(const struct vsock_stream *s, char *name, size_t size);

/*
 * These are for the stream's owner: any thread, one at a time, from accept()
 * until vsock_close().
 *
 * Take up to n bytes that have arrived; returns how many. The guest may send as
 * many more.
 */
size_t vsock_read(struct vsock_stream *s, void *buf, size_t n);
/* Has the guest said that it sends no more, or is the connection over, and has
 * all been read? */
bool vsock_ended(const struct vsock_stream *s);
/* Queue up to n bytes to be sent; returns how many were taken: less if the
 * buffer is full (writable() follows), none if nothing can be sent any more. */
size_t vsock_write(struct vsock_stream *s, const void *buf, size_t n);
/* The bytes that vsock_write() would take now. If there is no room, writable()
 * follows. */
size_t vsock_room(struct vsock_stream *s);
/* Say that no more will be written; what is queued is sent first. */
void vsock_shutdown(struct vsock_stream *s);
/* End the connection, after what is queued was sent. The stream must not be
 * used any more. */
void vsock_close(struct vsock_stream *s);

#endif
