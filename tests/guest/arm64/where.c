/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints where its loader put things: the image, the tree (in x0, and whether
 * one is at the start of RAM), and the initial RAM disk. It runs under the
 * hypervisor and directly on QEMU's virt machine.
 */
#include <guest.h>
#include <stddef.h>

#define RAM UINT64_C(0x40000000)
#define FDT_MAGIC 0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_PROP 3
#define FDT_NOP 4
#define FDT_END_NODE 2

extern const uint8_t image_start[];

static uint32_t be32(const uint32_t *p)
{
	return __builtin_bswap32(*p);
}

static bool is_tree(const uint32_t *tree)
{
	return tree != NULL && be32(tree) == FDT_MAGIC;
}

/* The value of the first property of the name, as a number; 0: none. */
static uint64_t tree_number(const uint32_t *tree, const char *name)
{
	const uint32_t *at = tree + be32(tree + 2) / 4;
	const char *names = (const char *)tree + be32(tree + 3);

	for (;;) {
		uint32_t tag = be32(at++);

		if (tag == FDT_BEGIN_NODE) {
			const char *s = (const char *)at;

			while (*s++ != '\0') {}
			at += (s - (const char *)at + 3) / 4;
		} else if (tag == FDT_PROP) {
			uint32_t len = be32(at);
			const char *own = names + be32(at + 1);

			if (guest_begins(own, name) && len >= 4) {
				return len == 4 ? be32(at + 2)
						: (uint64_t)be32(at + 2) << 32 |
							  be32(at + 3);
			}
			at += 2 + (len + 3) / 4;
		} else if (tag != FDT_NOP && tag != FDT_END_NODE) {
			return 0;
		}
	}
}

static void say(const char *name, uint64_t value)
{
	guest_putc(' ');
	guest_puts(name);
	guest_putc('=');
	guest_puthex(value);
}

void guest_main(const void *tree)
{
	const void *first = (const void *)RAM;
	const void *found = is_tree(tree) ? tree : first;

	guest_puts("where:");
	say("image", (uint64_t)image_start);
	say("x0", (uint64_t)tree);
	say("first", is_tree(first));
	if (is_tree(found)) {
		say("initrd", tree_number(found, "linux,initrd-start"));
		say("end", tree_number(found, "linux,initrd-end"));
	}
	guest_puts(" .\n");
	for (;;) {
		__asm__ volatile("wfi");
	}
}
