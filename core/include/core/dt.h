/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host device tree, read through libfdt; immutable after dt_init(). */
#ifndef CORE_DT_H
#define CORE_DT_H

#include <libs/types.h>

/* A node: libfdt offset, negative: none. */
typedef int dt_node_t;

/* Check header, structure and size (at most 2 MiB). -ERR_FORMAT with the
 * reason in *why. Keeps a reference to `fdt`. */
int __must_check dt_init(const void *fdt, size_t max_size, const char **why);
const void *dt_blob(void);

/*
 * Of a tree that dt_init() refused, and the machine will not start with: where
 * `reg` of the first node with the compatible says that it is, whatever bus it
 * is on. -ERR_FORMAT if not even the header is good, -ERR_NOENT.
 */
int __must_check dt_salvage(const void *fdt, size_t max_size,
			    const char *compatible, paddr_t *base);

dt_node_t dt_path(const char *path);			/* also aliases */
dt_node_t dt_next_compatible(dt_node_t from, const char *compatible);
/* The next node in the order of the tree, and in *depth (may be NULL) how deep
 * it lies below where the walk began with 0. Negative: no more. */
dt_node_t dt_next(dt_node_t from, int *depth);
bool dt_available(dt_node_t node);			/* status okay/absent */
const char *dt_name(dt_node_t node);
/* Full path into buf; always terminated. */
const char *dt_node_path(dt_node_t node, char *buf, size_t size);
const void *dt_prop(dt_node_t node, const char *name, int *len);
const char *dt_str(dt_node_t node, const char *name);	/* NULL if absent or unterminated */
int __must_check dt_u32(dt_node_t node, const char *name, uint32_t *out);
int __must_check dt_u64(dt_node_t node, const char *name, uint64_t *out);
/* Entry `index` of reg, translated through every parent's ranges. */
int __must_check dt_reg(dt_node_t node, unsigned int index, paddr_t *base,
			uint64_t *size);
/* Entry `index` of interrupts[-extended] as the controller's number; GIC
 * three-cell form. *edge from the flags. */
int __must_check dt_irq(dt_node_t node, unsigned int index, unsigned int *irq,
			bool *edge);
bool dt_is_compatible(dt_node_t node, const char *compatible);

/* Boot information. Each calls fn until it returns non-zero, and returns that. */
int dt_for_each_memory(int (*fn)(paddr_t base, uint64_t size, void *arg),
		       void *arg);
/* /memreserve/ and /reserved-memory (static regions; no-map flagged). */
int dt_for_each_reserved(int (*fn)(paddr_t base, uint64_t size, bool no_map,
				   void *arg), void *arg);
struct dt_chosen {
	const char *bootargs;		/* "" if absent */
	paddr_t initrd;
	uint64_t initrd_size;		/* 0: none */
	dt_node_t stdout_node;		/* or -1 */
	const char *stdout_options;	/* after ':', or "" */
	const uint8_t *rng_seed;
	int rng_seed_len;
};
void dt_get_chosen(struct dt_chosen *out);
struct dt_cpu { dt_node_t node; uint64_t hwid; bool psci; };
/* Number of usable CPUs, at most max; out[0..n). */
unsigned int dt_cpus(struct dt_cpu *out, unsigned int max);

/* The word of bootargs behind *at (NULL: the first), without its quotes and cut
 * to size, which is not 0; advances *at. False at the end. */
bool dt_bootarg_next(const char **at, char *buf, size_t size);

#endif
