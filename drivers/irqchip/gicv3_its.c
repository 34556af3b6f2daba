/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt translation service of a GICv3 (IHI0069 5.2, 5.3): turns a device's
 * write of an event number into an LPI. For devices of the host; guests have no
 * ITS.
 *
 * Commands go through a queue in memory. Each batch is waited for, with a time
 * limit, before the next. Nothing is set up before a device needs an interrupt.
 */
#include <arch/cpu.h>
#include <arch/mmio.h>
#include <arch/mmu.h>
#include <core/device.h>
#include <core/heap.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/msi.h>
#include <core/page.h>
#include <core/percpu.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <libs/error.h>
#include <string.h>

#include "gicv3_priv.h"

/* 12.19 */
#define GITS_CTLR 0x0000
#define GITS_TYPER 0x0008
#define GITS_CBASER 0x0080
#define GITS_CWRITER 0x0088
#define GITS_CREADR 0x0090
#define GITS_BASER 0x0100
#define GITS_TRANSLATER 0x10040
#define CTLR_ENABLED BIT(0)
#define CTLR_QUIESCENT BIT(31)
#define TYPER_ITT_ENTRY(t) (FIELD(t, 7, 4) + 1)
#define TYPER_EVENT_BITS(t) (FIELD(t, 12, 8) + 1)
#define TYPER_DEVICE_BITS(t) (FIELD(t, 17, 13) + 1)
#define TYPER_PTA BIT(19)
#define CREADR_STALLED BIT(0)

#define BASERS 8
#define BASER_TYPE(b) FIELD(b, 58, 56)
#define BASER_ENTRY(b) (FIELD(b, 52, 48) + 1)
#define BASER_PAGE_SHIFT 8
#define BASER_PAGE(b) FIELD(b, 9, 8)
#define BASER_PAGES_MAX 256
#define TYPE_DEVICES 1
#define TYPE_COLLECTIONS 4

#define VALID BIT(63)
#define INNER_WB (UINT64_C(7) << 59)
#define INNER_NC (UINT64_C(1) << 59)
#define INNER_SHAREABLE (UINT64_C(1) << 10)
#define SHAREABILITY GENMASK(11, 10)

/* 5.3: commands. */
enum {
	CMD_MOVI = 0x01,
	CMD_SYNC = 0x05,
	CMD_MAPD = 0x08,
	CMD_MAPC = 0x09,
	CMD_MAPTI = 0x0a,
	CMD_INV = 0x0c,
	CMD_INVALL = 0x0d,
	CMD_DISCARD = 0x0f,
};
#define CMD_SIZE 32
#define QUEUE_BYTES PAGE_SIZE
#define WAIT_US 10000

#define DEVICE_BITS 16 /* most bits of a requester ID */
#define EVENT_BITS 5   /* of one device */
#define EVENTS (1U << EVENT_BITS)
#define ITT_ALIGN_ORDER 0
_Static_assert(EVENTS * 16 <= PAGE_SIZE, "a device's table is one page");

struct its_device {
	struct list node;
	uint32_t id;   /* [I] */
	paddr_t itt;   /* [I] */
	uint32_t used; /* events, a bit for each */
};

/* [I] immutable once set up, [L] lock; the rest is protected by the callers of
 * msi.h, who come one at a time. */
static struct {
	struct msi_controller mc;
	volatile uint8_t *regs;
	uint64_t pa;
	int ready; /* 1: set up; negative: that failed */
	bool flush;
	uint64_t typer;
	struct spinlock lock;
	uint8_t *queue;
	uint64_t at; /* [L] offset of the next command */
	bool dead;   /* [L] it does not answer */
	struct list devices;
	struct {
		uint32_t device, event, cpu; /* [L] */
		bool used;
	} lpis[GICV3_LPIS];
} its = { .lock = SPINLOCK_INIT(LOCK_DRIVER) };

/* --- commands ------------------------------------------------------------- */

static void put_command(uint64_t w0, uint64_t w1, uint64_t w2)
{
	uint64_t *cmd = (uint64_t *)(its.queue + its.at);

	assert_held(&its.lock);
	cmd[0] = w0;
	cmd[1] = w1;
	cmd[2] = w2;
	cmd[3] = 0;
	if (its.flush) {
		arch_cache_clean_inval(cmd, CMD_SIZE);
	}
	its.at = (its.at + CMD_SIZE) % QUEUE_BYTES;
}

