/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VirtIO block device (VirtIO 1.2, 5.2). Segments become descriptors unchanged;
 * requests wait in a list of the driver only while the ring is full.
 *
 * A device that does not answer a request is reset and gets its requests again;
 * a request that times out twice ends with -ERR_TIMEOUT. A device whose reset
 * does not end is given up.
 *
 * A queue for each CPU, where the device has several: a request goes to that of
 * the CPU which submits it, and its interrupt comes to that CPU if the
 * transport can.
 *
 * Lock: each queue's `lock`, for the ring and both lists. Requests are ended
 * without it.
 */
#include <core/blockdev.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/smp.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <core/virtio_blk.h>
#include <core/virtio_driver.h>
#include <core/work.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#define CFG(field) offsetof(struct virtio_blk_config, field)
#define BLK_S_PENDING 0xff /* ours: the device has not written the status */

#define QUEUES_MAX 8
#define QUEUE_SIZE 128
#define SEGMENTS 126      /* with header and status, a table of 2 KiB */
#define SECTORS_MAX 32768 /* 16 MiB in one request */
#define TIMEOUT_MS ((uint64_t)CONFIG_DRV_VIRTIO_BLK_TIMEOUT * 1000)
#define CHAIN_MIN 3    /* header, a segment or range, status */
#define TRIES 2        /* attempts of a request */
#define IRQ_BUDGET 128 /* requests ended in one interrupt */

/* What the device reads and writes for a request besides the data. */
struct slot {
	struct virtio_blk_header header;
	struct virtio_blk_range range; /* of discard and write zeroes */
	uint8_t status;
	uint8_t unused[31];
};

/* How block_request.driver is used. */
enum { RQ_STARTED, RQ_TRIES, RQ_SLOT, RQ_QUEUE };

/* [I] immutable after probe, [L] lock. */
struct vblk_queue {
	struct vblk *b;            /* [I] */
	struct virtio_queue *ring; /* [I] */
	struct spinlock lock;
	struct dma_buffer slots; /* [I] one for each entry of the queue */
	uint64_t *addrs; /* [L] addresses of segments, if they may be bounced */
	uint16_t *free_slots;  /* [L] a stack */
	unsigned int nfree;    /* [L] */
	struct list pending;   /* [L] not given to the device yet */
	struct list in_flight; /* [L] oldest first */
	bool unkicked;         /* [L] it has got requests since the last kick */
	bool stopped;          /* [L] being reset: every request is pending */
	bool dead; /* [L] every request fails; the ring is gone, or will be */
	struct timer timer; /* for the oldest request */
};

struct vblk {
	struct blockdev bd;
	struct virtio_host *vh; /* [I] */
	struct work recover;
	unsigned int nqueues; /* [I] */
	struct vblk_queue queues[QUEUES_MAX];
};

static struct vblk *vblk_of(struct blockdev *bd)
{
	return container_of(bd, struct vblk, bd);
}

static struct slot *slot_of(struct vblk_queue *q,
			    const struct block_request *rq)
{
	return (struct slot *)q->slots.va + rq->driver[RQ_SLOT];
}

static uint64_t slot_addr(struct vblk_queue *q, const struct block_request *rq)
{
	return q->slots.addr + rq->driver[RQ_SLOT] * sizeof(struct slot);
}

/* --- giving requests to the device ---------------------------------------- */

static enum dma_dir dir_of(const struct block_request *rq)
{
	return rq->op == BLOCK_READ ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
}

static bool has_data(const struct block_request *rq)
{
	return rq->op == BLOCK_READ || rq->op == BLOCK_WRITE;
}

static bool has_range(const struct block_request *rq)
{
	return rq->op == BLOCK_DISCARD || rq->op == BLOCK_WRITE_ZEROES;
}

/* Where the addresses of a request's segments are stored, or NULL if they need
 * not be. */
static uint64_t *addrs_of(struct vblk_queue *q, const struct block_request *rq)
{
	return q->addrs ? &q->addrs[rq->driver[RQ_SLOT] * SEGMENTS] : NULL;
}

static void unmap_segments(struct vblk_queue *q, const struct block_request *rq,
			   unsigned int n)
{
	uint64_t *addrs = addrs_of(q, rq);

	for (unsigned int i = 0; addrs && i < n; i++) {
		dma_unmap(q->b->vh->dma, &rq->segs[i], dir_of(rq), addrs[i]);
	}
}

