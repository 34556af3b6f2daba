/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NVM Express controllers: registers, enabling and disabling, admin commands.
 * */
#include <arch/mmio.h>
#include <core/log.h>
#include <libs/error.h>

#include "nvme_priv.h"

/* 3.1: registers. */
#define NVME_CC 0x14
#define NVME_AQA 0x24
#define NVME_ASQ 0x28
#define NVME_ACQ 0x30

#define CAP_TIMEOUT_MS(c) (FIELD(c, 31, 24) * 500)
#define CC_ENABLE BIT(0)
#define CC_SHUTDOWN (1U << 14)
#define CC_ENTRY_SIZES (6U << 16 | 4U << 20) /* log2: 64 and 16 bytes */
#define CSTS_SHUTDOWN(v) FIELD(v, 3, 2)
#define SHUTDOWN_DONE 2

/* 5: admin commands. */
#define ADMIN_CREATE_SQ 0x01
#define ADMIN_CREATE_CQ 0x05
#define ADMIN_IDENTIFY 0x06
#define ADMIN_SET_FEATURES 0x09
#define FEATURE_QUEUES 0x07
#define QUEUE_CONTIGUOUS BIT(0)
#define CQ_INTERRUPTS BIT(1)

static uint32_t get32(const struct nvme *c, unsigned int off)
{
	return mmio_read32(c->regs + off);
}

static void set32(const struct nvme *c, unsigned int off, uint32_t v)
{
	mmio_write32(c->regs + off, v);
}

/* In halves: not every bridge forwards accesses of 64 bits. */
static void set64(const struct nvme *c, unsigned int off, uint64_t v)
{
	set32(c, off, (uint32_t)v);
	set32(c, off + 4, (uint32_t)(v >> 32));
}

/* --- admin commands: thread ----------------------------------------------- */

void nvme_admin_interrupt(struct nvme *c)
{
	struct nvme_queue *q = &c->admin;
	unsigned long flags = spin_lock_irqsave(&q->lock);
	struct nvme_completion e;
	bool answered = false;
	unsigned int n = 0;

	while (n < q->entries && nvme_queue_take(q, &e)) {
		if (e.id == c->admin_id) {
			c->answer = e;
			answered = true;
		}
		n++;
	}
	if (n > 0) {
		nvme_queue_taken(q);
	}
	spin_unlock_irqrestore(&q->lock, flags);
	if (answered) {
		completion_done(&c->answered);
	}
}

/* Run an admin command: 0, -ERR_TIMEOUT, or -ERR_IO if it was refused. `result`
 * may be NULL. */
int nvme_admin(struct nvme *c, struct nvme_command *cmd, uint32_t *result)
{
	ticks_t deadline = time_now() + ms_to_ticks(NVME_ADMIN_MS);
	unsigned long flags;
	int err;

	completion_init(&c->answered);
	flags = spin_lock_irqsave(&c->admin.lock);
	/* A completion that comes after the time limit must not match a later
	 * command. */
	cmd->id = ++c->admin_id;
	nvme_queue_put(&c->admin, cmd);
	nvme_queue_ring(&c->admin);
	spin_unlock_irqrestore(&c->admin.lock, flags);
	err = completion_wait_until(&c->answered, deadline);
	if (err) {
		/* The completion may be there and only its interrupt lost. */
		nvme_admin_interrupt(c);
		err = completion_wait_until(&c->answered, time_now());
	}
	if (err) {
		return err;
	}
	if (result) {
		*result = c->answer.result;
	}
	return NVME_STATUS_CODE(NVME_STATUS(c->answer.status)) ? -ERR_IO : 0;
}

int nvme_identify(struct nvme *c, uint32_t what, uint32_t nsid,
		  struct dma_buffer *out)
{
	struct nvme_command cmd = {
		.opcode = ADMIN_IDENTIFY,
		.nsid = nsid,
		.data = { out->addr },
		.dw10 = what,
	};

	return nvme_admin(c, &cmd, NULL);
}

