/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For small programs in a guest's Linux without a C library: system calls and
 * the entry point, for arm64. Numbers as in include/uapi/asm-generic/unistd.h.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdint.h>

enum {
	SYS_IOCTL = 29,
	SYS_OPENAT = 56,
	SYS_PIPE2 = 59,
	SYS_READ = 63,
	SYS_WRITE = 64,
	SYS_EXIT = 94,
	SYS_NANOSLEEP = 101,
	SYS_CLOCK_GETTIME = 113,
	SYS_SCHED_SETSCHEDULER = 119,
	SYS_SOCKET = 198,
	SYS_BIND = 200,
	SYS_LISTEN = 201,
	SYS_ACCEPT = 202,
	SYS_CONNECT = 203,
	SYS_SHUTDOWN = 210,
	SYS_SENDMSG = 211,
	SYS_RECVMSG = 212,
	SYS_CLONE = 220,
	SYS_EXECVE = 221,
	SYS_MMAP = 222,
	SYS_WAIT4 = 260,
};

/* The two further arguments that some calls have. */
static inline int64_t program_call6(long nr, uint64_t a, uint64_t b, uint64_t c,
				    uint64_t d, uint64_t e, uint64_t f)
{
	register uint64_t x8 __asm__("x8") = (uint64_t)nr;
	register uint64_t x0 __asm__("x0") = a;
	register uint64_t x1 __asm__("x1") = b;
	register uint64_t x2 __asm__("x2") = c;
	register uint64_t x3 __asm__("x3") = d;
	register uint64_t x4 __asm__("x4") = e;
	register uint64_t x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return (int64_t)x0;
}

static inline int64_t program_call(long nr, uint64_t a, uint64_t b, uint64_t c,
				   uint64_t d)
{
	return program_call6(nr, a, b, c, d, 0, 0);
}

/*
 * Nanoseconds since power-on of the machine or guest, from the virtual counter.
 */
static inline uint64_t program_since_power(void)
{
	uint64_t ticks, hz;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks));
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	return ticks * (1000000000u / hz);
}

/* So many times round a loop of two instructions; n is not 0. */
static inline void program_spin(uint64_t n)
{
	__asm__ volatile("1: subs %0, %0, #1\n\tb.ne 1b" : "+r"(n) : : "cc");
}

/* Begin in `start(uintptr_t *stack)`: argc, then argv, is there. */
#define PROGRAM_START(start) \
	__asm__(".globl _start\n" \
		"_start:\n\t" \
		"mov x29, xzr\n\t" \
		"mov x0, sp\n\t" \
		"b " #start "\n")

#endif
