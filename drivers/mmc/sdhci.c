/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SD host controllers (SD Host Controller Simplified Specification 3.00), with
 * ADMA2. What is common to all controllers is in mmc_host.c.
 *
 * The interrupt is a level: it stays while a status bit is set, and no event is
 * lost between reading the bits and clearing those that were read.
 */
#include <arch/cpu.h>
#include <arch/mmio.h>
#include <core/device.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/time.h>
#include <libs/error.h>

#include "sdhci_priv.h"

/* 2.1.1: registers. */
#define SDHCI_BLOCK_SIZE 0x04
#define SDHCI_BLOCK_COUNT 0x06
#define SDHCI_ARGUMENT 0x08
#define SDHCI_MODE_COMMAND 0x0c /* transfer mode, and command above it */
#define SDHCI_RESPONSE 0x10
#define SDHCI_PRESENT 0x24
#define SDHCI_HOST_CONTROL 0x28
#define SDHCI_POWER 0x29
#define SDHCI_CLOCK 0x2c
#define SDHCI_TIMEOUT 0x2e
#define SDHCI_RESET 0x2f
#define SDHCI_STATUS 0x30 /* normal, and errors above it */
#define SDHCI_STATUS_ENABLE 0x34
#define SDHCI_SIGNAL_ENABLE 0x38
#define SDHCI_CAPABILITIES 0x40
#define SDHCI_ADMA_ADDRESS 0x58
#define SDHCI_VERSION 0xfe

#define MODE_DMA BIT(0)
#define MODE_COUNT BIT(1)
#define MODE_AUTO_CMD12 BIT(2)
#define MODE_READ BIT(4)
#define MODE_MULTI BIT(5)
#define COMMAND_LONG 1U
#define COMMAND_SHORT 2U
#define COMMAND_BUSY 3U
#define COMMAND_CRC BIT(3)
#define COMMAND_INDEX BIT(4)
#define COMMAND_DATA BIT(5)
#define COMMAND_ABORT (3U << 6)

#define PRESENT_COMMAND BIT(0) /* inhibited: a command is in progress */
#define PRESENT_DATA BIT(1)
#define PRESENT_CARD BIT(16)
#define PRESENT_STABLE BIT(17)
#define PRESENT_WRITABLE BIT(19)

#define CONTROL_WIDTH_4 BIT(1)
#define CONTROL_HIGH_SPEED BIT(2)
#define CONTROL_ADMA2_32 (2U << 3)
#define CONTROL_ADMA2_64 (3U << 3)
#define CONTROL_WIDTH_8 BIT(5)

#define POWER_ON BIT(0)
#define POWER_3V3 (7U << 1)
#define POWER_3V0 (6U << 1)

#define CLOCK_INTERNAL BIT(0)
#define CLOCK_STABLE BIT(1)
#define CLOCK_CARD BIT(2)
#define CLOCK_DIVISOR_MAX 0x3ffU /* version 3 */
#define CLOCK_POWER_MAX 0x80U    /* before version 3: powers of two */

#define TIMEOUT_MAX 0xe

#define RESET_ALL BIT(0)
#define RESET_COMMAND BIT(1)
#define RESET_DATA BIT(2)

#define EVENT_COMMAND BIT(0)
#define EVENT_TRANSFER BIT(1)
#define EVENT_INSERTED BIT(6)
#define EVENT_REMOVED BIT(7)
#define EVENT_CARD (EVENT_INSERTED | EVENT_REMOVED)
#define ERROR_COMMAND_TIMEOUT BIT(16)
#define ERROR_DATA_TIMEOUT BIT(20)
#define ERRORS 0x03ff0000U
#define EVENTS (EVENT_COMMAND | EVENT_TRANSFER | ERRORS)

#define CAP_BASE_CLOCK(c, version) \
	((uint32_t)FIELD(c, (version) >= 3 ? 15 : 13, 8))
#define CAP_WIDTH_8 BIT(18)
#define CAP_ADMA2 BIT(19)
#define CAP_HIGH_SPEED BIT(21)
#define CAP_3V3 BIT(24)
#define CAP_3V0 BIT(25)
#define CAP_64 BIT(28)
#define CAP_SLOT(c) FIELD(c, 31, 30)
#define SLOT_EMBEDDED 1

