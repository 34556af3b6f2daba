/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole way of core/boot/main.c on the simulated host: from a host tree to
 * CPUs that are online, devices that are probed in order, and a running daemon.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <arch_impl/host.h>
#include <arch_impl/host_ram.h>
#include <core/daemon.h>
#include <core/device.h>
#include <core/irq_dispatch.h>
#include <core/log.h>
#include <core/page.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/stack_protector.h>
#include <core/thread.h>
#include <libs/error.h>

#include "tests/unit/dts.h"

/* Memory is what the tree says. */
const int host_memory_given = 1;

/* core/console/panic.c, which has it, is the image's alone. */
static enum panic_policy policy = PANIC_HALT;

void panic_set_policy(enum panic_policy p)
{
	policy = p;
}

/* Likewise core/random/stack_protector.c: a program's guard is the C library's.
 * */
static unsigned int protected;

void stack_protector_init(void)
{
	protected++;
}

#define RAM_MIB 64
static const char tree[] =
	"/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; "
	"interrupt-parent = <&pic>; "
	"cpus { #address-cells = <1>; #size-cells = <0>; "
	"cpu@0 { device_type = \"cpu\"; reg = <0>; }; "
	"cpu@1 { device_type = \"cpu\"; reg = <1>; }; "
	"cpu@2 { device_type = \"cpu\"; reg = <2>; }; }; "
	"memory@40000000 { device_type = \"memory\"; "
	"reg = <0 0x40000000 0 0x4000000>; }; "
	"chosen { bootargs = \"panic=reboot\"; }; "
	"late@50000 { compatible = \"test,late\"; "
	"reg = <0 0x50000 0 0x1000>; }; "
	"pic: pic@60000 { compatible = \"test,pic\"; "
	"reg = <0 0x60000 0 0x1000>; interrupt-controller; "
	"#interrupt-cells = <1>; }; };";

/* --- what the tree's machine has ------------------------------------------ */

static unsigned int order, pic_probed, late_probed, pic_cpus;

static int pic_decode(const uint32_t *cells, unsigned int n, unsigned int *irq,
		      enum irq_trigger *trigger)
{
	*irq = cells[0];
	*trigger = IRQ_TRIGGER_LEVEL;
	return n == 1 ? 0 : -ERR_FORMAT;
}

static void pic_line(unsigned int irq)
{
	(void)irq;
}

static void pic_priority(unsigned int irq, enum irq_priority priority)
{
	(void)irq;
	(void)priority;
}

static int pic_cpu_init(void)
{
	pic_cpus++;
	return 0;
}

static const struct irqchip pic = {
	.name = "test PIC",
	.nr_irqs = 64,
	.nr_private = 16,
	.node = -1,
	.decode = pic_decode,
	.enable = pic_line,
	.disable = pic_line,
	.deactivate = pic_line,
	.set_priority = pic_priority,
	.cpu_init = pic_cpu_init,
};

static int pic_probe(struct device *dev)
{
	(void)dev;
	pic_probed = ++order;
	return irqchip_install(&pic);
}

static const char *const pic_names[] = { "test,pic", NULL };
static const struct driver pic_driver = {
	.name = "test-pic",
	.class = DEVICE_IRQCHIP,
	.compatible = pic_names,
	.probe = pic_probe,
};
DRIVER(pic_driver);

static int late_probe(struct device *dev)
{
	(void)dev;
	late_probed = ++order;
	return 0;
}

static const char *const late_names[] = { "test,late", NULL };
static const struct driver late_driver = {
	.name = "test-late",
	.class = DEVICE_RTC,
	.compatible = late_names,
	.probe = late_probe,
};
DRIVER(late_driver);

static unsigned int ran;

static void run(void *arg)
{
	(void)arg;
	ran = ++order;
	sleep_ms(5);
	ran = ++order;
}

static const struct daemon runner = {
	.name = "runner",
	.priority = SCHED_PRIO_DEFAULT,
	.run = run,
};
DAEMON(runner);

/* --- the boot ------------------------------------------------------------- */

#define ROUNDS 2000 /* of a tenth of a millisecond */

static void go_on(void)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
			if (cpu == 0 || cpu_online(cpu) ||
			    percpu_table[cpu]->state == CPU_PRESENT) {
				(void)host_run(cpu);
			}
		}
		host_advance(HOST_TIMER_HZ / 10000);
	}
}

static void test_boot(void **state)
{
	static struct dts_blob blob;
	struct page_stats st;

	(void)state;
	dts_compile(tree, &blob);
	host_boot_core(blob.data);
	go_on();
	assert_int_equal(policy, PANIC_REBOOT);
	assert_int_equal(protected, 1);
	/* The interrupt controller comes first, the daemons last. */
	assert_int_equal(pic_probed, 1);
	assert_int_equal(late_probed, 2);
	assert_int_equal(order, 4);
	assert_int_equal(ran, 4);
	assert_int_equal(cpu_count, 3);
	for (unsigned int cpu = 0; cpu < 3; cpu++) {
		assert_true(cpu_online(cpu));
	}
	assert_int_equal(pic_cpus, 2); /* the boot CPU's is the driver's own */
	page_get_stats(&st);
	assert_in_range(st.free * PAGE_SIZE, (RAM_MIB - 8) << 20,
			RAM_MIB << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
