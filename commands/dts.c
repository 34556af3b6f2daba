/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints device trees as source. A blob has no types, so they are guessed: text
 * if it looks like text, else cells if the length allows, else bytes.
 */
#include "dts.h"
#include <libfdt.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#define DTS_INDENT 4
#define DTS_DEPTH_MAX 32

/* One or more terminated strings of printable characters, none empty. */
static bool dts_is_text(const char *v, int len)
{
	if (len < 2 || v[len - 1] != '\0') {
		return false;
	}
	for (int i = 0; i < len; i++) {
		bool empty = v[i] == '\0' && (i == 0 || v[i - 1] == '\0');

		if (empty || (v[i] != '\0' && (v[i] < ' ' || v[i] > '~'))) {
			return false;
		}
	}
	return true;
}

static void dts_text(struct session *s, const char *v, int len)
{
	for (int i = 0; i < len; i += (int)strlen(v + i) + 1) {
		out(s, i > 0 ? ", \"" : " \"");
		for (const char *p = v + i; *p != '\0'; p++) {
			out(s, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
		}
		out(s, "\"");
	}
}

static void dts_cells(struct session *s, const uint8_t *v, int len)
{
	for (int i = 0; i < len; i += 4) {
		out(s, "%s0x%x", i > 0 ? " " : " <",
		    (unsigned int)v[i] << 24 | (unsigned int)v[i + 1] << 16 |
			    (unsigned int)v[i + 2] << 8 | v[i + 3]);
	}
	out(s, ">");
}

static void dts_bytes(struct session *s, const uint8_t *v, int len)
{
	for (int i = 0; i < len; i++) {
		out(s, "%s%02x", i > 0 ? " " : " [", v[i]);
	}
	out(s, "]");
}

void dts_properties(struct session *s, const void *fdt, int node,
		    unsigned int indent)
{
	int prop;

	fdt_for_each_property_offset(prop, fdt, node) {
		const char *name;
		int len;
		const void *v = fdt_getprop_by_offset(fdt, prop, &name, &len);

		if (v == NULL || session_interrupted(s)) {
			return;
		}
		out(s, "%*s%s%s", (int)(indent * DTS_INDENT), "", name,
		    len > 0 ? " =" : "");
		if (len > 0 && dts_is_text(v, len)) {
			dts_text(s, v, len);
		} else if (len > 0 && len % 4 == 0) {
			dts_cells(s, v, len);
		} else if (len > 0) {
			dts_bytes(s, v, len);
		}
		out(s, ";\n");
	}
}

/* Close `n` nodes, the innermost of which lies at `depth`. */
static void dts_close(struct session *s, int depth, int n)
{
	for (; n > 0; n--, depth--) {
		out(s, "%*s};\n", depth * DTS_INDENT, "");
	}
}

int dts_tree(struct session *s, const void *fdt, int node)
{
	int depth = 0, open = -1;

	while (node >= 0 && depth >= 0) {
		const char *name = fdt_get_name(fdt, node, NULL);

		if (session_interrupted(s)) {
			return -ERR_INTR;
		}
		if (depth > DTS_DEPTH_MAX || name == NULL) {
			return -ERR_FORMAT;
		}
		dts_close(s, open, open - depth + 1);
		out(s, "%*s%s {\n", depth * DTS_INDENT, "",
		    name[0] != '\0' ? name : "/");
		dts_properties(s, fdt, node, (unsigned int)depth + 1);
		open = depth;
		node = fdt_next_node(fdt, node, &depth);
	}
	dts_close(s, open, open + 1);
	return 0;
}
