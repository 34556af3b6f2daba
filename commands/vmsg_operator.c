/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command vmsg: nodes that an operator makes, and messages by hand. */
#include <core/operator_node.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <string.h>

#include "vmsg_cmd.h"

#define TEXT_SHOWN 64 /* characters of a message in a listing */

static int create_error(struct session *s, char **argv, uint64_t address,
			int err)
{
	struct vmsg_domain_info info;

	if (!vmsg_domain_info(argv[2], &info)) {
		return vmsg_cmd_domain_error(s, argv[2], -ERR_NOENT);
	}
	if (err == -ERR_INVAL) {
		out_error(s,
			  "'%s', or the name to be announced, is not a name: a "
			  "node's has letters, digits, '-', '_', '.' and '@', "
			  "%d at most; an announced one %d characters at most",
			  argv[1], VMSG_NODE_NAME_MAX - 1,
			  VMSG_ENDPOINT_NAME - 1);
	} else if (err == -ERR_EXIST) {
		out_error(s,
			  "there is already a node '%s', or another node of %s "
			  "has address %llu",
			  argv[1], argv[2], (unsigned long long)address);
	} else if (err == -ERR_BUSY) {
		out_error(s, "there are already %d such nodes, the maximum",
			  OPERATOR_NODES_MAX);
	} else if (err == -ERR_NOSPC) {
		out_error(s, "%s has %d nodes, the maximum", argv[2],
			  VMSG_NODES_MAX);
	}
	return err;
}

int vmsg_cmd_node_create(struct session *s, int argc, char **argv)
{
	const char *announce = NULL;
	uint64_t address = 0;
	int err;

	if (argc < 3) {
		return command_usage(s, "a node and a domain are needed");
	}
	for (int i = 3; i < argc; i++) {
		if (strncmp(argv[i], "announce=", 9) == 0) {
			announce = argv[i] + 9;
		} else if (strncmp(argv[i], "address=", 8) != 0) {
			return command_usage(
				s, "address= and announce= are the options");
		} else if (parse_u64_max(argv[i] + 8, RPMSG_NODE_LAST,
					 &address) != 0 ||
			   address < RPMSG_NODE_FIRST) {
			out_error(s, "'%s': an address is a number of %d to %d",
				  argv[i], RPMSG_NODE_FIRST, RPMSG_NODE_LAST);
			return -ERR_RANGE;
		}
	}
	err = operator_node_create(argv[1], argv[2], (uint32_t)address,
				   announce);
	return err != 0 ? create_error(s, argv, address, err) : 0;
}

/* What it means that operator_node_...() did not find the node. */
static int not_ours(struct session *s, const char *name)
{
	struct vmsg_node *n = vmsg_cmd_node(s, name);

	if (n != NULL) {
		vmsg_node_put(n);
		out_error(
			s,
			"'%s' is not made by 'vmsg node create': it goes with "
			"its device; 'vmsg node detach %s' takes it out of "
			"its domain",
			name, name);
	}
	return -ERR_NOENT;
}

int vmsg_cmd_node_destroy(struct session *s, int argc, char **argv)
{
	if (argc != 2) {
		return command_usage(s, "one node is needed");
	}
	return operator_node_destroy(argv[1]) != 0 ? not_ours(s, argv[1]) : 0;
}

/* "ADDRESS:ENDPOINT"; it is cut at the colon. */
static bool parse_where(char *text, uint64_t *address, uint64_t *endpoint)
{
	char *colon = strchr(text, ':');

	if (colon == NULL) {
		return false;
	}
	*colon = '\0';
	return parse_u64_max(text, RPMSG_NODE_LAST, address) == 0 &&
	       *address >= RPMSG_NODE_FIRST &&
	       parse_u64_max(colon + 1, BIT(RPMSG_ENDPOINT_BITS) - 1,
			     endpoint) == 0;
}

int vmsg_cmd_node_send(struct session *s, int argc, char **argv)
{
	uint64_t address, endpoint;
	int result;

	if (argc != 4) {
		return command_usage(s, "a node, where to and a text are "
					"needed");
	}
	if (!parse_where(argv[2], &address, &endpoint)) {
		out_error(s,
			  "where to is ADDRESS:ENDPOINT, an address of %d to "
			  "%d and an endpoint of at most %#x: 'vmsg node list' "
			  "and 'vmsg node names' have them",
			  RPMSG_NODE_FIRST, RPMSG_NODE_LAST,
			  (unsigned int)BIT(RPMSG_ENDPOINT_BITS) - 1);
		return -ERR_INVAL;
	}
	result = operator_node_send(argv[1], (uint32_t)address,
				    (uint32_t)endpoint, argv[3],
				    strlen(argv[3]));
	if (result == -ERR_NOENT) {
		return not_ours(s, argv[1]);
	}
	if (result == -ERR_STATE) {
		out_error(s,
			  "no peer with address %llu takes it: none has it, "
			  "or it is down",
			  (unsigned long long)address);
	} else if (result == -ERR_BUSY) {
		out_error(s, "the receiver takes nothing: too many messages "
			     "wait already");
	} else if (result == -ERR_RANGE) {
		out_error(s, "a message has %d bytes at most", RPMSG_DATA_MAX);
	} else if (result != VMSG_DELIVERED) {
		out(s, "%s\n", vmsg_result_name(result));
	}
	return result < 0 ? result : 0;
}

/* The text of a message, as far as it is one. */
static void show_text(const struct operator_message *m, char *text)
{
	size_t n = MIN((size_t)m->len, (size_t)TEXT_SHOWN);

	for (size_t i = 0; i < n; i++) {
		uint8_t c = m->data[i];

		text[i] = c >= ' ' && c <= '~' ? (char)c : '.';
	}
	text[n] = '\0';
}

int vmsg_cmd_node_read(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "FROM", COL_U64 },
		{ "ENDPOINT", COL_HEX },
		{ "LENGTH", COL_U64 },
		{ "TEXT", COL_STR },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct operator_message m;
	char text[TEXT_SHOWN + 1];
	struct table *t;
	int err;

	if (argc != 2) {
		return command_usage(s, "one node is needed");
	}
	err = operator_node_read(argv[1], &m);
	if (err == -ERR_NOENT) {
		return not_ours(s, argv[1]);
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	/* A sender may go on meanwhile. */
	for (unsigned int i = 0; err == 0 && i < 4 * OPERATOR_KEPT_MAX; i++) {
		show_text(&m, text);
		table_u64(t, m.from);
		table_u64(t, m.endpoint);
		table_u64(t, m.len);
		table_str(t, text);
		err = operator_node_read(argv[1], &m);
	}
	table_end(t);
	return 0;
}

void vmsg_complete_create(struct completion_ctx *c, int argc, char **argv)
{
	if (argc == 1) {
		vmsg_complete_domain(c, 0, argv);
	}
}
