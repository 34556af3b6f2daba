/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registries: whatever has more than one implementation is found through one.
 * A registry is a chain of segments, each an array of pointers to constant
 * descriptors. The first segment is the image's own: a linker section, kept by
 * the linker script, bounded by __start_/__stop_ symbols, and unordered. A
 * loaded module brings a segment of its own.
 */
#ifndef LIBS_REGISTRY_H
#define LIBS_REGISTRY_H

#include <libs/types.h>

struct registry_segment {
	const void *const *start, *const *stop;
	struct registry_segment *next;
};

struct registry {
	struct registry_segment image; /* its `next` is the first added one */
};

/* Put a pointer to the const object `ident` of `type` into registry `reg`. */
#define REGISTRY_ADD(reg, type, ident) \
	static const type *const registry_##reg##_##ident __used __section( \
		"registry_" #reg) = &(ident)

/* Declare a registry; once, in the header that defines its macro. */
#define REGISTRY_DECLARE(reg) extern struct registry reg##_registry

/* Define it; once, in the file of the code that looks entries up. */
#define REGISTRY_DEFINE(reg) \
	extern const void *const __start_registry_##reg[]; \
	extern const void *const __stop_registry_##reg[]; \
	struct registry reg##_registry = { \
		.image = { __start_registry_##reg, __stop_registry_##reg, \
			   NULL }, \
	}

/* The position of a walk: the entry after the last one returned. */
struct registry_walk {
	const struct registry_segment *segment;
	const void *const *at;
};

/* A walk that has returned nothing yet. */
static inline struct registry_walk registry_begin(const struct registry *r)
{
	return (struct registry_walk){ &r->image, r->image.start };
}

/* The next entry, or NULL. Any context. */
const void *registry_next(struct registry_walk *w);

/* registry_for_each(command, it): `it`, a pointer to a const descriptor, is
 * each entry. It may be left with break. */
#define registry_for_each(reg, it) \
	for (struct registry_walk walk_##it = registry_begin(&reg##_registry); \
	     ((it) = registry_next(&walk_##it)) != NULL;)

/*
 * Add a segment behind the others, or remove one. The segment remains the
 * caller's. Walks may run at the same time, but the caller serialises
 * additions and removals. A walk that had reached the segment may still see it
 * after registry_remove(): the caller waits for such walks (core's
 * cpu_quiesce(), if they run with interrupts masked) before it frees the
 * segment or its entries. registry_remove() returns -ERR_NOENT if the segment
 * is not there.
 */
void registry_add(struct registry *r, struct registry_segment *segment);
int __must_check registry_remove(struct registry *r,
				 const struct registry_segment *segment);

#endif
