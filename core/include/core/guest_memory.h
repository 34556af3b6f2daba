/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's memory: its extents, and the functions by which the hypervisor
 * accesses it. There is no other way. docs/design/memory.md.
 */
#ifndef CORE_GUEST_MEMORY_H
#define CORE_GUEST_MEMORY_H

#include <arch/stage2.h>
#include <core/io_segment.h>
#include <core/page.h>
#include <core/sync.h>
#include <libs/list.h>
#include <libs/types.h>

struct guest;
struct guest_memory;

/*
 * Memory that is contiguous both for the guest and in the host; or, with
 * colours, contiguous for the guest only: in the host it is the pages of these
 * colours in consecutive rows (core/colour.h), from the row at `pa` on.
 */
struct guest_extent {
	ipa_t ipa;
	paddr_t pa;
	uint64_t size; /* bytes, whole pages */
	enum stage2_prot prot;
	colour_mask_t colours; /* PAGE_ANY_COLOUR: no rows */
};

/* The extent that holds an address; NULL: it is not RAM. Any context. */
const struct guest_extent *guest_extent_at(const struct guest_memory *m,
					   ipa_t ipa);
/* A part of an extent that is contiguous in the host as well. */
struct guest_piece {
	uint64_t off, size; /* from the extent's start, bytes */
	paddr_t pa;
};
/* The piece that holds the byte at `off` of the extent. Any context. */
struct guest_piece guest_extent_piece(const struct guest_extent *e,
				      uint64_t off);
/* The size of the smallest piece of all: a buffer of this size lies in two
 * pieces at most. Any context. */
uint64_t guest_memory_smallest(const struct guest_memory *m);

/*
 * Sorted by address, without overlaps. A change replaces the whole table, so
 * that a look-up needs no lock.
 */
struct guest_extents {
	uint32_t count, room;
	struct guest_extent e[];
};

/* Part of struct guest. [L] lock, [A] atomic. */
struct guest_memory {
	struct guest_extents *extents; /* [A] NULL: none yet */
	struct guest_extents *fixed;   /* at creation: taken, not in use yet */
	uint32_t fixed_used;           /* so many of those are in `extents` */
	struct mutex lock;
	struct list listeners; /* [L] */
	uint32_t pins;         /* [A] */
	bool closing;          /* [A] nothing can be pinned any more */
};

/*
 * Copy from or to guest memory: RAM, and, for reading only, memory that a
 * device shows. 0, or -ERR_FAULT; then a part may have been copied. Any
 * context.
 */
int __must_check guest_read(struct guest *g, ipa_t ipa, void *buf, size_t n);
int __must_check guest_write(struct guest *g, ipa_t ipa, const void *buf,
			     size_t n);

/*
 * For a backend that uses guest memory in place: where [ipa, ipa + size) is,
 * in at most `max` segments, whose number is returned. It stays there, even
 * if the guest is destroyed meanwhile, until guest_unpin(), once for each
 * guest_pin() that succeeded. -ERR_INVAL for a size of 0; -ERR_FAULT where it
 * is not RAM, or may not be written and `write` is set; -ERR_NOSPC if it takes
 * more segments; -ERR_STATE while the guest is being destroyed. Any context.
 */
int __must_check guest_pin(struct guest *g, ipa_t ipa, uint64_t size,
			   bool write, struct io_segment *out,
			   unsigned int max);
void guest_unpin(struct guest *g);

/*
 * As guest_pin(), for code that has something of this guest pinned all the time
 * and makes many small look-ups. Gives only the first segment, from `ipa` on.
 * False: it is not RAM, or may not be written. `hint` is the piece where the
 * last one ended, zeroed at first. Any context.
 */
struct guest_memory_hint {
	const struct guest_extents *table;
	uint64_t ipa, size, pa;
	uint8_t *va;
	bool writable;
};
bool guest_segment_find(const struct guest_memory *m,
			struct guest_memory_hint *hint, ipa_t ipa,
			uint64_t size, bool write, struct io_segment *out);

/* Is the hint about the extents that there are now? Any context. */
static inline bool guest_hint_holds(const struct guest_memory *m,
				    const struct guest_memory_hint *hint)
{
	return __atomic_load_n(&m->extents, __ATOMIC_RELAXED) == hint->table;
}

/* As guest_segment_find(), which it calls only if the hint does not have it. */
static inline bool guest_segment(const struct guest_memory *m,
				 struct guest_memory_hint *hint, ipa_t ipa,
				 uint64_t size, bool write,
				 struct io_segment *out)
{
	uint64_t off = ipa.v - hint->ipa;

	if (unlikely(off >= hint->size || (write && !hint->writable) ||
		     !guest_hint_holds(m, hint))) {
		return guest_segment_find(m, hint, ipa, size, write, out);
	}
	out->va = hint->va + off;
	out->pa = PADDR(hint->pa + off);
	out->size = MIN(size, hint->size - off);
	return true;
}

/*
 * For code that has to know which RAM a guest has (an IOMMU, a check of
 * colours). A guest has all of it from its creation to its end, so the
 * callbacks are called for each extent when the listener begins, and when it
 * ends or the memory goes. Thread context, with the memory's lock held:
 * they may allocate, but not change the guest's memory.
 */
struct guest_memory_listener {
	struct list node;
	/* An error refuses the extent, and adding it fails. */
	int (*added)(struct guest_memory_listener *l,
		     const struct guest_extent *e);
	/* The extent is still mapped for the guest, and is unmapped when this
	 * returns. */
	void (*removed)(struct guest_memory_listener *l,
			const struct guest_extent *e);
};
/* On an error of added(), removed() is called for all extents that were added,
 * and the listener is not registered. Thread context. */
int __must_check guest_memory_listen(struct guest *g,
				     struct guest_memory_listener *l);
/* Calls removed() for every extent. Thread context. */
void guest_memory_unlisten(struct guest *g, struct guest_memory_listener *l);

/*
 * Memory for the contents of a device at the start of its region: the guest
 * reads and executes it like RAM. Writes trap; while it is not shown, all
 * accesses trap. A zeroed struct has no memory, and showing it has no effect.
 */
struct guest_rom {
	ipa_t base;
	uint64_t size;  /* bytes, whole pages */
	void *data;     /* private: the memory, if it is contiguous; */
	paddr_t *pages; /* or its pages, if the guest has not all colours */
	bool shown;
};
/* Where the device finds its byte at `off`, which is less than the size, to
 * fill it: *n bytes are there, at most as many as it says before. Any
 * context. */
void *guest_rom_at(const struct guest_rom *rom, uint64_t off, uint64_t *n);
/* Thread context. Not shown yet. If the guest has not all colours, it has the
 * first GUEST_ROM_COLOURED bytes at most. -ERR_NOMEM; -ERR_RANGE: it cannot be
 * at that address, and the device works without it. */
#define GUEST_ROM_COLOURED MIB(2)
int __must_check guest_rom_init(struct guest *g, struct guest_rom *rom,
				ipa_t base, uint64_t size);
void guest_rom_fini(struct guest *g, struct guest_rom *rom);
/*
 * Make what was written at `off`, in one piece of guest_rom_at(), visible to
 * the guest. Not while it is shown. Any context.
 */
void guest_rom_sync(struct guest_rom *rom, uint64_t off, uint64_t size);
/* Any context; the device's lock, which guards the rest, is held. */
void guest_rom_show(struct guest *g, struct guest_rom *rom, bool show);

#endif
