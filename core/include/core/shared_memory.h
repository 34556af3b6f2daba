/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared memory: named regions of host memory that several guests have mapped,
 * each with the access that it was granted, and doorbells by which those that
 * have a region interrupt each other. docs/design/messaging.md.
 *
 * Thread context, unless it says otherwise. Locks: [I] immutable, [S] the mutex
 * of shared memory, [A] atomic.
 */
#ifndef CORE_SHARED_MEMORY_H
#define CORE_SHARED_MEMORY_H

#include <core/colour.h>
#include <libs/list.h>
#include <libs/types.h>

struct emu_device;    /* core/emulator.h */
struct guest;         /* core/guest.h */
struct shared_region; /* core/msg/shared_priv.h */

#define SHARED_NAME_MAX 32 /* bytes, with the terminator */
#define SHARED_REGIONS_MAX 64
#define SHARED_GRANTS_MAX 32 /* of a region */
#define SHARED_PEERS_MAX 31  /* of a region: a vector each, and one is left */
#define SHARED_SIZE_MAX GIB(1)

/* The vector that tells that a peer came or went, or that the region did. */
#define SHARED_VECTOR_STATUS 31

enum shared_access { SHARED_NONE, SHARED_READ, SHARED_WRITE };

/* The memory type in guests' translation. ANY: write-back, or what is there. */
enum shared_cache { SHARED_ANY, SHARED_WRITE_BACK, SHARED_NONCACHEABLE };

/* How a region is made. */
struct shared_make {
	const char *name;
	uint64_t size; /* bytes, whole pages, SHARED_SIZE_MAX at most */
	enum shared_cache cache;
	colour_mask_t colours;      /* 0: those that nobody has exclusively */
	const char *colours_shared; /* with claims of this name; or NULL */
};

struct shared_window;

/* A peer of a region that is the hypervisor, on behalf of a guest's device. */
struct shared_host {
	/* Others have made vectors pending; they are not kept. Any context. */
	void (*rung)(struct shared_window *w, uint32_t vectors);
	/* The region goes, and shared_host_at() gives nothing any more: when
	 * this returns what it has given is not used. Thread context, [S]. */
	void (*gone)(struct shared_window *w);
};

/*
 * Where a guest's address space shows a region: a part of struct emu_device's
 * state. While no region is mapped, accesses go to the device.
 */
struct shared_window {
	const struct shared_host *host; /* [I] NULL: a guest's. Else it has no
					   addresses, and no registers */
	struct list node;               /* [S] of all windows */
	struct emu_device *dev;  /* [I] its interrupt 0 is the doorbell's */
	const char *name;        /* [I] of the region */
	ipa_t base;              /* [I] whole pages */
	uint64_t size;           /* [I] bytes, whole pages */
	enum shared_access most; /* [I] that is asked for */
	uint32_t wanted;         /* [I] number of this peer; or as below */
	struct shared_region *region; /* [A] what is mapped; NULL: nothing */
	uint32_t number;              /* [A] of this peer, while it is mapped */
	uint32_t access;              /* [A] enum shared_access, as mapped */
	uint32_t pending;             /* [A] vectors */
	uint32_t enabled;             /* [A] vectors that interrupt */
	uint64_t rung;                /* [A] doorbells of others */
};
#define SHARED_NUMBER_ANY UINT32_MAX

/*
 * Make a region, zeroed. -ERR_INVAL: not a name; -ERR_RANGE: not a size;
 * -ERR_EXIST: there is one of that name; -ERR_NOSPC: SHARED_REGIONS_MAX;
 * -ERR_BUSY: others have the colours, *why; -ERR_NOMEM.
 */
int __must_check shared_create(const struct shared_make *make,
			       struct colour_refusal *why);
/* -ERR_NOENT; -ERR_BUSY: it is mapped. */
int __must_check shared_destroy(const char *name);
/* Enter the guest of that name, which need not exist yet, into the list of
 * access, and map the region in its windows, or change the access that they
 * have. -ERR_NOENT; -ERR_NOSPC: SHARED_GRANTS_MAX, or no number is left for a
 * peer; -ERR_RANGE: a window is too small; -ERR_EXIST: a number that the
 * description gives is taken; -ERR_NOMEM. What could be mapped stays so. */
int __must_check shared_grant(const char *name, const char *guest,
			      enum shared_access access);
