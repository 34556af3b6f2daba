/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turning requests into commands. Each CPU submits to a queue of its own if
 * there are enough; requests for which a queue has no free slot wait in that
 * queue.
 */
#include <core/heap.h>
#include <core/log.h>
#include <core/percpu.h>
#include <libs/error.h>
#include <string.h>

#include "nvme_priv.h"

#define DATASET_DEALLOCATE BIT(2)
#define ZEROES_DEALLOCATE BIT(25)

struct nvme_range { /* 6.7 */
	uint32_t attributes, blocks;
	uint64_t first;
};

static struct nvme_namespace *space_of(const struct block_request *rq)
{
	return container_of(rq->bd, struct nvme_namespace, bd);
}

static bool has_data(const struct block_request *rq)
{
	return rq->op == BLOCK_READ || rq->op == BLOCK_WRITE;
}

/* --- from a request to a command ------------------------------------------ */

static uint64_t slot_list_addr(const struct nvme_queue *q, unsigned int slot)
{
	return q->lists.addr + slot * NVME_LIST_BYTES;
}

/* Put the range of blocks, in units of the namespace, into the command. */
static void put_blocks(struct nvme_command *cmd,
		       const struct nvme_namespace *ns, uint64_t sector,
		       uint64_t sectors)
{
	uint64_t lba = sector >> ns->shift;

	cmd->dw10 = (uint32_t)lba;
	cmd->dw11 = (uint32_t)(lba >> 32);
	cmd->dw12 = (uint32_t)(sectors >> ns->shift) - 1;
}

static void put_range(struct nvme_queue *q, unsigned int slot,
		      struct nvme_command *cmd, const struct nvme_namespace *ns)
{
	const struct block_request *rq = q->slots[slot].rq;
	struct nvme_range *range =
		(struct nvme_range *)((uint8_t *)q->lists.va +
				      slot * NVME_LIST_BYTES);

	*range = (struct nvme_range){
		.blocks = (uint32_t)(rq->nsectors >> ns->shift),
		.first = rq->sector >> ns->shift,
	};
	cmd->opcode = NVME_DATASET;
	cmd->data[0] = slot_list_addr(q, slot);
	cmd->dw11 = (uint32_t)DATASET_DEALLOCATE;
}

static void put_data(struct nvme_queue *q, unsigned int slot,
		     struct nvme_command *cmd, const struct nvme_namespace *ns)
{
	struct nvme_slot *s = &q->slots[slot];

	cmd->opcode = s->rq->op == BLOCK_READ ? NVME_READ : NVME_WRITE;
	nvme_map(q, slot, cmd);
	put_blocks(cmd, ns, s->rq->sector + s->done, s->sectors);
}

/* Start the next command of the slot's request. */
static void start_slot(struct nvme_queue *q, unsigned int slot)
{
	struct nvme_slot *s = &q->slots[slot];
	const struct block_request *rq = s->rq;
	const struct nvme_namespace *ns = space_of(rq);
	struct nvme_command cmd = {
		.id = (uint16_t)slot,
		.nsid = ns->nsid,
	};

	s->sectors = (uint32_t)rq->nsectors;
	s->aborted = false;
	switch (rq->op) {
	case BLOCK_FLUSH:
		cmd.opcode = NVME_FLUSH;
		break;
	case BLOCK_DISCARD:
		put_range(q, slot, &cmd, ns);
		break;
	case BLOCK_WRITE_ZEROES:
		cmd.opcode = NVME_WRITE_ZEROES;
		put_blocks(&cmd, ns, rq->sector, rq->nsectors);
		cmd.dw12 |= rq->unmap ? (uint32_t)ZEROES_DEALLOCATE : 0;
		break;
	default:
		put_data(q, slot, &cmd, ns);
		break;
	}
	s->started = time_now();
	nvme_queue_put(q, &cmd);
}

static void begin_request(struct nvme_queue *q, struct block_request *rq)
{
	unsigned int slot = (unsigned int)__builtin_ctzll(q->free_slots);
	struct nvme_slot *s = &q->slots[slot];

	q->free_slots &= ~BIT(slot);
	q->used++;
	*s = (struct nvme_slot){ .rq = rq };
	start_slot(q, slot);
}

static void begin_pending(struct nvme_queue *q)
{
	while (q->on && q->free_slots && !list_empty(&q->pending)) {
		struct block_request *rq =
			list_first(&q->pending, struct block_request, node);

		list_remove(&rq->node);
		begin_request(q, rq);
	}
}

