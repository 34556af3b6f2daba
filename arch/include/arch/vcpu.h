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
 * through vcpu_start() [core/sched]. Stack is v->stack..+v->stack_size.
 */
void arch_vcpu_prepare_thread(struct vcpu *v);

/*
 * Guest VCPU only. init allocates what the architecture needs (count once,
 * -ERR_NOMEM leaves nothing); fini is its reverse, the VCPU being off.
 */
int __must_check arch_vcpu_init(struct vcpu *v);
void arch_vcpu_fini(struct vcpu *v);

/* Set registers to the architecture's reset state, entered at `entry` with
 * `arg` in the first argument register. The VCPU is off. */
void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t arg);

/* Leave the thread for the guest: entry function of a guest VCPU. */
void arch_vcpu_enter(void *vcpu) __noreturn;

/*
 * Switch this CPU from prev to next; interrupts masked, no lock held, and
 * this_cpu()->current is `next` already. Until it has returned (or called
 * vcpu_start() with the same value), no other CPU runs or frees prev.
 * Returns in next's context; the value is whom this CPU ran just before.
 */
struct vcpu *arch_vcpu_switch(struct vcpu *prev, struct vcpu *next);

/* True if an interrupt is pending that would end the guest's wait. */
bool arch_vcpu_has_work(struct vcpu *v);

/* Print registers, decoded fault and a backtrace of `v` line by line. The
 * VCPU is not running. */
void arch_vcpu_dump(struct vcpu *v, void (*line)(void *ctx, const char *s),
		    void *ctx);

#endif
