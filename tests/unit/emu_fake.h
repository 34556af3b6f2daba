/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world around an emulated device, for tests that include the emulator's
 * own .c file: a guest with a little RAM, one console, interrupt lines, a
 * clock that the test moves, work that it runs, and memory that it can deny.
 * Locks check that they are not taken twice or left locked.
 */
#ifndef TESTS_UNIT_EMU_FAKE_H
#define TESTS_UNIT_EMU_FAKE_H

#include <core/emulator.h>
#include <core/guest.h>
#include <core/heap.h>
#include <core/log.h>
#include <core/netswitch.h>
#include <core/random.h>
#include <core/rtc.h>
#include <core/time.h>
#include <core/trace.h>
#include <core/vfs.h>
#include <core/vserial.h>
#include <core/work.h>
#include <libfdt.h>
#include <libs/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_RAM_BASE 0x40000000
#define FAKE_RAM_SIZE 0x40000
#define FAKE_BASE 0x9000000
#define FAKE_INTID 33

/* Checks how an emulator uses the hypervisor. */
#define fake_check(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#cond); \
			abort(); \
		} \
	} while (0)

/* --- locks -------------------------------------------------------------- */

static struct spinlock *fake_held; /* the last one taken */

void spin_init(struct spinlock *l, enum lock_class class)
{
	memset(l, 0, sizeof(*l));
	l->class = (uint16_t) class;
}

void spin_lock(struct spinlock *l)
{
	fake_check(!fake_held || fake_held->class < l->class);
	l->below = fake_held;
	fake_held = l;
}

void spin_unlock(struct spinlock *l)
{
	fake_check(fake_held == l);
	fake_held = l->below;
}

