/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver of VirtIO consoles, with what it stands on: serial ports, the list
 * of devices and work queues; and a device that says and hears control
 * messages, on the transport of virtio_model.h. Included by one file.
 */
#ifndef TESTS_VIRTIO_CONSOLE_MODEL_H
#define TESTS_VIRTIO_CONSOLE_MODEL_H

#define MODEL_QUEUES 18
#include "tests/unit/virtio_model.h"

#include "drivers/serial/virtio_console.c"
#include "drivers/serial/virtio_console_port.c"

/* A device that changes a name just before the driver copies it; or, with
 * says_more, does something when the driver copies a message. */
static bool changing;
static void (*says_more)(void);

static void *copy_changing(void *to, const void *from, size_t n)
{
	const struct vcon *c = model.vh.priv;
	uint8_t *message = c->mem.va;
	const uint8_t *at = from;

	for (unsigned int i = 0; changing && i < CONTROL_RX; i++) {
		uint8_t *name = message + sizeof(struct virtio_console_control);

		if (at <= name && at + n > name) {
			*name = '/';
		}
		message += CONTROL_RX_SIZE;
	}
	message = c->mem.va;
	if (says_more && at >= message &&
	    at < message + (size_t)CONTROL_RX * CONTROL_RX_SIZE) {
		says_more();
	}
	return memcpy(to, from, n);
}

#define memcpy copy_changing
#include "drivers/serial/virtio_console_control.c"
#undef memcpy

/* --- what the driver stands on -------------------------------------------- */

struct workqueue work_shared;

#define WORKS 1024
static struct work *works[WORKS];
static unsigned int nworks;

void work_init(struct work *w, struct workqueue *q, void (*fn)(struct work *w))
{
	*w = (struct work){ .fn = fn, .workqueue = q };
}

void work_queue(struct work *w)
{
	assert_non_null(w->fn);
	if (!w->pending) {
		w->pending = true;
		assert_true(nworks < WORKS);
		works[nworks++] = w;
	}
}

void work_cancel(struct work *w)
{
	for (unsigned int i = 0; i < nworks; i++) {
		if (works[i] == w) {
			w->pending = false;
			works[i] = NULL;
		}
	}
}

int workqueue_start(struct workqueue *q, const struct thread_attr *attr)
{
	static struct vcpu thread;

	(void)attr;
	q->thread = &thread;
	return 0;
}

static bool list_locked;

void device_list_lock(void)
{
	assert_false(list_locked);
	list_locked = true;
}

void device_list_unlock(void)
{
	assert_true(list_locked);
	list_locked = false;
}

/* Run what is queued, in order; what it queues as well. */
static void work_run(void)
{
	for (unsigned int i = 0; i < nworks; i++) {
		struct work *w = works[i];

		if (w) {
			w->pending = false;
			w->fn(w);
		}
	}
	nworks = 0;
}

#define LINES 10
static struct uart lines[LINES];
static struct device *devices[LINES];

int uart_add(struct device *dev, const struct uart_ops *ops, void *priv,
	     struct uart **out)
{
	for (unsigned int i = 0; i < LINES; i++) {
		if (!lines[i].dev) {
			lines[i] = (struct uart){
				.dev = dev,
				.ops = ops,
				.priv = priv,
			};
			dev->priv = &lines[i];
			*out = &lines[i];
			return 0;
		}
	}
	return -ERR_NOMEM;
}

void uart_remove(struct device *dev)
{
	struct uart *u = dev->priv;

	assert_null(u->client);
	u->dev = NULL;
}

static struct uart *line(const char *name)
{
	for (unsigned int i = 0; i < LINES; i++) {
		if (lines[i].dev && strcmp(lines[i].dev->name, name) == 0) {
			return &lines[i];
		}
	}
	return NULL;
}

static unsigned int port_at(const char *name)
{
	const struct uart *u = line(name);

	return u ? ((struct port *)u->priv)->id : UINT32_MAX;
}

static unsigned int line_count(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < LINES; i++) {
		n += lines[i].dev != NULL;
	}
	return n;
}

int device_add_locked(struct device *dev)
{
	unsigned int at = LINES;

	for (unsigned int i = 0; i < LINES; i++) {
		if (!devices[i]) {
			at = i;
		} else if (strcmp(devices[i]->name, dev->name) == 0) {
			return -ERR_EXIST;
		}
	}
	assert_true(at < LINES && list_locked);
	assert_ptr_equal(dev->parent, &model.vh.dev);
	devices[at] = dev;
	return virtio_port_driver.probe(dev);
}

int device_remove_locked(struct device *dev)
{
	assert_true(list_locked);
	virtio_port_driver.remove(dev);
	for (unsigned int i = 0; i < LINES; i++) {
		if (devices[i] == dev) {
			devices[i] = NULL;
		}
	}
	dev->release(dev);
	return 0;
}

