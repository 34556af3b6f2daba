/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: coroutines, which stand for what runs on simulated CPUs. */
#ifndef HOST_PRIV_H
#define HOST_PRIV_H

#include <libs/types.h>
#include <ucontext.h>

/* An execution context; the stack is its creator's. */
struct host_ctx {
	ucontext_t uc;
	void *fake; /* AddressSanitizer's shadow stack */
	const void *bottom;
	size_t size;
};

/* Starts at fn when first switched to; fn does not return. */
void host_ctx_init(struct host_ctx *c, void *stack, size_t size,
		   void (*fn)(void));
void host_ctx_switch(struct host_ctx *to);
struct host_ctx *host_ctx_running(void);
struct host_ctx *host_ctx_test(void); /* main()'s */

/* As firmware starts a CPU: it runs `entry`, masked, when it is run next. */
void host_cpu_start(unsigned int cpu, void (*entry)(void));

/* The context CPU `cpu` boots in, then its idle VCPU's. */
struct host_ctx *host_boot_ctx(unsigned int cpu);

#endif
