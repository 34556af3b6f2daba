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

struct vtimer {
	struct timer virt;	/* stands in for CNTV while not loaded */
	struct timer phys;	/* the emulated CNTP */
	uint64_t cntp_cval;	/* [C] */
	uint32_t cntp_ctl;	/* [C] ENABLE, IMASK; ISTATUS is computed */
	uint64_t cntv_cval;	/* saved while not loaded */
	uint32_t cntv_ctl;
};

void vtimer_init(struct vcpu *v);
void vtimer_fini(struct vcpu *v);
void vtimer_reset(struct vcpu *v);
/* Switched out / in: CNTV is saved and handed to a host timer, and back. */
void vtimer_save(struct vcpu *v);
void vtimer_restore(struct vcpu *v);
/* Guest time stands still / goes on, CNTVOFF being updated in between; the
 * VCPU is switched out. */
void vtimer_pause(struct vcpu *v);
void vtimer_resume(struct vcpu *v);
/* Emulated CNTP registers, from the system-register trap. */
uint64_t vtimer_read_cntp_ctl(struct vcpu *v);
void vtimer_write_cntp_ctl(struct vcpu *v, uint64_t val);
uint64_t vtimer_read_cntp_cval(struct vcpu *v);
void vtimer_write_cntp_cval(struct vcpu *v, uint64_t val);
uint64_t vtimer_read_cntp_tval(struct vcpu *v);
void vtimer_write_cntp_tval(struct vcpu *v, uint64_t val);

#endif