/* The reverse: when this returns, the guest cannot access it any more.
 * -ERR_NOENT: no such region; -ERR_STATE: the guest is not in the list. */
int __must_check shared_revoke(const char *name, const char *guest);

/*
 * For the device: announce its window, whose fields [I] are set. `make` is how
 * the region is made if there is none of the name (a size of 0: as large as the
 * window); it goes with the last window of that name, and grants what each
 * window asks for. Errors as shared_create() and shared_grant(); -ERR_STATE:
 * the region is there, but is not as `make` says. After an error the window is
 * not known.
 */
int __must_check shared_window_init(struct shared_window *w,
				    const struct shared_make *make,
				    struct colour_refusal *why);
void shared_window_fini(struct shared_window *w);

/* For a peer that is the hypervisor: where the first `size` bytes of its region
 * are, as far as they are in one piece of write-back memory that it may write.
 * NULL: there is none. Interrupts masked, or until `gone`. */
void *shared_host_at(struct shared_window *w, uint64_t *size);
/* The window of the same guest that shows the region of this name, and comes
 * first in its description; NULL: there is none. */
struct shared_window *shared_window_of(const struct guest *g, const char *name);

/* --- doorbells: any context, with interrupts masked, unless it says
 * otherwise */

/* Peers that are up, a bit each. */
uint32_t shared_peers_up(struct shared_window *w);
/* The size of the region that is mapped; 0: none. */
uint64_t shared_size(struct shared_window *w);
/* This peer's driver is ready, or no longer: the others that are up are told.
 * SHARED_PEERS_MAX steps. */
void shared_set_up(struct shared_window *w, bool up);
/* Make `vector` of the peer pending. Nothing happens if it is not up, and for a
 * vector of SHARED_VECTOR_STATUS or more. */
void shared_ring(struct shared_window *w, uint32_t peer, uint32_t vector);
/* Take away these pending vectors. Gives what was pending. */
uint32_t shared_acknowledge(struct shared_window *w, uint32_t vectors);
void shared_enable(struct shared_window *w, uint32_t vectors);
/* Power-on state; the others are told that it is down. Thread context. */
void shared_window_reset(struct shared_window *w);

/* --- for listings */

struct shared_info {
	char name[SHARED_NAME_MAX];
	uint64_t size;
	uint64_t blocks, pages; /* of 2 MiB and of 4 KiB in the host */
	bool noncacheable, described;
	colour_mask_t colours; /* PAGE_ANY_COLOUR: all */
	unsigned int mapped;   /* windows */
};
/* n-th region; false past the end. */
bool shared_get_nth(unsigned int n, struct shared_info *out);
/* -ERR_NOENT. */
int __must_check shared_get_info(const char *name, struct shared_info *out);

/* A guest in the list of access, or a window that names the region and has no
 * access. */
struct shared_peer_info {
	char guest[SHARED_NAME_MAX];
	char device[SHARED_NAME_MAX];
	enum shared_access granted, mapped;
	bool has_window, up;
	/* As a walk of the guest's tables finds all of it: in what it differs,
	 * neither is set. */
	bool writeback, noncacheable;
	ipa_t base;
	uint32_t number;
	uint64_t rung;
};
bool shared_get_peer(const char *name, unsigned int n,
		     struct shared_peer_info *out);

/* --- for the check of memory */

/* Nothing is mapped or taken away until shared_unlock(). */
void shared_lock(void);
void shared_unlock(void);
/* [S] Does the guest have there what a window shows? 1: yes, with no more
 * access than granted; 0: no window is there; -1: it is not right. */
int shared_check(const struct guest *g, ipa_t ipa, uint64_t size, paddr_t pa);
/* [S] The n-th region's name, claim and memory: piece number i; false past the
 * last. */
struct shared_piece {
	paddr_t pa;
	uint64_t size; /* bytes */
};
const struct colour_claim *shared_claim_nth(unsigned int n);
bool shared_piece_nth(unsigned int n, unsigned int i, struct shared_piece *out);
/* [S] The n-th window of a guest in which a region is mapped. */
const struct shared_window *shared_window_nth(const struct guest *g,
					      unsigned int n);
bool shared_window_piece(const struct shared_window *w, unsigned int i,
			 struct shared_piece *out);

#endif
