/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spinlocks: exclusion, tickets, and the checks of debug builds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arch_impl/host.h>
#include <core/percpu.h>
#include <core/spinlock.h>

_Static_assert(IS_ENABLED(CONFIG_DEBUG_SPINLOCK), "the checks are tested");

static struct spinlock page, page2, timer;

static int setup(void **state)
{
	(void)state;
	host_set_cpu(1);
	this_cpu()->held = NULL;
	host_set_cpu(0);
	this_cpu()->held = NULL;
	spin_init(&page, LOCK_PAGE);
	spin_init(&page2, LOCK_PAGE);
	spin_init(&timer, LOCK_TIMER);
	(void)arch_irq_save();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_set_cpu(0);
	arch_irq_restore(0);
	return 0;
}

static void test_trylock(void **state)
{
	(void)state;
	assert_true(spin_trylock(&page));
	assert_held(&page);
	host_set_cpu(1);
	(void)arch_irq_save();
	assert_false(spin_trylock(&page));
	host_set_cpu(0);
	spin_unlock(&page);
	host_set_cpu(1);
	assert_true(spin_trylock(&page));
	spin_unlock(&page);
	assert_null(this_cpu()->held);
}

/* Tickets are 16 bits and wrap. */
static void test_wrap(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 70000; i++) {
		if (i % 2) {
			spin_lock(&page);
		} else {
			assert_true(spin_trylock(&page));
		}
		assert_false(spin_try_acquire(&page));
		spin_unlock(&page);
	}
}

static void test_order(void **state)
{
	(void)state;
	spin_lock(&page);
	spin_lock(&timer);
	assert_true(host_panics(spin_lock(&page)));
	assert_non_null(strstr(host_panic_text, "twice"));
	spin_unlock(&timer);
	spin_unlock(&page);

	spin_lock(&timer);
	assert_true(host_panics(spin_lock(&page)));
	assert_non_null(strstr(host_panic_text,
			       "LOCK_PAGE taken while holding LOCK_TIMER"));
	/* spin_trylock() does not wait, so it needs no order. */
	assert_true(spin_trylock(&page));
	spin_unlock(&page);
	spin_unlock(&timer);
}

static void test_nested(void **state)
{
	(void)state;
	spin_lock(&page);
	assert_true(host_panics(spin_lock(&page2)));
	spin_lock_nested(&page2);
	spin_lock(&timer);
	/* Released in any order. */
	spin_unlock(&page);
	assert_true(host_panics(spin_lock(&page)));
	spin_unlock(&page2);
	assert_held(&timer);
	spin_unlock(&timer);
	assert_none_held();
}

static void test_every_class_has_a_name(void **state)
{
	(void)state;
	for (unsigned int class = 0; class <= LOCK_RANDOM; class ++) {
		struct spinlock l;

		spin_init(&l, (enum lock_class) class);
		assert_non_null(l.name);
	}
}

/* The functions that files compiled for size call. */
static void test_shared_copies(void **state)
{
	unsigned long flags;

	(void)state;
	arch_irq_restore(0);
	flags = spin_lock_irqsave_call(&page);
	assert_held(&page);
	assert_true(arch_irq_disabled());
	spin_unlock_irqrestore_call(&page, flags);
	assert_none_held();
	assert_false(arch_irq_disabled());
}

static void test_owner(void **state)
{
	(void)state;
	assert_true(host_panics(assert_held(&page)));
	assert_true(host_panics(spin_unlock(&page)));
	spin_lock(&page);
	assert_true(host_panics(assert_none_held()));
	host_set_cpu(1);
	(void)arch_irq_save();
	assert_true(host_panics(assert_held(&page)));
	assert_true(host_panics(spin_unlock(&page)));
	assert_none_held();
	host_set_cpu(0);
	spin_unlock(&page);
}

static void test_masked(void **state)
{
	unsigned long flags;

	(void)state;
	arch_irq_restore(0);
	assert_true(host_panics(spin_lock(&page)));
	flags = spin_lock_irqsave(&page);
	assert_true(arch_irq_disabled());
	spin_unlock_irqrestore(&page, flags);
	assert_false(arch_irq_disabled());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_trylock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nested, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_class_has_a_name,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_shared_copies, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_masked, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
