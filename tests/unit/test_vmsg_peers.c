/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messaging domains: what nodes are told of their peers and of the names that
 * these announce; and what a watcher sees. */
#include "tests/unit/vmsg_case.h"

/* --- who is up ------------------------------------------------------------ */

static void up_and_down(void)
{
	nodes(2, 0);
	node(2, &kind, "d", 0);
	vmsg_down(ends[2].node);
	tend();
	/* Nothing of one that was never up, or was up too short to be told. */
	assert_string_equal(ends[0].told, "");
	assert_int_equal(send(0, 3, 0), -ERR_NOENT);
	vmsg_up(ends[2].node);
	vmsg_up(ends[2].node);
	/* The receiver is told of a sender before it gets anything. */
	ends[0].buffers = 10;
	assert_int_equal(send(2, 1, 1), VMSG_PARKED);
	assert_int_equal(ends[0].ngot, 0);
	tend();
	assert_string_equal(ends[0].told, "+3 ");
	assert_string_equal(ends[2].told, "+1 +2 ");
	assert_int_equal(ends[0].ngot, 1);
	assert_int_equal(send(0, 3, 2), VMSG_PARKED);
	/* Down and up again at once: that is told, and what waited is over. */
	vmsg_down(ends[2].node);
	vmsg_up(ends[2].node);
	tend();
	assert_string_equal(ends[0].told, "+3 -3 +3 ");
	assert_string_equal(ends[1].told, "+3 -3 +3 ");
	/* What it knew it has forgotten. */
	assert_string_equal(ends[2].told, "+1 +2 +1 +2 ");
	assert_int_equal(over[2], VMSG_REFUSED);
	assert_int_equal(ends[2].ngot, 0);
	assert_int_equal(counts(0).refused, 2);
	vmsg_down(ends[2].node);
	vmsg_down(ends[2].node);
	tend();
	assert_string_equal(ends[0].told, "+3 -3 +3 -3 ");
	gone(3);
}

static void detached(void)
{
	nodes(3, 0);
	assert_int_equal(send(0, 2, 0), VMSG_PARKED);
	assert_int_equal(send(1, 1, 1), VMSG_PARKED);
	assert_int_equal(send(1, 3, 2), VMSG_PARKED);
	assert_int_equal(send(2, 2, 3), VMSG_PARKED);
	assert_int_equal(vmsg_node_detach(ends[1].node), 0);
	assert_int_equal(novers, 4);
	assert_int_equal(over[0], VMSG_REFUSED);
	assert_int_equal(over[1], VMSG_CANCELLED);
	assert_int_equal(over[2], VMSG_CANCELLED);
	assert_int_equal(over[3], VMSG_REFUSED);
	assert_string_equal(ends[0].told, "-2 ");
	assert_string_equal(ends[1].told, "-1 -3 ");
	assert_int_equal(send(0, 2, 4), -ERR_NOENT);
	assert_int_equal(send(1, 1, 4), -ERR_NOENT);
	/* To another domain and back: who is there learns of it. */
	assert_int_equal(vmsg_node_attach(ends[1].node, "e", true), 0);
	tend();
	assert_int_equal(send(0, 2, 4), -ERR_NOENT);
	assert_int_equal(vmsg_domain_destroy("e"), 0);
	assert_int_equal(vmsg_node_attach(ends[1].node, "d", false), 0);
	tend();
	assert_string_equal(ends[0].told, "-2 +2 ");
	assert_string_equal(ends[1].told, "-1 -3 +1 +3 ");
	ends[0].buffers = 1;
	assert_int_equal(send(1, 1, 5), VMSG_DELIVERED);
	/* A domain that is destroyed detaches them all. */
	assert_int_equal(send(1, 1, 6), VMSG_PARKED);
	assert_int_equal(vmsg_domain_destroy("d"), 0);
	assert_int_equal(novers, 5);
	assert_int_equal(vmsg_domain_create("d", VMSG_POLICY_BLOCK), 0);
	gone(3);
}

/* --- names ---------------------------------------------------------------- */

