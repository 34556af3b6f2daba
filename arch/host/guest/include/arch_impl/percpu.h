/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: nothing more belongs to a simulated CPU that others may see (cpu.c). */
#ifndef ARCH_IMPL_PERCPU_H
#define ARCH_IMPL_PERCPU_H

struct arch_percpu {
};

#endif
