/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests: created from a description, then started, paused, reset, stopped
 * and destroyed at run time. All life-cycle calls are for thread context and
 * need a reference.
 *
 * Locks: [I] immutable after guest_create(), [M] guest's mutex, [A] atomic,
 * [L] list lock.
 */
#ifndef CORE_GUEST_H
#define CORE_GUEST_H

#include <arch/guest.h>
#include <arch/stage2.h>
#include <core/budget.h>
#include <core/colour.h>
#include <core/emulator.h>
#include <core/guest_config.h>
#include <core/guest_memory.h>
#include <core/portion.h>
#include <core/sched.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/work.h>

#define GUEST_CRASH_REASON_LEN 96
#define GUEST_CRASH_TEXT_LEN 3072 /* two dozen frames, and registers */

/* What is known of a crash. */
struct crash_report {
	uint64_t at; /* ns since boot */
	uint32_t vcpu;
	char reason[GUEST_CRASH_REASON_LEN];
	size_t length;                   /* of text */
	char text[GUEST_CRASH_TEXT_LEN]; /* arch_vcpu_dump(), in lines */
};

enum guest_state {
	GUEST_CREATED, /* loaded, not started */
	GUEST_RUNNING,
	GUEST_PAUSED,
	GUEST_STOPPED, /* stopped or powered off; can be started */
	GUEST_CRASHED, /* halted by on-crash policy; `guest crash` */
};

/* What a VCPU may ask for its guest; acted on by its thread. */
enum guest_action {
	GUEST_ACT_NONE,
	GUEST_ACT_POWEROFF,
	GUEST_ACT_RESET,
	GUEST_ACT_CRASH,
};

struct guest {
	struct arch_guest arch; /* interrupt controller and the like */
	struct stage2 stage2;
	struct emu_map emu_map;      /* [I] */
	uint32_t id;                 /* [I] */
	const char *name;            /* [I] = cfg->name */
	enum guest_state state;      /* [M], read anywhere */
	struct guest_config *cfg;    /* [I] */
	struct vcpu **vcpus;         /* [I] cfg->vcpus of them */
	struct sched_group group;    /* they, and the thread of `work` */
	struct budget_guest *budget; /* [A] set once; budget_set() */
	struct workqueue work;       /* done for the guest: core/guest/work.c */
	struct emu_device *devices;  /* [I] cfg->ndevices */
	uint8_t *tree;       /* [I] for its OS; [M] what a start sets in it */
	size_t tree_size;    /* [I] bytes */
	uint8_t *image_head; /* [M] of an image that is being loaded */
	struct mutex lock;
	struct list node; /* [L] */
	struct guest_memory memory;
	struct colour_claim colours; /* [I] that its memory and tables have */
	uint32_t refs;               /* [A] */
	bool destroyed;              /* [M] unlinked; goes with last ref */
	bool frozen;                 /* [M] VCPUs, devices, time stopped */
	bool restarting;             /* [M] off, to be started again */
	unsigned int holds;          /* [M] guest_hold() */
	uint64_t started_at;         /* [M] ns since boot */
	uint32_t resets, crashes;    /* [M] */
	uint32_t action;             /* [A] enum guest_action asked for */
	uint64_t overrun_logged;     /* core/guest/overrun.c's: ns since boot */
	struct work action_work;
	struct work free_work;     /* on the shared queue */
	struct spinlock work_lock; /* for the two fields below */
	unsigned int hurried;    /* [H] callers that wait for its work to end */
	unsigned int cancels;    /* [H] those of them that cancel it */
	struct timer restart;    /* queues it, once a start is due */
	struct vcpu *crash_vcpu; /* [A] first to crash since start */
	char crash_reason[GUEST_CRASH_REASON_LEN]; /* by crash_vcpu */
	struct crash_report *last_crash;           /* [M] valid after a crash */
	struct list held_queues;                   /* [I] core/virtio_hold.h */
	uint32_t interrupts_held;                  /* [A] of those */
	struct portion_claim portions;             /* its own; id 0: none */
};

