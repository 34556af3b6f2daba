/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of the VFS as read-only disks. A file that is in memory (cpio) is used
 * in place, during the call; any other is read by a thread, since that may
 * block.
 */
#include <core/block_backend.h>
#include <core/blockdev.h>
#include <core/heap.h>
#include <core/sched.h>
#include <core/spinlock.h>
#include <core/thread.h>
#include <core/vfs.h>
#include <core/work.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#define BLOCKFILE_MAX_SEGMENTS 256
#define BLOCKFILE_MAX_SECTORS 2048
#define BLOCKFILE_INLINE KIB(64) /* as for a RAM disk */

/* [L] lock. */
struct blockfile {
	struct blockdev bd;
	const uint8_t *data; /* [I] or NULL */
	uint64_t size;       /* [I] bytes */
	char path[VFS_PATH_MAX];
	struct spinlock lock;
	struct list todo; /* [L] requests */
	struct workqueue queue;
	struct work work;
};

static struct blockfile *of(struct blockdev *bd)
{
	return container_of(bd, struct blockfile, bd);
}

/* Copy bytes [at, at + n) of the file to mem; 0 or an error. */
static int blockfile_fetch(const struct blockfile *f, uint64_t at, uint8_t *mem,
			   size_t n)
{
	if (f->data) {
		memcpy(mem, f->data + at, n);
		return 0;
	}
	while (n > 0) {
		int64_t got = vfs_read(f->path, at, mem, n);

		if (got <= 0) {
			return got < 0 ? (int)got : -ERR_IO;
		}
		at += (uint64_t)got;
		mem += got;
		n -= (size_t)got;
	}
	return 0;
}

static int blockfile_read(const struct blockfile *f,
			  const struct block_request *rq)
{
	uint64_t at = rq->sector << BLOCK_SECTOR_SHIFT;
	int err = 0;

	for (unsigned int i = 0; i < rq->nsegs && !err; i++) {
		uint8_t *mem = rq->segs[i].va;
		size_t size = rq->segs[i].size;
		size_t n = at < f->size ? (size_t)MIN(size, f->size - at) : 0;

		err = blockfile_fetch(f, at, mem, n);
		memset(mem + n, 0, size - n); /* beyond the end of the file */
		at += size;
	}
	return err;
}

static void blockfile_run(struct blockfile *f, struct block_request *rq)
{
	blockdev_done(rq, rq->op == BLOCK_READ ? blockfile_read(f, rq) : 0);
}

static struct block_request *next(struct blockfile *f)
{
	unsigned long flags = spin_lock_irqsave(&f->lock);
	struct block_request *rq = NULL;

	if (!list_empty(&f->todo)) {
		rq = list_first(&f->todo, struct block_request, node);
		list_remove(&rq->node);
	}
	spin_unlock_irqrestore(&f->lock, flags);
	return rq;
}

static void blockfile_work(struct work *w)
{
	struct blockfile *f = container_of(w, struct blockfile, work);
	struct block_request *rq;

	while ((rq = next(f)) != NULL) {
		blockfile_run(f, rq);
	}
}

static void blockfile_submit(struct blockdev *bd, struct block_request *rq)
{
	struct blockfile *f = of(bd);
	unsigned long flags;

	if (f->data) {
		blockfile_run(f, rq);
		return;
	}
	flags = spin_lock_irqsave(&f->lock);
	list_append(&f->todo, &rq->node);
	spin_unlock_irqrestore(&f->lock, flags);
	work_queue(&f->work);
}

static bool blockfile_cancel(struct blockdev *bd, struct block_request *rq)
{
	struct blockfile *f = of(bd);

	return blockdev_cancel_queued(&f->lock, &f->todo, rq);
}

static void blockfile_free(struct blockfile *f)
{
	workqueue_stop(&f->queue);
	heap_free(f);
}

static void blockfile_release(struct blockdev *bd)
{
	blockfile_free(of(bd));
}

static const struct blockdev_ops blockfile_ops = {
	.submit = blockfile_submit,
	.cancel = blockfile_cancel,
	.release = blockfile_release,
};

static void blockfile_describe(struct blockfile *f, const char *name)
{
	struct blockdev *bd = &f->bd;

	(void)snprintf(bd->name, sizeof(bd->name), "%s", name);
	bd->ops = &blockfile_ops;
	bd->kind = "file";
	bd->destroyable = true;
	bd->read_only = true;
	bd->nsectors = DIV_ROUND_UP(f->size, BLOCK_SECTOR_SIZE);
	bd->block_size = BLOCK_SECTOR_SIZE;
	bd->physical_size = PAGE_SIZE;
	bd->max_segments = BLOCKFILE_MAX_SEGMENTS;
	bd->max_segment_size = BLOCKFILE_MAX_SECTORS * BLOCK_SECTOR_SIZE;
	bd->max_sectors = BLOCKFILE_MAX_SECTORS;
	bd->inline_bytes = f->data ? BLOCKFILE_INLINE : 0;
}

static int blockfile_start(struct blockfile *f)
{
	const struct thread_attr attr = {
		.name = f->bd.name,
		.priority = SCHED_PRIO_DEFAULT,
	};

	spin_init(&f->lock, LOCK_DRIVER);
	list_init(&f->todo);
	work_init(&f->work, &f->queue, blockfile_work);
	return f->data ? 0 : workqueue_start(&f->queue, &attr);
}

int blockfile_create(const char *name, const char *path)
{
	struct blockfile *f;
	struct vfs_stat st;
	int err = vfs_stat(path, &st);

	if (err) {
		return err;
	}
	if (st.type != VFS_FILE || st.size == 0 ||
	    strlen(name) >= sizeof(f->bd.name)) {
		return -ERR_INVAL;
	}
	f = heap_alloc(sizeof(*f));
	if (!f) {
		return -ERR_NOMEM;
	}
	f->data = st.data;
	f->size = st.size;
	(void)snprintf(f->path, sizeof(f->path), "%s", path);
	blockfile_describe(f, name);
	err = blockfile_start(f);
	if (!err) {
		err = blockdev_add(&f->bd);
	}
	if (err) {
		blockfile_free(f);
	}
	return err;
}
