/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files that read, check and describe guest descriptions. */
#ifndef CORE_GUEST_CONFIG_PRIV_H
#define CORE_GUEST_CONFIG_PRIV_H

#include <core/guest_config.h>
#include <core/schema.h>
#include <emu/emulator.h>
#include <libs/types.h>

/* What a description may cost us: it is not trusted. */
#define CONFIG_MAX_BLOB KIB(256)
#define CONFIG_MAX_MISTAKES 64 /* told one by one */
#define CONFIG_MAX_DEPTH 16    /* of nodes in os-tree */
#define CONFIG_TEXT 160        /* bytes of one part of a message */

#define CONFIG_CELL 4

struct config_parser {
	struct guest_config *cfg;
	const void *fdt; /* = cfg->blob */
	const struct config_limits *limits;
	config_report_t report;
	void *ctx;
	unsigned int mistakes;
	uint32_t nodes_seen; /* bit: row of schema_nodes */
	int cpus_node;       /* offsets, -1: none */
	int boot_node;
	int devices_node;
	int memory_node;                     /* the first */
	int memory_nodes[CONFIG_MAX_MEMORY]; /* of each range */
	uint64_t memory_size;                /* of the root property `memory` */
	bool memory_bad; /* a mistake was found in it already */
	bool no_defaults;
};

struct schema_value {
	int node;
	const struct schema_prop *prop;
	const uint8_t *data;
	int len;
	uint64_t number; /* U32, U64, CHOICE (index), SIZE */
};

struct schema_node {
	const char *path;  /* as rows name it */
	const char *title; /* in the reference */
	const char *doc;
	bool required;
	bool many;   /* name@address, more than one */
	bool opaque; /* anything inside is allowed */
};

/* config_schema.c */
extern const struct schema_node schema_nodes[];
extern const unsigned int schema_node_count;
extern const struct schema_prop schema_props[];
extern const unsigned int schema_prop_count;
const struct schema_prop *schema_find(const char *node, const char *name,
				      const struct schema_prop *own);
/* What the row allows, in words. */
void schema_allowed(const struct schema_prop *prop, char *buf, size_t size);

/* config_report.c */
void config_mistake(struct config_parser *p, int node, const char *prop,
		    const char *fmt, ...) __printf(4, 5);
/* A property's value as dtc writes it: "a", "b" or <0x1 0x2> or [01 02 03]. */
void config_show(const void *data, int len, char *buf, size_t size);
/* Add a word to those in buf, a list with commas; what does not fit is cut. */
void config_list(char *buf, size_t size, const char *word);
/* True if `name` looks like a slip of the pen for `candidate`, and more so
 * than for the best candidate so far (*distance, initially UINT_MAX). */
bool config_closer(const char *name, const char *candidate,
		   unsigned int *distance);
/* A path of a node of the description, cut to size. */
const char *config_path(const struct config_parser *p, int node, char *buf,
			size_t size);

/* config_value.c */
/* Check against the row; tells the mistake. */
bool config_value(struct config_parser *p, struct schema_value *v);
/* Read a REG value of `bus`'s children; 0 entries after a mistake. */
unsigned int config_reg(struct config_parser *p, int node, int bus,
			struct config_range *out, unsigned int max);
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
/* After the walk: what depends on more than one property. */
void config_affinity(struct config_parser *p);
void config_memory(struct config_parser *p);

/* config_devices.c; an error is -ERR_NOMEM */
int __must_check config_devices(struct config_parser *p);

/* config_check.c */
int __must_check config_check(struct config_parser *p);

/*
 * What is known of a device beyond its emulator, by compatible: how the
 * description is to look, and what its node in the OS's tree holds besides
 * compatible, reg and interrupts.
 */
struct device_type {
	const char *compatible;    /* the emulator's first */
	const char *os_compatible; /* strings, one NUL each */
	uint16_t os_compatible_len;
	uint8_t nregs, nirqs; /* needed; 0: any number */
	uint32_t min_size;    /* bytes of each reg */
	bool console;         /* can be stdout-path */
	bool dma_coherent;
	uint8_t nclocks;         /* times the peripheral clock */
	const char *clock_names; /* strings, one NUL each */
	uint16_t clock_names_len;
	/* Properties of few devices: name, then value or -1 for none. */
	struct {
		const char *name;
		int64_t value;
	} cells[4];
	/* A node beside it that makes its use known. */
	bool power_key;
};
/* device_types.c */
extern const struct device_type device_types[];
extern const unsigned int device_type_count;
const struct device_type *device_type_find(const char *compatible);

/* machine_virt.c: the default machine. */
struct machine_device {
	const char *name; /* before the '@' */
	const char *compatible;
	struct config_range regs[CONFIG_MAX_REGS];
	uint32_t nregs;
	int spi; /* -1: none */
	bool edge;
	uint32_t count; /* so many, */
	uint64_t step;  /* bytes apart; SPIs ascend */
};
extern const struct machine_device machine_devices[];
extern const unsigned int machine_device_count;
extern const char *const machine_gic_compatible[]; /* NULL at the end */

#define MACHINE_RAM_BASE UINT64_C(0x40000000)
#define MACHINE_NR_SPIS 256
#define MACHINE_GIC_V2_VCPUS 8

/* Fills in what the description says nothing of, before the walk. */
void machine_init(struct config_parser *p);
/* Version and regions, from the description's node if it has one. */
void machine_gic(struct config_parser *p);
/* Affinity of VCPU `index` as MPIDR_EL1 and the tree show it. */
uint64_t machine_hwid(const struct guest_config *cfg, unsigned int index);

/* fdtgen.c and fdtgen_arm.c */
struct fdtgen {
	const struct guest_config *cfg;
	void *fdt;
	uint8_t *at; /* end of what is written of the structure */
	uint8_t *names, *names_at, *names_end; /* of properties */
	int err; /* libfdt's number; sticky */
};
#define FDTGEN_PHANDLE_CLOCK 0x8000
#define FDTGEN_PHANDLE_GIC 0x8001
#define FDTGEN_PHANDLE_DEVICE 0x8002 /* first device; one each */
#define FDTGEN_PHANDLE_CPU 0x8100    /* first CPU; one each */

void fdtgen_begin(struct fdtgen *g, const char *name);
void fdtgen_begin_at(struct fdtgen *g, const char *name, uint64_t address);
void fdtgen_end(struct fdtgen *g);
void fdtgen_bytes(struct fdtgen *g, const char *name, const void *val,
		  size_t len);
void fdtgen_str(struct fdtgen *g, const char *name, const char *s);
void fdtgen_u32(struct fdtgen *g, const char *name, uint32_t v);
void fdtgen_u64(struct fdtgen *g, const char *name, uint64_t v);
void fdtgen_cells(struct fdtgen *g, const char *name, const uint32_t *cells,
		  unsigned int n);
void fdtgen_reg(struct fdtgen *g, const struct config_range *regs,
		unsigned int n);
/* The handle that the description's node has, or else our own. */
uint32_t fdtgen_phandle(const struct fdtgen *g, int node, uint32_t otherwise);
/* The architecture's nodes. */
void fdtgen_arch_root(struct fdtgen *g);
void fdtgen_arch_nodes(struct fdtgen *g);
void fdtgen_arch_irqs(struct fdtgen *g, const struct config_irq *irqs,
		      unsigned int n);
/* Merge the description's os-tree into the finished tree, which may grow to
 * `size` bytes. 0, or libfdt's error. */
int __must_check fdtgen_merge(const struct guest_config *cfg, void *fdt,
			      int size);

#endif
