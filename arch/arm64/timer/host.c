/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's timers: CNTHP for the hypervisor, CNTV's and CNTP's interrupts for
 * guests. */
#include <arch/timer.h>
#include <arch_impl/timer.h>
#include <arch_impl/timer_host.h>
#include <core/dt.h>
#include <core/irq_dispatch.h>
#include <core/log.h>
#include <core/time.h>
#include <libs/error.h>

/*
 * Devicetree binding arm,arch_timer: interrupt-names gives the names in any
 * order; without it the order is secure, non-secure, virtual, hypervisor.
 */
#define DT_IRQ_PHYS 1
#define DT_IRQ_VIRT 2
#define DT_IRQ_HYP 3

static uint64_t hz;
unsigned int timer_host_irq[VTIMER_KINDS];
static unsigned int hyp_irq;

uint64_t arch_timer_hz(void)
{
	return hz;
}

__cold int timer_host_early(void)
{
	dt_node_t node = dt_next_compatible(-1, "arm,armv8-timer");
	uint32_t freq = 0;

	/* A property replaces CNTFRQ if firmware has not set it. */
	hz = read_sysreg(cntfrq_el0);
	if (node >= 0 && dt_u32(node, "clock-frequency", &freq) == 0) {
		hz = freq;
	}
	if (!hz) {
		log_err("timer: CNTFRQ_EL0 is 0 and the host tree's timer "
			"node has no clock-frequency");
		return -ERR_FORMAT;
	}
	return 0;
}

static void hyp_timer_handler(unsigned int irq, void *arg)
{
	(void)irq;
	(void)arg;
	timer_interrupt();
}

static __cold int forward(enum vtimer_kind kind, irq_handler_t fn,
			  const char *name)
{
	unsigned int irq = timer_host_irq[kind];
	int err = irq_request(irq, fn, NULL, name);

	if (!err) {
		irq_set_forwarded(irq);
		irq_enable(irq);
	}
	return err;
}

__cold int timer_host_init(void)
{
	dt_node_t node = dt_next_compatible(-1, "arm,armv8-timer");
	enum irq_trigger trigger;
	int err;

	if (node < 0) {
		log_err("timer: no arm,armv8-timer node in the host tree");
		return -ERR_NOENT;
	}
	if (irq_of_node_named(node, "hyp-phys", DT_IRQ_HYP, &hyp_irq,
			      &trigger) ||
	    irq_of_node_named(node, "virt", DT_IRQ_VIRT,
			      &timer_host_irq[VTIMER_VIRT], &trigger) ||
	    irq_of_node_named(node, "phys", DT_IRQ_PHYS,
			      &timer_host_irq[VTIMER_PHYS], &trigger)) {
		log_err("timer: %s: interrupts: the physical, the virtual and "
			"the hypervisor timer's are needed (\"phys\", "
			"\"virt\" and \"hyp-phys\", or entries 1 to 3)",
			dt_name(node));
		return -ERR_FORMAT;
	}
	err = irq_request(hyp_irq, hyp_timer_handler, NULL, "hyp-timer");
	if (err) {
		return err;
	}
	irq_set_priority(hyp_irq, IRQ_PRIORITY_TIMER);
	irq_enable(hyp_irq);
	err = forward(VTIMER_VIRT, vtimer_host_virt_irq, "virt-timer");
	return err ? err
		   : forward(VTIMER_PHYS, vtimer_host_phys_irq, "phys-timer");
}
