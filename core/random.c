/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random numbers: ChaCha20 with fast key erasure. Each request makes a new
 * key first, so that who learns the state learns nothing of the past.
 * Entropy is mixed in by hashing it into the key with the same function.
 */
#include <arch/cpu.h>
#include <arch/timer.h>
#include <core/dt.h>
#include <core/random.h>
#include <core/spinlock.h>
#include <libs/chacha20.h>
#include <string.h>

static struct spinlock lock = SPINLOCK_INIT(LOCK_RANDOM);
static uint8_t key[CHACHA20_KEY];	/* under lock */
static bool seeded;			/* set once, at boot */

/* Every bit of `data` (at most a key) and of the key so far decides on
 * every bit of the new key. */
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

/* How long it takes varies: a little unpredictability where there is no
 * better, and something that differs between boots. */
static void mix_jitter(void)
{
	uint64_t now[sizeof(key) / sizeof(uint64_t)] = { 0 };

	/* 64 samples, of which hardly more than the low bits are news: four
	 * fit in a word, the others' bits far from where its own vary. */
	for (unsigned int i = 0; i < 64; i++) {
		uint64_t *word = &now[i % ARRAY_SIZE(now)];

		*word = (*word << 16 | *word >> 48) ^ arch_timer_now();
		if (i % 16 == 15) {
			mix((const uint8_t *)now, sizeof(now));
		}
	}
}

/* False if the CPU has no generator, or it has nothing just now. */
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

void random_init(void)
{
	struct dt_chosen chosen;
	unsigned long flags;

	dt_get_chosen(&chosen);
	flags = spin_lock_irqsave(&lock);
	mix_jitter();
	if (chosen.rng_seed_len >= 16) {
		mix(chosen.rng_seed, (size_t)chosen.rng_seed_len);
		seeded = true;
	}
	seeded |= mix_cpu();
	spin_unlock_irqrestore(&lock, flags);
}

bool random_seeded(void)
{
	return seeded;
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
