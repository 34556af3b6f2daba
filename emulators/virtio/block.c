/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO block device (VirtIO 1.2, 5.2): a guest's disk, bound to a virtual
 * disk by name. Requests are preallocated for each queue; a guest's buffers are
 * used in place. docs/design/block.md has the path of a request.
 */
#include <core/event.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/schema.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/vdisk.h>
#include <core/virtio.h>
#include <core/virtio_blk.h>
#include <core/virtio_hold.h>
#include <core/virtio_mmio.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_QUEUES_MAX 8
#define BLOCK_QUEUE_SIZE 128
/* Most requests of a queue in progress; the others stay in the ring. */
#define BLOCK_REQUESTS 64
/*
 * Most data buffers of a request, and most segments: each buffer can cross one
 * boundary of the guest's extents (size_max sees to that), a header can be in
 * as many buffers as it has bytes, and there is the status.
 */
#define BLOCK_SEG_MAX 64
#define BLOCK_PARTS_MAX (2 * BLOCK_SEG_MAX + 32)
#define BLOCK_SIZE_MAX MIB(1)
/* Sectors discarded or zeroed by one request: 1 GiB. */
#define BLOCK_RANGE_MAX 2097152
/* Most requests taken in one trap, or one interrupt. */
#define BLOCK_TAKE_MAX 64
/* How many of these are taken under the queue's lock at a time. */
#define BLOCK_RUN 8

/* [Q] the queue's lock; the rest belongs to the request's handler. */
struct block_req {
	struct vdisk_request rq;
	struct virtq_chain chain;
	struct block_queue *q;
	struct block_req *next; /* [Q] free */
	bool busy;              /* [Q] taken */
	uint8_t *status;
	struct io_segment parts[BLOCK_PARTS_MAX];
};

/* [Q] */
struct block_queue {
	struct virtqueue *vq;
	struct block *b;
	struct block_req *reqs; /* BLOCK_REQUESTS */
	struct block_req *free;
	unsigned int taking; /* callers that take requests, then publish */
	bool starved;        /* there may be more in the ring */
	struct timer again;  /* continues after BLOCK_TAKE_MAX */
	struct virtq_hold hold;
	struct vdisk_stats stats;
};

/* All [I] except the configuration, which vd->lock guards. */
struct block {
	struct virtio_device *vd;
	struct vdisk *disk;
	bool read_only;
	struct vdisk_client client;
	char name[64];
	struct virtio_blk_config config;
	struct block_queue queues[BLOCK_QUEUES_MAX];
};

static struct block *of(struct virtio_device *vd)
{
	return vd->state;
}

/* --- end of a request ----------------------------------------------------- */

/* For the driver; an error is told to managers, too. */
static uint8_t status_of(const struct block_queue *q, int result)
{
	if (likely(result == 0)) {
		return VIRTIO_BLK_S_OK;
	}
	if (result == -ERR_NOSUPP) {
		return VIRTIO_BLK_S_UNSUPP;
	}
	event_post(EVENT_DISK, q->b->vd->guest->name, "%s: %s",
		   q->b->vd->emu->name, err_str(result));
	return VIRTIO_BLK_S_IOERR;
}

static void count_locked(struct block_queue *q, const struct block_req *r)
{
	const struct vdisk_request *rq = &r->rq;

	if (rq->result == 0) {
		q->stats.requests[rq->op]++;
		q->stats.sectors[rq->op] += rq->nsectors;
	} else {
		q->stats.errors++;
	}
}

/* Give a request back to the driver. */
static void end_locked(struct block_queue *q, struct block_req *r,
		       uint8_t status)
{
	/* The status is the last byte written, whatever comes before it. */
	*r->status = status;
	virtqueue_push(q->vq, &r->chain, r->chain.writable_size);
	virtq_hold_count(&q->hold);
	r->busy = false;
	r->next = q->free;
	q->free = r;
}

static int take_all(struct block_queue *q);

