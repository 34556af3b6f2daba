/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's devices and the drivers that serve them. A device is made for
 * each node of the host tree that has a driver, or by the driver of a bus for
 * what it finds there. docs/design/devices.md.
 */
#ifndef CORE_DEVICE_H
#define CORE_DEVICE_H

#include <core/dt.h>
#include <core/irq.h>
#include <libs/list.h>
#include <libs/registry.h>

struct device;
struct device_fact;
struct dma_pool;
struct dma_stats;
struct driver;

#define DEVICE_NAME_MAX 32 /* with its terminator */
#define DEVICE_EMPTY 1     /* of driver.probe() */
#define DEVICE_MAX_IRQS 8  /* requested at the same time */

/*
 * The kind of device. Drivers of the tree's devices are probed in this order.
 */
enum device_class {
	DEVICE_IRQCHIP,
	DEVICE_TIMER,
	DEVICE_SERIAL,
	DEVICE_IOMMU,
	DEVICE_BUS,
	DEVICE_RTC,
	DEVICE_ENTROPY,
	DEVICE_WATCHDOG,
	DEVICE_BLOCK,
	DEVICE_NET,
	DEVICE_OTHER,
	DEVICE_CLASSES
};
/* Pure. */
const char *device_class_name(enum device_class class);

enum device_state {
	DEVICE_UNBOUND,  /* not probed, or removed from its driver */
	DEVICE_DEFERRED, /* what it needs is not there yet */
	DEVICE_BOUND,
	DEVICE_FAILED, /* `error` says why */
};
/* Pure. */
const char *device_state_name(enum device_state state);

enum device_owner {
	DEVICE_OF_HYPERVISOR, /* which may bind a driver */
	DEVICE_OF_NOBODY,     /* given up by a person */
};
/* Pure. */
const char *device_owner_name(enum device_owner owner);

/* Where devices are found: the host tree, or a bus such as PCI. */
struct device_bus {
	const char *name;
	/* How well `drv` matches: 0 for not at all; higher is better. */
	unsigned int (*match)(const struct device *dev,
			      const struct driver *drv);
	/*
	 * The driver has been removed, or its probe has failed: release what
	 * the bus allocated for the device. Called before its interrupts are
	 * released. NULL: nothing to do.
	 */
	void (*unbound)(struct device *dev);
	/* Line n of the bus's information on the device, for listings; false
	 * past the last. NULL: there is none. Thread context. */
	bool (*describe)(const struct device *dev, unsigned int n,
			 struct device_fact *out);
};

struct device_fact {
	char name[24], value[96];
};
extern const struct device_bus device_tree_bus;

struct driver {
	const char *name;
	enum device_class class;
	const struct device_bus *bus; /* NULL: device_tree_bus */
	/* The host tree's compatibles, NULL-terminated, or what the bus wants
	 * to match. */
	const char *const *compatible;
	const void *ids;
	/*
	 * Boot or thread context. On an error nothing of the driver's may
	 * remain; the caller releases what device_map(), device_map_range()
	 * and device_irq_request() returned. -ERR_DEFER: try again when other
	 * devices are there; -ERR_NOSUPP: the driver does not serve this
	 * device, which is not logged; DEVICE_EMPTY: nothing is there (an empty
	 * slot); at boot the device is then removed from the list.
	 */
	int (*probe)(struct device *dev);
	/* The reverse. When it returns, nothing of the device is in use any
	 * more, its registers included. NULL: the driver cannot be removed.
	 * Thread context. */
	void (*remove)(struct device *dev);
};
#define DRIVER(ident) REGISTRY_ADD(driver, struct driver, ident)
REGISTRY_DECLARE(driver);

/*
 * [I] immutable once listed, [D] the list's lock, [O] the driver's own. The
 * list holds a reference, and so does whoever looked it up.
 */