/* Run the commands in the queue, until it is empty. -ERR_TIMEOUT. */
static int run_commands(void)
{
	assert_held(&its.lock);
	if (its.dead) {
		return -ERR_IO;
	}
	arch_dma_wmb();
	mmio_write64(its.regs + GITS_CWRITER, its.at);
	for (unsigned int us = 0; us < WAIT_US; us++) {
		uint64_t done = mmio_read64(its.regs + GITS_CREADR);

		if (done & CREADR_STALLED) {
			break;
		}
		if (done == its.at) {
			return 0;
		}
		delay_us(1);
	}
	its.dead = true;
	log_err("gic: the ITS does not execute its commands; no more "
		"message-signalled interrupts");
	return -ERR_IO;
}

/* How commands name a redistributor (5.3.1). */
static uint64_t target_of(unsigned int cpu)
{
	uint64_t pa;
	volatile uint8_t *rd = gicv3_redistributor(cpu, &pa);

	return its.typer & TYPER_PTA ? pa
				     : FIELD(mmio_read64(rd + 8), 23, 8) << 16;
}

static void put_sync(unsigned int cpu)
{
	put_command(CMD_SYNC, 0, target_of(cpu));
}

/* Run a command on an event of a device, and make its effects visible. */
static int event_command(unsigned int cmd, unsigned int lpi, uint64_t w1,
			 uint64_t w2)
{
	unsigned long flags = spin_lock_irqsave(&its.lock);
	int err;

	put_command(cmd | (uint64_t)its.lpis[lpi].device << 32,
		    its.lpis[lpi].event | w1, w2);
	put_sync(its.lpis[lpi].cpu);
	err = run_commands();
	spin_unlock_irqrestore(&its.lock, flags);
	return err;
}

/*
 * As event_command(), for callers that cannot fail: an error has been logged.
 */
static void try_event(unsigned int cmd, unsigned int lpi, uint64_t w1,
		      uint64_t w2)
{
	int err = event_command(cmd, lpi, w1, w2);

	(void)err;
}

void gicv3_its_enable(unsigned int lpi, bool enabled)
{
	gicv3_lpi_configure(lpi, enabled);
	try_event(CMD_INV, lpi, 0, 0);
}

void gicv3_its_set_affinity(unsigned int lpi, unsigned int cpu)
{
	if (its.lpis[lpi].cpu != cpu) {
		try_event(CMD_MOVI, lpi, 0, cpu);
		its.lpis[lpi].cpu = cpu;
	}
}

/* --- set-up --------------------------------------------------------------- */

static unsigned int order_of(uint64_t bytes)
{
	unsigned int order = 0;

	while ((PAGE_SIZE << order) < bytes) {
		order++;
	}
	return order;
}

/* The page size of a table, 4, 16 or 64 KiB, which the ITS may have chosen. */
static uint64_t baser_page(volatile uint8_t *reg, uint64_t bytes)
{
	uint64_t val = bytes <= BASER_PAGES_MAX * KIB(4) ? 0 : 2;

	mmio_write64(reg, val << BASER_PAGE_SHIFT);
	return KIB(4) << 2 * BASER_PAGE(mmio_read64(reg));
}

/* A table of n entries, flat. */
static int set_table(volatile uint8_t *reg, uint64_t n)
{
	uint64_t was = mmio_read64(reg);
	uint64_t bytes = n * BASER_ENTRY(was);
	uint64_t page = baser_page(reg, bytes), val;
	uint64_t pages =
		MIN(DIV_ROUND_UP(bytes, page), UINT64_C(BASER_PAGES_MAX));
	unsigned int order = order_of(pages * page);
	paddr_t pa;
	int err = page_alloc_zeroed(&pa, order, PAGE_ANY_COLOUR);

	if (err) {
		return err;
	}
	arch_cache_clean_inval(arch_phys_to_virt(pa), PAGE_SIZE << order);
	val = VALID | pa.v | (pages - 1) | (mmio_read64(reg) & GENMASK(9, 8)) |
	      INNER_WB | INNER_SHAREABLE;
	mmio_write64(reg, val);
	if ((mmio_read64(reg) & SHAREABILITY) != INNER_SHAREABLE) {
		val = (val & ~(INNER_WB | SHAREABILITY)) | INNER_NC;
		mmio_write64(reg, val);
	}
	return (mmio_read64(reg) ^ val) & (VALID | 0xff) ? -ERR_IO : 0;
}

