/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spinlocks. With CONFIG_DEBUG_SPINLOCK each lock records its owner and the
 * order in which classes are taken; docs/design/locking.md has the order.
 */
#ifndef CORE_SPINLOCK_H
#define CORE_SPINLOCK_H

#include <arch/cpu.h>
#include <libs/types.h>

/*
 * Lock classes, outermost first. A CPU may only take a lock of a class with
 * a greater number than all it holds (equal only by spin_lock_nested()).
 */
enum lock_class {
	LOCK_GUEST_LIST,	/* list of guests */
	LOCK_GUEST,		/* one guest's life cycle */
	LOCK_VFS,		/* mounts and open files */
	LOCK_DEVICE,		/* one emulated device */
	LOCK_CONSOLE,		/* one console's buffers */
	LOCK_VGIC,		/* a guest's shared interrupts */
	LOCK_VGIC_VCPU,		/* one VCPU's interrupts */
	LOCK_STAGE2,		/* a guest's translation tables */
	LOCK_HEAP,		/* heap and pools */
	LOCK_PAGE,		/* page allocator */
	LOCK_MMU,		/* hypervisor translation tables */
	LOCK_WAIT,		/* wait queues */
	LOCK_RUNQUEUE,		/* a CPU's run queue */
	LOCK_TIMER,		/* a CPU's timers */
	LOCK_IRQ,		/* host interrupt descriptors */
	LOCK_DRIVER,		/* host device registers */
	LOCK_LOG,		/* log ring */
	LOCK_UART,		/* host UART transmit */
};

struct spinlock {
	uint32_t val;		/* 0 free; else taken: ticket or flag */
#if IS_ENABLED(CONFIG_DEBUG_SPINLOCK)
	uint16_t class;
	uint16_t owner;		/* CPU + 1, 0 when free */
	struct spinlock *below;	/* lock this CPU took just before */
	const char *name;
#endif
};

/* Static initialiser and run-time initialisation. */
#if IS_ENABLED(CONFIG_DEBUG_SPINLOCK)
#define SPINLOCK_INIT(c) { .class = (c), .name = #c }
#else
#define SPINLOCK_INIT(c) { 0 }
#endif
void spin_init(struct spinlock *l, enum lock_class class);

/* Take/release with interrupts already masked on this CPU. */
void spin_lock(struct spinlock *l);
void spin_unlock(struct spinlock *l);
bool spin_trylock(struct spinlock *l);

/* Take/release from any context; interrupts are masked while held. */
static inline unsigned long spin_lock_irqsave(struct spinlock *l)
{
	unsigned long flags = arch_irq_save();

	spin_lock(l);
	return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *l,
					  unsigned long flags)
{
	spin_unlock(l);
	arch_irq_restore(flags);
}

/* Assert that this CPU holds `l` (debug builds; else nothing). */
void assert_held(const struct spinlock *l);

#endif
