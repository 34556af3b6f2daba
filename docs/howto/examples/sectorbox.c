/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver of a made-up disk controller, for docs/howto/add-a-host-driver.md: one
 * command at a time, of one segment, by DMA. Data sheet: "Acme Sector Box", and
 * its sections are made up as well.
 *
 * Lock: box.lock (LOCK_DRIVER). Requests end, and the timer is set, without it.
 */
#include <arch/cpu.h>
#include <arch/mmio.h>
#include <core/blockdev.h>
#include <core/device.h>
#include <core/dma.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <libs/error.h>
#include <stdio.h>

/* 2.1: registers. */
#define BOX_ID 0x00
#define BOX_SECTORS 0x04
#define BOX_SECTOR 0x08
#define BOX_COUNT 0x0c
#define BOX_ADDRESS 0x10 /* 32 bits */
#define BOX_COMMAND 0x14
#define BOX_STATUS 0x18 /* a level; bits are cleared by writing them */
#define BOX_ENABLE 0x1c

#define ID_VALUE 0x5ec70b0c
#define COMMAND_READ 1
#define COMMAND_WRITE 2
#define COMMAND_RESET 3
#define STATUS_DONE BIT(0)
#define STATUS_ERROR BIT(1)

#define BOX_ADDRESS_BITS 32
#define BOX_SECTORS_MAX 128
#define BOX_LIMIT_MS 5000 /* 3.2: a command takes at most a second */
#define BOX_RESET_US 1000 /* 3.4: a reset takes 10 us */

/* [I] immutable once probed, [L] lock. */
struct box {
	struct blockdev bd;
	struct device *dev;     /* [I] */
	volatile uint8_t *regs; /* [I] */
	unsigned int irq;       /* [I] */
	struct spinlock lock;
	struct list waiting;       /* [L] requests */
	struct block_request *now; /* [L] its command runs; NULL: none */
	uint64_t addr;             /* [L] of its data */
	bool stopped;              /* [L] all requests fail */
	struct timer timer;        /* set for each command */
};

static uint32_t get(const struct box *b, unsigned int off)
{
	return mmio_read32(b->regs + off);
}

static void set(const struct box *b, unsigned int off, uint32_t v)
{
	mmio_write32(b->regs + off, v);
}

static enum dma_dir direction(const struct block_request *rq)
{
	return rq->op == BLOCK_READ ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
}

/* --- commands ------------------------------------------------------------- */

/* The next request that waits; true: its command runs, and is to be timed. */
static bool start_next(struct box *b)
{
	struct block_request *rq;

	assert_held(&b->lock);
	if (b->now || list_empty(&b->waiting)) {
		return false;
	}
	rq = list_first(&b->waiting, struct block_request, node);
	if (dma_map(b->dev, rq->segs, direction(rq), &b->addr)) {
		return false; /* no bounce buffer: never with one at a time */
	}
	list_remove(&rq->node);
	b->now = rq;
	set(b, BOX_SECTOR, (uint32_t)rq->sector);
	set(b, BOX_COUNT, (uint32_t)rq->nsectors);
	set(b, BOX_ADDRESS, (uint32_t)b->addr);
	arch_dma_wmb(); /* the data are in memory before the command */
	set(b, BOX_COMMAND,
	    rq->op == BLOCK_READ ? COMMAND_READ : COMMAND_WRITE);
	return true;
}

static void box_submit(struct blockdev *bd, struct block_request *rq)
{
	struct box *b = container_of(bd, struct box, bd);
	unsigned long flags = spin_lock_irqsave(&b->lock);
	bool stopped = b->stopped, started = false;

	if (!stopped) {
		list_append(&b->waiting, &rq->node);
		started = start_next(b);
	}
	spin_unlock_irqrestore(&b->lock, flags);
	if (stopped) {
		blockdev_done(rq, -ERR_IO);
	} else if (started) {
		timer_set(&b->timer, time_now() + ms_to_ticks(BOX_LIMIT_MS));
	}
}

/* End what runs, begin what waits. Lock held; it is released. */
static void finish(struct box *b, int result, unsigned long flags)
{
	struct block_request *rq = b->now;
	bool started;

	assert_held(&b->lock);
	arch_dma_rmb(); /* its data are read after its status */
	dma_unmap(b->dev, rq->segs, direction(rq), b->addr);
	b->now = NULL;
	started = start_next(b);
	spin_unlock_irqrestore(&b->lock, flags);
	if (started) {
		timer_set(&b->timer, time_now() + ms_to_ticks(BOX_LIMIT_MS));
	}
	blockdev_done(rq, result);
}

static void box_irq(unsigned int irq, void *arg)
{
	struct box *b = arg;
	unsigned long flags = spin_lock_irqsave(&b->lock);
	uint32_t status = get(b, BOX_STATUS);

	(void)irq;
	set(b, BOX_STATUS, status);
	if (b->now && (status & (STATUS_DONE | STATUS_ERROR))) {
		finish(b, status & STATUS_ERROR ? -ERR_IO : 0, flags);
		return;
	}
	spin_unlock_irqrestore(&b->lock, flags);
}

