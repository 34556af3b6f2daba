/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers that are mapped, and for which devices. Guarded by the lock of the
 * list of devices, which is held while drivers probe and remove.
 *
 * Several devices may have registers in one page, as the slots of virtio-mmio
 * have. Ranges that share a page stay mapped until no device needs them. What
 * is not needed is unmapped at the end of a round of probes: the next slot of
 * the page may follow.
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
};

static struct device_regs *mapped; /* the last one first */

static uint64_t first_page(const struct device_regs *r)
{
	return ALIGN_DOWN(r->base.v, PAGE_SIZE);
}

static uint64_t end_page(const struct device_regs *r)
{
	return ALIGN_UP(r->base.v + r->size, PAGE_SIZE);
}

/* The device has it already, or nobody has it any more. */
static bool is_for(const struct device_regs *r, const struct device *dev,
		   const struct device_regs *want)
{
	if (r->dev) {
		return r->dev == dev && r->base.v == want->base.v &&
		       r->size == want->size;
	}
	return first_page(r) == first_page(want) &&
	       end_page(r) == end_page(want);
}

int device_map_range(struct device *dev, paddr_t base, uint64_t size,
		     volatile void **regs)
{
	struct device_regs want = { .dev = dev, .base = base, .size = size };
	struct device_regs *r = mapped;

	*regs = arch_mmu_map_device(base, size);
	if (!*regs) {
		return -ERR_NOMEM;
	}
	while (r && !is_for(r, dev, &want)) {
		r = r->next;
	}
	if (!r) {
		r = heap_alloc(sizeof(*r));
		if (!r) {
			return -ERR_NOMEM;
		}
		want.next = mapped;
		mapped = r;
	} else {
		want.next = r->next;
	}
	*r = want;
	return 0;
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
	for (struct device_regs *r = mapped; r; r = r->next) {
		if (r->dev == dev) {
			r->dev = NULL;
		}
	}
}

void device_sweep_locked(void)
{
	struct device_regs *r, **at = &mapped;

	while ((r = *at) != NULL) {
		if (r->dev || needed(r)) {
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
