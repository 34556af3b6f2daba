/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks a description: each node and property has a row, or is a mistake. */
#include <core/dt_blob.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "config_priv.h"

/* A phandle that dtc added. Those that we generate are higher. */
static bool walk_bookkeeping(const char *name, const uint8_t *data, int len)
{
	return (strcmp(name, "phandle") == 0 ||
		strcmp(name, "linux,phandle") == 0) &&
	       len == CONFIG_CELL && dt_cells(data, 1) < FDTGEN_PHANDLE_CLOCK;
}

static void walk_suggest(const char *best, char *buf, size_t size)
{
	buf[0] = '\0';
	if (best) {
		snprintf(buf, size, "; did you mean %s?", best);
	}
}

/* What may have been meant by an unknown name. */
struct walk_known {
	const char *name; /* the unknown one */
	const char *best;
	unsigned int distance;
	char names[CONFIG_TEXT];
};

static void walk_candidate(struct walk_known *known, const char *name,
			   const char *shown)
{
	config_list(known->names, sizeof(known->names), shown);
	if (config_closer(known->name, name, &known->distance)) {
		known->best = name;
	}
}

static void walk_unknown_prop(struct config_parser *p,
			      const struct schema_value *v, const char *name,
			      const char *path, const struct schema_prop *own)
{
	struct walk_known known = { .name = name, .distance = UINT_MAX };
	char text[64], found[CONFIG_TEXT];
	const struct schema_prop *row;
	unsigned int i;

	if (!IS_ENABLED(CONFIG_GUEST_CONFIG_WHY)) {
		config_tell_place(p, v->node, name);
		return;
	}
	for (i = 0; (row = schema_row(i)) != NULL; i++) {
		if (strcmp(row->node, path) == 0) {
			walk_candidate(&known, row->name, row->name);
		}
	}
	for (; own && own->name; own++) {
		walk_candidate(&known, own->name, own->name);
	}
	walk_suggest(known.best, text, sizeof(text));
	config_show(v->data, v->len, found, sizeof(found));
	config_mistake(p, v->node, name,
		       "unknown property, found %s; allowed %s%s", found,
		       known.names, text);
}

/* Store the value in the row's field of struct guest_config. */
static void walk_store(struct config_parser *p, const struct schema_value *v)
{
	const struct schema_prop *row = v->prop;
	uint8_t *field = (uint8_t *)p->cfg + row->offset;
	const char *text = (const char *)v->data;
	uint64_t number = row->type == SCHEMA_FLAG ? 1 : v->number;
	uint32_t number32 = (uint32_t)number;

	if (row->has) {
		*((uint8_t *)p->cfg + row->has) = true;
	}
	if (row->type == SCHEMA_TEXT || row->type == SCHEMA_PATH) {
		memcpy(field, &text, sizeof(text));
	} else if (row->size == sizeof(uint8_t)) {
		*field = (uint8_t)number;
	} else if (row->size == sizeof(uint32_t)) {
		memcpy(field, &number32, sizeof(number32));
	} else {
		memcpy(field, &number, sizeof(number));
	}
}

static void walk_prop(struct config_parser *p, struct schema_value *v)
{
	if (!config_property(p, v)) {
		return;
	}
	if (v->prop->size) {
		walk_store(p, v);
	}
	if (v->prop->take) {
		v->prop->take(p, v);
	}
}

static void walk_required(struct config_parser *p, int node, const char *path)
{
	char allowed[CONFIG_TEXT];
	const struct schema_prop *row;
	unsigned int i;

	for (i = 0; (row = schema_row(i)) != NULL; i++) {
		if (row->required && strcmp(row->node, path) == 0 &&
		    !fdt_getprop(p->fdt, node, row->name, NULL)) {
			schema_allowed(row, allowed, sizeof(allowed));
			config_mistake(p, node, row->name,
				       "missing; allowed %s", allowed);
		}
	}
}

void config_node(struct config_parser *p, int node, const char *path,
		 const struct schema_prop *own)
{
	int offset;

	fdt_for_each_property_offset(offset, p->fdt, node) {
		struct schema_value v = { .node = node };
		const char *name;

		v.data = fdt_getprop_by_offset(p->fdt, offset, &name, &v.len);
		if (walk_bookkeeping(name, v.data, v.len)) {
			continue;
		}
		v.prop = schema_find(path, name, own);
		if (!v.prop) {
			walk_unknown_prop(p, &v, name, path, own);
		} else {
			walk_prop(p, &v);
		}
	}
	walk_required(p, node, path);
}

