/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a description to a guest with all it needs, and back. */
#include <arch/guest.h>
#include <arch/vcpu.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/page.h>
#include <core/sched.h>
#include <core/thread.h>
#include <libs/error.h>
#include <libs/vfs.h>
#include <stdio.h>
#include <string.h>

#include "guest_priv.h"

#define DESCRIPTION_MAX KIB(256)

/* --- description -------------------------------------------------------- */

struct prefixed {
	config_report_t report;
	void *ctx;
	const char *path;
};

static void report_prefixed(void *ctx, const char *message)
{
	const struct prefixed *p = ctx;
	char line[320];

	snprintf(line, sizeof(line), "%s: %s", p->path, message);
	p->report(p->ctx, line);
}

/* The usual slips of a person who names a description. */
static const char *path_mistake(const char *path)
{
	size_t n = strlen(path);

	if (path[0] != '/') {
		return "paths begin with /";
	}
	if (n > 4 && strcmp(path + n - 4, ".dts") == 0) {
		return "is source; its .dtb is needed";
	}
	return NULL;
}

static int read_description(const char *path, void **blob, size_t *size,
			    struct prefixed *p)
{
	const char *why = path_mistake(path);
	struct vfs_stat st;
	int64_t n;
	int err;

	if (why) {
		report_prefixed(p, why);
		return -ERR_INVAL;
	}
	err = vfs_stat(path, &st);
	if (err || st.type != VFS_FILE) {
		report_prefixed(p, err ? "no such file" : "not a file");
		return err ? err : -ERR_INVAL;
	}
	if (st.size > DESCRIPTION_MAX) {
		report_prefixed(p, "more than 256 KiB; a guest's description "
				"is a compiled device tree (.dtb)");
		return -ERR_FORMAT;
	}
	*blob = heap_alloc(MAX(st.size, UINT64_C(1)));
	if (!*blob) {
		return -ERR_NOMEM;
	}
	n = vfs_read(path, 0, *blob, st.size);
	if (n < 0 || (uint64_t)n != st.size) {
		heap_free(*blob);
		return n < 0 ? (int)n : -ERR_IO;
	}
	*size = st.size;
	return 0;
}

static int read_config(struct guest_config **cfg, const char *path,
		       config_report_t report, void *ctx)
{
	struct prefixed p = { report, ctx, path };
	struct config_limits limits = { 0 };
	struct page_stats pages;
	void *blob;
	size_t size = 0;
	int err = read_description(path, &blob, &size, &p);

	if (err) {
		return err;
	}
	arch_guest_limits(&limits);
	page_get_stats(&pages);
	limits.host_cpus = cpu_count;
	limits.free_memory = pages.free * PAGE_SIZE;
	err = config_parse(cfg, blob, size, &limits, report_prefixed, &p);
	heap_free(blob);
	return err;
}

/* --- VCPUs -------------------------------------------------------------- */

static void vcpu_destroy(struct vcpu *v)
{
	sched_remove(v);
	arch_vcpu_fini(v);
	stack_free(v->stack);
	heap_free(v);
}

static int vcpu_create(struct guest *g, uint32_t index)
{
	struct vcpu *v = heap_alloc(sizeof(*v));
	int err = -ERR_NOMEM;

	if (!v) {
		return err;
	}
	v->guest = g;
	v->index = index;
	v->priority = g->cfg->priority;
	v->entry = arch_vcpu_enter;
	v->arg = v;
	if (g->cfg->has_affinity) {
		v->affinity = g->cfg->affinity[index];
	} else {
		for (unsigned int i = 0; i < cpu_count; i++) {
			cpumask_set(&v->affinity, i);
		}
	}
	snprintf(v->name, sizeof(v->name), "%.18s/%u", g->name, index);
	v->stack_size = CONFIG_STACK_SIZE;
	v->stack = stack_alloc();
	if (!v->stack) {
		goto no_stack;
	}
	err = arch_vcpu_init(v);
	if (err) {
		goto no_arch;
	}
	err = sched_add(v);
	if (err) {
		goto no_sched;
	}
	g->vcpus[index] = v;
	return 0;

no_sched:
	arch_vcpu_fini(v);
no_arch:
	stack_free(v->stack);
no_stack:
	heap_free(v);
	return err;
}

/* --- devices and regions ------------------------------------------------ */

#define MAX_ARCH_REGIONS 4

