/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a guest's description: refused with mistakes that a terminal
 * can show, or accepted and then consistent, and the OS's tree can be made.
 */
#include <libfdt.h>

#include <core/guest_config.h>
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

/* What those who use an accepted description rely on. */
static void consistent(const struct guest_config *cfg)
{
	uint32_t i, n;

	check(strlen(cfg->name) > 0 && cfg->kernel && cfg->kernel[0] == '/');
	check(cfg->vcpus >= 1 && cfg->vcpus <= CONFIG_MAX_VCPUS);
	check(cfg->gic_version == 3 || cfg->vcpus <= 8);
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

		check(emulator_find(dev->compatible) != NULL);
		check(dev->nregs >= 1 && dev->nregs <= CONFIG_MAX_REGS);
		for (n = 0; n < dev->nirqs; n++) {
			check(dev->irqs[n].intid >= 32 &&
			      dev->irqs[n].intid < 32 + cfg->nspis);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct config_limits limits[] = {
		{ .host_cpus = 0 },
		{ .host_cpus = 4,
		  .ipa_bits = 36,
		  .gic_version = 2,
		  .gicv2_ok = true,
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
