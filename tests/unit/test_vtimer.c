/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's timers: in the hardware only while its VCPU is loaded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tests/unit/arm64_sysregs.h"

#include <arch_impl/host.h>

#include "arch/arm64/timer/vtimer.c"

#define OFFSET UINT64_C(1000000)
#define HOST_VIRT 43
#define HOST_PHYS 46

static struct guest guest;
static struct guest_regs regs;
static struct vcpu vcpu = { .guest = &guest };
static bool line[VTIMER_KINDS];
static unsigned int injected[VTIMER_KINDS], deactivated[VTIMER_KINDS];

struct vgic_host vgic_host;
unsigned int timer_host_irq[VTIMER_KINDS] = { HOST_VIRT, HOST_PHYS };

static enum vtimer_kind kind_of(unsigned int ppi)
{
	assert_true(ppi == VTIMER_PPI_VIRT || ppi == VTIMER_PPI_PHYS);
	return ppi == VTIMER_PPI_VIRT ? VTIMER_VIRT : VTIMER_PHYS;
}

void vgic_set_line(struct vcpu *v, unsigned int intid, bool level)
{
	assert_ptr_equal(v, &vcpu);
	line[kind_of(intid)] = level;
}

void vgic_inject_hw(struct vcpu *v, unsigned int intid, unsigned int hwintid)
{
	assert_ptr_equal(v, &vcpu);
	assert_int_equal(hwintid, timer_host_irq[kind_of(intid)]);
	injected[kind_of(intid)]++;
}

static void deactivate(unsigned int irq)
{
	assert_true(irq == HOST_VIRT || irq == HOST_PHYS);
	deactivated[irq == HOST_VIRT ? VTIMER_VIRT : VTIMER_PHYS]++;
}

static unsigned int reminders;

void timer_remind_begin(void)
{
	reminders++;
}

/* The registers of each timer, as a guest sees them. */
static uint64_t *ctl(enum vtimer_kind kind)
{
	return mock_sysreg(kind == VTIMER_VIRT ? "cntv_ctl_el0"
					       : "cntp_ctl_el0");
}

static uint64_t *cval(enum vtimer_kind kind)
{
	return mock_sysreg(kind == VTIMER_VIRT ? "cntv_cval_el0"
					       : "cntp_cval_el0");
}

static bool phys_traps(void)
{
	return *mock_sysreg("cnthctl_el2") == CNTHCTL_EL1PCTEN;
}

static int setup(void **state)
{
	static bool once;

	(void)state;
	if (!once) {
		assert_int_equal(timer_cpu_init(), 0);
		once = true;
	}
	mock_sysregs_clear();
	*mock_sysreg("cnthctl_el2") = CNTHCTL_EL1PCTEN;
	for (unsigned int i = 0; i < VTIMER_KINDS; i++) {
		line[i] = false;
		injected[i] = 0;
		deactivated[i] = 0;
	}
	reminders = 0;
	vgic_host = (struct vgic_host){ .deactivate = deactivate };
	guest.arch.cntvoff = OFFSET;
	regs.spsr = 0;
	vcpu.arch.regs = &regs;
	vtimer_init(&vcpu);
	vtimer_reset(&vcpu);
	this_cpu()->arch.loaded = &vcpu;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vtimer_fini(&vcpu);
	this_cpu()->arch.loaded = NULL;
	return 0;
}

/* Let the host's timers run until the counter is `count`. */
static void wait_for(uint64_t count)
{
	host_set_time(count);
	arch_irq_disable();
	timer_interrupt();
	arch_irq_enable();
}

static uint64_t offset(enum vtimer_kind kind)
{
	return kind == VTIMER_VIRT ? OFFSET : 0;
}

/* The guest sets its timer, and is switched out. */
static void leave(enum vtimer_kind kind, uint64_t ctl_val, uint64_t cval_val)
{
	*ctl(kind) = ctl_val;
	*cval(kind) = cval_val;
	vtimer_save(&vcpu);
	assert_int_equal(*ctl(kind), 0);
	assert_true(phys_traps());
}

static void stands_in(enum vtimer_kind kind)
{
	wait_for(offset(kind));
	leave(kind, CTL_ENABLE, 500);
	wait_for(offset(kind) + 499);
	assert_false(line[kind]);
	wait_for(offset(kind) + 500);
	assert_true(line[kind]);
	assert_false(line[!kind]);
	line[kind] = false;
	vtimer_restore(&vcpu);
	leave(kind, CTL_ENABLE | CTL_IMASK, 600);
	wait_for(offset(kind) + 700);
	assert_false(line[kind]);
}