/* Called by the vdisk, in any context. */
static void request_done(struct vdisk_request *rq)
{
	struct block_req *r = container_of(rq, struct block_req, rq);
	struct block_queue *q = r->q;
	unsigned long flags = virtqueue_lock(q->vq);
	bool due = false, more = false;

	count_locked(q, r);
	end_locked(q, r, status_of(q, rq->result));
	if (q->taking == 0) {
		due = virtq_hold(&q->hold, virtqueue_publish(q->vq));
		more = q->starved;
	}
	virtqueue_unlock(q->vq, flags);
	if (due) {
		virtio_interrupt(q->vq);
	}
	if (more && take_all(q)) {
		timer_set(&q->again, time_now());
	}
}

/* --- what is asked for ---------------------------------------------------- */

static int make_transfer(struct block_req *r, enum block_op op,
			 const struct io_list *data, uint64_t sector)
{
	uint64_t bytes = op == BLOCK_READ
				 ? r->chain.writable_size - 1
				 : r->chain.readable_size -
					   sizeof(struct virtio_blk_header);

	/* 5.2.6.1: whole sectors. */
	if (bytes % BLOCK_SECTOR_SIZE != 0) {
		return -ERR_INVAL;
	}
	r->rq.op = op;
	r->rq.sector = sector;
	r->rq.nsectors = bytes >> BLOCK_SECTOR_SHIFT;
	r->rq.segs = data->segs;
	r->rq.nsegs = data->n;
	return 1;
}

/* 5.2.6.2: one range, as the configuration allows. */
static int make_range(struct block_req *r, enum block_op op)
{
	struct virtio_blk_range range;
	uint32_t known = op == BLOCK_DISCARD ? 0
					     : VIRTIO_BLK_WRITE_ZEROES_UNMAP;

	if (r->chain.readable_size !=
	    sizeof(struct virtio_blk_header) + sizeof(range)) {
		return -ERR_INVAL;
	}
	(void)io_list_pull(&r->chain.readable, &range, sizeof(range));
	if (range.flags & ~known) {
		return -ERR_NOSUPP;
	}
	r->rq.op = op;
	r->rq.unmap = range.flags != 0;
	r->rq.sector = range.sector;
	r->rq.nsectors = range.num_sectors;
	return 1;
}

static int get_id(struct block_req *r)
{
	const char *name = vdisk_name(r->q->b->disk);
	char id[VIRTIO_BLK_ID_BYTES] = { 0 };

	/* Without a terminator if it fills all bytes. */
	for (size_t i = 0; i < sizeof(id) && name[i]; i++) {
		id[i] = name[i];
	}
	(void)io_list_fill(&r->chain.writable, id, sizeof(id));
	return 0;
}

/* Remove the header from the list. It usually has a buffer of its own. */
static bool pull_header(struct io_list *l, struct virtio_blk_header *h)
{
	const struct virtio_blk_header *there = l->n ? l->segs[0].va : NULL;

	if (likely(there && l->segs[0].size == sizeof(*h) &&
		   IS_ALIGNED((uintptr_t)there, sizeof(uint64_t)))) {
		/* Read each field once, because the guest can change it. */
		h->type = READ_ONCE(there->type);
		h->sector = READ_ONCE(there->sector);
		l->segs++;
		l->n--;
		return true;
	}
	return io_list_pull(l, h, sizeof(*h)) == sizeof(*h);
}

/* Returns 1 if the request is to be submitted, else its result. */
static int make(struct block_req *r)
{
	const struct block *b = r->q->b;
	struct virtio_blk_header h;

	if (!pull_header(&r->chain.readable, &h)) {
		return -ERR_INVAL;
	}
	switch (h.type) {
	case VIRTIO_BLK_T_IN:
		return make_transfer(r, BLOCK_READ, &r->chain.writable,
				     h.sector);
	case VIRTIO_BLK_T_FLUSH:
		r->rq.op = BLOCK_FLUSH;
		r->rq.nsectors = 0;
		return 1;
	case VIRTIO_BLK_T_GET_ID:
		return get_id(r);
	default:
		break;
	}
	if (b->read_only) {
		return -ERR_PERM;
	}
	switch (h.type) {
	case VIRTIO_BLK_T_OUT:
		return make_transfer(r, BLOCK_WRITE, &r->chain.readable,
				     h.sector);
	case VIRTIO_BLK_T_DISCARD:
		return make_range(r, BLOCK_DISCARD);
	case VIRTIO_BLK_T_WRITE_ZEROES:
		return make_range(r, BLOCK_WRITE_ZEROES);
	default:
		return -ERR_NOSUPP;
	}
}

