/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spinlocks with tickets, so that no CPU waits for ever. With
 * CONFIG_DEBUG_SPINLOCK each lock records its owner and the order in which
 * classes are taken; docs/design/locking.md has the order and says what each
 * class protects.
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
	LOCK_GUEST_LIST,   /* list of guests */
	LOCK_GUEST,        /* one guest's life cycle */
	LOCK_VFS,          /* mounts and open files */
	LOCK_DEVICE,       /* one emulated device */
	LOCK_CONSOLE,      /* one console's buffers */
	LOCK_NETPORT,      /* whether links are up */
	LOCK_NETSWITCH,    /* a bridge's addresses */
	LOCK_NETCAPTURE,   /* frames that were captured */
	LOCK_RPROC,        /* a coprocessor's vrings */
	LOCK_VMSG_STATE,   /* which nodes are up */
	LOCK_VMSG,         /* messages that wait for a node */
	LOCK_VIRTQUEUE,    /* one queue of a virtio device */
	LOCK_VSOCK,        /* streams and connections of vsock */
	LOCK_VIRTIO_IRQ,   /* a virtio device's interrupt status */
	LOCK_VMSG_NAMES,   /* names that a node has announced */
	LOCK_VMSG_WATCH,   /* records of messages */
	LOCK_HOST_QUEUE,   /* requests of a host device's driver */
	LOCK_VIRQ,         /* a guest's shared interrupts */
	LOCK_VIRQ_VCPU,    /* one VCPU's interrupts */
	LOCK_STAGE2,       /* a guest's translation tables */
	LOCK_STACK,        /* addresses for hypervisor stacks */
	LOCK_MMU,          /* hypervisor translation tables */
	LOCK_HEAP,         /* heap and pools */
	LOCK_PAGE,         /* page allocator */
	LOCK_COLOUR,       /* owners of cache colours */
	LOCK_VCPU_LIST,    /* list of all VCPUs */
	LOCK_VDISK,        /* a virtual disk's requests that wait */
	LOCK_WORK,         /* queued work */
	LOCK_BUDGET,       /* a guest's budgets of events */
	LOCK_BANDWIDTH,    /* what budgets are promised and lend */
	LOCK_LISTENER,     /* who waits for events */
	LOCK_WAIT,         /* wait queues */
	LOCK_SCHED_POOL,   /* a pool of CPUs, what it has promised */
	LOCK_RUNQUEUE,     /* a CPU's run queue */
	LOCK_SCHED_POLICY, /* what a policy shares among CPUs */
	LOCK_TIMER,        /* a CPU's timers */
	LOCK_EVENT,        /* events for managers */
	LOCK_VMID,         /* which guest has which VMID */
	LOCK_IRQ,          /* host interrupt descriptors */
	LOCK_DRIVER,       /* host device registers */
	LOCK_DMA,          /* bounce buffers of a host device */
	LOCK_LOG,          /* log ring */
	LOCK_UART,         /* host UART transmit */
	LOCK_SERIAL,       /* buffers of a host serial port */
	LOCK_TERMINAL,     /* output that waits for a terminal */
	LOCK_RANDOM,       /* random number generator */
};

/*
 * Free when both tickets are equal; they wrap, which is why CPUs are below
 * 65536. They are one word too, so that taking a ticket also says whose turn it
 * is: the carry out of `next` is lost.
 */
struct spinlock {
	union {
		struct {
			uint16_t serving; /* ticket whose turn it is */
			uint16_t next;    /* ticket of the next to come */
		};
		uint32_t word;
	};
#if IS_ENABLED(CONFIG_DEBUG_SPINLOCK)
	uint16_t class;
	uint16_t owner;         /* CPU + 1, 0 when free */
	struct spinlock *below; /* lock this CPU took just before */
	const char *name;
#endif
};

/* Static initialiser and run-time initialisation. Any context; before any other
 * use. */
#if IS_ENABLED(CONFIG_DEBUG_SPINLOCK)
#define SPINLOCK_INIT(c) \
	{ \
		.class = (c), .name = #c \
	}
#else
#define SPINLOCK_INIT(c) \
	{ \
		.serving = 0 \
	}
#endif
void spin_init(struct spinlock *l, enum lock_class class);

/* The lock itself, without checks: wait for ticket `me`. Interrupts masked. */
void spin_wait(struct spinlock *l, uint16_t me);

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "spinlock.next is the upper half of spinlock.word");

/* Take the lock, without checks. Interrupts masked. */
static inline void spin_acquire(struct spinlock *l)
{
	uint32_t was = __atomic_fetch_add(&l->word, UINT32_C(1) << 16,
					  __ATOMIC_ACQUIRE);

	if (unlikely((uint16_t)was != was >> 16)) {
		spin_wait(l, (uint16_t)(was >> 16));
	}
}

/* Only the owner writes `serving`. The store also ends a waiter's sleep. */
static inline void spin_release(struct spinlock *l)
{
	__atomic_store_n(&l->serving, (uint16_t)(l->serving + 1),
			 __ATOMIC_RELEASE);
}

/*
 * Take it only if it is free and no CPU waits. While `next` is the number read
 * from `serving`, it is that number's turn, and no CPU has taken the number.
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

/* The copies of the two below that files compiled for size share. Any
 * context. */
unsigned long spin_lock_irqsave_call(struct spinlock *l);
void spin_unlock_irqrestore_call(struct spinlock *l, unsigned long flags);

#ifdef __OPTIMIZE_SIZE__
/* Take the lock in any context; interrupts are masked while it is held. */
static inline unsigned long spin_lock_irqsave(struct spinlock *l)
{
	return spin_lock_irqsave_call(l);
}

/* Release it, and restore the mask that spin_lock_irqsave() returned. */
static inline void spin_unlock_irqrestore(struct spinlock *l,
					  unsigned long flags)
{
	spin_unlock_irqrestore_call(l, flags);
}
#else
/* The same in line, where files are compiled for speed. */
static inline unsigned long spin_lock_irqsave(struct spinlock *l)
{
	unsigned long flags = arch_irq_save();

	spin_lock(l);
	return flags;
}

/* The same in line. */
static inline void spin_unlock_irqrestore(struct spinlock *l,
					  unsigned long flags)
{
	spin_unlock(l);
	arch_irq_restore(flags);
}
#endif

#endif