static void test_stands_in(void **state)
{
	(void)state;
	stands_in(VTIMER_VIRT);
	assert_true(vtimer_own_phys(&vcpu));
	stands_in(VTIMER_PHYS);
}

static void restored(enum vtimer_kind kind)
{
	wait_for(offset(kind));
	leave(kind, CTL_ENABLE | CTL_ISTATUS, 500);
	*cval(kind) = 0;
	vtimer_restore(&vcpu);
	assert_int_equal(*cval(kind), 500);
	assert_int_equal(*ctl(kind), CTL_ENABLE);
	assert_int_equal(*mock_sysreg("cntvoff_el2"), OFFSET);
	wait_for(offset(kind) + 1000);
	assert_false(line[kind]);
}

static void test_restored(void **state)
{
	(void)state;
	restored(VTIMER_VIRT);
	assert_true(phys_traps());
	assert_true(vtimer_own_phys(&vcpu));
	restored(VTIMER_PHYS);
	assert_false(phys_traps());
}

/* A VCPU has CNTP from its first access until its reset; another VCPU's is
 * neither read nor changed. */
static void test_first_access(void **state)
{
	(void)state;
	*ctl(VTIMER_PHYS) = 77;
	*cval(VTIMER_PHYS) = 78;
	vtimer_save(&vcpu);
	vtimer_restore(&vcpu);
	assert_int_equal(*ctl(VTIMER_PHYS), 77);
	assert_int_equal(*cval(VTIMER_PHYS), 78);
	assert_true(phys_traps());
	assert_true(vtimer_own_phys(&vcpu));
	assert_false(phys_traps());
	assert_int_equal(*ctl(VTIMER_PHYS), 0);
	assert_int_equal(*cval(VTIMER_PHYS), 0);
	assert_false(vtimer_own_phys(&vcpu));
	vtimer_save(&vcpu);
	assert_true(phys_traps());
	vtimer_reset(&vcpu);
	vtimer_restore(&vcpu);
	assert_true(phys_traps());
}

/* The condition is an unsigned comparison of 64 bits: a value beyond the end of
 * the host's counter is not in the past. */
static void test_never(void **state)
{
	const uint64_t far[] = {
		UINT64_MAX,
		UINT64_MAX - 1,
		UINT64_MAX - OFFSET,
		UINT64_MAX - OFFSET + 1,
		UINT64_MAX - OFFSET / 2,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(far); i++) {
		wait_for(OFFSET + 1000);
		leave(VTIMER_VIRT, CTL_ENABLE, far[i]);
		wait_for(OFFSET + 2000);
		assert_false(line[VTIMER_VIRT]);
		vtimer_pause(&vcpu);
		vtimer_resume(&vcpu);
		wait_for(OFFSET + 3000);
		assert_false(line[VTIMER_VIRT]);
		vtimer_restore(&vcpu);
		/* The sum with CNTVOFF must fit in 64 bits. */
		assert_true(*cval(VTIMER_VIRT) <= UINT64_MAX - OFFSET);
		assert_true(*cval(VTIMER_VIRT) > UINT64_MAX - 2 * OFFSET);
	}
}

/* The virtual timer does not run during a pause; the physical one does. */
static void test_pause(void **state)
{
	(void)state;
	wait_for(OFFSET);
	assert_true(vtimer_own_phys(&vcpu));
	*ctl(VTIMER_PHYS) = CTL_ENABLE;
	*cval(VTIMER_PHYS) = OFFSET + 500;
	leave(VTIMER_VIRT, CTL_ENABLE, 500);
	vtimer_pause(&vcpu);
	wait_for(OFFSET + 1000);
	assert_false(line[VTIMER_VIRT]);
	assert_true(line[VTIMER_PHYS]);
	guest.arch.cntvoff += 1000;
	vtimer_resume(&vcpu);
	wait_for(OFFSET + 1499);
	assert_false(line[VTIMER_VIRT]);
	wait_for(OFFSET + 1500);
	assert_true(line[VTIMER_VIRT]);
}

/* ---- the hardware's interrupts ---- */

static void interrupt(enum vtimer_kind kind)
{
	if (kind == VTIMER_VIRT) {
		vtimer_host_virt_irq(HOST_VIRT, NULL);
	} else {
		vtimer_host_phys_irq(HOST_PHYS, NULL);
	}
}

