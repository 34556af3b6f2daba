/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual addresses beside the direct map, for what must have an unmapped
 * neighbour or permissions of its own: stacks, later modules.
 */
#ifndef CORE_WINDOW_H
#define CORE_WINDOW_H

#include <libs/types.h>

/*
 * The window is allocated in slots of 2 * CONFIG_STACK_SIZE, aligned to their
 * size; the lower half of an allocation's first slot is never mapped. So one
 * address bit, which the exception entry checks, distinguishes a stack in the
 * upper half from its guard.
 */
#define WINDOW_SLOT (2 * (uint64_t)CONFIG_STACK_SIZE)
#define WINDOW_SLOTS 32768

/* Addresses for `size` bytes, nothing mapped. -ERR_NOMEM. Any context but
 * interrupts. */
int __must_check window_alloc(vaddr_t *out, uint64_t size);
/* The same size; nothing may be mapped there any more. */
void window_free(vaddr_t va, uint64_t size);

#endif