static bool wants_more = true;
static char received[8192];
static unsigned int nreceived, rooms;

static bool take(void *arg, uint8_t ch)
{
	(void)arg;
	assert_true(nreceived < sizeof(received));
	received[nreceived++] = (char)ch;
	return wants_more;
}

static void room(void *arg)
{
	(void)arg;
	rooms++;
}

static unsigned int gone_calls;

static void told_gone(void *arg)
{
	(void)arg;
	gone_calls++;
}

static const struct uart_client client = { take, room, told_gone };

/* --- the device ----------------------------------------------------------- */

/* What the driver has told it. */
static struct virtio_console_control told[64];
static unsigned int ntold;
/* What it answers to DEVICE_READY, and of each port to PORT_READY. */
static void (*says)(void);
static const char *names[32];

static void say_bytes(const void *buf, uint32_t n)
{
	struct model_buffer b;

	if (model_pop(VIRTIO_CONSOLE_CONTROL_RX, &b)) {
		assert_true(b.n == 1 && b.parts[0].write);
		n = MIN(n, b.parts[0].len);
		memcpy(b.parts[0].data, buf, n);
		(void)model_push(VIRTIO_CONSOLE_CONTROL_RX, &b, n);
	}
}

static void say(uint32_t id, uint16_t event, uint16_t value, const char *more)
{
	uint8_t buf[256];
	struct virtio_console_control m = { id, event, value };

	memcpy(buf, &m, sizeof(m));
	strcpy((char *)buf + sizeof(m), more);
	say_bytes(buf, (uint32_t)(sizeof(m) + strlen(more)));
}

static void hear(const struct virtio_console_control *m)
{
	assert_true(ntold < ARRAY_SIZE(told));
	told[ntold++] = *m;
	if (m->event == VIRTIO_CONSOLE_DEVICE_READY) {
		says();
	} else if (m->event == VIRTIO_CONSOLE_PORT_READY && m->value == 1) {
		if (m->id == 0) {
			say(0, VIRTIO_CONSOLE_CONSOLE_PORT, 1, "");
		}
		if (names[m->id]) {
			say(m->id, VIRTIO_CONSOLE_PORT_NAME, 1, names[m->id]);
		}
	}
}

static void device_acts(void)
{
	struct model_buffer b;

	while (model_pop(VIRTIO_CONSOLE_CONTROL_TX, &b)) {
		struct virtio_console_control m;

		assert_true(b.n == 1 && b.parts[0].len == sizeof(m));
		memcpy(&m, b.parts[0].data, sizeof(m));
		hear(&m);
		(void)model_push(VIRTIO_CONSOLE_CONTROL_TX, &b, 0);
	}
}

static bool was_told(uint32_t id, uint16_t event, uint16_t value)
{
	for (unsigned int i = 0; i < ntold; i++) {
		if (told[i].id == id && told[i].event == event &&
		    told[i].value == value) {
			return true;
		}
	}
	return false;
}

/* The device's messages since then reach the driver, and its answers the
 * device; the driver's work is done. */
static void interrupt(void)
{
	ntold = 0;
	virtio_host_interrupt(&model.vh, true, false);
	device_acts();
	virtio_host_interrupt(&model.vh, true, false);
	work_run();
}

static int probe(void)
{
	int err;

	device_list_lock();
	err = virtio_console_driver.probe(&model.vh.dev);
	device_list_unlock();
	return err;
}

static struct vcon *begin(uint64_t features, uint32_t ports, void (*with)(void))
{
	model_begin(features);
	model.vh.id = VIRTIO_ID_CONSOLE;
	memcpy(model.config +
		       offsetof(struct virtio_console_config, max_nr_ports),
	       &ports, sizeof(ports));
	model_acts = device_acts;
	says = with;
	ntold = nreceived = rooms = gone_calls = 0;
	wants_more = true;
	assert_int_equal(probe(), 0);
	return model.vh.priv;
}

static void open_line(struct uart *u)
{
	u->client = &client;
	u->dev->user = "test";
	assert_int_equal(u->ops->start(u), 0);
}

/* As uart_close(). */
static void close_line(struct uart *u)
{
	if (u->client) {
		device_list_lock();
		u->client = NULL;
		u->ops->close(u);
		u->dev->user = NULL;
		device_list_unlock();
	}
}

static void end(void)
{
	for (unsigned int i = 0; i < LINES; i++) {
		if (lines[i].dev) {
			close_line(&lines[i]);
		}
	}
	device_list_lock();
	virtio_console_driver.remove(&model.vh.dev);
	device_list_unlock();
	work_run();
	virtio_bus.unbound(&model.vh.dev);
	memset(names, 0, sizeof(names));
	assert_int_equal(line_count(), 0);
	for (unsigned int i = 0; i < LINES; i++) {
		assert_null(devices[i]);
	}
}

#endif
