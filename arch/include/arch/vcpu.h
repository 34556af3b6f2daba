/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: execution contexts: hypervisor threads and guest CPUs. */
#ifndef ARCH_VCPU_H
#define ARCH_VCPU_H

#include <arch_impl/vcpu.h>
#include <libs/types.h>

struct vcpu;
struct guest;

/*
 * struct arch_vcpu comes from <arch_impl/vcpu.h>; it is embedded in struct
 * vcpu, zeroed on allocation.
 */

/*
 * Prepare `v`'s stack so that the first switch to it calls v->entry(v->arg)
 * through vcpu_start() [core/sched]. The stack is v->stack,
 * v->stack_size bytes. Interrupts masked, `v` on no CPU.
 */
void arch_vcpu_prepare_thread(struct vcpu *v);

/*
 * Guest VCPU only. init allocates what the architecture needs (count once,
 * -ERR_NOMEM leaves nothing); fini is its reverse, the VCPU being off.
 * Thread context.
 */
int __must_check arch_vcpu_init(struct vcpu *v);
void arch_vcpu_fini(struct vcpu *v);

/* Set registers to the architecture's reset state, entered at `entry`, with
 * `arg` (core's: the address of the OS's tree) where the boot protocol has it.
 * The VCPU is off. Thread context. */
void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t arg);

/* Leave the thread for the guest: entry function of a guest VCPU, in its thread
 * context. */
void arch_vcpu_enter(void *vcpu) __noreturn;

/*
 * Switch this CPU from prev to next; interrupts masked, no lock held, and
 * this_cpu()->current is `next` already. Until it has returned (or called
 * vcpu_start() with the same value), no other CPU runs or frees prev. Returns
 * in next's context; the value is the VCPU that this CPU ran just before.
 */
struct vcpu *arch_vcpu_switch(struct vcpu *prev, struct vcpu *next);

/* Set whether its waits for interrupts and events are the CPU's own, which then
 * runs no other VCPU. Otherwise they are trapped, unless its description says
 * so. A guest VCPU that is on no CPU. Thread context. */
void arch_vcpu_native_wait(struct vcpu *v, bool native);

/* How often a guest's VCPU has left its guest since it was created, by enum
 * vcpu_exit, VCPU_EXITS counts. Any context; while it runs they may be of
 * slightly different moments. A thread's are 0. */
void arch_vcpu_exits(const struct vcpu *v, uint64_t *counts);

/* What a guest's exception is called by whose number core/latency.h is told;
 * NULL: it has no name. Pure. */
const char *arch_exception_name(uint32_t number);

/* Print registers, decoded fault and a backtrace of `v` line by line. The
 * VCPU is not running. Thread context. */
void arch_vcpu_dump(struct vcpu *v, void (*line)(void *ctx, const char *s),
		    void *ctx);

#endif
