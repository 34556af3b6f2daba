/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: partition IDs as a test says; none by itself. */
#include <arch/partition.h>
#include <arch_impl/host.h>

unsigned int host_partition_ids;
uint32_t host_partition_own, host_partition_guest;

unsigned int arch_partition_ids(const char **why)
{
	*why = "the simulated CPUs have no partition IDs";
	return host_partition_ids;
}

void arch_partition_own(uint32_t id)
{
	host_partition_own = id;
}

void arch_partition_guest(struct guest *g, uint32_t id)
{
	(void)g;
	host_partition_guest = id;
}
