/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the other CPUs, and interrupting them. */
#include <arch/cpu.h>
#include <arch/ipi.h>
#include <arch/mmu.h>
#include <arch_impl/features.h>
#include <arch_impl/psci_host.h>
#include <arch_impl/smccc_host.h>
#include <core/boot.h>
#include <core/dt.h>
#include <core/heap.h>
#include <core/irq_dispatch.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/thread.h>
#include <libs/error.h>
#include <string.h>

/* What secondary_entry reads with the MMU off. */
struct secondary_boot {
	uint64_t ttbr;
	uint64_t stack_top;
	struct percpu *percpu;
	uint64_t start;
};

extern const uint8_t secondary_entry[], secondary_start[];

/* Is the CPU started by PSCI, which is assumed if the tree has no
 * enable-method? Spin tables are not supported. */
static __cold bool smp_by_psci(unsigned int cpu, uint64_t hwid)
{
	const char *method = dt_cpu_method(hwid);

	if (!method || strcmp(method, "psci") == 0) {
		return true;
	}
	log_err("smp: CPU %u (MPIDR 0x%llx): the host tree's enable-method "
		"is \"%s\", not \"psci\"; left alone",
		cpu, (unsigned long long)hwid, method);
	return false;
}

__cold int arch_cpu_start(unsigned int cpu)
{
	struct percpu *p = percpu_table[cpu];
	/* One for each CPU, never freed: a CPU that was given up may still
	 * start. */
	struct secondary_boot *boot;
	uint8_t *stack;
	int ret;

	if (!smp_by_psci(cpu, p->hwid)) {
		return -ERR_NOSUPP;
	}
	boot = heap_alloc(sizeof(*boot));
	stack = stack_alloc();
	if (!boot || !stack) {
		stack_free(stack);
		heap_free(boot);
		return -ERR_NOMEM;
	}
	boot->ttbr = read_sysreg(ttbr0_el2);
	boot->stack_top = (uint64_t)stack + CONFIG_STACK_SIZE;
	boot->percpu = p;
	boot->start = (uint64_t)secondary_start;
	arch_cache_clean_inval(boot, sizeof(*boot));
	ret = psci_host_cpu_on(p->hwid, mmu_idmap(secondary_entry).v,
			       (uint64_t)boot);
	if (ret) {
		log_err("smp: CPU %u (MPIDR 0x%llx): PSCI CPU_ON returned "
			"%d",
			cpu, (unsigned long long)p->hwid, ret);
		stack_free(stack);
		heap_free(boot);
		return -ERR_IO;
	}
	return 0;
}

void arm64_secondary_main(struct percpu *p) __noreturn;
__cold void arm64_secondary_main(struct percpu *p)
{
	write_sysreg((uint64_t)p, tpidr_el2);
	if (READ_ONCE(p->state) != CPU_PRESENT) {
		/*
		 * This CPU was given up: guests may exist, with the ID
		 * registers that the CPUs which started in time have in common.
		 */
		arch_cpu_halt();
	}
	p->arch.midr = read_sysreg(midr_el1);
	p->arch.mpidr = read_sysreg(mpidr_el1);
	features_cpu_init();
	smccc_cpu_probe(read_sysreg(id_aa64pfr0_el1),
			read_sysreg(id_aa64mmfr1_el1));
	cpu_init_el2();
	cpu_secondary_main();
}

void arch_ipi_send(unsigned int cpu, enum ipi kind)
{
	irqchip->send_ipi(cpu, kind);
}
