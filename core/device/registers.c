/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers that are mapped, and for which devices. Guarded by the lock of the
 * list of devices, which is held while drivers probe and remove.
 *
 * Several devices may have registers in one page, as the slots of virtio-mmio
 * have. Ranges that share a page stay mapped until no device needs them.
 */
#include <arch/mmu.h>
#include <core/heap.h>
#include <libs/error.h>

#include "device_priv.h"

struct device_regs {
	struct device_regs *next;
	const struct device *dev; /* NULL: of no device any more */
	paddr_t base;
	uint64_t size;
	volatile void *at;
};

static struct device_regs *mapped; /* the last one first */

int device_map_range(struct device *dev, paddr_t base, uint64_t size,
		     volatile void **regs)
{
	struct device_regs *r = mapped;

	while (r && (r->dev != dev || r->base.v != base.v || r->size != size)) {
		r = r->next;
	}
	if (!r) {
		r = heap_alloc(sizeof(*r));
		if (!r) {
			return -ERR_NOMEM;
		}
		*r = (struct device_regs){
			.next = mapped,
			.dev = dev,
			.base = base,
			.size = size,
			.at = arch_mmu_map_device(base, size),
		};
		if (!r->at) {
			heap_free(r);
			return -ERR_NOMEM;
		}
		mapped = r;
	}
	*regs = r->at;
	return 0;
}

static uint64_t first_page(const struct device_regs *r)
{
	return ALIGN_DOWN(r->base.v, PAGE_SIZE);
}

static uint64_t end_page(const struct device_regs *r)
{
	return ALIGN_UP(r->base.v + r->size, PAGE_SIZE);
}

/* Does a device need it, or a range in the same pages? */
static bool needed(const struct device_regs *r)
{
	for (const struct device_regs *o = mapped; o; o = o->next) {
		if (o->dev && first_page(o) < end_page(r) &&
		    first_page(r) < end_page(o)) {
			return true;
		}
	}
	return false;
}

void device_unmap_locked(const struct device *dev)
{
	struct device_regs *r, **at = &mapped;

	for (r = mapped; r; r = r->next) {
		if (r->dev == dev) {
			r->dev = NULL;
		}
	}
	while ((r = *at) != NULL) {
		if (needed(r)) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		arch_mmu_unmap_device(PADDR(first_page(r)),
				      end_page(r) - first_page(r));
		heap_free(r);
	}
}

bool device_get_registers(const struct device *dev, unsigned int n,
			  paddr_t *base, uint64_t *size)
{
	const struct device_regs *r;

	device_list_lock();
	for (r = mapped; r; r = r->next) {
		if (r->dev == dev && n-- == 0) {
			*base = r->base;
			*size = r->size;
			break;
		}
	}
	device_list_unlock();
	return r != NULL;
}
