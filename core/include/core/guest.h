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
#include <core/guest_config.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/work.h>
#include <emu/emulator.h>

#define GUEST_CRASH_REASON_LEN 96
#define GUEST_CRASH_TEXT_LEN 3072	/* two dozen frames, and registers */

/* What is known of a crash. */
struct crash_report {
	uint64_t at;		/* ns since boot */
	uint32_t vcpu;
	char reason[GUEST_CRASH_REASON_LEN];
	size_t length;		/* of text */
	char text[GUEST_CRASH_TEXT_LEN];	/* arch_vcpu_dump(), in lines */
};

enum guest_state {
	GUEST_CREATED,		/* loaded, not started */
	GUEST_RUNNING,
	GUEST_PAUSED,
	GUEST_STOPPED,		/* stopped or powered off; can be started */
	GUEST_CRASHED,		/* halted by on-crash policy; `guest crash` */
};

/* What a VCPU may ask for its guest; acted on by a worker thread. */
enum guest_action {
	GUEST_ACT_NONE,
	GUEST_ACT_POWEROFF,
	GUEST_ACT_RESET,
	GUEST_ACT_CRASH,
};

struct guest {
	struct arch_guest arch;		/* vGIC and the like */
	struct stage2 stage2;
	struct emu_map emu_map;		/* [I] */
	uint32_t id;			/* [I] */
	const char *name;		/* [I] = cfg->name */
	enum guest_state state;		/* [M], read anywhere */
	struct guest_config *cfg;	/* [I] */
	struct vcpu **vcpus;		/* [I] cfg->vcpus of them */
	struct emu_device *devices;	/* [I] cfg->ndevices */
	struct mutex lock;
	struct list node;		/* [L] */
	struct list ram_blocks;		/* [I] page blocks backing RAM */
	uint32_t refs;			/* [A] */
	bool destroyed;			/* [M] unlinked; goes with last ref */
	uint64_t started_at;		/* [M] ns since boot */
	uint32_t resets, crashes;	/* [M] */
	uint32_t action;		/* [A] enum guest_action asked for */
	struct work action_work;
	struct timer restart;		/* queues it, once a start is due */
	struct vcpu *crash_vcpu;	/* [A] first to crash since start */
	char crash_reason[GUEST_CRASH_REASON_LEN]; /* by crash_vcpu */
	struct crash_report *last_crash;	/* [M] NULL: none yet */
};

/* Once, before any of the others. */
void guest_init(void);

/* Create from description file (.dtb) in the vfs: all or nothing. Mistakes
 * are told one by one through report. Clearing its memory takes long: `stop`,
 * if not NULL, is asked now and then whether to give up. The result is
 * referenced for the caller. -ERR_EXIST: name taken; -ERR_INTR: given up. */
int __must_check guest_create(struct guest **out, const char *path,
			      config_report_t report, bool (*stop)(void *ctx),
			      void *ctx);
/* Load images and start VCPU 0; from CREATED, STOPPED, CRASHED. Mistakes in
 * images are reported. */
int __must_check guest_start(struct guest *g, config_report_t report,
			     void *ctx);
int __must_check guest_pause(struct guest *g);
int __must_check guest_resume(struct guest *g);
int __must_check guest_reset(struct guest *g, config_report_t report,
			     void *ctx);	/* stop + start */
int __must_check guest_stop(struct guest *g);	/* at once, like power off */
/* Ask the guest to shut down by its power key (PL061). -ERR_NOSUPP. */
int __must_check guest_powerdown(struct guest *g);
/* Stop, and take out of the list; freed with the last reference. */
int __must_check guest_destroy(struct guest *g);

/* Counted references. */
struct guest *guest_get(const char *name);	/* by name or number; NULL */
void guest_put(struct guest *g);
/* n-th guest in order of id, referenced; NULL past the end. */
struct guest *guest_get_nth(unsigned int n);
const char *guest_state_name(enum guest_state s);

/* From a VCPU's trap context; the VCPU stops at its next way out. */
void guest_request(struct guest *g, enum guest_action action);
/* The calling VCPU did what no architecture answer covers, e.g. fetched
 * from a hole with no vector to go to; crash policy decides. */
void guest_crash(struct vcpu *v, const char *fmt, ...) __printf(2, 3);
/* A copy of the last crash's report, also after a restart, and how many there
 * were. -ERR_NOENT: none. */
int __must_check guest_last_crash(struct guest *g, struct crash_report *report,
				  uint32_t *crashes);

#endif
