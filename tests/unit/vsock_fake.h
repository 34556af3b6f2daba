/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of vsock with emu_fake.h: threads and what they wait with. The
 * thread of a service runs when the test says so, until it has nothing to do.
 */
#ifndef TESTS_UNIT_VSOCK_FAKE_H
#define TESTS_UNIT_VSOCK_FAKE_H

#include <core/percpu.h>
#include <core/sync.h>
#include <core/thread.h>
#include <core/vsock.h>
#include <setjmp.h>

#include "tests/unit/emu_fake.h"

#define FAKE_THREADS 8

static struct {
	void (*fn)(void *arg);
	void *arg;
} fake_threads[FAKE_THREADS];
static unsigned int fake_nthreads;
static jmp_buf fake_idle;     /* the one that runs has nothing to do */
static int fake_thread_error; /* of the next thread_create() */

void mutex_lock(struct mutex *m)
{
	fake_check(m->owner == 0 && !fake_held);
	m->owner = 1;
}

void mutex_unlock(struct mutex *m)
{
	fake_check(m->owner == 1);
	m->owner = 0;
}

void cpu_quiesce(void)
{
	fake_check(!fake_held);
}

void wait_init(struct waitqueue *wq)
{
	(void)wq;
}

void wait_wake_one(struct waitqueue *wq)
{
	(void)wq;
}

void wait_prepare(struct waitqueue *wq, struct wait_entry *e)
{
	(void)wq;
	(void)e;
}

void wait_finish(struct waitqueue *wq, struct wait_entry *e)
{
	(void)wq;
	(void)e;
}

int wait_block(ticks_t deadline)
{
	(void)deadline;
	fake_check(!fake_held);
	longjmp(fake_idle, 1);
}

int thread_create(struct vcpu **out, const struct thread_attr *a,
		  void (*fn)(void *arg), void *arg)
{
	(void)a;
	fake_check(out == NULL && fake_nthreads < FAKE_THREADS);
	if (fake_thread_error != 0) {
		return fake_thread_error;
	}
	fake_threads[fake_nthreads].fn = fn;
	fake_threads[fake_nthreads].arg = arg;
	fake_nthreads++;
	return 0;
}

/* Let each thread run until it waits. */
static inline void fake_run_threads(void)
{
	for (volatile unsigned int i = 0; i < fake_nthreads; i++) {
		if (setjmp(fake_idle) == 0) {
			fake_threads[i].fn(fake_threads[i].arg);
		}
	}
}

#endif
