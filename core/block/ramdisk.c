/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM disks: memory of the host, allocated when the disk is created, so that no
 * request allocates. Requests are copied in the call that submits them. There
 * is no lock: two requests for one sector at the same time have no order on a
 * real disk either.
 */
#include <arch/copy.h>
#include <arch/mmu.h>
#include <core/block_backend.h>
#include <core/blockdev.h>
#include <core/heap.h>
#include <core/page.h>
#include <core/vfs.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

/* Memory is allocated in contiguous chunks of this order, the size of a block
 * at the second level of translation. */
#define CHUNK_ORDER 9
#define CHUNK_SHIFT (CHUNK_ORDER + PAGE_SHIFT)
#define CHUNK_SIZE (UINT64_C(1) << CHUNK_SHIFT)

#define RAMDISK_MAX_SEGMENTS 256
#define RAMDISK_MAX_SECTORS 2048
/* Most bytes copied during a trap, which takes some microseconds, with
 * interrupts unmasked between pages (arch_copy()). */
#define RAMDISK_INLINE KIB(128)

struct ramdisk {
	struct blockdev bd;
	uint64_t size;  /* [I] bytes of memory, whole pages */
	size_t nchunks; /* [I] chunks allocated */
	uint8_t *chunk[];
};

static unsigned int chunk_order(uint64_t size)
{
	unsigned int order = 0;

	while (order < CHUNK_ORDER && (PAGE_SIZE << order) < size) {
		order++;
	}
	return order;
}

static void ramdisk_free(struct ramdisk *r)
{
	for (size_t i = 0; i < r->nchunks; i++) {
		page_free(arch_virt_to_phys(r->chunk[i]), chunk_order(r->size));
	}
	heap_free(r);
}

/* --- requests ------------------------------------------------------------- */

/* The contiguous memory from `at` on; *n is limited to its size. */
static uint8_t *ramdisk_at(const struct ramdisk *r, uint64_t at, uint64_t *n)
{
	uint64_t in = at & (CHUNK_SIZE - 1);

	*n = MIN(*n, CHUNK_SIZE - in);
	return r->chunk[at >> CHUNK_SHIFT] + in;
}

static void ramdisk_copy(const struct ramdisk *r,
			 const struct block_request *rq)
{
	uint64_t at = rq->sector << BLOCK_SECTOR_SHIFT;

	for (unsigned int i = 0; i < rq->nsegs; i++) {
		uint8_t *mem = rq->segs[i].va;
		uint64_t left = rq->segs[i].size;

		while (left > 0) {
			uint64_t n = left;
			uint8_t *disk = ramdisk_at(r, at, &n);

			if (rq->op == BLOCK_READ) {
				arch_copy(mem, disk, n);
			} else {
				arch_copy(disk, mem, n);
			}
			mem += n;
			at += n;
			left -= n;
		}
	}
}

static void ramdisk_zero(const struct ramdisk *r,
			 const struct block_request *rq)
{
	uint64_t at = rq->sector << BLOCK_SECTOR_SHIFT;
	uint64_t left = rq->nsectors << BLOCK_SECTOR_SHIFT;

	while (left > 0) {
		uint64_t n = left;
		uint8_t *disk = ramdisk_at(r, at, &n);

		if (IS_ALIGNED(at, PAGE_SIZE) && n >= PAGE_SIZE) {
			n = ALIGN_DOWN(n, PAGE_SIZE);
			arch_zero_pages(disk, n);
		} else {
			n = MIN(n, PAGE_SIZE - (at & PAGE_MASK));
			memset(disk, 0, n);
		}
		at += n;
		left -= n;
	}
}

static int ramdisk_now(struct blockdev *bd, struct block_request *rq)
{
	const struct ramdisk *r = container_of(bd, struct ramdisk, bd);

	switch (rq->op) {
	case BLOCK_READ:
	case BLOCK_WRITE:
		ramdisk_copy(r, rq);
		break;
	case BLOCK_DISCARD:
	case BLOCK_WRITE_ZEROES:
		ramdisk_zero(r, rq);
		break;
	default:
		break;
	}
	return 0;
}

static void ramdisk_submit(struct blockdev *bd, struct block_request *rq)
{
	blockdev_done(rq, ramdisk_now(bd, rq));
}

