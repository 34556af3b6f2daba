/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: what entry.S stores for an exception taken from EL2 itself. */
#ifndef ARCH_IMPL_HYP_FRAME_H
#define ARCH_IMPL_HYP_FRAME_H

#include <libs/types.h>

struct hyp_frame {
	uint64_t x[31];
	uint64_t elr, spsr;
	uint64_t pad;
};

#endif
