/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Emulated devices. An emulator is a descriptor and what it names, in one file
 * or, if it is large, a few; it is instantiated for a node of the guest's
 * description.
 */
#ifndef CORE_EMULATOR_H
#define CORE_EMULATOR_H

#include <core/guest_memory.h>
#include <core/spinlock.h>
#include <libs/registry.h>
#include <libs/types.h>

struct guest;
struct emu_device;
struct config_device; /* core/guest_config.h: the checked node */
struct schema_prop;   /* core/schema.h */
struct virtio_kind;   /* core/virtio.h */

/* Where registers are: in memory, or at I/O ports on machines that have these
 * (guest_platform.io_ports). */
enum emu_space { EMU_MEMORY, EMU_PORTS };

/*
 * One access: size 1, 2, 4 or 8, naturally aligned unless the emulator takes
 * unaligned ones. `value` of a write has no bits above `size` bytes; that of a
 * read is zero on entry, and the caller masks the result.
 */
struct emu_access {
	uint64_t off; /* bytes from the region's start */
	uint64_t value;
	uint8_t size;
	bool write;
	uint8_t region; /* which of the device's regions */
};

/* A property of a device's node in the tree that the guest's OS gets. */
struct emu_os_prop {
	const char *name; /* NULL: the end */
	bool flag;        /* without a value */
	uint32_t cell;    /* else its value */
};

/* The machine's power key, where a device has it. */
struct emu_power_key {
	/* Press and release it. Thread context. */
	int (*press)(struct emu_device *dev);
	/* Its cells in `gpios` behind the device's phandle: line and flags
	 * (Linux's binding gpio-keys). */
	uint32_t gpio[2];
};

/*
 * Everything about one kind of device: nothing else names it, except the
 * machines that have one by default (arch/<arch>/guest).
 */
struct emulator {
	const char *name;
	/* Its names in descriptions: NULL-terminated; the first is shown in
	 * listings. */
	const char *const *compatible;
	size_t state_size; /* bytes at dev->state, zeroed */
	/* Sizes in bytes; others get a bus error. 0: 1 and 8 (4 for
	 * word_registers). */
	uint8_t min_access, max_access;
	/*
	 * Registers are words on a bus without byte strobes (APB): a narrower
	 * access arrives as one of the whole aligned word, with a write's
	 * value in its byte lanes and a read's taken from them.
	 */
	bool word_registers;
	bool unaligned; /* takes unaligned accesses */
	/* Thread context. init may allocate, fini undoes it. */
	int (*init)(struct emu_device *dev);
	void (*fini)(struct emu_device *dev);
	/* Power-on state, not paused; the guest's VCPUs do not run. */
	void (*reset)(struct emu_device *dev);
	/*
	 * VCPU trap context, interrupts masked: no blocking, bounded. 0;
	 * -ERR_FAULT gives the guest a bus error at that instruction;
	 * -ERR_BUSY: not done yet; the guest takes its interrupts and then
	 * executes the same instruction again. That is for work that takes
	 * longer than a trap may; each call must make progress. The emulator
	 * takes dev->lock itself where it needs it.
	 */
	int (*access)(struct emu_device *dev, struct emu_access *a);
	/*
	 * The guest is paused or stopped (true), or continues. Meanwhile
	 * nothing counts the guest's time, and after this has returned the
	 * device does not call guest_request(). Thread context.
	 */
	void (*pause)(struct emu_device *dev, bool paused);
	/*
	 * The guest was stopped, and its memory may be reused: end all
	 * operations of the device. Follows pause(true). Thread context, may
	 * wait.
	 */
	void (*stopped)(struct emu_device *dev);
	const struct emu_power_key *power_key; /* NULL: none */
	/* For core/virtio: the device behind the transport. NULL: none. */
	const struct virtio_kind *virtio;

	/*
	 * What its node in a description must have, checked before init:
	 * entries of reg (0: 1 to CONFIG_MAX_REGS), of min_size bytes or more
	 * each, and interrupts at least.
	 */
	uint8_t nregs, nirqs;
	uint32_t min_size;
	/*
	 * The compatible of the default machine's devices
	 * (core/guest_platform.h) whose place it may take: a node without an
	 * address gets the next free one, with its registers and interrupt.
	 * NULL: a node must have an address.
	 */
	const char *slot;
	/* Its registers may be at I/O ports, which makes no difference to
	 * access(). */
	bool ports;
	/* Properties of its own that the node may have; ends with a NULL
	 * name. NULL: none. */
	const struct schema_prop *props;
	/* The property that names files, one for each entry of reg, whose
	 * contents the guest finds there and can boot from. NULL: none. */
	const char *rom_files;
	/* The property that names the shared memory (core/shared_memory.h) of
	 * which the first entry of reg shows a part. NULL: none. */
	const char *shared_region;

