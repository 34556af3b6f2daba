/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's emulated devices, and the map of their addresses. */
#include <arch/guest.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <libs/error.h>

#include "guest_priv.h"

#define MAX_ARCH_REGIONS 4

static int build_map(struct guest *g)
{
	struct emu_region *r;
	unsigned int n = 0;
	int err;

	r = heap_alloc_array(g->cfg->ndevices * CONFIG_MAX_REGS +
				     MAX_ARCH_REGIONS,
			     sizeof(*r));
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
				.space = c->space,
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

void guest_devices_fini(struct guest *g)
{
	heap_free(g->emu_map.regions);
	g->emu_map = (struct emu_map){ .regions = NULL };
	for (uint32_t i = g->cfg->ndevices; g->devices && i-- > 0;) {
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
		int err =
			emu_device_init(&g->devices[i], g, &g->cfg->devices[i]);

		if (err) {
			log_err("guest %s: device %s: %s", g->name,
				g->cfg->devices[i].name, err_str(err));
			g->devices[i].emu = NULL;
			return err;
		}
	}
	return 0;
}

int guest_devices_init(struct guest *g)
{
	int err = init_devices(g);

	return err ? err : build_map(g);
}
