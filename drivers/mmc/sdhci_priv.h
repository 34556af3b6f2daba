/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SD host controllers, for the drivers of the buses they are found on. */
#ifndef DRIVERS_MMC_SDHCI_PRIV_H
#define DRIVERS_MMC_SDHCI_PRIV_H

#include "mmc_priv.h"

/* Allocated from the heap; freed with `host`, its first member. */
struct sdhci {
	struct mmc_host host;
	volatile uint8_t *regs; /* [I] */
	bool fixed; /* [I] card detection and write protection switch are
		       ignored */
	bool no_write_protect;   /* [I] only the write protection switch is */
	uint32_t base_clock;     /* [I] Hz */
	unsigned int version;    /* [I] of the specification: 1, 2 or 3 */
	bool address_64;         /* [I] of ADMA2 */
	struct dma_buffer table; /* [I] ADMA2 descriptors */
	struct mmc_command *cmd; /* [L] host.lock */
	uint32_t expected;       /* [L] events that end the command */
};

/*
 * Create a controller with its registers, all interrupts off:
 * sdhci_interrupt(irq, s) may be called from now on. NULL: out of memory.
 * Thread context.
 */
struct sdhci *sdhci_create(struct device *dev, volatile void *regs);
void sdhci_interrupt(unsigned int irq, void *arg);
/*
 * Read the capabilities and look for a card. The caller has filled in what the
 * tree says (fixed, no_write_protect, host.width_8, host.no_*) and enabled the
 * interrupt. -ERR_NOSUPP: the controller lacks a required feature, which is
 * logged; -ERR_NOMEM. Thread context.
 */
int __must_check sdhci_add(struct sdhci *s);
/* Undo sdhci_add(): requests end with -ERR_IO, and the controller is off.
 * Thread context. */
void sdhci_stop(struct sdhci *s);
/* Drop the driver's reference, when no interrupt can come any more. Thread
 * context. */
void sdhci_destroy(struct sdhci *s);

#endif
