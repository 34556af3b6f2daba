/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GICH_LRn, IHI0048 5.3.9. Pure. */
#ifndef VGIC_LR_V2_H
#define VGIC_LR_V2_H

#include "lr.h"

#define LR_V2_HW BIT(31)
#define LR_V2_GRP1 BIT(30)
#define LR_V2_STATE_SHIFT 28
#define LR_V2_PRIO_SHIFT 23
#define LR_V2_EOI BIT(19)
#define LR_V2_PHYS_SHIFT 10 /* host INTID, or the SGI's CPU */

#define LR_V2_FORMAT \
	{ \
		.state = LR_V2_STATE_SHIFT, .prio = LR_V2_PRIO_SHIFT - 3, \
		.group1 = 30, .hw = 31, .hwintid = LR_V2_PHYS_SHIFT, \
		.eoi = 19, .source = LR_V2_PHYS_SHIFT, \
	}

static inline uint64_t lr_v2_encode(const struct vlr *lr)
{
	uint64_t val = lr->intid |
		       (uint64_t)(lr->prio >> 3) << LR_V2_PRIO_SHIFT |
		       (uint64_t)lr->state << LR_V2_STATE_SHIFT;

	if (lr->group1) {
		val |= LR_V2_GRP1;
	}
	if (lr->hw) {
		return val | LR_V2_HW |
		       (uint64_t)lr->hwintid << LR_V2_PHYS_SHIFT;
	}
	if (lr->eoi) {
		val |= LR_V2_EOI;
	}
	return val | (uint64_t)lr->source << LR_V2_PHYS_SHIFT;
}

static inline struct vlr lr_v2_decode(uint64_t val)
{
	struct vlr lr = {
		.intid = (uint16_t)FIELD(val, 9, 0),
		.prio = (uint8_t)(FIELD(val, 27, 23) << 3),
		.state = (uint8_t)FIELD(val, 29, 28),
		.group1 = (val & LR_V2_GRP1) != 0,
		.hw = (val & LR_V2_HW) != 0,
	};

	if (lr.hw) {
		lr.hwintid = (uint16_t)FIELD(val, 19, 10);
	} else {
		lr.eoi = (val & LR_V2_EOI) != 0;
		lr.source = (uint8_t)FIELD(val, 12, 10);
	}
	return lr;
}

#endif
