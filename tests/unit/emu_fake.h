/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world around an emulated device, for tests that include the emulator's
 * own .c file: a guest with a little RAM, one console, interrupt lines, a
 * clock that the test moves, work that it runs, and memory that it can deny.
 * Locks check that they are not taken twice or left locked.
 */
#ifndef TESTS_UNIT_EMU_FAKE_H
#define TESTS_UNIT_EMU_FAKE_H

#include <core/console.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/rtc.h>
#include <core/time.h>
#include <core/work.h>
#include <emu/emulator.h>
#include <libfdt.h>
#include <libs/error.h>
#include <libs/vfs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_RAM_BASE 0x40000000
#define FAKE_RAM_SIZE 0x40000
#define FAKE_BASE 0x9000000
#define FAKE_INTID 33

/* What an emulator did wrong towards the hypervisor. */
#define fake_check(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#cond); \
			abort(); \
		} \
	} while (0)

/* --- locks -------------------------------------------------------------- */

static struct spinlock *fake_held;	/* a device takes no second one */

void spin_init(struct spinlock *l, enum lock_class class)
{
	(void)class;
	memset(l, 0, sizeof(*l));
}

void spin_lock(struct spinlock *l)
{
	fake_check(!fake_held && "lock taken twice");
	fake_held = l;
}

void spin_unlock(struct spinlock *l)
{
	fake_check(fake_held == l);
	fake_held = NULL;
}

unsigned long arch_irq_save(void)
{
	return 0;
}

void arch_irq_restore(unsigned long flags)
{
	(void)flags;
}

void host_point(void)
{
}

