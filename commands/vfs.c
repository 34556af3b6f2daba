/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command vfs: files; also ls, cat and hexdump as commands of their own. */
#include <core/command.h>
#include <core/vfs.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <stdio.h>
#include <string.h>

#define VFS_ENTRIES_MAX 10000 /* most entries of a directory that are listed */

/* Print what is wrong with `path`; returns the error. */
static int files_error(struct session *s, const char *path, int err)
{
	if (path[0] != '/') {
		out_error(s, "'%s': paths begin with /", path);
	} else if (vfs_root_name() == NULL) {
		out_error(s, "there are no files: no bundle was given at boot, "
			     "or it was refused ('dmesg' shows why)");
	} else if (err == -ERR_NOENT) {
		out_error(s, "%s: no such file", path);
	} else {
		out_error(s, "%s: %s", path, err_str(err));
	}
	return err;
}

static const char *files_type(const struct vfs_stat *st)
{
	static const char *const names[] = {
		[VFS_FILE] = "file",
		[VFS_DIR] = "dir",
		[VFS_LINK] = "link",
		[VFS_OTHER] = "other",
	};

	return names[st->type];
}

static void files_row(struct table *t, const char *path, const char *name)
{
	char full[2 * VFS_PATH_MAX], target[VFS_PATH_MAX];
	struct vfs_stat st;

	(void)snprintf(full, sizeof(full), "%s%s%s", path,
		       name[0] != '\0' ? "/" : "", name);
	if (vfs_lstat(full, &st) != 0) {
		return;
	}
	table_str(t, files_type(&st));
	table_fmt(t, "%04o", st.mode);
	table_u64(t, st.size);
	table_str(t, name[0] != '\0' ? name : path);
	if (vfs_readlink(full, target, sizeof(target)) == 0) {
		table_str(t, target);
	} else {
		table_none(t);
	}
}

static int files_ls(struct session *s, int argc, char **argv)
{
	static const struct column cols[] = {
		{ "TYPE", COL_STR },   { "MODE", COL_STR },
		{ "BYTES", COL_U64 },  { "NAME", COL_STR },
		{ "TARGET", COL_STR },
	};
	bool json = take_flag(&argc, argv, "--json");
	const char *path = argc > 1 ? argv[1] : "/";
	char name[VFS_PATH_MAX];
	struct vfs_stat st;
	struct table *t;
	int ret;

	if (argc > 2) {
		return command_usage(s, "at most one path is allowed");
	}
	ret = vfs_stat(path, &st);
	if (ret != 0) {
		return files_error(s, path, ret);
	}
	t = table_begin(s, cols, ARRAY_SIZE(cols), json);
	if (st.type != VFS_DIR) {
		files_row(t, path, "");
	}
	for (unsigned int i = 0; st.type == VFS_DIR && i < VFS_ENTRIES_MAX &&
				 !session_interrupted(s);
	     i++) {
		if (vfs_readdir(path, i, name, sizeof(name)) != 0) {
			break;
		}
		files_row(t, path, name);
	}
	table_end(t);
	return 0;
}

static int files_cat(struct session *s, int argc, char **argv)
{
	char buf[256], last = '\n';
	uint64_t off = 0;
	int64_t n;

	if (argc != 2) {
		return command_usage(s, "one file is needed");
	}
	while ((n = vfs_read(argv[1], off, buf, sizeof(buf))) > 0) {
		out_text(s, buf, (size_t)n);
		last = buf[n - 1];
		off += (uint64_t)n;
		if (session_interrupted(s)) {
			return -ERR_INTR;
		}
	}
	if (n == -ERR_INVAL) {
		out_error(s, "%s: not a file; 'ls' lists directories", argv[1]);
		return -ERR_INVAL;
	}
	if (n < 0) {
		return files_error(s, argv[1], (int)n);
	}
	out(s, last != '\n' ? "\n" : "");
	return 0;
}

