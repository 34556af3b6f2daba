/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Portions of caches on a model of MPAM's memory system components: what the
 * driver finds, sets and refuses, who gets which portions, and that these keep
 * neighbours out of a cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/msc_model.h"

#include <arch_impl/host.h>
#include <core/boot.h>
#include <core/sync.h>

#include "tests/unit/dts.h"

/* One thread. */
static bool locked;

static void fake_lock(struct mutex *m)
{
	(void)m;
	assert_false(locked);
	locked = true;
}

static void fake_unlock(struct mutex *m)
{
	(void)m;
	assert_true(locked);
	locked = false;
}

#define mutex_lock fake_lock
#define mutex_unlock fake_unlock

#include "core/mm/own_portions.c"
#include "core/mm/portion.c"
#include "core/mm/portion_unit.c"
#include "drivers/cache/mpam_msc.c"
#include "drivers/cache/mpam_ris.c"

static char logged[1024];

void log_line(enum log_level l, const char *fmt, ...)
{
	size_t n = strlen(logged);
	va_list ap;

	if (l <= LOG_WARN) {
		va_start(ap, fmt);
		(void)vsnprintf(logged + n, sizeof(logged) - n, fmt, ap);
		va_end(ap);
	}
}

int device_map(struct device *dev, unsigned int index, volatile void **regs,
	       uint64_t *size)
{
	assert_int_equal(index, 0);
	assert_non_null(dev);
	*regs = model_regs;
	*size = msc.size;
	return 0;
}

static struct device devices[2];

/* A machine whose one component is under `node`, with what its node holds. */
static int probe_in(const char *parent, const char *inside)
{
	static struct dts_blob blob;
	struct portion_unit *u, *next;
	const char *why;
	char text[4096];

	snprintf(text, sizeof(text),
		 "/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; "
		 "l2: l2-cache { compatible = \"cache\"; cache-level = <2>; }; "
		 "mem: memory-controller { compatible = \"v,memory\"; }; "
		 "cache0 { #address-cells = <1>; #size-cells = <1>; ranges; %s "
		 "msc@10000 { compatible = \"arm,mpam-msc\"; "
		 "reg = <0x10000 0x3000>; #address-cells = <1>; "
		 "#size-cells = <0>; %s }; }; };",
		 parent, inside);
	dts_compile(text, &blob);
	assert_int_equal(dt_init(blob.data, blob.size, &why), 0);
	list_for_each_safe(u, next, &units, node) {
		list_remove(&u->node);
	}
	list_init(&claims);
	failed = NULL;
	memset(&last, 0, sizeof(last));
	logged[0] = '\0';
	host_partition_own = 0;
	hypervisor.set = 0;
	devices[0] = (struct device){
		.name = "msc@10000",
		.dt = dt_next_compatible(-1, "arm,mpam-msc"),
	};
	assert_true(devices[0].dt >= 0);
	return mpam_msc_driver.probe(&devices[0]);
}

#define L3 "compatible = \"v,l3\", \"cache\"; cache-level = <3>; "

static unsigned int start(const char *parent, const char *inside)
{
	const char *why;

	assert_int_equal(probe_in(parent, inside), 0);
	portion_init();
	return portion_count(&why);
}

static int setup(void **state)
{
	(void)state;
	model_reset();
	host_partition_ids = 32;
	return 0;
}

static int teardown(void **state)
{
	struct portion_unit *u, *next;

	(void)state;
	if (!list_empty(&units)) {
		u = list_first(&units, struct portion_unit, node);
		/* All of a component are one allocation. */
		next = &container_of(u, struct mpam_ris, unit)->msc->ris[0].unit;
		list_init(&units);
		heap_free(container_of(next, struct mpam_ris, unit)->msc);
	}
	return 0;
}

/* --- finding and opening -------------------------------------------------- */