static bool put_segments(struct vblk_queue *q, const struct block_request *rq,
			 struct virtio_chain *c)
{
	uint64_t *addrs = addrs_of(q, rq);

	for (unsigned int i = 0; i < rq->nsegs; i++) {
		uint64_t addr;

		if (dma_map(q->b->vh->dma, &rq->segs[i], dir_of(rq), &addr)) {
			unmap_segments(q, rq, i);
			return false;
		}
		if (addrs) {
			addrs[i] = addr;
		}
		virtio_chain_put(c, addr, (uint32_t)rq->segs[i].size,
				 rq->op == BLOCK_READ);
	}
	return true;
}

static void fill_slot(struct slot *s, const struct block_request *rq)
{
	static const uint8_t types[BLOCK_OPS] = {
		[BLOCK_READ] = VIRTIO_BLK_T_IN,
		[BLOCK_WRITE] = VIRTIO_BLK_T_OUT,
		[BLOCK_FLUSH] = VIRTIO_BLK_T_FLUSH,
		[BLOCK_DISCARD] = VIRTIO_BLK_T_DISCARD,
		[BLOCK_WRITE_ZEROES] = VIRTIO_BLK_T_WRITE_ZEROES,
	};

	s->header = (struct virtio_blk_header){
		.type = types[rq->op],
		.sector = has_data(rq) ? rq->sector : 0,
	};
	if (has_range(rq)) {
		s->range = (struct virtio_blk_range){
			.sector = rq->sector,
			.num_sectors = (uint32_t)rq->nsectors,
			.flags = rq->op == BLOCK_WRITE_ZEROES && rq->unmap
					 ? VIRTIO_BLK_WRITE_ZEROES_UNMAP
					 : 0,
		};
	}
	s->status = BLK_S_PENDING;
}

/* Give a request to the device; false if the ring or the bounce buffers have no
 * room. */
static bool give(struct vblk_queue *q, struct block_request *rq)
{
	unsigned int n = 2 + (has_data(rq) ? rq->nsegs : has_range(rq));
	struct virtio_chain c;
	uint64_t addr;

	assert_held(&q->lock);
	if (q->nfree == 0 || !virtio_chain_begin(q->ring, n, &c)) {
		return false;
	}
	rq->driver[RQ_SLOT] = q->free_slots[q->nfree - 1];
	addr = slot_addr(q, rq);
	fill_slot(slot_of(q, rq), rq);
	virtio_chain_put(&c, addr, sizeof(struct virtio_blk_header), false);
	if (has_data(rq) && !put_segments(q, rq, &c)) {
		return false;
	}
	if (has_range(rq)) {
		virtio_chain_put(&c, addr + offsetof(struct slot, range),
				 sizeof(struct virtio_blk_range), false);
	}
	virtio_chain_put(&c, addr + offsetof(struct slot, status), 1, true);
	q->nfree--;
	virtio_chain_end(q->ring, &c, rq);
	WRITE_ONCE(q->unkicked, true);
	rq->driver[RQ_STARTED] = time_now();
	list_append(&q->in_flight, &rq->node);
	if (!timer_armed(&q->timer)) {
		timer_set(&q->timer,
			  rq->driver[RQ_STARTED] + ms_to_ticks(TIMEOUT_MS));
	}
	return true;
}

/* Give waiting requests to the device, in order, while there is room. */
static void give_pending(struct vblk_queue *q)
{
	while (!list_empty(&q->pending) && !q->stopped) {
		struct block_request *rq =
			list_first(&q->pending, struct block_request, node);

		list_remove(&rq->node);
		if (!give(q, rq)) {
			list_push(&q->pending, &rq->node);
			break;
		}
	}
}

static void kick(struct vblk_queue *q)
{
	assert_held(&q->lock);
	WRITE_ONCE(q->unkicked, false);
	virtio_queue_kick(q->ring);
}

