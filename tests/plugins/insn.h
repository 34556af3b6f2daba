/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a plugin knows of an instruction, whatever the architecture. It includes
 * <decode.h> of tests/plugins/<arch>, which the build chooses by TARGET: that
 * defines INSN_TARGET, QEMU's name for what it decodes, as in qemu-system-NAME,
 * INSN_CPU_REGISTER, QEMU's name of the register in which each CPU keeps the
 * address of what is its own in the hypervisor (struct percpu), and the
 * functions below as static inline. It is pure: unit tests of the host include
 * it as it is. <marks.h> beside it has mark() and the numbers MARK_SERIES,
 * MARK_BEGIN and MARK_END for measuring guests.
 */
#ifndef TESTS_PLUGINS_INSN_H
#define TESTS_PLUGINS_INSN_H

#include <stdbool.h>
#include <stdint.h>

#define INSN_MAX_SIZE 16

/* As it is in memory. */
struct insn {
	uint64_t address; /* virtual */
	unsigned int size;
	uint8_t bytes[INSN_MAX_SIZE];
};

/* Instructions that cost more on silicon than a count shows, or that plugins
 * look for. */
enum insn_class {
	INSN_OTHER,
	INSN_BARRIER,   /* of memory accesses, or of instructions */
	INSN_READ,      /* of a system register */
	INSN_WRITE,     /* of one */
	INSN_STATE,     /* a part of the CPU's state that is no register */
	INSN_TLB,       /* TLB maintenance */
	INSN_CACHE,     /* cache maintenance */
	INSN_TRANSLATE, /* of an address */
	INSN_SYSTEM,    /* other system instructions */
	INSN_RETURN,    /* from a function */
	INSN_LEAVE,     /* from an exception */
	INSN_WAIT,      /* for an interrupt */
	INSN_SERIES,    /* marks of a measuring guest: a series begins, */
	INSN_BEGIN,     /* a round of it begins, */
	INSN_END,       /* and ends */
	INSN_CLASSES
};

static inline enum insn_class insn_class(const struct insn *insn);

/* What one does to the CPU's mask of interrupts. */
enum insn_mask {
	INSN_KEEPS,
	INSN_MASKS,
	INSN_UNMASKS, /* or waits, or leaves for a guest, for which they are */
	/* The code that unmasks them (arch_irq_restore() and so on) looks at
	 * the flag `latency_enabled`, whose address is given. */
	INSN_WILL_UNMASK,
};

static inline enum insn_mask insn_mask(const struct insn *insn, uint64_t flag);

/* Is there, so far into a table of vectors, a vector that comes with interrupts
 * masked: for an interrupt, or from a guest? */
static inline bool insn_is_vector(uint64_t offset);

#endif
