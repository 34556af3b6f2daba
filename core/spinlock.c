/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spinlocks: waiting, and the checks of debug builds. */
#include <core/log.h>
#include <core/percpu.h>
#include <core/spinlock.h>

/* The compiler may not tell apart the last read and the turn. */
void spin_wait(struct spinlock *l, uint16_t me)
{
	uint16_t now;

	for (;;) {
		now = __atomic_load_n(&l->serving, __ATOMIC_ACQUIRE);
		if (now == me) {
			return;
		}
		arch_wait_change(&l->serving, now);
	}
}

#if IS_ENABLED(CONFIG_DEBUG_SPINLOCK)
static const char *const class_names[] = {
	[LOCK_GUEST_LIST] = "LOCK_GUEST_LIST",
	[LOCK_GUEST] = "LOCK_GUEST",
	[LOCK_VFS] = "LOCK_VFS",
	[LOCK_DEVICE] = "LOCK_DEVICE",
	[LOCK_CONSOLE] = "LOCK_CONSOLE",
	[LOCK_VGIC] = "LOCK_VGIC",
	[LOCK_VGIC_VCPU] = "LOCK_VGIC_VCPU",
	[LOCK_STAGE2] = "LOCK_STAGE2",
	[LOCK_STACK] = "LOCK_STACK",
	[LOCK_HEAP] = "LOCK_HEAP",
	[LOCK_PAGE] = "LOCK_PAGE",
	[LOCK_MMU] = "LOCK_MMU",
	[LOCK_VCPU_LIST] = "LOCK_VCPU_LIST",
	[LOCK_WORK] = "LOCK_WORK",
	[LOCK_WAIT] = "LOCK_WAIT",
	[LOCK_RUNQUEUE] = "LOCK_RUNQUEUE",
	[LOCK_TIMER] = "LOCK_TIMER",
	[LOCK_VMID] = "LOCK_VMID",
	[LOCK_IRQ] = "LOCK_IRQ",
	[LOCK_DRIVER] = "LOCK_DRIVER",
	[LOCK_LOG] = "LOCK_LOG",
	[LOCK_UART] = "LOCK_UART",
	[LOCK_RANDOM] = "LOCK_RANDOM",
};

void spin_init(struct spinlock *l, enum lock_class class)
{
	*l = (struct spinlock){
		.class = (uint16_t) class,
		.name = class_names[class],
	};
}

/* `l` may come after everything this CPU holds; same class if `nested`. */
static void check_order(const struct spinlock *l, bool nested)
{
	const struct spinlock *h;

	for (h = this_cpu()->held; h; h = h->below) {
		if (h->class > l->class || (h->class == l->class && !nested)) {
			panic("spinlock: %s taken while holding %s", l->name,
			      h->name);
		}
	}
}

static void check_take(const struct spinlock *l)
{
	if (!arch_irq_disabled()) {
		panic("spinlock: %s taken with interrupts enabled", l->name);
	}
	if (READ_ONCE(l->owner) == this_cpu()->id + 1) {
		panic("spinlock: %s taken twice by CPU %u", l->name,
		      this_cpu()->id);
	}
}

static void taken(struct spinlock *l)
{
	struct percpu *cpu = this_cpu();

	WRITE_ONCE(l->owner, (uint16_t)(cpu->id + 1));
	l->below = cpu->held;
	cpu->held = l;
}

void spin_lock(struct spinlock *l)
{
	check_take(l);
	check_order(l, false);
	spin_acquire(l);
	taken(l);
}

void spin_lock_nested(struct spinlock *l)
{
	check_take(l);
	check_order(l, true);
	spin_acquire(l);
	taken(l);
}

bool spin_trylock(struct spinlock *l)
{
	check_take(l);
	if (!spin_try_acquire(l)) {
		return false;
	}
	taken(l);
	return true;
}

void spin_unlock(struct spinlock *l)
{
	struct spinlock **link = &this_cpu()->held;

	assert_held(l);
	/* Almost always the last one taken. */
	while (*link != l) {
		assert(*link);
		link = &(*link)->below;
	}
	*link = l->below;
	l->below = NULL;
	WRITE_ONCE(l->owner, 0);
	spin_release(l);
}

void assert_held(const struct spinlock *l)
{
	if (READ_ONCE(l->owner) != this_cpu()->id + 1) {
		panic("spinlock: %s is not held by CPU %u", l->name,
		      this_cpu()->id);
	}
}

void assert_none_held(void)
{
	if (this_cpu()->held) {
		panic("spinlock: switching while holding %s",
		      this_cpu()->held->name);
	}
}
#else
void spin_init(struct spinlock *l, enum lock_class class)
{
	(void)class;
	*l = (struct spinlock){ 0 };
}
#endif
