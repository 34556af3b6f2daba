/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots: places in the default machine for devices to which the description
 * gives no address. A slot has registers and an interrupt.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config_priv.h"

void config_slot_fill(struct config_device *dev,
		      const struct platform_device *row, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < row->nregs; i++) {
		dev->regs[i].base = row->regs[i].base + index * row->step;
		dev->regs[i].size = row->regs[i].size;
	}
	dev->nregs = row->nregs;
	dev->space = row->space;
	dev->nirqs = 0;
	if (row->irq >= 0) {
		dev->irqs[0].line = (uint32_t)row->irq + index;
		dev->irqs[0].edge = row->edge;
		dev->nirqs = 1;
	}
	snprintf(dev->os_name, sizeof(dev->os_name), "%s@%s%" PRIx64, row->name,
		 CONFIG_UNIT_SPACE(row->space), dev->regs[0].base);
}

const struct platform_device *config_slots(const struct emulator *emu)
{
	unsigned int i;

	for (i = 0; emu->slot && i < arch_guest_platform.ndevices; i++) {
		const struct platform_device *row =
			&arch_guest_platform.devices[i];

		if (strcmp(row->compatible, emu->slot) == 0) {
			return row;
		}
	}
	return NULL;
}

bool config_slot_at(const struct emulator *emu, uint8_t space, uint64_t base,
		    struct config_device *dev)
{
	const struct platform_device *row = config_slots(emu);
	uint32_t i;

	for (i = 0; row && i < row->count; i++) {
		if (row->space == space &&
		    row->regs[0].base + i * row->step == base) {
			config_slot_fill(dev, row, i);
			return true;
		}
	}
	return false;
}

static bool slot_meets(const struct config_device *slot, uint8_t space,
		       const struct config_range *ranges, uint32_t n)
{
	uint32_t i, j;

	for (i = 0; i < n && space == slot->space; i++) {
		for (j = 0; j < slot->nregs; j++) {
			const struct config_range *r = &slot->regs[j];

			/* No range is empty or wraps: config_reg() checked
			 * that. */
			if (r->base <= ranges[i].base + (ranges[i].size - 1) &&
			    ranges[i].base <= r->base + (r->size - 1)) {
				return true;
			}
		}
	}
	return false;
}

static bool slot_shares_irq(const struct config_device *slot,
			    const struct config_device *dev)
{
	uint32_t i;

	for (i = 0; i < dev->nirqs; i++) {
		if (slot->nirqs && dev->irqs[i].line == slot->irqs[0].line) {
			return true;
		}
	}
	return false;
}

/* A slot is taken by what the description itself puts there. A default device
 * in it makes way. */
static bool slot_is_free(const struct guest_config *cfg,
			 const struct config_device *slot)
{
	uint32_t i;

	for (i = 0; i < cfg->ndevices; i++) {
		const struct config_device *dev = &cfg->devices[i];

		if (dev->node >= 0 &&
		    (slot_meets(slot, dev->space, dev->regs, dev->nregs) ||
		     slot_shares_irq(slot, dev))) {
			return false;
		}
	}
	return !slot_meets(slot, EMU_MEMORY, cfg->memory, cfg->nmemory) &&
	       !slot_meets(slot, EMU_MEMORY, cfg->intc_regs, cfg->intc_nregs);
}

bool config_slot_next(const struct guest_config *cfg,
		      const struct emulator *emu, struct config_device *dev)
{
	const struct platform_device *row = config_slots(emu);
	uint32_t i;

	for (i = 0; row && i < row->count; i++) {
		config_slot_fill(dev, row, i);
		if (slot_is_free(cfg, dev)) {
			return true;
		}
	}
	return false;
}
