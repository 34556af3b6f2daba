/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties whose values are not simply stored: name, CPUs and memory. */
#include <core/dt_blob.h>
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include <libs/checked.h>

#include "config_priv.h"

void config_take_compatible(struct config_parser *p,
			    const struct schema_value *v)
{
	char found[CONFIG_TEXT];

	if (fdt_stringlist_contains((const char *)v->data, v->len,
				    "socle,guest")) {
		return;
	}
	config_show(v->data, v->len, found, sizeof(found));
	config_mistake(p, v->node, "compatible",
		       "found %s; allowed \"socle,guest\"", found);
}

void config_take_model(struct config_parser *p, const struct schema_value *v)
{
	memcpy(p->cfg->name, v->data, (size_t)v->len);
}

void config_take_size(struct config_parser *p, const struct schema_value *v)
{
	p->memory_size = v->number;
}

void config_take_no_defaults(struct config_parser *p,
			     const struct schema_value *v)
{
	(void)v;
	p->no_defaults = true;
}

/* Ranges are kept in ascending order, whatever the order of the nodes. */
static void take_insert(struct config_parser *p, int node,
			const struct config_range *r)
{
	struct guest_config *cfg = p->cfg;
	uint32_t i = cfg->nmemory++;

	for (; i > 0 && cfg->memory[i - 1].base > r->base; i--) {
		cfg->memory[i] = cfg->memory[i - 1];
		p->memory_nodes[i] = p->memory_nodes[i - 1];
	}
	cfg->memory[i] = *r;
	p->memory_nodes[i] = node;
}

void config_take_memory(struct config_parser *p, const struct schema_value *v)
{
	struct config_range r[CONFIG_MAX_MEMORY];
	unsigned int i, n, room = CONFIG_MAX_MEMORY - p->cfg->nmemory;

	if (room == 0) {
		config_mistake(p, v->node, "reg",
			       "found more than %d ranges; "
			       "allowed %d in all",
			       CONFIG_MAX_MEMORY, CONFIG_MAX_MEMORY);
		p->memory_bad = true;
		return;
	}
	n = config_reg(p, v->node, 0, PAGE_SIZE, r, room);
	p->memory_bad = p->memory_bad || n == 0;
	for (i = 0; i < n; i++) {
		take_insert(p, v->node, &r[i]);
	}
}

/* Is range `i` at a host address of its own? */
static bool has_place(const struct config_parser *p, uint32_t i)
{
	return IS_ENABLED(CONFIG_GUEST_FIXED_MEMORY) && p->memory_node >= 0 &&
	       fdt_getprop(p->fdt, p->memory_nodes[i], "host-address", NULL);
}

void config_memory(struct config_parser *p)
{
	struct guest_config *cfg = p->cfg;
	uint64_t placed = 0;
	uint32_t i;

	if (p->memory_size && p->memory_node >= 0) {
		config_mistake(p, 0, "memory",
			       "found with a memory node; "
			       "allowed one of them");
		return;
	}
	if (p->memory_size) {
		cfg->memory[0].base = arch_guest_platform.ram_base;
		cfg->memory[0].size = p->memory_size;
		cfg->nmemory = 1;
	}
	if (cfg->nmemory == 0 && p->memory_node < 0 &&
	    !fdt_getprop(p->fdt, 0, "memory", NULL)) {
		config_mistake(p, 0, "memory",
			       "missing; allowed a size such "
			       "as \"256M\", or nodes memory@ADDRESS with reg");
	}
	for (i = 0; i < cfg->nmemory; i++) {
		if (!checked_add(cfg->memory_size, cfg->memory[i].size,
				 &cfg->memory_size)) {
			cfg->memory_size = UINT64_MAX;
		}
		/* Whether a place is free is checked where it is taken. */
		if (has_place(p, i) && cfg->memory_size != UINT64_MAX) {
			placed += cfg->memory[i].size;
		}
	}
	if (p->limits->free_memory && !p->memory_bad &&
	    cfg->memory_size - placed > p->limits->free_memory) {
		config_mistake(p, MAX(p->memory_node, 0), NULL,
			       "found %" PRIu64 "M of memory; allowed %" PRIu64
			       "M, which this host has free",
			       (cfg->memory_size - placed) >> 20,
			       p->limits->free_memory >> 20);
	}
}

