/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command vdisk: the virtual disks that guests' block devices are bound to. */
#include <core/sched.h>
#include <core/smp.h>
#include <core/vdisk.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#include "block_cmd.h"
#include "queues.h"
#include "usage.h"

/* --- arguments ------------------------------------------------------------ */

static struct vdisk *vdisk_find(struct session *s, const char *name)
{
	struct vdisk *vd = vdisk_get(name);

	if (!vd) {
		out_error(s,
			  "there is no virtual disk '%s'; 'vdisk list' lists "
			  "them",
			  name);
	}
	return vd;
}

/* The virtual disk that argv[1] names, with a reference, if argc is within 2 to
 * `most`; otherwise NULL and *err, after an error message. */
static struct vdisk *vdisk_argument(struct session *s, int argc, char **argv,
				    int least, int most, int *err)
{
	struct vdisk *vd;

	if (argc < least || argc > most) {
		*err = command_usage(s, argc < 2 ? "a virtual disk is needed"
					: argc < least
						? "an argument is missing"
						: "too many arguments");
		return NULL;
	}
	vd = vdisk_find(s, argv[1]);
	*err = vd ? 0 : -ERR_NOENT;
	return vd;
}

/* What follows "key=" in arg, or NULL. */
static const char *after(const char *arg, const char *key)
{
	size_t n = strlen(key);

	return strncmp(arg, key, n) == 0 && arg[n] == '=' ? arg + n + 1 : NULL;
}

static int tell_attach(struct session *s, int err, const char *backend)
{
	char user[BLOCKDEV_NAME_MAX] = "";
	struct blockdev *bd;

	switch (err) {
	case -ERR_NOENT:
		out_error(s,
			  "there is no block device '%s'; 'blockdev list' "
			  "lists them",
			  backend);
		break;
	case -ERR_BUSY:
		bd = blockdev_get(backend);
		if (bd) {
			blockdev_user_name(bd, user, sizeof(user));
			blockdev_put(bd);
		}
		if (user[0]) {
			out_error(s, "'%s' is in use by '%s'", backend, user);
		} else {
			out_error(s, "it already has a backend; 'vdisk "
				     "detach' removes it");
		}
		break;
	case -ERR_INVAL:
		out_error(s,
			  "the blocks of '%s' are larger than the guest was "
			  "told when it started; stop it first",
			  backend);
		break;
	default:
		break;
	}
	return err;
}

/* --- listings ------------------------------------------------------------- */

static int vdisk_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },       { "BACKEND", COL_STR },
		{ "STATE", COL_STR },      { "SIZE", COL_SIZE },
		{ "READ ONLY", COL_BOOL }, { "GUEST", COL_STR },
	};
	struct vdisk_info i;
	struct vdisk *vd;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int n = 0; (vd = vdisk_get_nth(n)) != NULL; n++) {
		vdisk_get_info(vd, &i);
		table_str(t, i.name);
		table_str(t, i.backend[0] ? i.backend : NULL);
		table_str(t, i.gone         ? "gone"
			     : i.backend[0] ? "attached"
					    : "detached");
		table_u64(t, i.nsectors << BLOCK_SECTOR_SHIFT);
		table_u64(t, i.read_only);
		table_str(t, i.client[0] ? i.client : NULL);
		vdisk_put(vd);
	}
	table_end(t);
	return 0;
}

static void info_worker(struct record *r, const struct vdisk_info *i)
{
	char cpus[USAGE_CPUS_TEXT];

	if (i->worker.has_cpus) {
		record_str(r, "Worker CPUs",
			   cpumask_text(cpus, sizeof(cpus), &i->worker.cpus));
	} else {
		record_str(r, "Worker CPUs", "guest");
	}
	if (i->worker.has_priority) {
		record_u64(r, "Worker priority", COL_U64, i->worker.priority);
	} else {
		record_str(r, "Worker priority", "guest");
	}
	if (i->worker.inline_bytes == UINT32_MAX) {
		record_str(r, "Copied inline", "default");
	} else {
		record_u64(r, "Copied inline", COL_SIZE,
			   i->worker.inline_bytes);
	}
}

