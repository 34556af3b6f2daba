/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers for guests (seeds, TRNG) and for the hypervisor itself. */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <libs/types.h>

/* Boot: seed from the host tree's rng-seed, the CPU's generator where it has
 * one, and the counter. */
void random_init(void);

/* Fill buf; any context, never blocks, never fails. */
void random_bytes(void *buf, size_t n);

/* There was a seed nobody can guess; else only the counter's jitter. */
bool random_seeded(void);

#endif
