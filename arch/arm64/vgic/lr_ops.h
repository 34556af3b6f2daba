/* SPDX-License-Identifier: GPL-2.0-or-later */
/* List register accessors of GICv2 and GICv3 hosts. */
#ifndef VGIC_LR_OPS_H
#define VGIC_LR_OPS_H

#include "lr.h"

extern const struct vgic_lr_ops vgic_lr_gich; /* GICv2, memory mapped */
extern const struct vgic_lr_ops vgic_lr_ich;  /* GICv3, system registers */

#endif
