/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host: VCPUs as coroutines. The context lies on top of the VCPU's stack,
 * arch.sp points at it; idle VCPUs have their CPU's.
 */
#include <arch/cpu.h>
#include <arch/vcpu.h>
#include <arch_impl/host.h>
#include <core/budget.h>
#include <core/sched.h>
#include <stdio.h>
#include <string.h>

#include "host_priv.h"

void (*host_guest)(struct vcpu *v);

static struct vcpu *switched_from;

static struct host_ctx *ctx_of(const struct vcpu *v)
{
	if (!v->stack) {
		return host_boot_ctx(v->cpu);
	}
	return (struct host_ctx *)(uintptr_t)v->arch.sp;
}

static void first(void)
{
	vcpu_start(switched_from);
}

void arch_vcpu_prepare_thread(struct vcpu *v)
{
	size_t size = ALIGN_DOWN(v->stack_size - sizeof(struct host_ctx), 64);

	v->arch.sp = (uintptr_t)v->stack + size;
	host_ctx_init(ctx_of(v), v->stack, size, first);
}

void arch_vcpu_native_wait(struct vcpu *v, bool native)
{
	(void)v; /* a coroutine has nothing to trap */
	(void)native;
}

struct vcpu *arch_vcpu_switch(struct vcpu *prev, struct vcpu *next)
{
	struct vcpu *from;

	host_point();
	if (prev->budget) {
		budget_switch_out(prev);
	}
	if (next->budget) {
		budget_switch_in(next);
	}
	switched_from = prev;
	host_ctx_switch(ctx_of(next));
	from = switched_from;
	host_point();
	return from;
}

int arch_vcpu_init(struct vcpu *v)
{
	(void)v;
	return 0;
}

void arch_vcpu_fini(struct vcpu *v)
{
	(void)v;
}

void arch_vcpu_reset(struct vcpu *v, uint64_t entry, uint64_t arg)
{
	(void)v;
	(void)entry;
	(void)arg;
}

void arch_vcpu_enter(void *vcpu)
{
	struct vcpu *v = vcpu;

	arch_irq_enable();
	while (!v->stop_requested) {
		if (host_guest) {
			host_guest(v);
		} else {
			sched_block();
		}
	}
	sched_off();
}

void arch_vcpu_exits(const struct vcpu *v, uint64_t *counts)
{
	(void)v;
	memset(counts, 0, VCPU_EXITS * sizeof(counts[0]));
}

const char *arch_exception_name(uint32_t number)
{
	(void)number;
	return NULL;
}

void arch_vcpu_dump(struct vcpu *v, void (*line)(void *ctx, const char *s),
		    void *ctx)
{
	char buf[64];

	snprintf(buf, sizeof(buf), "%s: a coroutine", v->name);
	line(ctx, buf);
}
