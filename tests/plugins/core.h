/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The common part of the plugins: whether an instruction is the hypervisor's
 * and what it is, rounds between a guest's marks, and counts of each CPU in a
 * round. A plugin is a file that defines `plugin`, linked with core.c. QEMU
 * runs it in one thread, as it does with -icount: nothing here is locked.
 *
 * Arguments of each: image=ADDRESS,loaded=ADDRESS,size=BYTES of the hypervisor,
 * where it runs with the MMU on and off; out=FILE; idle=on: a system starts
 * much faster, for nothing is looked at until the first series, which must be
 * one without rounds. blocks=on: faster still, for whole blocks are counted;
 * from power-on on there is a series with one round, and the first mark of a
 * series ends both. copy=ADDRESS-ADDRESS, for each function that copies: its
 * first byte, and the first behind it.
 */
#ifndef TESTS_PLUGINS_CORE_H
#define TESTS_PLUGINS_CORE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <decode.h>

#include "tests/plugins/qemu_plugin.h"

#define CORE_MAX_CPUS 64
#define CORE_MAX_COPIES 16 /* functions that copy */

/* What a CPU did since a round began, instructions. */
struct core_counts {
	uint64_t guest;
	uint64_t hypervisor;
	uint64_t excursions; /* guest to hypervisor */
	uint64_t copied;     /* bytes that functions which copy have stored */
};

/* All but the last three are called in rounds only. Any of them may be NULL. */
struct plugin {
	void (*begin)(void);
	/* The hypervisor executes an instruction, at that virtual address. */
	void (*executed)(unsigned int cpu, uint64_t address,
			 enum insn_class what);
	/* One of its instructions has loaded or stored. */
	void (*accessed)(unsigned int cpu, uint64_t address, unsigned int bytes,
			 bool device);
	void (*end)(void);
	/* The hypervisor or a guest has fetched, loaded or stored at this
	 * physical address of RAM; in rounds and outside of them. */
	void (*touched)(unsigned int cpu, bool hypervisor, uint64_t address);
	/* An argument of the plugin's own; false: it has none of that name. */
	bool (*argument)(const char *name, uint64_t value);
	/* All rounds of the series with that number, from 0, were made. */
	void (*series)(FILE *out, unsigned int number);
	/* Watches a block of the hypervisor's instructions by itself, from
	 * power-on on; then there are no rounds, and nothing else is called but
	 * argument(). `out` is for what it finds. */
	void (*block)(struct qemu_plugin_tb *tb, FILE *out);
};

extern const struct plugin plugin; /* the plugin's own */

/* The instruction, for insn_class() and the like. */
struct insn core_insn(const struct qemu_plugin_insn *from);

/*
 * For callbacks that a plugin registers itself: the CPU that executes, of the
 * number that QEMU has given to the callback; and the flags to register such a
 * callback with.
 */
unsigned int core_executing(unsigned int told);
enum qemu_plugin_cb_flags core_flags(void);

/* Is a round being counted? */
bool core_in_round(void);

/* For argument(): numbers that are taken by name. False: none has that name. */
struct numbers {
	const char *name;
	uint64_t *to;
};
bool take_number(const struct numbers *known, size_t n, const char *name,
		 uint64_t value);

/* Of one CPU since the round began, and of all together. */
const struct core_counts *core_cpu(unsigned int cpu);
struct core_counts core_all(void);

/* Ends QEMU: the plugin cannot do what it was asked for. */
__attribute__((noreturn)) void core_fail(const char *why);

#endif
