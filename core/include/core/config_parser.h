/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A description that is being parsed: for the code that takes part in that, in
 * core/guest and an architecture's guest platform. Thread context.
 */
#ifndef CORE_CONFIG_PARSER_H
#define CORE_CONFIG_PARSER_H

#include <core/guest_config.h>
#include <libs/types.h>

#define CONFIG_TEXT 320 /* bytes of one part of a message */
#define CONFIG_CELL 4

/* A schema_prop that is stored in this field of struct guest_config, and sets
 * the field has_... beside it. */
#define CONFIG_STORE(f) \
	.offset = offsetof(struct guest_config, f), \
	.size = sizeof(((struct guest_config *)NULL)->f)
#define CONFIG_STORE_HAS(f) \
	CONFIG_STORE(f), .has = offsetof(struct guest_config, has_##f)

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
	bool memory_bad;                     /* a mistake was found in it */
	bool no_defaults;
};

struct schema_value {
	int node;
	const struct schema_prop *prop;
	const uint8_t *data;
	int len;
	uint64_t number; /* U32, U64, CHOICE (index), SIZE */
};

/*
 * Report a mistake: what was found, and what is allowed, in property `prop` of
 * a node of the description, or in the node itself if `prop` is NULL. An image
 * without CONFIG_GUEST_CONFIG_WHY reports only the place and contains none of
 * the texts.
 */
#define config_mistake(p, node, prop, ...) \
	(IS_ENABLED(CONFIG_GUEST_CONFIG_WHY) \
		 ? config_tell(p, node, prop, __VA_ARGS__) \
		 : config_tell_place(p, node, prop))
void config_tell(struct config_parser *p, int node, const char *prop,
		 const char *fmt, ...) __printf(4, 5);
void config_tell_place(struct config_parser *p, int node, const char *prop);
/* A property's value as dtc writes it: "a", "b" or <0x1 0x2> or [01 02 03]. */
void config_show(const void *data, int len, char *buf, size_t size);
/* Append a word to a comma-separated list in buf, truncated to its size. */
void config_list(char *buf, size_t size, const char *word);
/* True if `name` looks like a misspelling of `candidate`, and closer than the
 * best candidate so far (*distance, initially UINT_MAX). */
bool config_closer(const char *name, const char *candidate,
		   unsigned int *distance);

/* Read a REG value of `bus`'s children, whose addresses and sizes are multiples
 * of `align`; 0 entries after a mistake. */
unsigned int config_reg(struct config_parser *p, int node, int bus,
			uint64_t align, struct config_range *out,
			unsigned int max);

#endif
