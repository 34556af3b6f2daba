/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of SD host controllers: a controller's registers (SD Host
 * Controller 3.00) and a card, SD or eMMC, with faults that tests switch on.
 * The driver's register accesses are redirected here.
 */
#ifndef TESTS_SD_MODEL_H
#define TESTS_SD_MODEL_H

#define ARCH_MMIO_H /* instead of <arch/mmio.h> */

#include <arch/mmu.h>
#include <libs/types.h>
#include <string.h>

#define MODEL_SECTORS 4096

enum model_kind { MODEL_NONE, MODEL_SD1, MODEL_SDHC, MODEL_EMMC };

static struct {
	uint8_t regs[256];
	bool inserted, unstable_clock, writable;
	/* Card. */
	enum model_kind kind;
	uint32_t state, errors, rca, block_len, erase_from, erase_to;
	bool app, high_speed;
	unsigned int width, power_polls, lines; /* data lines wired */
	uint8_t ext[512];
	uint8_t cid_serial;
	uint8_t disk[MODEL_SECTORS * 512];
	unsigned int flushes, resets, stops, commands[64], trims;
	uint32_t last_erase_arg;
	/* Faults. */
	unsigned int fail_transfers; /* number of transfers that end with a CRC
					error */
	uint32_t fail_sector; /* reading or writing this sector always fails */
	bool silent;          /* commands never complete */
	bool stuck;           /* resets never complete */
	bool deaf;            /* the card does not answer */
	bool unpowered;       /* the card waits for its first reset */
	bool stop_error;      /* R1 of the stop command has an error */
	unsigned int max_descriptors; /* seen in one command */
} model;

static uint32_t model_get(unsigned int off)
{
	uint32_t v;

	memcpy(&v, model.regs + off, 4);
	return v;
}

static void model_put(unsigned int off, uint32_t v)
{
	memcpy(model.regs + off, &v, 4);
}

static void model_event(uint32_t bits)
{
	/* Status bits that are not enabled stay 0. */
	model_put(0x30, model_get(0x30) | (bits & (model_get(0x34) | 0x8000)));
}

static bool model_line(void)
{
	return model_get(0x30) & model_get(0x38);
}

static uint32_t model_status(void)
{
	uint32_t v = model.errors | model.state << 9 | 0x100 |
		     (model.app ? 0x20 : 0);

	model.errors = 0;
	return v;
}

/* --- data ----------------------------------------------------------------- */

/* Move the data that the descriptors describe. Returns bytes. */
static uint32_t model_dma(uint8_t *card, uint32_t size, bool to_memory)
{
	bool wide = (model.regs[0x28] >> 3 & 3) == 3;
	uint64_t at = model_get(0x58) |
		      (wide ? (uint64_t)model_get(0x5c) << 32 : 0);
	unsigned int n = 0;
	uint32_t moved = 0, word, low, high = 0;

	do {
		uint8_t *d = arch_phys_to_virt(PADDR(at));
		uint32_t len;
		uint64_t addr;

		memcpy(&word, d, 4);
		memcpy(&low, d + 4, 4);
		if (wide) {
			memcpy(&high, d + 8, 4);
		}
		assert_int_equal(word & 0x31, 0x21);
		len = word >> 16 ? word >> 16 : 65536;
		addr = low | (uint64_t)high << 32;
		assert_int_equal(addr % (wide ? 8 : 4), 0);
		assert_true(moved + len <= size);
		if (to_memory) {
			memcpy(arch_phys_to_virt(PADDR(addr)), card + moved,
			       len);
		} else {
			memcpy(card + moved, arch_phys_to_virt(PADDR(addr)),
			       len);
		}
		moved += len;
		at += wide ? 12 : 8;
		n++;
	} while (!(word & 2));
	if (n > model.max_descriptors) {
		model.max_descriptors = n;
	}
	return moved;
}

static void model_answer(unsigned int i, uint32_t v)
{
	model_put(0x10 + 4 * i, v);
}