static void info_record(struct record *r, const struct vdisk_info *i)
{
	record_str(r, "Name", i->name);
	record_str(r, "Backend", i->backend[0] ? i->backend : NULL);
	record_u64(r, "Gone", COL_BOOL, i->gone);
	record_str(r, "Guest", i->client[0] ? i->client : NULL);
	record_u64(r, "Size", COL_SIZE, i->nsectors << BLOCK_SECTOR_SHIFT);
	record_u64(r, "Size set", COL_SIZE, i->size_set << BLOCK_SECTOR_SHIFT);
	record_u64(r, "Read only", COL_BOOL, i->read_only);
	record_u64(r, "IOPS limit", COL_U64, i->limits.iops);
	record_u64(r, "IOPS burst", COL_U64, i->limits.iops_burst);
	record_u64(r, "Bytes limit", COL_SIZE, i->limits.bytes);
	record_u64(r, "Bytes burst", COL_SIZE, i->limits.bytes_burst);
	info_worker(r, i);
	record_u64(r, "Interrupt hold us", COL_U64, i->hold_us);
	record_u64(r, "In flight", COL_U64, i->in_flight);
	record_u64(r, "Waiting", COL_U64, i->waiting);
	record_u64(r, "Had to wait", COL_U64, i->delayed);
	record_u64(r, "Waited ms", COL_U64, i->delayed_ns / 1000000);
	record_u64(r, "By the worker", COL_U64, i->by_worker);
	record_u64(r, "In parts", COL_U64, i->split);
}

static int vdisk_info_run(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct vdisk_info i;
	struct vdisk *vd;
	struct record r;
	int err;

	vd = vdisk_argument(s, argc, argv, 2, 2, &err);
	if (!vd) {
		return err;
	}
	vdisk_get_info(vd, &i);
	vdisk_put(vd);
	record_begin(&r, s, json);
	info_record(&r, &i);
	record_end(&r);
	return 0;
}

static bool stats_queue(void *vd, unsigned int n, struct queue_counts *out)
{
	return vdisk_queue_counts(vd, n, out);
}

/* By queue. */
static int stats_of(struct session *s, int argc, char **argv, bool json)
{
	struct vdisk *vd;
	int err;

	vd = vdisk_argument(s, argc, argv, 2, 2, &err);
	if (!vd) {
		return err;
	}
	queue_table(s, json, stats_queue, vd);
	vdisk_put(vd);
	return 0;
}

static int vdisk_stats_run(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },     { "READS", COL_U64 },
		{ "READ", COL_SIZE },    { "WRITES", COL_U64 },
		{ "WRITTEN", COL_SIZE }, { "FLUSHES", COL_U64 },
		{ "ERRORS", COL_U64 },   { "WAITED", COL_U64 },
	};
	bool json = take_flag(&argc, argv, "--json");
	struct vdisk_info i;
	struct vdisk *vd;
	struct table *t;

	if (argc > 1) {
		return stats_of(s, argc, argv, json);
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	for (unsigned int n = 0; (vd = vdisk_get_nth(n)) != NULL; n++) {
		vdisk_get_info(vd, &i);
		vdisk_put(vd);
		table_str(t, i.name);
		table_u64(t, i.stats.requests[BLOCK_READ]);
		table_u64(t, i.stats.sectors[BLOCK_READ] << BLOCK_SECTOR_SHIFT);
		table_u64(t, i.stats.requests[BLOCK_WRITE]);
		table_u64(t,
			  i.stats.sectors[BLOCK_WRITE] << BLOCK_SECTOR_SHIFT);
		table_u64(t, i.stats.requests[BLOCK_FLUSH]);
		table_u64(t, i.stats.errors);
		table_u64(t, i.delayed);
	}
	table_end(t);
	return 0;
}

/* --- life and backends ---------------------------------------------------- */

static int vdisk_create_run(struct session *s, int argc, char **argv)
{
	bool read_only = take_flag(&argc, argv, "--read-only");
	struct vdisk *vd;
	int err;

	if (argc != 2 && argc != 3) {
		return command_usage(s,
				     "a name is needed, and optionally a block "
				     "device");
	}
	err = vdisk_create(argv[1], read_only);
	if (err == -ERR_EXIST) {
		out_error(s, "there is already a virtual disk '%s'", argv[1]);
	} else if (err == -ERR_INVAL) {
		out_error(s, "'%s': a name has 1 to %u letters, digits and -_.",
			  argv[1], VDISK_NAME_MAX - 1);
	}
	if (err || argc == 2) {
		return err;
	}
	vd = vdisk_get(argv[1]);
	if (!vd) {
		return -ERR_NOENT; /* destroyed by another terminal */
	}
	err = tell_attach(s, vdisk_attach(vd, argv[2]), argv[2]);
	vdisk_put(vd);
	if (err && vdisk_destroy(argv[1])) {
		out_error(s, "'%s' was created, without a backend", argv[1]);
	}
	return err;
}

