/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creating a guest from its description, and freeing it. */
#include <arch/guest.h>
#include <arch/vcpu.h>
#include <core/cache.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/page.h>
#include <core/sched.h>
#include <core/sched_pool.h>
#include <core/thread.h>
#include <core/vfs.h>
#include <libs/error.h>
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
	char line[600];

	snprintf(line, sizeof(line), "%s: %s", p->path, message);
	p->report(p->ctx, line);
}

/* The usual mistakes in the name of a description. */
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
			    struct attempt *a)
{
	const char *why = path_mistake(path);
	struct vfs_stat st;
	int64_t n;
	int err;

	if (why) {
		attempt_report(a, why);
		return -ERR_INVAL;
	}
	err = vfs_stat(path, &st);
	if (err || st.type != VFS_FILE) {
		attempt_report(a, err ? "no such file" : "not a file");
		return err ? err : -ERR_INVAL;
	}
	if (st.size > DESCRIPTION_MAX) {
		attempt_report(a, "more than 256 KiB; a guest's description "
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
		       struct attempt *a)
{
	struct config_limits limits = { 0 };
	struct page_stats pages;
	void *blob;
	size_t size = 0;
	int err = read_description(path, &blob, &size, a);

	if (err) {
		return err;
	}
	arch_guest_limits(&limits);
	page_get_stats(&pages);
	limits.host_cpus = cpu_count;
	limits.free_memory = pages.free * PAGE_SIZE;
	limits.colours = page_colours();
	limits.uncoloured = cache_uncoloured();
	if (IS_ENABLED(CONFIG_CACHE_PORTIONS)) {
		limits.portions = portion_count(&limits.unportioned);
	}
	err = config_parse(cfg, blob, size, &limits, attempt_report, a);
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

#ifdef CONFIG_SCHED_PARAMS
/* Set its pool and parameters from the description, before sched_add(). */
static int promise(struct vcpu *v, const struct guest_config *cfg,
		   struct attempt *a)
{
	struct sched_params *p = &v->params;
	const struct config_sched *s;

	if (cfg->pool) {
		v->pool = sched_pool_find(cfg->pool);
		if (!v->pool) {
			attempt_report(a, "/cpus: pool: there is none of that "
					  "name; 'sched pool list' has them");
			return -ERR_NOENT;
		}
	}
	p->weight = cfg->weight;
	p->cap = cfg->cap;
	if (!cfg->sched) {
		return 0;
	}
	s = &cfg->sched[v->index];
	p->period = ns_to_ticks(UINT64_C(1000) * s->period_us);
	p->budget = ns_to_ticks(UINT64_C(1000) * s->budget_us);
	p->deadline = ns_to_ticks(UINT64_C(1000) * s->deadline_us);
	p->windows = (uint8_t)s->windows;
	p->overrun = (uint8_t)cfg->overrun;
	p->vcpu_cap = (uint8_t)s->cap;
	memcpy(p->window, s->window, sizeof(p->window));
	return 0;
}

/* Move the thread that works for it into its VCPUs' pool, if possible. */
static void work_to_pool(struct guest *g)
{
	struct sched_pool *pool = g->cfg->pool ? sched_pool_find(g->cfg->pool)
					       : NULL;
	int err = 0;

	if (pool) {
		err = sched_pool_move_thread(pool, g->work.thread->id, NULL);
	}
	(void)err; /* if the policy takes no threads it stays */
}
#else
static int promise(struct vcpu *v, const struct guest_config *cfg,
		   struct attempt *a)
{
	(void)v;
	(void)cfg;
	(void)a;
	return 0;
}

static void work_to_pool(struct guest *g)
{
	(void)g;
}
#endif

static int vcpu_create(struct guest *g, uint32_t index, struct attempt *a)
{
	struct sched_refusal why = { .text = "" };
	struct vcpu *v = heap_alloc(sizeof(*v));
	int err = -ERR_NOMEM;

	if (!v) {
		return err;
	}
	v->guest = g;
	v->group = &g->group;
	v->index = index;
	v->params.priority = g->cfg->priority;
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
	err = promise(v, g->cfg, a);
	if (err) {
		goto no_sched;
	}
	err = sched_add(v, &why);
	if (err) {
		if (why.text[0]) {
			attempt_report(a, why.text);
		}
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

/* --- the guest ---------------------------------------------------------- */

/* Runs in the guest's thread. */
static int populate(struct guest *g, struct attempt *a)
{
	/* No more address bits than it needs: small guests get small tables. */
	int err = stage2_init(&g->stage2, stage2_ipa_bits(g->cfg->address_end),
			      g->colours.set);

	if (err == -ERR_INVAL) {
		attempt_report(a,
			       "/: colors: found no adjacent ones; allowed an "
			       "even one and the next, for the root of its "
			       "tables");
	}
	if (err) {
		return err;
	}
	g->vcpus = heap_alloc_array(g->cfg->vcpus, sizeof(*g->vcpus));
	if (!g->vcpus) {
		return -ERR_NOMEM;
	}
	err = crash_init(g);
	if (!err) {
		err = guest_tree_init(g, a);
	}
	if (!err) {
		err = guest_load_init(g);
	}
	if (err) {
		return err;
	}
	err = guest_memory_init(g);
	if (err == -ERR_NOMEM && g->colours.set != PAGE_ANY_COLOUR) {
		attempt_report(a, "/: memory: the host has not so much free of "
				  "these colours; allowed less memory, or more "
				  "colors");
	}
	if (!err) {
		err = arch_guest_init(g);
	}
	for (uint32_t i = 0; !err && i < g->cfg->vcpus; i++) {
		err = vcpu_create(g, i, a);
	}
	if (!err) {
		work_to_pool(g);
		err = budget_init(g, attempt_report, a);
	}
	if (!err) {
		err = guest_devices_init(g);
	}
	return err;
}

/* Also frees what an incomplete populate() has left. */
void guest_free(struct guest *g)
{
	guest_work_stop(g);
	guest_devices_fini(g);
	budget_fini(g);
	for (uint32_t i = g->cfg->vcpus; g->vcpus && i-- > 0;) {
		if (g->vcpus[i]) {
			vcpu_destroy(g->vcpus[i]);
		}
	}
	heap_free(g->vcpus);
	sched_group_fini(&g->group);
	arch_guest_fini(g);
	if (g->stage2.root_pages) {
		stage2_fini(&g->stage2);
	}
	guest_memory_fini(g);
	guest_colours_fini(g);
	guest_portions_fini(g);
	guest_load_fini(g);
	guest_tree_fini(g);
	config_free(g->cfg);
	heap_free(g->last_crash);
	heap_free(g);
}

static int create(struct guest **out, const char *path, struct attempt *a,
		  const struct guest_asker *asker)
{
	struct guest *g = heap_alloc(sizeof(*g));
	int err;

	if (!g) {
		return -ERR_NOMEM;
	}
	err = read_config(&g->cfg, path, a);
	if (err) {
		heap_free(g);
		return err;
	}
	g->name = g->cfg->name;
	g->refs = 2; /* the list's and the caller's */
	guest_life_init(g);
	guest_memory_prepare(g);
	list_init(&g->colours.node);
	list_init(&g->held_queues);
	guest_portions_prepare(g);
	err = guest_work_start(g);
	if (!err) {
		err = guest_portions_init(g, a);
	}
	if (!err) {
		err = guest_colours_init(g, a);
	}
	if (!err) {
		err = guest_fixed_take(g, a);
	}
	if (!err) {
		err = guest_run(g, asker, populate);
	}
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

int guest_create(struct guest **out, const char *path, config_report_t report,
		 bool (*stop)(void *ctx), void *ctx)
{
	struct prefixed p = { report, ctx, path };
	struct attempt a = { .report = report_prefixed, .ctx = &p };
	const struct guest_asker asker = { attempt_report, &a, stop, ctx };
	int err = create(out, path, &a, &asker);

	if (err) {
		attempt_failed(&a, err, "guest cannot be created from %s",
			       path);
	}
	return err;
}
