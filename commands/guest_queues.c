/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command guest queues: what has passed the queues of its virtio devices. */
#include <core/emulator.h>
#include <core/virtio.h>
#include <core/virtio_mmio.h>
#include <libs/error.h>

#include "guest_cmd.h"
#include "queues.h"

int guest_cmd_queues(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = { { "DEVICE", COL_STR },
					      QUEUE_COLUMNS };
	bool json = take_flag(&argc, argv, "--json");
	struct guest *g = guest_cmd_find(s, argc, argv, 1);
	struct queue_counts c;
	struct table *t;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (uint32_t i = 0; i < g->cfg->ndevices; i++) {
		const struct emu_device *dev = &g->devices[i];
		struct virtio_device *vd = virtio_mmio_device(dev);

		for (unsigned int n = 0;
		     vd != NULL && virtio_queue_counts(vd, n, &c); n++) {
			table_str(t, dev->name);
			queue_row(t, &c);
		}
	}
	table_end(t);
	guest_put(g);
	return 0;
}
