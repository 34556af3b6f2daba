/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI Express functions of the host, and what their drivers need: registers,
 * configuration space, capabilities, interrupts. docs/design/pci.md.
 *
 * A driver has `.bus = &pci_bus` and in `.ids` a table of struct pci_id; its
 * probe() gets &p->dev of a struct pci_device, which is made by the driver of a
 * host bridge (pci_host_add()).
 */
#ifndef CORE_PCI_H
#define CORE_PCI_H

#include <core/device.h>
#include <core/irq.h>
#include <libs/list.h>
#include <libs/types.h>

struct msi_controller;
struct pci_host;

#define PCI_BARS 6
#define PCI_VECTORS_MAX DEVICE_MAX_IRQS /* of one function */

/* Configuration space (PCI Express Base Specification 7.5.1). */
#define PCI_VENDOR_ID 0x00
#define PCI_DEVICE_ID 0x02
#define PCI_COMMAND 0x04
#define PCI_COMMAND_IO BIT(0)
#define PCI_COMMAND_MEMORY BIT(1)
#define PCI_COMMAND_MASTER BIT(2)
#define PCI_COMMAND_INTX_DISABLE BIT(10)
#define PCI_STATUS 0x06
#define PCI_STATUS_INTX BIT(3)
#define PCI_STATUS_CAPABILITIES BIT(4)
#define PCI_CLASS_REVISION 0x08
#define PCI_HEADER_TYPE 0x0e
#define PCI_BAR(n) (0x10 + 4 * (n))
#define PCI_SUBSYSTEM_VENDOR 0x2c
#define PCI_SUBSYSTEM_ID 0x2e
#define PCI_CAPABILITIES 0x34
#define PCI_INTERRUPT_PIN 0x3d

#define PCI_CAP_POWER 0x01
#define PCI_CAP_MSI 0x05
#define PCI_CAP_VENDOR 0x09
#define PCI_CAP_EXPRESS 0x10
#define PCI_CAP_MSIX 0x11

/*
 * The functions that a driver serves; a table ends with a row of zeroes.
 * PCI_ANY stands for any vendor or device; class codes must agree in the bits
 * of the mask. The more fields are given, the better the match.
 */
#define PCI_ANY 0xffff
struct pci_id {
	uint16_t vendor, device;
	uint32_t class, class_mask; /* 24 bits: class, subclass, interface */
};

/* Address spaces of a bus. */
enum pci_space {
	PCI_IO,
	PCI_MEM,  /* 32-bit addresses, reads may have effects */
	PCI_PREF, /* prefetchable, 64-bit addresses where possible */
	PCI_SPACES
};

struct pci_bar {
	uint64_t size; /* 0: not there */
	uint64_t addr; /* on the bus */
	uint8_t space; /* enum pci_space */
	bool is_64;    /* takes two registers */
	bool prefetchable;
	bool assigned; /* has a place: `addr` counts */
};

/* How a function signals interrupts. */
enum pci_irq_mode { PCI_IRQ_NONE, PCI_IRQ_INTX, PCI_IRQ_MSI, PCI_IRQ_MSIX };

/* A function. [I] immutable once listed, [D] its driver's. */
struct pci_device {
	struct device dev;
	struct pci_host *host;     /* [I] */
	struct pci_device *bridge; /* [I] above it; NULL: the host bridge */
	struct list node;          /* [I] of the host's */
	uint16_t rid;              /* [I] bus << 8 | device << 3 | function */
	uint16_t vendor, device;   /* [I] */
	uint16_t subsystem_vendor, subsystem; /* [I] */
	uint32_t class;                       /* [I] 24 bits */
	uint8_t revision;                     /* [I] */
	uint8_t header;                       /* [I] 0: function, 1: bridge */
	uint8_t pin;                          /* [I] INTx: 1 to 4, or 0 */
	uint8_t secondary, subordinate;       /* [I] of a bridge: its buses */
	struct pci_bar bars[PCI_BARS];        /* [I] */
	uint64_t window_base[PCI_SPACES];     /* [I] of a bridge, on the bus */
	uint64_t window_size[PCI_SPACES];     /* [I] */
	uint64_t window_align[PCI_SPACES];    /* [I] */
	bool pref_64;               /* [I] of a bridge: takes 64 bits */
	enum pci_irq_mode irq_mode; /* [D] */
	unsigned int nvectors;      /* [D] */
	volatile uint8_t *msix;     /* [D] its table */
	struct pci_vector {
		unsigned int irq;
		irq_handler_t fn; /* NULL: not requested */
		void *arg;
		bool enabled;
	} vectors[PCI_VECTORS_MAX]; /* [D] */
	struct pci_intx *intx;      /* [D] the line it shares, or NULL */
};

