/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registries: whatever has more than one implementation is found through a
 * linker section of pointers to constant descriptors. The section is kept
 * by the linker script, bounded by __start_/__stop_ symbols, and unordered.
 */
#ifndef LIBS_REGISTRY_H
#define LIBS_REGISTRY_H

#include <libs/types.h>

/* Put a pointer to the const object `ident` of `type` into registry `reg`. */
#define REGISTRY_ADD(reg, type, ident) \
	static const type *const registry_##reg##_##ident __used \
		__section("registry_" #reg) = &(ident)

/* Declare a registry's bounds; once, in the header that defines its macro. */
#define REGISTRY_DECLARE(reg, type) \
	extern const type *const __start_registry_##reg[]; \
	extern const type *const __stop_registry_##reg[]

/* for (const type *const *it = ...): *it is each entry. */
#define registry_for_each(reg, it) \
	for ((it) = __start_registry_##reg; (it) < __stop_registry_##reg; \
	     (it)++)

#endif
