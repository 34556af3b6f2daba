/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual addresses beside the direct map, for what must have an unmapped
 * neighbour or permissions of its own: stacks, later modules.
 */
#ifndef CORE_WINDOW_H
#define CORE_WINDOW_H

#include <libs/types.h>

/*
 * The window is dealt out in slots of 2 * CONFIG_STACK_SIZE, aligned to that;
 * the lower half of an allocation's first slot is never mapped. So a stack
 * that fits the upper half is told from its guard by one address bit, which
 * is what the exception entry looks at.
 */
#define WINDOW_SLOT (2 * (uint64_t)CONFIG_STACK_SIZE)
#define WINDOW_SLOTS 32768

/* Addresses for `size` bytes, nothing mapped. -ERR_NOMEM. Any context but
 * interrupts. */
int __must_check window_alloc(vaddr_t *out, uint64_t size);
/* The same size; nothing may be mapped there any more. */
void window_free(vaddr_t va, uint64_t size);

/* Slots in use. */
unsigned int window_used(void);

#endif
