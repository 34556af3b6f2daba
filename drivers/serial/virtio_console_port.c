/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ports of a VirtIO console of the host: their lines, which come and go
 * with them (VirtIO 1.2, 5.3.6.2). Port 0 has the console's device, each other
 * one a device of its own on it, named after the console and the port.
 *
 * An interrupt only notes what the device says. Lines are made and taken away
 * by a work item, under the lock of the list of devices. The removal of the
 * console holds that lock, so it does not wait for the work item, but leaves it
 * a reference: a second item behind it gives that back.
 */
#include <core/heap.h>
#include <core/sched.h>
#include <core/thread.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "virtio_console_priv.h"

/* Not the shared queue: what is done here waits for the lock of the list of
 * devices, which is held while a driver's probe or removal waits for others'
 * work. Started with the first console, protected by that lock. */
static struct workqueue ports_queue;

/* --- devices -------------------------------------------------------------- */

static struct port_device *port_device(struct device *dev)
{
	return container_of(dev, struct port_device, dev);
}

static unsigned int port_match(const struct device *dev,
			       const struct driver *drv)
{
	(void)dev;
	(void)drv;
	return 1;
}

static bool port_describe(const struct device *dev, unsigned int n,
			  struct device_fact *out)
{
	const struct port *p =
		container_of(dev, const struct port_device, dev)->p;

	if (n > 0) {
		return false;
	}
	(void)snprintf(out->name, sizeof(out->name), "Port");
	(void)snprintf(out->value, sizeof(out->value), "%u%s, %s by the device",
		       p->id, READ_ONCE(p->open) ? ", open" : "",
		       !READ_ONCE(p->present)      ? "removed"
		       : READ_ONCE(p->device_open) ? "opened"
						   : "not opened");
	return true;
}

static const struct device_bus port_bus = {
	.name = "virtio-port",
	.match = port_match,
	.describe = port_describe,
};

void vcon_put(struct vcon *c)
{
	if (--c->refs == 0) {
		heap_free(c);
	}
}

static void port_release(struct device *dev)
{
	struct port_device *d = port_device(dev);

	vcon_put(d->p->c);
	heap_free(d);
}

static int port_probe(struct device *dev)
{
	return vcon_line_add(port_device(dev)->p, dev);
}

static void port_remove(struct device *dev)
{
	vcon_line_remove(port_device(dev)->p);
}

static const struct driver virtio_port_driver = {
	.name = "virtio-port",
	.class = DEVICE_SERIAL,
	.bus = &port_bus,
	.probe = port_probe,
	.remove = port_remove,
};
DRIVER(virtio_port_driver);

static bool all_digits(const char *name)
{
	return strspn(name, "0123456789") == strlen(name);
}

/* Named by its number if it has no name, or one that could be another port's
 * number. */
static void port_name(struct port *p, char *buf, size_t size)
{
	struct vcon *c = p->c;
	char name[sizeof(p->name)];
	unsigned long flags = spin_lock_irqsave(&c->lock);

	memcpy(name, p->name, sizeof(name));
	spin_unlock_irqrestore(&c->lock, flags);
	if (all_digits(name)) {
		(void)snprintf(name, sizeof(name), "%u", p->id);
	}
	(void)snprintf(buf, size, "%.10s.%s", c->vh->dev.name, name);
}

static int port_list(struct port *p)
{
	struct port_device *d = heap_alloc(sizeof(*d));
	struct vcon *c = p->c;
	int err;

	if (!d) {
		return -ERR_NOMEM;
	}
	d->p = p;
	d->dev.bus = &port_bus;
	d->dev.parent = &c->vh->dev;
	d->dev.dt = -1;
	d->dev.dma = c->vh->dev.dma;
	d->dev.release = port_release;
	port_name(p, d->wanted, sizeof(d->wanted));
	memcpy(d->dev.name, d->wanted, sizeof(d->dev.name));
	err = device_add_locked(&d->dev);
	if (err == -ERR_EXIST) {
		/* Another port has the same name. */
		(void)snprintf(d->dev.name, sizeof(d->dev.name), "%.10s.%u",
			       c->vh->dev.name, p->id);
		err = device_add_locked(&d->dev);
	}
	if (err) {
		heap_free(d);
		return err;
	}
	p->dev = d;
	c->refs++;
	return 0;
}

