/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of the NVMe driver: a controller's registers and commands (NVMe
 * 1.4), with faults that tests switch on. The driver's register accesses are
 * redirected here.
 */
#ifndef TESTS_NVME_MODEL_H
#define TESTS_NVME_MODEL_H

#define ARCH_MMIO_H /* instead of <arch/mmio.h> */

#include <arch/mmu.h>
#include <libs/types.h>
#include <string.h>

#define MODEL_SECTORS 8192
#define MODEL_QUEUES 8

struct model_entry {
	uint8_t opcode, flags;
	uint16_t id;
	uint32_t nsid;
	uint64_t unused[2], data[2];
	uint32_t dw[6];
};

static struct {
	uint8_t regs[0x1100];
	bool ready;
	struct {
		uint64_t sq, cq;
		uint32_t entries, head, tail, cq_tail, cq_head, vector;
		uint16_t cq_id;
		bool phase, on;
	} q[MODEL_QUEUES];
	uint32_t pending; /* interrupts, a bit for each vector */
	uint8_t disk[MODEL_SECTORS * 512];
	unsigned int block_shift, mdts, sgls;
	unsigned int reads, writes, flushes, discards, zeroes, aborts, resets;
	unsigned int lists, sgl_commands; /* how data was described: counts */
	/* Faults. */
	uint16_t fail_status;    /* status of reads and writes */
	unsigned int fail_count; /* number of commands that fail */
	unsigned int swallow;    /* number of commands that get no answer */
	bool ignore_abort, stuck, vanished, wrong_id;
	struct {
		uint16_t qid, id;
	} swallowed[64];
	unsigned int nswallowed;
} model;

static uint8_t *model_ram(uint64_t addr)
{
	return arch_phys_to_virt(PADDR(addr));
}

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

static void model_complete(unsigned int sq, uint16_t id, uint16_t status,
			   uint32_t result)
{
	unsigned int cq = model.q[sq].cq_id;
	uint8_t *e = model_ram(model.q[cq].cq) + 16 * model.q[cq].cq_tail;
	uint16_t words[8] = { 0 };

	memcpy(words, &result, 4);
	words[4] = (uint16_t)model.q[sq].head;
	words[5] = (uint16_t)sq;
	words[6] = id;
	words[7] = (uint16_t)(status << 1 | model.q[cq].phase);
	memcpy(e, words, 16);
	if (++model.q[cq].cq_tail == model.q[cq].entries) {
		model.q[cq].cq_tail = 0;
		model.q[cq].phase = !model.q[cq].phase;
	}
	/* The queue must not be full of completions that the driver has not
	 * seen. */
	assert_int_not_equal(model.q[cq].cq_tail, model.q[cq].cq_head);
	model.pending |= 1U << model.q[cq].vector;
}

/* --- data ----------------------------------------------------------------- */

static void model_move(uint64_t addr, uint8_t *disk, size_t n, bool read)
{
	if (read) {
		memcpy(model_ram(addr), disk, n);
	} else {
		memcpy(disk, model_ram(addr), n);
	}
}

static void model_prps(const struct model_entry *e, uint8_t *disk, size_t n,
		       bool read)
{
	size_t part = 4096 - (e->data[0] & 4095);
	uint64_t list = e->data[1];
	bool one = n - MIN(n, part) <= 4096;

	assert_int_equal(e->data[0] & 3, 0);
	part = MIN(part, n);
	model_move(e->data[0], disk, part, read);
	model.lists += !one;
	for (n -= part, disk += part; n > 0; n -= part, disk += part) {
		uint64_t addr = list;

		if (!one) {
			/* The last entry of a page would point to another
			 * list. */
			assert_true((list & 4095) != 4088 || n <= 4096);
			memcpy(&addr, model_ram(list), 8);
			list += 8;
		}
		assert_int_equal(addr & 4095, 0);
		part = MIN(n, 4096);
		model_move(addr, disk, part, read);
	}
}

