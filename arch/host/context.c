/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: coroutines on ucontext, announced to AddressSanitizer. */
#include "host_priv.h"

#include <arch/mmu.h>

#ifdef __SANITIZE_ADDRESS__
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif

#ifdef HAVE_ASAN
#include <sanitizer/common_interface_defs.h>

static void leave(struct host_ctx *from, const struct host_ctx *to)
{
	__sanitizer_start_switch_fiber(&from->fake, to->bottom, to->size);
}

/* On the stack of `here`. The bounds of the one that `left` are kept if they
 * were not known. */
static void arrive(struct host_ctx *here, struct host_ctx *left)
{
	const void *bottom;
	size_t size;

	__sanitizer_finish_switch_fiber(here->fake, &bottom, &size);
	if (!left->bottom) {
		left->bottom = bottom;
		left->size = size;
	}
}
#else
static void leave(struct host_ctx *from, const struct host_ctx *to)
{
	(void)from;
	(void)to;
}

static void arrive(struct host_ctx *here, struct host_ctx *left)
{
	(void)here;
	(void)left;
}
#endif

static struct host_ctx test_ctx;
static struct host_ctx *running = &test_ctx;
static struct host_ctx *before; /* whom we came from */
static void (*first_fn)(void);  /* of a context switched to first */

struct host_ctx *host_ctx_running(void)
{
	return running;
}

struct host_ctx *host_ctx_test(void)
{
	return &test_ctx;
}

static void first(unsigned int hi, unsigned int lo)
{
	uintptr_t fn = (uintptr_t)hi << 32 | lo;

	arrive(running, before);
	first_fn = (void (*)(void))fn;
	first_fn();
}

void host_ctx_init(struct host_ctx *c, void *stack, size_t size,
		   void (*fn)(void))
{
	uintptr_t p = (uintptr_t)fn;

	/* Whoever used this stack before may not have left it properly. */
	arch_mem_unpoison(stack, size);
	getcontext(&c->uc);
	c->uc.uc_stack.ss_sp = stack;
	c->uc.uc_stack.ss_size = size;
	c->uc.uc_link = NULL;
	c->bottom = stack;
	c->size = size;
	c->fake = NULL;
	/* makecontext() passes ints. */
	makecontext(&c->uc, (void (*)(void))first, 2, (unsigned int)(p >> 32),
		    (unsigned int)p);
}

void host_ctx_switch(struct host_ctx *to)
{
	struct host_ctx *from = running;

	before = from;
	running = to;
	leave(from, to);
	swapcontext(&from->uc, &to->uc);
	arrive(from, before);
}