static int vdisk_destroy_run(struct session *s, int argc, char **argv)
{
	int err;

	if (argc != 2) {
		return command_usage(s, "one virtual disk is needed");
	}
	err = vdisk_destroy(argv[1]);
	if (err == -ERR_NOENT) {
		(void)vdisk_find(s, argv[1]);
	} else if (err == -ERR_BUSY) {
		out_error(s,
			  "'%s' is in use by a guest; 'vdisk list' shows which",
			  argv[1]);
	}
	return err;
}

static int vdisk_attach_run(struct session *s, int argc, char **argv)
{
	struct vdisk *vd;
	int err;

	vd = vdisk_argument(s, argc, argv, 3, 3, &err);
	if (vd) {
		err = tell_attach(s, vdisk_attach(vd, argv[2]), argv[2]);
		vdisk_put(vd);
	}
	return err;
}

static int vdisk_detach_run(struct session *s, int argc, char **argv)
{
	struct vdisk *vd;
	int err;

	vd = vdisk_argument(s, argc, argv, 2, 2, &err);
	if (!vd) {
		return err;
	}
	err = vdisk_detach(vd);
	if (err == -ERR_STATE) {
		out_error(s, "'%s' has no backend", argv[1]);
	}
	vdisk_put(vd);
	return err;
}

/* --- settings ------------------------------------------------------------- */

static int vdisk_resize_run(struct session *s, int argc, char **argv)
{
	uint64_t bytes = 0;
	struct vdisk *vd;
	int err;

	vd = vdisk_argument(s, argc, argv, 3, 3, &err);
	if (!vd) {
		return err;
	}
	if (strcmp(argv[2], "all") != 0) {
		err = blockdev_cmd_size(s, argv[2], &bytes);
	}
	if (!err) {
		err = vdisk_resize(vd, bytes >> BLOCK_SECTOR_SHIFT);
		if (err == -ERR_RANGE) {
			out_error(s, "its backend is smaller than that");
		}
	}
	vdisk_put(vd);
	return err;
}

static int vdisk_read_only_run(struct session *s, int argc, char **argv)
{
	struct vdisk *vd;
	int err;
	bool on;

	vd = vdisk_argument(s, argc, argv, 3, 3, &err);
	if (!vd) {
		return err;
	}
	on = strcmp(argv[2], "on") == 0;
	if (!on && strcmp(argv[2], "off") != 0) {
		err = command_usage(s, "on or off is needed");
	} else {
		err = vdisk_set_read_only(vd, on);
	}
	if (err == -ERR_BUSY) {
		out_error(s, "its backend may be shared with other readers; "
			     "detach it, and attach it again");
	}
	vdisk_put(vd);
	return err;
}

/* "100" or "100:500": a rate and a burst. */
static int parse_rate(const char *text, bool size, uint64_t *rate,
		      uint64_t *burst)
{
	int (*parse)(const char *, uint64_t *) = size ? parse_size : parse_u64;
	const char *colon = strchr(text, ':');
	char first[32];
	size_t n = colon ? (size_t)(colon - text) : strlen(text);
	int err;

	if (n >= sizeof(first)) {
		return -ERR_INVAL;
	}
	memcpy(first, text, n);
	first[n] = '\0';
	err = parse(first, rate);
	*burst = 0;
	if (!err && colon) {
		err = parse(colon + 1, burst);
	}
	return err;
}

static int parse_limits(struct session *s, int argc, char **argv,
			struct vdisk_limits *l)
{
	for (int i = 2; i < argc; i++) {
		const char *iops = after(argv[i], "iops");
		const char *bytes = after(argv[i], "bytes");
		int err = -ERR_INVAL;

		if (iops) {
			err = parse_rate(iops, false, &l->iops, &l->iops_burst);
		} else if (bytes) {
			err = parse_rate(bytes, true, &l->bytes,
					 &l->bytes_burst);
		} else if (strcmp(argv[i], "none") == 0) {
			*l = (struct vdisk_limits){ 0 };
			err = 0;
		}
		if (err) {
			out_error(s,
				  "'%s' is not a limit; it could be iops=500, "
				  "iops=500:1000 with a burst, bytes=20M, or "
				  "none",
				  argv[i]);
			return -ERR_INVAL;
		}
	}
	return 0;
}

