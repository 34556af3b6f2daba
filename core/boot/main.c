/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start of the hypervisor, in order. core_main() runs on the boot CPU's boot
 * stack until the scheduler works; init_thread() does the rest, as it may
 * block.
 */
#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <core/boot.h>
#include <core/daemon.h>
#include <core/device.h>
#include <core/dt.h>
#include <core/earlycon.h>
#include <core/guest.h>
#include <core/hostcon.h>
#include <core/irq_dispatch.h>
#include <core/log.h>
#include <core/page.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/portion.h>
#include <core/random.h>
#include <core/sched.h>
#include <core/smp.h>
#include <core/stack_protector.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/version.h>
#include <core/vfs.h>
#include <core/work.h>
#include <libs/error.h>
#include <string.h>

#define FDT_MAX_SIZE MIB(2)
#define CPU_START_MS 2000

/* The hypervisor cannot run without what failed. */
static void __noreturn fatal(const char *what, int err)
{
	panic("%s: %s", what, err_str(err));
}

static void boot_console(paddr_t fdt)
{
	const char *why = "";
	int err = dt_init((const void *)(uintptr_t)fdt.v, FDT_MAX_SIZE, &why);

	if (err) {
		/* If no console is found even in a broken tree, nothing is
		 * printed, but a debugger finds the reason in the log. */
		if (earlycon_salvage((const void *)(uintptr_t)fdt.v,
				     FDT_MAX_SIZE,
				     arch_boot_map_console) == 0) {
			hostcon_set_early(earlycon_putc);
		}
		panic("host device tree at 0x%llx: %s",
		      (unsigned long long)fdt.v, why);
	}
	if (earlycon_init(arch_boot_map_console) == 0) {
		hostcon_set_early(earlycon_putc);
	}
}

/* Wait for a started CPU to come online, or give it up for good. */
static void wait_online(unsigned int cpu)
{
	struct percpu *p = percpu_table[cpu];
	ticks_t deadline = time_now() + ms_to_ticks(CPU_START_MS);
	enum cpu_state expected = CPU_PRESENT;

	while (READ_ONCE(p->state) == CPU_PRESENT) {
		if (time_now() < deadline) {
			sleep_ms(1);
			continue;
		}
		if (__atomic_compare_exchange_n(
			    &p->state, &expected, CPU_FAILED, false,
			    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			log_err("smp: CPU %u (hwid 0x%llx) did not come up in "
				"%u ms; going on without it",
				cpu, (unsigned long long)p->hwid, CPU_START_MS);
		}
	}
}

static void start_cpus(void)
{
	static struct dt_cpu cpus[CONFIG_MAX_CPUS];
	unsigned int n = dt_cpus(cpus, CONFIG_MAX_CPUS);
	unsigned int online = 1;
	uint64_t boot_hwid = this_cpu()->hwid;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int cpu = cpu_count;

		if (cpus[i].hwid == boot_hwid || cpu == CONFIG_MAX_CPUS) {
			continue;
		}
		if (percpu_create(cpu, cpus[i].hwid)) {
			log_err("smp: no memory for CPU %u", cpu);
			break;
		}
		cpu_count++;
		if (arch_cpu_start(cpu)) {
			percpu_table[cpu]->state = CPU_FAILED;
			continue;
		}
		wait_online(cpu);
		online += cpu_online(cpu);
	}
	log_info("smp: %u of %u CPUs online", online, cpu_count);
}

void cpu_secondary_main(void)
{
	enum cpu_state expected = CPU_PRESENT;
	struct percpu *p = this_cpu();

	int err = irqchip_cpu_init();

	if (!err) {
		err = timer_cpu_init();
	}
	/* Last, because other CPUs see this one from then on. */
	if (!err) {
		err = sched_cpu_init();
	}
	if (err) {
		log_err("smp: CPU %u: %s", p->id, err_str(err));
		p->state = CPU_FAILED;
		arch_cpu_halt();
	}
	if (!__atomic_compare_exchange_n(&p->state, &expected, CPU_ONLINE,
					 false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		/* wait_online() has given it up: it must not run anything. */
		arch_cpu_halt();
	}
	sched_cpu_online();
	sched_idle_loop();
}

static void mount_root(void)
{
	struct dt_chosen chosen;
	int err;

	dt_get_chosen(&chosen);
	if (!chosen.initrd_size) {
		log_warn("vfs: no initrd in /chosen, so no files; pass a "
			 "bundle (see README.md)");
		return;
	}
	if (!boot_memory_is_ram(chosen.initrd, chosen.initrd_size)) {
		log_err("vfs: the initrd, 0x%llx bytes at 0x%llx by /chosen, is "
			"not all in RAM that may be used; no files",
			(unsigned long long)chosen.initrd_size,
			(unsigned long long)chosen.initrd.v);
		return;
	}
	err = vfs_mount_root(arch_phys_to_virt(chosen.initrd),
			     chosen.initrd_size);
	if (err) {
		log_err("vfs: the initrd at 0x%llx is refused as a bundle (newc "
			"cpio): %s",
			(unsigned long long)chosen.initrd.v, vfs_mount_why());
	}
}

/* Devices for which the boot does not wait. */
static void probe_rest(void)
{
	for (unsigned int c = 0; c < DEVICE_CLASSES; c++) {
		(void)device_probe((enum device_class)c);
	}
	device_report_deferred();
	portion_init();
}

static void init_thread(void *arg)
{
	int err;

	(void)arg;
	start_cpus();
	err = work_start();
	if (err) {
		fatal("work queue", err);
	}
	err = emulator_check();
	if (err) {
		fatal("emulators", err);
	}
	probe_rest();
	mount_root();
	err = hostcon_present(hostcon_main()) ? hostcon_start(hostcon_main())
					      : 0;
	if (err) {
		log_err("console: %s", err_str(err));
	}
	daemon_start_all();
}

void core_main(paddr_t fdt)
{
	static const struct thread_attr init_attr = {
		.name = "init",
		.priority = SCHED_PRIO_DEFAULT,
	};
	struct vcpu *init;
	int err;

	boot_console(fdt);
	log_info("Socle %s", version_string());
	bootargs_apply();
	err = arch_boot_early();
	if (err) {
		fatal("architecture", err);
	}
	err = boot_memory_init(fdt);
	if (err) {
		fatal("memory", err);
	}
	if (IS_ENABLED(CONFIG_GUEST_FIXED_MEMORY)) {
		guest_hold_memory();
	}
	random_init();
	stack_protector_init();
	err = timer_cpu_init();
	if (!err) {
		err = sched_cpu_init();
	}
	if (err) {
		fatal("scheduler", err);
	}
	sched_cpu_online();
	device_discover();
	if (device_probe(DEVICE_IRQCHIP) == 0) {
		fatal("no interrupt controller in the host tree has a driver",
		      -ERR_NOENT);
	}
	err = arch_boot_late();
	if (err) {
		fatal("interrupts and timers", err);
	}
	percpu_set_online();
	(void)device_probe(DEVICE_SERIAL);
	hostcon_init();
	err = thread_create(&init, &init_attr, init_thread, NULL);
	if (err) {
		fatal("init thread", err);
	}
	sched_idle_loop();
}
