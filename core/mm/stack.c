/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypervisor stacks, each with unmapped addresses below it. */
#include <core/mapped.h>
#include <core/thread.h>

#define STACK_PAGES (CONFIG_STACK_SIZE / PAGE_SIZE)

_Static_assert(CONFIG_STACK_SIZE % PAGE_SIZE == 0, "stacks are whole pages");

uint8_t *stack_alloc(void)
{
	return mapped_alloc(STACK_PAGES);
}

void stack_free(uint8_t *stack)
{
	if (stack) {
		mapped_free(stack, STACK_PAGES);
	}
}