/* --- taking requests ------------------------------------------------------ */

/* The next request; NULL if the ring is empty or no structure is free. */
static struct block_req *take_locked(struct block_queue *q)
{
	struct block_req *r = q->free;
	struct io_segment *last;

	if (!r) {
		q->starved = true;
		return NULL;
	}
	r->chain.segs = r->parts;
	r->chain.max = BLOCK_PARTS_MAX;
	if (virtqueue_pop(q->vq, &r->chain) != 1) {
		return NULL;
	}
	if (unlikely(r->chain.writable_size == 0)) {
		/* There is no status byte to report the error in. */
		virtqueue_push(q->vq, &r->chain, 0);
		virtio_fault(q->b->vd, q->vq, "a request without a status");
		return NULL;
	}
	last = &r->chain.writable.segs[r->chain.writable.n - 1];
	last->size--;
	r->status = (uint8_t *)last->va + last->size;
	r->chain.writable.n -= last->size == 0;
	q->free = r->next;
	r->busy = true;
	return r;
}

/* Take up to `max` requests: those to be done are in run[BLOCK_RUN], their
 * number is returned; the others have ended. *taken counts both. */
static unsigned int take_run_locked(struct block_queue *q,
				    struct block_req **run, unsigned int max,
				    unsigned int *taken)
{
	bool durable = !virtio_has(q->b->vd, VIRTIO_BLK_F_FLUSH);
	unsigned int n = 0;
	struct block_req *r;

	while (n < BLOCK_RUN && *taken < max && (r = take_locked(q)) != NULL) {
		int result = make(r);

		++*taken;
		if (likely(result == 1)) {
			r->rq.durable = durable;
			run[n++] = r;
		} else {
			q->stats.errors += result != 0;
			end_locked(q, r, status_of(q, result));
		}
		if (virtqueue_seen(q->vq) == 0) {
			break;
		}
	}
	return n;
}

/* Do what can be done in this call: these stay in run[], and their number is
 * returned. The others are submitted, and request_done() ends them. */
static unsigned int do_run(struct vdisk_batch *batch, struct block_req **run,
			   unsigned int n)
{
	unsigned int ended = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (vdisk_now(batch, &run[i]->rq)) {
			run[ended++] = run[i];
		} else {
			vdisk_submit(batch, &run[i]->rq);
		}
	}
	return ended;
}

static void end_run_locked(struct block_queue *q, struct block_req **run,
			   unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		count_locked(q, run[i]);
		end_locked(q, run[i], status_of(q, run[i]->rq.result));
	}
}

/*
 * After a run of n requests: is this caller to take another run? If not, and it
 * is the last caller in the queue, it publishes what is done (*due: the driver
 * wants an interrupt), and enables kicks unless the rest will be taken without
 * one: in another trap, or when a request structure is free.
 */
static bool run_again_locked(struct block_queue *q, unsigned int n,
			     unsigned int taken, bool *due)
{
	unsigned int what;

	if (taken < BLOCK_TAKE_MAX &&
	    ((n == BLOCK_RUN && virtqueue_seen(q->vq) > 0) ||
	     (q->starved && n > 0))) {
		return true;
	}
	if (q->taking > 1) {
		return false;
	}
	if (taken == BLOCK_TAKE_MAX || q->starved) {
		*due |= virtqueue_publish(q->vq);
		return false;
	}
	what = virtqueue_finish(q->vq);
	*due |= (what & VIRTQUEUE_DUE) != 0;
	return (what & VIRTQUEUE_MORE) != 0;
}

/* Take all requests in the ring; -ERR_BUSY if some are left. Any context.
 * Requests that end meanwhile are published together at the end. */
static int take_all(struct block_queue *q)
{
	struct block_req *run[BLOCK_RUN];
	struct vdisk_batch batch;
	unsigned long flags;
	unsigned int n, taken = 0;
	bool due = false;

	vdisk_batch_begin(q->b->disk, &batch);
	flags = virtqueue_lock(q->vq);
	q->taking++;
	do {
		q->starved = false;
		virtqueue_kicks_off(q->vq);
		n = take_run_locked(q, run, BLOCK_TAKE_MAX, &taken);
		if (n > 0) {
			unsigned int ended;

			virtqueue_unlock(q->vq, flags);
			ended = do_run(&batch, run, n);
			flags = virtqueue_lock(q->vq);
			end_run_locked(q, run, ended);
		}
	} while (run_again_locked(q, n, taken, &due));
	due = virtq_hold(&q->hold, due);
	q->taking--;
	virtqueue_unlock(q->vq, flags);
	vdisk_batch_end(&batch);
	if (due) {
		virtio_interrupt(q->vq);
	}
	return taken == BLOCK_TAKE_MAX ? -ERR_BUSY : 0;
}