static void vblk_submit(struct blockdev *bd, struct block_request *rq)
{
	struct vblk *b = vblk_of(bd);
	struct vblk_queue *q = &b->queues[cpu_id() % b->nqueues];
	unsigned long flags = spin_lock_irqsave(&q->lock);
	bool dead = q->dead;

	rq->driver[RQ_TRIES] = 0;
	rq->driver[RQ_QUEUE] = (uint64_t)(q - b->queues);
	if (!dead && (q->stopped || !list_empty(&q->pending) || !give(q, rq))) {
		list_append(&q->pending, &rq->node);
	}
	spin_unlock_irqrestore(&q->lock, flags);
	if (dead) {
		blockdev_done(rq, -ERR_IO);
	}
}

/* The submitting thread may be on another CPU by now. */
static void vblk_kick(struct blockdev *bd)
{
	struct vblk *b = vblk_of(bd);

	for (unsigned int i = 0; i < b->nqueues; i++) {
		struct vblk_queue *q = &b->queues[i];
		unsigned long flags;

		if (!READ_ONCE(q->unkicked)) {
			continue;
		}
		flags = spin_lock_irqsave(&q->lock);
		if (!q->stopped && !q->dead) {
			kick(q);
		}
		spin_unlock_irqrestore(&q->lock, flags);
	}
}

/* The request need not have been submitted to this device. */
static bool vblk_cancel(struct blockdev *bd, struct block_request *rq)
{
	struct vblk *b = vblk_of(bd);
	uint64_t at = rq->driver[RQ_QUEUE];

	return at < b->nqueues &&
	       blockdev_cancel_queued(&b->queues[at].lock,
				      &b->queues[at].pending, rq);
}

/* --- what the device has done --------------------------------------------- */

static int result_of(uint8_t status)
{
	switch (status) {
	case VIRTIO_BLK_S_OK:
		return 0;
	case VIRTIO_BLK_S_UNSUPP:
		return -ERR_NOSUPP;
	default:
		return -ERR_IO;
	}
}

static void take_back(struct vblk_queue *q, struct block_request *rq)
{
	list_remove(&rq->node);
	if (has_data(rq)) {
		unmap_segments(q, rq, rq->nsegs);
	}
	q->free_slots[q->nfree++] = (uint16_t)rq->driver[RQ_SLOT];
}

/* Take a completed request from the queue; NULL if there is none. */
static struct block_request *take_done(struct vblk_queue *q, int *result)
{
	struct block_request *rq;
	unsigned long flags = spin_lock_irqsave(&q->lock);

	rq = q->stopped ? NULL : virtio_queue_take(q->ring, NULL);
	if (rq) {
		*result = result_of(slot_of(q, rq)->status);
		take_back(q, rq);
		if (unlikely(!list_empty(&q->pending))) {
			give_pending(q);
			kick(q);
		}
	} else if (q->ring->broken && !q->stopped) {
		work_queue(&q->b->recover);
	}
	spin_unlock_irqrestore(&q->lock, flags);
	return rq;
}

static bool rearm(struct vblk_queue *q)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);
	bool quiet = q->stopped || q->ring->broken ||
		     virtio_queue_rearm(q->ring);

	spin_unlock_irqrestore(&q->lock, flags);
	return quiet;
}

/* The ring holds QUEUE_SIZE requests: those beyond the budget were submitted by
 * done() functions, and will raise an interrupt of their own. */
static void vblk_used(struct virtio_queue *ring)
{
	struct vblk_queue *q = ring->arg;
	struct block_request *rq;
	unsigned int n = 0;
	int result;

	do {
		while (n < IRQ_BUDGET && (rq = take_done(q, &result)) != NULL) {
			blockdev_done(rq, result);
			n++;
		}
	} while (n < IRQ_BUDGET && !rearm(q));
	if (n == IRQ_BUDGET) {
		work_queue(&q->b->recover);
	}
}

/* The capacity has changed, or the device needs a reset. */
static void vblk_config_changed(struct virtio_host *vh)
{
	struct vblk *b = vh->priv;
	uint64_t nsectors;

	if (virtio_host_needs_reset(vh)) {
		b->queues[0].ring->broken = true;
		work_queue(&b->recover);
		return;
	}
	virtio_host_config_read(vh, CFG(capacity), &nsectors, sizeof(nsectors));
	if (nsectors != blockdev_nsectors(&b->bd)) {
		blockdev_resized(&b->bd, nsectors);
	}
}

/* --- a device that does not answer ---------------------------------------- */

