/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A window on shared memory, and its doorbell. `reg` has the window, and, if
 * the device has a doorbell, its registers, words each; then it has an
 * interrupt, an edge. What the guest accesses in the window while nothing is
 * mapped there, and what it writes to a region that it may only read, has the
 * answer of addresses where nothing is. docs/design/messaging.md.
 */
#include <core/emulator.h>
#include <core/guest.h>
#include <core/log.h>
#include <core/schema.h>
#include <core/shared_memory.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Regions of the device. */
enum { REGION_WINDOW, REGION_DOORBELL };

/* Offsets of the doorbell's registers. RO: writes are ignored. */
#define DOORBELL_VERSION 0x00 /* RO: 1 */
#define DOORBELL_SIZE 0x04   /* RO: of the region, in pages of 4 KiB; 0: none */
#define DOORBELL_ACCESS 0x08 /* RO: 0 none, 1 read-only, 2 read-write */
#define DOORBELL_NUMBER 0x0c /* RO: of this peer, 0 to 30 */
#define DOORBELL_COUNT 0x10  /* RO: of peers that are up */
#define DOORBELL_STATUS 0x14 /* RO: bit n: peer n is up */
#define DOORBELL_STATE 0x18  /* RW: 1: this peer is up; 0 at reset */
#define DOORBELL_RING 0x1c   /* WO: peer in bits 15:8, vector in 7:0 */
#define DOORBELL_PENDING \
	0x20                 /* RO: vectors; bit 31: status or region changed */
#define DOORBELL_ACK 0x24    /* R: the same, and clears all; W: clears these */
#define DOORBELL_ENABLE 0x28 /* RW: vectors that interrupt; 0 at reset */

#define VERSION 1
#define STATE_UP 1

static uint32_t count_bits(uint32_t set)
{
	uint32_t n = 0;

	for (; set; set &= set - 1) {
		n++;
	}
	return n;
}

static uint32_t doorbell_read(struct shared_window *w, uint64_t off)
{
	switch (off) {
	case DOORBELL_VERSION:
		return VERSION;
	case DOORBELL_SIZE:
		return (uint32_t)(shared_size(w) / PAGE_SIZE);
	case DOORBELL_ACCESS:
		return READ_ONCE(w->access);
	case DOORBELL_NUMBER:
		return READ_ONCE(w->number);
	case DOORBELL_COUNT:
		return count_bits(shared_peers_up(w));
	case DOORBELL_STATUS:
		return shared_peers_up(w);
	case DOORBELL_STATE:
		return shared_peers_up(w) >> (READ_ONCE(w->number) & 31) &
		       STATE_UP;
	case DOORBELL_PENDING:
		return READ_ONCE(w->pending);
	case DOORBELL_ACK:
		return shared_acknowledge(w, UINT32_MAX);
	case DOORBELL_ENABLE:
		return READ_ONCE(w->enabled);
	default:
		return 0;
	}
}

static void doorbell_write(struct shared_window *w, uint64_t off, uint32_t v)
{
	switch (off) {
	case DOORBELL_STATE:
		shared_set_up(w, v & STATE_UP);
		break;
	case DOORBELL_ACK:
		(void)shared_acknowledge(w, v);
		break;
	case DOORBELL_ENABLE:
		shared_enable(w, v);
		break;
	default:
		break;
	}
}

static int shared_memory_access(struct emu_device *dev, struct emu_access *a)
{
	struct shared_window *w = dev->state;

	if (a->region != REGION_DOORBELL) {
		return -ERR_FAULT;
	}
	if (a->write && likely(a->off == DOORBELL_RING)) {
		shared_ring(w, (uint32_t)a->value >> 8, a->value & 0xff);
	} else if (a->write) {
		doorbell_write(w, a->off, (uint32_t)a->value);
	} else {
		a->value = doorbell_read(w, a->off);
	}
	return 0;
}

/* --- life ---------------------------------------------------------------- */

