/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reference page of guest descriptions, printed from the tables that the
 * checker works with. For the host tool and its test only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config_priv.h"
#include "reference.h"

#define REFERENCE_LINE 768

/* '<' would begin a tag in Markdown, and '|' end a table's cell. */
static void reference_escape(const char *s, char *buf, size_t size)
{
	size_t n = 0;

	for (buf[0] = '\0'; *s != '\0' && n + 8 < size; s++) {
		const char *as = *s == '<' ? "&lt;" : *s == '|' ? "\\|" : NULL;

		n += (size_t)(as ? snprintf(buf + n, size - n, "%s", as)
				 : snprintf(buf + n, size - n, "%c", *s));
	}
}

static void reference_row(const struct schema_prop *row,
			  void (*line)(const char *s))
{
	char plain[CONFIG_TEXT], allowed[2 * CONFIG_TEXT];
	char text[REFERENCE_LINE];

	schema_allowed(row, plain, sizeof(plain));
	reference_escape(plain, allowed, sizeof(allowed));
	snprintf(text, sizeof(text), "| `%s` | %s | %s | %s |", row->name,
		 allowed,
		 row->required    ? "**required**"
		 : row->otherwise ? row->otherwise
				  : "none",
		 row->doc);
	line(text);
}

static void reference_head(void (*line)(const char *s))
{
	line("| property | allowed | if left out | meaning |");
	line("|---|---|---|---|");
}

static void reference_node(const struct schema_node *node,
			   void (*line)(const char *s))
{
	char text[REFERENCE_LINE];
	unsigned int i;
	bool any = false;

	snprintf(text, sizeof(text), "## %s\n\n%s%s\n", node->title, node->doc,
		 node->required ? " Required." : "");
	line(text);
	for (i = 0; i < schema_prop_count; i++) {
		if (strcmp(schema_props[i].node, node->path) != 0) {
			continue;
		}
		if (!any) {
			reference_head(line);
			any = true;
		}
		reference_row(&schema_props[i], line);
	}
	if (any) {
		line("");
	}
}

static void reference_own(const struct emulator *emu,
			  void (*line)(const char *s))
{
	const struct schema_prop *own = emu ? emu->props : NULL;

	if (own && own->name) {
		reference_head(line);
		for (; own->name; own++) {
			reference_row(own, line);
		}
		line("");
	}
}

/* An emulator that core/guest/device_types.c has no row for. */
static void reference_plain(const struct emulator *emu,
			    void (*line)(const char *s))
{
	char text[REFERENCE_LINE];

	snprintf(text, sizeof(text), "### %s\n", emu->compatible[0]);
	line(text);
	reference_own(emu, line);
}

static void reference_type(const struct device_type *type,
			   void (*line)(const char *s))
{
	char regs[16], text[REFERENCE_LINE];

	snprintf(regs, sizeof(regs), "%u", type->nregs);
	snprintf(text, sizeof(text),
		 "### %s\n\nEntries of `reg`: %s, each "
		 "0x%x bytes or more. Interrupts: %u.%s\n",
		 type->compatible, type->nregs ? regs : "1 to 3",
		 type->min_size, type->nirqs,
		 type->console ? " Can be the OS's console." : "");
	line(text);
	reference_own(emulator_find(type->compatible), line);
}

static void reference_machine(const struct machine_device *row,
			      void (*line)(const char *s))
{
	char irq[64] = "", many[64] = "";
	char text[REFERENCE_LINE];

	if (row->spi >= 0) {
		snprintf(irq, sizeof(irq), "%d%s, %s", row->spi,
			 row->count > 1 ? " and up" : "",
			 row->edge ? "edge" : "level");
	}
	if (row->count > 1) {
		snprintf(many, sizeof(many), ", %u times 0x%" PRIx64 " apart",
			 row->count, row->step);
	}
	snprintf(text, sizeof(text),
		 "| `%s@%" PRIx64 "` | %s | 0x%" PRIx64 "%s | %s |", row->name,
		 row->regs[0].base, row->compatible, row->regs[0].size, many,
		 irq);
	line(text);
}

void reference_print(void (*line)(const char *s))
{
	const struct emulator *const *it;
	unsigned int i;

	line("<!-- Made by `socle-check --reference`; edit the tables in "
	     "core/guest instead. -->\n"
	     "# Guest descriptions\n\n"
	     "A guest is described by a device tree. The smallest one has a "
	     "`model`, memory\nand a kernel; everything else has a default. "
	     "Numbers are cells of 32 bits;\naddresses may take one or two. "
	     "`phandle` (below 0x8000, as dtc makes them) is\nallowed "
	     "everywhere, and so are nodes at the top whose names begin with "
	     "`__`.\n`socle-check` checks a description without a "
	     "hypervisor.\n");
	for (i = 0; i < schema_node_count; i++) {
		reference_node(&schema_nodes[i], line);
	}
	line("## The default machine\n\n"
	     "QEMU's `virt`: RAM at 0x40000000, the interrupt controller at "
	     "0x8000000, and these\ndevices. With more than 123 VCPUs the "
	     "redistributors are at 0x3d000000.\n\n"
	     "| node | device | registers | shared interrupt |\n"
	     "|---|---|---|---|");
	for (i = 0; i < machine_device_count; i++) {
		reference_machine(&machine_devices[i], line);
	}
	line("\n## Kinds of devices\n");
	for (i = 0; i < device_type_count; i++) {
		reference_type(&device_types[i], line);
	}
	registry_for_each(emulator, it) {
		if (!device_type_find((*it)->compatible[0])) {
			reference_plain(*it, line);
		}
	}
}
