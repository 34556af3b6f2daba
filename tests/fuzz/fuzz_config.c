/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a guest's description: they are refused, with messages that a
 * terminal can show, or accepted, and then consistent so that the OS's tree can
 * be made.
 */
#include <libfdt.h>

#include <arch/guest_platform.h>
#include <core/guest_config.h>
#include <core/guest_platform.h>
#include <libs/error.h>

#include "tests/unit/guest_fixture.h"

#define TREE_MAX (512 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(void *ctx, const char *message)
{
	unsigned int *count = ctx;

	++*count;
	for (; *message != '\0'; message++) {
		if (*message < ' ' || *message > '~') {
			abort();
		}
	}
}

static void check(bool holds)
{
	if (!holds) {
		abort();
	}
}

static bool vcpus_fit(const struct guest_config *cfg)
{
	const struct guest_platform *p = &arch_guest_platform;

	for (unsigned int i = 0; i < p->nintcs; i++) {
		if (p->intcs[i].id == cfg->intc_model) {
			return cfg->vcpus <= p->intcs[i].max_vcpus;
		}
	}
	return false;
}

/* The line can be told to the OS, and is the same when it is read back. */
static bool line_exists(const struct config_irq *irq)
{
	uint32_t cells[CONFIG_MAX_IRQ_CELLS];
	fdt32_t raw[CONFIG_MAX_IRQ_CELLS];
	struct config_irq back;
	unsigned int n = arch_guest_platform.irq_encode(NULL, irq, cells);

	check(n == arch_guest_platform.irq_cells);
	for (unsigned int i = 0; i < n; i++) {
		raw[i] = cpu_to_fdt32(cells[i]);
	}
	return arch_guest_platform.irq_decode((const uint8_t *)raw, &back) &&
	       back.line == irq->line;
}

/* The properties of accepted descriptions that others rely on. */
static void consistent(const struct guest_config *cfg)
{
	uint32_t i, n;

	check(strlen(cfg->name) > 0 && cfg->kernel && cfg->kernel[0] == '/');
	check(cfg->vcpus >= 1 && cfg->vcpus <= CONFIG_MAX_VCPUS);
	check(vcpus_fit(cfg));
	check(cfg->nmemory >= 1 && cfg->nmemory <= CONFIG_MAX_MEMORY);
	for (i = 0; i < cfg->nmemory; i++) {
		check(cfg->memory[i].size > 0 &&
		      (cfg->memory[i].base | cfg->memory[i].size) % 4096 == 0);
		check(i == 0 ||
		      cfg->memory[i].base >= cfg->memory[i - 1].base +
						     cfg->memory[i - 1].size);
	}
	check(cfg->ndevices <= CONFIG_MAX_DEVICES);
	for (i = 0; i < cfg->ndevices; i++) {
		const struct config_device *dev = &cfg->devices[i];

		check(dev->emu != NULL);
		check(dev->nregs >= 1 && dev->nregs <= CONFIG_MAX_REGS);
		for (n = 0; n < dev->nirqs; n++) {
			check(line_exists(&dev->irqs[n]));
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct platform_intc *last =
		&arch_guest_platform.intcs[arch_guest_platform.nintcs - 1];
	const struct config_limits limits[] = {
		{ .host_cpus = 0 },
		{ .host_cpus = 4,
		  .ipa_bits = 36,
		  .intc_default = last->id,
		  .intc_models = BIT(last->id),
		  .free_memory = GIB(1) },
	};
	static const struct fdtgen_info info = {
		.initrd_start = 1,
		.initrd_end = 2,
		.kaslr_seed = 3,
	};
	static _Alignas(8) uint8_t tree[TREE_MAX];
	struct guest_config *cfg;
	unsigned int count = 0;
	int err;

	err = config_parse(&cfg, data, size, &limits[size % 2], report, &count);
	if (err < 0) {
		check(err == -ERR_FORMAT && count > 0);
		return 0;
	}
	check(count == 0);
	consistent(cfg);
	err = fdtgen_build(cfg, &info, tree, sizeof(tree));
	check(err == 0 || err == -ERR_NOSPC || cfg->extra_node >= 0);
	if (err == 0) {
		check(fdt_check_full(tree, sizeof(tree)) == 0);
	}
	config_free(cfg);
	return 0;
}
