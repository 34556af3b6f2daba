/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spinlocks: tickets, so that nobody waits for ever. With
 * CONFIG_DEBUG_SPINLOCK each lock records its owner and the order in which
 * classes are taken; docs/design/locking.md has the order and who holds what.
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
	LOCK_STACK,		/* addresses for hypervisor stacks */
	LOCK_MMU,		/* hypervisor translation tables */
	LOCK_HEAP,		/* heap and pools */
	LOCK_PAGE,		/* page allocator */
	LOCK_VCPU_LIST,		/* list of all VCPUs */
	LOCK_WORK,		/* queued work */
	LOCK_WAIT,		/* wait queues */
	LOCK_RUNQUEUE,		/* a CPU's run queue */
	LOCK_TIMER,		/* a CPU's timers */
	LOCK_VMID,		/* which guest has which VMID */
	LOCK_IRQ,		/* host interrupt descriptors */
	LOCK_DRIVER,		/* host device registers */
	LOCK_LOG,		/* log ring */
	LOCK_UART,		/* host UART transmit */
	LOCK_RANDOM,		/* random number generator */
};

/* Free when both are equal; they wrap, which is why CPUs are below 65536. */
struct spinlock {
	uint16_t serving;	/* ticket whose turn it is */
	uint16_t next;		/* ticket of the next to come */
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
#define SPINLOCK_INIT(c) { .serving = 0 }
#endif
void spin_init(struct spinlock *l, enum lock_class class);

/* The lock itself, without checks: wait for ticket `me`. */
void spin_wait(struct spinlock *l, uint16_t me);

static inline void spin_acquire(struct spinlock *l)
{
	uint16_t me = __atomic_fetch_add(&l->next, 1, __ATOMIC_RELAXED);

	if (unlikely(__atomic_load_n(&l->serving, __ATOMIC_ACQUIRE) != me)) {
		spin_wait(l, me);
	}
}

/* Only the owner writes `serving`. The store also ends a waiter's sleep. */
static inline void spin_release(struct spinlock *l)
{
	__atomic_store_n(&l->serving, (uint16_t)(l->serving + 1),
			 __ATOMIC_RELEASE);
}

/*
 * Taken only if nobody has it or waits. While `next` is the number read from
 * `serving`, that number's turn has come and is not taken.
 */
static inline bool spin_try_acquire(struct spinlock *l)
{
	uint16_t me = __atomic_load_n(&l->serving, __ATOMIC_RELAXED);

	return __atomic_compare_exchange_n(&l->next, &me, (uint16_t)(me + 1),
					   false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/*
 * Take/release with interrupts already masked on this CPU. nested: `l` may
 * be of the class this CPU holds already; the caller has an order of its own
 * among them (run queues: by CPU number). spin_trylock() needs no order.
 */
#if IS_ENABLED(CONFIG_DEBUG_SPINLOCK)
void spin_lock(struct spinlock *l);
void spin_lock_nested(struct spinlock *l);
void spin_unlock(struct spinlock *l);
bool __must_check spin_trylock(struct spinlock *l);
/* Assert that this CPU holds `l`. */
void assert_held(const struct spinlock *l);
/* Assert that this CPU holds no lock at all: it may be switched away. */
void assert_none_held(void);
#else
static inline void spin_lock(struct spinlock *l)
{
	spin_acquire(l);
}

static inline void spin_lock_nested(struct spinlock *l)
{
	spin_acquire(l);
}

static inline void spin_unlock(struct spinlock *l)
{
	spin_release(l);
}

static inline bool __must_check spin_trylock(struct spinlock *l)
{
	return spin_try_acquire(l);
}

static inline void assert_held(const struct spinlock *l)
{
	(void)l;
}

static inline void assert_none_held(void)
{
}
#endif

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

#endif
