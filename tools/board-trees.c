/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * board-trees: what the hypervisor finds in the device trees of boards, as a
 * page of docs/boards/. The trees are read by the code that reads the host's.
 */
#define _GNU_SOURCE
#include <fts.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arch_impl/host_tree.h>
#include <core/device.h>
#include <core/earlycon.h>
#include <libs/error.h>

#include "core/device/earlycon_priv.h"
#include "core/dt/dt_priv.h"

#define TREE_MAX MIB(2)
#define MAX_CPUS 512
#define CELL_SIZE 160

/* A row of the table, and whether it counts. */
struct row {
	char tree[CELL_SIZE], memory[CELL_SIZE], cpus[CELL_SIZE];
	char intc[CELL_SIZE], console[CELL_SIZE], missing[4 * CELL_SIZE];
	bool has_console;
};

static unsigned int trees, consoles, complete;

static void row_miss(struct row *r, const char *what, const char *more)
{
	size_t n = strlen(r->missing);

	snprintf(r->missing + n, sizeof(r->missing) - n, "%s%s%s",
		 n > 0 ? "; " : "", what, more);
}

static int memory_add(paddr_t base, uint64_t size, void *sum)
{
	(void)base;
	*(uint64_t *)sum += size;
	return 0;
}

/* Most trees leave it to the loader to say how much there is. */
static void row_memory(struct row *r)
{
	uint64_t sum = 0;

	(void)dt_for_each_memory(memory_add, &sum);
	if (sum == 0) {
		snprintf(r->memory, sizeof(r->memory), "loader");
	} else {
		snprintf(r->memory, sizeof(r->memory), "%" PRIu64 "M",
			 sum / MIB(1));
	}
}

static void row_cpus(struct row *r)
{
	static struct dt_cpu cpus[MAX_CPUS];
	unsigned int n = dt_cpus(cpus, MAX_CPUS);
	const char *method = n > 0 ? cpus[n - 1].method : NULL;

	snprintf(r->cpus, sizeof(r->cpus), "%u", n);
	if (n == 0) {
		row_miss(r, "no CPU", "");
	} else if (n > 1 &&
		   (!method || strcmp(method, HOST_TREE_CPU_METHOD) != 0)) {
		row_miss(r, "CPUs but the first: ",
			 method ? method : "no enable-method");
	}
}

static bool find_any(const char *const *compatible)
{
	for (; *compatible; compatible++) {
		dt_node_t node = -1;

		while ((node = dt_next_compatible(node, *compatible)) >= 0) {
			if (dt_available(node)) {
				return true;
			}
		}
	}
	return false;
}

/* The first name of a node's `compatible`. */
static const char *kind_of(dt_node_t node)
{
	int len;
	const char *c = node >= 0 ? dt_compatible(node, &len) : NULL;

	return c && memchr(c, '\0', (size_t)len) ? c : "none is named";
}

static void row_intc(struct row *r)
{
	uint32_t phandle;
	dt_node_t node = -1;

	for (size_t i = 0; i < ARRAY_SIZE(host_tree_intcs); i++) {
		if (find_any(host_tree_intcs[i].compatible)) {
			snprintf(r->intc, sizeof(r->intc), "%s",
				 host_tree_intcs[i].name);
			return;
		}
	}
	if (dt_u32(0, "interrupt-parent", &phandle) == 0) {
		node = dt_by_phandle(phandle);
	}
	snprintf(r->intc, sizeof(r->intc), "-");
	row_miss(r, "interrupt controller: ", kind_of(node));
}

static void row_timer(struct row *r)
{
	dt_node_t node = dt_next_compatible(-1, HOST_TREE_TIMER);
	struct dt_interrupt in;

	if (node < 0) {
		row_miss(r, "timer: no ", HOST_TREE_TIMER);
	} else if (dt_interrupt_named(node, HOST_TREE_TIMER_IRQ,
				      HOST_TREE_TIMER_INDEX, &in)) {
		row_miss(r, "timer: no interrupt ", HOST_TREE_TIMER_IRQ);
	}
}

static const char *driver_of(dt_node_t node)
{
	const struct driver *d;

	registry_for_each(driver, d) {
		for (const char *const *c = d->compatible; c && *c; c++) {
			if (d->class == DEVICE_SERIAL && !d->bus &&
			    dt_is_compatible(node, *c)) {
				return d->name;
			}
		}
	}
	return "?";
}