int nvme_create_queue(struct nvme *c, struct nvme_queue *q)
{
	uint32_t id = q->id | (q->entries - 1) << 16;
	struct nvme_command cq = {
		.opcode = ADMIN_CREATE_CQ,
		.data = { q->cq.addr },
		.dw10 = id,
		.dw11 = (uint32_t)(QUEUE_CONTIGUOUS | CQ_INTERRUPTS) |
			q->vector << 16,
	};
	struct nvme_command sq = {
		.opcode = ADMIN_CREATE_SQ,
		.data = { q->sq.addr },
		.dw10 = id,
		.dw11 = (uint32_t)QUEUE_CONTIGUOUS | q->id << 16,
	};
	int err;

	nvme_queue_reset(q, false);
	err = nvme_admin(c, &cq, NULL);
	if (err == 0) {
		err = nvme_admin(c, &sq, NULL);
	}
	if (err == 0) {
		nvme_queue_reset(q, true);
	}
	return err;
}

/* Fewer queues than wanted are accepted, none is an error. */
int nvme_ask_queues(struct nvme *c, unsigned int *n)
{
	struct nvme_command cmd = {
		.opcode = ADMIN_SET_FEATURES,
		.dw10 = FEATURE_QUEUES,
		.dw11 = (*n - 1) | (*n - 1) << 16,
	};
	uint32_t got;
	int err = nvme_admin(c, &cmd, &got);

	if (err == 0) {
		*n = MIN(*n, MIN(got & 0xffff, got >> 16) + 1);
	}
	return err;
}

/* --- enabling and disabling: thread --------------------------------------- */

static int wait_ready(const struct nvme *c, bool ready, uint64_t limit_ms)
{
	ticks_t deadline = time_now() + ms_to_ticks(limit_ms);
	bool late;

	do {
		uint32_t csts;

		late = time_now() >= deadline;
		csts = get32(c, NVME_CSTS);
		if (csts == UINT32_MAX || (ready && (csts & CSTS_FATAL))) {
			return -ERR_IO;
		}
		if ((csts & CSTS_READY) == (uint32_t)ready) {
			return 0;
		}
		sleep_ms(1);
	} while (!late);
	return -ERR_TIMEOUT;
}

/*
 * 7.3.2. When the controller is no longer ready, all its commands have ended.
 */
int nvme_disable(struct nvme *c)
{
	nvme_queue_reset(&c->admin, false);
	for (unsigned int i = 0; i < c->nio; i++) {
		nvme_queue_reset(&c->io[i], false);
	}
	if (get32(c, NVME_CSTS) == UINT32_MAX) {
		return -ERR_IO;
	}
	set32(c, NVME_CC, get32(c, NVME_CC) & ~(uint32_t)CC_ENABLE);
	return wait_ready(c, false, CAP_TIMEOUT_MS(c->cap) + 500);
}

/* 7.6.1. */
int nvme_enable(struct nvme *c)
{
	uint32_t entries = c->entries_max - 1;

	nvme_queue_reset(&c->admin, true);
	set32(c, NVME_AQA, entries | entries << 16);
	set64(c, NVME_ASQ, c->admin.sq.addr);
	set64(c, NVME_ACQ, c->admin.cq.addr);
	set32(c, NVME_CC, (uint32_t)CC_ENABLE | CC_ENTRY_SIZES);
	return wait_ready(c, true, CAP_TIMEOUT_MS(c->cap) + 500);
}

int nvme_create_queues(struct nvme *c)
{
	unsigned int n = c->nio;
	int err = nvme_ask_queues(c, &n);

	if (err == 0 && n < c->nio) {
		err = -ERR_IO; /* it had granted more */
	}
	for (unsigned int i = 0; err == 0 && i < c->nio; i++) {
		err = nvme_create_queue(c, &c->io[i]);
	}
	return err;
}

/* 7.6.2: caches are written back. */
void nvme_shut_down(struct nvme *c)
{
	ticks_t deadline = time_now() + ms_to_ticks(NVME_SHUTDOWN_MS);
	uint32_t csts = get32(c, NVME_CSTS);

	if (csts == UINT32_MAX || !(csts & CSTS_READY)) {
		return;
	}
	set32(c, NVME_CC, get32(c, NVME_CC) | CC_SHUTDOWN);
	while (time_now() < deadline) {
		csts = get32(c, NVME_CSTS);
		if (csts == UINT32_MAX ||
		    CSTS_SHUTDOWN(csts) == SHUTDOWN_DONE) {
			return;
		}
		sleep_ms(1);
	}
	log_warn("%s: it is not shut down in time", c->dev->name);
}
