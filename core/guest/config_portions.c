/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Portions of caches in a description: which ones, how many, shared with whom.
 * Whether they are free is checked when the guest is created (portions.c). */
#include <core/dt_blob.h>
#include <libfdt.h>

#include "config_priv.h"

void config_take_portions(struct config_parser *p, const struct schema_value *v)
{
	for (int i = 0; i < v->len; i += CONFIG_CELL) {
		p->cfg->portions |= BIT(dt_cells64(v->data + i, 1));
	}
}

void config_take_portions_shared(struct config_parser *p,
				 const struct schema_value *v)
{
	p->cfg->portions_shared = (const char *)v->data;
}

/* Report a description that asks for portions which this host does not have. */
static void portions_of_host(struct config_parser *p, const char *prop)
{
	const struct guest_config *cfg = p->cfg;
	uint32_t host = p->limits->portions;

	if (!host && p->limits->unportioned) {
		config_mistake(p, 0, prop,
			       "found; allowed nothing: this host's caches "
			       "cannot be divided into portions, as %s",
			       p->limits->unportioned);
	} else if (host && cfg->portions_count >= host) {
		config_mistake(p, 0, prop,
			       "found %u; allowed 1..%u: this host has %u, and "
			       "one is left to others",
			       cfg->portions_count, host - 1, host);
	} else if (host && host < CONFIG_MAX_PORTIONS &&
		   cfg->portions >> host != 0) {
		config_mistake(p, 0, prop,
			       "found %d; allowed 0..%u on this host",
			       63 - __builtin_clzll(cfg->portions), host - 1);
	}
}

void config_portions(struct config_parser *p)
{
	bool set = fdt_getprop(p->fdt, 0, "cache-portions", NULL) != NULL;
	bool count = fdt_getprop(p->fdt, 0, "cache-portions-count", NULL) !=
		     NULL;

	if (set && count) {
		config_mistake(
			p, 0, "cache-portions-count",
			"found with cache-portions; allowed one of them");
	} else if (set || count) {
		portions_of_host(p, set ? "cache-portions"
					: "cache-portions-count");
	} else if (p->cfg->portions_shared) {
		config_mistake(p, 0, "cache-portions-shared",
			       "found without cache-portions; allowed with "
			       "cache-portions or cache-portions-count");
	}
}