static void model_small(const uint8_t *data, uint32_t size)
{
	uint8_t copy[512];
	uint32_t want = model_get(0x04) & 0xfff;

	memcpy(copy, data, size);
	/* Data lines that do not exist carry nothing. */
	if (model.width > model.lines) {
		memset(copy, 0xff, size);
	}
	assert_int_equal(want, size);
	assert_int_equal(model_dma(copy, size, true), size);
	model_event(2);
}

static void model_transfer(uint32_t arg, bool write, bool several)
{
	uint32_t sector = model.kind == MODEL_SD1 ? arg / 512 : arg;
	uint32_t blocks = several ? model_get(0x04) >> 16 : 1;
	uint32_t mode = model_get(0x0c) & 0xffff;

	assert_int_equal(model.state, 4);
	assert_int_equal(model_get(0x04) & 0xfff, 512);
	assert_int_equal(mode & 0x37,
			 0x01 | (write ? 0 : 0x10) | (several ? 0x26 : 0));
	assert_true(sector + blocks <= MODEL_SECTORS);
	if (model.fail_transfers > 0 || (model.fail_sector >= sector &&
					 model.fail_sector < sector + blocks)) {
		if (model.fail_transfers > 0) {
			model.fail_transfers--;
		}
		model.state = several ? (write ? 6 : 5) : 4;
		model_event(1 | 0x8000 | 1U << 21); /* data CRC */
		return;
	}
	assert_int_equal(model_dma(model.disk + sector * 512, blocks * 512,
				   !write),
			 blocks * 512);
	if (several) {
		model.stops++;
		model_answer(3, model.stop_error ? 0x00080900 : 0x900);
	}
	model_event(2);
}

/* --- commands ------------------------------------------------------------- */

static void model_long(const uint8_t *reg)
{
	/* Bits 127:8 of the register are bits 119:0 of the answer. */
	for (unsigned int i = 0; i < 4; i++) {
		uint32_t v = 0;

		for (unsigned int b = 0; b < 4; b++) {
			unsigned int byte = i * 4 + b;

			v |= byte < 15 ? (uint32_t)reg[14 - byte] << (8 * b)
				       : 0;
		}
		model_answer(i, v);
	}
}

static void model_set(uint8_t *reg, unsigned int low, unsigned int n,
		      uint32_t v)
{
	for (unsigned int i = 0; i < n; i++) {
		unsigned int bit = low + i;

		if (v >> i & 1) {
			reg[15 - bit / 8] |= (uint8_t)(1 << bit % 8);
		}
	}
}

static void model_csd(void)
{
	uint8_t csd[16] = { 0 };

	model_set(csd, 84, 12, 0x5b5 | 1 << 10);
	if (model.kind == MODEL_SDHC) {
		model_set(csd, 126, 2, 1);
		model_set(csd, 48, 22, MODEL_SECTORS / 1024 - 1);
	} else {
		model_set(csd, 122, 4, model.kind == MODEL_EMMC ? 4 : 0);
		model_set(csd, 80, 4, 9);
		model_set(csd, 47, 3, 7);
		model_set(csd, 62, 12, MODEL_SECTORS / 512 - 1);
	}
	model_long(csd);
}

static void model_switch_emmc(uint32_t arg)
{
	uint8_t index = arg >> 16 & 0xff, value = arg >> 8 & 0xff;

	assert_int_equal(arg >> 24, 3);
	model.ext[index] = value;
	if (index == 183) {
		model.width = value == 2 ? 8 : value == 1 ? 4 : 1;
	} else if (index == 185) {
		model.high_speed = value == 1;
	} else if (index == 32) {
		model.flushes++;
		model.ext[32] = 0;
	}
	model_answer(0, model_status());
	model_event(3);
}

