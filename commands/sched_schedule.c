/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command sched pool schedule: a frame and its windows from a file, of lines
 *
 *     frame 20ms
 *     window GUEST/VCPU 0ms+5ms,10ms+5ms
 *
 * Words are those of commands; # begins a comment.
 */
#include <core/guest.h>
#include <core/heap.h>
#include <core/vfs.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <libs/tokenize.h>
#include <string.h>

#include "sched_cmd.h"
#include "vcpu_cmd.h"

#define FILE_MAX KIB(16)
#define ENTRIES_MAX 256

/* Allocated on the heap, as it is larger than a stack. */
struct schedule_file {
	struct sched_schedule schedule;
	struct sched_schedule_entry entries[ENTRIES_MAX];
	struct guest *guests[ENTRIES_MAX]; /* referenced until the end */
	struct tokens line;
	char text[FILE_MAX + 1];
};

static int mistake(struct session *s, const char *path, unsigned int line,
		   const char *allowed)
{
	out_error(s, "%s:%u: %s", path, line, allowed);
	return -ERR_FORMAT;
}

static int take_frame(struct session *s, struct schedule_file *f,
		      const char *path, unsigned int line)
{
	uint64_t ns;

	if (f->line.argc != 2 || parse_duration(f->line.argv[1], &ns) != 0) {
		return mistake(s, path, line,
			       "allowed is one time, as in 'frame 20ms'");
	}
	f->schedule.frame = ns_to_ticks(ns);
	return 0;
}

static int take_window(struct session *s, struct schedule_file *f,
		       const char *path, unsigned int line)
{
	struct sched_schedule_entry *e = &f->entries[f->schedule.count];
	struct sched_params p = { 0 };
	uint32_t first, last;
	struct guest *g;

	if (f->schedule.count == ENTRIES_MAX) {
		return mistake(s, path, line, "allowed are 256 VCPUs");
	}
	if (f->line.argc != 3 || !strchr(f->line.argv[1], '/') ||
	    !vcpu_parse_windows(&p, f->line.argv[2])) {
		return mistake(s, path, line,
			       "allowed is a VCPU and its windows, as in "
			       "'window control/0 0ms+5ms,10ms+500us'");
	}
	g = vcpu_cmd_find(s, f->line.argv[1], &first, &last);
	if (g == NULL) {
		return mistake(s, path, line, "names no VCPU");
	}
	for (unsigned int i = 0; i < f->schedule.count; i++) {
		if (f->entries[i].v == g->vcpus[first]) {
			guest_put(g);
			return mistake(s, path, line,
				       "the VCPU has windows already; allowed "
				       "is one line for each");
		}
	}
	f->guests[f->schedule.count++] = g;
	e->v = g->vcpus[first];
	e->windows = p.windows;
	memcpy(e->window, p.window, sizeof(e->window));
	return 0;
}

static int take_line(struct session *s, struct schedule_file *f,
		     const char *path, unsigned int line, const char *text)
{
	if (strlen(text) >= TOKENS_TEXT || tokenize(&f->line, text) != 0) {
		return mistake(s, path, line,
			       "is too long, or a quote is open");
	}
	if (f->line.argc == 0) {
		return 0;
	}
	if (strcmp(f->line.argv[0], "frame") == 0) {
		return take_frame(s, f, path, line);
	}
	if (strcmp(f->line.argv[0], "window") == 0) {
		return take_window(s, f, path, line);
	}
	return mistake(s, path, line, "allowed are 'frame' and 'window'");
}

static int take_all(struct session *s, struct schedule_file *f,
		    const char *path)
{
	char *at = f->text;

	for (unsigned int line = 1; at != NULL; line++) {
		char *end = strchr(at, '\n');
		int ret;

		if (end != NULL) {
			*end++ = '\0';
		}
		ret = take_line(s, f, path, line, at);
		if (ret != 0) {
			return ret;
		}
		at = end;
	}
	f->schedule.entries = f->entries;
	if (f->schedule.frame == 0) {
		out_error(s, "%s: a line such as 'frame 20ms' is missing",
			  path);
		return -ERR_FORMAT;
	}
	return 0;
}

static int read_file(struct session *s, struct schedule_file *f,
		     const char *path)
{
	struct vfs_stat st;
	int64_t n;
	int ret = vfs_stat(path, &st);

	if (ret != 0 || st.type != VFS_FILE || st.size > FILE_MAX) {
		out_error(s, "%s: %s", path,
			  ret != 0 ? err_str(ret)
				   : "allowed is a file of at most 16 KiB");
		return ret != 0 ? ret : -ERR_INVAL;
	}
	n = vfs_read(path, 0, f->text, st.size);
	if (n < 0 || (uint64_t)n != st.size) {
		out_error(s, "%s: cannot be read", path);
		return n < 0 ? (int)n : -ERR_IO;
	}
	return take_all(s, f, path);
}

int sched_cmd_pool_schedule(struct session *s, int argc, char **argv)
{
	bool force = take_flag(&argc, argv, "--force");
	struct sched_refusal why = { .text = "" };
	struct schedule_file *f;
	struct sched_pool *pool;
	int ret;

	if (argc != 3) {
		return command_usage(s, "a pool and a file are needed");
	}
	pool = sched_cmd_pool_find(s, argv[1]);
	if (pool == NULL) {
		return -ERR_NOENT;
	}
	f = heap_alloc(sizeof(*f));
	if (f == NULL) {
		return -ERR_NOMEM;
	}
	ret = read_file(s, f, argv[2]);
	if (ret == 0) {
		ret = sched_pool_set_schedule(pool, &f->schedule, force, &why);
		if (ret != 0) {
			(void)vcpu_cmd_refused(s, argv[2], ret, &why);
		}
	}
	for (unsigned int i = 0; i < f->schedule.count; i++) {
		guest_put(f->guests[i]);
	}
	heap_free(f);
	return ret;
}

void sched_complete_schedule(struct completion_ctx *c, int argc, char **argv)
{
	if (argc == 0) {
		sched_complete_pool(c, argc, argv);
	} else if (argc == 1) {
		complete_paths(c, complete_word(c), NULL);
	}
}