static void model_sgl(const struct model_entry *e, uint8_t *disk, size_t n,
		      bool read)
{
	uint64_t at = e->data[0], d[2] = { e->data[0], e->data[1] };
	unsigned int count = 1;

	assert_true(model.sgls == 1);
	model.sgl_commands++;
	if (d[1] >> 56 == 0x30) {
		count = (uint32_t)d[1] / 16;
	}
	for (unsigned int i = 0; i < count; i++) {
		if (e->data[1] >> 56 == 0x30) {
			memcpy(d, model_ram(at + 16 * i), 16);
		}
		assert_int_equal(d[1] >> 56, 0);
		assert_true((uint32_t)d[1] <= n);
		model_move(d[0], disk, (uint32_t)d[1], read);
		disk += (uint32_t)d[1];
		n -= (uint32_t)d[1];
	}
	assert_int_equal(n, 0);
}

/* --- commands ------------------------------------------------------------- */

static uint16_t model_io(const struct model_entry *e)
{
	uint64_t lba = e->dw[0] | (uint64_t)e->dw[1] << 32;
	size_t n = (size_t)((e->dw[2] & 0xffff) + 1) << model.block_shift;
	uint8_t *at = model.disk + (lba << model.block_shift);
	bool read = e->opcode == 2;
	uint32_t range[4];

	assert_int_equal(e->nsid, 1);
	switch (e->opcode) {
	case 0:
		model.flushes++;
		return 0;
	case 9:
		assert_int_equal(e->dw[0], 0);
		assert_int_equal(e->dw[1], 4);
		memcpy(range, model_ram(e->data[0]), 16);
		model.discards++;
		memset(model.disk + ((size_t)range[2] << model.block_shift),
		       0xdd, (size_t)range[1] << model.block_shift);
		return 0;
	case 8:
		model.zeroes++;
		memset(at, 0, n);
		return 0;
	case 1:
	case 2:
		break;
	default:
		return 0x4001;
	}
	if (model.fail_count > 0) {
		model.fail_count--;
		return model.fail_status;
	}
	assert_true(at + n <= model.disk + sizeof(model.disk));
	assert_true(!model.mdts || n <= 4096U << model.mdts);
	model.reads += read;
	model.writes += !read;
	if (e->flags & 0xc0) {
		model_sgl(e, at, n, read);
	} else {
		model_prps(e, at, n, read);
	}
	return 0;
}

static void model_identify(const struct model_entry *e)
{
	uint8_t *p = model_ram(e->data[0]);

	memset(p, 0, 4096);
	switch (e->dw[0]) {
	case 0:
		assert_int_equal(e->nsid, 1);
		p[0] = MODEL_SECTORS * 512 >> model.block_shift & 0xff;
		p[1] = MODEL_SECTORS * 512 >> model.block_shift >> 8;
		p[26] = 1;
		p[128 + 4 + 2] = (uint8_t)model.block_shift;
		break;
	case 1:
		memcpy(p + 24, "Model                                   ", 40);
		p[77] = (uint8_t)model.mdts;
		p[520] = 0xc;
		p[525] = 1;
		p[536] = (uint8_t)model.sgls;
		break;
	case 2:
		p[0] = 1;
		break;
	default:
		fail();
	}
}

