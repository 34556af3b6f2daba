/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Describing the data of a command: NVMe 4.3 (PRP: pages) and 4.4 (SGL:
 * segments).
 *
 * A list of pages can describe data that fills whole pages, except at its start
 * and its end. Other data needs segments, which not every controller supports.
 * Without them a command ends where such a run of pages ends; if that is less
 * than one block, the block is copied through a page of ours.
 */
#include <libs/error.h>
#include <string.h>

#include "nvme_priv.h"

#define SGL_DATA_BLOCK 0x00U
#define SGL_LAST_SEGMENT 0x30U

struct nvme_sgl {
	uint64_t addr;
	uint32_t size;
	uint8_t reserved[3], type;
};
_Static_assert(sizeof(struct nvme_sgl) == 16, "NVMe 4.4");

/* The description that is being built. */
struct building {
	struct nvme_queue *q;
	struct nvme_slot *s;
	unsigned int slot;
	uint64_t first;    /* address */
	uint64_t end;      /* of the last part */
	unsigned int prps; /* entries for pages after the first */
	size_t size;       /* bytes */
	bool pages;        /* a list of pages can describe it */
};

static uint64_t *list_of(const struct nvme_queue *q, unsigned int slot)
{
	return (uint64_t *)((uint8_t *)q->lists.va + slot * NVME_LIST_BYTES);
}

static uint64_t list_addr(const struct nvme_queue *q, unsigned int slot)
{
	return q->lists.addr + slot * NVME_LIST_BYTES;
}

static enum dma_dir direction(const struct block_request *rq)
{
	return rq->op == BLOCK_READ ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
}

static struct io_segment part_at(const struct block_request *rq,
				 unsigned int seg, size_t off, size_t most)
{
	const struct io_segment *s = &rq->segs[seg];

	return (struct io_segment){
		.va = (uint8_t *)s->va + off,
		.pa = PADDR(s->pa.v + off),
		.size = MIN(s->size - off, most),
	};
}

static void move_on(const struct block_request *rq, unsigned int *seg,
		    size_t *off, size_t size)
{
	*off += size;
	while (*seg < rq->nsegs && *off >= rq->segs[*seg].size) {
		*off -= rq->segs[*seg].size;
		(*seg)++;
	}
}

/* Pages that [addr, addr + size) touches. */
static unsigned int pages_of(uint64_t addr, size_t size)
{
	return (unsigned int)(((addr & PAGE_MASK) + size + PAGE_MASK) >>
			      PAGE_SHIFT);
}

/* Can this part at this address be added? */
static bool fits(const struct building *b, uint64_t addr, size_t size,
		 bool *pages)
{
	unsigned int n = pages_of(addr, size);

	*pages = b->pages && IS_ALIGNED(addr, 4);
	if (b->s->nparts > 0) {
		*pages = *pages && IS_ALIGNED(addr | b->end, PAGE_SIZE) &&
			 b->prps + n <= NVME_PRPS;
	} else {
		*pages = *pages && n - 1 <= NVME_PRPS;
	}
	return *pages || (b->q->c->sgl && b->s->nparts < NVME_SGLS);
}

/* Segment descriptors are written as parts are added; a list of pages is
 * written at the end. */
static void put_sgl(struct building *b, unsigned int i, uint64_t addr,
		    size_t size)
{
	struct nvme_sgl *sgl = (struct nvme_sgl *)list_of(b->q, b->slot);

	sgl[i] = (struct nvme_sgl){
		.addr = addr,
		.size = (uint32_t)size,
		.type = SGL_DATA_BLOCK,
	};
}

static uint64_t *addrs_of(const struct nvme_queue *q, unsigned int slot)
{
	return q->addrs ? &q->addrs[slot * NVME_PRPS] : NULL;
}