static struct nvme_queue *queue_here(struct nvme *c)
{
	return &c->io[cpu_id() % c->nio];
}

static void nvme_submit(struct blockdev *bd, struct block_request *rq)
{
	struct nvme *c = container_of(bd, struct nvme_namespace, bd)->c;
	struct nvme_queue *q = queue_here(c);
	unsigned long flags = spin_lock_irqsave(&q->lock);
	bool dead = READ_ONCE(c->dead);

	if (!dead) {
		/* For nvme_cancel(). */
		rq->driver[0] = q->id;
		if (q->on && q->free_slots && list_empty(&q->pending)) {
			begin_request(q, rq);
		} else {
			list_append(&q->pending, &rq->node);
		}
	}
	spin_unlock_irqrestore(&q->lock, flags);
	if (dead) {
		blockdev_done(rq, -ERR_IO);
	}
}

/* The submitting thread may be on another CPU by now. */
static void nvme_kick(struct blockdev *bd)
{
	struct nvme *c = container_of(bd, struct nvme_namespace, bd)->c;

	for (unsigned int i = 0; i < c->nio; i++) {
		struct nvme_queue *q = &c->io[i];
		unsigned long flags;

		if (READ_ONCE(q->sq_rung) == READ_ONCE(q->sq_tail)) {
			continue;
		}
		flags = spin_lock_irqsave(&q->lock);
		nvme_queue_ring(q);
		spin_unlock_irqrestore(&q->lock, flags);
	}
	nvme_watch(c);
}

/* The request need not have been submitted to this device. */
static bool nvme_cancel(struct blockdev *bd, struct block_request *rq)
{
	struct nvme *c = container_of(bd, struct nvme_namespace, bd)->c;
	uint64_t at = rq->driver[0] - 1; /* queue 0 is not in io[] */

	return at < c->nio &&
	       blockdev_cancel_queued(&c->io[at].lock, &c->io[at].pending, rq);
}

static void nvme_release(struct blockdev *bd)
{
	struct nvme_namespace *ns = container_of(bd, struct nvme_namespace, bd);
	struct nvme *c = ns->c;

	heap_free(ns);
	nvme_put(c);
}

const struct blockdev_ops nvme_blockdev_ops = {
	.submit = nvme_submit,
	.kick = nvme_kick,
	.cancel = nvme_cancel,
	.release = nvme_release,
};

/* --- from a completion to the request's end ------------------------------- */

static int result_of(unsigned int status)
{
	switch (NVME_STATUS_CODE(status)) {
	case 0:
		return 0;
	case NVME_INVALID_OPCODE:
		return -ERR_NOSUPP;
	case NVME_WRITE_PROTECTED:
		return -ERR_PERM;
	case NVME_LBA_RANGE:
	case NVME_CAPACITY:
		return -ERR_RANGE;
	default:
		return -ERR_IO;
	}
}

static void end_slot(struct nvme_queue *q, unsigned int slot, int result,
		     struct list *ended)
{
	struct block_request *rq = q->slots[slot].rq;

	q->slots[slot].rq = NULL;
	q->free_slots |= BIT(slot);
	q->used--;
	rq->result = result;
	list_append(ended, &rq->node);
}

static void report(const struct nvme_queue *q, const struct nvme_slot *s,
		   unsigned int status)
{
	static struct log_limit limit = LOG_LIMIT_INIT;

	(void)q;
	if (log_allow(&limit)) {
		log_warn("%s: request %u at sector %llu fails: status %#x",
			 s->rq->bd->name, s->rq->op,
			 (unsigned long long)(s->rq->sector + s->done), status);
	}
}

static void command_done(struct nvme_queue *q, const struct nvme_completion *e,
			 struct list *ended)
{
	unsigned int status = NVME_STATUS(e->status);
	struct nvme_slot *s;

	/* Not an identifier of ours: such a controller cannot be trusted with
	 * memory, and is reset. */
	if (e->id >= NVME_SLOTS || !q->slots[e->id].rq) {
		__atomic_store_n(&q->c->failed, true, __ATOMIC_RELEASE);
		return;
	}
	s = &q->slots[e->id];
	nvme_unmap(q, e->id);
	if (NVME_STATUS_CODE(status) == 0) {
		WRITE_ONCE(q->c->progress, true);
		if (!has_data(s->rq) || nvme_advance(s)) {
			end_slot(q, e->id, 0, ended);
			return;
		}
	} else if ((status & NVME_DO_NOT_RETRY) || ++s->tries >= NVME_TRIES) {
		report(q, s, status);
		end_slot(q, e->id,
			 s->aborted ? -ERR_TIMEOUT : result_of(status), ended);
		return;
	}
	start_slot(q, e->id);
}

