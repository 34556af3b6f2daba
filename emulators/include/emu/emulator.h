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
struct schema_prop;		/* core/schema.h */

/*
 * One access: size 1, 2, 4 or 8, naturally aligned unless the emulator takes
 * others. A write's `value` has nothing above `size` bytes; a read's is zero
 * on entry, and the caller masks what comes back.
 */
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
	/* Sizes in bytes; others get an external abort. 0: 1 and 8 (4 for
	 * word_registers). */
	uint8_t min_access, max_access;
	/*
	 * Registers are words on a bus without byte strobes (APB): a narrower
	 * access arrives as one of the whole aligned word, with a write's
	 * value in its byte lanes and a read's taken from them.
	 */
	bool word_registers;
	bool unaligned;			/* takes unaligned accesses */
	/* Thread context. init may allocate, fini undoes it. */
	int (*init)(struct emu_device *dev);
	void (*fini)(struct emu_device *dev);
	/* Power-on state, not paused; the guest's VCPUs do not run. */
	void (*reset)(struct emu_device *dev);
	/*
	 * VCPU trap context, interrupts masked: no blocking, bounded.
	 * 0; -ERR_FAULT gives the guest a synchronous external abort;
	 * -ERR_BUSY: not done yet, the guest takes its interrupts and then
	 * executes the same instruction again. That is for what takes longer
	 * than a trap may; each time must get on with it.
	 * The emulator takes dev->lock itself where it needs it.
	 */
	int (*access)(struct emu_device *dev, struct emu_access *a);
	/* The guest is paused or stopped (true) or goes on: what counts the
	 * guest's time stands still meanwhile, and when it returns nothing of
	 * the device is about to call guest_request(). Thread context. */
	void (*pause)(struct emu_device *dev, bool paused);
	/* Press and release the machine's power key. Thread context. */
	int (*power_key)(struct emu_device *dev);
	/* Properties of its own that its node may have, checked before init;
	 * ends with a NULL name. NULL: none. */
	const struct schema_prop *props;
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
/* Boot: two emulators for one compatible are a mistake in our build.
 * -ERR_EXIST, logged. */
int __must_check emulator_check(void);

/*
 * A device's life, called by its guest. init fills in `dev` from the checked
 * node; -ERR_NOENT without an emulator for it, -ERR_NOMEM, or the emulator's
 * own error, and then nothing stays. fini is its reverse; nobody reaches the
 * device any more. Thread context.
 */
int __must_check emu_device_init(struct emu_device *dev, struct guest *g,
				 const struct config_device *cfg);
void emu_device_fini(struct emu_device *dev);
void emu_device_reset(struct emu_device *dev);
void emu_device_pause(struct emu_device *dev, bool paused);
/* Press the power key of the first of n devices that has one. -ERR_NOSUPP. */
int __must_check emu_power_key(struct emu_device *devs, size_t n);

/* A property of the device's node: *len bytes, or NULL (also where the
 * device is one of the defaults, with no node). Thread context. */
const void *emu_prop(const struct emu_device *dev, const char *name, int *len);
uint32_t emu_prop_u32(const struct emu_device *dev, const char *name,
		      uint32_t otherwise);
/* String number `n` of a string list. */
const char *emu_prop_str(const struct emu_device *dev, const char *name,
			 int n);

/* Drive the device's interrupt line number `n` (index into its description's
 * interrupts). Level lines: state; edge lines: each true is one edge. Any
 * context; dev->lock may be held (LOCK_VGIC comes after LOCK_DEVICE). */
void emu_irq(struct emu_device *dev, unsigned int n, bool level);

/* Guest memory: RAM, and to read what devices show as memory. 0 or -ERR_FAULT. */
int __must_check guest_read(struct guest *g, ipa_t ipa, void *buf, size_t n);
int __must_check guest_write(struct guest *g, ipa_t ipa, const void *buf,
			     size_t n);

/*
 * Memory in place of a region's first bytes, for what the device holds there:
 * the guest reads and executes it as it does RAM. Writes trap, and while it is
 * not shown, everything does. Zeroed: none, and showing it has no effect.
 */
struct guest_rom {
	ipa_t base;
	uint64_t size;			/* bytes, whole pages */
	void *data;			/* for the device to fill */
	bool shown;
};
/* Thread context. Not shown yet. -ERR_NOMEM; -ERR_RANGE for a place where it
 * cannot be: the device is as it would be without. */
int __must_check guest_rom_init(struct guest *g, struct guest_rom *rom,
				ipa_t base, uint64_t size);
void guest_rom_fini(struct guest *g, struct guest_rom *rom);
/* What was written to `data` is for the guest to see; not while shown. */
void guest_rom_sync(struct guest_rom *rom);
/* Any context; dev->lock, which guards the rest, is held. */
void guest_rom_show(struct guest *g, struct guest_rom *rom, bool show);

/*
 * A guest's region table: sorted, immutable while VCPUs run.
 */
struct emu_region {
	ipa_t base;
	uint64_t size;
	struct emu_device *dev;
	uint8_t index;			/* emu_access.region */
	/* By emu_map_build(): dev's own, and a bit 1 << log2(bytes) for each
	 * size of which an aligned access needs nothing but that call. */
	uint8_t plain;
	int (*access)(struct emu_device *dev, struct emu_access *a);
};
struct emu_map {
	struct emu_region *regions;
	uint32_t count;
};
/* Sort `regions` into `map`, which keeps the array. -ERR_INVAL for an empty
 * region, -ERR_RANGE past the end of addresses, -ERR_EXIST for an overlap. */
int __must_check emu_map_build(struct emu_map *map, struct emu_region *regions,
			       uint32_t n);
static inline bool emu_region_holds(const struct emu_region *r, ipa_t ipa)
{
	return ipa.v - r->base.v < r->size;
}

/* Can an access of 1 << log2 bytes at `off` go to r->access() as it is? */
static inline bool emu_region_plain(const struct emu_region *r, uint64_t off,
				    unsigned int log2)
{
	return (r->plain >> log2 & 1) && !(off & ((1U << log2) - 1));
}

/* The region holding `ipa`, or NULL. Trap context. */
const struct emu_region *emu_find(const struct emu_map *map, ipa_t ipa);
/* Perform an access on it: 0, and for a read *value, zero above `size`
 * bytes; what access() refuses it with; -ERR_FAULT also for a size or an alignment that the device does not
 * take, or past the region's end. Trap context. */
int __must_check emu_access_region(const struct emu_region *r, ipa_t ipa,
				   unsigned int size, bool write,
				   uint64_t *value);

#endif