static void again(struct timer *t)
{
	struct block_queue *q = container_of(t, struct block_queue, again);

	if (take_all(q)) {
		timer_set(t, time_now());
	}
}

static int block_kick(struct virtio_device *vd, struct virtqueue *vq)
{
	return take_all(&of(vd)->queues[vq->index]);
}

static void block_cancel(struct virtio_device *vd, struct virtqueue *vq)
{
	struct block *b = of(vd);
	struct block_req *reqs = b->queues[vq->index].reqs;

	for (unsigned int i = 0; i < BLOCK_REQUESTS; i++) {
		if (READ_ONCE(reqs[i].busy)) {
			vdisk_cancel(b->disk, &reqs[i].rq);
		}
	}
}

static void block_pause(struct virtio_device *vd, bool paused)
{
	vdisk_pause(of(vd)->disk, paused);
}

/* --- configuration -------------------------------------------------------- */

static uint64_t block_config_read(struct virtio_device *vd, uint32_t off,
				  uint32_t size)
{
	uint64_t v = 0;

	memcpy(&v, (const uint8_t *)&of(vd)->config + off, size);
	return v;
}

static void client_resized(struct vdisk_client *c, uint64_t nsectors)
{
	struct block *b = container_of(c, struct block, client);
	unsigned long flags = virtio_config_lock(b->vd);

	b->config.capacity = nsectors;
	virtio_config_unlock(b->vd, flags, true);
}

static void client_hold(struct vdisk_client *c, uint32_t us)
{
	struct block *b = container_of(c, struct block, client);

	for (uint16_t i = 0; i < b->vd->nqueues; i++) {
		virtq_hold_set(&b->queues[i].hold, us);
	}
}

static void client_stats(struct vdisk_client *c, struct vdisk_stats *sum)
{
	struct block *b = container_of(c, struct block, client);

	for (uint16_t i = 0; i < b->vd->nqueues; i++) {
		const struct vdisk_stats *st = &b->queues[i].stats;

		for (unsigned int op = 0; op < BLOCK_OPS; op++) {
			sum->requests[op] += READ_ONCE(st->requests[op]);
			sum->sectors[op] += READ_ONCE(st->sectors[op]);
		}
		sum->errors += READ_ONCE(st->errors);
	}
}

static bool client_queue(struct vdisk_client *c, unsigned int n,
			 struct queue_counts *out)
{
	return virtio_queue_counts(container_of(c, struct block, client)->vd, n,
				   out);
}

static void block_count(const struct virtio_device *vd,
			const struct virtqueue *vq, struct queue_counts *out)
{
	const struct block *b = vd->state;
	const struct vdisk_stats *st = &b->queues[vq->index].stats;

	(void)snprintf(out->name, sizeof(out->name), "requests %u", vq->index);
	out->bytes_counted = true;
	out->bytes = (READ_ONCE(st->sectors[BLOCK_READ]) +
		      READ_ONCE(st->sectors[BLOCK_WRITE]))
		     << BLOCK_SECTOR_SHIFT;
}

/* The largest size with which a buffer crosses at most one boundary between
 * pieces of the guest's memory. */
static uint32_t size_max(const struct guest *g)
{
	return (uint32_t)MIN(guest_memory_smallest(&g->memory), BLOCK_SIZE_MAX);
}

