/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of the host's devices, and binding them to drivers.
 *
 * Lock: device_mutex, held while a driver's probe() or remove() runs, so that
 * only one does at a time. A bus's probe() and remove() therefore use the
 * functions whose names end in _locked.
 */
#include <core/device.h>
#include <core/dma.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/sync.h>
#include <libs/error.h>
#include <string.h>

#include "device_priv.h"

REGISTRY_DEFINE(driver);

static struct list devices = LIST_INIT(devices);
static struct mutex device_mutex;

void device_init(void)
{
	mutex_init(&device_mutex);
}

const char *device_class_name(enum device_class class)
{
	static const char *const names[DEVICE_CLASSES] = {
		[DEVICE_IRQCHIP] = "irqchip", [DEVICE_TIMER] = "timer",
		[DEVICE_SERIAL] = "serial",   [DEVICE_IOMMU] = "iommu",
		[DEVICE_BUS] = "bus",         [DEVICE_RTC] = "rtc",
		[DEVICE_ENTROPY] = "entropy", [DEVICE_WATCHDOG] = "watchdog",
		[DEVICE_BLOCK] = "block",     [DEVICE_NET] = "net",
		[DEVICE_OTHER] = "other",
	};

	return names[class];
}

const char *device_state_name(enum device_state state)
{
	static const char *const names[] = {
		[DEVICE_UNBOUND] = "unbound",
		[DEVICE_DEFERRED] = "deferred",
		[DEVICE_BOUND] = "bound",
		[DEVICE_FAILED] = "failed",
	};

	return names[state];
}

const char *device_owner_name(enum device_owner owner)
{
	return owner == DEVICE_OF_HYPERVISOR ? "hypervisor" : "nobody";
}

/* --- binding ------------------------------------------------------------ */

static const struct device_bus *bus_of(const struct driver *drv)
{
	return drv->bus ? drv->bus : &device_tree_bus;
}

/* The driver that matches best. The registry is unordered, but check_sole()
 * has made sure that there are no ties. */
static const struct driver *driver_for(const struct device *dev)
{
	const struct driver *it, *best = NULL;
	unsigned int most = 0;

	registry_for_each(driver, it) {
		unsigned int fit;

		if (bus_of(it) != dev->bus) {
			continue;
		}
		fit = dev->bus->match(dev, it);
		if (fit > most) {
			most = fit;
			best = it;
		}
	}
	return best;
}

/* Release what the driver need not release itself. */
static void release_resources(struct device *dev)
{
	if (dev->bus->unbound) {
		dev->bus->unbound(dev);
	}
	while (dev->nirqs > 0) {
		irq_release(dev->irqs[--dev->nirqs]);
	}
	dma_fini(dev);
	device_unmap_locked(dev);
	dev->priv = NULL;
}

static int bind_to_locked(struct device *dev, const struct driver *drv)
{
	int err;

	dev->driver = drv;
	if (!drv) {
		dev->state = DEVICE_UNBOUND;
		return -ERR_NOENT;
	}
	err = drv->probe(dev);
	dev->error = MIN(err, 0);
	if (err == 0) {
		dev->state = DEVICE_BOUND;
		return 0;
	}
	release_resources(dev);
	if (err == -ERR_DEFER) {
		dev->state = DEVICE_DEFERRED;
	} else if (err == -ERR_NOSUPP || err == DEVICE_EMPTY) {
		dev->state = DEVICE_UNBOUND;
	} else {
		dev->state = DEVICE_FAILED;
		log_warn("%s: %s: %s", drv->name, dev->name, err_str(err));
	}
	return err;
}

/* Is it the bus, or a device below it? */
static bool is_behind(const struct device *dev, const struct device *bus)
{
	while (dev && dev != bus) {
		dev = dev->parent;
	}
	return dev == bus;
}

/* Does it, or a device below it if it is a bus, have a user, or (below it) a
 * driver without remove()? */
static bool in_use(const struct device *dev)
{
	const struct device *it;

	list_for_each(it, &devices, node) {
		if (it->state == DEVICE_BOUND && is_behind(it, dev) &&
		    (it->user || (it != dev && !it->driver->remove))) {
			return true;
		}
	}
	return false;
}

static int bind_locked(struct device *dev)
{
	return bind_to_locked(dev, driver_for(dev));
}

static int unbind_locked(struct device *dev)
{
	if (dev->state != DEVICE_BOUND) {
		return -ERR_STATE;
	}
	if (in_use(dev)) {
		return -ERR_BUSY;
	}
	if (!dev->driver->remove) {
		return -ERR_NOSUPP;
	}
	dev->driver->remove(dev);
	release_resources(dev);
	dev->state = DEVICE_UNBOUND;
	return 0;
}

void device_put_locked(struct device *dev)
{
	assert(dev->refs > 0);
	dev->refs--;
	if (dev->refs == 0 && dev->release) {
		dev->release(dev);
	}
}

/* Repeat as long as a device gets bound, as another one may wait for it. */
static void retry_deferred_locked(void)
{
	struct device *dev;
	bool again = true;

	while (again) {
		again = false;
		list_for_each(dev, &devices, node) {
			again |= dev->state == DEVICE_DEFERRED &&
				 dev->owner == DEVICE_OF_HYPERVISOR &&
				 bind_locked(dev) == 0;
		}
	}
}