static void model_switch_sd(uint32_t arg)
{
	uint8_t status[64] = { 0 };

	status[13] = 2;
	status[16] = arg & 0xf;
	if (arg >> 31 && (arg & 0xf) == 1) {
		model.high_speed = true;
	}
	model_small(status, 64);
}

static bool model_app(unsigned int index, uint32_t arg)
{
	static const uint8_t scr[8] = { 0x02, 0x35 };

	switch (index) {
	case 41:
		assert_int_equal(arg & 0x300000, 0x300000);
		model_answer(0,
			     0x00ff8000 | (model.power_polls ? 0 : 1U << 31) |
				     (model.kind == MODEL_SDHC ? 1U << 30 : 0));
		if (model.power_polls) {
			model.power_polls--;
		} else {
			model.state = 1;
		}
		break;
	case 51:
		model_answer(0, model_status());
		model_small(scr, 8);
		break;
	case 6:
		model.width = arg == 2 ? 4 : 1;
		model_answer(0, model_status());
		break;
	default:
		return false;
	}
	return true;
}

static void model_erase(uint32_t arg)
{
	uint32_t unit = model.kind == MODEL_SD1 ? 512 : 1;

	model.trims++;
	model.last_erase_arg = arg;
	memset(model.disk + model.erase_from / unit * 512, 0,
	       (model.erase_to - model.erase_from) / unit * 512 + 512);
	model_event(2);
}

/* False: the card does not know the command, and does not answer. */
static bool model_command(unsigned int index, uint32_t arg)
{
	bool sd = model.kind == MODEL_SD1 || model.kind == MODEL_SDHC;
	uint8_t cid[16] = { 3,
			    0x53,
			    0x44,
			    'M',
			    'O',
			    'D',
			    'E',
			    'L',
			    'X',
			    16,
			    model.cid_serial };
	bool app = model.app;

	if (index == 0) {
		model.resets++;
		model.unpowered = false;
		model.state = 0;
		model.app = false;
		model.width = 1;
		model.high_speed = false;
		model.rca = 0;
		return true;
	}
	if (model.unpowered) {
		return false;
	}
	model_answer(0, model_status());
	model.app = false;
	if (app && model_app(index, arg)) {
		return true;
	}
	switch (index) {
	case 1:
		model_answer(0, 0x00ff8080 | 1U << 30 |
					(model.power_polls ? 0 : 1U << 31));
		if (model.power_polls) {
			model.power_polls--;
		} else {
			model.state = 1;
		}
		return !sd;
	case 2:
		model_long(cid);
		model.state = 2;
		return true;
	case 3:
		model.rca = sd ? 0x1234 : arg >> 16;
		model_answer(0, sd ? 0x12340500 : 0x500);
		model.state = 3;
		return true;
	case 6:
		if (sd) {
			model_switch_sd(arg);
		} else {
			model_switch_emmc(arg);
		}
		return true;
	case 7:
		assert_int_equal(arg >> 16, model.rca);
		model.state = 4;
		model_event(2);
		return true;
	case 8:
		if (!sd) {
			/* SEND_EXT_CSD only in the transfer state. */
			if (model.state != 4) {
				return false;
			}
			model_small(model.ext, 512);
			return true;
		}
		model_answer(0, arg & 0xfff);
		return model.kind == MODEL_SDHC;
	case 9:
		assert_int_equal(arg >> 16, model.rca);
		model_csd();
		return true;
	case 12:
		model.state = 4;
		model_event(2);
		return true;
	case 13:
		return true;
	case 16:
		model.block_len = arg;
		return true;
	case 17:
	case 18:
		model_transfer(arg, false, index == 18);
		return true;
	case 24:
	case 25:
		model_transfer(arg, true, index == 25);
		return true;
	case 32:
	case 35:
		assert_int_equal(index, sd ? 32 : 35);
		model.erase_from = arg;
		return true;
	case 33:
	case 36:
		model.erase_to = arg;
		return true;
	case 38:
		model_erase(arg);
		return true;
	case 55:
		model.app = sd;
		model_answer(0, model_status());
		return sd;
	default:
		return false;
	}
}

