/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's description, checked whole and with defaults filled in. Made by
 * config_parse() from a device tree blob; the host tool socle-check contains
 * the same code. Nothing here depends on the machine it runs on, except the
 * `limits` given.
 */
#ifndef CORE_GUEST_CONFIG_H
#define CORE_GUEST_CONFIG_H

#include <core/vcpu.h>
#include <libs/types.h>

struct emulator; /* core/emulator.h */

#define CONFIG_MAX_VCPUS 128
#define CONFIG_MAX_MEMORY 8
#define CONFIG_MAX_COLOURS 64
#define CONFIG_MAX_PORTIONS 64
#define CONFIG_MAX_RESERVED 16
#define CONFIG_MAX_DEVICES 96
#define CONFIG_MAX_REGS 3
#define CONFIG_MAX_IRQS 4
#define CONFIG_MAX_IRQ_CELLS 3
#define CONFIG_NAME_LEN 32

enum crash_policy { CRASH_HALT, CRASH_RESTART, CRASH_DESTROY };
/* KERNEL_LINUX: an image for the architecture's Linux boot protocol. */
enum kernel_format { KERNEL_AUTO, KERNEL_LINUX, KERNEL_ELF, KERNEL_RAW };

/* Performance counters: if the host has them; or the description is refused
 * where it has none; or none. */
enum guest_counters {
	GUEST_COUNTERS_AUTO,
	GUEST_COUNTERS_HOST,
	GUEST_COUNTERS_NONE
};

struct config_range {
	uint64_t base, size;
};

/* An interrupt as the guest's controller knows it. */
struct config_irq {
	uint32_t line; /* for arch_guest_irq(); the architecture's numbers */
	bool edge;
};

struct config_device {
	char name[CONFIG_NAME_LEN];    /* the node, for messages */
	char os_name[CONFIG_NAME_LEN]; /* the node in the OS's tree */
	const struct emulator *emu;
	struct config_range regs[CONFIG_MAX_REGS];
	uint32_t nregs;
	uint8_t space; /* of regs: enum emu_space, core/emulator.h */
	struct config_irq irqs[CONFIG_MAX_IRQS];
	uint32_t nirqs;
	int node; /* offset in blob, -1: a default */
};

/* Events in a period, and how many of them may be writes; 0: no budget. */
struct config_budget {
	uint32_t events, period_us, writes;
};

/* What a VCPU is promised; 0: nothing. */
struct config_sched {
	uint32_t period_us, budget_us, deadline_us;
	uint32_t cap;     /* per cent of a CPU */
	uint32_t windows; /* number of entries in `window`, in order */
	struct sched_window window[SCHED_WINDOWS];
};