static void end_all(struct list *ended)
{
	struct block_request *rq, *next;

	list_for_each_safe(rq, next, ended, node) {
		list_remove(&rq->node);
		blockdev_done(rq, rq->result);
	}
}

/* At most as many as the queue has entries: later completions raise an
 * interrupt of their own. */
void nvme_io_interrupt(struct nvme_queue *q)
{
	struct list ended = LIST_INIT(ended);
	unsigned long flags = spin_lock_irqsave(&q->lock);
	struct nvme_completion e;
	unsigned int n = 0;

	while (n < q->entries && nvme_queue_take(q, &e)) {
		command_done(q, &e, &ended);
		n++;
	}
	if (n > 0) {
		nvme_queue_taken(q);
		begin_pending(q);
		nvme_queue_ring(q);
	}
	spin_unlock_irqrestore(&q->lock, flags);
	end_all(&ended);
	if (READ_ONCE(q->c->failed)) {
		nvme_fail(q->c);
	}
}

/* --- when it does not answer ---------------------------------------------- */

static bool is_late(const struct nvme_slot *s, ticks_t now)
{
	return s->rq && now - s->started >= ms_to_ticks(NVME_IO_MS);
}

bool nvme_io_busy(struct nvme *c, bool *late)
{
	ticks_t now = time_now();
	bool busy = false;

	*late = false;
	for (unsigned int i = 0; i < c->nio; i++) {
		struct nvme_queue *q = &c->io[i];
		unsigned long flags = spin_lock_irqsave(&q->lock);

		busy |= q->used > 0;
		for (unsigned int s = 0; q->used > 0 && s < NVME_SLOTS; s++) {
			*late |= is_late(&q->slots[s], now);
		}
		spin_unlock_irqrestore(&q->lock, flags);
	}
	return busy;
}

bool nvme_io_late(struct nvme *c, struct nvme_queue **q, unsigned int *slot)
{
	ticks_t now = time_now();
	bool found = false;

	for (unsigned int i = 0; !found && i < c->nio; i++) {
		unsigned long flags = spin_lock_irqsave(&c->io[i].lock);

		for (unsigned int s = 0; !found && s < NVME_SLOTS; s++) {
			if (is_late(&c->io[i].slots[s], now)) {
				found = true;
				*q = &c->io[i];
				*slot = s;
				c->io[i].slots[s].aborted = true;
			}
		}
		spin_unlock_irqrestore(&c->io[i].lock, flags);
	}
	return found;
}

static void requeue(struct nvme_queue *q, bool gone, struct list *ended)
{
	for (unsigned int i = 0; i < NVME_SLOTS; i++) {
		struct nvme_slot *s = &q->slots[i];
		struct block_request *rq = s->rq;

		if (!rq) {
			continue;
		}
		nvme_unmap(q, i);
		if (gone || ++s->tries >= NVME_TRIES) {
			end_slot(q, i, gone ? -ERR_IO : -ERR_TIMEOUT, ended);
		}
	}
	while (gone && !list_empty(&q->pending)) {
		struct block_request *rq =
			list_first(&q->pending, struct block_request, node);

		list_remove(&rq->node);
		rq->result = -ERR_IO;
		list_append(ended, &rq->node);
	}
}

void nvme_io_requeue(struct nvme *c, bool gone)
{
	struct list ended = LIST_INIT(ended);

	for (unsigned int i = 0; i < c->nio; i++) {
		struct nvme_queue *q = &c->io[i];
		unsigned long flags = spin_lock_irqsave(&q->lock);

		requeue(q, gone, &ended);
		spin_unlock_irqrestore(&q->lock, flags);
	}
	end_all(&ended);
}

/* Requests that have kept their slots go first. */
void nvme_io_resume(struct nvme *c)
{
	for (unsigned int i = 0; i < c->nio; i++) {
		struct nvme_queue *q = &c->io[i];
		unsigned long flags = spin_lock_irqsave(&q->lock);

		for (unsigned int s = 0; s < NVME_SLOTS; s++) {
			if (q->slots[s].rq) {
				start_slot(q, s);
			}
		}
		begin_pending(q);
		nvme_queue_ring(q);
		spin_unlock_irqrestore(&q->lock, flags);
	}
	nvme_watch(c);
}