/* Limits that are not named stay as they are. */
static int vdisk_limit_run(struct session *s, int argc, char **argv)
{
	struct vdisk_limits l;
	struct vdisk_info info;
	struct vdisk *vd;
	int err;

	vd = vdisk_argument(s, argc, argv, 3, 4, &err);
	if (!vd) {
		return err;
	}
	vdisk_get_info(vd, &info);
	l = info.limits;
	err = parse_limits(s, argc, argv, &l);
	if (!err) {
		vdisk_set_limits(vd, &l);
	}
	vdisk_put(vd);
	return err;
}

static int parse_cpus(const char *text, struct vdisk_worker *w)
{
	struct cpumask m = { 0 };
	int err = 0;

	w->has_cpus = strcmp(text, "guest") != 0;
	if (w->has_cpus) {
		err = parse_list(text, m.bits, MIN(cpu_count, CONFIG_MAX_CPUS));
	}
	w->cpus = m;
	return err;
}

static int parse_priority(const char *text, struct vdisk_worker *w)
{
	uint64_t n = 0;
	int err = 0;

	w->has_priority = strcmp(text, "guest") != 0;
	if (w->has_priority) {
		err = parse_u64_max(text, SCHED_PRIO_MAX, &n);
	}
	w->priority = (uint8_t)n;
	return err;
}

static int parse_inline(const char *text, struct vdisk_worker *w)
{
	uint64_t n = UINT32_MAX;
	int err = strcmp(text, "default") == 0 ? 0 : parse_size(text, &n);

	w->inline_bytes = (uint32_t)MIN(n, UINT32_MAX);
	return err;
}

static int parse_worker(struct session *s, int argc, char **argv,
			struct vdisk_worker *w)
{
	for (int i = 2; i < argc; i++) {
		const char *cpus = after(argv[i], "cpus");
		const char *priority = after(argv[i], "priority");
		const char *bytes = after(argv[i], "inline");
		int err = cpus       ? parse_cpus(cpus, w)
			  : priority ? parse_priority(priority, w)
			  : bytes    ? parse_inline(bytes, w)
				     : -ERR_INVAL;

		if (err) {
			out_error(s,
				  "'%s': it could be cpus=0,2-3 or guest, "
				  "priority=0 to %u or guest, inline=16K or "
				  "default",
				  argv[i], SCHED_PRIO_MAX);
			return -ERR_INVAL;
		}
	}
	return 0;
}

static int vdisk_worker_run(struct session *s, int argc, char **argv)
{
	struct vdisk_info info;
	struct vdisk *vd;
	int err;

	vd = vdisk_argument(s, argc, argv, 3, 5, &err);
	if (!vd) {
		return err;
	}
	vdisk_get_info(vd, &info);
	err = parse_worker(s, argc, argv, &info.worker);
	if (!err) {
		err = vdisk_set_worker(vd, &info.worker);
		if (err == -ERR_INVAL) {
			out_error(s, "none of those CPUs is online");
		}
	}
	vdisk_put(vd);
	return err;
}

static int parse_hold(const char *text, uint32_t *us)
{
	uint64_t ns = UINT64_C(1000) * VDISK_HOLD_US;
	int err = 0;

	if (strcmp(text, "off") == 0) {
		ns = 0;
	} else if (strcmp(text, "default") != 0) {
		err = parse_duration(text, &ns);
	}
	if (err || ns > UINT64_C(1000) * VDISK_HOLD_US_MAX) {
		return -ERR_INVAL;
	}
	*us = (uint32_t)(ns / 1000);
	return 0;
}

static int vdisk_interrupts_run(struct session *s, int argc, char **argv)
{
	const char *text = argc > 2 ? after(argv[2], "hold") : NULL;
	struct vdisk *vd;
	uint32_t us = 0;
	int err;

	vd = vdisk_argument(s, argc, argv, 3, 3, &err);
	if (!vd) {
		return err;
	}
	err = text ? parse_hold(text, &us) : -ERR_INVAL;
	if (err) {
		out_error(s,
			  "'%s': it could be hold=off, hold=default or a time "
			  "up to %u ms, such as hold=50us",
			  argv[2], VDISK_HOLD_US_MAX / 1000);
	} else {
		vdisk_set_hold(vd, us);
	}
	vdisk_put(vd);
	return err;
}