/* `name` without its address. */
static bool walk_base_is(const char *name, const char *base)
{
	size_t n = strlen(base);

	return strncmp(name, base, n) == 0 &&
	       (name[n] == '\0' || name[n] == '@');
}

/* The row of a node directly below the root; the count if there is none. */
static unsigned int walk_find_node(const char *name)
{
	unsigned int i;

	for (i = 1; i < schema_node_count; i++) {
		const struct schema_node *row = &schema_nodes[i];

		if (strchr(row->path + 1, '/')) {
			continue;
		}
		if (row->many ? walk_base_is(name, row->path + 1)
			      : strcmp(name, row->path + 1) == 0) {
			return i;
		}
	}
	return schema_node_count;
}

static void walk_unknown_node(struct config_parser *p, int node,
			      const char *name)
{
	struct walk_known known = { .name = name, .distance = UINT_MAX };
	unsigned int i;
	char text[64];

	if (!IS_ENABLED(CONFIG_GUEST_CONFIG_WHY)) {
		config_tell_place(p, node, NULL);
		return;
	}
	for (i = 1; i < schema_node_count; i++) {
		const char *path = schema_nodes[i].path + 1;

		if (!strchr(path, '/')) {
			walk_candidate(&known, path, schema_nodes[i].title);
		}
	}
	walk_suggest(known.best, text, sizeof(text));
	config_mistake(p, node, NULL, "unknown node; allowed %s%s", known.names,
		       text);
}

static void walk_children_unknown(struct config_parser *p, int node)
{
	int child;

	fdt_for_each_subnode(child, p->fdt, node) {
		config_mistake(p, child, NULL,
			       "unknown node; allowed none in %s",
			       fdt_get_name(p->fdt, node, NULL));
	}
}

/* os-tree may hold anything, but its depth is limited: it is copied by a
 * recursive function. */
static void walk_depth(struct config_parser *p, int node)
{
	int depth = 0, at = node;

	for (;;) {
		at = fdt_next_node(p->fdt, at, &depth);
		if (at < 0 || depth <= 0) {
			return;
		}
		if (depth > CONFIG_MAX_DEPTH) {
			config_mistake(p, node, NULL,
				       "found nodes more than "
				       "%d deep; allowed %d",
				       CONFIG_MAX_DEPTH, CONFIG_MAX_DEPTH);
			return;
		}
	}
}

static void walk_remember(struct config_parser *p, const char *path, int node)
{
	if (strcmp(path, "/cpus") == 0) {
		p->cpus_node = node;
	} else if (strcmp(path, "/boot") == 0) {
		p->boot_node = node;
	} else if (strcmp(path, "/devices") == 0) {
		p->devices_node = node;
	} else if (strcmp(path, "/os-tree") == 0) {
		p->cfg->extra_node = node;
	} else if (p->memory_node < 0) {
		p->memory_node = node;
	}
}

static void walk_child(struct config_parser *p, int node)
{
	const char *name = fdt_get_name(p->fdt, node, NULL);
	const struct schema_node *row;
	unsigned int i;

	if (strncmp(name, "__", 2) == 0) {
		return; /* dtc -@: __symbols__ and the like */
	}
	i = walk_find_node(name);
	if (i == schema_node_count) {
		walk_unknown_node(p, node, name);
		return;
	}
	row = &schema_nodes[i];
	if (!row->many && (p->nodes_seen & BIT(i))) {
		config_mistake(p, node, NULL, "found twice; allowed once");
		return;
	}
	p->nodes_seen |= (uint32_t)BIT(i);
	walk_remember(p, row->path, node);
	if (row->opaque) {
		walk_depth(p, node);
		return;
	}
	config_node(p, node, row->path, NULL);
	if (strcmp(row->path, "/devices") != 0) {
		walk_children_unknown(p, node);
	}
}

void config_walk(struct config_parser *p)
{
	unsigned int i;
	int node;

	p->nodes_seen = 1;
	config_node(p, 0, "/", NULL);
	fdt_for_each_subnode(node, p->fdt, 0) {
		walk_child(p, node);
	}
	for (i = 0; i < schema_node_count; i++) {
		if (schema_nodes[i].required && !(p->nodes_seen & BIT(i))) {
			config_mistake(p, 0, NULL, "node %s is missing",
				       schema_nodes[i].path + 1);
		}
	}
}