	/*
	 * The properties of the node in the OS's tree besides reg, interrupts,
	 * and the numbers and flags among `props` that the description gives.
	 */
	const char *const *os_compatible;   /* NULL: compatible[0] */
	const char *const *os_clocks;       /* names of its inputs, or NULL */
	const struct emu_os_prop *os_props; /* or NULL */
	bool console;                       /* the OS's console can be on it */
};
#define EMULATOR(ident) REGISTRY_ADD(emulator, struct emulator, ident)
REGISTRY_DECLARE(emulator);

struct emu_device {
	const struct emulator *emu;      /* [I] */
	struct guest *guest;             /* [I] owner */
	const struct config_device *cfg; /* [I] */
	struct spinlock lock;            /* LOCK_DEVICE, for emulator's use */
	void *state;                     /* [L] */
	const char *name; /* [I] of its node in the description, or the OS's */
};

/* Find an emulator by compatible, or NULL. Any context. */
const struct emulator *emulator_find(const char *compatible);
/* Boot: two emulators for one compatible are a mistake in our build.
 * -ERR_EXIST, logged. */
int __must_check emulator_check(void);

/*
 * Creation and removal of a device, called by its guest. init fills in `dev`
 * from the checked node; -ERR_NOMEM, or the emulator's own error, leave nothing
 * behind. fini is the reverse, when the device can no longer be accessed.
 * Thread context.
 */
int __must_check emu_device_init(struct emu_device *dev, struct guest *g,
				 const struct config_device *cfg);
void emu_device_fini(struct emu_device *dev);
void emu_device_reset(struct emu_device *dev);
void emu_device_pause(struct emu_device *dev, bool paused);
void emu_device_stopped(struct emu_device *dev);
/* Press the power key of the first of n devices that has one, which is the one
 * in the OS's tree. -ERR_NOSUPP if there is none. Thread context. */
int __must_check emu_power_key(struct emu_device *devs, size_t n);

/* A property of the device's node: *len bytes, or NULL (also where the
 * device is one of the defaults, with no node). Thread context. */
const void *emu_prop(const struct emu_device *dev, const char *name, int *len);
uint32_t emu_prop_u32(const struct emu_device *dev, const char *name,
		      uint32_t otherwise);
/* String number `n` of a string list. */
const char *emu_prop_str(const struct emu_device *dev, const char *name, int n);

/* Drive the device's interrupt line number `n` (index into its description's
 * interrupts). Level lines: state; edge lines: each true is one edge. Any
 * context; dev->lock may be held (LOCK_VIRQ comes after LOCK_DEVICE). */
void emu_irq(struct emu_device *dev, unsigned int n, bool level);

/*
 * A guest's region table: sorted, immutable while VCPUs run. At I/O ports the
 * port's number is the address.
 */
struct emu_region {
	ipa_t base;
	uint64_t size;
	struct emu_device *dev;
	uint8_t index; /* emu_access.region */
	uint8_t space; /* enum emu_space */
	/*
	 * Set by emu_map_build(): the device's access(), and for accesses of 1
	 * << n bytes the bits of the offset that must be 0 so that they need
	 * nothing but that call, and the size that they have there.
	 * EMU_NOT_PLAIN: they need more.
	 */
	int (*access)(struct emu_device *dev, struct emu_access *a);
	uint8_t plain_mask[4];
	uint8_t plain_size[4];
};
#define EMU_NOT_PLAIN 0x80
struct emu_map {
	struct emu_region *regions; /* those in memory, then those at ports */
	uint32_t count;             /* in memory */
	uint32_t ports;             /* at I/O ports */
};
/* Sort `regions` into `map`, which keeps the array. -ERR_INVAL for an empty
 * region, -ERR_RANGE past the end of addresses, -ERR_EXIST for an overlap in
 * one space. Thread context. */
int __must_check emu_map_build(struct emu_map *map, struct emu_region *regions,
			       uint32_t n);
static inline bool emu_region_holds(const struct emu_region *r, ipa_t ipa)
{
	return ipa.v - r->base.v < r->size;
}

/* Can an access of 1 << log2 bytes at `off` go to r->access() as it is? */
static inline bool emu_region_plain(const struct emu_region *r, uint64_t off,
				    uint64_t log2)
{
	return ((off | EMU_NOT_PLAIN) & r->plain_mask[log2]) == 0;
}

/* The region holding `ipa`, or NULL. Trap context. */
const struct emu_region *emu_find(const struct emu_map *map, ipa_t ipa);
/* The same for an I/O port; accesses to it are at IPA(port). */
const struct emu_region *emu_find_port(const struct emu_map *map,
				       uint16_t port);
/*
 * Perform an access to a region. A read sets *value, zero above `size` bytes.
 * Errors of access(); -ERR_FAULT also for a size or alignment that the device
 * does not take, or past the region's end. Trap context.
 */
int __must_check emu_access_region(const struct emu_region *r, ipa_t ipa,
				   unsigned int size, bool write,
				   uint64_t *value);

#endif
