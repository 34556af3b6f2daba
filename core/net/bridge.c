/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy bridge: learns behind which port an address is (IEEE 802.1Q, clause
 * 8). The packet's way from port to port is in send.c.
 *
 * The table has a fixed size, and a frame needs one cache line of it for each
 * of its two addresses. Looking up takes no lock: a sequence count shows
 * whether the line was written meanwhile. The line of an address depends on a
 * random number, so that no guest can fill one on purpose. A port that has many
 * entries loses them to ports that have few, so that a guest that makes up
 * addresses takes nothing from the others.
 */
#include <core/heap.h>
#include <core/netswitch.h>
#include <core/random.h>
#include <libs/error.h>

#define BRIDGE_BUCKET_BITS 10
#define BRIDGE_BUCKETS (1U << BRIDGE_BUCKET_BITS)
#define BRIDGE_WAYS 3
#define BRIDGE_ENTRIES (BRIDGE_BUCKETS * BRIDGE_WAYS)
/* Addresses that may be learned at one port. */
#define BRIDGE_PORT_MAX 512
/* Buckets searched for old entries each time that a port is full. */
#define BRIDGE_SWEEP 16
/* Attempts to read a bucket that is being written; after that the address
 * counts as unknown. */
#define BRIDGE_TRIES 8
#define BRIDGE_STATIC BIT(8) /* in an entry's port */
/* IEEE 802.1Q, table 8-1: 01-80-C2-00-00-00 to -0F. */
#define BRIDGE_RESERVED UINT64_C(0x000000c28001)
#define BRIDGE_RESERVED_MASK UINT64_C(0xf0ffffffffff)

/* [L] written with the bridge's lock; read anywhere. */
struct bridge_entry {
	uint64_t key;  /* address, and VLAN above it; 0: none */
	uint32_t port; /* or BRIDGE_STATIC */
	uint32_t seen; /* bridge_time(); written without the lock, too */
};

struct bridge_bucket {
	uint32_t writing; /* odd: being written */
	uint32_t unused[3];
	struct bridge_entry way[BRIDGE_WAYS];
} __aligned(64);

/* [I] immutable, [L] lock. */
struct bridge {
	struct bridge_bucket *bucket; /* [I] */
	uint64_t multiplier;          /* [I] of the hash; odd */
	uint32_t shift;               /* [I] see bridge_time() */
	uint32_t ageing;              /* [A] as bridge_time() */
	struct spinlock lock;
	uint32_t hand; /* [L] the bucket where sweeping continues */
	uint32_t learned[NETSWITCH_PORTS_MAX]; /* [L] entries of each port */
};

/* Time in units of a second or a little less: a power of two of ticks. */
static uint32_t bridge_time(const struct bridge *b, ticks_t now)
{
	return (uint32_t)(now >> b->shift);
}

static uint64_t bridge_key(net_mac_t mac, uint16_t vlan)
{
	return mac | (uint64_t)vlan << 48;
}

static struct bridge_bucket *bridge_bucket(const struct bridge *b, uint64_t key)
{
	/* The product's upper bits depend on all of the key's. */
	return &b->bucket[(key * b->multiplier) >> (64 - BRIDGE_BUCKET_BITS)];
}

static bool bridge_old(const struct bridge *b, const struct bridge_entry *e,
		       uint32_t time)
{
	return !(e->port & BRIDGE_STATIC) &&
	       time - READ_ONCE(e->seen) > READ_ONCE(b->ageing);
}

/* Where an entry is, NULL if there is none, and its port as it was read. */
struct bridge_found {
	struct bridge_entry *e;
	uint32_t port;
};

static struct bridge_found bridge_find(const struct bridge *b, uint64_t key)
{
	struct bridge_bucket *k = bridge_bucket(b, key);

	for (unsigned int i = 0; i < BRIDGE_TRIES; i++) {
		uint32_t before =
			__atomic_load_n(&k->writing, __ATOMIC_ACQUIRE);
		struct bridge_found found = { .e = NULL };

		for (unsigned int w = 0; w < BRIDGE_WAYS; w++) {
			if (READ_ONCE(k->way[w].key) == key) {
				found.e = &k->way[w];
				found.port = READ_ONCE(found.e->port);
				break;
			}
		}
		/* Pairs with bridge_write(). */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (likely((before & 1) == 0 &&
			   READ_ONCE(k->writing) == before)) {
			return found;
		}
		arch_cpu_relax();
	}
	return (struct bridge_found){ .e = NULL };
}

