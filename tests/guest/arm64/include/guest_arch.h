/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For arm64's test guests: firmware calls, exceptions, other CPUs. */
#ifndef GUEST_ARCH_H
#define GUEST_ARCH_H

#include <stdint.h>

static inline void guest_wait(void)
{
	__asm__ volatile("wfi");
}

/* The PL011, at its address in QEMU's virt machine. */
#define GUEST_UART 0x09000000UL

/* HVC and SMC with four arguments; x0 of the answer. */
uint64_t guest_hvc(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);
uint64_t guest_smc(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);

/*
 * Entry for PSCI CPU_ON (secondary.S): calls the function whose address is the
 * context, which does not return, on a stack of the VCPU's own. MMU off, as at
 * start.
 */
#define GUEST_VCPUS 8
extern const uint8_t guest_secondary[];

struct guest_frame {
	uint64_t x[31];
	uint64_t elr;
	uint64_t spsr;
	uint64_t pad;
};

/*
 * What happens on an exception: `vector` counts the table's 16 entries. Change
 * frame->elr to go on elsewhere. The one at start reports and powers off.
 */
typedef void (*guest_handler)(unsigned int vector, struct guest_frame *frame);
extern guest_handler guest_on_exception;
void guest_exception(unsigned int vector, struct guest_frame *frame);

#define guest_sysreg_read(name) \
	({ \
		uint64_t v_; \
		__asm__ volatile("mrs %0, " #name : "=r"(v_)); \
		v_; \
	})
#define guest_sysreg_write(name, v) \
	__asm__ volatile("msr " #name ", %0" : : "r"((uint64_t)(v)))

#endif