struct guest_config {
	void *blob; /* own copy of the description */
	char name[CONFIG_NAME_LEN];
	uint32_t vcpus;
	uint8_t priority;
	enum guest_counters counters; /* AUTO if the host is not known */
	bool native_wait; /* waiting for interrupts is not trapped */
	const char *pool; /* of CPUs; in blob; NULL: the default one */
	struct config_sched *sched; /* of each VCPU; NULL: nothing is said */
	enum sched_overrun overrun;
	uint32_t weight;   /* among guests; 0: the usual one */
	uint32_t cap;      /* per cent of a CPU, of all VCPUs together */
	bool has_affinity; /* else all host CPUs */
	struct cpumask affinity[CONFIG_MAX_VCPUS];
	struct config_range memory[CONFIG_MAX_MEMORY];
	uint32_t nmemory;
	uint64_t memory_host[CONFIG_MAX_MEMORY]; /* address; 0: any */
	uint64_t memory_size;                    /* sum */
	/* Cache colours, a bit each. Both 0: all that no other guest has
	 * exclusively. */
	uint64_t colours;
	uint32_t colours_count;     /* to be chosen */
	const char *colours_shared; /* in blob; shared by the same name */
	struct config_range reserved[CONFIG_MAX_RESERVED]; /* /memreserve/ */
	uint32_t nreserved;
	uint64_t address_end; /* all its addresses are below */
	const char *kernel, *initrd, *bootargs, *dtb; /* in blob; NULL */
	enum kernel_format format;
	bool has_kernel_addr, has_initrd_addr, has_dtb_addr, has_entry;
	uint64_t kernel_addr, initrd_addr, dtb_addr, entry;
	struct config_budget budget; /* of all VCPUs together */
	struct config_budget vcpu_budgets[CONFIG_MAX_VCPUS]; /* of each */
	uint32_t budget_writes;
	const char *budget_event, *budget_write_event; /* in blob; NULL */
	bool budget_reclaim, budget_share;
	bool autostart;
	/* Names of guests that it may observe, and operate, by a management
	 * channel: strings, one after the other; in blob, NULL. */
	const char *observe, *operate;
	uint16_t observe_size, operate_size;
	enum crash_policy on_crash;
	/* The interrupt controller: a platform_intc's id; its registers, in
	 * the order of the architecture's binding. */
	uint32_t intc_model;
	int intc_node; /* offset in blob, -1: a default */
	struct config_range intc_regs[CONFIG_MAX_REGS];
	uint32_t intc_nregs;
	struct config_device *devices;
	uint32_t ndevices;
	int extra_node; /* nodes passed to the OS's tree, -1 */
	/* Portions of the last-level cache, a bit each. Both 0: those that no
	 * other guest has. */
	uint64_t portions;
	uint32_t portions_count;     /* to be chosen */
	const char *portions_shared; /* in blob; shared by the same name */
};

/* What this host supports. Fields that are zero are unknown (in the host tool)
 * and not checked. */
struct config_limits {
	uint32_t host_cpus;
	uint32_t ipa_bits;
	/* Models of interrupt controller, a bit for each platform_intc's id,
	 * and the one that a guest has by default. */
	uint32_t intc_models, intc_default;
	uint64_t free_memory; /* bytes */
	uint32_t colours;     /* of pages; 1: none, and why: */
	const char *uncoloured;
	bool no_counters;        /* performance counters: none for guests */
	uint32_t portions;       /* of the last-level cache; */
	const char *unportioned; /* or why there are none */
};

/* Where any of the guest's VCPUs may run. */
static inline void guest_config_cpus(const struct guest_config *cfg,
				     struct cpumask *cpus)
{
	*cpus = (struct cpumask){ 0 };
	if (!cfg->has_affinity) {
		cpumask_set_all(cpus);
		return;
	}
	for (uint32_t i = 0; i < cfg->vcpus; i++) {
		for (unsigned int k = 0; k < ARRAY_SIZE(cpus->bits); k++) {
			cpus->bits[k] |= cfg->affinity[i].bits[k];
		}
	}
}

/* One mistake: "file: /node: property: found X, allowed Y". */
typedef void (*config_report_t)(void *ctx, const char *message);

/*
 * Parse and check `blob` (size bytes, not trusted). All mistakes are
 * reported. 0, -ERR_FORMAT if any were found, -ERR_NOMEM.
 * Thread context; uses heap_alloc().
 */
int __must_check config_parse(struct guest_config **out, const void *blob,
			      size_t size, const struct config_limits *limits,
			      config_report_t report, void *ctx);
void config_free(struct guest_config *cfg);

/*
 * The device tree for the guest's OS, generated from `cfg`, into buf (size
 * bytes). initrd_start/end 0: none. -ERR_NOSPC. Thread context.
 */
struct fdtgen_info {
	uint64_t initrd_start, initrd_end;
	const uint8_t *rng_seed; /* or NULL */
	size_t rng_seed_len;
	uint64_t kaslr_seed;
};
int __must_check fdtgen_build(const struct guest_config *cfg,
			      const struct fdtgen_info *info, void *buf,
			      size_t size);

#endif