/* [L]. Write an entry of a bucket; key 0 removes it. */
static void bridge_write(struct bridge *b, struct bridge_bucket *k,
			 struct bridge_entry *e, uint64_t key, uint32_t port,
			 uint32_t time)
{
	if (e->key != 0 && !(e->port & BRIDGE_STATIC)) {
		b->learned[e->port]--;
	}
	if (key != 0 && !(port & BRIDGE_STATIC)) {
		b->learned[port]++;
	}
	WRITE_ONCE(k->writing, k->writing + 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	WRITE_ONCE(e->key, key);
	WRITE_ONCE(e->port, port);
	WRITE_ONCE(e->seen, time);
	__atomic_store_n(&k->writing, k->writing + 1, __ATOMIC_RELEASE);
}

/* [L]. Remove old entries, a few buckets at a time. */
static void bridge_sweep(struct bridge *b, uint32_t time)
{
	for (unsigned int i = 0; i < BRIDGE_SWEEP; i++) {
		struct bridge_bucket *k = &b->bucket[b->hand];

		b->hand = (b->hand + 1) & (BRIDGE_BUCKETS - 1);
		for (unsigned int w = 0; w < BRIDGE_WAYS; w++) {
			struct bridge_entry *e = &k->way[w];

			if (e->key != 0 && bridge_old(b, e, time)) {
				bridge_write(b, k, e, 0, 0, 0);
			}
		}
	}
}

/*
 * [L]. Where in the bucket to put a new entry of a port that has `have`
 * entries: a free place, or that of an old entry, or of one of the port that
 * has most. NULL if there is no place.
 */
static struct bridge_entry *bridge_room(struct bridge *b,
					struct bridge_bucket *k, uint32_t have,
					uint32_t time)
{
	struct bridge_entry *best = NULL;

	for (unsigned int w = 0; w < BRIDGE_WAYS; w++) {
		struct bridge_entry *e = &k->way[w];

		if (e->key == 0 || bridge_old(b, e, time)) {
			return e;
		}
		if (!(e->port & BRIDGE_STATIC) && b->learned[e->port] > have) {
			have = b->learned[e->port];
			best = e;
		}
	}
	return best;
}

/* [L]. The address has been seen at a port where it was not before. */
static void bridge_learn_locked(struct bridge *b, uint64_t key, uint32_t port,
				uint32_t time)
{
	struct bridge_bucket *k = bridge_bucket(b, key);
	struct bridge_found found = bridge_find(b, key);
	struct bridge_entry *e = found.e;

	if (e != NULL) {
		/* It has moved, unless the operator has fixed it. */
		if (!(found.port & BRIDGE_STATIC)) {
			bridge_write(b, k, e, key, port, time);
		}
		return;
	}
	if (b->learned[port] >= BRIDGE_PORT_MAX) {
		bridge_sweep(b, time);
	}
	if (b->learned[port] < BRIDGE_PORT_MAX) {
		e = bridge_room(b, k, b->learned[port], time);
		if (e != NULL) {
			bridge_write(b, k, e, key, port, time);
		}
	}
}

static void bridge_learn(struct bridge *b, uint64_t key, uint32_t port,
			 uint32_t time)
{
	struct bridge_found found = bridge_find(b, key);
	struct bridge_entry *e = found.e;

	if (e != NULL && (found.port == port || (found.port & BRIDGE_STATIC))) {
		/* If another entry has just taken this place, that one lives a
		 * little longer, which does no harm. */
		if (READ_ONCE(e->seen) != time) {
			WRITE_ONCE(e->seen, time);
		}
		return;
	}
	/* If another CPU is learning now, a later frame teaches the address. */
	if (spin_trylock(&b->lock)) {
		bridge_learn_locked(b, key, port, time);
		spin_unlock(&b->lock);
	}
}

static unsigned int bridge_forward(void *state, const struct netswitch_query *q)
{
	struct bridge *b = state;
	uint32_t time = bridge_time(b, q->now);
	struct bridge_found found;

	if (unlikely((q->dst & BRIDGE_RESERVED_MASK) == BRIDGE_RESERVED)) {
		return NETSWITCH_DROP;
	}
	bridge_learn(b, bridge_key(q->src, q->vlan), q->from, time);
	if (q->dst & NET_MAC_GROUP) {
		return NETSWITCH_FLOOD;
	}
	found = bridge_find(b, bridge_key(q->dst, q->vlan));
	if (found.e == NULL || bridge_old(b, found.e, time)) {
		return NETSWITCH_FLOOD;
	}
	return found.port & ~(uint32_t)BRIDGE_STATIC;
}

static void bridge_set_ageing(void *state, uint32_t seconds)
{
	struct bridge *b = state;
	uint64_t units = ms_to_ticks((uint64_t)seconds * 1000) >> b->shift;

	WRITE_ONCE(b->ageing, (uint32_t)units);
}

static int bridge_create(struct netswitch *sw, void **state)
{
	struct bridge *b = heap_alloc(sizeof(*b));

	(void)sw;
	if (b == NULL) {
		return -ERR_NOMEM;
	}
	/* A page or more, so it is aligned. */
	b->bucket = heap_alloc_array(BRIDGE_BUCKETS, sizeof(*b->bucket));
	if (b->bucket == NULL) {
		heap_free(b);
		return -ERR_NOMEM;
	}
	spin_init(&b->lock, LOCK_NETSWITCH);
	random_bytes(&b->multiplier, sizeof(b->multiplier));
	b->multiplier |= 1;
	b->shift = 63 - (uint32_t)__builtin_clzll(ms_to_ticks(1000));
	bridge_set_ageing(b, NETSWITCH_AGEING);
	*state = b;
	return 0;
}

static void bridge_destroy(void *state)
{
	struct bridge *b = state;

	heap_free(b->bucket);
	heap_free(b);
}

static void bridge_forget_port(void *state, unsigned int port)
{
	struct bridge *b = state;

	for (unsigned int i = 0; i < BRIDGE_BUCKETS; i++) {
		struct bridge_bucket *k = &b->bucket[i];
		unsigned long flags = spin_lock_irqsave(&b->lock);

		for (unsigned int w = 0; w < BRIDGE_WAYS; w++) {
			struct bridge_entry *e = &k->way[w];

			if (e->key != 0 &&
			    (e->port & ~(uint32_t)BRIDGE_STATIC) == port) {
				bridge_write(b, k, e, 0, 0, 0);
			}
		}
		spin_unlock_irqrestore(&b->lock, flags);
	}
}

static int bridge_add_static(void *state, net_mac_t mac, uint16_t vlan,
			     unsigned int port)
{
	struct bridge *b = state;
	uint64_t key = bridge_key(mac, vlan);
	struct bridge_bucket *k = bridge_bucket(b, key);
	unsigned long flags = spin_lock_irqsave(&b->lock);
	struct bridge_entry *e = bridge_find(b, key).e;

	for (unsigned int w = 0; e == NULL && w < BRIDGE_WAYS; w++) {
		/* A fixed address may replace a learned one. */
		if (k->way[w].key == 0 || !(k->way[w].port & BRIDGE_STATIC)) {
			e = &k->way[w];
		}
	}
	if (e != NULL) {
		bridge_write(b, k, e, key, port | (uint32_t)BRIDGE_STATIC,
			     bridge_time(b, time_now()));
	}
	spin_unlock_irqrestore(&b->lock, flags);
	return e != NULL ? 0 : -ERR_NOSPC;
}

static int bridge_remove(void *state, net_mac_t mac, uint16_t vlan)
{
	struct bridge *b = state;
	uint64_t key = bridge_key(mac, vlan);
	unsigned long flags = spin_lock_irqsave(&b->lock);
	struct bridge_entry *e = bridge_find(b, key).e;

	if (e != NULL) {
		bridge_write(b, bridge_bucket(b, key), e, 0, 0, 0);
	}
	spin_unlock_irqrestore(&b->lock, flags);
	return e != NULL ? 0 : -ERR_NOENT;
}

static bool bridge_next(void *state, unsigned int *at,
			struct netswitch_entry *out)
{
	struct bridge *b = state;
	uint32_t time = bridge_time(b, time_now());

	for (; *at < BRIDGE_ENTRIES; (*at)++) {
		struct bridge_bucket *k = &b->bucket[*at / BRIDGE_WAYS];
		struct bridge_entry *e = &k->way[*at % BRIDGE_WAYS];
		unsigned long flags = spin_lock_irqsave(&b->lock);
		struct bridge_entry copy = *e;

		spin_unlock_irqrestore(&b->lock, flags);
		if (copy.key != 0 && !bridge_old(b, &copy, time)) {
			uint64_t idle = (uint64_t)(time - copy.seen)
					<< b->shift;

			*out = (struct netswitch_entry){
				.mac = copy.key & NET_MAC_BROADCAST,
				.vlan = (uint16_t)(copy.key >> 48),
				.port = (uint8_t)copy.port,
				.fixed = (copy.port & BRIDGE_STATIC) != 0,
				.idle = (uint32_t)(ticks_to_ns(idle) /
						   1000000000),
			};
			(*at)++;
			return true;
		}
	}
	return false;
}

static const struct netswitch_policy bridge_policy = {
	.name = "bridge",
	.summary = "learns behind which port each address is",
	.create = bridge_create,
	.destroy = bridge_destroy,
	.forward = bridge_forward,
	.forget_port = bridge_forget_port,
	.set_ageing = bridge_set_ageing,
	.add_static = bridge_add_static,
	.remove = bridge_remove,
	.next = bridge_next,
};
NETSWITCH_POLICY(bridge_policy);
