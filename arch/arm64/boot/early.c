/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From start.S to core_main(), and the architecture's part of start-up
 * (arch/boot.h). Also the answer to being entered below EL2.
 */
#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/image.h>
#include <arch_impl/features.h>
#include <arch_impl/mmu.h>
#include <arch_impl/pmu.h>
#include <arch_impl/psci_host.h>
#include <arch_impl/sections.h>
#include <arch_impl/smccc_host.h>
#include <arch_impl/smccc_service.h>
#include <arch_impl/timer_host.h>
#include <arch_impl/vgic.h>
#include <core/boot.h>
#include <core/dt.h>
#include <core/earlycon.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/smp.h>
#include <libs/error.h>
#include <string.h>

#include "arch/arm64/mmu/pte.h"

#define FDT_MAX_SIZE MIB(2)
#define MPIDR_AFFINITY (GENMASK(39, 32) | GENMASK(23, 0))

extern const uint8_t __build_id_start[], __build_id_end[];

static void early_puts(const char *s)
{
	for (; *s; s++) {
		if (*s == '\n') {
			earlycon_putc('\r');
		}
		earlycon_putc((uint8_t)*s);
	}
}

/* MMU off, EL1 or EL3: say so on the tree's console and stop. */
void early_wrong_el(const void *fdt, unsigned int el) __noreturn;
void early_wrong_el(const void *fdt, unsigned int el)
{
	const char *why;

	if (dt_init(fdt, FDT_MAX_SIZE, &why) == 0 && earlycon_init(NULL) == 0) {
		early_puts("\nSocle: started at EL");
		early_puts(el == 1 ? "1" : "3");
		early_puts(", but a hypervisor runs at EL2.\n");
		early_puts(
			el == 1 ? "Enable virtualization (QEMU: -M virt,"
				  "virtualization=on; boards: firmware that enters "
				  "at EL2). Stopped.\n"
				: "Start it from firmware (TF-A, U-Boot) that enters "
				  "at EL2. Stopped.\n");
	}
	for (;;) {
		__asm__ volatile("wfi");
	}
}

void arm64_main(paddr_t fdt) __noreturn;
void arm64_main(paddr_t fdt)
{
	struct percpu *p = percpu_boot();

	mmu_boot_enabled();
	p->arch.midr = read_sysreg(midr_el1);
	p->arch.mpidr = read_sysreg(mpidr_el1);
	percpu_boot_set(0, p->arch.mpidr & MPIDR_AFFINITY);
	cpu_count = 1;
	write_sysreg((uint64_t)p, tpidr_el2);
	core_main(fdt);
}

volatile void *arch_boot_map_console(paddr_t pa)
{
	if (mmu_map_early_device(pa)) {
		return NULL;
	}
	return (volatile void *)pa.v;
}

uint64_t arch_boot_ram_limit(void)
{
	uint64_t range = FIELD(read_sysreg(id_aa64mmfr0_el1), 3, 0);

	/* The last 512 GiB of 48 bits are the window for stacks. */
	return MIN(BIT(parange_bits((unsigned int)range)), MMU_WINDOW_BASE);
}

int arch_boot_map_arena(paddr_t base, uint64_t size)
{
	return mmu_set_arena(base, size);
}

int arch_boot_map_ram(paddr_t base, uint64_t size)
{
	return mmu_map_ram(base, size);
}

void arch_boot_map_done(void)
{
	mmu_use_page_allocator();
}

int arch_boot_early(void)
{
	psci_host_init();
	features_cpu_init();
	smccc_cpu_probe(read_sysreg(id_aa64pfr0_el1),
			read_sysreg(id_aa64mmfr1_el1));
	cpu_init_el2();
	return timer_host_early();
}

static void maintenance_handler(unsigned int irq, void *arg)
{
	(void)irq;
	(void)arg;
	vgic_maintenance();
}

int arch_boot_late(void)
{
	int err = timer_host_init();

	if (err) {
		return err;
	}
	err = smccc_init();
	if (err) {
		log_err("smccc: the services overlap or are too many");
		return err;
	}
	err = irq_request(vgic_host.maintenance_irq, maintenance_handler, NULL,
			  "vgic");
	if (err) {
		log_err("vgic: maintenance interrupt %u: %s",
			vgic_host.maintenance_irq, err_str(err));
		return err;
	}
	irq_set_priority(vgic_host.maintenance_irq, IRQ_PRIORITY_GUEST);
	irq_enable(vgic_host.maintenance_irq);
	pmu_host_init();
	return 0;
}

void arch_image_range(paddr_t *base, uint64_t *size)
{
	*base = mmu_image_loaded();
	*size = image_size();
}

const uint8_t *arch_build_id(size_t *len)
{
	/* An ELF note: name and descriptor sizes, type, "GNU\0", bytes. */
	const uint8_t *note = __build_id_start;
	size_t size = (size_t)(__build_id_end - __build_id_start);

	*len = size > 16 ? size - 16 : 0;
	return note + 16;
}