static void vblk_timer(struct timer *t)
{
	struct vblk_queue *q = container_of(t, struct vblk_queue, timer);
	unsigned long flags = spin_lock_irqsave(&q->lock);
	struct block_request *oldest;
	ticks_t deadline = 0;

	if (!list_empty(&q->in_flight) && !q->stopped) {
		oldest = list_first(&q->in_flight, struct block_request, node);
		deadline = oldest->driver[RQ_STARTED] + ms_to_ticks(TIMEOUT_MS);
		if (deadline <= time_now()) {
			q->ring->broken = true;
			work_queue(&q->b->recover);
			deadline = 0;
		}
	}
	spin_unlock_irqrestore(&q->lock, flags);
	if (deadline) {
		timer_set(t, deadline);
	}
}

/* End the requests of a list, to which nothing is added any more. */
static void end_all(struct list *l, int result)
{
	while (!list_empty(l)) {
		struct block_request *rq =
			list_first(l, struct block_request, node);

		list_remove(&rq->node);
		blockdev_done(rq, result);
	}
}

static void set_stopped(struct vblk *b)
{
	for (unsigned int i = 0; i < b->nqueues; i++) {
		struct vblk_queue *q = &b->queues[i];
		unsigned long flags = spin_lock_irqsave(&q->lock);

		q->stopped = true;
		spin_unlock_irqrestore(&q->lock, flags);
	}
}

/*
 * After a reset the device holds no request. Those that it had are put before
 * the waiting ones, or end if they have been tried too often or if the device
 * is gone.
 */
static void sort_out_one(struct vblk_queue *q, bool gone, struct list *ended)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);

	while (!list_empty(&q->in_flight)) {
		/*
		 * From the youngest on, so that the oldest becomes the first.
		 */
		struct block_request *rq = list_entry(
			q->in_flight.prev, struct block_request, node);

		take_back(q, rq);
		if (gone || ++rq->driver[RQ_TRIES] >= TRIES) {
			list_push(ended, &rq->node);
		} else {
			list_push(&q->pending, &rq->node);
		}
	}
	while (gone && !list_empty(&q->pending)) {
		struct block_request *rq =
			list_first(&q->pending, struct block_request, node);

		list_remove(&rq->node);
		list_append(ended, &rq->node);
	}
	q->dead = gone;
	spin_unlock_irqrestore(&q->lock, flags);
}

static void sort_out(struct vblk *b, bool gone, struct list *ended)
{
	for (unsigned int i = 0; i < b->nqueues; i++) {
		sort_out_one(&b->queues[i], gone, ended);
	}
}

static void go_on(struct vblk *b)
{
	for (unsigned int i = 0; i < b->nqueues; i++) {
		struct vblk_queue *q = &b->queues[i];
		unsigned long flags = spin_lock_irqsave(&q->lock);

		q->stopped = false;
		give_pending(q);
		kick(q);
		spin_unlock_irqrestore(&q->lock, flags);
	}
}

static bool any_broken(const struct vblk *b)
{
	bool broken = false;

	for (unsigned int i = 0; i < b->nqueues; i++) {
		broken |= READ_ONCE(b->queues[i].ring->broken);
	}
	return broken;
}

/* In a thread: handle completions that an interrupt has left, and reset a
 * device that is broken. */
static void vblk_recover(struct work *w)
{
	struct vblk *b = container_of(w, struct vblk, recover);
	struct list ended = LIST_INIT(ended);
	unsigned long flags;
	int err;

	if (!any_broken(b) || READ_ONCE(b->queues[0].stopped)) {
		flags = arch_irq_save();
		for (unsigned int i = 0; i < b->nqueues; i++) {
			vblk_used(b->queues[i].ring);
		}
		arch_irq_restore(flags);
		return;
	}
	set_stopped(b);
	log_warn("%s: %s does not answer: reset", b->bd.name, b->vh->dev.name);
	err = virtio_host_stop(b->vh);
	if (!err) {
		err = virtio_host_restart(b->vh);
	}
	if (err) {
		log_err("%s: %s does not end its reset: given up", b->bd.name,
			b->vh->dev.name);
	}
	sort_out(b, err != 0, &ended);
	end_all(&ended, -ERR_TIMEOUT);
	if (!err) {
		go_on(b);
	}
}

/* --- the driver ----------------------------------------------------------- */