static void test_open(void **state)
{
	(void)state;
	msc.pri = true;
	msc.ccap[0] = BIT(28) | BIT(29) | 8;
	msc.mbw[0] = BIT(10) | BIT(11) | BIT(12) | BIT(13) | 40 << 16 | 8;
	assert_int_equal(start(L3, ""), 8);
	assert_int_equal(portion_level(), 3);
	assert_int_equal(portion_ids(), 32);
	assert_int_equal(host_partition_own, 1);
	assert_int_equal(msc.ecr, 0);
	assert_true((msc.esr & UINT32_MAX) == 0);
	for (unsigned int p = 0; p < MODEL_PARTIDS; p++) {
		const struct model_settings *s = &msc.s[0][p];

		/* Of PARTID 0, bits beyond the portions were set. */
		assert_int_equal(s->cpbm[0], 0xff);
		assert_int_equal(s->mbw_pbm[0], UINT32_MAX);
		assert_int_equal(s->mbw_pbm[1], 0xff);
		assert_int_equal(s->cmax, 0xffff);
		assert_int_equal(s->cassoc, 0xffff);
		assert_int_equal(s->cmin, 0);
		assert_int_equal(s->mbw_max, 0xffff);
		assert_int_equal(s->mbw_min, 0);
		assert_int_equal(s->mbw_prop, 0);
		assert_int_equal(s->pri, 5);
	}
	assert_string_equal(logged, "");
}

/* Version 1.1: instances, errors in 64 bits, PARTIDs that can be disabled. */
static void test_instances(void **state)
{
	(void)state;
	msc.ext = msc.endis = true;
	msc.ris_max = 2;
	msc.aidr = 0x11;
	msc.partid_max = 15;
	msc.portions[1] = 16;
	msc.portions[2] = 33;
	assert_int_equal(
		start("compatible = \"v,soc\";",
		      "ris@0 { compatible = \"arm,mpam-cache\"; reg = <0>; "
		      "arm,mpam-device = <&l2>; }; "
		      "ris@1 { compatible = \"arm,mpam-memory\"; reg = <1>; "
		      "arm,mpam-device = <&mem>; };"),
		8);
	assert_int_equal(portion_level(), 2);
	assert_int_equal(portion_ids(), 16);
	assert_int_equal(msc.esr, 0);
	for (unsigned int p = 0; p < 16; p++) {
		assert_int_equal(msc.s[0][p].cpbm[0], 0xff);
		assert_int_equal(msc.s[1][p].cpbm[0], 0xffff);
		assert_int_equal(msc.s[2][p].cpbm[0], UINT32_MAX);
		assert_int_equal(msc.s[2][p].cpbm[1], 1);
		assert_true(msc.s[2][p].enabled);
	}
	assert_int_equal(msc.s[0][16].cpbm[0], MODEL_UNKNOWN);
	assert_int_equal(portion_allow(3, 0x0f), 0);
	assert_int_equal(msc.s[0][3].cpbm[0], 0x0f);
	/* Of no cache of that level. */
	assert_int_equal(msc.s[1][3].cpbm[0], 0xffff);
	assert_int_equal(msc.s[2][3].cpbm[0], UINT32_MAX);
}

/* Fewer internal PARTIDs than PARTIDs: each is one's own. */
static void test_narrowing(void **state)
{
	(void)state;
	msc.narrowing = true;
	msc.intpartid_max = 7;
	assert_int_equal(start(L3, ""), 8);
	assert_int_equal(portion_ids(), 8);
	for (unsigned int p = 0; p < 8; p++) {
		assert_int_equal(msc.mapped[p], p);
		assert_int_equal(msc.s[0][p].cpbm[0], 0xff);
	}
	assert_int_equal(portion_allow(7, 0x80), 0);
	assert_int_equal(msc.s[0][7].cpbm[0], 0x80);
	assert_int_equal(portion_allow(8, 0x80), -ERR_IO);
	assert_non_null(strstr(logged, "intPARTID_Range, PARTID 8"));
}

static void none_as(const char *reason)
{
	const char *why = NULL;

	portion_init();
	assert_int_equal(portion_count(&why), 0);
	assert_non_null(strstr(why, reason));
	assert_int_equal(host_partition_own, 0);
}

