/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command host portions: who has which portions of the last-level cache. */
#include <core/portion.h>
#include <libs/error.h>

#include "host_cmd.h"

#define OWNER_TEXT 32

static void portions_row(struct table *t, const char *owner, uint32_t id,
			 portion_mask_t set, const char *shared)
{
	char text[PORTION_TEXT];

	table_str(t, owner);
	table_u64(t, id);
	table_str(t, portion_text(set, text, sizeof(text)));
	if (*shared) {
		table_str(t, shared);
	} else {
		table_none(t);
	}
}

int host_cmd_portions(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "OWNER", COL_STR },
		{ "PARTID", COL_U64 },
		{ "PORTIONS", COL_STR },
		{ "SHARED", COL_STR },
	};
	char owner[OWNER_TEXT], shared[OWNER_TEXT];
	struct portion_claim c;
	struct table *t;
	const char *why;
	int err;

	if (!portion_count(&why)) {
		out_error(s, "there are no portions: %s", why);
		return -ERR_NOSUPP;
	}
	err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);
	if (err) {
		return err;
	}
	portions_row(t, "all others", 0, portion_rest(), "");
	for (unsigned int n = 0;
	     portion_nth(n, &c, owner, shared, sizeof(owner)); n++) {
		portions_row(t, owner, c.id, c.set, shared);
	}
	table_end(t);
	return 0;
}
