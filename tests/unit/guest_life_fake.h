/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fakes for the life cycle of a guest: VCPUs, timers, and its thread. */
#ifndef TESTS_GUEST_LIFE_FAKE_H
#define TESTS_GUEST_LIFE_FAKE_H

#include <core/event.h>

/* --- the world ---------------------------------------------------------- */

static struct percpu cpu;
static struct guest guest;
static struct guest_config cfg;
static struct vcpu vcpu[2];
static struct vcpu *vcpus[] = { &vcpu[0], &vcpu[1] };
static bool running[2];
static bool freed;
static bool stands[2];
static unsigned int loads, dumps_logged, errors_logged;
static char last_error[256];
static bool load_fails;
static const char *dump_text = "registers";
static struct timer *armed;
static uint64_t now;
/* What a VCPU still requests when it is told to stop. */
static enum guest_action last_words;
/* Its one device: whether it is paused, and whether it is still busy. */
static struct emu_device device;
static bool device_paused, device_busy;

/* Tracing is off. Core's own definition would need the scheduler. */
uint32_t trace_enabled;

void trace_write_named(enum trace_event event, uint32_t id, uint32_t a,
		       const char *name)
{
	(void)event;
	(void)id;
	(void)a;
	(void)name;
}

/* Nobody watches. */
void event_post(enum event_kind kind, const char *of, const char *fmt, ...)
{
	(void)kind;
	(void)of;
	(void)fmt;
}

struct percpu *arch_percpu(void)
{
	return &cpu;
}

void host_point(void)
{
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	dumps_logged += strcmp(fmt, "  %s") == 0;
	if (level <= LOG_WARN) {
		errors_logged++;
		va_start(ap, fmt);
		vsnprintf(last_error, sizeof(last_error), fmt, ap);
		va_end(ap);
	}
}

void *heap_alloc(size_t size)
{
	return calloc(1, size);
}

void heap_free(void *p)
{
	free(p);
}

uint64_t time_now_ns(void)
{
	return now;
}

ticks_t ns_to_ticks(uint64_t ns)
{
	return ns;
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	t->fn = fn;
}

void timer_set(struct timer *t, ticks_t deadline)
{
	t->deadline = deadline;
	armed = t;
}

void timer_cancel(struct timer *t)
{
	armed = armed == t ? NULL : armed;
}

void mutex_init(struct mutex *m)
{
	memset(m, 0, sizeof(*m));
}

unsigned long arch_irq_save(void)
{
	return 0;
}

void arch_irq_restore(unsigned long flags)
{
	(void)flags;
}

void spin_init(struct spinlock *l, enum lock_class class)
{
	(void)l;
	(void)class;
}

void spin_lock(struct spinlock *l)
{
	(void)l;
}

void spin_unlock(struct spinlock *l)
{
	(void)l;
}

bool mutex_trylock(struct mutex *m)
{
	assert_int_equal(m->owner, 0);
	m->owner = (uintptr_t)&vcpu[0];
	return true;
}

void mutex_lock(struct mutex *m)
{
	assert_int_equal(m->owner, 0);
	m->owner = (uintptr_t)&vcpu[0];
}

void mutex_unlock(struct mutex *m)
{
	assert_int_not_equal(m->owner, 0);
	m->owner = 0;
}

struct workqueue work_shared;

void work_init(struct work *w, struct workqueue *q, void (*fn)(struct work *w))
{
	(void)q;
	w->fn = fn;
	w->pending = false;
}

void work_queue(struct work *w)
{
	w->pending = true;
}

/* --- its thread: whoever calls ------------------------------------------ */

static bool works; /* the caller is the guest's thread */

bool guest_works(const struct guest *g)
{
	(void)g;
	return works;
}

void guest_hurry(struct guest *g, bool cancel)
{
	(void)g;
	(void)cancel;
	assert_false(works);
}

void guest_relax(struct guest *g, bool cancel)
{
	(void)g;
	(void)cancel;
}

int guest_run(struct guest *g, const struct guest_asker *asker,
	      int (*fn)(struct guest *g, struct attempt *a))
{
	struct attempt a = { .report = asker->report,
			     .ctx = asker->report_ctx };

	return fn(g, &a);
}

void work_cancel(struct work *w)
{
	w->pending = false;
}

