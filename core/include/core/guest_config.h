/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's description, checked whole and with defaults filled in. Made by
 * config_parse() from a device tree blob; the same code is the host tool
 * socle-check. Nothing here depends on the machine it runs on, but for the
 * `limits` given.
 */
#ifndef CORE_GUEST_CONFIG_H
#define CORE_GUEST_CONFIG_H

#include <core/vcpu.h>
#include <libs/types.h>

#define CONFIG_MAX_VCPUS 128
#define CONFIG_MAX_MEMORY 8
#define CONFIG_MAX_DEVICES 96
#define CONFIG_MAX_REGS 3
#define CONFIG_MAX_IRQS 4
#define CONFIG_NAME_LEN 32

enum crash_policy { CRASH_HALT, CRASH_RESTART, CRASH_DESTROY };
enum kernel_format { KERNEL_AUTO, KERNEL_IMAGE, KERNEL_ELF, KERNEL_RAW };

struct config_range { uint64_t base, size; };

/* SPI n is INTID 32+n, PPI n is INTID 16+n; here the INTID. */
struct config_irq {
	uint32_t intid;
	bool edge;
};

struct config_device {
	char name[CONFIG_NAME_LEN];		/* node name in the OS's tree */
	const char *compatible;			/* the emulator's first */
	struct config_range regs[CONFIG_MAX_REGS];
	uint32_t nregs;
	struct config_irq irqs[CONFIG_MAX_IRQS];
	uint32_t nirqs;
	int node;				/* offset in blob, -1: a default */
};

struct guest_config {
	void *blob;				/* own copy of the description */
	char name[CONFIG_NAME_LEN];
	uint32_t vcpus;
	uint8_t priority;
	bool native_wfi;			/* WFI is not trapped */
	bool has_affinity;			/* else all host CPUs */
	struct cpumask affinity[CONFIG_MAX_VCPUS];
	struct config_range memory[CONFIG_MAX_MEMORY];
	uint32_t nmemory;
	uint64_t memory_size;			/* sum */
	const char *kernel, *initrd, *bootargs, *dtb;	/* in blob; NULL */
	enum kernel_format format;
	bool has_kernel_addr, has_initrd_addr, has_dtb_addr, has_entry;
	uint64_t kernel_addr, initrd_addr, dtb_addr, entry;
	bool autostart;
	enum crash_policy on_crash;
	uint32_t gic_version;			/* 2 or 3 */
	int gic_node;				/* offset in blob, -1: a default */
	struct config_range gicd, gicc, gicr;	/* gicr: all redistributors */
	uint32_t nspis;				/* SPIs modelled, multiple of 32 */
	bool psci_hvc;				/* conduit in the OS's tree */
	struct config_device *devices;
	uint32_t ndevices;
	int extra_node;				/* nodes passed to the OS's tree, -1 */
};

/* What this host can give; zero fields: unknown (host tool), no check. */
struct config_limits {
	uint32_t host_cpus;
	uint32_t ipa_bits;
	uint32_t gic_version;			/* default for the guest */
	bool gicv2_ok, gicv3_ok;
	uint64_t free_memory;			/* bytes */
};

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
	const uint8_t *rng_seed;		/* or NULL */
	size_t rng_seed_len;
	uint64_t kaslr_seed;
};
int __must_check fdtgen_build(const struct guest_config *cfg,
			      const struct fdtgen_info *info, void *buf,
			      size_t size);

#endif