static void vblk_release(struct blockdev *bd)
{
	struct vblk *b = vblk_of(bd);

	for (unsigned int i = 0; i < QUEUES_MAX; i++) {
		heap_free(b->queues[i].addrs);
		heap_free(b->queues[i].free_slots);
	}
	heap_free(b);
}

static const struct blockdev_ops vblk_ops = {
	.submit = vblk_submit,
	.kick = vblk_kick,
	.cancel = vblk_cancel,
	.release = vblk_release,
};

/* A limit of the device, or 0 if it has none. */
static uint32_t limit(struct virtio_host *vh, uint64_t feature,
		      unsigned int off, uint32_t most)
{
	uint32_t v = virtio_host_has(vh, feature)
			     ? virtio_host_config32(vh, off)
			     : most;

	return v == 0 || v > most ? most : v;
}

static int read_limits(struct vblk *b)
{
	struct virtio_host *vh = b->vh;
	struct blockdev *bd = &b->bd;
	uint64_t whole = dma_max_segment(vh->dma);
	uint8_t exponent = 0;

	virtio_host_config_read(vh, CFG(capacity), &bd->nsectors, 8);
	bd->block_size = BLOCK_SECTOR_SIZE;
	if (virtio_host_has(vh, VIRTIO_BLK_F_BLK_SIZE)) {
		bd->block_size = virtio_host_config32(vh, CFG(blk_size));
	}
	if (virtio_host_has(vh, VIRTIO_BLK_F_TOPOLOGY)) {
		virtio_host_config_read(vh, CFG(physical_block_exp), &exponent,
					1);
	}
	if (bd->block_size < BLOCK_SECTOR_SIZE ||
	    (bd->block_size & (bd->block_size - 1)) || exponent > 12) {
		log_warn("%s: blocks of %u bytes", vh->dev.name,
			 bd->block_size);
		return -ERR_IO;
	}
	bd->physical_size = bd->block_size << exponent;
	bd->max_segments =
		limit(vh, VIRTIO_BLK_F_SEG_MAX, CFG(seg_max), SEGMENTS);
	for (unsigned int i = 0; i < b->nqueues; i++) {
		bd->max_segments = MIN(bd->max_segments,
				       b->queues[i].ring->chain_max - 2U);
	}
	bd->max_segment_size = limit(vh, VIRTIO_BLK_F_SIZE_MAX, CFG(size_max),
				     (uint32_t)MIN(whole, MIB(16)));
	bd->max_sectors = SECTORS_MAX;
	if (b->vh->dma->dma_pool) {
		bd->max_sectors = DMA_BOUNCE_MAX / BLOCK_SECTOR_SIZE;
	}
	if (virtio_host_has(vh, VIRTIO_BLK_F_DISCARD)) {
		bd->max_discard =
			virtio_host_config32(vh, CFG(max_discard_sectors));
	}
	if (virtio_host_has(vh, VIRTIO_BLK_F_WRITE_ZEROES)) {
		bd->max_write_zeroes =
			virtio_host_config32(vh, CFG(max_write_zeroes_sectors));
	}
	bd->read_only = virtio_host_has(vh, VIRTIO_BLK_F_RO);
	bd->flush = virtio_host_has(vh, VIRTIO_BLK_F_FLUSH);
	return 0;
}

static int make_slots(struct vblk_queue *q)
{
	struct device *dma = q->b->vh->dma;
	unsigned int n = q->ring->size;
	int err = dma_alloc(dma, n * sizeof(struct slot), &q->slots);

	if (err) {
		return err;
	}
	q->free_slots = heap_alloc_array(n, sizeof(q->free_slots[0]));
	if (!q->free_slots) {
		return -ERR_NOMEM;
	}
	for (unsigned int i = 0; i < n; i++) {
		q->free_slots[q->nfree++] = (uint16_t)i;
	}
	if (dma->dma_pool) {
		q->addrs = heap_alloc_array((size_t)n * SEGMENTS,
					    sizeof(q->addrs[0]));
		return q->addrs ? 0 : -ERR_NOMEM;
	}
	return 0;
}

/* A queue for each CPU, as far as the device has them (5.2.5). */
static unsigned int queues_wanted(struct virtio_host *vh)
{
	uint16_t n = 1;

	if (vh->dma->dma_pool) {
		return 1; /* the end of a request frees what others wait for */
	}
	if (virtio_host_has(vh, VIRTIO_BLK_F_MQ)) {
		virtio_host_config_read(vh, CFG(num_queues), &n, sizeof(n));
	}
	return MAX(MIN(MIN(n, cpu_count), QUEUES_MAX), 1U);
}

