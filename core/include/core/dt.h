/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host device tree, read through libfdt; immutable after dt_init(). Any
 * context, then. */
#ifndef CORE_DT_H
#define CORE_DT_H

#include <libs/types.h>

/* A node: libfdt offset, negative: none. */
typedef int dt_node_t;

/* Check header, structure and size (at most 2 MiB). -ERR_FORMAT with the reason
 * in *why. Keeps a reference to `fdt`. Start-up. */
int __must_check dt_init(const void *fdt, size_t max_size, const char **why);
const void *dt_blob(void);

/*
 * For a tree that dt_init() refused: the address in `reg` of the first node
 * with that compatible, without translation by its buses. -ERR_FORMAT if not
 * even the header is good, -ERR_NOENT.
 */
int __must_check dt_salvage(const void *fdt, size_t max_size,
			    const char *compatible, paddr_t *base);

dt_node_t dt_path(const char *path); /* also aliases */
dt_node_t dt_next_compatible(dt_node_t from, const char *compatible);
/* The next node in the order of the tree. *depth (may be NULL) is its depth
 * below the node where the walk began, with 0. Negative: no more. */
dt_node_t dt_next(dt_node_t from, int *depth);
bool dt_available(dt_node_t node); /* status okay/absent */
const char *dt_name(dt_node_t node);
/* Full path into buf; always terminated. */
const char *dt_node_path(dt_node_t node, char *buf, size_t size);
const void *dt_prop(dt_node_t node, const char *name, int *len);
const char *dt_str(dt_node_t node,
		   const char *name); /* NULL if absent or unterminated */
/* -ERR_NOENT: the node has no such property; -ERR_FORMAT: it is not of one cell
 * (or two, of 64 bits). */
int __must_check dt_u32(dt_node_t node, const char *name, uint32_t *out);
int __must_check dt_u64(dt_node_t node, const char *name, uint64_t *out);
/* Entry `index` of reg, translated through every parent's ranges. -ERR_NOENT:
 * it has no such entry; -ERR_FORMAT: a parent's ranges do not lead to it. */
int __must_check dt_reg(dt_node_t node, unsigned int index, paddr_t *base,
			uint64_t *size);
/* An interrupt as a tree gives it: cells that the driver of their controller
 * understands (irq_of_node()). */
#define DT_MAX_IRQ_CELLS 8
struct dt_interrupt {
	dt_node_t controller;
	unsigned int cells;
	uint32_t cell[DT_MAX_IRQ_CELLS];
};
/* Entry `index` of interrupts[-extended], interrupt-map followed. -ERR_NOENT,
 * -ERR_FORMAT; -ERR_RANGE: no row of the map. */
int __must_check dt_interrupt(dt_node_t node, unsigned int index,
			      struct dt_interrupt *out);
/*
 * The same for the entry that interrupt-names calls `name`; without that
 * property, for entry `otherwise`. -ERR_NOENT: there are names, but not this
 * one.
 */
int __must_check dt_interrupt_named(dt_node_t node, const char *name,
				    unsigned int otherwise,
				    struct dt_interrupt *out);
/* How a node's device reaches memory, according to its buses. */
struct dt_dma {
	bool coherent;   /* with the CPUs' caches */
	bool translated; /* behind an IOMMU that is not disabled */
	uint64_t limit;  /* highest address it can use on its bus */
	uint64_t offset; /* physical address = the device's address + offset */
};
void dt_dma(dt_node_t node, struct dt_dma *out);
bool dt_is_compatible(dt_node_t node, const char *compatible);
/* All strings of `compatible`, *len bytes, not checked; NULL: none. */
const char *dt_compatible(dt_node_t node, int *len);

/* Boot information. Each calls fn until it returns non-zero, and returns that.
 * */
int dt_for_each_memory(int (*fn)(paddr_t base, uint64_t size, void *arg),
		       void *arg);
/* /memreserve/ and /reserved-memory (static regions; no-map flagged). */
int dt_for_each_reserved(int (*fn)(paddr_t base, uint64_t size, bool no_map,
				   void *arg),
			 void *arg);
struct dt_chosen {
	const char *bootargs; /* "" if absent */
	paddr_t initrd;
	uint64_t initrd_size;       /* 0: none */
	dt_node_t stdout_node;      /* or -1 */
	const char *stdout_options; /* after ':', or "" */
	const uint8_t *rng_seed;
	int rng_seed_len;
	bool pci_probe_only; /* keep the PCI addresses that the firmware has set
			      */
};
void dt_get_chosen(struct dt_chosen *out);
/* method: enable-method, or NULL. */
struct dt_cpu {
	dt_node_t node;
	uint64_t hwid;
	const char *method;
};
/* Number of usable CPUs, at most max; out[0..n). */
unsigned int dt_cpus(struct dt_cpu *out, unsigned int max);
/* The enable-method of the CPU's node, or NULL. */
const char *dt_cpu_method(uint64_t hwid);

/* A cache as its node describes it; 0: not given. */
struct dt_cache {
	dt_node_t node;
	uint32_t level, size, sets, line; /* bytes of a cache, of a line */
};
/* The cache behind `from`, a CPU or a cache; false: there is none. In a wrong
 * tree this may form a loop. */
bool dt_cache_next(dt_node_t from, struct dt_cache *out);
/* The cache that the phandle in `property` of the node names, or without it the
 * node above this one; false: that is no cache. */
bool dt_cache_of(dt_node_t node, const char *property, struct dt_cache *out);

/* The next word of bootargs after *at (NULL: the first), without its
 * quotes, truncated to the size, which must not be 0; advances *at. False
 * at the end. */
bool dt_bootarg_next(const char **at, char *buf, size_t size);

#endif
