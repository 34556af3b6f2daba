/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's end of vsock (CID 2), as the socket device of a guest sees
 * it: a port has the guest's context identifier, and passes packets between the
 * guest and the services (core/vsock.h).
 */
#ifndef CORE_VSOCK_PORT_H
#define CORE_VSOCK_PORT_H

#include <core/io_segment.h>
#include <core/virtio_vsock.h>
#include <libs/types.h>

/* [I] immutable, [A] atomic. Its owner fills in what
 * is immutable; the rest is zero. */
struct vsock_port {
	uint32_t cid;      /* [I] */
	const char *guest; /* [I] its name */
	/* [I] There is something for the guest: call vsock_host_next() when it
	 * has a buffer. Any context, interrupts masked, no lock held. */
	void (*pending)(struct vsock_port *p);
	uint32_t due; /* [A] services that have something, a bit each */
};

/* The port is to be freed: its streams are over, and nothing is pending when
 * this returns. Thread context, interrupts enabled, no spinlock held. */
void vsock_port_fini(struct vsock_port *p);
/* The guest's driver is gone: its streams are over. Any context. */
void vsock_port_down(struct vsock_port *p);

/*
 * The guest has sent a packet to CID 2: its header was copied and its source
 * checked, and there are h->len bytes of data. False: the guest is to be sent
 * RST. Trap context, interrupts masked, no lock held.
 */
bool __must_check vsock_host_receive(struct vsock_port *p,
				     const struct virtio_vsock_hdr *h,
				     struct io_list *data);
/* Is there something to be sent to the guest? Any context. */
static inline bool vsock_host_pending(const struct vsock_port *p)
{
	return READ_ONCE(p->due) != 0;
}

/*
 * Write the next packet for the guest to a buffer of `size` bytes, at least 44.
 * Returns bytes; 0 if there is none. Any context; the queue of the buffer may
 * be locked.
 */
size_t vsock_host_next(struct vsock_port *p, struct io_list *to, size_t size);

#endif
