/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ChaCha20 block function (RFC 8439 2.3). */
#include <libs/chacha20.h>
#include <string.h>

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static void store32(uint8_t *p, uint32_t v)
{
	for (unsigned int i = 0; i < 4; i++) {
		p[i] = (uint8_t)(v >> 8 * i);
	}
}

static inline uint32_t rotate(uint32_t v, unsigned int n)
{
	return v << n | v >> (32 - n);
}

/* Inlined, so that the state stays in registers. */
static inline __attribute__((always_inline)) void
quarter(uint32_t *s, unsigned int a, unsigned int b, unsigned int c,
	unsigned int d)
{
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = rotate(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = rotate(s[b] ^ s[c], 7);
}

void chacha20_block(const uint8_t key[CHACHA20_KEY], uint32_t counter,
		    const uint8_t nonce[CHACHA20_NONCE],
		    uint8_t out[CHACHA20_BLOCK])
{
	/* "expand 32-byte k" */
	uint32_t in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t s[16];

	for (unsigned int i = 0; i < 8; i++) {
		in[4 + i] = load32(key + 4 * i);
	}
	in[12] = counter;
	for (unsigned int i = 0; i < 3; i++) {
		in[13 + i] = load32(nonce + 4 * i);
	}
	memcpy(s, in, sizeof(s));
	for (unsigned int round = 0; round < 10; round++) {
		quarter(s, 0, 4, 8, 12);
		quarter(s, 1, 5, 9, 13);
		quarter(s, 2, 6, 10, 14);
		quarter(s, 3, 7, 11, 15);
		quarter(s, 0, 5, 10, 15);
		quarter(s, 1, 6, 11, 12);
		quarter(s, 2, 7, 8, 13);
		quarter(s, 3, 4, 9, 14);
	}
	for (unsigned int i = 0; i < 16; i++) {
		store32(out + 4 * i, s[i] + in[i]);
	}
}
