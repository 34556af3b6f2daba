/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks a property of a description: its value against its row in
 * config_schema.c, by type. */
#include <core/dt_blob.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include <libs/checked.h>
#include <libs/parse.h>

#include "config_priv.h"

bool config_name_ok(const char *name)
{
	size_t n = parse_name(name, "-_");

	return n >= 1 && n < CONFIG_NAME_LEN && name[n] == '\0';
}

static bool value_number_ok(const struct schema_prop *prop, uint64_t number)
{
	return number >= prop->min && number <= prop->max &&
	       (prop->align == 0 || number % prop->align == 0);
}

static bool value_cells(struct schema_value *v, unsigned int max_cells)
{
	if (v->len <= 0 || v->len % CONFIG_CELL != 0 ||
	    (unsigned int)v->len > max_cells * CONFIG_CELL) {
		return false;
	}
	v->number = dt_cells64(v->data, (unsigned int)v->len / CONFIG_CELL);
	return value_number_ok(v->prop, v->number);
}

static bool value_list(const struct schema_value *v)
{
	int i;

	if (v->len <= 0 || v->len % CONFIG_CELL != 0) {
		return false;
	}
	for (i = 0; i < v->len; i += CONFIG_CELL) {
		if (!value_number_ok(v->prop, dt_cells64(v->data + i, 1))) {
			return false;
		}
	}
	return true;
}

/* One string that fills the property, its length within min..max. */
static bool value_string(const struct schema_value *v)
{
	size_t n;

	if (v->len <= 0) {
		return false;
	}
	n = strnlen((const char *)v->data, (size_t)v->len);
	return n == (size_t)v->len - 1 && n >= v->prop->min &&
	       n <= v->prop->max;
}

static bool value_strings(const struct schema_value *v)
{
	int i;

	if (v->len <= 0 || v->data[v->len - 1] != '\0') {
		return false;
	}
	for (i = 0; i < v->len; i++) {
		if (v->data[i] == '\0' && (i == 0 || v->data[i - 1] == '\0')) {
			return false; /* an empty one */
		}
	}
	return true;
}

static bool value_choice(struct schema_value *v)
{
	const char *const *choice = v->prop->choices;

	for (v->number = 0; choice[v->number]; v->number++) {
		const char *c = choice[v->number];

		if ((size_t)v->len == strlen(c) + 1 &&
		    memcmp(v->data, c, (size_t)v->len) == 0) {
			return true;
		}
	}
	return false;
}

static bool value_size(struct schema_value *v)
{
	const char *s = (const char *)v->data;

	return v->len > 0 && v->data[v->len - 1] == '\0' &&
	       parse_size(s, &v->number) == 0 &&
	       value_number_ok(v->prop, v->number);
}

static bool value_irqs(const struct schema_value *v)
{
	int i, step = (int)arch_guest_platform.irq_cells * CONFIG_CELL;
	struct config_irq irq;

	if (v->len <= 0 || v->len % step != 0) {
		return false;
	}
	for (i = 0; i < v->len; i += step) {
		if (!arch_guest_platform.irq_decode(v->data + i, &irq)) {
			return false;
		}
	}
	return true;
}

static bool value_ok(struct schema_value *v)
{
	switch (v->prop->type) {
	case SCHEMA_FLAG:
		return v->len == 0;
	case SCHEMA_U32:
		return value_cells(v, 1);
	case SCHEMA_U64:
		return value_cells(v, 2);
	case SCHEMA_LIST:
		return value_list(v);
	case SCHEMA_TEXT:
		return value_string(v);
	case SCHEMA_NAME:
		return value_string(v) && config_name_ok((const char *)v->data);
	case SCHEMA_PATH:
		return value_string(v) && v->data[0] == '/';
	case SCHEMA_CHOICE:
		return value_choice(v);
	case SCHEMA_SIZE:
		return value_size(v);
	case SCHEMA_STRINGS:
		return value_strings(v);
	case SCHEMA_BYTES:
		return v->len >= 0 && (uint64_t)v->len >= v->prop->min &&
		       (uint64_t)v->len <= v->prop->max;
	case SCHEMA_REG:
		return true; /* config_reg() checks it: it knows the bus */
	case SCHEMA_IRQS:
		return value_irqs(v);
	}
	return false;
}

bool config_property(struct config_parser *p, struct schema_value *v)
{
	char found[CONFIG_TEXT], allowed[CONFIG_TEXT];

	if (value_ok(v)) {
		return true;
	}
	config_show(v->data, v->len, found, sizeof(found));
	schema_allowed(v->prop, allowed, sizeof(allowed));
	config_mistake(p, v->node, v->prop->name, "found %s; allowed %s", found,
		       allowed);
	return false;
}

/* #address-cells or #size-cells: the bus's, the root's, or 2. */
static unsigned int reg_cells(const struct config_parser *p, int bus,
			      const char *name)
{
	int len, nodes[] = { bus, 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		const uint8_t *data = fdt_getprop(p->fdt, nodes[i], name, &len);

		if (data && len == CONFIG_CELL) {
			uint64_t cells = dt_cells64(data, 1);

			/* A wrong value was reported with its node. */
			return cells == 1 ? 1 : 2;
		}
	}
	return 2;
}

static bool reg_entry_ok(struct config_parser *p, int node,
			 const struct config_range *r, uint64_t align)
{
	uint64_t end;

	if (r->size == 0) {
		config_mistake(p, node, "reg",
			       "found size 0 at 0x%" PRIx64
			       "; allowed 1 and more",
			       r->base);
		return false;
	}
	if (!checked_add(r->base, r->size - 1, &end)) {
		config_mistake(p, node, "reg",
			       "found 0x%" PRIx64 " bytes at "
			       "0x%" PRIx64 "; allowed less than 64 bits",
			       r->size, r->base);
		return false;
	}
	if ((r->base | r->size) % align != 0) {
		config_mistake(p, node, "reg",
			       "found 0x%" PRIx64 " bytes at "
			       "0x%" PRIx64 "; allowed multiples of %" PRIu64,
			       r->size, r->base, align);
		return false;
	}
	return true;
}

unsigned int config_reg(struct config_parser *p, int node, int bus,
			uint64_t align, struct config_range *out,
			unsigned int max)
{
	unsigned int na = reg_cells(p, bus, "#address-cells");
	unsigned int ns = reg_cells(p, bus, "#size-cells");
	unsigned int i, n, step = (na + ns) * CONFIG_CELL;
	const uint8_t *data;
	int len;

	data = fdt_getprop(p->fdt, node, "reg", &len);
	if (!data || len <= 0 || (unsigned int)len % step != 0) {
		config_mistake(p, node, "reg",
			       "found %d bytes; allowed "
			       "entries of %u cells (#address-cells %u, "
			       "#size-cells %u)",
			       MAX(len, 0), na + ns, na, ns);
		return 0;
	}
	n = (unsigned int)len / step;
	if (n > max) {
		config_mistake(p, node, "reg", "found %u entries; allowed %u",
			       n, max);
		return 0;
	}
	for (i = 0; i < n; i++, data += step) {
		out[i].base = dt_cells64(data, na);
		out[i].size = dt_cells64(data + na * CONFIG_CELL, ns);
		if (!reg_entry_ok(p, node, &out[i], align)) {
			return 0;
		}
	}
	return n;
}
