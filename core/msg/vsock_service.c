/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services at CID 2: creation, their threads, and what they do with streams
 * (core/vsock.h). Guests find a service without a lock: it stays.
 */
#include <arch/cpu.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/sched.h>
#include <core/thread.h>
#include <libs/error.h>
#include <stdio.h>

#include "vsock_priv.h"

REGISTRY_DEFINE(vsock_service);

static struct mutex services_mutex = MUTEX_INIT(services_mutex);
/* [A] written once each, with services_mutex */
static struct vsock_service *services[VSOCK_SERVICES_MAX];

struct vsock_service *vsock_service_nth(unsigned int n)
{
	return __atomic_load_n(&services[n], __ATOMIC_ACQUIRE);
}

/* --- what the owner of a stream does -------------------------------------- */

unsigned int vsock_number(const struct vsock_stream *s)
{
	return (unsigned int)(s - s->service->streams);
}

uint32_t vsock_cid(const struct vsock_stream *s)
{
	return s->cid;
}

uint32_t vsock_port(const struct vsock_stream *s)
{
	return s->guest_port;
}

void vsock_guest_name(const struct vsock_stream *s, char *name, size_t size)
{
	struct vsock_service *service = s->service;
	unsigned long flags = spin_lock_irqsave(&service->lock);

	(void)snprintf(name, size, "%s", s->port != NULL ? s->port->guest : "");
	spin_unlock_irqrestore(&service->lock, flags);
}

/*
 * Release the lock, and tell the guest's device if there is something to be
 * sent. Interrupts stay masked until it has returned: vsock_port_fini() waits
 * for that.
 */
static void stream_tell(struct vsock_stream *s, unsigned long flags)
{
	struct vsock_service *service = s->service;
	struct vsock_port *p = vsock_stream_due(s) ? s->port : NULL;

	if (p != NULL) {
		(void)__atomic_fetch_or(&p->due, service->bit,
					__ATOMIC_RELAXED);
	}
	spin_unlock(&service->lock);
	if (p != NULL) {
		p->pending(p);
	}
	arch_irq_restore(flags);
}

size_t vsock_read(struct vsock_stream *s, void *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&s->service->lock);

	n = ring_read(&s->rx, buf, n);
	s->credit |= vsock_credit_stale(s);
	stream_tell(s, flags);
	return n;
}

bool vsock_ended(const struct vsock_stream *s)
{
	struct vsock_service *service = s->service;
	unsigned long flags = spin_lock_irqsave(&service->lock);
	bool ended = ring_used(&s->rx) == 0 &&
		     (s->state == VSOCK_OVER ||
		      (s->shut & VIRTIO_VSOCK_SHUTDOWN_SEND));

	spin_unlock_irqrestore(&service->lock, flags);
	return ended;
}

/* Will the guest take what is written? */
static bool stream_writable(const struct vsock_stream *s)
{
	return s->state == VSOCK_OPEN && s->shutting == 0 &&
	       !(s->shut & VIRTIO_VSOCK_SHUTDOWN_RCV);
}

size_t vsock_write(struct vsock_stream *s, const void *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&s->service->lock);
	size_t taken = 0;

	if (stream_writable(s)) {
		taken = ring_write(&s->tx, buf, n);
		s->write_waits = taken < n;
	}
	stream_tell(s, flags);
	return taken;
}

size_t vsock_room(struct vsock_stream *s)
{
	struct vsock_service *service = s->service;
	unsigned long flags = spin_lock_irqsave(&service->lock);
	size_t room = stream_writable(s) ? ring_free(&s->tx) : 0;

	s->write_waits |= room == 0;
	spin_unlock_irqrestore(&service->lock, flags);
	return room;
}

void vsock_shutdown(struct vsock_stream *s)
{
	unsigned long flags = spin_lock_irqsave(&s->service->lock);

	s->shutting |= VIRTIO_VSOCK_SHUTDOWN_SEND;
	stream_tell(s, flags);
}

void vsock_close(struct vsock_stream *s)
{
	unsigned long flags = spin_lock_irqsave(&s->service->lock);

	s->owned = false;
	s->events = 0;
	if (s->state == VSOCK_OVER) {
		s->state = VSOCK_FREE;
	} else {
		s->state = VSOCK_CLOSING;
		s->shutting = VIRTIO_VSOCK_SHUTDOWN_BOTH;
		/* What was not read makes room, so that the guest can go on to
		 * the end of what it sends. */
		s->rx.tail = s->rx.head;
		if (s->shut & VIRTIO_VSOCK_SHUTDOWN_RCV) {
			s->tx.tail = s->tx.head;
		}
	}
	stream_tell(s, flags);
}

/* --- the thread ----------------------------------------------------------- */

/* The service has decided about a request. */
static void stream_decide(struct vsock_stream *s, bool accepted)
{
	unsigned long flags = spin_lock_irqsave(&s->service->lock);

	if (accepted) {
		s->owned = true;
		if (s->state == VSOCK_REQUESTED) {
			s->state = VSOCK_OPEN;
			s->respond = true;
		}
	} else {
		s->events = 0;
		s->state = s->state == VSOCK_REQUESTED ? VSOCK_REFUSED
						       : VSOCK_FREE;
	}
	stream_tell(s, flags);
}

