/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trees of real boards, from Debian's kernel package: each is read
 * completely, and has either a console with a driver, or none, or one of a kind
 * that has no driver. docs/boards shows which. The package is fetched for the
 * integration tests; without it this test does nothing.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <core/dt.h>
#include <core/earlycon.h>
#include <libs/error.h>

#define FOLDER "build/material/linux-image-arm64/root/usr/lib"
/* Debian 12's package has 577 trees, 558 of them with such a console. Neither
 * number may go down; later packages have more. */
#define TREES_MIN 577
#define CONSOLES_MIN 558
/* Cavium's Thunder tree gives its UART PPI number 21, which does not exist. */
#define NO_IRQ_MAX 1
/* One node of this many is looked at, a different one in each tree. */
#define NODE_STEP 8

static unsigned int trees, consoles, without, foreign, no_irq, readable;

static uint8_t *tree_load(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	uint8_t *data;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	/* In a block of its own, so that the sanitizer finds an access after
	 * its end. */
	data = aligned_alloc(16, ALIGN_UP(*size, 16));
	assert_non_null(data);
	assert_int_equal(read(fd, data, *size), (ssize_t)*size);
	close(fd);
	return data;
}

static int nothing(paddr_t base, uint64_t size, void *arg)
{
	(void)base;
	(void)size;
	(void)arg;
	return 0;
}

static int nothing_reserved(paddr_t base, uint64_t size, bool no_map, void *arg)
{
	(void)no_map;
	return nothing(base, size, arg);
}

/* Read what the start reads, but only a part of the nodes, because look-ups
 * walk the whole tree. */
static void tree_read(void)
{
	static struct dt_cpu cpus[64];
	paddr_t base;
	uint64_t size;
	struct dt_interrupt in;
	char path[256];
	unsigned int sum = 0, n = trees;

	(void)dt_for_each_memory(nothing, NULL);
	(void)dt_for_each_reserved(nothing_reserved, NULL);
	assert_true(dt_cpus(cpus, ARRAY_SIZE(cpus)) > 0);
	for (dt_node_t node = dt_next(-1, NULL); node >= 0;
	     node = dt_next(node, NULL)) {
		if (n++ % NODE_STEP != 0) {
			continue;
		}
		(void)dt_node_path(node, path, sizeof(path));
		sum += dt_reg(node, 0, &base, &size) == 0;
		sum += dt_interrupt(node, 0, &in) == 0;
	}
	readable += sum;
}

static volatile void *map(paddr_t pa)
{
	(void)pa;
	return &trees; /* never changes */
}

/* Find the console, or the reason why there is none. */
static void tree_console(const char *path)
{
	dt_node_t node = console_node();
	int err = earlycon_init(map);
	struct dt_interrupt in;

	if (err == 0) {
		consoles++;
		err = dt_interrupt(node, 0, &in);
		if (err != 0) {
			no_irq++;
			fprintf(stderr, "%s: console without interrupt: %s\n",
				path, err_str(err));
		}
	} else if (err == -ERR_NOENT) {
		assert_true(node < 0);
		without++;
	} else {
		assert_int_equal(err, -ERR_NOSUPP);
		assert_non_null(dt_prop(node, "compatible", NULL));
		foreign++;
	}
}

static int tree_try(const char *path, const struct stat *st, int type,
		    struct FTW *at)
{
	size_t n = strlen(path), size;
	const char *why;
	uint8_t *data;

	(void)st;
	(void)at;
	if (type != FTW_F || n < 4 || strcmp(path + n - 4, ".dtb") != 0) {
		return 0;
	}
	data = tree_load(path, &size);
	if (dt_init(data, size, &why) != 0) {
		fail_msg("%s: %s", path, why);
	}
	trees++;
	tree_read();
	tree_console(path);
	free(data);
	return 0;
}

static void test_board_trees(void **state)
{
	const char *folder = getenv("SOCLE_TREES");

	(void)state;
	if (folder == NULL) {
		folder = FOLDER;
	}
	if (access(folder, R_OK) != 0) {
		skip();
	}
	assert_int_equal(nftw(folder, tree_try, 16, FTW_PHYS), 0);
	fprintf(stderr,
		"%u trees: %u consoles (%u without interrupt), %u of "
		"other kinds, %u name none\n",
		trees, consoles, no_irq, foreign, without);
	assert_true(trees >= TREES_MIN);
	assert_true(readable > 10 * trees);
	assert_true(consoles >= CONSOLES_MIN);
	assert_true(no_irq <= NO_IRQ_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_board_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
