/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What core/guest has to know about the machine that guests of an architecture
 * see, apart from its CPUs: the default machine, what a description may say
 * about interrupts and firmware, the architecture's nodes of the OS's tree, and
 * how images are loaded. The architecture fills it in (arch/guest_platform.h).
 *
 * All of it is data and pure functions: socle-check and the unit tests use the
 * same objects on the machine where Socle is built. Nothing here may depend on
 * the host that the guest runs on, except for the `limits` of a description.
 * Functions are called in thread context.
 */
#ifndef CORE_GUEST_PLATFORM_H
#define CORE_GUEST_PLATFORM_H

#include <core/guest_config.h>
#include <libs/types.h>

struct config_parser; /* core/config_parser.h */
struct fdtgen;        /* core/fdtgen.h */
struct image_plan;    /* core/guest_image.h */
struct image_where;
struct place; /* core/guest_place.h */
struct schema_prop;

/*
 * Devices of the default machine; those without an emulator are left out. Their
 * places are also slots for emulators that name them (emulator.slot): a
 * description may leave out the address of such devices.
 */
struct platform_device {
	const char *name; /* before the '@' */
	const char *compatible;
	struct config_range regs[CONFIG_MAX_REGS];
	uint32_t nregs;
	uint8_t space; /* of regs: enum emu_space, core/emulator.h */
	int irq;       /* line, as arch_guest_irq() counts; -1: none */
	bool edge;
	uint32_t count; /* number of such devices, */
	uint64_t step;  /* this many bytes apart; lines ascend by 1 */
};

/* A model of interrupt controller that a guest may have. */
struct platform_intc {
	uint32_t id;                   /* the architecture's own, 0..31 */
	const char *name;              /* for messages and `guest info` */
	const char *const *compatible; /* that stand for it; NULL at the end */
	uint32_t max_vcpus;
};

struct guest_platform {
	/*
	 * The default machine. `like` is its name in messages; `os_model` the
	 * compatible and model of the root of the OS's tree.
	 */
	const char *like;
	const char *os_model;
	/* I/O ports, at most 65536; 0: none. Devices there are NAME@iPORT in a
	 * description, and in a node `isa` of the OS's tree (IEEE 1275's
	 * binding of the ISA bus). */
	uint32_t io_ports;
	uint64_t ram_base; /* where the root property `memory` puts RAM */
	const struct platform_device *devices;
	unsigned int ndevices;

	/* Rows of the description besides those of core, ended by a NULL name:
	 * firmware, CPUs, `interrupts`, the interrupt controller, what is
	 * loaded where, and where it starts (/boot: entry, format,
	 * initrd-address, dtb-address). */
	const struct schema_prop *rows;

	/*
	 * Interrupts. The first model is the default where the host's limits
	 * name none. `interrupts` of a device holds entries of irq_cells cells
	 * (CONFIG_MAX_IRQ_CELLS at most); irq_allowed says in words what one
	 * may be.
	 */
	const struct platform_intc *intcs;
	unsigned int nintcs;
	unsigned int irq_cells;
	const char *irq_allowed;
	/* Decode one entry, big-endian cells; false if it is not allowed. */
	bool (*irq_decode)(const uint8_t *cells, struct config_irq *out);
	/* The reverse: the number of cells. In the OS's tree of a guest with
	 * this configuration they are those of its controller's model
	 * (CONFIG_MAX_IRQ_CELLS at most); NULL: those of a description. */
	unsigned int (*irq_encode)(const struct guest_config *cfg,
				   const struct config_irq *irq,
				   uint32_t *cells);
	/* The line's name in messages, e.g. "line 1". */
	void (*irq_name)(uint32_t line, char *buf, size_t size);
	/* Set cfg->intc_regs for the default machine's controller of
	 * cfg->intc_model and cfg->vcpus. */
	void (*intc_default)(struct guest_config *cfg);
	/* The same from the n entries of `reg` of the description's node;
	 * reports mistakes. */
	void (*intc_reg)(struct config_parser *p, const struct config_range *r,
			 unsigned int n);
	/* For `guest info`: model and size of the controller. */
	void (*intc_describe)(const struct guest_config *cfg, char *buf,
			      size_t size);

	/* The OS's tree: the clock of devices that have clock inputs
	 * (emulator.os_clocks): names of its node and output, Hz. 0 Hz: there
	 * is none, and no device's node has clocks. */
	const char *clock_node, *clock_output;
	uint32_t clock_hz;
	/* Properties of the root, and the nodes of CPUs, firmware, timers and
	 * interrupt controller. */
	void (*tree_root)(struct fdtgen *g);
	void (*tree_nodes)(struct fdtgen *g);

	/*
	 * Images: what an ELF file for the guest names as its machine, where
	 * instructions may begin, where a raw binary is loaded, in bytes from
	 * the start of RAM.
	 */
	uint16_t elf_machine;
	uint32_t insn_align;
	uint64_t raw_offset;
	/*
	 * Linux's own format for the architecture (KERNEL_LINUX): whether a
	 * file has it, and what is loaded where, as image_plan(). A segment
	 * without bytes of the file is memory that the boot protocol needs.
	 */
	bool (*linux_is)(const uint8_t *head, size_t size);
	int (*linux_plan)(struct image_plan *plan, const struct image_where *w,
			  const uint8_t *head, uint64_t file_size,
			  const char **why);
	/*
	 * Place the initial RAM disk and the OS's tree if the description gives
	 * no address. `image_end` is behind the kernel's last byte,
	 * `initrd_end` behind the RAM disk's, 0 without one. A format of
	 * KERNEL_AUTO means that there is no kernel and firmware is started.
	 * False: no place is free.
	 */
	bool (*place_initrd)(const struct place *p, uint64_t image_end,
			     uint64_t size, uint64_t *out);
	bool (*place_tree)(const struct place *p, enum kernel_format format,
			   uint64_t image_end, uint64_t initrd_end,
			   uint64_t size, uint64_t *out);
	/* Does the software to be started expect the tree at a fixed place, so
	 * that the tree is placed before the initial RAM disk? */
	bool (*tree_is_first)(enum kernel_format format);
	/* Most bytes of a tree that is given as a file. */
	uint32_t tree_max;
};

#endif