/* Take the events of one stream that has some; NULL if none has. */
static struct vsock_stream *service_take(struct vsock_service *service,
					 uint32_t *events, uint32_t *reuses)
{
	unsigned long flags = spin_lock_irqsave(&service->lock);
	struct vsock_stream *s = NULL;

	while (s == NULL && service->events != 0) {
		unsigned int i = (unsigned int)__builtin_ctzll(service->events);

		service->events &= ~BIT(i);
		s = &service->streams[i];
		*events = s->events;
		*reuses = s->reuses;
		s->events = 0;
		s = *events != 0 ? s : NULL; /* it was closed meanwhile */
	}
	spin_unlock_irqrestore(&service->lock, flags);
	return s;
}

/* Is it still the same stream, and the service's? */
static bool stream_is_owned(const struct vsock_stream *s, uint32_t reuses)
{
	struct vsock_service *service = s->service;
	unsigned long flags = spin_lock_irqsave(&service->lock);
	bool owned = s->owned && s->reuses == reuses;

	spin_unlock_irqrestore(&service->lock, flags);
	return owned;
}

static void stream_handle(struct vsock_stream *s, uint32_t events,
			  uint32_t reuses)
{
	const struct vsock_ops *ops = s->service->attr.ops;

	if (events & VSOCK_EVENT_ACCEPT) {
		stream_decide(s, ops->accept == NULL || ops->accept(s));
	}
	if ((events & VSOCK_EVENT_RECEIVE) && stream_is_owned(s, reuses)) {
		ops->receive(s);
	}
	if ((events & VSOCK_EVENT_WRITABLE) && ops->writable != NULL &&
	    stream_is_owned(s, reuses)) {
		ops->writable(s);
	}
	if ((events & VSOCK_EVENT_CLOSED) && stream_is_owned(s, reuses)) {
		ops->closed(s);
	}
}

static void service_main(void *arg)
{
	struct vsock_service *service = arg;
	struct vsock_stream *s;
	uint32_t events = 0, reuses = 0;

	for (;;) {
		wait_event(&service->work, READ_ONCE(service->events) != 0);
		s = service_take(service, &events, &reuses);
		if (s != NULL) {
			stream_handle(s, events, reuses);
		}
	}
}

/* --- life ----------------------------------------------------------------- */

static bool size_ok(uint32_t size)
{
	return size >= VSOCK_BUFFER_MIN && size <= VSOCK_BUFFER_MAX &&
	       (size & (size - 1)) == 0;
}

static void service_free(struct vsock_service *service)
{
	for (unsigned int i = 0; i < service->attr.streams; i++) {
		heap_free(service->streams[i].rx.buf);
		heap_free(service->streams[i].tx.buf);
	}
	heap_free(service);
}

static struct vsock_service *service_alloc(const struct vsock_attr *attr)
{
	struct vsock_service *service = heap_alloc(
		sizeof(*service) + attr->streams * sizeof(service->streams[0]));

	if (service == NULL) {
		return NULL;
	}
	service->attr = *attr;
	spin_init(&service->lock, LOCK_VSOCK);
	wait_init(&service->work);
	for (unsigned int i = 0; i < attr->streams; i++) {
		struct vsock_stream *s = &service->streams[i];

		s->service = service;
		s->rx.size = attr->receive_size;
		s->tx.size = attr->send_size;
		s->rx.buf = heap_alloc(attr->receive_size);
		s->tx.buf = heap_alloc(attr->send_size);
		if (s->rx.buf == NULL || s->tx.buf == NULL) {
			service_free(service);
			return NULL;
		}
	}
	return service;
}

/* A free slot for a service with this port; services_mutex is held. */
static int service_slot(uint32_t port)
{
	int slot = -ERR_NOSPC;

	for (int i = VSOCK_SERVICES_MAX - 1; i >= 0; i--) {
		if (services[i] == NULL) {
			slot = i;
		} else if (services[i]->attr.port == port) {
			return -ERR_EXIST;
		}
	}
	return slot;
}

static int service_start(struct vsock_service *service)
{
	const struct thread_attr attr = {
		.name = service->attr.name,
		.priority = service->attr.priority,
	};
	int slot, err;

	mutex_lock(&services_mutex);
	slot = service_slot(service->attr.port);
	err = slot < 0 ? slot
		       : thread_create(NULL, &attr, service_main, service);
	if (err == 0) {
		service->bit = (uint32_t)BIT(slot);
		__atomic_store_n(&services[slot], service, __ATOMIC_RELEASE);
	}
	mutex_unlock(&services_mutex);
	return err;
}

/* Begin to listen, for good. Its memory is allocated here. -ERR_EXIST: the port
 * is taken; -ERR_NOSPC: VSOCK_SERVICES_MAX are there; -ERR_INVAL: a number out
 * of its range; -ERR_NOMEM. */
static int vsock_listen(const struct vsock_attr *attr)
{
	struct vsock_service *service;
	int err;

	if (attr->streams == 0 || attr->streams > VSOCK_STREAMS_MAX ||
	    attr->streams_per_guest == 0 || !size_ok(attr->receive_size) ||
	    !size_ok(attr->send_size)) {
		return -ERR_INVAL;
	}
	service = service_alloc(attr);
	if (service == NULL) {
		return -ERR_NOMEM;
	}
	err = service_start(service);
	if (err != 0) {
		service_free(service);
	}
	return err;
}

void vsock_services_start(void)
{
	static uint32_t started; /* atomic */
	const struct vsock_attr *it;

	if (__atomic_exchange_n(&started, 1, __ATOMIC_ACQ_REL) != 0) {
		return;
	}
	registry_for_each(vsock_service, it) {
		int err = vsock_listen(it);

		if (err != 0) {
			log_err("%s: vsock port %u: %s", it->name, it->port,
				err_str(err));
		}
	}
}
