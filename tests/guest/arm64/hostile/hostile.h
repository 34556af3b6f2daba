/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the hostile guest. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <guest.h>
#include <probe.h>

void hostile_holes(void);
void hostile_devices(void);
void hostile_forms(void);
void hostile_sysregs(void);
void hostile_calls(void);
void hostile_tables(void);
void hostile_maintenance(void);
void hostile_smp(void);
void hostile_aa32(void);
void hostile_el0(void);
void hostile_interrupts(void);

/* Where nothing is in the default machine. */
#define HOLE UINT64_C(0x30000000)

#endif
