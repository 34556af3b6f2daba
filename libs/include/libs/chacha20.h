/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ChaCha20 block function (RFC 8439 2.3). */
#ifndef LIBS_CHACHA20_H
#define LIBS_CHACHA20_H

#include <libs/types.h>

#define CHACHA20_KEY 32
#define CHACHA20_NONCE 12
#define CHACHA20_BLOCK 64

/* Write block number `counter` of the key stream to `out`, which may overlap
 * `key`. Pure. */
void chacha20_block(const uint8_t key[CHACHA20_KEY], uint32_t counter,
		    const uint8_t nonce[CHACHA20_NONCE],
		    uint8_t out[CHACHA20_BLOCK]);

#endif