static int set_tables(void)
{
	unsigned int bits = MIN((unsigned int)TYPER_DEVICE_BITS(its.typer),
				(unsigned int)DEVICE_BITS);
	int err = 0;

	for (unsigned int i = 0; !err && i < BASERS; i++) {
		volatile uint8_t *reg = its.regs + GITS_BASER + 8 * i;

		switch (BASER_TYPE(mmio_read64(reg))) {
		case TYPE_DEVICES:
			err = set_table(reg, BIT(bits));
			break;
		case TYPE_COLLECTIONS:
			err = set_table(reg, cpu_count);
			break;
		default:
			break;
		}
	}
	return err;
}

static int set_queue(void)
{
	volatile uint8_t *reg = its.regs + GITS_CBASER;
	uint64_t val;
	paddr_t pa;
	int err = page_alloc_zeroed(&pa, 0, PAGE_ANY_COLOUR);

	if (err) {
		return err;
	}
	its.queue = arch_phys_to_virt(pa);
	arch_cache_clean_inval(its.queue, QUEUE_BYTES);
	val = VALID | pa.v | INNER_WB | INNER_SHAREABLE;
	mmio_write64(reg, val);
	if ((mmio_read64(reg) & SHAREABILITY) != INNER_SHAREABLE) {
		its.flush = true;
		val = (val & ~(INNER_WB | SHAREABILITY)) | INNER_NC;
		mmio_write64(reg, val);
	}
	mmio_write64(its.regs + GITS_CWRITER, 0);
	return 0;
}

static int quiesce(void)
{
	uint32_t ctlr = mmio_read32(its.regs + GITS_CTLR);

	mmio_write32(its.regs + GITS_CTLR, ctlr & ~(uint32_t)CTLR_ENABLED);
	for (unsigned int us = 0; us < WAIT_US; us++) {
		if (mmio_read32(its.regs + GITS_CTLR) & CTLR_QUIESCENT) {
			return 0;
		}
		delay_us(1);
	}
	return -ERR_IO;
}

/* Map a collection for each CPU, numbered as the CPU. */
static int map_cpus(void)
{
	int err = 0;

	for (unsigned int cpu = 0; !err && cpu < cpu_count; cpu++) {
		unsigned long flags;

		if (!cpu_online(cpu)) {
			continue;
		}
		flags = spin_lock_irqsave(&its.lock);
		put_command(CMD_MAPC, 0, VALID | target_of(cpu) | cpu);
		put_command(CMD_INVALL, 0, cpu);
		put_sync(cpu);
		err = run_commands();
		spin_unlock_irqrestore(&its.lock, flags);
	}
	return err;
}

static int set_up(void)
{
	int err = gicv3_first_lpi() ? gicv3_lpi_init() : -ERR_NOSUPP;

	if (!err) {
		err = quiesce();
	}
	if (!err) {
		err = set_tables();
	}
	if (!err) {
		err = set_queue();
	}
	if (err) {
		return err;
	}
	mmio_write32(its.regs + GITS_CTLR, (uint32_t)CTLR_ENABLED);
	return map_cpus();
}

/* --- devices and their events --------------------------------------------- */

static int map_device(const struct its_device *d)
{
	unsigned long flags = spin_lock_irqsave(&its.lock);
	int err;

	put_command(CMD_MAPD | (uint64_t)d->id << 32, EVENT_BITS - 1,
		    VALID | d->itt.v);
	put_sync(cpu_id());
	err = run_commands();
	spin_unlock_irqrestore(&its.lock, flags);
	return err;
}

static int device_new(uint32_t id, struct its_device **out)
{
	struct its_device *d = heap_alloc(sizeof(*d));
	int err;

	if (!d) {
		return -ERR_NOMEM;
	}
	d->id = id;
	err = page_alloc_zeroed(&d->itt, 0, PAGE_ANY_COLOUR);
	if (!err) {
		arch_cache_clean_inval(arch_phys_to_virt(d->itt), PAGE_SIZE);
		err = map_device(d);
		if (err) {
			page_free(d->itt, 0);
		}
	}
	if (err) {
		heap_free(d);
		return err;
	}
	list_append(&its.devices, &d->node);
	*out = d;
	return 0;
}

/* A device's table is kept when it has no interrupts any more, because it may
 * ask again. */
static int device_find(uint32_t id, struct its_device **out)
{
	struct its_device *d;

	list_for_each(d, &its.devices, node) {
		if (d->id == id) {
			*out = d;
			return 0;
		}
	}
	if (id >> MIN(TYPER_DEVICE_BITS(its.typer), UINT64_C(DEVICE_BITS))) {
		return -ERR_RANGE;
	}
	return device_new(id, out);
}

