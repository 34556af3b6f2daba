/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's firmware: PSCI (DEN0022) by SMC or HVC, and halting. */
#include <arch/cpu.h>
#include <arch_impl/psci_host.h>
#include <arch_impl/smccc_host.h>
#include <core/dt.h>
#include <core/log.h>
#include <libs/error.h>
#include <string.h>

#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_ON_64 0xc4000003u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u

static bool present;
static uint32_t fn_cpu_on = PSCI_CPU_ON_64;

void psci_host_init(void)
{
	dt_node_t node = dt_next_compatible(-1, "arm,psci-1.0");
	const char *method;

	if (node < 0) {
		node = dt_next_compatible(-1, "arm,psci-0.2");
	}
	if (node < 0) {
		node = dt_next_compatible(-1, "arm,psci");
		/* PSCI 0.1: function numbers are properties. */
		if (node < 0 || dt_u32(node, "cpu_on", &fn_cpu_on)) {
			log_warn("psci: no node in the host tree; one CPU, "
				 "no power-off");
			return;
		}
	}
	method = dt_str(node, "method");
	if (!method || strcmp(method, "smc") != 0) {
		/* At EL2 only the EL3 conduit can answer us. */
		log_warn("psci: method \"%s\" in the host tree is not usable "
			 "at EL2 (\"smc\" is); one CPU, no power-off",
			 method ? method : "");
		return;
	}
	present = true;
}

bool psci_host_present(void)
{
	return present;
}

int psci_host_cpu_on(uint64_t hwid, uint64_t entry, uint64_t context)
{
	int64_t ret;

	if (!present) {
		return -ERR_NOSUPP;
	}
	ret = (int64_t)smccc_call(fn_cpu_on, hwid, entry, context, NULL);
	return (int)ret;
}

void arch_system_off(void)
{
	if (present) {
		smccc_call(PSCI_SYSTEM_OFF, 0, 0, 0, NULL);
	}
}

void arch_system_reset(void)
{
	if (present) {
		smccc_call(PSCI_SYSTEM_RESET, 0, 0, 0, NULL);
	}
}

void arch_cpu_halt(void)
{
	arch_irq_disable();
	for (;;) {
		__asm__ volatile("wfi");
	}
}