static void delivered(enum vtimer_kind kind)
{
	uint64_t now = 5000;

	wait_for(now);
	regs.spsr = PSR_I;
	*ctl(kind) = CTL_FIRES;
	*cval(kind) = 500;
	interrupt(kind);
	assert_int_equal(injected[kind], 1);
	/* It fires again, and the guest can take it: it is not held. */
	regs.spsr = 0;
	interrupt(kind);
	assert_int_equal(injected[kind], 2);
	/* It fires again, and the guest cannot take it; then the timer is
	 * off. */
	regs.spsr = PSR_I;
	interrupt(kind);
	assert_int_equal(injected[kind], 2);
	*ctl(kind) = CTL_FIRES | CTL_IMASK;
	now += ns_to_ticks(HOLD_NS);
	wait_for(now);
	assert_int_equal(injected[kind], 2);
	assert_int_equal(deactivated[kind], 1);
	/* Still asserted, and no longer masked. */
	*ctl(kind) = CTL_FIRES;
	interrupt(kind);
	assert_int_equal(injected[kind], 2);
	regs.spsr = 0;
	now += ns_to_ticks(HOLD_NS);
	wait_for(now);
	assert_int_equal(injected[kind], 3);
	/* Masked and asserted for long: it is not held for ever. */
	regs.spsr = PSR_I;
	interrupt(kind);
	for (unsigned int i = 0; i < HOLD_TIMES; i++) {
		assert_int_equal(injected[kind], 3);
		now += ns_to_ticks(HOLD_NS);
		wait_for(now);
	}
	assert_int_equal(injected[kind], 4);
	/* A new deadline is delivered at once. */
	*cval(kind) = 501;
	interrupt(kind);
	assert_int_equal(injected[kind], 5);
	assert_int_equal(deactivated[kind], 1);
	assert_false(line[kind]);
}

static void test_delivered(void **state)
{
	(void)state;
	assert_true(vtimer_own_phys(&vcpu));
	delivered(VTIMER_VIRT);
	delivered(VTIMER_PHYS);
}

/* Switched out while an interrupt is held: the host's interrupt ends, and the
 * virtual one is raised. */
static void test_held_and_left(void **state)
{
	(void)state;
	wait_for(OFFSET + 1000);
	regs.spsr = PSR_I;
	*ctl(VTIMER_VIRT) = CTL_FIRES;
	*cval(VTIMER_VIRT) = 500;
	interrupt(VTIMER_VIRT);
	interrupt(VTIMER_VIRT);
	assert_int_equal(injected[VTIMER_VIRT], 1);
	leave(VTIMER_VIRT, CTL_FIRES, 500);
	assert_int_equal(deactivated[VTIMER_VIRT], 1);
	wait_for(OFFSET + 1000 + 10 * HOLD_NS);
	assert_int_equal(injected[VTIMER_VIRT], 1);
	assert_true(line[VTIMER_VIRT]);
	vtimer_restore(&vcpu);
	assert_int_equal(deactivated[VTIMER_VIRT], 1);
}

static void test_nobody(void **state)
{
	(void)state;
	this_cpu()->arch.loaded = NULL;
	interrupt(VTIMER_VIRT);
	interrupt(VTIMER_PHYS);
	assert_int_equal(deactivated[VTIMER_VIRT], 1);
	assert_int_equal(deactivated[VTIMER_PHYS], 1);
}

/* Only if the GIC needs it, and once. */
static void test_reminded(void **state)
{
	(void)state;
	vtimer_restore(&vcpu);
	assert_int_equal(reminders, 0);
	vgic_host.overlooks = true;
	vtimer_reset(&vcpu);
	vtimer_restore(&vcpu);
	assert_int_equal(reminders, 1);
	this_cpu()->arch.reminding = true;
	vtimer_restore(&vcpu);
	assert_int_equal(reminders, 1);
	this_cpu()->arch.reminding = false;
	assert_false(vtimer_fires());
	*ctl(VTIMER_PHYS) = CTL_FIRES;
	assert_true(vtimer_fires());
	*ctl(VTIMER_PHYS) = CTL_FIRES | CTL_IMASK;
	*ctl(VTIMER_VIRT) = CTL_FIRES;
	assert_true(vtimer_fires());
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_stands_in),
		TEST(test_restored),
		TEST(test_first_access),
		TEST(test_never),
		TEST(test_pause),
		TEST(test_delivered),
		TEST(test_held_and_left),
		TEST(test_nobody),
		TEST(test_reminded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