/* What cannot be used, and why. */
static void test_refused(void **state)
{
	(void)state;
	msc.aidr = 0x20;
	assert_int_equal(probe_in(L3, ""), -ERR_NOSUPP);
	assert_non_null(
		strstr(logged, "found version 2.0; allowed 0.1 and 1.x"));
	none_as("cannot be used, see the log");
	assert_non_null(strstr(logged, "msc@10000 cannot be used"));

	model_reset();
	msc.size = 0xffc;
	assert_int_equal(probe_in(L3, ""), -ERR_FORMAT);
	assert_non_null(
		strstr(logged, "reg: found 0xffc bytes; allowed 0x1000"));

	model_reset();
	msc.portions[0] = 33;
	msc.size = 0x1004;
	assert_int_equal(probe_in(L3, ""), -ERR_FORMAT);
	assert_non_null(strstr(logged,
			       "reg: found 0x1004 bytes; allowed 0x1008 "
			       "or more, for 33 portions"));

	model_reset();
	msc.mbw[0] = BIT(12) | 33 << 16;
	msc.size = 0x2004;
	assert_int_equal(probe_in(L3, ""), -ERR_FORMAT);
	assert_non_null(strstr(logged, "0x2008 or more, for 33 portions of"));

	model_reset();
	msc.broken = true;
	assert_int_equal(probe_in(L3, ""), -ERR_IO);
	assert_non_null(strstr(logged, "PARTID_SEL_Range"));
	none_as("cannot be used, see the log");
}

static void test_none(void **state)
{
	(void)state;
	list_init(&units);
	memset(&last, 0, sizeof(last));
	failed = NULL;
	none_as("the host's tree has no cache with portions");

	host_partition_ids = 0;
	assert_int_equal(probe_in(L3, ""), 0);
	none_as("simulated CPUs have no partition IDs");
	(void)teardown(NULL);

	host_partition_ids = 2;
	assert_int_equal(probe_in(L3, ""), 0);
	none_as("no partition IDs besides");
	(void)teardown(NULL);

	host_partition_ids = 32;
	msc.portions[0] = 1;
	assert_int_equal(probe_in(L3, ""), 0);
	none_as("one portion");
	(void)teardown(NULL);

	msc.portions[0] = 8;
	assert_int_equal(probe_in("compatible = \"cache\";", ""), 0);
	assert_non_null(strstr(logged, "cache0 has no cache-level"));
	none_as("does not tell its level");
	(void)teardown(NULL);

	/* A component of something else bounds the IDs, and has no portions. */
	assert_int_equal(probe_in("compatible = \"v,memory\";", ""), 0);
	none_as("no cache of the host has portions");
	assert_int_equal(portion_ids(), 32);
	(void)teardown(NULL);

	assert_int_equal(probe_in(L3,
				  "ris@5 { compatible = \"arm,mpam-cache\"; "
				  "reg = <5>; };"),
			 0);
	assert_non_null(strstr(logged, "ris@5: reg: found 5; allowed 0..0"));
}

/* --- claims --------------------------------------------------------------- */

static struct portion_claim claim_of(const char *owner, portion_mask_t set,
				     const char *shared)
{
	return (struct portion_claim){ .owner = owner,
				       .shared = shared,
				       .set = set };
}

