/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of a request, one command each. */
#ifndef DRIVERS_MMC_PIECE_PRIV_H
#define DRIVERS_MMC_PIECE_PRIV_H

#include "mmc_priv.h"

/* Begin with the first piece of a request to read or write. */
void mmc_piece_begin(struct mmc_piece *p, struct block_request *rq);
/*
 * Map as much of the rest as one command can move, and fill in that command and
 * its data (mmc_host.request). Data that the controller cannot use in place is
 * copied through the host's spare buffer, so this cannot fail.
 * mmc_piece_unmap() must follow. Any context.
 */
void mmc_piece_map(struct mmc_host *h);
/* Unmap the piece, which the controller no longer uses, and copy what was read
 * from the spare buffer. May be called again. */
void mmc_piece_unmap(struct mmc_host *h);
/* Count the piece as done; true if it was the last. */
bool mmc_piece_advance(struct mmc_piece *p);

#endif