extern const struct device_bus pci_bus;

/* The function that a device of the bus is. */
static inline struct pci_device *pci_device(struct device *dev)
{
	return container_of(dev, struct pci_device, dev);
}

/*
 * Configuration space, naturally aligned, below 4096. Registers that do not
 * exist read as ones, as do all registers of a function that has vanished. Any
 * context.
 */
uint8_t pci_read8(struct pci_device *p, unsigned int off);
uint16_t pci_read16(struct pci_device *p, unsigned int off);
uint32_t pci_read32(struct pci_device *p, unsigned int off);
void pci_write8(struct pci_device *p, unsigned int off, uint8_t val);
void pci_write16(struct pci_device *p, unsigned int off, uint16_t val);
void pci_write32(struct pci_device *p, unsigned int off, uint32_t val);

/* Does the function still answer? Any context. */
bool pci_present(struct pci_device *p);

/*
 * The offset of the first capability `id` after `from` (0: from the start), or
 * 0. A list that loops is cut short. Any context.
 */
unsigned int pci_find_capability(struct pci_device *p, uint8_t id,
				 unsigned int from);

/* In the context of probe(): wake the function, and enable its BARs and bus
 * mastering. Undone automatically when the driver is removed. -ERR_IO: it does
 * not answer. */
int __must_check pci_enable(struct pci_device *p);

/* In the context of probe(), after pci_enable(): map a BAR (*size: its bytes,
 * may be NULL); also an I/O BAR, whose ports are memory on such a bridge.
 * Undone automatically when the driver is removed. -ERR_NOENT: the function has
 * no such BAR; -ERR_NOSPC; -ERR_NOMEM. */
int __must_check pci_map_bar(struct pci_device *p, unsigned int n,
			     volatile void **regs, uint64_t *size);

/*
 * For probe(): allocate up to `want` interrupts, at most PCI_VECTORS_MAX:
 * MSI-X, else MSI, else the one INTx. *got is their number, at least 1.
 * -ERR_NOSUPP: there are none. Then request each vector 0 .. *got - 1 with its
 * handler, not enabled yet. All are freed automatically when the driver is
 * removed, or by pci_irq_free(). Thread or boot context.
 */
int __must_check pci_irq_alloc(struct pci_device *p, unsigned int want,
			       unsigned int *got);
int __must_check pci_irq_request(struct pci_device *p, unsigned int vector,
				 irq_handler_t fn, void *arg);
void pci_irq_free(struct pci_device *p);
/* Enable or disable a vector. Use these, not irq_enable(), because INTx lines
 * are shared. Disabling does not wait for a running handler. Any context. */
void pci_irq_enable(struct pci_device *p, unsigned int vector);
void pci_irq_disable(struct pci_device *p, unsigned int vector);

/* --- for drivers of host bridges ----------------------------------------- */

/* A window of the host bridge: bus addresses that the CPUs reach. */
struct pci_window {
	uint64_t bus, size; /* size 0: none */
	paddr_t cpu;
};

struct pci_host_ops {
	/* Make a bus's configuration space reachable. -ERR_NOMEM. Thread or
	 * boot context. */
	int (*open)(struct pci_host *h, uint8_t bus);
	/*
	 * Read 1, 2 or 4 bytes of a function's configuration space, naturally
	 * aligned; all ones if nothing answers. Any context, after the bus was
	 * opened.
	 */
	uint32_t (*read)(struct pci_host *h, uint16_t rid, unsigned int off,
			 unsigned int size);
	void (*write)(struct pci_host *h, uint16_t rid, unsigned int off,
		      unsigned int size, uint32_t val);
};

/* [I] immutable once added. The host bridge's driver embeds it. */
struct pci_host {
	struct device *dev;
	const struct pci_host_ops *ops;
	uint32_t domain;
	uint8_t first_bus, last_bus;
	bool probe_only; /* leave addresses as the firmware set them */
	struct pci_window windows[PCI_SPACES]; /* PCI_MEM: below 4 GiB */
	struct dt_dma dma;                     /* pci_host_add()'s */
	struct list functions;                 /* struct pci_device */
};

/*
 * For probe() of a host bridge, whose fields before `functions` are filled in:
 * find the functions on its buses, assign addresses to BARs and bridges,
 * register the functions as devices and let drivers probe them. One that cannot
 * be registered is logged and left out. Removing unbinds and unregisters all
 * functions. Context of probe() and remove().
 */
void pci_host_add(struct pci_host *h);
void pci_host_remove(struct pci_host *h);

#endif