void log_line(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

/* --- memory ------------------------------------------------------------- */

static int fake_heap_budget = -1;	/* allocations left; -1: any number */
static int fake_heap_live;

void *heap_alloc(size_t size)
{
	fake_check(!fake_held && "allocation with a lock held");
	if (fake_heap_budget == 0) {
		return NULL;
	}
	fake_heap_budget -= fake_heap_budget > 0;
	fake_heap_live++;
	return calloc(1, size);
}

void heap_free(void *p)
{
	fake_heap_live -= p != NULL;
	free(p);
}

/* --- contents shown as memory ------------------------------------------- */

static uint8_t fake_rom[4 * PAGE_SIZE];
static unsigned int fake_rom_live;
static int fake_rom_error;		/* of the next guest_rom_init() */
static bool fake_rom_synced;

int guest_rom_init(struct guest *g, struct guest_rom *rom, ipa_t base,
		   uint64_t size)
{
	(void)g;
	if (fake_rom_error) {
		return fake_rom_error;
	}
	*rom = (struct guest_rom) {
		.base = base, .size = ALIGN_UP(size, PAGE_SIZE),
		.data = fake_rom,
	};
	fake_check(rom->size <= sizeof(fake_rom));
	fake_rom_live++;
	return 0;
}

void guest_rom_fini(struct guest *g, struct guest_rom *rom)
{
	(void)g;
	fake_rom_live -= rom->size != 0;
	rom->size = 0;
}

void guest_rom_sync(struct guest_rom *rom)
{
	fake_check(!rom->shown);
	fake_rom_synced = true;
}

void guest_rom_show(struct guest *g, struct guest_rom *rom, bool show)
{
	(void)g;
	fake_check(fake_held);
	rom->shown = rom->size && show;
}

/* --- time --------------------------------------------------------------- */

#define FAKE_TIMERS 8
static ticks_t fake_now = 1000000000;
static struct timer *fake_timers[FAKE_TIMERS];	/* armed */
static unsigned int fake_timers_fired;

ticks_t time_now(void)
{
	return fake_now;
}

uint64_t time_now_ns(void)
{
	return fake_now;
}

uint64_t ticks_to_ns(ticks_t t)
{
	return t;
}

ticks_t ns_to_ticks(uint64_t ns)
{
	return ns;
}

ticks_t ms_to_ticks(uint64_t ms)
{
	return ms * 1000000;
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	memset(t, 0, sizeof(*t));
	t->fn = fn;
}

/* The real one asks the same of t->link. */
static void fake_timer_remove(struct timer *t)
{
	t->link = NULL;
	for (int i = 0; i < FAKE_TIMERS; i++) {
		if (fake_timers[i] == t) {
			fake_timers[i] = NULL;
		}
	}
}

void timer_set(struct timer *t, ticks_t deadline)
{
	fake_timer_remove(t);
	t->deadline = deadline;
	for (int i = 0; i < FAKE_TIMERS; i++) {
		if (!fake_timers[i]) {
			fake_timers[i] = t;
			t->link = &fake_timers[i];
			return;
		}
	}
	abort();
}

void timer_cancel(struct timer *t)
{
	fake_check(!fake_held && "cancel with a lock its callback takes");
	fake_timer_remove(t);
}

static inline bool fake_timer_armed(void)
{
	for (int i = 0; i < FAKE_TIMERS; i++) {
		if (fake_timers[i]) {
			return true;
		}
	}
	return false;
}

static inline struct timer *fake_timer_due(ticks_t until)
{
	struct timer *first = NULL;

	for (int i = 0; i < FAKE_TIMERS; i++) {
		struct timer *t = fake_timers[i];

		if (t && t->deadline <= until &&
		    (!first || t->deadline < first->deadline)) {
			first = t;
		}
	}
	return first;
}

/* Let time pass; timers fire at their moment. */
static inline void fake_advance(uint64_t ns)
{
	ticks_t until = fake_now + ns;
	struct timer *t;

	while ((t = fake_timer_due(until)) != NULL) {
		fake_now = t->deadline > fake_now ? t->deadline : fake_now;
		fake_timer_remove(t);
		fake_timers_fired++;
		t->fn(t);
	}
	fake_now = until;
}

/* --- work --------------------------------------------------------------- */

static struct work *fake_work;		/* queued; one at a time is enough */

void work_init(struct work *w, void (*fn)(struct work *w))
{
	memset(w, 0, sizeof(*w));
	w->fn = fn;
}

void work_queue(struct work *w)
{
	fake_check(!fake_work || fake_work == w);
	fake_work = w;
}

void work_cancel(struct work *w)
{
	fake_check(!fake_held);
	if (fake_work == w) {
		fake_work = NULL;
	}
}

/* Run what is queued once; false if nothing is. */
static inline bool fake_run_work(void)
{
	struct work *w = fake_work;

	fake_work = NULL;
	if (w) {
		w->fn(w);
	}
	return w != NULL;
}

/* --- console ------------------------------------------------------------ */

struct console {
	console_notify_t notify;
	void *ctx;
	char name[16];
	uint8_t out[4096], in[4096];
	size_t nout, nin, in_at;
	unsigned int reads;
};
static struct console *fake_console;

int console_create(struct console **out, const char *owner, const char *device,
		   console_notify_t notify, void *ctx)
{
	(void)owner;
	if (fake_heap_budget == 0) {
		return -ERR_NOMEM;
	}
	fake_console = calloc(1, sizeof(*fake_console));
	fake_console->notify = notify;
	fake_console->ctx = ctx;
	(void)snprintf(fake_console->name, sizeof(fake_console->name), "%s",
		       device);
	*out = fake_console;
	return 0;
}

void console_destroy(struct console *c)
{
	fake_check(!fake_held && c == fake_console);
	free(c);
	fake_console = NULL;
}

struct console *console_get(const char *owner, const char *device)
{
	(void)owner;
	return fake_console && strcmp(fake_console->name, device) == 0 ?
	       fake_console : NULL;
}

void console_put(struct console *c)
{
	(void)c;
}

void console_write(struct console *c, const uint8_t *buf, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		c->out[c->nout++ % sizeof(c->out)] = buf[i];
	}
}

size_t console_read(struct console *c, uint8_t *buf, size_t n)
{
	size_t got = MIN(n, c->nin - c->in_at);

	memcpy(buf, c->in + c->in_at, got);
	c->in_at += got;
	c->reads++;
	return got;
}

/* Type at it. */
static inline void fake_type(const char *s)
{
	size_t n = strlen(s);

	if (fake_console->in_at == fake_console->nin) {
		fake_console->in_at = 0;
		fake_console->nin = 0;
	}
	if (fake_console->nin + n <= sizeof(fake_console->in)) {
		memcpy(fake_console->in + fake_console->nin, s, n);
		fake_console->nin += n;
	}
	fake_console->notify(fake_console->ctx);
}

/* --- guest -------------------------------------------------------------- */

static struct guest fake_guest;
static struct guest_config fake_cfg;
static struct config_device fake_node;
static struct emu_device fake_dev;
static uint8_t fake_ram[FAKE_RAM_SIZE];
static uint8_t fake_blob[4096];
static bool fake_line;			/* level of the interrupt line */
static unsigned int fake_line_calls;
static enum guest_action fake_action;
static struct vfs_stat fake_file;
static const char *fake_file_path = "/image";