static void describe(struct block *b, const struct vdisk_geometry *g)
{
	uint32_t sectors = g->block_size >> BLOCK_SECTOR_SHIFT;
	struct virtio_blk_config *c = &b->config;

	c->capacity = g->nsectors;
	c->size_max = size_max(b->vd->guest);
	c->seg_max = BLOCK_SEG_MAX;
	c->blk_size = g->block_size;
	c->physical_block_exp = (uint8_t)__builtin_ctz(
		MAX(g->physical_size / g->block_size, 1U));
	c->min_io_size = (uint16_t)(1U << c->physical_block_exp);
	c->num_queues = b->vd->nqueues;
	c->max_discard_sectors = BLOCK_RANGE_MAX;
	c->max_discard_seg = 1;
	c->discard_sector_alignment = sectors;
	c->max_write_zeroes_sectors = BLOCK_RANGE_MAX;
	c->max_write_zeroes_seg = 1;
	c->write_zeroes_may_unmap = g->max_discard != 0;
}

static void offer(struct block *b, const struct vdisk_geometry *g)
{
	uint64_t without = 0;

	b->read_only |= g->read_only;
	without |= b->read_only ? 0 : VIRTIO_BLK_F_RO;
	without |= g->max_discard ? 0 : VIRTIO_BLK_F_DISCARD;
	without |= g->max_write_zeroes ? 0 : VIRTIO_BLK_F_WRITE_ZEROES;
	without |= b->vd->nqueues > 1 ? 0 : VIRTIO_BLK_F_MQ;
	b->vd->offered &= ~without;
}

/* --- life ----------------------------------------------------------------- */

static int init_queue(struct block *b, struct block_queue *q,
		      struct virtqueue *vq)
{
	q->vq = vq;
	q->b = b;
	vq->size_max = BLOCK_QUEUE_SIZE;
	timer_init(&q->again, again);
	virtq_hold_init(&q->hold, vq);
	q->reqs = heap_alloc_array(BLOCK_REQUESTS, sizeof(*q->reqs));
	if (!q->reqs) {
		return -ERR_NOMEM;
	}
	for (unsigned int i = BLOCK_REQUESTS; i-- > 0;) {
		struct block_req *r = &q->reqs[i];

		r->q = q;
		r->rq.done = request_done;
		r->next = q->free;
		q->free = r;
	}
	return 0;
}

static void free_queues(struct block *b)
{
	for (unsigned int i = 0; i < BLOCK_QUEUES_MAX; i++) {
		virtq_hold_fini(&b->queues[i].hold);
		heap_free(b->queues[i].reqs);
		b->queues[i].reqs = NULL;
	}
}

/* What the description says of limits and of interrupts' delay. */
static void read_limits(const struct emu_device *emu, struct vdisk_client *c)
{
	const char *bytes = emu_prop_str(emu, "bytes-limit", 0);

	c->limits.iops = emu_prop_u32(emu, "iops-limit", 0);
	if (bytes && parse_size(bytes, &c->limits.bytes)) {
		c->limits.bytes = 0; /* cannot happen: the checker refused it */
	}
	c->has_hold = emu_prop(emu, "interrupt-hold-us", NULL) != NULL;
	c->hold_us = emu_prop_u32(emu, "interrupt-hold-us", 0);
}

static int bind(struct block *b)
{
	struct guest *g = b->vd->guest;
	struct cpumask cpus;
	const struct thread_attr attr = {
		.priority = (uint8_t)g->cfg->priority,
		.affinity = &cpus,
		.group = &g->group,
	};

	guest_config_cpus(g->cfg, &cpus);
	(void)snprintf(b->name, sizeof(b->name), "%s of %s", b->vd->emu->name,
		       g->name);
	b->client = (struct vdisk_client){
		.name = b->name,
		.block_size = b->config.blk_size,
		.resized = client_resized,
		.hold = client_hold,
		.stats = client_stats,
		.queue = client_queue,
	};
	read_limits(b->vd->emu, &b->client);
	return vdisk_bind(b->disk, &b->client, &attr);
}

static int init_with_disk(struct block *b)
{
	struct virtio_device *vd = b->vd;
	struct vdisk_geometry g;
	int err = 0;

	vd->nqueues = (uint16_t)emu_prop_u32(vd->emu, "queues", 1);
	b->read_only = emu_prop(vd->emu, "read-only", NULL) != NULL;
	for (uint16_t i = 0; i < vd->nqueues && !err; i++) {
		err = init_queue(b, &b->queues[i], &vd->queues[i]);
	}
	if (!err) {
		vdisk_get_geometry(b->disk, &g);
		describe(b, &g);
		offer(b, &g);
		err = bind(b);
	}
	if (err == -ERR_BUSY) {
		log_err("guest %s: %s: the virtual disk '%s' is in use by "
			"another guest; 'vdisk list' shows which",
			vd->guest->name, vd->emu->name, vdisk_name(b->disk));
	}
	if (err) {
		free_queues(b);
	}
	return err;
}

