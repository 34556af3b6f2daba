/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command guest: the list, the consoles, and the table of subcommands. */
#include <core/session.h>
#include <core/vserial.h>
#include <libs/error.h>
#include <string.h>

#include "guest_cmd.h"
#include "usage.h"

static void guest_row(struct table *t, const struct guest *g,
		      const struct usage_list *usage)
{
	char device[VSERIAL_NAME_MAX];
	bool console = vserial_nth(g->name, 0, device, sizeof(device));

	table_u64(t, g->id);
	table_str(t, g->name);
	table_str(t, guest_state_name(g->state));
	table_u64(t, g->cfg->vcpus);
	table_u64(t, g->cfg->memory_size);
	table_u64(t, usage_guest(usage, g));
	table_str(t, console ? device : NULL);
}

static int guest_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "ID", COL_U64 },      { "NAME", COL_STR },
		{ "STATE", COL_STR },   { "VCPUS", COL_U64 },
		{ "MEMORY", COL_SIZE }, { "CPU%", COL_PERMILLE },
		{ "CONSOLE", COL_STR },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct usage_list usage;
	struct guest *g;
	struct table *t;
	int ret;

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	ret = usage_take(s, &usage);
	if (ret != 0) {
		return ret;
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		if (session_may_see(s, g->name)) {
			guest_row(t, g, &usage);
		}
		guest_put(g);
	}
	table_end(t);
	usage_free(&usage);
	return 0;
}

/*
 * Report that the guest has no console, or none of that name, and which it has.
 */
static int guest_no_console(struct session *s, const char *name)
{
	char device[VSERIAL_NAME_MAX];

	if (!vserial_nth(name, 0, device, sizeof(device))) {
		out_error(s, "%s has no console", name);
		return -ERR_NOENT;
	}
	out_error(s, "%s has no console of that name; there are:", name);
	for (unsigned int n = 0; vserial_nth(name, n, device, sizeof(device));
	     n++) {
		out(s, "  %s\n", device);
	}
	return -ERR_NOENT;
}

static int guest_console(struct session *s, int argc, char **argv)
{
	bool raw = take_flag(&argc, argv, "--raw");
	struct guest *g = guest_cmd_find(s, argc, argv, 2);
	char name[CONFIG_NAME_LEN];
	struct vserial *c;
	int ret;

	if (g == NULL) {
		return -ERR_NOENT;
	}
	memcpy(name, g->cfg->name, sizeof(name));
	/* No reference is kept: the guest may be destroyed while a terminal is
	 * attached to its console. */
	guest_put(g);
	if (!s->typed || s->depth > 0) {
		out_error(s, "a script cannot attach to a console");
		return -ERR_NOSUPP;
	}
	c = vserial_get(name, argc > 2 ? argv[2] : NULL);
	if (c == NULL) {
		return guest_no_console(s, name);
	}
	ret = session_attach(s, c, name, raw);
	if (ret == -ERR_BUSY) {
		out_error(s, "another terminal is attached to it");
	}
	vserial_put(c);
	return ret;
}

static void guest_complete(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 0) {
		complete_guests(c);
	}
}

static void guest_complete_console(struct completion_ctx *c, int argc,
				   char **argv)
{
	char device[VSERIAL_NAME_MAX];

	if (argc == 0) {
		complete_guests(c);
	}
	for (unsigned int n = 0;
	     argc == 1 && vserial_nth(argv[0], n, device, sizeof(device));
	     n++) {
		complete_add(c, device);
	}
}

static void guest_complete_file(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	/* mkbundle puts the source beside the compiled description. */
	if (argc == 0) {
		complete_paths(c, complete_word(c), ".dts");
	}
}

static const struct subcommand guest_subs[] = {
	{ "list", "[--json]", "List the guests.", guest_list, NULL },
	{ "info", "GUEST [--json]", "Show one guest.", guest_cmd_info,
	  guest_complete },
	{ "create", "FILE [--start]",
	  "Create a guest from its description, a compiled device tree.",
	  guest_cmd_create, guest_complete_file },
	{ "start", "GUEST", "Load its images and run it.", guest_cmd_start,
	  guest_complete },
	{ "console", "GUEST [DEVICE] [--raw]",
	  "Attach to its console; Ctrl-] detaches. --raw: unfiltered output.",
	  guest_console, guest_complete_console },
	{ "pause", "GUEST", "Stop its VCPUs and its time.", guest_cmd_pause,
	  guest_complete },
	{ "resume", "GUEST", "Continue a paused guest.", guest_cmd_resume,
	  guest_complete },
	{ "reset", "GUEST", "Stop it at once and start it again.",
	  guest_cmd_reset, guest_complete },
	{ "stop", "GUEST", "Stop it at once, as if its power were cut.",
	  guest_cmd_stop, guest_complete },
	{ "powerdown", "GUEST", "Press its power key; it shuts itself down.",
	  guest_cmd_powerdown, guest_complete },
	{ "destroy", "GUEST", "Stop it and free all that it has.",
	  guest_cmd_destroy, guest_complete },
	{ "devices", "GUEST [--json]", "List its devices.", guest_cmd_devices,
	  guest_complete },
#ifdef CONFIG_VIRTIO
	{ "queues", "GUEST [--json]",
	  "Count what passed the queues of its virtio devices.",
	  guest_cmd_queues, guest_complete },
#endif
	{ "memory", "GUEST [--colours] [--json]",
	  "Show where its memory is in the host, or pages of each colour.",
	  guest_cmd_memory, guest_complete },
	{ "irq", "GUEST [--json]", "List its devices' interrupts.",
	  guest_cmd_irq, guest_complete },
	{ "regs", "GUEST [VCPU]", "Show registers and a backtrace.",
	  guest_cmd_regs, guest_complete },
	{ "crash", "GUEST", "Show how often it crashed, and why it did last.",
	  guest_cmd_crash, guest_complete },
	{ "config", "GUEST", "Print the device tree its system gets.",
	  guest_cmd_config, guest_complete },
	{ .name = NULL },
};

static const struct command guest_command = {
	.name = "guest",
	.summary = "List guests; create, start, stop and inspect them.",
	.usage = "[--json]",
	.examples = "guest create /guests/linux0.dtb --start\n"
		    "guest list\nguest console linux0\n"
		    "guest powerdown linux0\n",
	.run = guest_list,
	.sub = guest_subs,
};
COMMAND(guest_command);