static bool add_part(struct building *b, const struct io_segment *part)
{
	struct device *dev = b->q->c->dev;
	enum dma_dir dir = direction(b->s->rq);
	uint64_t *addrs = addrs_of(b->q, b->slot);
	uint64_t addr;
	bool pages;

	if (b->s->nparts == NVME_PRPS || dma_map(dev, part, dir, &addr)) {
		return false;
	}
	if (!fits(b, addr, part->size, &pages)) {
		dma_unmap(dev, part, dir, addr);
		return false;
	}
	if (b->s->nparts == 0) {
		b->first = addr;
		b->prps = pages_of(addr, part->size) - 1;
	} else {
		b->prps += pages_of(addr, part->size);
	}
	if (b->s->nparts < NVME_SGLS && b->q->c->sgl) {
		put_sgl(b, b->s->nparts, addr, part->size);
	}
	if (addrs) {
		addrs[b->s->nparts] = addr;
	}
	b->pages = pages;
	b->end = addr + part->size;
	b->size += part->size;
	b->s->last_size = part->size;
	b->s->nparts++;
	return true;
}

/* Call fn for each mapped part, cut as it was when it was mapped. */
static void for_parts(struct nvme_queue *q, unsigned int slot,
		      void (*fn)(struct nvme_queue *q, unsigned int slot,
				 unsigned int i, const struct io_segment *part,
				 void *arg),
		      void *arg)
{
	struct nvme_slot *s = &q->slots[slot];
	size_t most = dma_max_segment(q->c->dev);
	unsigned int seg = s->seg;
	size_t off = s->seg_off;

	for (unsigned int i = 0; i < s->nparts; i++) {
		struct io_segment part =
			part_at(s->rq, seg, off,
				i + 1 == s->nparts ? s->last_size : most);

		fn(q, slot, i, &part, arg);
		move_on(s->rq, &seg, &off, part.size);
	}
}

/* Write the page list for a mapped part. Addresses are stored only where bounce
 * buffers are possible; otherwise they follow from the parts. */
static void list_part(struct nvme_queue *q, unsigned int slot, unsigned int i,
		      const struct io_segment *part, void *arg)
{
	uint64_t **at = arg;
	uint64_t addr = q->addrs ? addrs_of(q, slot)[i]
				 : part->pa.v - q->c->dev->dma.offset;
	uint64_t end = addr + part->size;

	if (i == 0) {
		addr = ALIGN_DOWN(addr, PAGE_SIZE) + PAGE_SIZE;
	}
	for (; addr < end; addr += PAGE_SIZE) {
		*(*at)++ = addr;
	}
}

static void describe_data(struct building *b, struct nvme_command *cmd)
{
	uint64_t *list = list_of(b->q, b->slot);
	struct nvme_sgl sgl = {
		.addr = list_addr(b->q, b->slot),
		.size = b->s->nparts * (uint32_t)sizeof(sgl),
		.type = SGL_LAST_SEGMENT,
	};

	if (b->pages) {
		uint64_t *end = list;

		for_parts(b->q, b->slot, list_part, &end);
		cmd->data[0] = b->first;
		cmd->data[1] = end - list == 1 ? list[0]
			       : end > list    ? list_addr(b->q, b->slot)
					       : 0;
		return;
	}
	cmd->flags |= NVME_FLAG_SGL;
	if (b->s->nparts == 1) {
		memcpy(cmd->data, list, sizeof(sgl));
	} else {
		memcpy(cmd->data, &sgl, sizeof(sgl));
	}
}

static void unmap_part(struct nvme_queue *q, unsigned int slot, unsigned int i,
		       const struct io_segment *part, void *arg)
{
	uint64_t *addrs = addrs_of(q, slot);

	(void)arg;
	if (addrs) {
		dma_unmap(q->c->dev, part, direction(q->slots[slot].rq),
			  addrs[i]);
	}
}

static void unmap_all(struct nvme_queue *q, unsigned int slot)
{
	for_parts(q, slot, unmap_part, NULL);
	q->slots[slot].nparts = 0;
}