static int __printf(2, 3)
	refuse(const struct emu_device *dev, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_err("guest %s: /devices/%s: %s", dev->guest->name, dev->name, text);
	return -ERR_INVAL;
}

static int check_shape(const struct emu_device *dev)
{
	const struct config_device *cfg = dev->cfg;
	const struct config_range *window = &cfg->regs[REGION_WINDOW];

	if (cfg->nregs > 2) {
		return refuse(dev,
			      "reg: found %u entries; allowed the window, "
			      "and the doorbell's registers",
			      cfg->nregs);
	}
	if (!emu_prop_str(dev, "region", 0)) {
		return refuse(dev, "region: missing; allowed a name");
	}
	if (!IS_ALIGNED(window->base | window->size, PAGE_SIZE)) {
		return refuse(dev, "reg: found a window that is not of whole "
				   "pages; allowed multiples of 0x1000");
	}
	if (cfg->nregs == 2 && (cfg->nirqs != 1 || !cfg->irqs[0].edge)) {
		return refuse(dev,
			      "interrupts: found %s; allowed an edge, for "
			      "the doorbell",
			      cfg->nirqs == 1 ? "a level" : "not one");
	}
	return 0;
}

static bool is_choice(const struct emu_device *dev, const char *prop,
		      const char *choice)
{
	const char *s = emu_prop_str(dev, prop, 0);

	return s && strcmp(s, choice) == 0;
}

static colour_mask_t colours_of(const struct emu_device *dev)
{
	colour_mask_t set = 0;
	const uint8_t *cells;
	int len = 0;

	cells = emu_prop(dev, "socle,colors", &len);
	for (int i = 0; cells && i + 4 <= len; i += 4) {
		set |= BIT(cells[i + 3] % 64); /* the row allows 0 to 63 */
	}
	return set;
}

static int make_of(const struct emu_device *dev, struct shared_make *make)
{
	const char *size = emu_prop_str(dev, "size", 0);

	*make = (struct shared_make){
		.name = emu_prop_str(dev, "region", 0),
		.colours = colours_of(dev),
		.colours_shared = emu_prop_str(dev, "socle,colors-shared", 0),
	};
	if (is_choice(dev, "cache", "non-cacheable")) {
		make->cache = SHARED_NONCACHEABLE;
	} else if (is_choice(dev, "cache", "write-back")) {
		make->cache = SHARED_WRITE_BACK;
	}
	if (size && parse_size(size, &make->size) != 0) {
		return refuse(dev, "size: found \"%.20s\"; allowed a size",
			      size);
	}
	if (make->colours & ~colour_all()) {
		return refuse(dev,
			      "socle,colors: found one that this host has "
			      "not; allowed 0..%u",
			      page_colours() - 1);
	}
	return 0;
}

/* What an error of shared_window_init() means. */
static int explain(const struct emu_device *dev, const struct shared_make *make,
		   const struct colour_refusal *why, int err)
{
	struct shared_info info = { .size = 0 };
	int found = shared_get_info(make->name, &info);

	switch (err) {
	case -ERR_RANGE:
		return refuse(
			dev,
			"reg: found a window of 0x%llx bytes for "
			"region %s of 0x%llx; allowed whole pages, "
			"that it fits in, 1 GiB at most",
			(unsigned long long)dev->cfg->regs[0].size, make->name,
			(unsigned long long)(found ? make->size : info.size));
	case -ERR_STATE:
		return refuse(dev,
			      "region: found another size, cache or "
			      "colors than %s has; allowed the same, or "
			      "none",
			      make->name);
	case -ERR_EXIST:
		return refuse(dev, "socle,peer: found a number that another "
				   "guest has; allowed one of its own");
	case -ERR_BUSY:
		return refuse(dev,
			      "socle,colors: found colours that %s has; "
			      "allowed what is free",
			      why->owner);
	case -ERR_NOSPC:
		return refuse(dev,
			      "region: found one more region, or guest of "
			      "it; allowed %d regions, and %d guests",
			      SHARED_REGIONS_MAX, SHARED_PEERS_MAX);
	default:
		return err;
	}
}

