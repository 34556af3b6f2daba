/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arm64: the guest's virtual and physical timers. */
#ifndef ARCH_IMPL_VTIMER_H
#define ARCH_IMPL_VTIMER_H

#include <core/time.h>
#include <libs/types.h>

struct vcpu;
struct guest;

/* PPI numbers the guest sees, as on QEMU virt and every Arm board. */
#define VTIMER_PPI_VIRT 27
#define VTIMER_PPI_PHYS 30

enum vtimer_kind { VTIMER_VIRT, VTIMER_PHYS, VTIMER_KINDS };

struct guest_timer {
	struct timer stand_in; /* while not loaded; or `held` */
	uint64_t cval;         /* [C] valid while not loaded */
	uint64_t delivered;    /* [C] CVAL of the last interrupt */
	uint32_t ctl;          /* [C] valid while not loaded */
	uint8_t held;          /* [C] looks since its interrupt came */
};

/* What a switch has to see to, beside the virtual timer. */
#define VTIMER_PHYS_USED 1 /* CNTP is this VCPU's while it is loaded */
#define VTIMER_HELD 2      /* an interrupt is: vtimer.c, hold() */
#define VTIMER_REMIND 4    /* always, where remind.c is needed */
#define VTIMER_STAND_IN 8  /* a host timer was set in place of one */

struct vtimer {
	struct guest_timer of[VTIMER_KINDS];
	uint32_t more; /* [C] VTIMER_* */
};

/* Called before the VCPU first runs, after it last ran, and for a reset while
 * it is off. It is not loaded. Thread context. */
void vtimer_init(struct vcpu *v);
void vtimer_fini(struct vcpu *v);
void vtimer_reset(struct vcpu *v);
/* Switched out / in: the timers are saved and handed to host timers, and
 * back. Interrupts masked. */
void vtimer_save(struct vcpu *v);
void vtimer_restore(struct vcpu *v);
/* Stop and continue guest time; CNTVOFF is updated in between. The VCPU is
 * switched out. */
void vtimer_pause(struct vcpu *v);
void vtimer_resume(struct vcpu *v);
/*
 * An access to CNTP trapped: from now on the VCPU, which is loaded here, has
 * CNTP to itself. The access is to be executed again. False: it had CNTP
 * already.
 */
bool vtimer_own_phys(struct vcpu *v);

#endif
