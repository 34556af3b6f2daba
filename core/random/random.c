/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random numbers: ChaCha20 with fast key erasure. Each request replaces the
 * key, so that the state reveals nothing about numbers that were generated
 * before. Entropy is hashed into the key with the same function.
 */
#include <arch/cpu.h>
#include <arch/timer.h>
#include <core/dt.h>
#include <core/random.h>
#include <core/spinlock.h>
#include <libs/chacha20.h>
#include <string.h>

#define SEED_BYTES 16 /* entropy that makes the state unpredictable */

static struct spinlock lock = SPINLOCK_INIT(LOCK_RANDOM);
static uint8_t key[CHACHA20_KEY]; /* protected by `lock` */
static bool seeded;               /* [A] set once */

/* Each bit of the new key depends on all bits of `data` (at most a key's
 * length) and of the old key. */
static void mix_chunk(const uint8_t *data, size_t n)
{
	static const uint8_t nonce[CHACHA20_NONCE] = "mix";
	uint8_t block[CHACHA20_BLOCK];

	for (size_t i = 0; i < n; i++) {
		key[i] ^= data[i];
	}
	chacha20_block(key, 0, nonce, block);
	memcpy(key, block, sizeof(key));
}

static void mix(const uint8_t *data, size_t n)
{
	while (n > 0) {
		size_t part = MIN(n, sizeof(key));

		mix_chunk(data, part);
		data += part;
		n -= part;
	}
}

/* The time that the loop takes varies: a little entropy where there is no
 * better source, and something that differs between boots. */
static void mix_jitter(void)
{
	uint64_t now[sizeof(key) / sizeof(uint64_t)] = { 0 };

	/* 64 samples, of which only the low bits vary: four are combined in a
	 * word, rotated so that these bits do not meet. */
	for (unsigned int i = 0; i < 64; i++) {
		uint64_t *word = &now[i % ARRAY_SIZE(now)];

		*word = (*word << 16 | *word >> 48) ^ arch_timer_now();
		if (i % 16 == 15) {
			mix((const uint8_t *)now, sizeof(now));
		}
	}
}

/* False if the CPU has no generator, or the generator has no number now. */
static bool mix_cpu(void)
{
	uint64_t word[4];

	for (unsigned int i = 0; i < ARRAY_SIZE(word); i++) {
		if (!arch_random64(&word[i])) {
			return false;
		}
	}
	mix((const uint8_t *)word, sizeof(word));
	return true;
}

static bool mix_firmware(void)
{
	uint64_t bits[3];

	if (!arch_random_firmware(bits)) {
		return false;
	}
	mix((const uint8_t *)bits, sizeof(bits));
	return true;
}

void random_init(void)
{
	struct dt_chosen chosen;
	unsigned long flags;

	dt_get_chosen(&chosen);
	flags = spin_lock_irqsave(&lock);
	mix_jitter();
	if (chosen.rng_seed_len >= SEED_BYTES) {
		mix(chosen.rng_seed, (size_t)chosen.rng_seed_len);
		seeded = true;
	}
	seeded |= mix_cpu();
	seeded |= mix_firmware();
	spin_unlock_irqrestore(&lock, flags);
}

void random_add(const void *data, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&lock);

	mix(data, n);
	seeded |= n >= SEED_BYTES;
	spin_unlock_irqrestore(&lock, flags);
}

bool random_seeded(void)
{
	return READ_ONCE(seeded);
}

/* Up to half a block into `out`; the first half is the next key. */
static size_t generate(uint8_t *out, size_t n)
{
	static const uint8_t nonce[CHACHA20_NONCE] = "out";
	uint8_t block[CHACHA20_BLOCK];
	size_t part = MIN(n, sizeof(block) - sizeof(key));

	chacha20_block(key, 0, nonce, block);
	memcpy(key, block, sizeof(key));
	memcpy(out, block + sizeof(key), part);
	return part;
}

void random_bytes(void *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	uint8_t *out = buf;
	uint64_t word;

	if (arch_random64(&word)) {
		mix((const uint8_t *)&word, sizeof(word));
	}
	while (n > 0) {
		size_t part = generate(out, n);

		out += part;
		n -= part;
	}
	spin_unlock_irqrestore(&lock, flags);
}