static int block_init(struct virtio_device *vd)
{
	const char *name = emu_prop_str(vd->emu, "disk", 0);
	struct block *b = of(vd);
	int err;

	b->vd = vd;
	b->disk = name ? vdisk_get(name) : NULL;
	if (!b->disk) {
		log_err("guest %s: %s: there is no virtual disk '%s'; create it "
			"first: 'vdisk create %s BLOCKDEV'",
			vd->guest->name, vd->emu->name, name ? name : "",
			name ? name : "NAME");
		return -ERR_NOENT;
	}
	err = init_with_disk(b);
	if (err) {
		vdisk_put(b->disk);
	}
	return err;
}

static void block_fini(struct virtio_device *vd)
{
	struct block *b = of(vd);

	vdisk_unbind(b->disk, &b->client);
	for (uint16_t i = 0; i < vd->nqueues; i++) {
		timer_cancel(&b->queues[i].again);
	}
	vdisk_put(b->disk);
	free_queues(b);
}

static const struct virtio_kind block_kind = {
	.id = VIRTIO_ID_BLOCK,
	.max_queues = BLOCK_QUEUES_MAX,
	.queue_size = BLOCK_QUEUE_SIZE,
	.config_size = sizeof(struct virtio_blk_config),
	.state_size = sizeof(struct block),
	.features = VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX |
		    VIRTIO_BLK_F_RO | VIRTIO_BLK_F_BLK_SIZE |
		    VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_TOPOLOGY |
		    VIRTIO_BLK_F_MQ | VIRTIO_BLK_F_DISCARD |
		    VIRTIO_BLK_F_WRITE_ZEROES,
	.init = block_init,
	.fini = block_fini,
	.cancel = block_cancel,
	.kick = block_kick,
	.config_read = block_config_read,
	.pause = block_pause,
	.count = block_count,
};

static const struct schema_prop block_props[] = {
	{
		.name = "disk",
		.type = SCHEMA_TEXT,
		.required = true,
		.min = 1,
		.max = VDISK_NAME_MAX - 1,
		.doc = REFERENCE("The virtual disk, by its name in `vdisk "
				 "create`; it must exist before the guest."),
	},
	{
		.name = "queues",
		.type = SCHEMA_U32,
		.min = 1,
		.max = BLOCK_QUEUES_MAX,
		.otherwise = REFERENCE("1"),
		.doc = REFERENCE(
			"Number of queues, for guests of several VCPUs."),
	},
	{
		.name = "read-only",
		.type = SCHEMA_FLAG,
		.doc = REFERENCE("Refuse writes by the guest."),
	},
	{
		.name = "iops-limit",
		.type = SCHEMA_U32,
		.max = UINT32_MAX,
		.otherwise = REFERENCE("what `vdisk limit` says"),
		.doc = REFERENCE("Most requests a second."),
	},
	{
		.name = "bytes-limit",
		.type = SCHEMA_SIZE,
		.min = BLOCK_SECTOR_SIZE,
		.max = UINT64_MAX,
		.otherwise = REFERENCE("what `vdisk limit` says"),
		.doc = REFERENCE("Most bytes a second, such as \"20M\"."),
	},
	{
		.name = "interrupt-hold-us",
		.type = SCHEMA_U32,
		.max = VDISK_HOLD_US_MAX,
		.otherwise = REFERENCE("what `vdisk interrupts` says, or 100"),
		.doc = REFERENCE(
			"Longest time in microseconds that an interrupt is "
			"held back while every VCPU is busy; 0: none is."),
	},
	VIRTIO_MMIO_PROPS,
	{ .name = NULL },
};

static const char *const block_compatible[] = { "virtio,block", NULL };

static const struct emulator block_emulator = {
	.name = "virtio-block",
	.compatible = block_compatible,
	.virtio = &block_kind,
	.props = block_props,
	VIRTIO_MMIO_EMULATOR,
};
EMULATOR(block_emulator);