static void port_unlist(struct port *p)
{
	struct device *dev = &p->dev->dev;
	int err;

	p->dev = NULL;
	err = device_remove_locked(dev);
	assert(err == 0);
}

/* --- ports that come and go ----------------------------------------------- */

static bool has_line(const struct port *p)
{
	return p->id == 0 ? p->uart != NULL : p->dev != NULL;
}

static const char *user_of(const struct port *p)
{
	return p->id == 0 ? p->c->vh->dev.user : p->dev->dev.user;
}

static bool was_removed(const struct port *p)
{
	return !READ_ONCE(p->present) || READ_ONCE(p->removed);
}

/* Is its line still the port's: not that of one that was there before, nor
 * named by the number of one whose name has come since? */
static bool line_fits(struct port *p)
{
	char name[DEVICE_NAME_MAX];

	if (was_removed(p) || p->id == 0) {
		return !was_removed(p);
	}
	port_name(p, name, sizeof(name));
	return strcmp(name, p->dev->wanted) == 0;
}

static void line_make(struct port *p)
{
	struct vcon *c = p->c;
	int err;

	p->told = false;
	WRITE_ONCE(p->removed, false);
	err = p->id == 0 ? vcon_line_add(p, &c->vh->dev) : port_list(p);
	if (err) {
		log_warn("%s: port %u has no line: %s", c->vh->dev.name, p->id,
			 err_str(err));
	}
}

static void line_end(struct port *p)
{
	if (p->id == 0) {
		vcon_line_remove(p);
	} else {
		port_unlist(p);
	}
}

/* The user closes the line, and then this is done again. */
static void tell_user(struct port *p)
{
	struct uart *u = p->uart;

	if (p->told || !was_removed(p)) {
		return;
	}
	p->told = true;
	log_warn("%s: removed by the device; in use: %s", u->dev->name,
		 user_of(p));
	uart_gone(u);
}

static void port_update(struct port *p)
{
	bool fits = has_line(p) && line_fits(p);

	if (has_line(p) && !fits && user_of(p)) {
		tell_user(p);
		return;
	}
	if (has_line(p) && !fits) {
		line_end(p);
	}
	if (!has_line(p) && READ_ONCE(p->present)) {
		line_make(p);
	}
}

void vcon_ports_update(struct vcon *c)
{
	for (unsigned int n = 0; n < c->nports; n++) {
		port_update(&c->ports[n]);
	}
}

static void ports_changed(struct work *w)
{
	struct vcon *c = container_of(w, struct vcon, changed);

	device_list_lock();
	if (!c->gone) {
		vcon_control_catch_up(c);
		vcon_ports_update(c);
	}
	device_list_unlock();
}

static void ports_end(struct work *w)
{
	device_list_lock();
	vcon_put(container_of(w, struct vcon, end));
	device_list_unlock();
}

int vcon_ports_init(struct vcon *c)
{
	static const struct thread_attr attr = {
		.name = "virtio-ports",
		.priority = SCHED_PRIO_DEFAULT,
	};

	work_init(&c->changed, &ports_queue, ports_changed);
	work_init(&c->end, &ports_queue, ports_end);
	return ports_queue.thread ? 0 : workqueue_start(&ports_queue, &attr);
}

void vcon_ports_remove(struct vcon *c)
{
	for (unsigned int n = 0; n < c->nports; n++) {
		if (has_line(&c->ports[n])) {
			line_end(&c->ports[n]);
		}
	}
	c->gone = true;
	if (c->multiport) {
		c->refs++;
		work_queue(&c->end);
	}
}