/* --- the command ---------------------------------------------------------- */

static void complete_names(struct completion_ctx *c)
{
	struct vdisk *vd;

	for (unsigned int n = 0; (vd = vdisk_get_nth(n)) != NULL; n++) {
		complete_add(c, vdisk_name(vd));
		vdisk_put(vd);
	}
}

static void complete_one(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 0) {
		complete_names(c);
	}
}

static void complete_attach(struct completion_ctx *c, int argc, char **argv)
{
	complete_one(c, argc, argv);
	if (argc == 1) {
		blockdev_complete_names(c);
	}
}

static void complete_create(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 1) {
		blockdev_complete_names(c);
	} else if (argc == 2) {
		complete_add(c, "--read-only");
	}
}

static void complete_words(struct completion_ctx *c, int argc, char **argv,
			   const char *const *words)
{
	complete_one(c, argc, argv);
	for (; argc > 0 && *words; words++) {
		complete_add(c, *words);
	}
}

static void complete_limit(struct completion_ctx *c, int argc, char **argv)
{
	static const char *const words[] = { "iops=", "bytes=", "none", NULL };

	complete_words(c, argc, argv, words);
}

static void complete_worker(struct completion_ctx *c, int argc, char **argv)
{
	static const char *const words[] = { "cpus=", "priority=", "inline=",
					     NULL };

	complete_words(c, argc, argv, words);
}

static void complete_interrupts(struct completion_ctx *c, int argc, char **argv)
{
	static const char *const words[] = { "hold=off", "hold=default", NULL };

	complete_words(c, argc, argv, words);
}

static void complete_on_off(struct completion_ctx *c, int argc, char **argv)
{
	static const char *const words[] = { "on", "off", NULL };

	complete_words(c, argc, argv, words);
}

/* clang-format off */
static const struct subcommand vdisk_subs[] = {
	{ "list", "[--json]", "List virtual disks, backends and guests.",
	  vdisk_list, NULL },
	{ "info", "VDISK [--json]", "Show all about a virtual disk.",
	  vdisk_info_run, complete_one },
	{ "stats", "[VDISK] [--json]",
	  "Count what guests read and wrote; of one: what passed its queues.",
	  vdisk_stats_run, complete_one },
	{ "create", "NAME [BLOCKDEV] [--read-only]",
	  "Create a virtual disk, and attach a backend.", vdisk_create_run,
	  complete_create },
	{ "destroy", "VDISK", "Remove a virtual disk that no guest uses.",
	  vdisk_destroy_run, complete_one },
	{ "attach", "VDISK BLOCKDEV", "Give it a backend.",
	  vdisk_attach_run, complete_attach },
	{ "detach", "VDISK", "Remove its backend: the guest gets I/O errors.",
	  vdisk_detach_run, complete_one },
	{ "resize", "VDISK SIZE|all", "Set how much of the backend the guest sees.",
	  vdisk_resize_run, complete_one },
	{ "limit", "VDISK [iops=N[:BURST]] [bytes=SIZE[:BURST]] | none",
	  "Limit requests and bytes a second.",
	  vdisk_limit_run, complete_limit },
	{ "worker", "VDISK [cpus=LIST] [priority=N] [inline=SIZE]",
	  "Set where its thread runs, and what is copied without it.",
	  vdisk_worker_run, complete_worker },
	{ "interrupts", "VDISK hold=TIME|off|default",
	  "Set how long interrupts may be held back while the guest is busy.",
	  vdisk_interrupts_run, complete_interrupts },
	{ "read-only", "VDISK on|off", "Refuse or allow writes.",
	  vdisk_read_only_run, complete_on_off },
	{ .name = NULL },
};
/* clang-format on */

static const struct command vdisk_command = {
	.name = "vdisk",
	.summary = "Virtual disks: what guests' disks are made of.",
	.usage = "[--json]",
	.examples = "vdisk create data ram0\n"
		    "vdisk limit data iops=500:1000 bytes=20M\n"
		    "vdisk limit data none\n"
		    "vdisk detach data\n"
		    "vdisk attach data vda2\n"
		    "vdisk worker data cpus=2-3 priority=4 inline=16K\n"
		    "vdisk interrupts data hold=off\n",
	.run = vdisk_list,
	.sub = vdisk_subs,
};
COMMAND(vdisk_command);
