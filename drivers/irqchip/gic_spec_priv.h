/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt specifiers of all GIC versions. Pure. */
#ifndef GIC_SPEC_PRIV_H
#define GIC_SPEC_PRIV_H

#include <core/irq.h>

/* As irqchip->decode(); the number is an INTID. */
int __must_check gic_spec_decode(const uint32_t *cells, unsigned int n,
				 unsigned int *irq, enum irq_trigger *trigger);

#endif