static void model_issue(void)
{
	uint32_t command = model_get(0x0c) >> 16;
	unsigned int index = command >> 8 & 0x3f;

	/* The clock must run, and the power be on. */
	assert_int_equal(model.regs[0x2c] & 7, 7);
	assert_int_equal(model.regs[0x29] & 1, 1);
	model.commands[index]++;
	if (model.silent) {
		return;
	}
	if (model.kind == MODEL_NONE || !model.inserted || model.deaf ||
	    !model_command(index, model_get(0x08))) {
		model.errors |= 1U << 22;
		model_event(0x8000 | 1U << 16);
		return;
	}
	model_event(1);
}

/* --- registers ------------------------------------------------------------ */

static void model_reset_register(uint8_t v)
{
	if (v & 1) {
		uint32_t caps = model_get(0x40), high = model_get(0x44);
		uint32_t version = model_get(0xfc);

		memset(model.regs, 0, sizeof(model.regs));
		model_put(0x40, caps);
		model_put(0x44, high);
		model_put(0xfc, version);
	}
	if (model.stuck) {
		model.regs[0x2f] = v;
	}
}

static uint32_t model_access(volatile void *reg, unsigned int size, bool write,
			     uint32_t v)
{
	unsigned int off = (unsigned int)((volatile uint8_t *)reg - model.regs);

	assert_true(off + size <= 256 && off % size == 0);
	if (!write) {
		model_put(0x24, (model.inserted ? 1U << 16 : 0) | 1U << 17 |
					(model.writable ? 1U << 19 : 0));
		v = 0;
		memcpy(&v, model.regs + off, size);
		return v;
	}
	if (off == 0x30) {
		model_put(0x30, model_get(0x30) & ~v);
		return 0;
	}
	if (off == 0x2f) {
		model_reset_register((uint8_t)v);
		return 0;
	}
	memcpy(model.regs + off, &v, size);
	if (off == 0x2c && (v & 1) && !model.unstable_clock) {
		model.regs[0x2c] |= 2;
	}
	if (off + size == 0x10) {
		model_issue();
	}
	return 0;
}

#define MODEL_ACCESSORS(bits) \
	static inline uint##bits##_t mmio_read##bits(volatile void *reg) \
	{ \
		return (uint##bits##_t)model_access(reg, (bits) / 8, false, \
						    0); \
	} \
	static inline void mmio_write##bits(volatile void *reg, \
					    uint##bits##_t v) \
	{ \
		(void)model_access(reg, (bits) / 8, true, v); \
	}
MODEL_ACCESSORS(8)
MODEL_ACCESSORS(16)
MODEL_ACCESSORS(32)

/* A controller of that version of the specification, and a card. */
static void model_init(unsigned int version, enum model_kind kind)
{
	memset(&model, 0, sizeof(model));
	/* 100 MHz, or 50; 8 lines, ADMA2, high speed, 3.3 V, 64 bits. */
	model_put(0x40, version >= 3 ? 0x112c6480 : 0x01283280);
	model_put(0xfc, (version - 1) << 16);
	model.kind = kind;
	model.inserted = kind != MODEL_NONE;
	model.writable = true;
	model.width = 1;
	model.lines = 8;
	model.power_polls = 3;
	model.fail_sector = UINT32_MAX;
	model.ext[192] = 8;
	model.ext[196] = 3;
	model.ext[231] = 0x10;
	model.ext[248] = 5;
	model.ext[249] = 1; /* a cache */
	model.ext[224] = 1;
	model.ext[232] = 1;
	model.ext[212] = MODEL_SECTORS & 0xff;
	model.ext[213] = MODEL_SECTORS >> 8;
	for (unsigned int i = 0; i < sizeof(model.disk); i++) {
		model.disk[i] = (uint8_t)(i / 512 * 7 + i);
	}
}

#endif