/* 1.13.3: ADMA2 descriptors; length 0 stands for 64 KiB. */
#define ADMA_VALID BIT(0)
#define ADMA_END BIT(1)
#define ADMA_TRANSFER (2U << 4)
#define ADMA_MOST KIB(64)
/* Each part of a command may end with a descriptor that is not full. */
#define ADMA_DESCRIPTORS \
	(MMC_SEGMENTS + MMC_SECTORS * BLOCK_SECTOR_SIZE / ADMA_MOST)
#define ADMA_SIZE_32 8
#define ADMA_SIZE_64 12 /* of version 3 */

/* Time limits. The specification gives none for a reset: this is a hundred
 * times what was measured. */
#define SDHCI_RESET_MS 100
#define SDHCI_CLOCK_MS 150 /* 2.2.14 */
#define SDHCI_STABLE_MS 1000
/* SD 6.4.1: the power has risen, and 74 clocks at 400 kHz have passed. */
#define SDHCI_POWER_MS 35
#define SDHCI_CLOCKS_MS 1
#define SDHCI_IDENTIFY_HZ 400000

static struct sdhci *sdhci_of(struct mmc_host *h)
{
	return container_of(h, struct sdhci, host);
}

static uint32_t get32(const struct sdhci *s, unsigned int off)
{
	return mmio_read32(s->regs + off);
}

static void set32(const struct sdhci *s, unsigned int off, uint32_t v)
{
	mmio_write32(s->regs + off, v);
}

static void set16(const struct sdhci *s, unsigned int off, uint32_t v)
{
	mmio_write16(s->regs + off, (uint16_t)v);
}

static void set8(const struct sdhci *s, unsigned int off, uint32_t v)
{
	mmio_write8(s->regs + off, (uint8_t)v);
}

/* Wait until the masked bits of the 32-bit word that contains byte `off` are
 * `want`. Thread context. */
static int wait_bits(const struct sdhci *s, unsigned int off, uint32_t bits,
		     uint32_t want, unsigned int limit_ms)
{
	ticks_t deadline = time_now() + ms_to_ticks(limit_ms);
	unsigned int shift = 8 * (off % 4);
	bool late;

	do {
		late = time_now() >= deadline;
		if (((get32(s, off & ~3U) >> shift) & bits) == want) {
			return 0;
		}
		sleep_ms(1);
	} while (!late);
	return -ERR_IO;
}

static int reset_part(struct sdhci *s, uint32_t part)
{
	set8(s, SDHCI_RESET, part);
	return wait_bits(s, SDHCI_RESET, part, 0, SDHCI_RESET_MS);
}

/* --- the interface of a host ---------------------------------------------- */

/* 3.2.1. Version 3 divides by 2 * n, older ones by powers of two. */
static uint32_t divisor(const struct sdhci *s, uint32_t hz)
{
	uint32_t n = 0;

	if (s->base_clock <= hz) {
		return 0;
	}
	if (s->version >= 3) {
		n = DIV_ROUND_UP(s->base_clock, 2 * hz);
		n = MIN(n, CLOCK_DIVISOR_MAX);
	} else {
		for (n = 1; n < CLOCK_POWER_MAX; n *= 2) {
			if (s->base_clock / (2 * n) <= hz) {
				break;
			}
		}
	}
	return (n & 0xff) << 8 | (n >> 8) << 6;
}

static int sdhci_clock(struct mmc_host *h, uint32_t hz)
{
	struct sdhci *s = sdhci_of(h);
	uint32_t clock = divisor(s, hz) | (uint32_t)CLOCK_INTERNAL;
	int err;

	set16(s, SDHCI_CLOCK, 0);
	set16(s, SDHCI_CLOCK, clock);
	err = wait_bits(s, SDHCI_CLOCK, CLOCK_STABLE, CLOCK_STABLE,
			SDHCI_CLOCK_MS);
	if (err) {
		return err;
	}
	set16(s, SDHCI_CLOCK, clock | (uint32_t)CLOCK_CARD);
	return 0;
}

static void sdhci_bus(struct mmc_host *h, unsigned int width, bool high_speed)
{
	struct sdhci *s = sdhci_of(h);
	uint32_t control = s->address_64 ? CONTROL_ADMA2_64 : CONTROL_ADMA2_32;

	if (width == 8) {
		control |= (uint32_t)CONTROL_WIDTH_8;
	} else if (width == 4) {
		control |= (uint32_t)CONTROL_WIDTH_4;
	}
	if (high_speed) {
		control |= (uint32_t)CONTROL_HIGH_SPEED;
	}
	set8(s, SDHCI_HOST_CONTROL, control);
}