void sched_lend(struct vcpu *v, unsigned int prio)
{
	v->lent = (uint8_t)prio;
}

bool sched_start(struct vcpu *v)
{
	running[v->index] = true;
	device_busy = true;
	return true;
}

void budget_leave(struct vcpu *v)
{
	(void)v;
}

void sched_wake(struct vcpu *v)
{
	(void)v;
}

void sched_pause(struct vcpu *v)
{
	assert_false(stands[v->index]);
	stands[v->index] = true;
}

void sched_resume(struct vcpu *v)
{
	assert_true(stands[v->index]);
	stands[v->index] = false;
}

void sched_wait_off(struct vcpu *v)
{
	assert_true(v->stop_requested);
	assert_false(stands[v->index]); /* it would never be off */
	if (running[v->index] && last_words != GUEST_ACT_NONE) {
		guest_request(&guest, last_words);
	}
	running[v->index] = false;
}

int cpu_call(unsigned int target, void (*fn)(void *arg), void *arg, bool wait)
{
	(void)target;
	(void)wait;
	fn(arg);
	return 0;
}

void emu_device_pause(struct emu_device *dev, bool paused)
{
	assert_ptr_equal(dev, &device);
	device_paused = paused;
}

void emu_device_reset(struct emu_device *dev)
{
	(void)dev;
}

void emu_device_stopped(struct emu_device *dev)
{
	assert_ptr_equal(dev, &device);
	assert_true(device_paused);
	assert_false(running[0] || running[1]);
	device_busy = false;
}

int emu_power_key(struct emu_device *devs, size_t n)
{
	(void)devs;
	(void)n;
	return -ERR_NOSUPP;
}

void arch_guest_reset(struct guest *g)
{
	(void)g;
}

void arch_guest_time_pause(struct guest *g)
{
	(void)g;
}

void arch_guest_time_resume(struct guest *g)
{
	(void)g;
}

void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t arg)
{
	(void)entry;
	(void)arg;
	assert_false(running[v->index]);
}

void arch_vcpu_dump(struct vcpu *v, void (*line)(void *ctx, const char *s),
		    void *ctx)
{
	assert_non_null(v);
	line(ctx, dump_text);
}

int guest_load(struct guest *g, struct guest_entry *entry,
	       config_report_t report, void *ctx)
{
	(void)g;
	assert_false(device_busy); /* it could write to images that are being
				      loaded */
	*entry = (struct guest_entry){ 0 };
	loads++;
	if (load_fails) {
		report(ctx, "the image is bad");
	}
	return load_fails ? -ERR_NOENT : 0;
}

void guest_free(struct guest *g)
{
	assert_false(g->action_work.pending);
	assert_false(running[0] || running[1] || device_busy);
	assert_null(armed);
	freed = true;
}

/* Run the worker, and let time pass, until nothing is left to do. */
static void settle(void)
{
	while (!freed && guest.action_work.pending) {
		guest.action_work.pending = false;
		guest.action_work.fn(&guest.action_work);
	}
}

static void pass(uint64_t ns)
{
	struct timer *t = armed;

	now += ns;
	if (t && now >= t->deadline) {
		armed = NULL;
		t->fn(t);
	}
	settle();
}

static int setup(void **state)
{
	(void)state;
	free(guest.last_crash);
	memset(&guest, 0, sizeof(guest));
	memset(running, 0, sizeof(running));
	memset(stands, 0, sizeof(stands));
	memset(vcpu, 0, sizeof(vcpu));
	vcpu[1].index = 1;
	vcpu[0].guest = &guest;
	vcpu[1].guest = &guest;
	cfg = (struct guest_config){ .vcpus = 2, .ndevices = 1 };
	guest.devices = &device;
	device_paused = device_busy = false;
	guest_life_init(&guest);
	assert_int_equal(crash_init(&guest), 0);
	guest.cfg = &cfg;
	guest.name = "g";
	guest.vcpus = vcpus;
	guest.refs = 2;
	list_init(&guests);
	list_append(&guests, &guest.node);
	freed = false;
	load_fails = false;
	loads = 0;
	dumps_logged = 0;
	errors_logged = 0;
	last_error[0] = '\0';
	armed = NULL;
	last_words = GUEST_ACT_NONE;
	now += 100 * SECOND;
	return guest_start(&guest, NULL, NULL, NULL);
}

#endif
