/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between guests' socket devices and the services at CID 2: finds the stream of
 * a packet, and the next stream that has something to send. Work is bounded by
 * VSOCK_SERVICES_MAX and VSOCK_STREAMS_MAX.
 */
#include <arch/cpu.h>
#include <core/percpu.h>

#include "vsock_priv.h"

static struct vsock_service *service_find(uint32_t port)
{
	for (unsigned int i = 0; i < VSOCK_SERVICES_MAX; i++) {
		struct vsock_service *service = vsock_service_nth(i);

		if (service != NULL && service->attr.port == port) {
			return service;
		}
	}
	return NULL;
}

/* Has the connection ended but for the guest's confirmation? */
static bool stream_lingers(const struct vsock_stream *s)
{
	return s->state == VSOCK_CLOSING &&
	       s->shut_sent == VIRTIO_VSOCK_SHUTDOWN_BOTH;
}

/*
 * A slot for a new connection of the guest, or NULL. One that it has not
 * confirmed the end of is used again: otherwise a guest that never does would
 * only have to connect a few times to be refused for ever.
 */
static struct vsock_stream *stream_slot(struct vsock_service *service,
					const struct vsock_port *p)
{
	struct vsock_stream *unused = NULL, *lingers = NULL;
	unsigned int own = 0;

	for (unsigned int i = 0; i < service->attr.streams; i++) {
		struct vsock_stream *s = &service->streams[i];

		if (s->state == VSOCK_FREE) {
			unused = unused != NULL ? unused : s;
		} else if (s->port == p) {
			own++;
			lingers = stream_lingers(s) ? s : lingers;
		}
	}
	return own < service->attr.streams_per_guest && unused != NULL
		       ? unused
		       : lingers;
}

/* The guest's connection, or NULL: also if it is over. */
static struct vsock_stream *stream_find(struct vsock_service *service,
					const struct vsock_port *p,
					uint32_t guest_port)
{
	for (unsigned int i = 0; i < service->attr.streams; i++) {
		struct vsock_stream *s = &service->streams[i];

		if (s->port == p && s->guest_port == guest_port &&
		    s->state != VSOCK_FREE) {
			return s;
		}
	}
	return NULL;
}

static bool service_receive(struct vsock_service *service, struct vsock_port *p,
			    const struct virtio_vsock_hdr *h,
			    struct io_list *data)
{
	struct vsock_stream *s = stream_find(service, p, h->src_port);

	if (h->op == VIRTIO_VSOCK_OP_REQUEST &&
	    (s == NULL || stream_lingers(s))) {
		s = s != NULL ? s : stream_slot(service, p);
		if (s == NULL) {
			return false;
		}
		vsock_stream_begin(s, p, h);
		return true;
	}
	if (s == NULL || !vsock_stream_receive(s, h, data)) {
		return false;
	}
	if (vsock_stream_due(s)) {
		(void)__atomic_fetch_or(&p->due, service->bit,
					__ATOMIC_RELAXED);
	}
	return true;
}

bool vsock_host_receive(struct vsock_port *p, const struct virtio_vsock_hdr *h,
			struct io_list *data)
{
	struct vsock_service *service = service_find(h->dst_port);
	unsigned long flags;
	bool good = false;

	if (service != NULL && h->type == VIRTIO_VSOCK_TYPE_STREAM) {
		flags = spin_lock_irqsave(&service->lock);
		good = service_receive(service, p, h, data);
		spin_unlock_irqrestore(&service->lock, flags);
	}
	/* 5.10.6.5: RST is not answered by RST. */
	return good || h->op == VIRTIO_VSOCK_OP_RST;
}

/* One packet of the service for the guest, if it has any; streams take turns.
 * Bytes. */
static size_t service_next(struct vsock_service *service, struct vsock_port *p,
			   struct io_list *to, size_t size)
{
	unsigned int n = service->attr.streams;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int at = (service->next + i) % n;
		struct vsock_stream *s = &service->streams[at];

		if (s->port == p && vsock_stream_due(s)) {
			service->next = (uint16_t)((at + 1) % n);
			return vsock_stream_send(s, to, size);
		}
	}
	/* The service's lock is held where it is set, too. */
	(void)__atomic_fetch_and(&p->due, ~service->bit, __ATOMIC_RELAXED);
	return 0;
}

size_t vsock_host_next(struct vsock_port *p, struct io_list *to, size_t size)
{
	unsigned long flags = arch_irq_save();
	size_t written = 0;

	for (unsigned int i = 0; i < VSOCK_SERVICES_MAX && written == 0; i++) {
		struct vsock_service *service;

		if ((READ_ONCE(p->due) & BIT(i)) == 0) {
			continue;
		}
		service = vsock_service_nth(i);
		spin_lock(&service->lock);
		written = service_next(service, p, to, size);
		spin_unlock(&service->lock);
	}
	arch_irq_restore(flags);
	return written;
}

static void service_down(struct vsock_service *service, struct vsock_port *p)
{
	spin_lock(&service->lock);
	for (unsigned int i = 0; i < service->attr.streams; i++) {
		if (service->streams[i].port == p) {
			vsock_stream_over(&service->streams[i]);
		}
	}
	spin_unlock(&service->lock);
}

void vsock_port_down(struct vsock_port *p)
{
	unsigned long flags = arch_irq_save();

	for (unsigned int i = 0; i < VSOCK_SERVICES_MAX; i++) {
		struct vsock_service *service = vsock_service_nth(i);

		if (service != NULL && READ_ONCE(service->used)) {
			service_down(service, p);
		}
	}
	__atomic_store_n(&p->due, 0, __ATOMIC_RELAXED);
	arch_irq_restore(flags);
}

void vsock_port_fini(struct vsock_port *p)
{
	vsock_port_down(p);
	/* Pairs with stream_tell(): pending() has returned everywhere. */
	cpu_quiesce();
}