static void row_console(struct row *r)
{
	dt_node_t node = console_node();
	struct dt_interrupt in;
	struct dt_chosen chosen;
	paddr_t base;
	uint64_t size;

	snprintf(r->console, sizeof(r->console), "-");
	if (node < 0) {
		row_miss(r, "console: no UART is enabled", "");
	} else if (!earlycon_of(node)) {
		row_miss(r, "console: no driver for ", kind_of(node));
	} else if (dt_reg(node, 0, &base, &size)) {
		row_miss(r, "console: no address of ", dt_name(node));
	} else {
		dt_get_chosen(&chosen);
		r->has_console = true;
		snprintf(r->console, sizeof(r->console), "%s%s",
			 driver_of(node),
			 node == chosen.stdout_node ? "" : ", found");
		if (dt_interrupt(node, 0, &in)) {
			row_miss(r, "console: no interrupt, so no input", "");
		}
	}
}

static bool tree_read(const char *path, uint8_t *data)
{
	FILE *f = fopen(path, "rb");
	const char *why = "cannot be read";
	bool good = f != NULL;

	if (f) {
		good = fread(data, 1, TREE_MAX, f) > 0 &&
		       dt_init(data, TREE_MAX, &why) == 0;
		fclose(f);
	}
	if (!good) {
		fprintf(stderr, "board-trees: %s: %s\n", path, why);
	}
	return good;
}

static void tree_row(const char *name)
{
	struct row r = { .has_console = false };

	snprintf(r.tree, sizeof(r.tree), "%.*s", (int)strlen(name) - 4, name);
	row_memory(&r);
	row_cpus(&r);
	row_intc(&r);
	row_timer(&r);
	row_console(&r);
	trees++;
	consoles += r.has_console;
	complete += r.missing[0] == '\0';
	printf("| %s | %s | %s | %s | %s | %s |\n", r.tree, r.memory, r.cpus,
	       r.intc, r.console, r.missing);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_tree(const FTSENT *e)
{
	return e->fts_info == FTS_F && e->fts_namelen > 4 &&
	       strcmp(e->fts_name + e->fts_namelen - 4, ".dtb") == 0;
}

/* Vendor's folder and file. */
static const char *name_of(const FTSENT *e)
{
	const char *name = e->fts_path + e->fts_pathlen - e->fts_namelen - 1;

	while (name > e->fts_path && name[-1] != '/') {
		name--;
	}
	return name;
}

static void page_begin(const char *package)
{
	printf("# Trees of %s\n\n"
	       "What Socle finds in the device trees of this kernel package of "
	       "Debian's, by the code\nthat reads the host's tree. "
	       "`tools/board-trees.c` writes this page. None of these\n"
	       "boards was at hand: a row says that drivers are there, not "
	       "that they were seen to\nwork.\n\n"
	       "Memory: `loader` where the tree leaves it to the loader to "
	       "say how much there is.\nThe console is what stdout-path "
	       "names; `found`: it names nothing with a driver, see\n"
	       "[boot.md](../design/boot.md#the-console). All have a timer "
	       "unless the last column\nsays so.\n\n"
	       "| tree | memory | CPUs | interrupts | console | missing |\n"
	       "|---|---|---|---|---|---|\n",
	       package);
}

int main(int argc, char **argv)
{
	char *folders[] = { argc == 3 ? argv[2] : NULL, NULL };
	static _Alignas(8) uint8_t data[TREE_MAX];
	FTS *all;
	FTSENT *e;

	if (argc != 3) {
		fputs("Usage: board-trees PACKAGE FOLDER\n", stderr);
		return 2;
	}
	all = fts_open(folders, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	if (!all) {
		perror(argv[2]);
		return 1;
	}
	page_begin(argv[1]);
	while ((e = fts_read(all)) != NULL) {
		if (is_tree(e) && tree_read(e->fts_path, data)) {
			tree_row(name_of(e));
		}
	}
	fts_close(all);
	printf("\n%u trees, %u with a console, %u with nothing missing.\n",
	       trees, consoles, complete);
	return trees == 0;
}
