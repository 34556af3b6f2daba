/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of the host tree: finds the nodes with drivers, and their
 * resources. */
#include <core/heap.h>
#include <core/log.h>
#include <core/panic.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "device_priv.h"

/* Names in a node's `compatible` that are looked at. */
#define COMPATIBLES_MAX 64

static bool serves(const struct driver *drv, const char *compatible)
{
	const char *const *c;

	for (c = drv->compatible; c && *c; c++) {
		if (**c == *compatible && strcmp(*c, compatible) == 0) {
			return true;
		}
	}
	return false;
}

/* A node's `compatible`, or the rest of it. */
struct compatibles {
	const char *at;
	int left; /* bytes */
};

static struct compatibles compatibles_of(dt_node_t node)
{
	struct compatibles s;

	s.at = dt_compatible(node, &s.left);
	return s;
}

/* NULL after the last one, and if one is not terminated. */
static const char *compatible_next(struct compatibles *s)
{
	const char *c = s->at;
	size_t step;

	if (!c || s->left <= 0) {
		return NULL;
	}
	step = strnlen(c, (size_t)s->left) + 1;
	if (step > (size_t)s->left) {
		return NULL;
	}
	s->at += step;
	s->left -= (int)step;
	return c;
}

static unsigned int fit(dt_node_t node, const struct driver *drv)
{
	struct compatibles s = compatibles_of(node);
	unsigned int best;
	const char *c;

	/* The first name is the most specific. */
	for (best = COMPATIBLES_MAX; best > 0; best--) {
		c = compatible_next(&s);
		if (!c) {
			break;
		}
		if (serves(drv, c)) {
			return best;
		}
	}
	return 0;
}

static unsigned int tree_match(const struct device *dev,
			       const struct driver *drv)
{
	return dev->dt >= 0 ? fit(dev->dt, drv) : 0;
}

const struct device_bus device_tree_bus = {
	.name = "tree",
	.match = tree_match,
};

/* Two drivers for one compatible are a bug. It is looked for where a device is
 * theirs: each with each would take longer than all else of the discovery. */
static void check_sole(const struct driver *a, const char *compatible)
{
	const struct driver *b;

	registry_for_each(driver, b) {
		if (a != b && a->bus == b->bus && serves(b, compatible)) {
			panic("two drivers for \"%s\": %s and %s", compatible,
			      a->name, b->name);
		}
	}
}

/* The driver of the most specific string that has one, or NULL. Called for each
 * node of the tree, so each string is found once for all drivers. */
static const struct driver *driver_of(dt_node_t node)
{
	struct compatibles s = compatibles_of(node);
	const struct driver *it;
	const char *c;

	while ((c = compatible_next(&s)) != NULL) {
		registry_for_each(driver, it) {
			if ((!it->bus || it->bus == &device_tree_bus) &&
			    serves(it, c)) {
				check_sole(it, c);
				return it;
			}
		}
	}
	return NULL;
}

/* List it by the node's name, with a number appended if another has that
 * name. */
static int list_by_name(struct device *dev, dt_node_t node)
{
	int err;

	(void)snprintf(dev->name, sizeof(dev->name), "%s", dt_name(node));
	err = device_list_locked(dev);
	for (unsigned int n = 1; err == -ERR_EXIST && n < 1000; n++) {
		(void)snprintf(dev->name, sizeof(dev->name), "%.*s.%u",
			       DEVICE_NAME_MAX - 5, dt_name(node), n);
		err = device_list_locked(dev);
	}
	return err;
}

static void release_node(struct device *dev)
{
	heap_free(dev);
}

/* Saves searches: there may be many nodes of slots, one after another, with the
 * same compatibles. */
static bool same_compatibles(struct compatibles a, struct compatibles b)
{
	return a.at && b.at && a.left == b.left && a.left > 0 &&
	       memcmp(a.at, b.at, (size_t)a.left) == 0;
}

void device_discover(void)
{
	struct compatibles last = { .at = NULL };
	const struct driver *driver = NULL; /* for `last` */
	dt_node_t node;

	device_init();
	for (node = dt_next(-1, NULL); node >= 0; node = dt_next(node, NULL)) {
		struct compatibles these = compatibles_of(node);
		struct device *dev;

		if (!same_compatibles(these, last)) {
			driver = driver_of(node);
			last = these;
		}
		if (!driver || !dt_available(node)) {
			continue;
		}
		dev = heap_alloc(sizeof(*dev));
		if (!dev) {
			log_err("device: no memory for %s", dt_name(node));
			return;
		}
		dev->bus = &device_tree_bus;
		dev->dt = node;
		dev->release = release_node;
		dev->dma_unread = true;
		dev->driver = driver;
		if (list_by_name(dev, node)) {
			heap_free(dev);
		}
	}
}

int device_map(struct device *dev, unsigned int index, volatile void **regs,
	       uint64_t *size)
{
	uint64_t bytes;
	paddr_t base;
	int err = dt_reg(dev->dt, index, &base, &bytes);

	if (err) {
		return err;
	}
	if (size) {
		*size = bytes;
	}
	return device_map_range(dev, base, bytes, regs);
}

int device_irq_request(struct device *dev, unsigned int index, irq_handler_t fn,
		       void *arg, unsigned int *irq)
{
	enum irq_trigger trigger;
	int err;

	if (dev->nirqs == DEVICE_MAX_IRQS) {
		return -ERR_NOSPC;
	}
	err = irq_of_node(dev->dt, index, irq, &trigger);
	if (!err) {
		err = irq_request(*irq, fn, arg, dev->name);
	}
	if (err) {
		return err;
	}
	irq_set_trigger(*irq, trigger);
	dev->irqs[dev->nirqs++] = *irq;
	return 0;
}
