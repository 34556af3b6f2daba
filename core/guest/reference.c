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
	const struct schema_prop *row;
	char text[REFERENCE_LINE];
	unsigned int i;
	bool any = false;

	snprintf(text, sizeof(text), "## %s\n\n%s%s\n", node->title, node->doc,
		 node->required ? " Required." : "");
	line(text);
	for (i = 0; (row = schema_row(i)) != NULL; i++) {
		if (strcmp(row->node, node->path) != 0) {
			continue;
		}
		if (!any) {
			reference_head(line);
			any = true;
		}
		reference_row(row, line);
	}
	if (any) {
		line("");
	}
}

static void reference_kind(const struct emulator *emu,
			   void (*line)(const char *s))
{
	const struct schema_prop *own = emu->props;
	const struct platform_device *slots = config_slots(emu);
	char regs[16], text[REFERENCE_LINE], where[CONFIG_TEXT] = "";

	snprintf(regs, sizeof(regs), emu->nregs ? "%u" : "1 to %u",
		 emu->nregs ? emu->nregs : CONFIG_MAX_REGS);
	if (slots) {
		snprintf(where, sizeof(where),
			 " Without an address: one of the %u slots `%s@...`.",
			 slots->count, slots->name);
	}
	snprintf(text, sizeof(text),
		 "### %s\n\nEntries of `reg`: %s, each "
		 "0x%x bytes or more. Interrupts: %u.%s%s%s\n",
		 emu->compatible[0], regs, MAX(emu->min_size, 1u), emu->nirqs,
		 emu->console ? " Can be the OS's console." : "",
		 emu->ports && arch_guest_platform.io_ports
			 ? " Can be at I/O ports, NAME@iPORT."
			 : "",
		 where);
	line(text);
	if (own && own->name) {
		reference_head(line);
		for (; own->name; own++) {
			reference_row(own, line);
		}
		line("");
	}
}

/* In alphabetical order, as a registry is unordered. */
static void reference_kinds(void (*line)(const char *s))
{
	const struct emulator *it, *next, *last = NULL;

	do {
		next = NULL;
		registry_for_each(emulator, it) {
			const char *name = it->compatible[0];

			if ((!last || strcmp(name, last->compatible[0]) > 0) &&
			    (!next || strcmp(name, next->compatible[0]) < 0)) {
				next = it;
			}
		}
		if (next) {
			reference_kind(next, line);
		}
		last = next;
	} while (last);
}

static void reference_machine(const struct platform_device *row,
			      void (*line)(const char *s))
{
	char name[CONFIG_NAME_LEN], irq[64] = "", many[64] = "";
	char text[REFERENCE_LINE];

	if (row->irq >= 0) {
		arch_guest_platform.irq_name((uint32_t)row->irq, name,
					     sizeof(name));
		snprintf(irq, sizeof(irq), "%s%s, %s", name,
			 row->count > 1 ? " and up" : "",
			 row->edge ? "edge" : "level");
	}
	if (row->count > 1) {
		snprintf(many, sizeof(many), ", %u times 0x%" PRIx64 " apart",
			 row->count, row->step);
	}
	snprintf(text, sizeof(text),
		 "| `%s@%s%" PRIx64 "` | %s | 0x%" PRIx64 "%s | %s |",
		 row->name, CONFIG_UNIT_SPACE(row->space), row->regs[0].base,
		 row->compatible, row->regs[0].size, many, irq);
	line(text);
}

static void reference_intcs(void (*line)(const char *s))
{
	char text[REFERENCE_LINE], names[CONFIG_TEXT];
	unsigned int i;

	line("\n## Interrupt controllers\n\n"
	     "| model | `compatible` | VCPUs at most |\n"
	     "|---|---|---|");
	for (i = 0; i < arch_guest_platform.nintcs; i++) {
		const struct platform_intc *intc =
			&arch_guest_platform.intcs[i];
		const char *const *name;

		names[0] = '\0';
		for (name = intc->compatible; *name; name++) {
			config_list(names, sizeof(names), *name);
		}
		snprintf(text, sizeof(text), "| %s | %s | %u |", intc->name,
			 names, intc->max_vcpus);
		line(text);
	}
}

static void reference_default(void (*line)(const char *s))
{
	char text[REFERENCE_LINE];
	unsigned int i;

	snprintf(text, sizeof(text),
		 "## The default machine\n\n"
		 "%s: RAM at 0x%" PRIx64 ", a raw `kernel` 0x%" PRIx64
		 " bytes above its start,\nan interrupt controller, and these "
		 "devices.\n\n"
		 "| node | device | registers | interrupt |\n"
		 "|---|---|---|---|",
		 arch_guest_platform.like, arch_guest_platform.ram_base,
		 arch_guest_platform.raw_offset);
	line(text);
	for (i = 0; i < arch_guest_platform.ndevices; i++) {
		reference_machine(&arch_guest_platform.devices[i], line);
	}
	reference_intcs(line);
}

void reference_print(void (*line)(const char *s))
{
	unsigned int i;

	line("<!-- Made by `socle-check --reference`; edit the tables in "
	     "core/guest, arch/*/guest and emulators instead. -->\n"
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
	reference_default(line);
	line("\n## Kinds of devices\n");
	reference_kinds(line);
}
