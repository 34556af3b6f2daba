/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot loader's information in /chosen, and the CPUs. */
#include <string.h>

#include <libfdt.h>
#include <libs/error.h>

#include "dt_priv.h"

static void dt_chosen_initrd(dt_node_t chosen, struct dt_chosen *out)
{
	uint64_t start, end;

	if (dt_u64(chosen, "linux,initrd-start", &start) < 0 ||
	    dt_u64(chosen, "linux,initrd-end", &end) < 0 || end <= start) {
		return;
	}
	out->initrd = PADDR(start);
	out->initrd_size = end - start;
}

/* "path:options" or "alias:options" (Devicetree Specification 0.4, 3.6). */
static void dt_chosen_stdout(dt_node_t chosen, struct dt_chosen *out)
{
	const char *path = dt_str(chosen, "stdout-path");
	const char *colon;

	if (!path) {
		path = dt_str(chosen, "linux,stdout-path");
	}
	if (!path) {
		return;
	}
	colon = strchr(path, ':');
	if (!colon) {
		colon = path + strlen(path);
	} else {
		out->stdout_options = colon + 1;
	}
	out->stdout_node = dt_path_n(path, (size_t)(colon - path));
}

void dt_chosen_read(struct dt_chosen *out)
{
	dt_node_t chosen = dt_path("/chosen");
	const char *bootargs;
	uint32_t probe_only;

	*out = (struct dt_chosen){
		.bootargs = "",
		.stdout_node = -1,
		.stdout_options = "",
	};
	if (chosen >= 0) {
		bootargs = dt_str(chosen, "bootargs");
		out->bootargs = bootargs ? bootargs : "";
		dt_chosen_initrd(chosen, out);
		dt_chosen_stdout(chosen, out);
		out->pci_probe_only = dt_u32(chosen, "linux,pci-probe-only",
					     &probe_only) == 0 &&
				      probe_only != 0;
		out->rng_seed = dt_prop(chosen, "rng-seed", &out->rng_seed_len);
		if (!out->rng_seed || out->rng_seed_len < 0) {
			out->rng_seed = NULL;
			out->rng_seed_len = 0;
		}
	}
	if (out->stdout_node < 0) {
		/* The trees of many boards have only the alias. */
		out->stdout_node = MAX(dt_path("serial0"), -1);
	}
}

static bool dt_is_cpu(dt_node_t node)
{
	const char *type = dt_type(node);

	return type && strcmp(type, "cpu") == 0 && dt_available(node);
}

static const char *dt_cpu_how(dt_node_t cpus, dt_node_t cpu)
{
	const char *method = dt_str(cpu, "enable-method");

	return method ? method : dt_str(cpus, "enable-method");
}

static int dt_cpu_hwid(dt_node_t cpus, dt_node_t cpu, uint64_t *hwid)
{
	unsigned int na, ns;
	const uint8_t *reg;
	int len;

	if (dt_bus_cells(cpus, &na, &ns) < 0 || na == 0 || na > 2) {
		return -ERR_FORMAT;
	}
	reg = dt_prop(cpu, "reg", &len);
	if (!reg || len < (int)(na * DT_CELL)) {
		return -ERR_FORMAT;
	}
	*hwid = (uint64_t)dt_cells(reg, na);
	return 0;
}

static bool dt_cpu_known(const struct dt_cpu *cpus, unsigned int n,
			 uint64_t hwid)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (cpus[i].hwid == hwid) {
			return true;
		}
	}
	return false;
}

unsigned int dt_cpus(struct dt_cpu *out, unsigned int max)
{
	dt_node_t cpus = dt_path("/cpus");
	unsigned int n = 0;
	dt_node_t cpu;

	if (cpus < 0) {
		return 0;
	}
	dt_for_each_child(cpu, cpus) {
		uint64_t hwid;

		if (n == max) {
			break;
		}
		/* Two nodes for one CPU would start it twice. */
		if (!dt_is_cpu(cpu) || dt_cpu_hwid(cpus, cpu, &hwid) < 0 ||
		    dt_cpu_known(out, n, hwid)) {
			continue;
		}
		out[n++] = (struct dt_cpu){
			.node = cpu,
			.hwid = hwid,
			.method = dt_cpu_how(cpus, cpu),
		};
	}
	return n;
}

const char *dt_cpu_method(uint64_t hwid)
{
	dt_node_t cpu, cpus = dt_path("/cpus");
	uint64_t id;

	if (cpus < 0) {
		return NULL;
	}
	dt_for_each_child(cpu, cpus) {
		if (dt_is_cpu(cpu) && dt_cpu_hwid(cpus, cpu, &id) == 0 &&
		    id == hwid) {
			return dt_cpu_how(cpus, cpu);
		}
	}
	return NULL;
}
