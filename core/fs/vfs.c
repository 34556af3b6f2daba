/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths in the root file system: they are cleaned and links followed here, so
 * that a file system only gets the final name of an object.
 */
#include <core/vfs.h>
#include <libs/error.h>
#include <string.h>

REGISTRY_DEFINE(filesystem);

#define VFS_LINKS_MAX 8

/* Set at boot, before there are readers, so no lock is needed. */
static const struct filesystem *vfs_root;
static void *vfs_root_fs;
static const char *vfs_why = "";

/* A path that is being resolved: the part resolved so far, and the rest. */
struct vfs_walk {
	char done[VFS_PATH_MAX]; /* "" stands for the root */
	char rest[VFS_PATH_MAX];
	unsigned int links;
};

int vfs_mount_root(const void *image, size_t size)
{
	const struct filesystem *it;
	int ret = -ERR_FORMAT;

	vfs_why = "its format is not known";
	registry_for_each(filesystem, it) {
		const char *why = "";
		void *fs;

		ret = it->mount(&fs, image, size, &why);
		if (ret == 0) {
			if (vfs_root != NULL) {
				vfs_root->unmount(vfs_root_fs);
			}
			vfs_root = it;
			vfs_root_fs = fs;
			vfs_why = "";
			return 0;
		}
		if (ret != -ERR_NOSUPP) {
			vfs_why = why;
			return ret;
		}
	}
	return -ERR_FORMAT;
}

const char *vfs_mount_why(void)
{
	return vfs_why;
}

const char *vfs_root_name(void)
{
	return vfs_root != NULL ? vfs_root->name : NULL;
}

/* Move the first component of `rest` into name[]; returns its length, 0:
 * none. */
static size_t vfs_next(struct vfs_walk *w, char *name)
{
	const char *p = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(p, "/");

	memcpy(name, p, n);
	name[n] = '\0';
	p += n;
	memmove(w->rest, p, strlen(p) + 1);
	return n;
}

static void vfs_pop(struct vfs_walk *w)
{
	char *slash = strrchr(w->done, '/');

	if (slash != NULL) {
		*slash = '\0';
	}
}

static int vfs_push(struct vfs_walk *w, const char *name, size_t n)
{
	size_t len = strlen(w->done);

	if (len + 1 + n >= sizeof(w->done)) {
		return -ERR_FORMAT;
	}
	w->done[len] = '/';
	memcpy(w->done + len + 1, name, n + 1);
	return 0;
}

/* `done` is a link: go on with its target, then with the rest. */
static int vfs_follow(struct vfs_walk *w)
{
	char target[VFS_PATH_MAX];
	size_t rest = strlen(w->rest);
	int64_t n;

	if (++w->links > VFS_LINKS_MAX) {
		return -ERR_FORMAT;
	}
	n = vfs_root->read(vfs_root_fs, w->done, 0, target, sizeof(target));
	if (n < 0) {
		return (int)n;
	}
	if (n == 0 || (size_t)n + 1 + rest >= sizeof(w->rest) ||
	    memchr(target, '\0', (size_t)n) != NULL) {
		return -ERR_FORMAT;
	}
	if (target[0] == '/') {
		w->done[0] = '\0';
	} else {
		vfs_pop(w);
	}
	memmove(w->rest + n + 1, w->rest, rest + 1);
	memcpy(w->rest, target, (size_t)n);
	w->rest[n] = '/';
	return 0;
}

static bool vfs_more(const struct vfs_walk *w)
{
	return w->rest[strspn(w->rest, "/")] != '\0';
}

static int vfs_step(struct vfs_walk *w, const char *name, size_t n,
		    bool follow_last)
{
	struct vfs_stat st;
	int ret = vfs_push(w, name, n);

	if (ret == 0) {
		ret = vfs_root->stat(vfs_root_fs, w->done, &st);
	}
	if (ret != 0) {
		return ret;
	}
	if (st.type == VFS_LINK && (follow_last || vfs_more(w))) {
		return vfs_follow(w);
	}
	if (st.type != VFS_DIR && vfs_more(w)) {
		return -ERR_NOENT;
	}
	return 0;
}

/* Resolve `path` of an existing object into w->done. */
static int vfs_resolve(struct vfs_walk *w, const char *path, bool follow_last)
{
	char name[VFS_PATH_MAX];
	size_t n = strlen(path);
	int ret = 0;

	if (vfs_root == NULL || path[0] != '/') {
		return -ERR_NOENT;
	}
	if (n >= sizeof(w->rest)) {
		return -ERR_FORMAT;
	}
	memcpy(w->rest, path, n + 1);
	w->done[0] = '\0';
	w->links = 0;
	while (ret == 0 && (n = vfs_next(w, name)) > 0) {
		if (strcmp(name, "..") == 0) {
			vfs_pop(w);
		} else if (strcmp(name, ".") != 0) {
			ret = vfs_step(w, name, n, follow_last);
		}
	}
	if (ret == 0 && w->done[0] == '\0') {
		memcpy(w->done, "/", 2);
	}
	return ret;
}

int vfs_stat(const char *path, struct vfs_stat *st)
{
	struct vfs_walk w;
	int ret = vfs_resolve(&w, path, true);

	return ret != 0 ? ret : vfs_root->stat(vfs_root_fs, w.done, st);
}

int vfs_lstat(const char *path, struct vfs_stat *st)
{
	struct vfs_walk w;
	int ret = vfs_resolve(&w, path, false);

	return ret != 0 ? ret : vfs_root->stat(vfs_root_fs, w.done, st);
}

int vfs_readlink(const char *path, char *buf, size_t size)
{
	struct vfs_walk w;
	struct vfs_stat st;
	int ret = vfs_resolve(&w, path, false);
	int64_t n;

	if (ret == 0) {
		ret = vfs_root->stat(vfs_root_fs, w.done, &st);
	}
	if (ret != 0) {
		return ret;
	}
	if (st.type != VFS_LINK || size == 0) {
		return -ERR_INVAL;
	}
	n = vfs_root->read(vfs_root_fs, w.done, 0, buf, size - 1);
	if (n < 0) {
		return (int)n;
	}
	buf[n] = '\0';
	return 0;
}

int vfs_readdir(const char *path, unsigned int index, char *name, size_t size)
{
	struct vfs_walk w;
	int ret = vfs_resolve(&w, path, true);

	if (ret != 0) {
		return ret;
	}
	return vfs_root->readdir(vfs_root_fs, w.done, index, name, size);
}

int64_t vfs_read(const char *path, uint64_t off, void *buf, size_t n)
{
	struct vfs_walk w;
	struct vfs_stat st;
	int ret = vfs_resolve(&w, path, true);

	if (ret == 0) {
		ret = vfs_root->stat(vfs_root_fs, w.done, &st);
	}
	if (ret != 0) {
		return ret;
	}
	if (st.type != VFS_FILE) {
		return -ERR_INVAL;
	}
	return vfs_root->read(vfs_root_fs, w.done, off, buf, n);
}