void arch_guest_irq(struct guest *g, unsigned int intid, bool level)
{
	fake_check(g == &fake_guest && intid == FAKE_INTID);
	fake_line = level;
	fake_line_calls++;
}

void guest_request(struct guest *g, enum guest_action action)
{
	fake_check(g == &fake_guest && !fake_held);
	fake_action = action;
}

static inline uint8_t *fake_ram_at(ipa_t ipa, size_t n)
{
	uint64_t off = ipa.v - FAKE_RAM_BASE;

	return off <= FAKE_RAM_SIZE && n <= FAKE_RAM_SIZE - off ?
	       fake_ram + off : NULL;
}

int guest_read(struct guest *g, ipa_t ipa, void *buf, size_t n)
{
	const uint8_t *p = fake_ram_at(ipa, n);

	(void)g;
	if (!p) {
		return -ERR_FAULT;
	}
	memcpy(buf, p, n);
	return 0;
}

int guest_write(struct guest *g, ipa_t ipa, const void *buf, size_t n)
{
	uint8_t *p = fake_ram_at(ipa, n);

	(void)g;
	if (!p) {
		return -ERR_FAULT;
	}
	memcpy(p, buf, n);
	return 0;
}

int vfs_stat(const char *path, struct vfs_stat *st)
{
	if (!fake_file_path || strcmp(path, fake_file_path) != 0) {
		return -ERR_NOENT;
	}
	*st = fake_file;
	return 0;
}

/* --- the device under test ---------------------------------------------- */

/* Begin a description whose one node gets properties by fdt_property_*(). */
static inline void fake_node_begin(void)
{
	int err = fdt_create(fake_blob, sizeof(fake_blob));

	err |= fdt_finish_reservemap(fake_blob);
	err |= fdt_begin_node(fake_blob, "");
	err |= fdt_begin_node(fake_blob, "device");
	fake_check(err == 0);
}

static inline void fake_node_end(void)
{
	int err = fdt_end_node(fake_blob);

	err |= fdt_end_node(fake_blob);
	err |= fdt_finish(fake_blob);
	fake_check(err == 0);
	fake_node.node = fdt_path_offset(fake_blob, "/device");
}

/* A checked node without properties of its own; one region, one line. */
static inline void fake_config(const char *compatible, uint64_t size)
{
	fake_node = (struct config_device) {
		.name = "device@9000000",
		.compatible = compatible,
		.regs = { { FAKE_BASE, size } },
		.nregs = 1,
		.irqs = { { FAKE_INTID, false } },
		.nirqs = 1,
		.node = -1,
	};
	fake_cfg = (struct guest_config) {
		.blob = fake_blob,
		.name = "guest",
		.vcpus = 2,
		.memory_size = FAKE_RAM_SIZE,
	};
	fake_guest.cfg = &fake_cfg;
	fake_guest.name = fake_cfg.name;
	fake_line = false;
	fake_line_calls = 0;
	fake_action = GUEST_ACT_NONE;
	fake_heap_budget = -1;
}

static inline int fake_start(void)
{
	int err = emu_device_init(&fake_dev, &fake_guest, &fake_node);

	if (!err) {
		emu_device_reset(&fake_dev);
	}
	return err;
}

/* Take the device away; true if nothing of it stays. */
static inline bool fake_stop(void)
{
	emu_device_fini(&fake_dev);
	return fake_heap_live == 0 && fake_rom_live == 0 && !fake_held &&
	       !fake_timer_armed() && !fake_work && !fake_console;
}

static inline int fake_access(unsigned int region, uint64_t off,
			      unsigned int size, bool write, uint64_t *value)
{
	struct emu_region r = {
		.base = IPA(fake_node.regs[region].base),
		.size = fake_node.regs[region].size,
		.dev = &fake_dev,
		.index = (uint8_t)region,
	};
	int err = emu_access_region(&r, IPA(r.base.v + off), size, write,
				    value);

	fake_check(!fake_held && "access left a lock");
	return err;
}

static inline uint64_t fake_read(uint64_t off, unsigned int size)
{
	uint64_t v = UINT64_C(0x5555555555555555);
	int err = fake_access(0, off, size, false, &v);

	fake_check(err == 0);
	return v;
}

static inline void fake_write(uint64_t off, uint64_t v, unsigned int size)
{
	int err = fake_access(0, off, size, true, &v);

	fake_check(err == 0);
}

static inline uint32_t rd(uint64_t off)
{
	return (uint32_t)fake_read(off, 4);
}

static inline void wr(uint64_t off, uint32_t v)
{
	fake_write(off, v, 4);
}

#endif
