/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: macros for assembly files. */
#ifndef ARCH_IMPL_ASM_H
#define ARCH_IMPL_ASM_H

/* struct guest_regs begins with x0-x30, ELR, SPSR. */
#define REGS_X(n) (8 * (n))
#define REGS_ELR 248
#define REGS_SPSR 256

/* A function: a BTI landing pad (a hint on CPUs without BTI). */
#define ENTRY(name) \
	.global name; \
	.type name, % function; \
	.balign 16; \
name: \
	hint #34
#define END(name) .size name, .- name

#endif