static int shared_memory_init(struct emu_device *dev)
{
	struct shared_window *w = dev->state;
	struct colour_refusal why = { .taken = 0 };
	struct shared_make make;
	int err = check_shape(dev);

	if (!err) {
		err = make_of(dev, &make);
	}
	if (err) {
		return err;
	}
	w->dev = dev;
	w->name = make.name;
	w->base = IPA(dev->cfg->regs[REGION_WINDOW].base);
	w->size = dev->cfg->regs[REGION_WINDOW].size;
	w->most = is_choice(dev, "access", "read-only") ? SHARED_READ
							: SHARED_WRITE;
	w->wanted = emu_prop_u32(dev, "socle,peer", SHARED_NUMBER_ANY);
	err = shared_window_init(w, &make, &why);
	return err ? explain(dev, &make, &why, err) : 0;
}

static void shared_memory_fini(struct emu_device *dev)
{
	shared_window_fini(dev->state);
}

/* The contents stay: they are the peers' too. */
static void shared_memory_reset(struct emu_device *dev)
{
	shared_window_reset(dev->state);
}

static const char *const access_names[] = { "read-only", "read-write", NULL };
static const char *const cache_names[] = { "write-back", "non-cacheable",
					   NULL };

static const struct schema_prop shared_memory_props[] = {
	{
		.name = "region",
		.type = SCHEMA_NAME,
		.required = true,
		.min = 1,
		.max = SHARED_NAME_MAX - 1,
		.doc = REFERENCE("Name of the region. One that is not there is "
				 "made, and goes with the last guest that "
				 "names it."),
	},
	{
		.name = "access",
		.type = SCHEMA_CHOICE,
		.choices = access_names,
		.otherwise = REFERENCE("read-write"),
		.doc = REFERENCE("The most that the guest may do."),
	},
	{
		.name = "size",
		.type = SCHEMA_SIZE,
		.min = KIB(4),
		.max = SHARED_SIZE_MAX,
		.align = KIB(4),
		.otherwise = REFERENCE("the window's"),
		.doc = REFERENCE("Size of the region."),
	},
	{
		.name = "cache",
		.type = SCHEMA_CHOICE,
		.choices = cache_names,
		.otherwise = REFERENCE("write-back"),
		.doc = REFERENCE("Memory type of the region."),
	},
	{
		.name = "socle,peer",
		.type = SCHEMA_U32,
		.max = SHARED_PEERS_MAX - 1,
		.otherwise = REFERENCE("the lowest free one"),
		.doc = REFERENCE("Number among the region's peers."),
	},
	{
		.name = "socle,colors",
		.type = SCHEMA_LIST,
		.max = 63,
		.otherwise = REFERENCE("those that no guest has"),
		.doc = REFERENCE("Cache colours of the region."),
	},
	{
		.name = "socle,colors-shared",
		.type = SCHEMA_NAME,
		.min = 1,
		.max = SHARED_NAME_MAX - 1,
		.otherwise = REFERENCE("none"),
		.doc = REFERENCE("The colours are shared with guests of this "
				 "`colors-shared`."),
	},
	{ .name = NULL },
};

static const char *const shared_memory_compatible[] = { "socle,shared-memory",
							NULL };
/* Linux's driver uio_pdrv_genirq is for what its parameter of_id names. */
static const char *const shared_memory_os[] = { "socle,shared-memory",
						"generic-uio", NULL };

static const struct emulator shared_memory_emulator = {
	.name = "shared-memory",
	.compatible = shared_memory_compatible,
	.state_size = sizeof(struct shared_window),
	.word_registers = true,
	.init = shared_memory_init,
	.fini = shared_memory_fini,
	.reset = shared_memory_reset,
	.stopped = shared_memory_reset,
	.access = shared_memory_access,
	.min_size = KIB(4),
	.slot = "socle,shared-memory-slot",
	.props = shared_memory_props,
	.shared_region = "region",
	.os_compatible = shared_memory_os,
};
EMULATOR(shared_memory_emulator);
