/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a bare-metal test guest has: a console, exceptions, power off. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stdint.h>

/* The image's own part; `tree` is the guest's device tree. Return: power off. */
void guest_main(const void *tree);

/* PL011 at the address QEMU's virt machine has it. */
#define GUEST_UART 0x09000000UL

void guest_putc(char c);
void guest_puts(const char *s);
void guest_puthex(uint64_t v);

/* PSCI SYSTEM_OFF. */
void guest_poweroff(void);

/* HVC and SMC with four arguments; x0 of the answer. */
uint64_t guest_hvc(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);
uint64_t guest_smc(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);

/* The text behind `name` in the boot arguments of the tree, or NULL. */
const char *guest_argument(const void *tree, const char *name);
bool guest_begins(const char *text, const char *with);

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

static inline uint32_t guest_read32(uint64_t addr)
{
	return *(volatile uint32_t *)addr;
}

static inline void guest_write32(uint64_t addr, uint32_t v)
{
	*(volatile uint32_t *)addr = v;
}

#define guest_sysreg_read(name) ({ \
	uint64_t v_; \
	__asm__ volatile("mrs %0, " #name : "=r"(v_)); \
	v_; \
})
#define guest_sysreg_write(name, v) \
	__asm__ volatile("msr " #name ", %0" : : "r"((uint64_t)(v)))

#endif
