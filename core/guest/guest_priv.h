/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that make up guests. */
#ifndef GUEST_PRIV_H
#define GUEST_PRIV_H

#include <core/guest.h>

/* Where a guest's first VCPU begins. */
struct guest_entry {
	uint64_t pc;
	uint64_t arg;		/* first argument register: device tree */
};

/* guest.c */
void guest_life_init(struct guest *g);	/* lock, list, what it asks for */
int __must_check guest_link(struct guest *g);	/* -ERR_EXIST; sets id */

/* crash.c: log that the guest's crash_vcpu crashed, with registers if asked
 * for, and keep the report. Its mutex is held; no VCPU runs. */
void crash_record(struct guest *g, bool with_registers);

/* create.c: free everything; no references, no VCPU runs. */
void guest_free(struct guest *g);

/* load.c: put kernel, initrd and device tree into RAM. Mistakes are
 * reported. The VCPUs are off. */
int __must_check guest_load(struct guest *g, struct guest_entry *entry,
			    config_report_t report, void *ctx);

/* memory.c */
int __must_check guest_memory_init(struct guest *g, bool (*stop)(void *ctx),
				   void *ctx);
void guest_memory_fini(struct guest *g);
/* Where [ipa, ipa+n), within one page, of the guest's RAM is; or NULL. */
void *guest_ram_ptr(struct guest *g, ipa_t ipa, size_t n);

#endif