void assert_held(const struct spinlock *l)
{
	const struct spinlock *held = fake_held;

	while (held && held != l) {
		held = held->below;
	}
	fake_check(held);
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

static unsigned int fake_log_asked; /* requests for lines about the guest */

bool log_allow(struct log_limit *limit)
{
	(void)limit;
	fake_log_asked++;
	return true;
}

/* --- random numbers ------------------------------------------------------ */

static uint8_t fake_random_next = 1;
static bool fake_random_seeded = true;

bool random_seeded(void)
{
	return fake_random_seeded;
}

void random_bytes(void *buf, size_t n)
{
	uint8_t *out = buf;

	while (n--) {
		*out++ = fake_random_next++;
	}
}

/* --- memory ------------------------------------------------------------- */

static int fake_heap_budget = -1; /* allocations left; -1: any number */
static int fake_heap_live;

void *heap_alloc_array(size_t count, size_t size)
{
	return heap_alloc(count * size);
}

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

static uint8_t fake_roms[2][MIB(1)]; /* in the order of their making */
static uint8_t *const fake_rom = fake_roms[0];
static unsigned int fake_rom_live;
static int fake_rom_error; /* of the next guest_rom_init() */
static bool fake_rom_synced;
static void (*fake_rom_hook)(void); /* called once, at the next sync */

int guest_rom_init(struct guest *g, struct guest_rom *rom, ipa_t base,
		   uint64_t size)
{
	(void)g;
	if (fake_rom_error) {
		return fake_rom_error;
	}
	*rom = (struct guest_rom){
		.base = base,
		.size = ALIGN_UP(size, PAGE_SIZE),
		.data = fake_roms[fake_rom_live],
	};
	fake_check(rom->size <= sizeof(fake_roms[0]));
	fake_rom_live++;
	fake_check(fake_rom_live <= ARRAY_SIZE(fake_roms));
	return 0;
}

void guest_rom_fini(struct guest *g, struct guest_rom *rom)
{
	(void)g;
	fake_rom_live -= rom->size != 0;
	rom->size = 0;
}

void *guest_rom_at(const struct guest_rom *rom, uint64_t off, uint64_t *n)
{
	fake_check(off < rom->size);
	/* In pieces, as a coloured guest's. */
	*n = MIN(*n, PAGE_SIZE - off % PAGE_SIZE);
	return (uint8_t *)rom->data + off;
}

void guest_rom_sync(struct guest_rom *rom, uint64_t off, uint64_t size)
{
	void (*hook)(void) = fake_rom_hook;

	fake_check(!rom->shown);
	fake_check(off + size <= rom->size);
	fake_rom_synced = true;
	fake_rom_hook = NULL;
	if (hook) {
		hook();
	}
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
static struct timer *fake_timers[FAKE_TIMERS]; /* armed */
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

/*
 * Called while a thread waits. NULL: nothing happens, and the wait never ends.
 */
static void (*fake_asleep)(void);

void sleep_ms(uint64_t ms)
{
	(void)ms;
	fake_check(fake_asleep && !fake_held);
	fake_asleep();
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	memset(t, 0, sizeof(*t));
	t->fn = fn;
}

/* The real function tests t->rank in the same way. */
static void fake_timer_remove(struct timer *t)
{
	t->rank = 0;
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
			t->rank = 1;
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

/* Let time pass; timers fire at their deadlines. */
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

static struct work *fake_work; /* the one queued item */

void work_init(struct work *w, struct workqueue *q, void (*fn)(struct work *w))
{
	(void)q;
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

/* Run the queued item once; false if there is none. */
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

struct vserial {
	vserial_notify_t notify;
	void *ctx;
	char name[16];
	uint8_t out[4096], in[4096];
	size_t nout, nin, in_at;
	unsigned int reads;
};
static struct vserial *fake_console;

int vserial_create_numbered(struct vserial **out, const char *owner,
			    const char *kind, vserial_notify_t notify,
			    void *ctx)
{
	(void)owner;
	if (fake_heap_budget == 0) {
		return -ERR_NOMEM;
	}
	fake_console = calloc(1, sizeof(*fake_console));
	fake_console->notify = notify;
	fake_console->ctx = ctx;
	(void)snprintf(fake_console->name, sizeof(fake_console->name), "%s0",
		       kind);
	*out = fake_console;
	return 0;
}

void vserial_destroy(struct vserial *c)
{
	fake_check(!fake_held && c == fake_console);
	free(c);
	fake_console = NULL;
}

void vserial_write(struct vserial *c, const uint8_t *buf, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		c->out[c->nout++ % sizeof(c->out)] = buf[i];
	}
}

size_t vserial_read(struct vserial *c, uint8_t *buf, size_t n)
{
	size_t got = MIN(n, c->nin - c->in_at);

	memcpy(buf, c->in + c->in_at, got);
	c->in_at += got;
	c->reads++;
	return got;
}

bool vserial_pending(const struct vserial *c)
{
	return c->nin > c->in_at;
}

const char *vserial_device(const struct vserial *c)
{
	return c->name;
}

/* Type at the console. */
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

#include "tests/unit/netport_fake.h"
#include "tests/unit/vmsg_fake.h"

/* --- guest -------------------------------------------------------------- */

/* Tracing is off. Core's own definition would need the scheduler. */
uint32_t trace_enabled;

void trace_write(enum trace_event event, uint32_t vcpu, uint32_t a, uint64_t b,
		 uint64_t c)
{
	(void)event;
	(void)vcpu;
	(void)a;
	(void)b;
	(void)c;
}

uint64_t trace_name(const char *name)
{
	(void)name;
	return 0;
}

struct percpu *arch_percpu(void)
{
	return NULL; /* used only for traces here */
}

static struct guest fake_guest;
static struct vcpu fake_vcpus[2];
static struct vcpu *fake_vcpu_list[2] = { &fake_vcpus[0], &fake_vcpus[1] };
static struct guest_config fake_cfg;
static struct config_device fake_node;
static struct emu_device fake_dev;
static uint8_t fake_ram[FAKE_RAM_SIZE];
static uint8_t fake_blob[4096];
static bool fake_line; /* level of the interrupt line */
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

	return off <= FAKE_RAM_SIZE && n <= FAKE_RAM_SIZE - off ? fake_ram + off
								: NULL;
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

/* Bytes that guest_write() cannot copy by words. */
static size_t fake_by_bytes;

int guest_write(struct guest *g, ipa_t ipa, const void *buf, size_t n)
{
	uint8_t *p = fake_ram_at(ipa, n);

	(void)g;
	if (!p) {
		return -ERR_FAULT;
	}
	if (((ipa.v ^ (uintptr_t)buf) & 3) != 0) {
		fake_by_bytes += n;
	}
	memcpy(p, buf, n);
	return 0;
}

/* RAM is in pieces of one page, because memory that is contiguous for the guest
 * need not be so in the host. */
static int fake_pins;

/* RAM is contiguous in the host, and hints remember it; otherwise each page is
 * an extent. And whether it is writable. */
static bool fake_flat;
static bool fake_flat_writable = true;
static unsigned int fake_finds; /* calls */

bool guest_segment_find(const struct guest_memory *m,
			struct guest_memory_hint *hint, ipa_t ipa,
			uint64_t size, bool write, struct io_segment *out)
{
	uint64_t to_end = FAKE_RAM_BASE + FAKE_RAM_SIZE - ipa.v;
	uint64_t to_page = PAGE_SIZE - (ipa.v & PAGE_MASK);

	fake_finds++;
	out->va = fake_ram_at(ipa, 1);
	if (!out->va || (fake_flat && write && !fake_flat_writable)) {
		return false;
	}
	out->pa = PADDR(ipa.v);
	out->size = MIN(MIN(size, to_end), fake_flat ? to_end : to_page);
	if (fake_flat && hint) {
		*hint = (struct guest_memory_hint){
			.table = m->extents,
			.ipa = FAKE_RAM_BASE,
			.size = FAKE_RAM_SIZE,
			.pa = FAKE_RAM_BASE,
			.va = fake_ram,
			.writable = fake_flat_writable,
		};
	}
	return true;
}

int guest_pin(struct guest *g, ipa_t ipa, uint64_t size, bool write,
	      struct io_segment *out, unsigned int max)
{
	unsigned int n = 0;

	if (size == 0 || !fake_ram_at(ipa, size)) {
		return size ? -ERR_FAULT : -ERR_INVAL;
	}
	for (; size; n++) {
		if (n == max) {
			return -ERR_NOSPC;
		}
		fake_check(guest_segment_find(&g->memory, NULL, ipa, size,
					      write, &out[n]));
		ipa.v += out[n].size;
		size -= out[n].size;
	}
	fake_pins++;
	return (int)n;
}

/* As if each extent were contiguous. */
uint64_t guest_memory_smallest(const struct guest_memory *m)
{
	uint64_t size = UINT64_MAX;

	for (uint32_t i = 0; m->extents && i < m->extents->count; i++) {
		size = MIN(size, m->extents->e[i].size);
	}
	return size;
}

void guest_unpin(struct guest *g)
{
	(void)g;
	fake_pins--;
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
	fake_node = (struct config_device){
		.name = "device@9000000",
		.emu = emulator_find(compatible),
		.regs = { { FAKE_BASE, size } },
		.nregs = 1,
		.irqs = { { FAKE_INTID, false } },
		.nirqs = 1,
		.node = -1,
	};
	fake_cfg = (struct guest_config){
		.blob = fake_blob,
		.name = "guest",
		.vcpus = 2,
		.memory_size = FAKE_RAM_SIZE,
	};
	fake_guest.cfg = &fake_cfg;
	fake_guest.name = fake_cfg.name;
	fake_guest.vcpus = fake_vcpu_list;
	list_init(&fake_guest.held_queues);
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

/* Remove the device; true if it has left nothing behind. */
static inline bool fake_stop(void)
{
	emu_device_fini(&fake_dev);
	return fake_heap_live == 0 && fake_rom_live == 0 && !fake_held &&
	       fake_pins == 0 && !fake_timer_armed() && !fake_work &&
	       !fake_console && !fake_netport && !fake_vmsg;
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
	int err =
		emu_access_region(&r, IPA(r.base.v + off), size, write, value);

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
