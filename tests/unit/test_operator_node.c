/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes that an operator makes: what they keep, what waits, how they end. */
#include <core/operator_node.h>

#include "tests/unit/vmsg_case.h"

static struct operator_message m;

static int say(const char *from, uint32_t to, const char *text)
{
	int result = operator_node_send(from, to, OPERATOR_ENDPOINT, text,
					strlen(text));

	tend();
	return result;
}

static void heard(const char *node, uint32_t from, const char *text)
{
	assert_int_equal(operator_node_read(node, &m), 0);
	assert_int_equal(m.from, from);
	assert_int_equal(m.endpoint, OPERATOR_ENDPOINT);
	assert_int_equal(m.len, strlen(text));
	assert_memory_equal(m.data, text, m.len);
}

static void begin(void)
{
	assert_int_equal(vmsg_domain_create("d", VMSG_POLICY_BLOCK), 0);
	assert_int_equal(operator_node_create("a", "d", 7, NULL), 0);
	assert_int_equal(operator_node_create("b", "d", 0, "name"), 0);
	tend();
}

static void end(void)
{
	struct vmsg_domain_info info;

	assert_true(vmsg_domain_info("d", &info));
	assert_int_equal(info.nodes, 0);
	assert_int_equal(vmsg_domain_destroy("d"), 0);
	assert_null(vmsg_node_get_nth(0));
}

static void talk(void)
{
	char most[RPMSG_DATA_MAX + 2];

	begin();
	assert_int_equal(say("a", 1, "one"), VMSG_DELIVERED);
	assert_int_equal(say("b", 7, "two"), VMSG_DELIVERED);
	heard("b", 7, "one");
	heard("a", 1, "two");
	assert_int_equal(operator_node_read("a", &m), -ERR_STATE);
	memset(most, 'x', sizeof(most));
	most[RPMSG_DATA_MAX + 1] = '\0';
	assert_int_equal(say("a", 1, most), -ERR_RANGE);
	most[RPMSG_DATA_MAX] = '\0';
	assert_int_equal(say("a", 1, most), VMSG_DELIVERED);
	heard("b", 7, most);
	assert_int_equal(say("a", 1, ""), VMSG_DELIVERED);
	heard("b", 7, "");
	/* Nobody is there; it has no such endpoint. */
	assert_int_equal(say("a", 2, "x"), -ERR_STATE);
	assert_int_equal(operator_node_send("a", 1, 5, "x", 1), -ERR_STATE);
	assert_int_equal(operator_node_destroy("a"), 0);
	assert_int_equal(operator_node_destroy("b"), 0);
	end();
}

/* What is not read makes senders wait, and then be refused: nothing is lost. */
static void unread(void)
{
	char text[8];
	unsigned int n = 0;
	int result;

	begin();
	do {
		(void)snprintf(text, sizeof(text), "%u", n++);
		result = say("a", 1, text);
		assert_int_equal(result,
				 n <= OPERATOR_KEPT_MAX ? VMSG_DELIVERED
				 : n <= OPERATOR_KEPT_MAX + OPERATOR_SENDS_MAX
					 ? VMSG_PARKED
					 : -ERR_BUSY);
	} while (result >= 0);
	for (unsigned int i = 0; i + 1 < n; i++) {
		(void)snprintf(text, sizeof(text), "%u", i);
		heard("b", 7, text);
	}
	assert_int_equal(operator_node_read("b", &m), -ERR_STATE);
	assert_int_equal(say("a", 1, "again"), VMSG_DELIVERED);
	/* Either end goes while something waits. */
	for (n = 0; n < OPERATOR_KEPT_MAX; n++) {
		(void)!say("a", 1, "more");
		(void)!say("b", 7, "back");
	}
	assert_int_equal(say("a", 1, "waits"), VMSG_PARKED);
	assert_int_equal(say("b", 7, "waits"), VMSG_PARKED);
	assert_int_equal(operator_node_destroy("b"), 0);
	assert_int_equal(say("a", 1, "x"), -ERR_STATE);
	heard("a", 1, "back");
	assert_int_equal(operator_node_destroy("a"), 0);
	end();
}

static void refused(void)
{
	char name[16];

	begin();
	assert_int_equal(operator_node_create("a", "d", 0, NULL), -ERR_EXIST);
	assert_int_equal(operator_node_create("c", "d", 7, NULL), -ERR_EXIST);
	assert_int_equal(operator_node_create("c", "e", 0, NULL), -ERR_NOENT);
	assert_int_equal(operator_node_create("c", "d", 4095, NULL),
			 -ERR_RANGE);
	assert_int_equal(operator_node_create("c", "d", 0, ""), -ERR_INVAL);
	assert_int_equal(operator_node_destroy("c"), -ERR_NOENT);
	assert_int_equal(operator_node_read("c", &m), -ERR_NOENT);
	assert_int_equal(say("c", 1, "x"), -ERR_NOENT);
	for (unsigned int i = 2; i < OPERATOR_NODES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%u", i);
		assert_int_equal(operator_node_create(name, "d", 0, NULL), 0);
	}
	assert_int_equal(operator_node_create("c", "d", 0, NULL), -ERR_BUSY);
	for (unsigned int i = 2; i < OPERATOR_NODES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%u", i);
		assert_int_equal(operator_node_destroy(name), 0);
	}
	/* A node that is another's. */
	node(0, &kind, "d", 3);
	assert_int_equal(operator_node_destroy(vmsg_node_name(ends[0].node)),
			 -ERR_NOENT);
	vmsg_node_destroy(ends[0].node);
	/* The domain went first. */
	assert_int_equal(vmsg_domain_destroy("d"), 0);
	assert_int_equal(say("a", 1, "x"), -ERR_STATE);
	assert_int_equal(operator_node_destroy("a"), 0);
	assert_int_equal(operator_node_destroy("b"), 0);
	assert_null(vmsg_node_get_nth(0));
}

IN_THREAD(talk)
IN_THREAD(unread)
IN_THREAD(refused)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talk),
		cmocka_unit_test(test_unread),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