static int make_queues(struct vblk *b)
{
	unsigned int n = queues_wanted(b->vh);
	int err = 0;

	for (unsigned int i = 0; i < n && !err; i++) {
		struct vblk_queue *q = &b->queues[i];

		q->b = b;
		spin_init(&q->lock, LOCK_HOST_QUEUE);
		list_init(&q->pending);
		list_init(&q->in_flight);
		timer_init(&q->timer, vblk_timer);
		err = virtio_host_queue(b->vh, i, QUEUE_SIZE, SEGMENTS + 2,
					vblk_used, q, &q->ring);
		if (!err && q->ring->chain_max < CHAIN_MIN) {
			log_warn("%s: queue %u has only %u entries",
				 b->vh->dev.name, i, q->ring->size);
			err = -ERR_NOSUPP;
		}
		if (!err) {
			b->nqueues = i + 1;
			err = make_slots(q);
		}
		if (!err && n > 1) {
			virtio_host_steer(q->ring, i);
		}
	}
	return err;
}

static int start(struct vblk *b)
{
	struct virtio_host *vh = b->vh;
	int err = virtio_host_negotiate(
		vh, VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX |
			    VIRTIO_BLK_F_RO | VIRTIO_BLK_F_BLK_SIZE |
			    VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_TOPOLOGY |
			    VIRTIO_BLK_F_MQ | VIRTIO_BLK_F_DISCARD |
			    VIRTIO_BLK_F_WRITE_ZEROES);

	if (!err) {
		err = make_queues(b);
	}
	if (!err) {
		err = read_limits(b);
	}
	if (!err) {
		vh->priv = b;
		vh->config_changed = vblk_config_changed;
		err = virtio_host_start(vh);
	}
	return err;
}

static void free_slots(struct vblk *b)
{
	for (unsigned int i = 0; i < QUEUES_MAX; i++) {
		dma_free(b->vh->dma, &b->queues[i].slots);
	}
}

/* Add the block device under the first free name of vda to vdz. */
static int add(struct vblk *b)
{
	int err = -ERR_EXIST;

	b->bd.ops = &vblk_ops;
	b->bd.kind = "virtio";
	b->bd.device = &b->vh->dev;
	for (char c = 'a'; err == -ERR_EXIST && c <= 'z'; c++) {
		(void)snprintf(b->bd.name, sizeof(b->bd.name), "vd%c", c);
		err = blockdev_add(&b->bd);
	}
	return err;
}

static int vblk_probe(struct device *dev)
{
	struct vblk *b = heap_alloc(sizeof(*b));
	int err;

	if (!b) {
		return -ERR_NOMEM;
	}
	b->vh = virtio_host(dev);
	work_init(&b->recover, &work_shared, vblk_recover);
	err = start(b);
	if (!err) {
		err = add(b);
	}
	if (err) {
		(void)virtio_host_stop(b->vh);
		free_slots(b);
		vblk_release(&b->bd);
		return err;
	}
	dev->priv = b;
	return 0;
}

/* No user has a claim any more; only submitters without a claim may be left. */
static void vblk_remove(struct device *dev)
{
	struct vblk *b = dev->priv;
	struct list ended = LIST_INIT(ended);

	/* A reset in progress ends first, and no other begins. */
	set_stopped(b);
	work_cancel(&b->recover);
	set_stopped(b);
	(void)virtio_host_stop(b->vh);
	for (unsigned int i = 0; i < b->nqueues; i++) {
		timer_cancel(&b->queues[i].timer);
	}
	work_cancel(&b->recover);
	sort_out(b, true, &ended);
	end_all(&ended, -ERR_IO);
	free_slots(b);
	blockdev_gone(&b->bd);
}

static const uint16_t vblk_ids[] = { VIRTIO_ID_BLOCK, 0 };

static const struct driver virtio_blk_driver = {
	.name = "virtio-blk",
	.class = DEVICE_BLOCK,
	.bus = &virtio_bus,
	.ids = vblk_ids,
	.probe = vblk_probe,
	.remove = vblk_remove,
};
DRIVER(virtio_blk_driver);
