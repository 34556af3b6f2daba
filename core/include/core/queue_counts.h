/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts of one queue of a device, to be shown to the user. */
#ifndef CORE_QUEUE_COUNTS_H
#define CORE_QUEUE_COUNTS_H

#include <libs/types.h>

/* Since the device was created. They are read one by one, while they may
 * change. */
struct queue_counts {
	char name[16];      /* what it is for: "requests", "receive 0" */
	uint32_t entries;   /* of its ring; 0: the driver has not enabled it */
	uint64_t requests;  /* or packets: buffers taken from it */
	uint64_t bytes;     /* of data that passed in them */
	bool bytes_counted; /* false: bytes are not counted */
	uint64_t kicks, interrupts;
};

#endif
