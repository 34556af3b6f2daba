/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cutting requests into pieces that one command can move, and mapping these. */
#include <libs/error.h>
#include <string.h>

#include "mmc_piece_priv.h"

static bool reads(const struct mmc_piece *p)
{
	return p->rq->op == BLOCK_READ;
}

static enum dma_dir direction(const struct mmc_piece *p)
{
	return reads(p) ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
}

void mmc_piece_begin(struct mmc_piece *p, struct block_request *rq)
{
	p->rq = rq;
	p->done = 0;
	p->seg = 0;
	p->seg_off = 0;
	p->sectors = 0;
	p->nparts = 0;
	p->spare = false;
	p->tries = 0;
}

/* The next part of the request's data, at most `most` bytes. */
static struct io_segment part_at(const struct mmc_piece *p, unsigned int seg,
				 size_t off, size_t most)
{
	const struct io_segment *s = &p->rq->segs[seg];

	return (struct io_segment){
		.va = (uint8_t *)s->va + off,
		.pa = PADDR(s->pa.v + off),
		.size = MIN(s->size - off, most),
	};
}

static void move_on(const struct mmc_piece *p, unsigned int *seg, size_t *off,
		    size_t size)
{
	*off += size;
	while (*seg < p->rq->nsegs && *off >= p->rq->segs[*seg].size) {
		*off -= p->rq->segs[*seg].size;
		(*seg)++;
	}
}

static void unmap_last(struct mmc_host *h)
{
	struct mmc_piece *p = &h->piece;

	p->nparts--;
	dma_unmap(h->dev, &p->segs[p->nparts], direction(p),
		  p->parts[p->nparts].addr);
}

static bool map_next(struct mmc_host *h, const struct io_segment *part)
{
	struct mmc_piece *p = &h->piece;
	uint64_t addr;

	if (p->nparts == MMC_SEGMENTS ||
	    !IS_ALIGNED(part->pa.v | part->size, h->align) ||
	    dma_map(h->dev, part, direction(p), &addr)) {
		return false;
	}
	p->segs[p->nparts] = *part;
	p->parts[p->nparts].addr = addr;
	p->parts[p->nparts].size = (uint32_t)part->size;
	p->nparts++;
	return true;
}

static void unmap_all(struct mmc_host *h)
{
	while (h->piece.nparts > 0) {
		unmap_last(h);
	}
}

/* Commands move whole sectors: the rest is left to the next piece. */
static size_t cut(struct mmc_host *h, size_t size)
{
	struct mmc_piece *p = &h->piece;
	size_t over = size % BLOCK_SECTOR_SIZE;

	size -= over;
	while (over > 0) {
		struct io_segment last = p->segs[p->nparts - 1];
		size_t less = MIN(last.size, over);

		unmap_last(h);
		over -= less;
		last.size -= less;
		if (last.size > 0 && !map_next(h, &last)) {
			/* Cannot normally fail: it was mapped just before. */
			unmap_all(h);
			return 0;
		}
	}
	return size;
}

/*
 * Map data in place. Returns bytes; 0 if not even one sector could be mapped.
 */
static size_t map_in_place(struct mmc_host *h, size_t most)
{
	struct mmc_piece *p = &h->piece;
	unsigned int seg = p->seg;
	size_t off = p->seg_off, size = 0;

	while (size < most) {
		struct io_segment part = part_at(
			p, seg, off, MIN(most - size, dma_max_segment(h->dev)));

		if (!map_next(h, &part)) {
			break;
		}
		size += part.size;
		move_on(p, &seg, &off, part.size);
	}
	return cut(h, size);
}

/* Copy between the request's memory and the spare buffer. */
static void copy_spare(struct mmc_host *h)
{
	struct mmc_piece *p = &h->piece;
	size_t size = (size_t)p->sectors * BLOCK_SECTOR_SIZE;
	uint8_t *spare = h->spare.va;
	unsigned int seg = p->seg;
	size_t off = p->seg_off;

	while (size > 0) {
		struct io_segment part = part_at(p, seg, off, size);

		if (reads(p)) {
			memcpy(part.va, spare, part.size);
		} else {
			memcpy(spare, part.va, part.size);
		}
		spare += part.size;
		size -= part.size;
		move_on(p, &seg, &off, part.size);
	}
}

static void map_spare(struct mmc_host *h, uint64_t left)
{
	struct mmc_piece *p = &h->piece;

	p->sectors = (uint32_t)MIN(left, (uint64_t)MMC_SPARE_SECTORS);
	p->spare = true;
	if (!reads(p)) {
		copy_spare(h);
	}
	p->parts[0].addr = h->spare.addr;
	p->parts[0].size = p->sectors * BLOCK_SECTOR_SIZE;
	p->nparts = 1;
}

/*
 * Transfers of several blocks are ended by MMC_STOP_TRANSMISSION, which the
 * controller sends by itself and whose answer says how writing went. After
 * MMC_SET_BLOCK_COUNT instead, the status would have to be read.
 */
static void make_command(struct mmc_host *h, const struct mmc_info *info)
{
	struct mmc_piece *p = &h->piece;
	uint64_t sector = p->rq->sector + p->done;
	bool several = p->sectors > 1;

	h->request_data = (struct mmc_data){
		.read = reads(p),
		.stop = several,
		.block_size = BLOCK_SECTOR_SIZE,
		.blocks = p->sectors,
		.parts = p->parts,
		.nparts = p->nparts,
	};
	h->request = (struct mmc_command){
		.arg = (uint32_t)(info->sector_addresses
					  ? sector
					  : sector * BLOCK_SECTOR_SIZE),
		.response = MMC_R1,
		.limit_ms = MMC_DATA_MS,
		.data = &h->request_data,
	};
	if (reads(p)) {
		h->request.index = several ? MMC_READ_MULTIPLE_BLOCK
					   : MMC_READ_SINGLE_BLOCK;
	} else {
		h->request.index = several ? MMC_WRITE_MULTIPLE_BLOCK
					   : MMC_WRITE_BLOCK;
	}
}

void mmc_piece_map(struct mmc_host *h)
{
	struct mmc_piece *p = &h->piece;
	uint64_t left = p->rq->nsectors - p->done;
	size_t most =
		(size_t)MIN(left, (uint64_t)MMC_SECTORS) * BLOCK_SECTOR_SIZE;

	p->nparts = 0;
	p->spare = false;
	p->sectors = (uint32_t)(map_in_place(h, most) / BLOCK_SECTOR_SIZE);
	if (p->sectors == 0) {
		map_spare(h, left);
	}
	make_command(h, &h->card->info);
}

void mmc_piece_unmap(struct mmc_host *h)
{
	struct mmc_piece *p = &h->piece;

	if (p->spare && p->nparts > 0) {
		p->nparts = 0;
		if (reads(p)) {
			copy_spare(h);
		}
	}
	unmap_all(h);
}

bool mmc_piece_advance(struct mmc_piece *p)
{
	move_on(p, &p->seg, &p->seg_off,
		(size_t)p->sectors * BLOCK_SECTOR_SIZE);
	p->done += p->sectors;
	p->tries = 0;
	return p->done == p->rq->nsectors;
}
