/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stolen time for guests (DEN0057): pvtime.c. */
#ifndef VCPU_PVTIME_H
#define VCPU_PVTIME_H

#include <libs/types.h>

struct guest;
struct vcpu;

#define PV_TIME_FEATURES 0xc5000020u
#define PV_TIME_ST 0xc5000021u

#ifdef CONFIG_GUEST_PVTIME
/* Memory for the records. It is not offered if there is none, or if something
 * else has its addresses. Thread context. */
void pvtime_init(struct guest *g);
void pvtime_fini(struct guest *g); /* also if it is not offered */
bool pvtime_offered(const struct guest *g);
/* The guest of `v`, which is about to run, has asked for its record. Interrupts
 * masked. */
void pvtime_update(struct vcpu *v);
#else
static inline void pvtime_init(struct guest *g)
{
	(void)g;
}

static inline void pvtime_fini(struct guest *g)
{
	(void)g;
}

static inline bool pvtime_offered(const struct guest *g)
{
	(void)g;
	return false;
}

static inline void pvtime_update(struct vcpu *v)
{
	(void)v;
}
#endif

#endif
