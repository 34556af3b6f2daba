/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of CPUs and their data blocks. */
#include <core/heap.h>
#include <core/percpu.h>
#include <core/smp.h>
#include <libs/error.h>

struct percpu *percpu_table[CONFIG_MAX_CPUS];
unsigned int cpu_count;

/* Static, because locks are taken before there is a heap, and record their
 * CPU. */
static struct percpu boot_block;

struct percpu *percpu_boot(void)
{
	return &boot_block;
}

void percpu_boot_set(unsigned int cpu, uint64_t hwid)
{
	boot_block.id = cpu;
	boot_block.hwid = hwid;
	boot_block.state = CPU_PRESENT;
	percpu_table[cpu] = &boot_block;
}

__cold int percpu_create(unsigned int cpu, uint64_t hwid)
{
	struct percpu *p;

	if (cpu >= CONFIG_MAX_CPUS) {
		return -ERR_RANGE;
	}
	if (percpu_table[cpu]) {
		return -ERR_EXIST;
	}
	p = heap_alloc(sizeof(*p));
	if (!p) {
		return -ERR_NOMEM;
	}
	p->id = cpu;
	p->hwid = hwid;
	p->state = CPU_PRESENT;
	__atomic_store_n(&percpu_table[cpu], p, __ATOMIC_RELEASE);
	return 0;
}

void percpu_set_online(void)
{
	__atomic_store_n(&this_cpu()->state, CPU_ONLINE, __ATOMIC_RELEASE);
}
