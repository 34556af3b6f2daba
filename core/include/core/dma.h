/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMA of the host's devices: addresses on a device's bus, memory shared with
 * it, and mapping data for it. docs/design/devices.md.
 */
#ifndef CORE_DMA_H
#define CORE_DMA_H

#include <core/device.h>
#include <core/io_segment.h>
#include <libs/types.h>

/* The largest segment if the device may need it copied (dma_max_segment()). */
#define DMA_BOUNCE_MAX KIB(64)

/*
 * For probe(), before all else here: the device's own addresses have `bits`
 * bits. Allocates bounce buffers if the device does not reach all RAM or is not
 * coherent. They are freed automatically when the driver is removed. May be
 * called again with another number of bits while nothing is mapped. -ERR_NOMEM.
 * Thread or boot context.
 */
int __must_check dma_init(struct device *dev, unsigned int bits);
/* For the code that removes drivers: nothing is mapped any more. */
void dma_fini(struct device *dev);

/*
 * Memory that device and CPUs share, in whole pages, zeroed, where the device
 * reaches it; each sees what the other writes, in the order of arch_dma_wmb()
 * and arch_dma_rmb(). Use `va` alone. -ERR_NOMEM. Thread or boot context.
 */
struct dma_buffer {
	void *va;
	uint64_t addr; /* the device's */
	size_t size;   /* as asked for */
	paddr_t pa;
};
int __must_check dma_alloc(struct device *dev, size_t size,
			   struct dma_buffer *out);
/* Free a buffer that the device no longer uses. A zeroed struct is allowed. */
void dma_free(struct device *dev, struct dma_buffer *b);

enum dma_dir {
	DMA_TO_DEVICE,
	DMA_FROM_DEVICE,
};

/* Not for drivers: dma_map() and dma_unmap() of a device with a pool. Errors
 * as for these; context as there. */
int __must_check dma_map_pooled(struct device *dev,
				const struct io_segment *seg, enum dma_dir dir,
				uint64_t *addr);
void dma_unmap_pooled(struct device *dev, const struct io_segment *seg,
		      enum dma_dir dir, uint64_t addr);

/*
 * Give a segment to the device: *addr is its address on the device's bus. Until
 * dma_unmap() with the same values, the CPUs must not access the segment;
 * afterwards they see what the device has written. Any context, and cheap if
 * nothing has to be copied. -ERR_NOMEM: all bounce buffers are in use, try
 * again when something was unmapped; -ERR_RANGE: larger than dma_max_segment().
 */
static inline int __must_check dma_map(struct device *dev,
				       const struct io_segment *seg,
				       enum dma_dir dir, uint64_t *addr)
{
	if (unlikely(dev->dma_pool != NULL)) {
		return dma_map_pooled(dev, seg, dir, addr);
	}
	*addr = seg->pa.v - dev->dma.offset;
	return 0;
}

/* Take the segment back: the device does not use it any more. Any context. */
static inline void dma_unmap(struct device *dev, const struct io_segment *seg,
			     enum dma_dir dir, uint64_t addr)
{
	if (unlikely(dev->dma_pool != NULL)) {
		dma_unmap_pooled(dev, seg, dir, addr);
	}
}

/* Bytes of the largest segment that dma_map() takes. Any context. */
static inline size_t dma_max_segment(const struct device *dev)
{
	return dev->dma_pool ? DMA_BOUNCE_MAX : SIZE_MAX;
}

/* Statistics of bounce buffers; false: the device needs none. The driver must
 * not be removed meanwhile; use device_get_dma_stats() if it may be. Any
 * context. */
struct dma_stats {
	uint64_t pool_bytes;
	uint64_t segments, bytes; /* copied so far */
	uint64_t refused;         /* there was no buffer free */
};
bool dma_get_stats(const struct device *dev, struct dma_stats *st);

#endif
