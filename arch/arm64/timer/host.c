/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's timers: CNTHP for the hypervisor, CNTV's interrupt for guests. */
#include <arch/timer.h>
#include <arch_impl/timer.h>
#include <arch_impl/timer_host.h>
#include <core/dt.h>
#include <core/irq_dispatch.h>
#include <core/log.h>
#include <core/time.h>
#include <libs/error.h>

/* Devicetree binding arm,arch_timer: secure, non-secure, virtual, hypervisor. */
#define DT_IRQ_VIRT 2
#define DT_IRQ_HYP 3

static uint64_t hz;
unsigned int timer_host_virt_irq;
static unsigned int hyp_irq;

uint64_t arch_timer_hz(void)
{
	return hz;
}

int timer_host_early(void)
{
	dt_node_t node = dt_next_compatible(-1, "arm,armv8-timer");
	uint32_t freq = 0;

	/* Firmware that forgot CNTFRQ is made up for by a property. */
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

int timer_host_init(void)
{
	dt_node_t node = dt_next_compatible(-1, "arm,armv8-timer");
	bool edge;
	int err;

	if (node < 0) {
		log_err("timer: no arm,armv8-timer node in the host tree");
		return -ERR_NOENT;
	}
	if (dt_irq(node, DT_IRQ_HYP, &hyp_irq, &edge) ||
	    dt_irq(node, DT_IRQ_VIRT, &timer_host_virt_irq, &edge)) {
		log_err("timer: /timer: interrupts: the virtual and the "
			"hypervisor timer's are needed (entries 2 and 3)");
		return -ERR_FORMAT;
	}
	err = irq_request(hyp_irq, hyp_timer_handler, NULL, "hyp-timer");
	if (err) {
		return err;
	}
	irq_enable(hyp_irq);
	err = irq_request(timer_host_virt_irq, vtimer_host_irq, NULL,
			  "virt-timer");
	if (err) {
		return err;
	}
	irq_set_forwarded(timer_host_virt_irq);
	irq_enable(timer_host_virt_irq);
	return 0;
}
