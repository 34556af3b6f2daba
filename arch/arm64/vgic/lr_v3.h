/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICH_LR<n>_EL2, IHI0069 12.4.7. Pure. */
#ifndef VGIC_LR_V3_H
#define VGIC_LR_V3_H

#include "lr.h"

#define LR_V3_STATE_SHIFT 62
#define LR_V3_HW BIT(61)
#define LR_V3_GRP1 BIT(60)
#define LR_V3_PRIO_SHIFT 48
#define LR_V3_EOI BIT(41)
#define LR_V3_PHYS_SHIFT 32
/* A GICv2 guest on a GICv3 (ICC_SRE_EL1.SRE 0): the SGI's CPU. */
#define LR_V3_SOURCE_SHIFT 10

#define LR_V3_FORMAT \
	{ \
		.state = LR_V3_STATE_SHIFT, .prio = LR_V3_PRIO_SHIFT, \
		.group1 = 60, .hw = 61, .hwintid = LR_V3_PHYS_SHIFT, \
		.eoi = 41, .source = LR_V3_SOURCE_SHIFT, \
	}

static inline uint64_t lr_v3_encode(const struct vlr *lr)
{
	uint64_t val = lr->intid | (uint64_t)lr->prio << LR_V3_PRIO_SHIFT |
		       (uint64_t)lr->state << LR_V3_STATE_SHIFT;

	if (lr->group1) {
		val |= LR_V3_GRP1;
	}
	if (lr->hw) {
		return val | LR_V3_HW |
		       (uint64_t)lr->hwintid << LR_V3_PHYS_SHIFT;
	}
	if (lr->eoi) {
		val |= LR_V3_EOI;
	}
	return val | (uint64_t)lr->source << LR_V3_SOURCE_SHIFT;
}

static inline struct vlr lr_v3_decode(uint64_t val)
{
	/* No virtual INTID here is above 1019. */
	struct vlr lr = {
		.intid = (uint16_t)FIELD(val, 9, 0),
		.prio = (uint8_t)FIELD(val, 55, 48),
		.state = (uint8_t)FIELD(val, 63, 62),
		.source = (uint8_t)FIELD(val, 12, 10),
		.group1 = (val & LR_V3_GRP1) != 0,
		.hw = (val & LR_V3_HW) != 0,
	};

	if (lr.hw) {
		lr.hwintid = (uint16_t)FIELD(val, 44, 32);
	} else {
		lr.eoi = (val & LR_V3_EOI) != 0;
	}
	return lr;
}

#endif