static bool take_in_memory(const struct guest_config *cfg,
			   const struct config_range *r)
{
	for (uint32_t i = 0; i < cfg->nmemory; i++) {
		if (range_within(r->base - cfg->memory[i].base, r->size,
				 cfg->memory[i].size)) {
			return true;
		}
	}
	return false;
}

/* /memreserve/ (Devicetree Specification 0.4, 5.3), which the guest's OS finds
 * in its own tree. */
void config_reserved(struct config_parser *p)
{
	struct guest_config *cfg = p->cfg;
	int n = fdt_num_mem_rsv(p->fdt);

	for (int i = 0; i < n; i++) {
		struct config_range r;

		if (fdt_get_mem_rsv(p->fdt, i, &r.base, &r.size) < 0 ||
		    r.size == 0) {
			continue; /* an unused entry, left by dtc -R */
		}
		if (cfg->nreserved == CONFIG_MAX_RESERVED) {
			config_mistake(p, 0, "/memreserve/",
				       "found more than %d; allowed %d",
				       CONFIG_MAX_RESERVED,
				       CONFIG_MAX_RESERVED);
			return;
		}
		if (cfg->nmemory && !take_in_memory(cfg, &r)) {
			config_mistake(p, 0, "/memreserve/",
				       "found 0x%" PRIx64 " bytes at 0x%" PRIx64
				       "; allowed a part of the guest's memory",
				       r.size, r.base);
			continue;
		}
		cfg->reserved[cfg->nreserved++] = r;
	}
}

/* False, with a report, if the host has no such CPU. */
static bool take_host_cpu_ok(struct config_parser *p, const char *prop,
			     uint64_t cpu)
{
	uint32_t host_cpus = p->limits->host_cpus;

	if (host_cpus == 0 || cpu < host_cpus) {
		return true;
	}
	config_mistake(p, p->cpus_node, prop,
		       "found CPU %" PRIu64 "; allowed 0..%u on this host", cpu,
		       host_cpus - 1);
	return false;
}

/* One number for each VCPU, or one for all. */
static void take_affinity(struct config_parser *p, const uint8_t *data,
			  unsigned int n)
{
	struct guest_config *cfg = p->cfg;
	uint32_t i;

	if (n != cfg->vcpus && n != 1) {
		config_mistake(p, p->cpus_node, "affinity",
			       "found %u CPUs; "
			       "allowed %u, one for each VCPU, or one for all "
			       "(affinity-set lists CPUs that all may use)",
			       n, cfg->vcpus);
		return;
	}
	for (i = 0; i < cfg->vcpus; i++) {
		unsigned int at = n == 1 ? 0 : i;
		uint64_t cpu = dt_cells64(data + at * CONFIG_CELL, 1);

		if (cpu >= CONFIG_MAX_CPUS) {
			return; /* the row's check has reported it */
		}
		if (!take_host_cpu_ok(p, "affinity", cpu) && n == 1) {
			return;
		}
		cpumask_set(&cfg->affinity[i], (unsigned int)cpu);
	}
	cfg->has_affinity = true;
}

static void take_affinity_set(struct config_parser *p, const uint8_t *data,
			      unsigned int n)
{
	struct cpumask set = { .bits = { 0 } };
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint64_t cpu = dt_cells64(data + i * CONFIG_CELL, 1);

		if (cpu >= CONFIG_MAX_CPUS ||
		    !take_host_cpu_ok(p, "affinity-set", cpu)) {
			return;
		}
		cpumask_set(&set, (unsigned int)cpu);
	}
	for (i = 0; i < p->cfg->vcpus; i++) {
		p->cfg->affinity[i] = set;
	}
	p->cfg->has_affinity = true;
}

void config_affinity(struct config_parser *p)
{
	const uint8_t *each, *set;
	int each_len, set_len;

	each = fdt_getprop(p->fdt, p->cpus_node, "affinity", &each_len);
	set = fdt_getprop(p->fdt, p->cpus_node, "affinity-set", &set_len);
	if (each && set) {
		config_mistake(p, p->cpus_node, "affinity-set",
			       "found with "
			       "affinity; allowed one of them");
		return;
	}
	if (each && each_len > 0 && each_len % CONFIG_CELL == 0) {
		take_affinity(p, each, (unsigned int)each_len / CONFIG_CELL);
	}
	if (set && set_len > 0 && set_len % CONFIG_CELL == 0) {
		take_affinity_set(p, set, (unsigned int)set_len / CONFIG_CELL);
	}
}
