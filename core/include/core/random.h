/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers for guests (seeds, TRNG) and for the hypervisor itself. */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <libs/types.h>

/* Boot: seed from the host tree's rng-seed, the CPU's and the firmware's
 * generators where there are any, and the counter. */
void random_init(void);

/* Fill buf; any context, never blocks, never fails. */
void random_bytes(void *buf, size_t n);

/* Mix in what a source of entropy gave; 16 bytes or more are a seed. Any
 * context. */
void random_add(const void *data, size_t n);

/* True if there was an unpredictable seed; otherwise there was only the
 * counter's jitter. Any context. */
bool random_seeded(void);

#endif
