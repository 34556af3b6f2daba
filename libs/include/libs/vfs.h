/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read-only file access over mounted file systems; cpio is the first. */
#ifndef LIBS_VFS_H
#define LIBS_VFS_H

#include <libs/registry.h>
#include <libs/types.h>

enum vfs_type { VFS_FILE, VFS_DIR, VFS_LINK, VFS_OTHER };

struct vfs_stat {
	enum vfs_type type;
	uint32_t mode;		/* permission bits */
	uint64_t size;		/* bytes */
	uint64_t mtime;		/* s since 1970 */
	/* Contents in memory for their whole life (cpio), or NULL. */
	const void *data;
};

struct filesystem {
	const char *name;
	int (*mount)(void **fs, const void *image, size_t size);
	void (*unmount)(void *fs);
	int (*stat)(void *fs, const char *path, struct vfs_stat *st);
	/* Entry `index` of a directory: -ERR_NOENT past the last. */
	int (*readdir)(void *fs, const char *path, unsigned int index,
		       char *name, size_t size);
	/* Bytes read, or an error. */
	int64_t (*read)(void *fs, const char *path, uint64_t off, void *buf,
			size_t n);
};
#define FILESYSTEM(ident) REGISTRY_ADD(filesystem, struct filesystem, ident)
REGISTRY_DECLARE(filesystem, struct filesystem);

/* Mount an image, whose format is found by trying, as the root. */
int __must_check vfs_mount_root(const void *image, size_t size);
/* Paths are absolute, '/'-separated; "." and ".." are resolved. Symbolic
 * links are followed within the root, at most 8 deep. Errors: -ERR_NOENT, -ERR_FORMAT. */
int __must_check vfs_stat(const char *path, struct vfs_stat *st);
int __must_check vfs_readdir(const char *path, unsigned int index, char *name,
			     size_t size);
int64_t __must_check vfs_read(const char *path, uint64_t off, void *buf,
			      size_t n);

#endif