static void forget_command(struct sdhci *s)
{
	unsigned long flags = spin_lock_irqsave(&s->host.lock);

	s->cmd = NULL;
	s->expected = 0;
	spin_unlock_irqrestore(&s->host.lock, flags);
}

/* 3.10.1: both lines are reset, whatever failed: nothing else is certain to end
 * DMA. */
static int sdhci_abort(struct mmc_host *h)
{
	struct sdhci *s = sdhci_of(h);
	int err = reset_part(s, RESET_COMMAND | RESET_DATA);

	forget_command(s);
	set32(s, SDHCI_STATUS, EVENTS);
	return err;
}

static int sdhci_reset(struct mmc_host *h)
{
	struct sdhci *s = sdhci_of(h);
	uint32_t power = get32(s, SDHCI_CAPABILITIES) & CAP_3V3 ? POWER_3V3
								: POWER_3V0;
	int err = reset_part(s, RESET_ALL);

	forget_command(s);
	if (err) {
		return err;
	}
	set8(s, SDHCI_TIMEOUT, TIMEOUT_MAX);
	set8(s, SDHCI_POWER, power);
	set8(s, SDHCI_POWER, power | (uint32_t)POWER_ON);
	sleep_ms(SDHCI_POWER_MS);
	sdhci_bus(h, 1, false);
	err = sdhci_clock(h, SDHCI_IDENTIFY_HZ);
	sleep_ms(SDHCI_CLOCKS_MS);
	set32(s, SDHCI_STATUS, UINT32_MAX);
	set32(s, SDHCI_STATUS_ENABLE, EVENTS);
	set32(s, SDHCI_SIGNAL_ENABLE, EVENTS);
	return err;
}

static void sdhci_off(struct mmc_host *h)
{
	struct sdhci *s = sdhci_of(h);

	set32(s, SDHCI_SIGNAL_ENABLE, 0);
	set32(s, SDHCI_STATUS_ENABLE, 0);
	set16(s, SDHCI_CLOCK, 0);
	set8(s, SDHCI_POWER, 0);
	forget_command(s);
}

static bool sdhci_present(struct mmc_host *h)
{
	struct sdhci *s = sdhci_of(h);

	if (s->fixed) {
		return true;
	}
	/* A card whose detection never becomes stable is taken to be there. */
	(void)wait_bits(s, SDHCI_PRESENT, PRESENT_STABLE, PRESENT_STABLE,
			SDHCI_STABLE_MS);
	return get32(s, SDHCI_PRESENT) & PRESENT_CARD;
}

static bool sdhci_write_protected(struct mmc_host *h)
{
	struct sdhci *s = sdhci_of(h);

	return !s->fixed && !s->no_write_protect &&
	       !(get32(s, SDHCI_PRESENT) & PRESENT_WRITABLE);
}

/* Enable only the event that can come next: the status of the other may be a
 * level. */
static void sdhci_watch(struct mmc_host *h)
{
	struct sdhci *s = sdhci_of(h);
	uint32_t event = EVENT_INSERTED;

	if (s->fixed) {
		return;
	}
	if (get32(s, SDHCI_PRESENT) & PRESENT_CARD) {
		event = EVENT_REMOVED;
	}
	set32(s, SDHCI_STATUS, EVENT_CARD);
	set32(s, SDHCI_STATUS_ENABLE, EVENTS | event);
	set32(s, SDHCI_SIGNAL_ENABLE, EVENTS | event);
}

/* --- commands ------------------------------------------------------------- */

static void put32(volatile uint8_t *p, uint32_t v)
{
	*(volatile uint32_t *)p = v;
}

/* Write the descriptors of a command's data: as many for each part as it needs,
 * the last one marked. */
static void write_table(struct sdhci *s, const struct mmc_data *data)
{
	size_t step = s->address_64 ? ADMA_SIZE_64 : ADMA_SIZE_32;
	volatile uint8_t *p = s->table.va;

	for (unsigned int i = 0; i < data->nparts; i++) {
		uint64_t addr = data->parts[i].addr;
		uint32_t left = data->parts[i].size;

		while (left > 0) {
			uint32_t size = (uint32_t)MIN(left, ADMA_MOST);
			uint32_t flags = ADMA_VALID | ADMA_TRANSFER;

			left -= size;
			if (left == 0 && i + 1 == data->nparts) {
				flags |= (uint32_t)ADMA_END;
			}
			put32(p, size << 16 | flags);
			put32(p + 4, (uint32_t)addr);
			if (s->address_64) {
				put32(p + 8, (uint32_t)(addr >> 32));
			}
			addr += size;
			p += step;
		}
	}
}