unsigned int device_probe(enum device_class class)
{
	unsigned int bound = 0;
	struct device *dev, *tmp;

	mutex_lock(&device_mutex);
	list_for_each_safe(dev, tmp, &devices, node) {
		const struct driver *drv = dev->driver;
		int err;

		if (dev->state != DEVICE_UNBOUND || !drv ||
		    drv->class != class || dev->owner != DEVICE_OF_HYPERVISOR) {
			continue;
		}
		/* The driver was found when the device was listed. */
		err = bind_to_locked(dev, drv);
		bound += err == 0;
		/* A bus's probe() appends devices, so `tmp` stays valid. */
		if (err == DEVICE_EMPTY) {
			list_remove(&dev->node);
			device_put_locked(dev);
		}
	}
	if (bound > 0) {
		retry_deferred_locked();
	}
	device_sweep_locked();
	mutex_unlock(&device_mutex);
	return bound;
}

void device_report_deferred(void)
{
	struct device *dev;

	mutex_lock(&device_mutex);
	list_for_each(dev, &devices, node) {
		if (dev->state == DEVICE_DEFERRED) {
			log_warn("%s: %s: what it needs did not come",
				 dev->driver->name, dev->name);
		}
	}
	mutex_unlock(&device_mutex);
}

int device_bind(struct device *dev)
{
	int err = -ERR_BUSY;

	mutex_lock(&device_mutex);
	if (dev->state != DEVICE_BOUND && dev->owner == DEVICE_OF_HYPERVISOR) {
		err = bind_locked(dev);
		if (err == 0) {
			retry_deferred_locked();
		}
	}
	device_sweep_locked();
	mutex_unlock(&device_mutex);
	return err == DEVICE_EMPTY ? -ERR_NOSUPP : err;
}

int device_unbind(struct device *dev)
{
	int err;

	mutex_lock(&device_mutex);
	err = unbind_locked(dev);
	device_sweep_locked();
	mutex_unlock(&device_mutex);
	return err;
}

int device_set_owner(struct device *dev, enum device_owner owner)
{
	int err = -ERR_BUSY;

	mutex_lock(&device_mutex);
	if (dev->state != DEVICE_BOUND) {
		dev->owner = owner;
		err = 0;
	}
	mutex_unlock(&device_mutex);
	return err;
}

void device_set_user(struct device *dev, const char *user)
{
	mutex_lock(&device_mutex);
	dev->user = user;
	mutex_unlock(&device_mutex);
}

bool device_get_dma_stats(struct device *dev, struct dma_stats *st)
{
	bool found;

	mutex_lock(&device_mutex);
	found = dma_get_stats(dev, st);
	mutex_unlock(&device_mutex);
	return found;
}

/* --- the list ----------------------------------------------------------- */

/* A hash, because names of slots differ only in their last characters. */
static uint32_t hash_of(const char *name)
{
	uint32_t hash = 0;

	for (; *name; name++) {
		hash = hash * 31 + (uint8_t)*name;
	}
	return hash;
}

static struct device *find_locked(const char *name)
{
	uint32_t hash = hash_of(name);
	struct device *dev;

	list_for_each(dev, &devices, node) {
		if (dev->hash == hash && strcmp(dev->name, name) == 0) {
			return dev;
		}
	}
	return NULL;
}

int device_list_locked(struct device *dev)
{
	if (find_locked(dev->name)) {
		return -ERR_EXIST;
	}
	dev->refs = 1;
	dev->hash = hash_of(dev->name);
	dev->state = DEVICE_UNBOUND;
	if (!dev->driver) {
		dev->driver = driver_for(dev);
	}
	list_append(&devices, &dev->node);
	return 0;
}

void device_list_lock(void)
{
	mutex_lock(&device_mutex);
}

void device_list_unlock(void)
{
	mutex_unlock(&device_mutex);
}

int device_add_locked(struct device *dev)
{
	int err;

	mutex_assert_held(&device_mutex);
	err = device_list_locked(dev);
	if (err == 0) {
		/* It is listed even without a driver, or if probe() fails. */
		(void)bind_locked(dev);
	}
	return err;
}

int device_remove_locked(struct device *dev)
{
	int err = 0;

	mutex_assert_held(&device_mutex);
	if (dev->state == DEVICE_BOUND) {
		err = unbind_locked(dev);
	}
	if (err == 0) {
		list_remove(&dev->node);
		device_put_locked(dev);
	}
	return err;
}

struct device *device_get(const char *name)
{
	struct device *dev;

	mutex_lock(&device_mutex);
	dev = find_locked(name);
	if (dev) {
		dev->refs++;
	}
	mutex_unlock(&device_mutex);
	return dev;
}

struct device *device_get_nth(unsigned int n)
{
	struct device *dev, *found = NULL;

	mutex_lock(&device_mutex);
	list_for_each(dev, &devices, node) {
		if (n-- == 0) {
			dev->refs++;
			found = dev;
			break;
		}
	}
	mutex_unlock(&device_mutex);
	return found;
}

void device_put(struct device *dev)
{
	mutex_lock(&device_mutex);
	device_put_locked(dev);
	mutex_unlock(&device_mutex);
}
