/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a kernel: it is refused, or gets a place of its own in RAM, as
 * do the initial RAM disk and the tree.
 */
#include <stdlib.h>
#include <string.h>

#include <arch/guest_platform.h>
#include <core/guest_image.h>
#include <core/guest_place.h>
#include <core/guest_platform.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Before the file: how it is described. */
struct setup {
	uint8_t format, flags, ram_mib, initrd_mib;
	uint32_t addr, entry, file_size;
};
#define FLAG_ADDR BIT(0)
#define FLAG_ENTRY BIT(1)
#define FLAG_BANKS BIT(2)
#define RAM (arch_guest_platform.ram_base)
#define TREE KIB(128)

static struct guest_config cfg;

static void describe(const struct setup *s, struct image_where *w)
{
	memset(&cfg, 0, sizeof(cfg));
	cfg.nmemory = s->flags & FLAG_BANKS ? 2 : 1;
	cfg.memory[0] = (struct config_range){ RAM, MIB(1u + s->ram_mib) };
	cfg.memory[1] = (struct config_range){ GIB(4), MIB(1u + s->ram_mib) };
	*w = (struct image_where){
		.ram_base = RAM,
		.format = (enum kernel_format)(s->format % 4),
		.has_addr = (s->flags & FLAG_ADDR) != 0,
		.addr = RAM + s->addr,
		.has_entry = (s->flags & FLAG_ENTRY) != 0,
		.entry = RAM + s->entry,
	};
}

/* Found, so free. */
static void take(struct place *p, uint64_t at, uint64_t size)
{
	if (place_claim(p, at, size) != 0) {
		abort();
	}
}

static void put_beside(struct place *p, const struct setup *s, uint64_t end)
{
	uint64_t initrd = 0, initrd_end = 0, tree;

	if (s->initrd_mib) {
		if (!arch_guest_platform.place_initrd(
			    p, end, MIB(s->initrd_mib), &initrd)) {
			return;
		}
		take(p, initrd, MIB(s->initrd_mib));
		initrd_end = initrd + MIB(s->initrd_mib);
	}
	if (arch_guest_platform.place_tree(
		    p, s->flags & 0x80 ? KERNEL_ELF : KERNEL_LINUX, end,
		    initrd_end, TREE, &tree)) {
		take(p, tree, TREE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct place place = { .cfg = &cfg };
	struct image_where where;
	struct image_plan plan;
	struct setup s;
	const char *why = NULL;
	uint8_t *head;
	size_t n;
	int err;

	if (size < sizeof(s)) {
		return 0;
	}
	memcpy(&s, data, sizeof(s));
	describe(&s, &where);
	n = MIN(size - sizeof(s), (size_t)IMAGE_HEAD_SIZE);
	head = malloc(n + 1);
	memcpy(head, data + sizeof(s), n);
	/* A file is longer than its head only where that is full. */
	err = image_plan(&plan, &where, head, n,
			 n == IMAGE_HEAD_SIZE ? n + s.file_size : n, &why);
	free(head);
	if (err) {
		if (!why || !*why) {
			abort(); /* the person is to be told */
		}
		return 0;
	}
	if (plan.nsegs < 1 || plan.nsegs > IMAGE_MAX_SEGMENTS ||
	    plan.format == KERNEL_AUTO) {
		abort();
	}
	(void)image_is_loaded(&plan, plan.entry);
	for (unsigned int i = 0; i < plan.nsegs; i++) {
		if (plan.seg[i].mem_size < plan.seg[i].file_size) {
			abort();
		}
		if (place_claim(&place, plan.seg[i].addr,
				plan.seg[i].mem_size) != 0) {
			return 0;
		}
	}
	put_beside(&place, &s, image_end(&plan));
	return 0;
}
