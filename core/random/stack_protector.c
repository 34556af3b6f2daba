/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The symbols that the compiler's stack protector uses, in our code and in
 * linked libraries. The guard is random from stack_protector_init() on.
 */
#include <core/log.h>
#include <core/random.h>
#include <core/stack_protector.h>

/* Names fixed by the compilers. */
extern uintptr_t __stack_chk_guard;
void __stack_chk_fail(void) __noreturn;

uintptr_t __stack_chk_guard = (uintptr_t)UINT64_C(0x5bd1e995a7c3f20d);

void __stack_chk_fail(void)
{
	panic("stack smashed in the caller of %p", __builtin_return_address(0));
}

void stack_protector_init(void)
{
	uintptr_t guard;

	random_bytes(&guard, sizeof(guard));
	/* A zero byte stops string functions from copying the guard. */
	__stack_chk_guard = guard << 8;
}
