/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared memory: guests write anything to their doorbells while the operator
 * makes, grants, revokes and destroys. After each step every window shows what
 * its guest was granted, and nothing else; at the end all memory is back.
 */
#include <stdlib.h>
#include <string.h>

#include <arch/guest.h>
#include <core/guest.h>
#include <core/percpu.h>
#include <libs/error.h>

#include "core/msg/shared_priv.h"
#include "emulators/msg/shared_memory.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define GUESTS 3
#define BASE GIB(2)
#define WINDOW MIB(4)
#define LINE 7
#define HEAP_KEEPS 16 /* pages, at most */

#define check(cond) \
	do { \
		if (!(cond)) { \
			abort(); \
		} \
	} while (0)

static const char *const names[GUESTS] = { "one", "two", "three" };
static const char *const regions[] = { "ring", "other" };
static struct guest_config cfgs[GUESTS];
static struct config_device nodes[GUESTS];
static struct guest guests[GUESTS];
static struct emu_device devs[GUESTS];
static struct shared_window windows[GUESTS];
static struct vcpu self; /* mutexes have owners */

struct record {
	uint8_t what, guest;
	uint8_t off;
	uint8_t bytes; /* of the access: its logarithm */
	uint8_t value[8];
};

void arch_guest_irq(struct guest *g, unsigned int line, bool level)
{
	check(line == LINE && level && g >= guests && g < guests + GUESTS);
}

static void begin(unsigned int i, unsigned int how)
{
	nodes[i] = (struct config_device){
		.irqs = { { LINE, true } },
		.nirqs = 1,
		.nregs = 2,
		.node = -1,
	};
	guests[i] = (struct guest){ .name = names[i], .cfg = &cfgs[i] };
	devs[i] = (struct emu_device){
		.guest = &guests[i],
		.cfg = &nodes[i],
		.name = "ring",
		.state = &windows[i],
	};
	windows[i] = (struct shared_window){
		.dev = &devs[i],
		.name = regions[how & 1],
		.base = IPA(BASE),
		.size = WINDOW,
		.most = how & 2 ? SHARED_READ : SHARED_WRITE,
		.wanted = how & 4 ? (how >> 3) % SHARED_PEERS_MAX
				  : SHARED_NUMBER_ANY,
	};
	check(stage2_init(&guests[i].stage2, 32, PAGE_ANY_COLOUR) == 0);
}

static bool is_known(unsigned int i)
{
	return windows[i].node.next;
}

/* Sizes that fit the window, do not, or are none. */
static uint64_t size_of(uint64_t v)
{
	return (v & 0xff) * (v & 0x100 ? 100 : 16 * PAGE_SIZE);
}

static void operate(const struct record *r, unsigned int i, uint64_t v)
{
	struct shared_make make = { .name = regions[v >> 9 & 1],
				    .size = size_of(v),
				    .cache = (v >> 10) % 3 };
	struct colour_refusal why;

	switch (r->what & 7) {
	case 0:
		(void)!shared_create(&make, &why);
		break;
	case 1:
		(void)!shared_destroy(make.name);
		break;
	case 2:
		(void)!shared_grant(make.name, names[i],
				    v & 1 ? SHARED_READ : SHARED_WRITE);
		break;
	case 3:
		(void)!shared_revoke(make.name, names[i]);
		break;
	case 4:
		if (!is_known(i)) {
			make.name = windows[i].name;
			(void)!shared_window_init(&windows[i], &make, &why);
		}
		break;
	case 5:
		if (is_known(i)) {
			shared_window_fini(&windows[i]);
		}
		break;
	default:
		if (is_known(i)) {
			shared_window_reset(&windows[i]);
		}
		break;
	}
}

/* What the guest has at one page of its window. */
static void check_page(unsigned int i, uint64_t off)
{
	const struct shared_window *w = &windows[i];
	enum stage2_prot prot;
	paddr_t pa;
	bool mapped = stage2_lookup(&guests[i].stage2, IPA(BASE + off), &pa,
				    &prot) == 0;

	shared_lock();
	if (mapped) {
		check(w->region);
		check(shared_check(&guests[i], IPA(BASE + off), PAGE_SIZE,
				   pa) == 1);
		check(w->access == SHARED_WRITE || prot == STAGE2_RO ||
		      prot == STAGE2_RO_NC);
	} else {
		check(!w->region || off >= w->region->size);
	}
	shared_unlock();
}

static void step(const struct record *r)
{
	unsigned int i = r->guest % GUESTS;
	struct emu_access a = { .off = r->off % 64 & ~3u,
				.size = 4,
				.region = r->bytes & 1 ? REGION_WINDOW
						       : REGION_DOORBELL,
				.write = r->bytes & 2 };
	uint64_t v;

	memcpy(&v, r->value, sizeof(v));
	if (r->what & 0x80) {
		operate(r, i, v);
	} else if (is_known(i)) {
		a.value = (uint32_t)v;
		(void)!shared_memory_access(&devs[i], &a);
	}
	for (unsigned int g = 0; g < GUESTS; g++) {
		check_page(g, 0);
		check_page(g, WINDOW / 2 - PAGE_SIZE);
		check_page(g, WINDOW - PAGE_SIZE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct page_stats before, after;
	struct shared_info info;
	struct record r;

	if (size < GUESTS) {
		return 0;
	}
	this_cpu()->current = &self;
	page_get_stats(&before);
	for (unsigned int i = 0; i < GUESTS; i++) {
		begin(i, data[i]);
	}
	for (size_t at = GUESTS; at + sizeof(r) <= size; at += sizeof(r)) {
		memcpy(&r, data + at, sizeof(r));
		step(&r);
	}
	for (unsigned int i = 0; i < GUESTS; i++) {
		if (is_known(i)) {
			shared_window_fini(&windows[i]);
		}
		stage2_fini(&guests[i].stage2);
	}
	for (unsigned int n = 0; n < ARRAY_SIZE(regions); n++) {
		int err = shared_destroy(regions[n]);

		check(err == 0 || err == -ERR_NOENT);
	}
	page_get_stats(&after);
	check(!shared_get_nth(0, &info));
	check(after.free + HEAP_KEEPS >= before.free);
	return 0;
}
