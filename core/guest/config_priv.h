/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files that read, check and describe guest descriptions. */
#ifndef CORE_GUEST_CONFIG_PRIV_H
#define CORE_GUEST_CONFIG_PRIV_H

#include <arch/guest_platform.h>
#include <core/config_parser.h>
#include <core/emulator.h>
#include <core/fdtgen.h>
#include <core/guest_config.h>
#include <core/guest_platform.h>
#include <core/schema.h>
#include <libs/types.h>

/* Limits on what a description may cost, as it is not trusted. */
#define CONFIG_MAX_BLOB KIB(256)
#define CONFIG_MAX_MISTAKES 64  /* reported one by one */
#define CONFIG_MAX_DEPTH 16     /* of nodes in os-tree */
#define CONFIG_HOST_END BIT(48) /* no host has addresses beyond */

struct schema_node {
	const char *path;  /* as rows name it */
	const char *title; /* in the reference */
	const char *doc;   /* REFERENCE() */
	bool required;
	bool many;   /* name@address, more than one */
	bool opaque; /* anything inside is allowed */
};

/* config_schema.c */
extern const struct schema_node schema_nodes[];
extern const unsigned int schema_node_count;
/* Row number `i` of core's rows and then the platform's; NULL past the last. */
const struct schema_prop *schema_row(unsigned int i);
const struct schema_prop *schema_find(const char *node, const char *name,
				      const struct schema_prop *own);
/* What the row allows, in words. */
void schema_allowed(const struct schema_prop *prop, char *buf, size_t size);

/* config_property.c */
/* Check the value against its row, and report a mistake. */
bool config_property(struct config_parser *p, struct schema_value *v);
bool config_name_ok(const char *name);

/* config_walk.c */
void config_walk(struct config_parser *p);
/* Check a node's properties against the rows of `path` and its `own`. */
void config_node(struct config_parser *p, int node, const char *path,
		 const struct schema_prop *own);

/* config_take.c: rows' own handling */
void config_take_compatible(struct config_parser *p,
			    const struct schema_value *v);
void config_take_model(struct config_parser *p, const struct schema_value *v);
void config_take_size(struct config_parser *p, const struct schema_value *v);
void config_take_memory(struct config_parser *p, const struct schema_value *v);
void config_take_no_defaults(struct config_parser *p,
			     const struct schema_value *v);
void config_take_colours_shared(struct config_parser *p,
				const struct schema_value *v);
void config_take_colours(struct config_parser *p, const struct schema_value *v);
/* After the walk: what depends on more than one property. */
void config_affinity(struct config_parser *p);
void config_memory(struct config_parser *p);
void config_colours(struct config_parser *p);
void config_reserved(struct config_parser *p);

/* config_portions.c: rows' own handling, and after the walk */
void config_take_portions(struct config_parser *p,
			  const struct schema_value *v);
void config_take_portions_shared(struct config_parser *p,
				 const struct schema_value *v);
#ifdef CONFIG_CACHE_PORTIONS
void config_portions(struct config_parser *p);
#else
static inline void config_portions(struct config_parser *p)
{
	(void)p;
}
#endif

/* config_fixed.c: after config_memory() */
#ifdef CONFIG_GUEST_FIXED_MEMORY
void config_fixed(struct config_parser *p);
#else
static inline void config_fixed(struct config_parser *p)
{
	(void)p;
}
#endif

/* config_sched.c: after the walk; an error is -ERR_NOMEM */
#ifdef CONFIG_SCHED_PARAMS
int __must_check config_sched(struct config_parser *p);
#else
static inline int config_sched(struct config_parser *p)
{
	(void)p;
	return 0;
}
#endif

/* config_budget.c: the root's row, and after the walk all of them */
void config_take_observe(struct config_parser *p, const struct schema_value *v);
void config_take_operate(struct config_parser *p, const struct schema_value *v);
void config_take_budget(struct config_parser *p, const struct schema_value *v);
#ifdef CONFIG_BUDGET
void config_budgets(struct config_parser *p);
#else
static inline void config_budgets(struct config_parser *p)
{
	(void)p;
}
#endif

/* Addresses and sizes of devices' registers in memory are multiples of this. */
#define CONFIG_REG_ALIGN 8
/* What precedes the address in a node's name: `i` means I/O ports in IEEE
 * 1275's binding of the ISA bus. */
#define CONFIG_UNIT_SPACE(space) ((space) == EMU_PORTS ? "i" : "")

/* config_slot.c */
/* Set registers, interrupt and name in the OS's tree to those of the place
 * number `index` of a row of the default machine. */
void config_slot_fill(struct config_device *dev,
		      const struct platform_device *row, uint32_t index);
/* The row of the default machine that is slots for such devices, or NULL. */
const struct platform_device *config_slots(const struct emulator *emu);
/* As config_slot_fill(), for the slot whose registers begin at `base`; false if
 * there is none. */
bool config_slot_at(const struct emulator *emu, uint8_t space, uint64_t base,
		    struct config_device *dev);
/* As config_slot_fill(), for the first slot that is free; false if none is. */
bool config_slot_next(const struct guest_config *cfg,
		      const struct emulator *emu, struct config_device *dev);

/* config_devices.c; an error is -ERR_NOMEM */
int __must_check config_devices(struct config_parser *p);

/* config_conflicts.c */
int __must_check config_conflicts(struct config_parser *p);
/* The path of the file that is the contents of the flash bank containing
 * `address`, or NULL; *off is the offset of `address` in the bank. */
const char *config_rom_file(const struct guest_config *cfg, uint64_t address,
			    uint64_t *off);

/* Merge the description's os-tree into the finished tree, which may grow to
 * `size` bytes. 0, or libfdt's error. */
int __must_check fdtgen_merge(const struct guest_config *cfg, void *fdt,
			      int size);

#endif
