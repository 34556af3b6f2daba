/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command: block devices of the host. */
#include <core/heap.h>
#include <core/time.h>
#include <libs/crc32.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#include "block_cmd.h"

#define COPY_BYTES MIB(1) /* of the buffer that data is copied through */
#define PROGRESS_MS 500   /* before progress is shown */
#define PROGRESS_STEP 10  /* per cent */
#define CREATE_MAX_ARGS 5

/* --- progress ------------------------------------------------------------- */

struct progress {
	struct session *s;
	ticks_t begun;
	unsigned int shown; /* per cent; 0: nothing yet */
};

static void progress_begin(struct progress *p, struct session *s)
{
	*p = (struct progress){ .s = s, .begun = time_now() };
}

static bool progress_step(void *ctx, uint64_t done, uint64_t total)
{
	struct progress *p = ctx;
	unsigned int percent =
		(unsigned int)(done / (total / 100 ? total / 100 : 1));

	if (time_now() - p->begun > ms_to_ticks(PROGRESS_MS) &&
	    percent >= p->shown + PROGRESS_STEP && percent < 100) {
		p->shown = percent - percent % PROGRESS_STEP;
		out(p->s, "%u%% ", p->shown);
	}
	return !session_interrupted(p->s);
}

static void progress_end(const struct progress *p)
{
	if (p->shown) {
		out(p->s, "\n");
	}
}

/* --- arguments ------------------------------------------------------------ */

void blockdev_complete_names(struct completion_ctx *c)
{
	struct blockdev *bd;

	for (unsigned int n = 0; (bd = blockdev_get_nth(n)) != NULL; n++) {
		complete_add(c, bd->name);
		blockdev_put(bd);
	}
}

/* The device of that name, with a reference; NULL, after an error message, if
 * there is none. */
static struct blockdev *find_named(struct session *s, const char *name)
{
	struct blockdev *bd = blockdev_get(name);

	if (!bd) {
		out_error(s,
			  "there is no block device '%s'; 'blockdev list' "
			  "lists them",
			  name);
	}
	return bd;
}

/* The one argument of a command, with a reference. */
static int find_argument(struct session *s, int argc, char **argv,
			 struct blockdev **out)
{
	if (argc != 2) {
		return command_usage(s, "one block device is needed");
	}
	*out = find_named(s, argv[1]);
	return *out ? 0 : -ERR_NOENT;
}

int blockdev_cmd_size(struct session *s, const char *text, uint64_t *bytes)
{
	int err = parse_size(text, bytes);

	if (!err && (*bytes == 0 || *bytes % BLOCK_SECTOR_SIZE != 0)) {
		err = -ERR_INVAL;
	}
	if (err) {
		out_error(s,
			  "'%s' is not a size of a disk; it could be 64M, 2G "
			  "or a number of bytes that is a multiple of 512",
			  text);
	}
	return err;
}

/* Report who uses a device that is in use. */
static void tell_user(struct session *s, const char *name)
{
	struct blockdev *bd = blockdev_get(name);
	char user[BLOCKDEV_NAME_MAX] = "";

	if (bd) {
		blockdev_user_name(bd, user, sizeof(user));
		blockdev_put(bd);
	}
	out_error(s, "'%s' is in use by '%s'; 'vdisk detach' frees it", name,
		  user);
}

/* --- listings ------------------------------------------------------------- */

static int blockdev_list(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },       { "KIND", COL_STR },
		{ "SIZE", COL_SIZE },      { "BLOCK", COL_U64 },
		{ "READ ONLY", COL_BOOL }, { "PART OF", COL_STR },
		{ "DEVICE", COL_STR },     { "USER", COL_STR },
	};
	char user[BLOCKDEV_NAME_MAX];
	struct blockdev *bd;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	blockdev_settle();
	for (unsigned int n = 0; (bd = blockdev_get_nth(n)) != NULL; n++) {
		blockdev_user_name(bd, user, sizeof(user));
		table_str(t, bd->name);
		table_str(t, bd->kind);
		table_u64(t, blockdev_nsectors(bd) << BLOCK_SECTOR_SHIFT);
		table_u64(t, bd->block_size);
		table_u64(t, bd->read_only);
		table_str(t, bd->whole ? bd->whole->name : NULL);
		table_str(t, bd->device_name[0] ? bd->device_name : NULL);
		table_str(t, user[0] ? user : NULL);
		blockdev_put(bd);
	}
	table_end(t);
	return 0;
}

