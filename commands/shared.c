/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command shared: regions of shared memory, and who may access them. */
#include <core/command.h>
#include <core/shared_memory.h>
#include <core/suggest.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

static const char *access_name(enum shared_access access)
{
	static const char *const names[] = { "none", "read-only",
					     "read-write" };

	return names[access];
}

/* Memory of all colours is not restricted. */
static const char *colours_name(char *buf, size_t size, colour_mask_t set)
{
	if (!IS_ENABLED(CONFIG_COLOURS) || set == PAGE_ANY_COLOUR) {
		return "all";
	}
	return colour_text(set, buf, size);
}

static int no_region(struct session *s, const char *name)
{
	struct shared_info info;
	struct suggest near;

	suggest_begin(&near, name);
	for (unsigned int n = 0; shared_get_nth(n, &info); n++) {
		suggest_word(&near, info.name);
	}
	if (near.best[0] != '\0') {
		out_error(s, "there is no region '%s'; did you mean '%s'?",
			  name, near.best);
	} else {
		out_error(s,
			  "there is no region '%s'; 'shared list' lists "
			  "them",
			  name);
	}
	return -ERR_NOENT;
}

static int shared_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },   { "SIZE", COL_SIZE },
		{ "2M", COL_U64 },     { "4K", COL_U64 },
		{ "CACHE", COL_STR },  { "MADE BY", COL_STR },
		{ "MAPPED", COL_U64 },
	};
	struct shared_info info;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int n = 0; shared_get_nth(n, &info); n++) {
		table_str(t, info.name);
		table_u64(t, info.size);
		table_u64(t, info.blocks);
		table_u64(t, info.pages);
		table_str(t,
			  info.noncacheable ? "non-cacheable" : "write-back");
		table_str(t, info.described ? "description" : "command");
		table_u64(t, info.mapped);
	}
	table_end(t);
	return 0;
}

/* The region that the only argument names; reports errors. */
static int region_argument(struct session *s, int argc, char **argv,
			   struct shared_info *info)
{
	if (argc != 2) {
		return command_usage(s, "one region is needed");
	}
	return shared_get_info(argv[1], info) ? no_region(s, argv[1]) : 0;
}

static int shared_info_run(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	char text[COLOUR_TEXT];
	struct shared_info info;
	struct record r;
	int err = region_argument(s, argc, argv, &info);

	if (err) {
		return err;
	}
	record_begin(&r, s, json);
	record_str(&r, "Name", info.name);
	record_u64(&r, "Size", COL_SIZE, info.size);
	record_u64(&r, "Blocks of 2M", COL_U64, info.blocks);
	record_u64(&r, "Pages of 4K", COL_U64, info.pages);
	record_str(&r, "Cache",
		   info.noncacheable ? "non-cacheable" : "write-back");
	record_str(&r, "Colours",
		   colours_name(text, sizeof(text), info.colours));
	record_str(&r, "Made by", info.described ? "description" : "command");
	record_u64(&r, "Mapped", COL_U64, info.mapped);
	record_end(&r);
	return 0;
}

/* NULL: not mapped. */
static const char *cache_name(const struct shared_peer_info *p)
{
	if (p->mapped == SHARED_NONE) {
		return NULL;
	}
	return p->writeback      ? "write-back"
	       : p->noncacheable ? "non-cacheable"
				 : "mixed";
}

static void guest_row(struct table *t, const struct shared_peer_info *p)
{
	table_str(t, p->guest);
	table_str(t, access_name(p->granted));
	table_str(t, access_name(p->mapped));
	table_str(t, cache_name(p));
	if (p->has_window) {
		table_str(t, p->device);
		table_u64(t, p->base.v);
	} else {
		table_none(t);
		table_none(t);
	}
	if (p->mapped != SHARED_NONE) {
		table_u64(t, p->number);
		table_u64(t, p->up);
	} else {
		table_none(t);
		table_none(t);
	}
	table_u64(t, p->rung);
}

static int shared_guests(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "GUEST", COL_STR },  { "GRANTED", COL_STR },
		{ "MAPPED", COL_STR }, { "CACHE", COL_STR },
		{ "DEVICE", COL_STR }, { "ADDRESS", COL_HEX },
		{ "PEER", COL_U64 },   { "UP", COL_BOOL },
		{ "RUNG", COL_U64 },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct shared_info info;
	struct shared_peer_info p;
	struct table *t;
	int err = region_argument(s, argc, argv, &info);

	if (err) {
		return err;
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (unsigned int n = 0; shared_get_peer(argv[1], n, &p); n++) {
		guest_row(t, &p);
	}
	table_end(t);
	return 0;
}