/* "00000010  2f 62 ..  |/b..|" */
static void hexdump_line(struct session *s, uint64_t off, const uint8_t *buf,
			 size_t n)
{
	char line[80], text[17];
	int at = snprintf(line, sizeof(line), "%08llx ",
			  (unsigned long long)off);

	for (size_t i = 0; i < 16; i++) {
		const char *gap = i == 8 ? "  " : " ";

		if (i < n) {
			at += snprintf(line + at, sizeof(line) - (size_t)at,
				       "%s%02x", gap, buf[i]);
			text[i] = buf[i] >= ' ' && buf[i] < 0x7f ? (char)buf[i]
								 : '.';
		} else {
			at += snprintf(line + at, sizeof(line) - (size_t)at,
				       "%s  ", gap);
		}
	}
	text[n] = '\0';
	out(s, "%s  |%s|\n", line, text);
}

static int files_hexdump(struct session *s, int argc, char **argv)
{
	uint64_t off = 0, left = UINT64_MAX;
	struct vfs_stat st;
	uint8_t buf[16];
	int64_t n = 0;

	if (argc < 2 || argc > 4) {
		return command_usage(s, "a file is needed");
	}
	if ((argc > 2 && parse_size(argv[2], &off) != 0) ||
	    (argc > 3 && parse_size(argv[3], &left) != 0)) {
		return command_usage(s, "offset and length are numbers");
	}
	while (left > 0) {
		n = vfs_read(argv[1], off, buf,
			     (size_t)MIN(left, (uint64_t)sizeof(buf)));
		if (n <= 0) {
			break;
		}
		hexdump_line(s, off, buf, (size_t)n);
		off += (uint64_t)n;
		left -= (uint64_t)n;
		if (session_interrupted(s)) {
			return -ERR_INTR;
		}
	}
	if (n == -ERR_INVAL) {
		out_error(s, "%s: not a file", argv[1]);
		return -ERR_INVAL;
	}
	if (n == 0 && vfs_stat(argv[1], &st) == 0 && off > st.size) {
		out_error(s, "%s: has %llu bytes", argv[1],
			  (unsigned long long)st.size);
		return -ERR_RANGE;
	}
	return n < 0 ? files_error(s, argv[1], (int)n) : 0;
}

static int files_info(struct session *s, int argc, char **argv)
{
	bool json = take_flag(&argc, argv, "--json");
	struct record r;

	if (argc > 1) {
		return command_usage(s, "it takes no arguments");
	}
	record_begin(&r, s, json);
	record_str(&r, "Root", vfs_root_name());
	record_str(&r, "Refused because",
		   vfs_mount_why()[0] != '\0' ? vfs_mount_why() : NULL);
	record_end(&r);
	return 0;
}

static void files_complete(struct completion_ctx *c, int argc, char **argv)
{
	(void)argv;
	if (argc == 0) {
		complete_paths(c, complete_word(c), NULL);
	}
}

#define LS_USAGE "[PATH] [--json]"
#define CAT_USAGE "FILE"
#define HEXDUMP_USAGE "FILE [OFFSET [LENGTH]]"

static const struct subcommand vfs_subs[] = {
	{ "ls", LS_USAGE, "List a directory.", files_ls, files_complete },
	{ "cat", CAT_USAGE, "Print a file.", files_cat, files_complete },
	{ "hexdump", HEXDUMP_USAGE, "Print a file's bytes.", files_hexdump,
	  files_complete },
	{ "info", "[--json]", "Show what the root file system is.", files_info,
	  NULL },
	{ .name = NULL },
};

static const struct command vfs_command = {
	.name = "vfs",
	.summary = "Look at the files given at boot.",
	.examples = "vfs ls /guests\nvfs cat /boot.cmd\n"
		    "vfs hexdump /images/Image 0 64\n",
	.sub = vfs_subs,
};
COMMAND(vfs_command);

static const struct command ls_command = {
	.name = "ls",
	.summary = "List a directory.",
	.usage = LS_USAGE,
	.examples = "ls /guests\nls / --json\n",
	.run = files_ls,
	.complete = files_complete,
};
COMMAND(ls_command);

static const struct command cat_command = {
	.name = "cat",
	.summary = "Print a file.",
	.usage = CAT_USAGE,
	.examples = "cat /boot.cmd\n",
	.run = files_cat,
	.complete = files_complete,
};
COMMAND(cat_command);

static const struct command hexdump_command = {
	.name = "hexdump",
	.summary = "Print a file's bytes in hexadecimal.",
	.usage = HEXDUMP_USAGE,
	.examples = "hexdump /images/Image 0 64\nhexdump /boot.cmd\n",
	.run = files_hexdump,
	.complete = files_complete,
};
COMMAND(hexdump_command);