static int build_map(struct guest *g)
{
	struct emu_region *r;
	unsigned int n = 0;
	int err;

	r = heap_alloc_array(g->cfg->ndevices * CONFIG_MAX_REGS +
			     MAX_ARCH_REGIONS, sizeof(*r));
	if (!r) {
		return -ERR_NOMEM;
	}
	for (uint32_t i = 0; i < g->cfg->ndevices; i++) {
		const struct config_device *c = &g->cfg->devices[i];

		for (uint32_t j = 0; j < c->nregs; j++) {
			r[n++] = (struct emu_region){
				.base = IPA(c->regs[j].base),
				.size = c->regs[j].size,
				.dev = &g->devices[i],
				.index = (uint8_t)j,
			};
		}
	}
	n += arch_guest_regions(g, r + n, MAX_ARCH_REGIONS);
	err = emu_map_build(&g->emu_map, r, n);
	if (err) {
		heap_free(r);
	}
	return err;
}

static void fini_devices(struct guest *g)
{
	for (uint32_t i = g->cfg->ndevices; i-- > 0;) {
		if (g->devices[i].emu) {
			emu_device_fini(&g->devices[i]);
		}
	}
	heap_free(g->devices);
	g->devices = NULL;
}

static int init_devices(struct guest *g)
{
	if (g->cfg->ndevices == 0) {
		return 0;
	}
	g->devices = heap_alloc_array(g->cfg->ndevices, sizeof(*g->devices));
	if (!g->devices) {
		return -ERR_NOMEM;
	}
	for (uint32_t i = 0; i < g->cfg->ndevices; i++) {
		int err = emu_device_init(&g->devices[i], g,
					  &g->cfg->devices[i]);

		if (err) {
			log_err("guest %s: device %s: %s", g->name,
				g->cfg->devices[i].name, err_str(err));
			g->devices[i].emu = NULL;
			return err;
		}
	}
	return 0;
}

/* --- the whole ---------------------------------------------------------- */

/* IPA bits that cover RAM and devices: small tables for small guests. */
static unsigned int ipa_bits(const struct guest_config *cfg)
{
	unsigned int max = stage2_max_ipa_bits();
	uint64_t end = 0;
	unsigned int bits = 32;

	for (uint32_t i = 0; i < cfg->nmemory; i++) {
		end = MAX(end, cfg->memory[i].base + cfg->memory[i].size);
	}
	while (bits < max && end > BIT(bits)) {
		bits++;
	}
	return MIN(bits, max);
}

static int populate(struct guest *g, bool (*stop)(void *ctx), void *ctx)
{
	int err = stage2_init(&g->stage2, ipa_bits(g->cfg));

	if (err) {
		return err;
	}
	g->vcpus = heap_alloc_array(g->cfg->vcpus, sizeof(*g->vcpus));
	if (!g->vcpus) {
		return -ERR_NOMEM;
	}
	err = guest_memory_init(g, stop, ctx);
	if (!err) {
		err = arch_guest_init(g);
	}
	for (uint32_t i = 0; !err && i < g->cfg->vcpus; i++) {
		err = vcpu_create(g, i);
	}
	if (!err) {
		err = init_devices(g);
	}
	if (!err) {
		err = build_map(g);
	}
	return err;
}

/* Also takes down what populate() left half done. */
void guest_free(struct guest *g)
{
	heap_free(g->emu_map.regions);
	if (g->devices) {
		fini_devices(g);
	}
	for (uint32_t i = g->cfg->vcpus; g->vcpus && i-- > 0;) {
		if (g->vcpus[i]) {
			vcpu_destroy(g->vcpus[i]);
		}
	}
	heap_free(g->vcpus);
	arch_guest_fini(g);
	if (g->stage2.root_pages) {
		stage2_fini(&g->stage2);
	}
	guest_memory_fini(g);
	config_free(g->cfg);
	heap_free(g->last_crash);
	heap_free(g);
}

int guest_create(struct guest **out, const char *path, config_report_t report,
		 bool (*stop)(void *ctx), void *ctx)
{
	struct guest *g = heap_alloc(sizeof(*g));
	int err;

	if (!g) {
		return -ERR_NOMEM;
	}
	err = read_config(&g->cfg, path, report, ctx);
	if (err) {
		heap_free(g);
		return err;
	}
	g->name = g->cfg->name;
	g->refs = 2;			/* the list's, the caller's */
	guest_life_init(g);
	list_init(&g->ram_blocks);
	err = populate(g, stop, ctx);
	if (!err) {
		err = guest_link(g);
	}
	if (err) {
		guest_free(g);
		return err;
	}
	*out = g;
	return 0;
}