/* --- changes -------------------------------------------------------------- */

static int colours_argument(struct session *s, const char *text,
			    colour_mask_t *out)
{
	uint64_t set = 0;

	if (!IS_ENABLED(CONFIG_COLOURS) || page_colours() == 1) {
		out_error(s, "the pages of this host have no colours");
		return -ERR_NOSUPP;
	}
	if (parse_list(text, &set, page_colours()) != 0 || set == 0) {
		out_error(s,
			  "'%s' is not a list of colours; they are 0 to %u, "
			  "as in 0-3,8",
			  text, page_colours() - 1);
		return -ERR_INVAL;
	}
	*out = set;
	return 0;
}

/* One option of `create`; reports errors. */
static int create_option(struct session *s, const char *word,
			 struct shared_make *make)
{
	if (strcmp(word, "--non-cacheable") == 0) {
		make->cache = SHARED_NONCACHEABLE;
		return 0;
	}
	if (strncmp(word, "colours=", 8) == 0) {
		return colours_argument(s, word + 8, &make->colours);
	}
	if (strncmp(word, "colours-shared=", 15) == 0 && word[15]) {
		make->colours_shared = word + 15;
		return 0;
	}
	return command_usage(s, "there is no such option");
}

static int create_error(struct session *s, const struct shared_make *make,
			const struct colour_refusal *why, int err)
{
	char text[COLOUR_TEXT];

	switch (err) {
	case -ERR_EXIST:
		out_error(s, "there is already a region '%s'", make->name);
		break;
	case -ERR_INVAL:
		out_error(s,
			  "'%s' is not a name: letters, digits, '-' and "
			  "'_', %d at most",
			  make->name, SHARED_NAME_MAX - 1);
		break;
	case -ERR_RANGE:
		out_error(s, "a region has a multiple of 4K, and 1G at most");
		break;
	case -ERR_NOSPC:
		out_error(s, "there are already %d regions, the maximum",
			  SHARED_REGIONS_MAX);
		break;
	case -ERR_BUSY:
		out_error(s, "%s has some of these colours; free are %s",
			  why->owner,
			  colours_name(text, sizeof(text), why->free));
		break;
	case -ERR_NOMEM:
		out_error(s, "the host has not so much memory free%s",
			  make->colours ? " of these colours" : "");
		break;
	default:
		break;
	}
	return err;
}

static int shared_create_run(struct session *s, int argc, char **argv)
{
	struct colour_refusal why = { .taken = 0 };
	struct shared_make make = { .size = 0 };
	int err = 0;

	if (argc < 3) {
		return command_usage(s, "a name and a size are needed");
	}
	make.name = argv[1];
	if (parse_size(argv[2], &make.size) != 0) {
		out_error(s, "'%s' is not a size; one is 64K or 4M", argv[2]);
		return -ERR_INVAL;
	}
	for (int i = 3; !err && i < argc; i++) {
		err = create_option(s, argv[i], &make);
	}
	if (!err && make.colours_shared && !make.colours) {
		return command_usage(s, "colours-shared= goes with colours=");
	}
	return err ? err
		   : create_error(s, &make, &why, shared_create(&make, &why));
}

/* Who has it mapped, for a message. */
static void mapped_by(const char *name, char *buf, size_t size)
{
	struct shared_peer_info p;
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned int i = 0; n < size && shared_get_peer(name, i, &p);
	     i++) {
		if (p.mapped != SHARED_NONE) {
			n += (size_t)snprintf(buf + n, size - n, "%s%s",
					      n ? ", " : "", p.guest);
		}
	}
}

static int shared_destroy_run(struct session *s, int argc, char **argv)
{
	char guests[96];
	int err;

	if (argc != 2) {
		return command_usage(s, "one region is needed");
	}
	err = shared_destroy(argv[1]);
	if (err == -ERR_NOENT) {
		return no_region(s, argv[1]);
	}
	if (err == -ERR_BUSY) {
		mapped_by(argv[1], guests, sizeof(guests));
		out_error(s,
			  "%s is mapped by %s: revoke their access, or "
			  "destroy them, first",
			  argv[1], guests);
	}
	return err;
}

