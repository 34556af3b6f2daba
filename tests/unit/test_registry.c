/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registries: the image's segment, and segments that come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <libs/error.h>
#include <libs/registry.h>

struct fruit {
	const char *name;
};

#define FRUIT(ident) REGISTRY_ADD(fruit, struct fruit, ident)
REGISTRY_DECLARE(fruit);
REGISTRY_DEFINE(fruit);

static const struct fruit apple = { "apple" };
static const struct fruit pear = { "pear" };
static const struct fruit fig = { "fig" };
static const struct fruit kiwi = { "kiwi" };
FRUIT(apple);
FRUIT(pear);

static const void *const module_a[] = { &fig, &kiwi };
static const void *const module_b[] = { &kiwi };

/* How often a walk meets `name`; *all counts all entries. */
static unsigned int count(const char *name, unsigned int *all)
{
	const struct fruit *it;
	unsigned int n = 0;

	*all = 0;
	registry_for_each(fruit, it) {
		n += strcmp(it->name, name) == 0;
		(*all)++;
	}
	return n;
}

static void image_segment(void **state)
{
	unsigned int all;

	(void)state;
	assert_int_equal(count("apple", &all), 1);
	assert_int_equal(count("pear", &all), 1);
	assert_int_equal(all, 2);
}

static void segments_come_and_go(void **state)
{
	struct registry_segment a = { module_a, module_a + 2, NULL };
	struct registry_segment empty = { module_a, module_a, NULL };
	struct registry_segment b = { module_b, module_b + 1, NULL };
	unsigned int all;

	(void)state;
	registry_add(&fruit_registry, &a);
	registry_add(&fruit_registry, &empty);
	registry_add(&fruit_registry, &b);
	assert_int_equal(count("kiwi", &all), 2);
	assert_int_equal(all, 5);
	assert_int_equal(registry_remove(&fruit_registry, &empty), 0);
	assert_int_equal(registry_remove(&fruit_registry, &a), 0);
	assert_int_equal(count("kiwi", &all), 1);
	assert_int_equal(count("fig", &all), 0);
	assert_int_equal(all, 3);
	assert_int_equal(registry_remove(&fruit_registry, &a), -ERR_NOENT);
	assert_int_equal(registry_remove(&fruit_registry, &b), 0);
	assert_int_equal(count("apple", &all), 1);
	assert_int_equal(all, 2);
}

/* A walk that is in a segment while it is removed goes on with the segments
 * after it. */
static void removed_under_a_walk(void **state)
{
	struct registry_segment a = { module_a, module_a + 2, NULL };
	struct registry_segment b = { module_b, module_b + 1, NULL };
	struct registry_walk w;
	unsigned int n = 0;

	(void)state;
	registry_add(&fruit_registry, &a);
	registry_add(&fruit_registry, &b);
	w = registry_begin(&fruit_registry);
	while (registry_next(&w) != &fig) {}
	assert_int_equal(registry_remove(&fruit_registry, &a), 0);
	while (registry_next(&w)) {
		n++;
	}
	assert_int_equal(n, 2);
	assert_int_equal(registry_remove(&fruit_registry, &b), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(image_segment),
		cmocka_unit_test(segments_come_and_go),
		cmocka_unit_test(removed_under_a_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