/*
 * Create from description file (.dtb) in the vfs: all or nothing. Each mistake
 * is passed to `report`. Clearing the memory takes time, and is done at the
 * guest's own priority: `stop`, if not NULL, is called now and then, and true
 * cancels the operation. The caller gets a reference. -ERR_EXIST: the name is
 * taken; -ERR_INTR: cancelled.
 */
int __must_check guest_create(struct guest **out, const char *path,
			      config_report_t report, bool (*stop)(void *ctx),
			      void *ctx);
/* Load images, at the guest's own priority, and start VCPU 0; from CREATED,
 * STOPPED, CRASHED. Mistakes in images are reported; that it failed is also
 * logged. `stop` as above. -ERR_NOENT: it was destroyed; -ERR_STATE: it has not
 * stopped; -ERR_INTR: cancelled; or the error of what could not be loaded. */
int __must_check guest_start(struct guest *g, config_report_t report,
			     bool (*stop)(void *ctx), void *ctx);
/* While a guest is paused only the operator's commands change it: a request
 * that it has made itself (reset, power-off, crash policy) is carried out after
 * the resume. -ERR_STATE: it does not run, or is not paused; -ERR_NOENT: it was
 * destroyed. */
int __must_check guest_pause(struct guest *g);
int __must_check guest_resume(struct guest *g);
/* As pause and resume, for code that looks at the guest for a moment. The state
 * does not change, and the operator may pause or resume the guest meanwhile,
 * with the usual effect. Holds nest. -ERR_NOENT: it was destroyed. */
int __must_check guest_hold(struct guest *g);
void guest_release(struct guest *g);
/* Stop and start. Errors as for guest_start(), but for -ERR_STATE. */
int __must_check guest_reset(struct guest *g, config_report_t report,
			     bool (*stop)(void *ctx), void *ctx);
/*
 * At once, like switching off its power; work in progress for it is cancelled.
 * -ERR_NOENT: it was destroyed.
 */
int __must_check guest_stop(struct guest *g);
/* Ask the guest to shut down by its power key. -ERR_NOSUPP: no device of it has
 * one; -ERR_STATE: it does not run; -ERR_NOENT: it was destroyed. */
int __must_check guest_powerdown(struct guest *g);
/* Stop, and take out of the list; freed with the last reference. -ERR_NOENT: it
 * was destroyed already. */
int __must_check guest_destroy(struct guest *g);

/* The priority or affinity of a VCPU was changed: the guest's work thread gets
 * the highest priority of its VCPUs, and all their CPUs. Thread context. */
void guest_work_follow(struct guest *g);

/* Boot, as soon as memory can be allocated: hold what descriptions in the
 * bundle name by host-address, until a guest of such a description has it. */
void guest_hold_memory(void);

/* Counted references. */
struct guest *guest_get(const char *name); /* by name or number; NULL */
void guest_put(struct guest *g);
/* n-th guest in order of id, referenced; NULL past the end. */
struct guest *guest_get_nth(unsigned int n);
const char *guest_state_name(enum guest_state s);

/* Request an action for the guest, from a VCPU's trap context; the VCPU stops
 * before it returns to the guest. */
void guest_request(struct guest *g, enum guest_action action);
/* The calling VCPU did something for which the architecture has no answer, such
 * as an instruction abort whose vector aborts too. The crash policy decides
 * what happens. */
void guest_crash(struct vcpu *v, const char *fmt, ...) __printf(2, 3);
/* VCPUs are marked `overran`: have their guests' settings (enum sched_overrun)
 * carried out soon. Any context, at most LOCK_BANDWIDTH held. */
void guest_overran(void);
/* A copy of the last crash's report, also after a restart, and how many there
 * were. -ERR_NOENT: none. */
int __must_check guest_last_crash(struct guest *g, struct crash_report *report,
				  uint32_t *crashes);

#endif