static void test_claims(void **state)
{
	struct portion_claim a = claim_of("a", 0x3, "pair");
	struct portion_claim b = claim_of("b", 0x6, NULL);
	struct portion_claim c = claim_of("c", 0x6, "pair");
	struct portion_claim d = claim_of("d", 0, NULL);
	struct portion_refusal why;
	struct portion_claim seen;
	char owner[32], shared[32];

	(void)state;
	assert_int_equal(start(L3, ""), 8);
	assert_int_equal(portion_claim(&a, 0, &why), 0);
	assert_int_equal(a.id, 2);
	assert_int_equal(msc.s[0][2].cpbm[0], 0x03);
	assert_int_equal(msc.s[0][0].cpbm[0], 0xfc);
	assert_int_equal(msc.s[0][1].cpbm[0], 0xfc);
	/* One is a's. */
	assert_int_equal(portion_claim(&b, 0, &why), -ERR_BUSY);
	assert_int_equal(why.taken, 0x2);
	assert_int_equal(why.free, 0xfc);
	assert_string_equal(why.owner, "a");
	assert_int_equal(msc.s[0][0].cpbm[0], 0xfc);
	assert_int_equal(portion_claim(&c, 0, &why), 0);
	assert_int_equal(c.id, 3);
	assert_int_equal(msc.s[0][3].cpbm[0], 0x06);
	assert_int_equal(portion_rest(), 0xf8);
	/* Five are free, of which one has to stay. */
	assert_int_equal(portion_claim(&d, 6, &why), -ERR_BUSY);
	assert_false(why.no_rest);
	assert_int_equal(why.free, 0xf8);
	assert_int_equal(portion_claim(&d, 5, &why), -ERR_BUSY);
	assert_true(why.no_rest);
	assert_int_equal(portion_claim(&d, 4, &why), 0);
	assert_int_equal(d.set, 0x78);
	assert_int_equal(msc.s[0][4].cpbm[0], 0x78);
	assert_int_equal(msc.s[0][0].cpbm[0], 0x80);
	assert_true(portion_nth(1, &seen, owner, shared, sizeof(owner)));
	assert_string_equal(owner, "c");
	assert_string_equal(shared, "pair");
	assert_int_equal(seen.id, 3);
	assert_false(portion_nth(3, &seen, owner, shared, sizeof(owner)));
	/* IDs are used again. */
	portion_release(&a);
	portion_release(&a);
	assert_int_equal(portion_rest(), 0x81);
	assert_int_equal(msc.s[0][1].cpbm[0], 0x81);
	a.set = 0x1;
	assert_int_equal(portion_claim(&a, 0, &why), 0);
	assert_int_equal(a.id, 2);
	portion_release(&a);
	portion_release(&c);
	portion_release(&d);
	assert_int_equal(msc.s[0][0].cpbm[0], 0xff);
	assert_string_equal(logged, "");
}

static void test_no_id(void **state)
{
	struct portion_claim a = claim_of("a", 0x1, NULL);
	struct portion_claim b = claim_of("b", 0x2, NULL);
	struct portion_refusal why;

	(void)state;
	host_partition_ids = 3;
	assert_int_equal(start(L3, ""), 8);
	assert_int_equal(portion_claim(&a, 0, &why), 0);
	assert_int_equal(portion_claim(&b, 0, &why), -ERR_BUSY);
	assert_true(why.no_id);
	portion_release(&a);
	assert_int_equal(portion_claim(&b, 0, &why), 0);
	portion_release(&b);
}

/* A cache that does not take what is written: nothing has changed. */
static void test_error(void **state)
{
	struct portion_claim a = claim_of("a", 0x1, NULL);
	struct portion_refusal why;

	(void)state;
	assert_int_equal(start(L3, ""), 8);
	msc.broken = true;
	assert_int_equal(portion_claim(&a, 0, &why), -ERR_IO);
	assert_non_null(strstr(logged, "MPAMF_ESR"));
	msc.broken = false;
	assert_int_equal(portion_rest(), 0xff);
	assert_true(list_empty(&claims));
	assert_int_equal(portion_claim(&a, 0, &why), 0);
	assert_int_equal(msc.s[0][2].cpbm[0], 1);
	portion_release(&a);
}

static void test_own(void **state)
{
	struct portion_claim a = claim_of("a", 0x3, NULL);
	struct portion_refusal why;

	(void)state;
	assert_int_equal(probe_in(L3, ""), 0);
	assert_true(portions_arg.take("1,6-7"));
	assert_false(portions_arg.take("red"));
	assert_false(portions_arg.take("64"));
	portion_init();
	assert_int_equal(msc.s[0][1].cpbm[0], 0xc2);
	assert_int_equal(msc.s[0][0].cpbm[0], 0x3d);
	assert_int_equal(portion_claim(&a, 0, &why), -ERR_BUSY);
	assert_string_equal(why.owner, "the hypervisor");
	assert_int_equal(portion_claim(&a, 2, &why), 0);
	assert_int_equal(a.set, 0x05);
	assert_int_equal(msc.s[0][1].cpbm[0], 0xc2);
	portion_release(&a);
	(void)teardown(NULL);

	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(probe_in(L3, ""), 0);
		assert_true(portions_arg.take(i ? "0-7" : "8"));
		portion_init();
		assert_non_null(strstr(logged, i ? "found 0-7; allowed a part "
						   "of 0-7"
						 : "found 8; allowed a part of "
						   "0-7"));
		assert_int_equal(msc.s[0][1].cpbm[0], 0xff);
		(void)teardown(NULL);
	}
}