/* Find n free events in a row, the first a multiple of n, because MSI changes
 * the low bits. */
static int find_events(const struct its_device *d, unsigned int n)
{
	uint32_t mask = n == 32 ? ~0U : (1U << n) - 1;

	for (unsigned int at = 0; at + n <= EVENTS; at += n) {
		if ((d->used & mask << at) == 0) {
			return (int)at;
		}
	}
	return -ERR_NOSPC;
}

static int find_lpis(unsigned int n)
{
	unsigned int run = 0;

	for (unsigned int i = 0; i < GICV3_LPIS; i++) {
		run = its.lpis[i].used ? 0 : run + 1;
		if (run == n) {
			return (int)(i + 1 - n);
		}
	}
	return -ERR_NOSPC;
}

static int map_event(struct its_device *d, unsigned int event, unsigned int lpi)
{
	its.lpis[lpi].device = d->id;
	its.lpis[lpi].event = event;
	its.lpis[lpi].cpu = cpu_id();
	its.lpis[lpi].used = true;
	d->used |= 1U << event;
	gicv3_lpi_configure(lpi, false);
	return event_command(CMD_MAPTI, lpi,
			     (uint64_t)(GICV3_FIRST_LPI + lpi) << 32,
			     its.lpis[lpi].cpu);
}

static void unmap_events(struct its_device *d, unsigned int lpi, unsigned int n)
{
	for (unsigned int i = lpi; i < lpi + n; i++) {
		try_event(CMD_DISCARD, i, 0, 0);
		d->used &= ~(1U << its.lpis[i].event);
		its.lpis[i].used = false;
	}
}

static int its_alloc(struct msi_controller *mc, uint32_t device, unsigned int n,
		     struct msi *out)
{
	struct its_device *d;
	int event, lpi, err;

	(void)mc;
	if (its.ready == 0) {
		err = set_up();
		its.ready = err ? err : 1;
		if (err) {
			log_warn("gic: the ITS cannot be used: %s",
				 err_str(err));
		}
	}
	if (its.ready < 0) {
		return its.ready;
	}
	err = device_find(device, &d);
	if (err) {
		return err;
	}
	event = find_events(d, n);
	lpi = find_lpis(n);
	if (event < 0 || lpi < 0) {
		return -ERR_NOSPC;
	}
	for (unsigned int i = 0; i < n; i++) {
		err = map_event(d, (unsigned int)event + i,
				(unsigned int)lpi + i);
		if (err) {
			unmap_events(d, (unsigned int)lpi, i + 1);
			return err;
		}
	}
	*out = (struct msi){
		.address = its.pa + GITS_TRANSLATER,
		.data = (uint32_t)event,
		.irq = gicv3_first_lpi() + (unsigned int)lpi,
	};
	return 0;
}

static void its_free(struct msi_controller *mc, uint32_t device, unsigned int n,
		     const struct msi *msi)
{
	struct its_device *d;

	(void)mc;
	if (device_find(device, &d) == 0) {
		unmap_events(d, msi->irq - gicv3_first_lpi(), n);
	}
}

static int its_probe(struct device *dev)
{
	volatile void *regs;
	uint64_t size, typer;
	paddr_t base;
	int err;

	if (its.regs) {
		return -ERR_NOSUPP; /* one is used */
	}
	err = device_map(dev, 0, &regs, &size);
	if (err) {
		return err;
	}
	err = dt_reg(dev->dt, 0, &base, &size);
	if (err) {
		return err;
	}
	typer = mmio_read64((volatile uint8_t *)regs + GITS_TYPER);
	if (TYPER_EVENT_BITS(typer) < EVENT_BITS ||
	    TYPER_ITT_ENTRY(typer) * EVENTS > PAGE_SIZE) {
		return -ERR_NOSUPP;
	}
	its.regs = regs;
	its.pa = base.v;
	its.typer = typer;
	list_init(&its.devices);
	its.mc = (struct msi_controller){
		.dt = dev->dt,
		.alloc = its_alloc,
		.free = its_free,
	};
	msi_add(&its.mc);
	return 0;
}

static const char *const its_compatible[] = { "arm,gic-v3-its", NULL };
static const struct driver its_driver = {
	.name = "gicv3-its",
	.class = DEVICE_IRQCHIP,
	.compatible = its_compatible,
	.probe = its_probe,
};
DRIVER(its_driver);
