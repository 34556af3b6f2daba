/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated devices. An emulator is one self-contained file, instantiated
 * for a node of the guest's description.
 */
#ifndef EMU_EMULATOR_H
#define EMU_EMULATOR_H

#include <core/spinlock.h>
#include <libs/registry.h>
#include <libs/types.h>

struct guest;
struct emu_device;
struct config_device;		/* core/guest_config.h: the checked node */

/* One access; size 1, 2, 4 or 8, naturally aligned unless the emulator says
 * it takes unaligned ones. For reads `value` is filled in (zero before); the
 * caller masks to size and sign-extends. */
struct emu_access {
	uint64_t off;		/* bytes from the region's start */
	uint64_t value;
	uint8_t size;
	bool write;
	uint8_t region;		/* which of the device's regions */
};

struct emulator {
	const char *name;
	const char *const *compatible;	/* NULL-terminated */
	size_t state_size;		/* bytes at dev->state, zeroed */
	uint8_t min_access, max_access;	/* bytes; others: external abort; 0: 1..8 */
	/* Thread context. init may allocate, fini undoes it. */
	int (*init)(struct emu_device *dev);
	void (*fini)(struct emu_device *dev);
	/* Power-on state; the guest's VCPUs do not run. */
	void (*reset)(struct emu_device *dev);
	/*
	 * VCPU trap context, interrupts masked: no blocking, bounded.
	 * 0; -ERR_FAULT gives the guest a synchronous external abort.
	 * The emulator takes dev->lock itself where it needs it.
	 */
	int (*access)(struct emu_device *dev, struct emu_access *a);
};
#define EMULATOR(ident) REGISTRY_ADD(emulator, struct emulator, ident)
REGISTRY_DECLARE(emulator, struct emulator);

struct emu_device {
	const struct emulator *emu;	/* [I] */
	struct guest *guest;		/* [I] owner */
	const struct config_device *cfg;/* [I] */
	struct spinlock lock;		/* LOCK_DEVICE, for emulator's use */
	void *state;			/* [L] */
	const char *name;		/* [I] node name, e.g. "pl011@9000000" */
};

/* Find by compatible; NULL. */
const struct emulator *emulator_find(const char *compatible);

/* Drive the device's interrupt line number `n` (index into its description's
 * interrupts). Level lines: state; edge lines: each true is one edge. Any
 * context; dev->lock may be held (LOCK_VGIC comes after LOCK_DEVICE). */
void emu_irq(struct emu_device *dev, unsigned int n, bool level);

/* Guest memory, checked against the guest's RAM; 0 or -ERR_FAULT. */
int __must_check guest_read(struct guest *g, ipa_t ipa, void *buf, size_t n);
int __must_check guest_write(struct guest *g, ipa_t ipa, const void *buf,
			     size_t n);

/*
 * A guest's region table: sorted, immutable while VCPUs run.
 */
struct emu_region {
	ipa_t base;
	uint64_t size;
	struct emu_device *dev;
	uint8_t index;			/* emu_access.region */
};
struct emu_map {
	struct emu_region *regions;
	uint32_t count;
};
/* The region holding [ipa, ipa+size), or NULL. `*cache` is the VCPU's hint
 * (index of last hit). Trap context. */
const struct emu_region *emu_find(const struct emu_map *map, ipa_t ipa,
				  uint32_t *cache);
/* Perform an access on it; masks the value. 0 or -ERR_FAULT. */
int __must_check emu_access_region(const struct emu_region *r, ipa_t ipa,
				   unsigned int size, bool write,
				   uint64_t *value);

#endif
