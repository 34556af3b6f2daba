/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the other CPUs, and interrupting them. */
#include <arch/cpu.h>
#include <arch/ipi.h>
#include <arch/mmu.h>
#include <arch_impl/features.h>
#include <arch_impl/psci_host.h>
#include <arch_impl/smccc_host.h>
#include <core/boot.h>
#include <core/heap.h>
#include <core/irq_dispatch.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/thread.h>
#include <libs/error.h>

/* What secondary_entry reads with the MMU off. */
struct secondary_boot {
	uint64_t ttbr;
	uint64_t stack_top;
	struct percpu *percpu;
};

extern const uint8_t secondary_entry[];

int arch_cpu_start(unsigned int cpu)
{
	struct percpu *p = percpu_table[cpu];
	/* One each, kept for good: a CPU given up on may still come. */
	struct secondary_boot *boot = heap_alloc(sizeof(*boot));
	uint8_t *stack = stack_alloc();
	int ret;

	if (!boot || !stack) {
		stack_free(stack);
		heap_free(boot);
		return -ERR_NOMEM;
	}
	boot->ttbr = read_sysreg(ttbr0_el2);
	boot->stack_top = (uint64_t)stack + CONFIG_STACK_SIZE;
	boot->percpu = p;
	arch_cache_clean_inval(boot, sizeof(*boot));
	ret = psci_host_cpu_on(p->hwid, (uint64_t)secondary_entry,
			       (uint64_t)boot);
	if (ret) {
		log_err("smp: CPU %u (MPIDR 0x%llx): firmware's CPU_ON says "
			"%d", cpu, (unsigned long long)p->hwid, ret);
		stack_free(stack);
		heap_free(boot);
		return -ERR_IO;
	}
	return 0;
}

void arm64_secondary_main(struct percpu *p) __noreturn;
void arm64_secondary_main(struct percpu *p)
{
	write_sysreg((uint64_t)p, tpidr_el2);
	if (READ_ONCE(p->state) != CPU_PRESENT) {
		/* Given up on: there are guests now, with the ID registers
		 * that those who came have in common. */
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
