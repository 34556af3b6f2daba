/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read-only file access over mounted file systems; cpio is the first. Boot
 * or thread context. */
#ifndef CORE_VFS_H
#define CORE_VFS_H

#include <libs/registry.h>
#include <libs/types.h>

#define VFS_PATH_MAX 256 /* bytes of a path, terminator included */
#define VFS_DEPTH_MAX 32 /* components of a path */

enum vfs_type { VFS_FILE, VFS_DIR, VFS_LINK, VFS_OTHER };

struct vfs_stat {
	enum vfs_type type;
	uint32_t mode;  /* permission bits */
	uint64_t size;  /* bytes */
	uint64_t mtime; /* s since 1970 */
	/* Contents in memory for their whole life (cpio), or NULL. */
	const void *data;
};

/*
 * Paths given to a file system are clean: absolute, no empty, "." or ".."
 * components, no slash at the end except for "/". It follows no links; reading
 * one gives its target.
 */
struct filesystem {
	const char *name;
	/* -ERR_NOSUPP: not this format, others are tried. For other errors *why
	 * is the reason, a string that outlives the call. */
	int (*mount)(void **fs, const void *image, size_t size,
		     const char **why);
	void (*unmount)(void *fs);
	int (*stat)(void *fs, const char *path, struct vfs_stat *st);
	/* Entry `index` of a directory, by name: -ERR_NOENT past the last. */
	int (*readdir)(void *fs, const char *path, unsigned int index,
		       char *name, size_t size);
	/* Bytes read, or an error. */
	int64_t (*read)(void *fs, const char *path, uint64_t off, void *buf,
			size_t n);
};
#define FILESYSTEM(ident) REGISTRY_ADD(filesystem, struct filesystem, ident)
REGISTRY_DECLARE(filesystem);

/*
 * Mount an image as the root, replacing the one mounted before, which must not
 * be in use. Every registered file system is tried. -ERR_FORMAT, -ERR_NOMEM;
 * vfs_mount_why() has the reason.
 */
int __must_check vfs_mount_root(const void *image, size_t size);
/* What was wrong with the image last given to vfs_mount_root(), or "". */
const char *vfs_mount_why(void);
/* Name of the root's file system; NULL when none is mounted. */
const char *vfs_root_name(void);

/*
 * Paths are absolute, '/'-separated; "." and ".." are resolved. Symbolic
 * links are followed within the root, at most 8 on one path. Errors:
 * -ERR_NOENT, -ERR_FORMAT (too many links, path too long).
 */
int __must_check vfs_stat(const char *path, struct vfs_stat *st);
/* As vfs_stat(), of the link itself where path is one. */
int __must_check vfs_lstat(const char *path, struct vfs_stat *st);
/* Where the link `path` leads to, as it was written. -ERR_INVAL: no link. */
int __must_check vfs_readlink(const char *path, char *buf, size_t size);
/* Entry `index` of a directory, ordered by name. -ERR_NOENT: there is no such
 * entry; else errors as for vfs_stat(). */
int __must_check vfs_readdir(const char *path, unsigned int index, char *name,
			     size_t size);
/* Bytes read, 0 at the end. -ERR_INVAL: not a file. */
int64_t __must_check vfs_read(const char *path, uint64_t off, void *buf,
			      size_t n);

#endif
