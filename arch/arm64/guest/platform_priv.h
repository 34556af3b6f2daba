/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of arm64's guest platform. core/guest_platform.h
 * describes the functions. */
#ifndef ARM64_GUEST_PLATFORM_PRIV_H
#define ARM64_GUEST_PLATFORM_PRIV_H

#include <arch_impl/guest_platform.h>
#include <core/guest_platform.h>
#include <core/schema.h>

/* machine.c */
#define VIRT_DEVICES 7
extern const struct platform_device virt_devices[VIRT_DEVICES];

/* rows.c */
extern const struct schema_prop guest_rows[];

/* gic.c */
#define GIC_MODELS 2
extern const struct platform_intc gic_models[GIC_MODELS];
bool gic_irq_decode(const uint8_t *cells, struct config_irq *out);
unsigned int gic_irq_encode(const struct guest_config *cfg,
			    const struct config_irq *irq, uint32_t *cells);
void gic_irq_name(uint32_t line, char *buf, size_t size);
void gic_default(struct guest_config *cfg);
void gic_reg(struct config_parser *p, const struct config_range *r,
	     unsigned int n);
void gic_describe(const struct guest_config *cfg, char *buf, size_t size);
/* The GIC's node in the OS's tree. */
void gic_tree_node(struct fdtgen *g);

/* Cells of an interrupt in a tree: type, number, flags (Linux binding
 * arm,gic-v3). */
#define GIC_CELLS 3
#define GIC_TYPE_SPI 0
#define GIC_TYPE_PPI 1
#define GIC_EDGE 1
#define GIC_LEVEL 4

/* tree.c */
void tree_root(struct fdtgen *g);
void tree_nodes(struct fdtgen *g);

/* image.c */
bool linux_is(const uint8_t *head, size_t size);
int linux_plan(struct image_plan *plan, const struct image_where *w,
	       const uint8_t *head, uint64_t file_size, const char **why);
/* Where QEMU's virt machine puts a raw -kernel, from the start of RAM. */
#define RAW_OFFSET 0x80000

/* place.c */
bool virt_place_initrd(const struct place *p, uint64_t image_end, uint64_t size,
		       uint64_t *out);
bool virt_place_tree(const struct place *p, enum kernel_format format,
		     uint64_t image_end, uint64_t initrd_end, uint64_t size,
		     uint64_t *out);
bool virt_tree_is_first(enum kernel_format format);

#endif