static void info_record(struct record *r, struct blockdev *bd)
{
	char user[BLOCKDEV_NAME_MAX];

	blockdev_user_name(bd, user, sizeof(user));
	record_str(r, "Name", bd->name);
	record_str(r, "Kind", bd->kind);
	record_str(r, "Part of", bd->whole ? bd->whole->name : NULL);
	record_str(r, "Device", bd->device_name[0] ? bd->device_name : NULL);
	record_str(r, "User", user[0] ? user : NULL);
	record_u64(r, "Size", COL_SIZE,
		   blockdev_nsectors(bd) << BLOCK_SECTOR_SHIFT);
	record_u64(r, "Block", COL_U64, bd->block_size);
	record_u64(r, "Physical block", COL_U64, bd->physical_size);
	record_u64(r, "Read only", COL_BOOL, bd->read_only);
	record_u64(r, "Write cache", COL_BOOL, bd->flush);
	record_u64(r, "Most segments", COL_U64, bd->max_segments);
	record_u64(r, "Largest segment", COL_U64, bd->max_segment_size);
	record_u64(r, "Most sectors", COL_U64, bd->max_sectors);
	record_u64(r, "Most discarded", COL_U64, bd->max_discard);
	record_u64(r, "Most zeroed", COL_U64, bd->max_write_zeroes);
	record_u64(r, "Copied inline", COL_U64, bd->inline_bytes);
}

static int blockdev_info(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct blockdev *bd;
	struct record r;
	int err = find_argument(s, argc, argv, &bd);

	if (err) {
		return err;
	}
	record_begin(&r, s, json);
	info_record(&r, bd);
	record_end(&r);
	blockdev_put(bd);
	return 0;
}

static int blockdev_stats(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "NAME", COL_STR },     { "READS", COL_U64 },
		{ "READ", COL_SIZE },    { "WRITES", COL_U64 },
		{ "WRITTEN", COL_SIZE }, { "FLUSHES", COL_U64 },
		{ "DISCARDS", COL_U64 }, { "ZEROED", COL_U64 },
		{ "ERRORS", COL_U64 },
	};
	struct blockdev *bd;
	struct table *t;
	int err = table_begin_args(s, argc, argv, cols, ARRAY_SIZE(cols), &t);

	if (err) {
		return err;
	}
	for (unsigned int n = 0; (bd = blockdev_get_nth(n)) != NULL; n++) {
		const struct blockdev_stats *st = bd->stats;
		uint64_t errors = 0;

		for (unsigned int op = 0; op < BLOCK_OPS; op++) {
			errors += READ_ONCE(st[op].errors);
		}
		table_str(t, bd->name);
		table_u64(t, READ_ONCE(st[BLOCK_READ].requests));
		table_u64(t, READ_ONCE(st[BLOCK_READ].sectors)
				     << BLOCK_SECTOR_SHIFT);
		table_u64(t, READ_ONCE(st[BLOCK_WRITE].requests));
		table_u64(t, READ_ONCE(st[BLOCK_WRITE].sectors)
				     << BLOCK_SECTOR_SHIFT);
		table_u64(t, READ_ONCE(st[BLOCK_FLUSH].requests));
		table_u64(t, READ_ONCE(st[BLOCK_DISCARD].requests));
		table_u64(t, READ_ONCE(st[BLOCK_WRITE_ZEROES].requests));
		table_u64(t, errors);
		blockdev_put(bd);
	}
	table_end(t);
	return 0;
}

/* --- creation and end ----------------------------------------------------- */

static int tell_create(struct session *s, int err, const char *name,
		       const char *path)
{
	switch (err) {
	case -ERR_EXIST:
		out_error(s, "there is already a block device '%s'", name);
		break;
	case -ERR_NOENT:
		out_error(s, "there is no file '%s'; 'ls' lists files", path);
		break;
	case -ERR_NOSPC:
		out_error(s, "'%s' is larger than the disk", path);
		break;
	case -ERR_INVAL:
		out_error(s,
			  "the name must have 1 to %u characters, and the file "
			  "must not be empty",
			  BLOCKDEV_NAME_MAX - 1);
		break;
	case -ERR_NOMEM:
		out_error(s, "there is not enough free memory; 'memory' "
			     "shows it");
		break;
	case -ERR_INTR:
		out_error(s, "interrupted; '%s' was not created", name);
		break;
	default:
		break;
	}
	return err;
}