static void model_admin(const struct model_entry *e)
{
	unsigned int id = e->dw[0] & 0xffff;
	uint32_t result = 0;

	switch (e->opcode) {
	case 1:
		assert_int_equal(e->dw[1] & 1, 1);
		model.q[id].sq = e->data[0];
		model.q[id].cq_id = (uint16_t)(e->dw[1] >> 16);
		model.q[id].head = model.q[id].tail = 0;
		model.q[id].on = true;
		break;
	case 5:
		assert_int_equal(e->dw[1] & 3, 3);
		model.q[id].cq = e->data[0];
		model.q[id].entries = (e->dw[0] >> 16) + 1;
		model.q[id].vector = e->dw[1] >> 16;
		model.q[id].cq_tail = model.q[id].cq_head = 0;
		model.q[id].phase = true;
		break;
	case 6:
		model_identify(e);
		break;
	case 8:
		model.aborts++;
		result = 1;
		for (unsigned int i = 0; i < model.nswallowed; i++) {
			if (!model.ignore_abort &&
			    model.swallowed[i].qid == id &&
			    model.swallowed[i].id == e->dw[0] >> 16) {
				result = 0;
				model_complete(id, model.swallowed[i].id,
					       0x4007, 0);
				model.swallowed[i] =
					model.swallowed[--model.nswallowed];
				break;
			}
		}
		break;
	case 9:
		assert_int_equal(id, 7);
		result = 3 | 3 << 16;
		break;
	default:
		fail();
	}
	model_complete(0, e->id, 0, result);
}

static void model_doorbell(unsigned int n, uint32_t v)
{
	unsigned int id = n / 2;

	assert_true(model.ready && id < MODEL_QUEUES);
	if (n % 2) {
		model.q[id].cq_head = v;
		return;
	}
	assert_true(id == 0 || model.q[id].on);
	for (model.q[id].tail = v; model.q[id].head != v;) {
		struct model_entry e;

		memcpy(&e, model_ram(model.q[id].sq) + 64 * model.q[id].head,
		       64);
		if (++model.q[id].head == model.q[id].entries) {
			model.q[id].head = 0;
		}
		if (id == 0) {
			model_admin(&e);
		} else if (model.swallow > 0) {
			model.swallow--;
			model.swallowed[model.nswallowed].qid = (uint16_t)id;
			model.swallowed[model.nswallowed++].id = e.id;
		} else {
			model_complete(id, model.wrong_id ? 0x3fff : e.id,
				       model_io(&e), 0);
		}
	}
}

static void model_control(uint32_t v)
{
	if ((v >> 14 & 3) == 1) {
		model_put(0x1c, model_get(0x1c) | 8);
	}
	if ((v & 1) && !model.ready) {
		memset(model.q, 0, sizeof(model.q));
		memcpy(&model.q[0].sq, model.regs + 0x28, 8);
		memcpy(&model.q[0].cq, model.regs + 0x30, 8);
		model.q[0].entries = (model_get(0x24) & 0xfff) + 1;
		model.q[0].phase = true;
		model.nswallowed = 0;
		model.ready = true;
		model_put(0x1c, 1);
	} else if (!(v & 1)) {
		model.resets += model.ready;
		model.ready = false;
		model.pending = 0;
		model_put(0x1c, model.stuck ? 1 : 0);
	}
}

static uint32_t mmio_read32(volatile void *reg)
{
	unsigned int off = (unsigned int)((volatile uint8_t *)reg - model.regs);

	return model.vanished ? UINT32_MAX : model_get(off);
}

static void mmio_write32(volatile void *reg, uint32_t v)
{
	unsigned int off = (unsigned int)((volatile uint8_t *)reg - model.regs);

	if (model.vanished) {
		return;
	}
	if (off >= 0x1000) {
		model_doorbell((off - 0x1000) / 4, v);
		return;
	}
	model_put(off, v);
	if (off == 0x14) {
		model_control(v);
	}
}

static void model_init(unsigned int block_shift, unsigned int mdts,
		       unsigned int sgls, unsigned int entries)
{
	memset(&model, 0, sizeof(model));
	model_put(0x00, (entries - 1) | 2U << 24);
	model_put(0x04, 1 << 5);
	model.block_shift = block_shift;
	model.mdts = mdts;
	model.sgls = sgls;
	for (unsigned int i = 0; i < sizeof(model.disk); i++) {
		model.disk[i] = (uint8_t)(i / 512 * 7 + i);
	}
}

#endif