/* Set up a data transfer; returns the bits of the transfer mode. */
static uint32_t start_data(struct sdhci *s, const struct mmc_data *data)
{
	uint32_t mode = MODE_DMA;

	write_table(s, data);
	arch_dma_wmb();
	set32(s, SDHCI_ADMA_ADDRESS, (uint32_t)s->table.addr);
	if (s->address_64) {
		set32(s, SDHCI_ADMA_ADDRESS + 4,
		      (uint32_t)(s->table.addr >> 32));
	}
	set16(s, SDHCI_BLOCK_SIZE, data->block_size);
	set16(s, SDHCI_BLOCK_COUNT, data->blocks);
	if (data->read) {
		mode |= (uint32_t)MODE_READ;
	}
	if (data->blocks > 1) {
		mode |= (uint32_t)(MODE_MULTI | MODE_COUNT);
	}
	if (data->stop) {
		mode |= (uint32_t)MODE_AUTO_CMD12;
	}
	return mode;
}

/* 2.2.6, table 2-9: which checks apply to each answer. */
static uint32_t answer_flags(enum mmc_response response)
{
	switch (response) {
	case MMC_R1:
	case MMC_R6:
		return COMMAND_SHORT | COMMAND_CRC | COMMAND_INDEX;
	case MMC_R1B:
		return COMMAND_BUSY | COMMAND_CRC | COMMAND_INDEX;
	case MMC_R2:
		return COMMAND_LONG | COMMAND_CRC;
	case MMC_R3:
		return COMMAND_SHORT;
	default:
		return 0;
	}
}

static int sdhci_start(struct mmc_host *h, struct mmc_command *cmd)
{
	struct sdhci *s = sdhci_of(h);
	bool data_line = cmd->data || cmd->response == MMC_R1B;
	bool stop = cmd->index == MMC_STOP_TRANSMISSION;
	uint32_t busy = PRESENT_COMMAND;
	uint32_t command = (uint32_t)cmd->index << 8 |
			   answer_flags(cmd->response);
	uint32_t mode = 0;

	if (data_line && !stop) {
		busy |= (uint32_t)PRESENT_DATA;
	}
	if (get32(s, SDHCI_PRESENT) & busy) {
		return -ERR_IO;
	}
	s->cmd = cmd;
	s->expected = EVENT_COMMAND;
	if (data_line) {
		s->expected |= (uint32_t)EVENT_TRANSFER;
	}
	if (cmd->data) {
		mode = start_data(s, cmd->data);
		command |= (uint32_t)COMMAND_DATA;
	}
	if (stop) {
		command |= COMMAND_ABORT;
	}
	set32(s, SDHCI_ARGUMENT, cmd->arg);
	set32(s, SDHCI_MODE_COMMAND, command << 16 | mode);
	return 0;
}

/* 2.2.7, table 2-12: a long answer is stored without its last 8 bits. */
static void take_answer(struct sdhci *s, struct mmc_command *cmd)
{
	uint32_t r[4];

	for (unsigned int i = 0; i < 4; i++) {
		r[i] = get32(s, SDHCI_RESPONSE + 4 * i);
	}
	if (cmd->response == MMC_R2) {
		for (unsigned int i = 0; i < 4; i++) {
			cmd->answer[i] = r[3 - i] << 8;
			if (i < 3) {
				cmd->answer[i] |= r[2 - i] >> 24;
			}
		}
		return;
	}
	cmd->answer[0] = r[0];
	if (cmd->data && cmd->data->stop) {
		cmd->stop_answer = r[3];
	}
}

/* 2.2.18: "transfer complete" takes precedence over a timeout. */
static bool is_error(uint32_t status)
{
	uint32_t errors = status & ERRORS;

	if (status & EVENT_TRANSFER) {
		errors &= ~(uint32_t)ERROR_DATA_TIMEOUT;
	}
	return errors != 0;
}

static void command_events(struct sdhci *s, uint32_t status,
			   struct mmc_after *after)
{
	struct mmc_command *cmd = s->cmd;
	int error = 0;