/* --- what does not answer ------------------------------------------------- */

/* 3.4: no memory is touched once the command register reads 0 again. */
static int reset(struct box *b)
{
	set(b, BOX_COMMAND, COMMAND_RESET);
	for (unsigned int us = 0; us < BOX_RESET_US; us += 10) {
		if (get(b, BOX_COMMAND) == 0) {
			set(b, BOX_STATUS, STATUS_DONE | STATUS_ERROR);
			return 0;
		}
		delay_us(10);
	}
	return -ERR_TIMEOUT;
}

static void box_timer(struct timer *t)
{
	struct box *b = container_of(t, struct box, timer);
	unsigned long flags = spin_lock_irqsave(&b->lock);

	if (!b->now) {
		spin_unlock_irqrestore(&b->lock, flags);
		return;
	}
	log_warn("%s: %s: a command does not end", b->dev->name, b->bd.name);
	if (reset(b) == 0) {
		finish(b, -ERR_TIMEOUT, flags);
		return;
	}
	/* It may still write to its memory, which nobody else gets: the request
	 * stays until somebody takes the driver away. */
	b->stopped = true;
	spin_unlock_irqrestore(&b->lock, flags);
	log_err("%s: it does not end its reset", b->dev->name);
}

/* --- life ----------------------------------------------------------------- */

static void box_release(struct blockdev *bd)
{
	heap_free(container_of(bd, struct box, bd));
}

static const struct blockdev_ops box_ops = {
	.submit = box_submit,
	.release = box_release,
};

static void describe(struct box *b)
{
	struct blockdev *bd = &b->bd;

	(void)snprintf(bd->name, sizeof(bd->name), "box0");
	bd->ops = &box_ops;
	bd->kind = "box";
	bd->device = b->dev;
	bd->nsectors = get(b, BOX_SECTORS);
	bd->block_size = BLOCK_SECTOR_SIZE;
	bd->physical_size = BLOCK_SECTOR_SIZE;
	bd->max_segments = 1;
	bd->max_sectors = BOX_SECTORS_MAX;
	bd->max_segment_size = BOX_SECTORS_MAX * BLOCK_SECTOR_SIZE;
}

/* No handler runs any more, and none will. */
static void stop(struct box *b)
{
	set(b, BOX_ENABLE, 0);
	irq_disable(b->irq);
	irq_synchronize();
	timer_cancel(&b->timer);
}

static int begin(struct box *b)
{
	int err = get(b, BOX_ID) == ID_VALUE ? reset(b) : -ERR_NOSUPP;

	if (err == 0) {
		err = dma_init(b->dev, BOX_ADDRESS_BITS);
	}
	if (err == 0) {
		err = device_irq_request(b->dev, 0, box_irq, b, &b->irq);
	}
	if (err) {
		return err;
	}
	describe(b);
	irq_enable(b->irq);
	set(b, BOX_ENABLE, STATUS_DONE | STATUS_ERROR);
	err = blockdev_add(&b->bd);
	if (err) {
		stop(b);
	}
	return err;
}

static int box_probe(struct device *dev)
{
	struct box *b = heap_alloc(sizeof(*b));
	volatile void *regs;
	int err;

	if (!b) {
		return -ERR_NOMEM;
	}
	b->dev = dev;
	spin_init(&b->lock, LOCK_DRIVER);
	list_init(&b->waiting);
	timer_init(&b->timer, box_timer);
	err = device_map(dev, 0, &regs, NULL);
	if (err == 0) {
		b->regs = regs;
		err = begin(b);
	}
	if (err) {
		heap_free(b);
		return err;
	}
	dev->priv = b;
	return 0;
}

/* The next that has not ended; NULL: none. No more come. */
static struct block_request *take_left(struct box *b)
{
	unsigned long flags = spin_lock_irqsave(&b->lock);
	struct block_request *rq = b->now;

	b->stopped = true;
	if (rq) {
		dma_unmap(b->dev, rq->segs, direction(rq), b->addr);
		b->now = NULL;
	} else if (!list_empty(&b->waiting)) {
		rq = list_first(&b->waiting, struct block_request, node);
		list_remove(&rq->node);
	}
	spin_unlock_irqrestore(&b->lock, flags);
	return rq;
}

/* The other way round: interrupts, then the hardware, then what it had, then
 * the block device, whose memory is freed with the last user of it. */
static void box_remove(struct device *dev)
{
	struct box *b = dev->priv;
	struct block_request *rq;

	stop(b);
	if (reset(b)) {
		log_err("%s: it does not end its reset", dev->name);
	}
	while ((rq = take_left(b)) != NULL) {
		blockdev_done(rq, -ERR_IO);
	}
	blockdev_gone(&b->bd);
}

static const char *const box_compatible[] = { "acme,sector-box", NULL };

static const struct driver box_driver = {
	.name = "sector-box",
	.class = DEVICE_BLOCK,
	.compatible = box_compatible,
	.probe = box_probe,
	.remove = box_remove,
};
DRIVER(box_driver);