static int create_ram(struct session *s, int argc, char **argv)
{
	const char *path = argc == CREATE_MAX_ARGS ? argv[4] : NULL;
	struct block_progress step;
	struct progress p;
	uint64_t size;
	int err;

	if (argc < 4) {
		return command_usage(s, "a name and a size are needed");
	}
	err = blockdev_cmd_size(s, argv[3], &size);
	if (err) {
		return err;
	}
	progress_begin(&p, s);
	step = (struct block_progress){ progress_step, &p };
	err = ramdisk_create(argv[2], size, path, &step);
	progress_end(&p);
	return tell_create(s, err, argv[2], path);
}

static int create_file(struct session *s, int argc, char **argv)
{
	if (argc != 4) {
		return command_usage(s, "a name and a file are needed");
	}
	return tell_create(s, blockfile_create(argv[2], argv[3]), argv[2],
			   argv[3]);
}

static int blockdev_create(struct session *s, int argc, char **argv)
{
	if (argc < 2 || argc > CREATE_MAX_ARGS) {
		return command_usage(s, "ram or file, and a name, are needed");
	}
	if (strcmp(argv[1], "ram") == 0) {
		return create_ram(s, argc, argv);
	}
	if (strcmp(argv[1], "file") == 0) {
		return create_file(s, argc, argv);
	}
	return command_usage(s, "create either ram or file");
}

static int blockdev_destroy_run(struct session *s, int argc, char **argv)
{
	int err;

	if (argc != 2) {
		return command_usage(s, "one block device is needed");
	}
	err = blockdev_destroy(argv[1]);
	if (err == -ERR_NOENT) {
		out_error(s,
			  "there is no block device '%s'; 'blockdev list' "
			  "lists them",
			  argv[1]);
	} else if (err == -ERR_PERM) {
		out_error(s,
			  "'%s' is hardware or part of a disk; only what "
			  "'blockdev create' made can be destroyed",
			  argv[1]);
	} else if (err == -ERR_BUSY) {
		tell_user(s, argv[1]);
	}
	return err;
}

static int blockdev_rescan_run(struct session *s, int argc, char **argv)
{
	struct blockdev *bd;
	int err = find_argument(s, argc, argv, &bd);

	if (err) {
		return err;
	}
	err = blockdev_rescan(bd);
	if (err == -ERR_BUSY) {
		tell_user(s, argv[1]);
	} else if (err == -ERR_INVAL) {
		out_error(s,
			  "'%s' is a partition of '%s'; that is what can "
			  "be looked at anew",
			  bd->name, bd->whole->name);
	}
	blockdev_put(bd);
	return err;
}

/* --- contents ------------------------------------------------------------- */

/* Reads a device piece by piece and passes each to a function. */
struct reader {
	int (*piece)(struct reader *r, uint64_t sector, const void *buf,
		     uint64_t n);
	struct blockdev *to;
	uint32_t crc;
};

static int read_all(struct session *s, struct blockdev *bd, struct reader *r)
{
	uint64_t end = blockdev_nsectors(bd), at, n;
	uint8_t *buf = heap_alloc(COPY_BYTES);
	struct progress p;
	int err = buf ? 0 : -ERR_NOMEM;

	progress_begin(&p, s);
	for (at = 0; at < end && !err; at += n) {
		n = MIN(end - at, COPY_BYTES >> BLOCK_SECTOR_SHIFT);
		err = progress_step(&p, at, end) ? blockdev_read(bd, at, buf, n)
						 : -ERR_INTR;
		if (!err) {
			err = r->piece(r, at, buf, n);
		}
	}
	progress_end(&p);
	heap_free(buf);
	return err;
}

static int copy_piece(struct reader *r, uint64_t sector, const void *buf,
		      uint64_t n)
{
	return blockdev_write(r->to, sector, buf, n);
}

static int copy_claimed(struct session *s, struct blockdev *from,
			struct blockdev *to)
{
	struct reader r = { .piece = copy_piece, .to = to };
	int err;

	if (blockdev_nsectors(to) < blockdev_nsectors(from)) {
		out_error(s, "'%s' is smaller than '%s'", to->name, from->name);
		return -ERR_NOSPC;
	}
	if (to->read_only) {
		out_error(s, "'%s' is read-only", to->name);
		return -ERR_PERM;
	}
	err = read_all(s, from, &r);
	if (!err) {
		err = blockdev_flush(to);
	}
	if (err == -ERR_INTR) {
		out_error(s, "interrupted; '%s' is partly overwritten",
			  to->name);
	}
	return err;
}