static void names(void)
{
	struct vmsg_notice notice;

	nodes(2, 0);
	assert_int_equal(vmsg_announce(ends[0].node, "echo", 1024), 0);
	assert_int_equal(vmsg_announce(ends[0].node, "echo", 1024), -ERR_EXIST);
	assert_int_equal(vmsg_announce(ends[0].node, "echo", 1025), 0);
	assert_int_equal(vmsg_announce(ends[0].node, "", 1), -ERR_INVAL);
	assert_int_equal(vmsg_announce(ends[0].node, "a\033b", 1), -ERR_INVAL);
	assert_int_equal(vmsg_announce(ends[0].node,
				       "12345678901234567890123456789012", 1),
			 -ERR_INVAL);
	assert_int_equal(vmsg_withdraw(ends[0].node, "echo", 9), -ERR_NOENT);
	assert_int_equal(vmsg_withdraw(ends[1].node, "echo", 1024), -ERR_NOENT);
	tend();
	assert_string_equal(ends[1].told, "new:1/1024=echo new:1/1025=echo ");
	assert_string_equal(ends[0].told, "");
	assert_true(vmsg_node_endpoint(ends[0].node, 1, &notice));
	assert_int_equal(notice.endpoint, 1025);
	assert_false(vmsg_node_endpoint(ends[0].node, 2, &notice));
	/* Who comes later is told, too. */
	node(2, &kind, "d", 0);
	tend();
	assert_string_equal(ends[2].told, "+1 +2 new:1/1024=echo "
					  "new:1/1025=echo ");
	ends[1].told[0] = ends[2].told[0] = '\0';
	assert_int_equal(vmsg_withdraw(ends[0].node, "echo", 1024), 0);
	tend();
	assert_string_equal(ends[1].told, "gone:1/1024=echo ");
	/* What ended and came back is told in this order. */
	vmsg_down(ends[0].node);
	assert_int_equal(vmsg_announce(ends[0].node, "x", 1), -ERR_STATE);
	vmsg_up(ends[0].node);
	assert_int_equal(vmsg_announce(ends[0].node, "echo", 1025), 0);
	tend();
	assert_string_equal(ends[1].told, "gone:1/1024=echo -1 +1 "
					  "gone:1/1025=echo new:1/1025=echo ");
	/* One that has forgotten is told again. */
	vmsg_down(ends[1].node);
	vmsg_up(ends[1].node);
	ends[1].told[0] = '\0';
	tend();
	assert_string_equal(ends[1].told, "+1 +3 new:1/1025=echo ");
	/* Detached, it learns that it knows nobody any more. */
	ends[1].told[0] = '\0';
	assert_int_equal(vmsg_node_detach(ends[1].node), 0);
	assert_string_equal(ends[1].told, "-1 -3 gone:1/1025=echo ");
	ends[2].told[0] = '\0';
	assert_int_equal(vmsg_node_detach(ends[0].node), 0);
	tend();
	assert_string_equal(ends[2].told, "-1 gone:1/1025=echo ");
	/* Back again, it has announced what it had; else not. */
	ends[2].told[0] = '\0';
	assert_int_equal(vmsg_node_attach(ends[0].node, "d", false), 0);
	tend();
	assert_string_equal(ends[2].told, "+1 new:1/1025=echo ");
	assert_int_equal(vmsg_node_detach(ends[0].node), 0);
	tend();
	vmsg_down(ends[0].node);
	vmsg_up(ends[0].node);
	ends[2].told[0] = '\0';
	assert_int_equal(vmsg_node_attach(ends[0].node, "d", false), 0);
	tend();
	assert_string_equal(ends[2].told, "+1 ");
	ends[2].told[0] = '\0';
	vmsg_node_destroy(ends[0].node);
	tend();
	assert_string_equal(ends[2].told, "-1 ");
	vmsg_node_destroy(ends[1].node);
	vmsg_node_destroy(ends[2].node);
	assert_int_equal(vmsg_domain_destroy("d"), 0);
}

/* One that takes no notices keeps nobody from announcing. */
static void names_kept(void)
{
	nodes(3, 0);
	for (unsigned int i = 0; i < VMSG_ENDPOINTS_MAX; i++) {
		assert_int_equal(vmsg_announce(ends[0].node, "n", i), 0);
	}
	assert_int_equal(vmsg_announce(ends[0].node, "n", 64), -ERR_NOSPC);
	tend();
	ends[1].turn_down = true; /* from now on */
	for (unsigned int i = 0; i < VMSG_ENDPOINTS_MAX; i++) {
		assert_int_equal(vmsg_withdraw(ends[0].node, "n", i), 0);
	}
	tend();
	ends[2].told[0] = '\0';
	assert_int_equal(vmsg_announce(ends[0].node, "m", 7), 0);
	tend();
	assert_string_equal(ends[2].told, "new:1/7=m ");
	assert_int_equal(counts(1).lost_notices, 1);
	assert_int_equal(counts(2).lost_notices, 0);
	/* It catches up. */
	ends[1].turn_down = false;
	ends[1].told[0] = '\0';
	assert_int_equal(vmsg_announce(ends[0].node, "o", 8), 0);
	tend();
	assert_int_equal(counts(1).lost_notices, 2);
	assert_non_null(strstr(ends[1].told, "gone:1/63=n "));
	assert_non_null(strstr(ends[1].told, "new:1/8=o "));
	gone(3);
}

/* --- watching ------------------------------------------------------------- */

static void watched(void)
{
	struct vmsg_record r;
	uint64_t at, lost;

	nodes(2, 1000);
	assert_int_equal(vmsg_watch_begin(&at), 0);
	assert_false(vmsg_watch_next(&at, &r, &lost));
	assert_int_equal(send(0, 2, 5), VMSG_DELIVERED);
	assert_int_equal(send(0, 9, 6), -ERR_NOENT);
	assert_true(vmsg_watch_next(&at, &r, &lost));
	assert_int_equal(r.from, 1);
	assert_int_equal(r.to, 2);
	assert_int_equal(r.head[0], 5);
	assert_int_equal(r.len, 1);
	assert_string_equal(r.domain, "d");
	assert_string_equal(vmsg_result_name(r.result), "delivered");
	assert_true(vmsg_watch_next(&at, &r, &lost));
	assert_string_equal(vmsg_result_name(r.result), "no such peer");
	assert_false(vmsg_watch_next(&at, &r, &lost));
	for (unsigned int i = 0; i < 300; i++) {
		assert_int_equal(send(0, 2, i % 10), VMSG_DELIVERED);
	}
	assert_true(vmsg_watch_next(&at, &r, &lost));
	assert_int_equal(lost, 300 - 256);
	vmsg_watch_end();
	assert_int_equal(send(0, 2, 5), VMSG_DELIVERED);
	gone(2);
}

IN_THREAD(up_and_down)
IN_THREAD(detached)
IN_THREAD(names)
IN_THREAD(names_kept)
IN_THREAD(watched)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up_and_down),
		cmocka_unit_test(test_detached),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_kept),
		cmocka_unit_test(test_watched),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
