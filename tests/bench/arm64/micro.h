/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the measuring guest. */
#ifndef MICRO_H
#define MICRO_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/plugins/arm64/marks.h"

#define sysreg_read(name) \
	({ \
		uint64_t v_; \
		__asm__ volatile("mrs %0, " #name : "=r"(v_)); \
		v_; \
	})
#define sysreg_write(name, v) \
	__asm__ volatile("msr " #name ", %x0" : : "rZ"((uint64_t)(v)))
#define isb() __asm__ volatile("isb" : : : "memory")

static inline uint32_t read32(uint64_t addr)
{
	return *(volatile uint32_t *)addr;
}

static inline void write32(uint64_t addr, uint32_t v)
{
	*(volatile uint32_t *)addr = v;
}

static inline uint16_t read16(uint64_t addr)
{
	return *(volatile uint16_t *)addr;
}

static inline void write16(uint64_t addr, uint16_t v)
{
	*(volatile uint16_t *)addr = v;
}

/* platform.c: found in the device tree. */
struct platform {
	uint64_t uart;
	uint64_t gicd, gicc, gicr; /* gicc or gicr is 0 */
	bool hvc;                  /* PSCI's conduit */
	uint64_t second_mpidr;
	unsigned int cpus;
	uint64_t ram, ram_size;
	/* Of a device socle,shared-memory; 0: there is none. */
	uint64_t doorbell;
	uint32_t doorbell_intid;
	/* Boot arguments: only=FIGURE,... rounds=N. */
	char only[96];
	uint32_t rounds; /* 0: as usual */
};
extern struct platform platform;
void platform_init(const void *tree);
void put(const char *s);
void put_number(uint64_t v);
int64_t psci(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3);

/* gic.c */
#define TIMER_VIRT 27
#define TIMER_PHYS 30
void gic_init(void);        /* distributor, by the first CPU */
void gic_cpu_init(void);    /* each CPU; SGIs and both timers on */
uint64_t gic_private(void); /* where its SGIs and PPIs have registers */
uint32_t gic_ack(void);
void gic_eoi(uint32_t iar);
void gic_spi_on(uint32_t intid, bool edge, unsigned int cpu); /* 0 or 1 */
void gic_sgi_self(unsigned int sgi);
void gic_sgi_cpu(unsigned int cpu, unsigned int sgi); /* 0 or 1 */

/* start.S */
#define IRQ_ENTRY_INSNS 9 /* up to the reading of the time */
extern uint64_t undef_count;
extern uint64_t irq_delay; /* additional ones, 0 to 16 */
void second_entry(void);

#endif