/* Components of one level with different numbers: the smaller one counts, and
 * each portion is a run of the other's. */
static void test_widths(void **state)
{
	uint64_t seen = 0;

	(void)state;
	assert_int_equal(portion_word(0x1, 8, 16, 0), 0x0003);
	assert_int_equal(portion_word(0x81, 8, 16, 0), 0xc003);
	assert_int_equal(portion_word(UINT64_MAX, 64, 64, 1), UINT32_MAX);
	assert_int_equal(portion_word(BIT(63), 64, 64, 0), 0);
	assert_int_equal(portion_word(BIT(63), 64, 64, 1), 1U << 31);
	assert_int_equal(portion_word(1, 1, 40, 1), 0xff);
	/* Each of 11 is one portion's of 4, and none is nobody's. */
	for (unsigned int p = 0; p < 4; p++) {
		uint32_t word = portion_word(BIT(p), 4, 11, 0);

		assert_true(word != 0 && (word & seen) == 0);
		seen |= word;
	}
	assert_int_equal(seen, 0x7ff);
	/* 128 of the hardware's. */
	msc.portions[0] = 128;
	assert_int_equal(start(L3, ""), 64);
	assert_int_equal(portion_allow(2, 0x3), 0);
	assert_int_equal(msc.s[0][2].cpbm[0], 0xf);
	assert_int_equal(msc.s[0][2].cpbm[1], 0);
	assert_int_equal(msc.s[0][2].cpbm[3], 0);
}

static void test_text(void **state)
{
	char text[PORTION_TEXT], small[8];

	(void)state;
	assert_string_equal(portion_text(0x10f, text, sizeof(text)), "0-3, 8");
	assert_string_equal(portion_text(0, text, sizeof(text)), "none");
	assert_true(strlen(portion_text(0xaaaaaaaaaaaaaaaa, text,
					sizeof(text))) < sizeof(text) - 1);
	assert_int_equal(
		strlen(portion_text(UINT64_C(0xaaaa), small, sizeof(small))),
		sizeof(small) - 1);
}

/* --- what they are for ---------------------------------------------------- */

/* Misses of a victim that reads `lines` lines again and again, beside a
 * neighbour that runs through many. */
static unsigned int misses(uint32_t victim, uint32_t neighbour,
			   unsigned int lines)
{
	unsigned int missed = 0;
	uint64_t far = 1 << 20;

	model_cache_clear();
	for (unsigned int round = 0; round < 20; round++) {
		for (unsigned int n = 0; n < lines; n++) {
			missed += !model_access(victim, n) && round > 0;
			for (unsigned int k = 0; k < 32; k++) {
				(void)model_access(neighbour, far++);
			}
		}
	}
	return missed;
}

static void test_isolation(void **state)
{
	struct portion_claim a = claim_of("victim", 0, NULL);
	struct portion_refusal why;
	unsigned int before, with;

	(void)state;
	assert_int_equal(start(L3, ""), 8);
	/* Both without portions of their own: nearly each access misses. */
	before = misses(0, 0, 64);
	assert_true(before > 19 * 64 * 9 / 10);
	assert_int_equal(portion_claim(&a, 4, &why), 0);
	with = misses(a.id, 0, 64);
	/* None but of sets in which it has more lines than ways. */
	assert_true(with < 19 * 64 / 10);
	/* The mechanism off: the neighbour may put lines there. */
	msc.s[0][0].cpbm[0] = 0xff;
	assert_true(misses(a.id, 0, 64) > 19 * 64 * 9 / 10);
	portion_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_open, setup, teardown),
		cmocka_unit_test_setup_teardown(test_instances, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_narrowing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claims, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_id, setup, teardown),
		cmocka_unit_test_setup_teardown(test_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_widths, setup, teardown),
		cmocka_unit_test(test_text),
		cmocka_unit_test_setup_teardown(test_isolation, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
