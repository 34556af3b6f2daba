/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Colours in a description: which ones, how many, shared with whom. Whether
 * they are free is checked when the guest is created (colours.c). */
#include <core/dt_blob.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "config_priv.h"

void config_take_colours(struct config_parser *p, const struct schema_value *v)
{
	for (int i = 0; i < v->len; i += CONFIG_CELL) {
		p->cfg->colours |= BIT(dt_cells64(v->data + i, 1));
	}
}

void config_take_colours_shared(struct config_parser *p,
				const struct schema_value *v)
{
	p->cfg->colours_shared = (const char *)v->data;
}

/* Report a description that asks for colours which this host does not have. */
static void check_host(struct config_parser *p, const char *prop)
{
	const struct guest_config *cfg = p->cfg;
	uint32_t host = p->limits->colours;

	if (!IS_ENABLED(CONFIG_COLOURS)) {
		config_mistake(
			p, 0, prop,
			"found; allowed nothing: this hypervisor was made "
			"without CONFIG_COLOURS");
	} else if (host == 1 && IS_ENABLED(CONFIG_CACHE_PORTIONS) &&
		   p->limits->portions) {
		config_mistake(
			p, 0, prop,
			"found; allowed nothing: this host's memory "
			"cannot be coloured, as %s; but its cache has %u "
			"portions, see cache-portions-count",
			p->limits->uncoloured, p->limits->portions);
	} else if (host == 1) {
		config_mistake(p, 0, prop,
			       "found; allowed nothing: this host's memory "
			       "cannot be coloured, as %s",
			       p->limits->uncoloured);
	} else if (host && cfg->colours_count > host) {
		config_mistake(p, 0, prop,
			       "found %u; allowed 1..%u: this host has no more",
			       cfg->colours_count, host);
	} else if (host && host < CONFIG_MAX_COLOURS &&
		   cfg->colours >> host != 0) {
		config_mistake(p, 0, prop,
			       "found %d; allowed 0..%u on this host",
			       63 - __builtin_clzll(cfg->colours), host - 1);
	}
}

void config_colours(struct config_parser *p)
{
	const struct guest_config *cfg = p->cfg;
	bool set = fdt_getprop(p->fdt, 0, "colors", NULL) != NULL;
	bool count = fdt_getprop(p->fdt, 0, "colors-count", NULL) != NULL;

	if (set && count) {
		config_mistake(p, 0, "colors-count",
			       "found with colors; allowed one of them");
	} else if (set || count) {
		check_host(p, set ? "colors" : "colors-count");
	} else if (cfg->colours_shared) {
		config_mistake(p, 0, "colors-shared",
			       "found without colors; allowed with colors or "
			       "colors-count");
	}
}
