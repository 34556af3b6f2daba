/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A description's rights on management channels. */
#include <core/management.h>
#include <string.h>

#include "config_priv.h"

/* A list of names: its size, or 0 after a mistake. */
static uint16_t name_list(struct config_parser *p, const struct schema_value *v,
			  const char *property)
{
	const char *list = (const char *)v->data;

	if (v->len > MANAGEMENT_LIST_MAX) {
		config_mistake(p, v->node, property,
			       "found %d bytes; allowed %u, or \"*\" for all "
			       "guests",
			       v->len, MANAGEMENT_LIST_MAX);
		return 0;
	}
	for (int at = 0; at < v->len; at += (int)strlen(list + at) + 1) {
		if (strlen(list + at) >= CONFIG_NAME_LEN) {
			config_mistake(p, v->node, property,
				       "found \"%s\"; allowed a guest's name, "
				       "or \"*\" for all guests",
				       list + at);
			return 0;
		}
	}
	return (uint16_t)v->len;
}

void config_take_observe(struct config_parser *p, const struct schema_value *v)
{
	p->cfg->observe = (const char *)v->data;
	p->cfg->observe_size = name_list(p, v, "observe");
}

void config_take_operate(struct config_parser *p, const struct schema_value *v)
{
	p->cfg->operate = (const char *)v->data;
	p->cfg->operate_size = name_list(p, v, "operate");
}