struct device {
	struct list node;                   /* [D] */
	uint32_t refs;                      /* [D] */
	uint32_t hash;                      /* [I] of the name */
	char name[DEVICE_NAME_MAX];         /* [I] of the node, or the bus's */
	const struct device_bus *bus;       /* [I] */
	struct device *parent;              /* [I] the bus it is on; NULL */
	dt_node_t dt;                       /* [I] its node, or -1 */
	const struct driver *driver;        /* [D] bound to, or what failed */
	enum device_state state;            /* [D] */
	int error;                          /* [D] of the last probe */
	const char *user;                   /* [D] who needs it; NULL: none */
	enum device_owner owner;            /* [D] */
	struct dt_dma dma;                  /* [I] see device_dma() */
	bool dma_unread;                    /* [D] not read from the tree yet */
	struct dma_pool *dma_pool;          /* [O] core/dma.h; or NULL */
	unsigned int irqs[DEVICE_MAX_IRQS]; /* [O] requested ones */
	unsigned int nirqs;                 /* [O] */
	void *priv;                         /* [O] */
	void (*release)(struct device *dev); /* [I] bus: frees it; NULL */
};

/*
 * Boot: make a device for each available node of the host tree that a driver
 * names, once the heap is there. Two drivers for one compatible panic.
 */
void device_discover(void);
/* Probe all devices of the class that have no driver yet, then those of any
 * class that waited for them. Returns the number bound of that class. */
unsigned int device_probe(enum device_class class);
/* At the end of the boot: log each device that still waits. */
void device_report_deferred(void);

/*
 * For the driver of a bus: list a device, filled in (name, bus, parent, dt,
 * dma, release) and zero elsewhere, and probe it. -ERR_EXIST: its name is
 * taken. Removing unbinds and unlists it; -ERR_BUSY while it, or what is on it,
 * has a user, so that a bus's remove() finds none. From the bus's probe() or
 * remove(), or between device_list_lock() and device_list_unlock(), which a bus
 * calls whose devices come and go, in thread context.
 */
int __must_check device_add_locked(struct device *dev);
int __must_check device_remove_locked(struct device *dev);
void device_list_lock(void);
void device_list_unlock(void);

/* For the operator: remove the driver, or let drivers probe the device again.
 * -ERR_BUSY: it has a user, is bound already, or is not the hypervisor's;
 * -ERR_NOSUPP: its driver cannot be removed; bind: the probe's error. Thread
 * context. */
int __must_check device_unbind(struct device *dev);
int __must_check device_bind(struct device *dev);
/* No driver is bound to a device that is not the hypervisor's. -ERR_BUSY: one
 * is bound now. Thread context. */
int __must_check device_set_owner(struct device *dev, enum device_owner owner);

/* Set the device's user, which must release it before the driver can be
 * removed; NULL: no user any more. Thread context. */
void device_set_user(struct device *dev, const char *user);

/* Its bounce buffers (core/dma.h); false: it needs none. Thread context. */
bool device_get_dma_stats(struct device *dev, struct dma_stats *st);

/* By name, or number n in the order of the list; NULL past the last. A
 * counted reference. Thread context. */
struct device *device_get(const char *name);
struct device *device_get_nth(unsigned int n);
void device_put(struct device *dev);

/* How it reaches memory: dev->dma, of a node of the tree once this was asked,
 * or dma_init() called. Boot or thread context. */
const struct dt_dma *device_dma(struct device *dev);

/* In the context of probe(): map registers `index` of the node; *size in bytes,
 * may be NULL. dt_reg()'s errors, and those of device_map_range(). */
int __must_check device_map(struct device *dev, unsigned int index,
			    volatile void **regs, uint64_t *size);
/*
 * In the context of probe(): map registers whose address is known otherwise, of
 * `size` bytes. The device keeps a record; they are unmapped when the probe
 * fails, or after the driver's remove(). May be called again for the same
 * registers, or a part. -ERR_NOMEM, also if the range is partly RAM.
 */
int __must_check device_map_range(struct device *dev, paddr_t base,
				  uint64_t size, volatile void **regs);
/* Range n of those that are mapped, the last one mapped first; false past the
 * last. Thread context. */
bool device_get_registers(const struct device *dev, unsigned int n,
			  paddr_t *base, uint64_t *size);
/* In the context of probe(): request interrupt `index` of the node for `fn`,
 * not enabled; *irq is its number. Released automatically when the driver is
 * removed. irq_of_node()'s and irq_request()'s errors. */
int __must_check device_irq_request(struct device *dev, unsigned int index,
				    irq_handler_t fn, void *arg,
				    unsigned int *irq);

#endif
