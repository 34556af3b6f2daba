/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: a VCPU is a coroutine. */
#ifndef ARCH_IMPL_VCPU_H
#define ARCH_IMPL_VCPU_H

#include <libs/types.h>

struct arch_vcpu {
	uint64_t sp; /* its context, on top of its stack; 0: its CPU's own */
};

#endif