/* Run with the device claimed: exclusively, or shared with other readers. */
static int with_claim(struct session *s, struct blockdev *bd,
		      struct blockdev_user *u)
{
	int err = blockdev_claim(bd, u);

	if (err == -ERR_BUSY) {
		tell_user(s, bd->name);
	}
	return err;
}

static int copy_run(struct session *s, struct blockdev *from,
		    struct blockdev *to)
{
	struct blockdev_user reads = { .name = "blockdev copy",
				       .shared = true };
	struct blockdev_user writes = { .name = "blockdev copy" };
	int err = with_claim(s, from, &reads);

	if (err) {
		return err;
	}
	err = with_claim(s, to, &writes);
	if (!err) {
		err = copy_claimed(s, from, to);
		blockdev_unclaim(to, &writes);
	}
	blockdev_unclaim(from, &reads);
	return err;
}

static int blockdev_copy(struct session *s, int argc, char **argv)
{
	struct blockdev *from, *to;
	int err = -ERR_NOENT;

	if (argc != 3) {
		return command_usage(s, "two block devices are needed");
	}
	from = find_named(s, argv[1]);
	if (!from) {
		return err;
	}
	to = find_named(s, argv[2]);
	if (to) {
		err = copy_run(s, from, to);
		blockdev_put(to);
	}
	blockdev_put(from);
	return err;
}

static int crc_piece(struct reader *r, uint64_t sector, const void *buf,
		     uint64_t n)
{
	(void)sector;
	r->crc = crc32(r->crc, buf, n << BLOCK_SECTOR_SHIFT);
	return 0;
}

/* Works while a guest writes, too; the result is then of the bytes as they were
 * read. */
static int blockdev_crc32(struct session *s, int argc, char **argv)
{
	struct reader r = { .piece = crc_piece };
	struct blockdev *bd;
	int err = find_argument(s, argc, argv, &bd);

	if (err) {
		return err;
	}
	err = read_all(s, bd, &r);
	if (!err) {
		out(s, "%08x\n", r.crc);
	} else if (err == -ERR_INTR) {
		out_error(s, "interrupted");
	}
	blockdev_put(bd);
	return err;
}

/* --- the command ---------------------------------------------------------- */

static void complete_one(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 0) {
		blockdev_complete_names(c);
	}
}

static void complete_two(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc < 2) {
		blockdev_complete_names(c);
	}
}

/* ram NAME SIZE [FILE], file NAME FILE. */
static void complete_create(struct completion_ctx *c, int argc, char **argv)
{
	if (argc == 0) {
		complete_add(c, "ram");
		complete_add(c, "file");
	} else if (argc == (strcmp(argv[0], "ram") == 0 ? 3 : 2)) {
		complete_paths(c, complete_word(c), NULL);
	}
}

/* clang-format off */
static const struct subcommand blockdev_subs[] = {
	{ "list", "[--json]", "List disks, partitions, and who uses them.",
	  blockdev_list, NULL },
	{ "info", "BLOCKDEV [--json]", "Show all about a device.",
	  blockdev_info, complete_one },
	{ "stats", "[--json]", "Count what was read and written.",
	  blockdev_stats, NULL },
	{ "create", "ram NAME SIZE [FILE] | file NAME FILE",
	  "Create a RAM disk, or a disk from a file.",
	  blockdev_create, complete_create },
	{ "destroy", "BLOCKDEV", "Remove a disk that 'create' made.",
	  blockdev_destroy_run, complete_one },
	{ "rescan", "BLOCKDEV", "Read the partition table again.",
	  blockdev_rescan_run, complete_one },
	{ "copy", "FROM TO", "Copy a disk onto another.",
	  blockdev_copy, complete_two },
	{ "crc32", "BLOCKDEV", "Print the checksum of all its bytes.",
	  blockdev_crc32, complete_one },
	{ .name = NULL },
};
/* clang-format on */

static const struct command blockdev_command = {
	.name = "blockdev",
	.summary =
		"Disks of the host, their partitions, RAM disks, image files.",
	.usage = "[--json]",
	.examples = "blockdev list\n"
		    "blockdev create ram scratch 64M\n"
		    "blockdev create ram root 256M /images/root.img\n"
		    "blockdev create file cd /images/cd.iso\n"
		    "blockdev copy root vda2\n",
	.run = blockdev_list,
	.sub = blockdev_subs,
};
COMMAND(blockdev_command);