static int grant_error(struct session *s, const char *name, const char *guest,
		       int err)
{
	switch (err) {
	case -ERR_NOENT:
		return no_region(s, name);
	case -ERR_STATE:
		out_error(s, "guest '%s' has no access to %s", guest, name);
		break;
	case -ERR_RANGE:
		out_error(s, "%s is larger than the window of guest %s", name,
			  guest);
		break;
	case -ERR_EXIST:
		out_error(s,
			  "the number that the description of guest %s "
			  "gives its peer is taken",
			  guest);
		break;
	case -ERR_NOSPC:
		out_error(s, "%s has %d guests already, the maximum", name,
			  SHARED_PEERS_MAX);
		break;
	default:
		break;
	}
	return err;
}

static int shared_grant_run(struct session *s, int argc, char **argv)
{
	enum shared_access access = SHARED_WRITE;

	if (argc < 3 || argc > 4) {
		return command_usage(s, "a region and a guest are needed");
	}
	if (argc == 4 && strcmp(argv[3], "read-only") == 0) {
		access = SHARED_READ;
	} else if (argc == 4 && strcmp(argv[3], "read-write") != 0) {
		return command_usage(s, "access is read-only or read-write");
	}
	if (strlen(argv[2]) >= SHARED_NAME_MAX) {
		out_error(s, "a guest's name has %d characters at most",
			  SHARED_NAME_MAX - 1);
		return -ERR_INVAL;
	}
	return grant_error(s, argv[1], argv[2],
			   shared_grant(argv[1], argv[2], access));
}

static int shared_revoke_run(struct session *s, int argc, char **argv)
{
	if (argc != 3) {
		return command_usage(s, "a region and a guest are needed");
	}
	return grant_error(s, argv[1], argv[2],
			   shared_revoke(argv[1], argv[2]));
}

/* --- completion
 * ------------------------------------------------------------ */

static void complete_region(struct completion_ctx *c, int argc, char **argv)
{
	struct shared_info info;

	(void)argv;
	for (unsigned int n = 0; argc == 0 && shared_get_nth(n, &info); n++) {
		complete_add(c, info.name);
	}
}

static void complete_create(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc >= 2) {
		complete_add(c, "--non-cacheable");
		complete_add(c, "colours=");
		complete_add(c, "colours-shared=");
	}
}

static void complete_grant(struct completion_ctx *c, int argc, char **argv)
{
	complete_region(c, argc, argv);
	if (argc == 1) {
		complete_guests(c);
	} else if (argc == 2) {
		complete_add(c, access_name(SHARED_READ));
		complete_add(c, access_name(SHARED_WRITE));
	}
}

static void complete_revoke(struct completion_ctx *c, int argc, char **argv)
{
	struct shared_peer_info p;

	complete_region(c, argc, argv);
	for (unsigned int n = 0; argc == 1 && shared_get_peer(argv[0], n, &p);
	     n++) {
		complete_add(c, p.guest);
	}
}

/* clang-format off */
static const struct subcommand shared_subs[] = {
	{ "list", "[--json]", "List the regions.", shared_list, NULL },
	{ "info", "REGION [--json]", "Show all about a region.",
	  shared_info_run, complete_region },
	{ "guests", "REGION [--json]",
	  "List who may access it, where it is mapped, and its doorbells.",
	  shared_guests, complete_region },
	{ "create", "NAME SIZE [--non-cacheable] [colours=LIST [colours-shared=NAME]]",
	  "Make a region of zeroes.", shared_create_run, complete_create },
	{ "destroy", "REGION", "Remove a region that no guest has mapped.",
	  shared_destroy_run, complete_region },
	{ "grant", "REGION GUEST [read-only|read-write]",
	  "Give a guest access, and map it if the guest has a window for it.",
	  shared_grant_run, complete_grant },
	{ "revoke", "REGION GUEST", "Take it away, also while it is mapped.",
	  shared_revoke_run, complete_revoke },
	{ .name = NULL },
};
/* clang-format on */

static const struct command shared_command = {
	.name = "shared",
	.summary = "Memory that guests share.",
	.usage = "[--json]",
	.examples = "shared create ring 4M\n"
		    "shared grant ring linux0\n"
		    "shared grant ring sensor read-only\n"
		    "shared guests ring\n"
		    "shared revoke ring linux0\n",
	.run = shared_list,
	.sub = shared_subs,
};
COMMAND(shared_command);
