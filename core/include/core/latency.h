/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long this hypervisor keeps interrupts masked. Each CPU measures its
 * sections with interrupts masked, from where they begin to where they end, and
 * keeps the longest of each place. docs/design/latency.md.
 */
#ifndef CORE_LATENCY_H
#define CORE_LATENCY_H

#include <core/time.h>
#include <libs/types.h>

/* Why interrupts are masked. */
enum latency_kind {
	LATENCY_NONE, /* nothing; also an unused entry */
	LATENCY_CODE, /* code that masks them */
	LATENCY_TRAP, /* a guest's exception, of arch_exception_name() */
	LATENCY_IRQ,  /* an interrupt; number: the host's */
	LATENCY_IDLE, /* the CPU has slept */
};

/* The sections that began at a place, of one CPU. */
struct latency_section {
	enum latency_kind kind;
	uint32_t number;
	uint32_t vcpu;   /* who ran when the longest began; its id */
	uintptr_t from;  /* LATENCY_CODE: where interrupts were masked */
	uintptr_t until; /* where the longest ended; 0: a return from an
			  * exception */
	ticks_t longest;
	uint64_t times; /* since it is in the list */
};

/* Of one CPU; the places with the longest sections. */
#define LATENCY_PLACES 16

struct latency_cpu {
	uint64_t sections;                             /* in all */
	struct latency_section places[LATENCY_PLACES]; /* longest first */
};

#if IS_ENABLED(CONFIG_SCHED_LATENCY)
extern uint32_t latency_enabled; /* [A] 0 or 1 */

/* Is it measured now? Any context. */
static inline bool latency_on(void)
{
	return unlikely(READ_ONCE(latency_enabled) != 0);
}
#else
/* Never, without the option. */
static inline bool latency_on(void)
{
	return false;
}
#endif

/*
 * A section begins, another that has not ended is forgotten; or it ends, at
 * `until`. Interrupts masked. Nothing happens on a CPU that is not measured.
 */
void latency_begin(enum latency_kind kind, uint32_t number, uintptr_t from);
void latency_end(uintptr_t until);

/* The code at `pc` has masked interrupts, for the caller of which it does so if
 * that has begun a section; or is about to unmask them. Interrupts masked. */
void latency_masked(uintptr_t pc);
void latency_called(uintptr_t pc);

/* Measure on all CPUs from now on, or no longer. Thread context. -ERR_STATE: it
 * is so already; -ERR_NOMEM. */
int __must_check latency_start(void);
int __must_check latency_stop(void);
/* Forget what was measured. Thread context. */
void latency_clear(void);
/* What CPU `cpu` has measured; false: nothing was ever measured there. Thread
 * context. */
bool latency_get(unsigned int cpu, struct latency_cpu *out);

#endif
