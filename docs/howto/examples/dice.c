/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host entropy device: Dice, a made-up PCI card that this how-to writes a
 * driver for. Six registers of 32 bits in BAR 0: identity, control, status
 * (write 1 to clear), address of a buffer in two halves, and how many bytes;
 * writing that last one has the card fill the buffer with random bytes, then
 * set DONE and interrupt.
 */
#include <arch/cpu.h>
#include <arch/mmio.h>
#include <core/dma.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/pci.h>
#include <core/random.h>
#include <core/time.h>
#include <libs/error.h>

#define DICE_ID 0x00
#define DICE_CONTROL 0x04
#define DICE_STATUS 0x08
#define DICE_ADDR 0x0c
#define DICE_ADDR_HIGH 0x10
#define DICE_ROLL 0x14
#define DICE_SIZE 0x18

#define ID_DICE 0x65636964 /* "dice" */
#define CONTROL_RESET BIT(0)
#define STATUS_BUSY BIT(0)
#define STATUS_DONE BIT(1)

#define ADDRESS_BITS 40
#define BYTES 64
#define RESET_US 1000 /* the manual says 100 */

/* [I] immutable after probe. */
struct dice {
	struct pci_device *pci; /* [I] */
	volatile uint8_t *regs; /* [I] */
	struct dma_buffer buf;  /* [I] the card's while it rolls */
};

static uint32_t dice_get(struct dice *d, unsigned int off)
{
	return mmio_read32(d->regs + off);
}

static void dice_set(struct dice *d, unsigned int off, uint32_t val)
{
	mmio_write32(d->regs + off, val);
}

/* Bounded: a card that hangs, or is gone and reads as ones, costs a
 * millisecond. */
static int dice_reset(struct dice *d)
{
	dice_set(d, DICE_CONTROL, (uint32_t)CONTROL_RESET);
	for (unsigned int us = 0; us < RESET_US; us++) {
		if (!(dice_get(d, DICE_STATUS) & STATUS_BUSY)) {
			return 0;
		}
		delay_us(1);
	}
	return -ERR_TIMEOUT;
}

static void dice_roll(struct dice *d)
{
	dice_set(d, DICE_ADDR, (uint32_t)d->buf.addr);
	dice_set(d, DICE_ADDR_HIGH, (uint32_t)(d->buf.addr >> 32));
	/* What was written to memory, before the card is told. */
	arch_dma_wmb();
	dice_set(d, DICE_ROLL, BYTES);
}

static void dice_irq(unsigned int irq, void *arg)
{
	struct dice *d = arg;

	(void)irq;
	if (!(dice_get(d, DICE_STATUS) & STATUS_DONE)) {
		return;
	}
	dice_set(d, DICE_STATUS, (uint32_t)STATUS_DONE);
	/* The register before the memory that it speaks of. */
	arch_dma_rmb();
	random_add(d->buf.va, BYTES);
}

static int dice_start(struct dice *d)
{
	volatile void *regs;
	unsigned int vectors;
	uint64_t size;
	int err = pci_enable(d->pci);

	if (!err) {
		err = pci_map_bar(d->pci, 0, &regs, &size);
	}
	if (err) {
		return err;
	}
	d->regs = regs;
	if (size < DICE_SIZE || dice_get(d, DICE_ID) != ID_DICE) {
		return -ERR_NOSUPP; /* it says so itself: not ours */
	}
	err = dice_reset(d);
	if (!err) {
		err = dma_init(&d->pci->dev, ADDRESS_BITS);
	}
	if (!err) {
		err = dma_alloc(&d->pci->dev, BYTES, &d->buf);
	}
	if (!err) {
		err = pci_irq_alloc(d->pci, 1, &vectors);
	}
	if (!err) {
		err = pci_irq_request(d->pci, 0, dice_irq, d);
	}
	return err;
}

static int dice_probe(struct device *dev)
{
	struct dice *d = heap_alloc(sizeof(*d));
	int err;

	if (!d) {
		return -ERR_NOMEM;
	}
	d->pci = pci_device(dev);
	err = dice_start(d);
	if (err) {
		dma_free(dev, &d->buf);
		heap_free(d);
		return err; /* the rest goes back by itself */
	}
	dev->priv = d;
	pci_irq_enable(d->pci, 0);
	dice_roll(d);
	return 0;
}

/* First the card is stilled, then handlers are waited for, then memory goes. */
static void dice_remove(struct device *dev)
{
	struct dice *d = dev->priv;

	if (dice_reset(d)) {
		log_warn("%s: the card does not end its reset", dev->name);
	}
	pci_irq_free(d->pci);
	dma_free(dev, &d->buf);
	heap_free(d);
}

static const struct pci_id dice_ids[] = { { 0x1af4, 0x10f7, 0, 0 }, { 0 } };

static const struct driver dice_driver = {
	.name = "dice",
	.class = DEVICE_ENTROPY,
	.bus = &pci_bus,
	.ids = dice_ids,
	.probe = dice_probe,
	.remove = dice_remove,
};
DRIVER(dice_driver);