static void ramdisk_release(struct blockdev *bd)
{
	ramdisk_free(container_of(bd, struct ramdisk, bd));
}

static const struct blockdev_ops ramdisk_ops = {
	.submit = ramdisk_submit,
	.now = ramdisk_now,
	.release = ramdisk_release,
};

/* --- creation ------------------------------------------------------------- */

static bool go_on(const struct block_progress *p, uint64_t done, uint64_t total)
{
	return !p || p->step(p->ctx, done, total);
}

static int ramdisk_fill(uint8_t *to, uint64_t at, uint64_t size,
			const char *path)
{
	size_t want = (size_t)MIN(size, CHUNK_SIZE);
	size_t n = 0;

	while (n < want) {
		int64_t got = vfs_read(path, at + n, to + n, want - n);

		if (got <= 0) {
			/*
			 * The end comes before the file's size: a damaged file.
			 */
			return got < 0 ? (int)got : -ERR_IO;
		}
		n += (size_t)got;
	}
	return 0;
}

/* Allocate the memory chunk by chunk, and fill each from the file. */
static int ramdisk_populate(struct ramdisk *r, const char *path,
			    uint64_t file_size,
			    const struct block_progress *progress)
{
	int err = 0;

	for (uint64_t at = 0; at < r->size && !err; at += CHUNK_SIZE) {
		paddr_t pa;

		if (!go_on(progress, at, r->size)) {
			return -ERR_INTR;
		}
		err = page_alloc_zeroed(&pa, chunk_order(r->size),
					PAGE_ANY_COLOUR);
		if (err) {
			return err;
		}
		r->chunk[r->nchunks++] = arch_phys_to_virt(pa);
		if (at < file_size) {
			err = ramdisk_fill(r->chunk[r->nchunks - 1], at,
					   file_size - at, path);
		}
	}
	return err;
}

static void ramdisk_describe(struct ramdisk *r, const char *name, uint64_t size)
{
	struct blockdev *bd = &r->bd;

	(void)snprintf(bd->name, sizeof(bd->name), "%s", name);
	bd->ops = &ramdisk_ops;
	bd->kind = "ram";
	bd->destroyable = true;
	bd->nsectors = size >> BLOCK_SECTOR_SHIFT;
	bd->block_size = BLOCK_SECTOR_SIZE;
	bd->physical_size = PAGE_SIZE;
	bd->max_segments = RAMDISK_MAX_SEGMENTS;
	bd->max_segment_size = RAMDISK_MAX_SECTORS * BLOCK_SECTOR_SIZE;
	bd->max_sectors = RAMDISK_MAX_SECTORS;
	bd->max_discard = RAMDISK_MAX_SECTORS;
	bd->max_write_zeroes = RAMDISK_MAX_SECTORS;
	bd->inline_bytes = RAMDISK_INLINE;
	r->size = ALIGN_UP(size, PAGE_SIZE);
}

static int file_size(const char *path, uint64_t *size)
{
	struct vfs_stat st;
	int err = vfs_stat(path, &st);

	if (!err && st.type != VFS_FILE) {
		err = -ERR_INVAL;
	}
	*size = err ? 0 : st.size;
	return err;
}

int ramdisk_create(const char *name, uint64_t size, const char *path,
		   const struct block_progress *progress)
{
	uint64_t contents = 0;
	struct ramdisk *r;
	int err = path ? file_size(path, &contents) : 0;

	if (err) {
		return err;
	}
	if (size == 0) {
		size = ALIGN_UP(contents, BLOCK_SECTOR_SIZE);
	}
	if (size == 0 || size % BLOCK_SECTOR_SIZE != 0 || size > INT64_MAX ||
	    strlen(name) >= sizeof(r->bd.name)) {
		return -ERR_INVAL;
	}
	if (contents > size) {
		return -ERR_NOSPC;
	}
	r = heap_alloc(sizeof(*r) +
		       DIV_ROUND_UP(size, CHUNK_SIZE) * sizeof(r->chunk[0]));
	if (!r) {
		return -ERR_NOMEM;
	}
	ramdisk_describe(r, name, size);
	err = ramdisk_populate(r, path, contents, progress);
	if (!err) {
		err = blockdev_add(&r->bd);
	}
	if (err) {
		ramdisk_free(r);
	}
	return err;
}
