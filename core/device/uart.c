/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serial ports: the list of them, and code that their drivers share. */
#include <core/device.h>
#include <core/heap.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/uart.h>
#include <libs/error.h>
#include <string.h>

#include "device_priv.h"

/* Protected by the lock of the list of devices, which is held while drivers
 * probe and remove. */
static struct list ports = LIST_INIT(ports);

void uart_layout(dt_node_t node, const struct uart_layout *layouts,
		 uint32_t *reg_shift, uint32_t *reg_io_width)
{
	static const struct uart_layout plain = { NULL, 0, 1 };
	const struct uart_layout *l = layouts ? layouts : &plain;

	while (l->compatible && !dt_is_compatible(node, l->compatible)) {
		l++;
	}
	if (!l->compatible) {
		l = &plain;
	}
	if (dt_u32(node, "reg-shift", reg_shift)) {
		*reg_shift = l->reg_shift;
	}
	if (dt_u32(node, "reg-io-width", reg_io_width)) {
		*reg_io_width = l->reg_io_width;
	}
}

/* The list has a reference to the port, and the port one to its device, so that
 * holders of the port may use the device's name. */
static void list_port(struct uart *u, struct device *dev)
{
	u->refs = 1;
	dev->refs++;
	dev->priv = u;
	list_append(&ports, &u->node);
}

int uart_add(struct device *dev, const struct uart_ops *ops, void *priv,
	     struct uart **out)
{
	struct uart *u = heap_alloc(sizeof(*u));

	if (!u) {
		return -ERR_NOMEM;
	}
	u->dev = dev;
	u->ops = ops;
	u->priv = priv;
	list_port(u, dev);
	*out = u;
	return 0;
}

int uart_probe(struct device *dev, const struct uart_ops *ops,
	       void (*handler)(unsigned int irq, void *uart))
{
	struct uart *u = heap_alloc(sizeof(*u));
	int err;

	if (!u) {
		return -ERR_NOMEM;
	}
	u->dev = dev;
	u->ops = ops;
	uart_layout(dev->dt, ops->layouts, &u->reg_shift, &u->reg_io_width);
	err = device_map(dev, 0, &u->regs, NULL);
	if (err) {
		heap_free(u);
		return err;
	}
	/* A port without a usable interrupt can still print. */
	err = device_irq_request(dev, 0, handler, u, &u->irq);
	if (err) {
		log_warn("%s: no interrupt, so no input: %s", dev->name,
			 err_str(err));
	}
	u->has_irq = err == 0;
	list_port(u, dev);
	return 0;
}

static void put_locked(struct uart *u)
{
	if (--u->refs == 0) {
		device_put_locked(u->dev);
		heap_free(u);
	}
}

void uart_remove(struct device *dev)
{
	struct uart *u = dev->priv;

	assert(!u->client);
	list_remove(&u->node);
	u->gone = true;
	put_locked(u);
}

void uart_put(struct uart *u)
{
	device_list_lock();
	put_locked(u);
	device_list_unlock();
}

struct uart *uart_nth(unsigned int n, dt_node_t node)
{
	struct uart *u, *found = NULL;

	device_list_lock();
	list_for_each(u, &ports, node) {
		if ((node < 0 || u->dev->dt == node) && n-- == 0) {
			u->refs++;
			found = u;
			break;
		}
	}
	device_list_unlock();
	return found;
}

struct uart *uart_find(const char *device)
{
	struct uart *u, *found = NULL;

	device_list_lock();
	list_for_each(u, &ports, node) {
		if (strcmp(u->dev->name, device) == 0) {
			u->refs++;
			found = u;
			break;
		}
	}
	device_list_unlock();
	return found;
}

static int open_locked(struct uart *u, const char *user,
		       const struct uart_client *client, void *arg)
{
	if (u->gone) {
		return -ERR_NOENT;
	}
	if (u->client) {
		return -ERR_BUSY;
	}
	u->ops->open(u);
	u->client_arg = arg;
	__atomic_store_n(&u->client, client, __ATOMIC_RELEASE);
	u->dev->user = user;
	return 0;
}

int uart_open(struct uart *u, const char *user,
	      const struct uart_client *client, void *arg)
{
	int err;

	device_list_lock();
	err = open_locked(u, user, client, arg);
	device_list_unlock();
	return err;
}

void uart_close(struct uart *u)
{
	device_list_lock();
	if (u->has_irq) {
		irq_disable(u->irq);
	}
	__atomic_store_n(&u->client, NULL, __ATOMIC_RELEASE);
	/* Wait for handlers that still use the client. */
	irq_synchronize();
	if (u->ops->close) {
		u->ops->close(u);
	}
	u->dev->user = NULL;
	device_list_unlock();
}

int uart_irq_enable(struct uart *u)
{
	if (!u->has_irq) {
		return -ERR_NOSUPP;
	}
	irq_enable(u->irq);
	return 0;
}
