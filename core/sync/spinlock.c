/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spinlocks: waiting for one, and the checks of debug builds. */
#include <core/latency.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/spinlock.h>

/* The value that is compared must be the one that is waited on: one read. */
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

unsigned long spin_lock_irqsave_call(struct spinlock *l)
{
	unsigned long flags = arch_irq_save();

	if (latency_on() && !arch_irq_was_disabled(flags)) {
		latency_called((uintptr_t)__builtin_return_address(0));
	}
	spin_lock(l);
	return flags;
}

void spin_unlock_irqrestore_call(struct spinlock *l, unsigned long flags)
{
	spin_unlock(l);
	if (latency_on() && !arch_irq_was_disabled(flags)) {
		latency_end((uintptr_t)__builtin_return_address(0));
	}
	arch_irq_restore(flags);
}

#if IS_ENABLED(CONFIG_DEBUG_SPINLOCK)
static const char *const class_names[] = {
	[LOCK_GUEST_LIST] = "LOCK_GUEST_LIST",
	[LOCK_GUEST] = "LOCK_GUEST",
	[LOCK_VFS] = "LOCK_VFS",
	[LOCK_DEVICE] = "LOCK_DEVICE",
	[LOCK_CONSOLE] = "LOCK_CONSOLE",
	[LOCK_NETPORT] = "LOCK_NETPORT",
	[LOCK_NETSWITCH] = "LOCK_NETSWITCH",
	[LOCK_NETCAPTURE] = "LOCK_NETCAPTURE",
	[LOCK_RPROC] = "LOCK_RPROC",
	[LOCK_VMSG_STATE] = "LOCK_VMSG_STATE",
	[LOCK_VMSG] = "LOCK_VMSG",
	[LOCK_VIRTQUEUE] = "LOCK_VIRTQUEUE",
	[LOCK_VIRTIO_IRQ] = "LOCK_VIRTIO_IRQ",
	[LOCK_VMSG_NAMES] = "LOCK_VMSG_NAMES",
	[LOCK_VMSG_WATCH] = "LOCK_VMSG_WATCH",
	[LOCK_HOST_QUEUE] = "LOCK_HOST_QUEUE",
	[LOCK_VIRQ] = "LOCK_VIRQ",
	[LOCK_VIRQ_VCPU] = "LOCK_VIRQ_VCPU",
	[LOCK_STAGE2] = "LOCK_STAGE2",
	[LOCK_STACK] = "LOCK_STACK",
	[LOCK_HEAP] = "LOCK_HEAP",
	[LOCK_PAGE] = "LOCK_PAGE",
	[LOCK_COLOUR] = "LOCK_COLOUR",
	[LOCK_MMU] = "LOCK_MMU",
	[LOCK_VCPU_LIST] = "LOCK_VCPU_LIST",
	[LOCK_VDISK] = "LOCK_VDISK",
	[LOCK_WORK] = "LOCK_WORK",
	[LOCK_BUDGET] = "LOCK_BUDGET",
	[LOCK_BANDWIDTH] = "LOCK_BANDWIDTH",
	[LOCK_LISTENER] = "LOCK_LISTENER",
	[LOCK_VSOCK] = "LOCK_VSOCK",
	[LOCK_WAIT] = "LOCK_WAIT",
	[LOCK_SCHED_POOL] = "LOCK_SCHED_POOL",
	[LOCK_SCHED_POLICY] = "LOCK_SCHED_POLICY",
	[LOCK_RUNQUEUE] = "LOCK_RUNQUEUE",
	[LOCK_TIMER] = "LOCK_TIMER",
	[LOCK_EVENT] = "LOCK_EVENT",
	[LOCK_VMID] = "LOCK_VMID",
	[LOCK_IRQ] = "LOCK_IRQ",
	[LOCK_DRIVER] = "LOCK_DRIVER",
	[LOCK_DMA] = "LOCK_DMA",
	[LOCK_LOG] = "LOCK_LOG",
	[LOCK_UART] = "LOCK_UART",
	[LOCK_SERIAL] = "LOCK_SERIAL",
	[LOCK_TERMINAL] = "LOCK_TERMINAL",
	[LOCK_RANDOM] = "LOCK_RANDOM",
};

void spin_init(struct spinlock *l, enum lock_class class)
{
	*l = (struct spinlock){
		.class = (uint16_t) class,
		.name = class_names[class],
	};
}

/* Panic unless the lock order allows `l` after all that this CPU holds, if
 * `nested` also after one of the same class. */
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
	/* It is almost always the last one taken. */
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
