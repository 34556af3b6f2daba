/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: the host firmware's PSCI. */
#ifndef ARCH_IMPL_PSCI_HOST_H
#define ARCH_IMPL_PSCI_HOST_H

#include <libs/types.h>

void psci_host_init(void); /* from the host tree */
bool psci_host_present(void);
/* 0, a negative PSCI error, or -ERR_NOSUPP without firmware. */
int psci_host_cpu_on(uint64_t hwid, uint64_t entry, uint64_t context);

#endif