	if (!cmd) {
		return;
	}
	if (is_error(status)) {
		error = (status & ERRORS) == ERROR_COMMAND_TIMEOUT
				? -ERR_TIMEOUT
				: -ERR_IO;
	} else {
		s->expected &= ~status;
		if (s->expected) {
			return;
		}
		arch_dma_rmb();
	}
	take_answer(s, cmd);
	s->cmd = NULL;
	mmc_host_done(&s->host, error, after);
}

void sdhci_interrupt(unsigned int irq, void *arg)
{
	struct sdhci *s = arg;
	struct mmc_after after = MMC_AFTER_INIT(after);
	unsigned long flags = spin_lock_irqsave(&s->host.lock);
	uint32_t status = get32(s, SDHCI_STATUS) & (EVENTS | EVENT_CARD);
	uint32_t on = get32(s, SDHCI_SIGNAL_ENABLE);

	(void)irq;
	status &= on;
	set32(s, SDHCI_STATUS, status);
	if (status & EVENT_CARD) {
		/* Disable this event until the thread has handled it. */
		set32(s, SDHCI_SIGNAL_ENABLE, on & ~(uint32_t)EVENT_CARD);
		mmc_host_changed(&s->host, &after);
	}
	if (status & EVENTS) {
		command_events(s, status, &after);
	}
	mmc_host_unlock(&s->host, flags, &after);
}

/* --- life ----------------------------------------------------------------- */

static const struct mmc_host_ops sdhci_ops = {
	.reset = sdhci_reset,
	.abort = sdhci_abort,
	.clock = sdhci_clock,
	.bus = sdhci_bus,
	.start = sdhci_start,
	.present = sdhci_present,
	.write_protected = sdhci_write_protected,
	.watch = sdhci_watch,
	.off = sdhci_off,
};

static int read_capabilities(struct sdhci *s)
{
	struct mmc_host *h = &s->host;
	uint32_t caps = get32(s, SDHCI_CAPABILITIES);

	s->version = ((get32(s, SDHCI_VERSION & ~3U) >> 16) & 0xff) + 1;
	if (caps == UINT32_MAX || !(caps & CAP_ADMA2) ||
	    !(caps & (CAP_3V3 | CAP_3V0))) {
		log_err("%s: no ADMA2, or no 3.3 V: capabilities %#x",
			h->dev->name, caps);
		return -ERR_NOSUPP;
	}
	s->base_clock = CAP_BASE_CLOCK(caps, s->version) * 1000000;
	if (s->base_clock == 0) {
		log_err("%s: its base clock is not given: capabilities %#x",
			h->dev->name, caps);
		return -ERR_NOSUPP;
	}
	s->fixed |= CAP_SLOT(caps) == SLOT_EMBEDDED;
	/* Version 4 has another descriptor format for 64 bits, and another
	 * capability bit. */
	s->address_64 = s->version == 3 && (caps & CAP_64);
	h->align = s->address_64 ? 8 : 4;
	h->width_4 = true;
	h->width_8 = h->width_8 && (caps & CAP_WIDTH_8);
	h->high_speed = caps & CAP_HIGH_SPEED;
	return 0;
}

struct sdhci *sdhci_create(struct device *dev, volatile void *regs)
{
	struct sdhci *s = heap_alloc(sizeof(*s));

	if (!s) {
		return NULL;
	}
	s->regs = regs;
	s->host.dev = dev;
	s->host.ops = &sdhci_ops;
	mmc_host_init(&s->host);
	set32(s, SDHCI_SIGNAL_ENABLE, 0);
	return s;
}

int sdhci_add(struct sdhci *s)
{
	struct mmc_host *h = &s->host;
	int err = read_capabilities(s);

	if (err == 0) {
		err = dma_init(h->dev, s->address_64 ? 64 : 32);
	}
	if (err == 0) {
		err = dma_alloc(h->dev, ADMA_DESCRIPTORS * ADMA_SIZE_64,
				&s->table);
	}
	if (err) {
		return err;
	}
	err = mmc_host_add(h);
	if (err) {
		dma_free(h->dev, &s->table);
	}
	return err;
}

void sdhci_stop(struct sdhci *s)
{
	mmc_host_stop(&s->host);
	dma_free(s->host.dev, &s->table);
}

void sdhci_destroy(struct sdhci *s)
{
	mmc_host_put(&s->host);
}