/* Add parts until there are none left, or up to `most` bytes. */
static void add_parts(struct building *b, size_t most)
{
	struct nvme_slot *s = b->s;
	size_t step = dma_max_segment(b->q->c->dev);
	unsigned int seg = s->seg;
	size_t off = s->seg_off;

	while (b->size < most) {
		struct io_segment part =
			part_at(s->rq, seg, off, MIN(most - b->size, step));

		if (!add_part(b, &part)) {
			break;
		}
		move_on(s->rq, &seg, &off, part.size);
	}
}

static void begin(struct building *b, struct nvme_queue *q, unsigned int slot)
{
	*b = (struct building){
		.q = q,
		.s = &q->slots[slot],
		.slot = slot,
		.pages = true,
	};
	b->s->nparts = 0;
	b->s->bounce = false;
}

/* Copy between the request's memory and the slot's page. */
static void copy_bounce(struct nvme_queue *q, unsigned int slot)
{
	struct nvme_slot *s = &q->slots[slot];
	uint8_t *page = (uint8_t *)q->bounces.va + slot * PAGE_SIZE;
	size_t size = (size_t)s->sectors * BLOCK_SECTOR_SIZE;
	unsigned int seg = s->seg;
	size_t off = s->seg_off;

	while (size > 0) {
		struct io_segment part = part_at(s->rq, seg, off, size);

		if (s->rq->op == BLOCK_READ) {
			memcpy(part.va, page, part.size);
		} else {
			memcpy(page, part.va, part.size);
		}
		page += part.size;
		size -= part.size;
		move_on(s->rq, &seg, &off, part.size);
	}
}

static void map_bounce(struct nvme_queue *q, unsigned int slot, uint64_t left,
		       struct nvme_command *cmd)
{
	struct nvme_slot *s = &q->slots[slot];

	s->sectors = (uint32_t)MIN(left, PAGE_SIZE / BLOCK_SECTOR_SIZE);
	s->bounce = true;
	if (s->rq->op == BLOCK_WRITE) {
		copy_bounce(q, slot);
	}
	cmd->data[0] = q->bounces.addr + slot * PAGE_SIZE;
}

/*
 * If the parts end within a block, they are mapped again, up to the beginning
 * of that block: the result differs only at its end.
 */
void nvme_map(struct nvme_queue *q, unsigned int slot, struct nvme_command *cmd)
{
	struct nvme_slot *s = &q->slots[slot];
	uint64_t left = s->rq->nsectors - s->done;
	size_t most = (size_t)MIN(left, (uint64_t)q->c->max_sectors) *
		      BLOCK_SECTOR_SIZE;
	size_t block = s->rq->bd->block_size;
	struct building b;

	begin(&b, q, slot);
	add_parts(&b, most);
	if (b.size % block != 0) {
		most = ALIGN_DOWN(b.size, block);
		unmap_all(q, slot);
		begin(&b, q, slot);
		add_parts(&b, most);
		if (b.size != most) {
			unmap_all(q, slot); /* a bounce buffer has been taken
					       meanwhile */
			b.size = 0;
		}
	}
	if (b.size == 0) {
		map_bounce(q, slot, left, cmd);
		return;
	}
	s->sectors = (uint32_t)(b.size / BLOCK_SECTOR_SIZE);
	describe_data(&b, cmd);
}

void nvme_unmap(struct nvme_queue *q, unsigned int slot)
{
	struct nvme_slot *s = &q->slots[slot];

	if (s->bounce) {
		s->bounce = false;
		if (s->rq->op == BLOCK_READ) {
			copy_bounce(q, slot);
		}
	}
	unmap_all(q, slot);
}

bool nvme_advance(struct nvme_slot *s)
{
	move_on(s->rq, &s->seg, &s->seg_off,
		(size_t)s->sectors * BLOCK_SECTOR_SIZE);
	s->done += s->sectors;
	s->tries = 0;
	return s->done >= s->rq->nsectors;
}
