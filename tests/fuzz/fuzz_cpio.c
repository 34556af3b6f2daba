/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a root file system: mount, list all, read all. */
#include <stdlib.h>
#include <string.h>

#include <core/cpio.h>
#include <core/vfs.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Linked only when named: keeps the registry from being empty. */
static const struct filesystem *const tested __used = &cpio_filesystem;

static void walk(const char *dir, unsigned int depth)
{
	char name[VFS_PATH_MAX], path[2 * VFS_PATH_MAX], buf[64];
	struct vfs_stat st;

	for (unsigned int i = 0; depth < 4 && i < 64; i++) {
		size_t n = strlen(dir);

		if (vfs_readdir(dir, i, name, sizeof(name)) != 0) {
			return;
		}
		memcpy(path, dir, n);
		path[n] = '/';
		strcpy(path + n + 1, name);
		if (vfs_lstat(path, &st) != 0 && strlen(path) < VFS_PATH_MAX) {
			abort(); /* listed, so there */
		}
		(void)!vfs_readlink(path, buf, sizeof(buf));
		if (vfs_stat(path, &st) == 0 && st.type == VFS_FILE &&
		    st.size > 0) {
			(void)!vfs_read(path, st.size / 2, buf, sizeof(buf));
			(void)!vfs_read(path, st.size - 1, buf, sizeof(buf));
		}
		if (strlen(path) < VFS_PATH_MAX) {
			walk(path, depth + 1);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Exactly `size` bytes, for ASan; freed by the next mount. */
	static uint8_t *last;
	uint8_t *image = malloc(size > 0 ? size : 1);

	if (size > 0) {
		memcpy(image, data, size);
	}
	if (vfs_mount_root(image, size) != 0) {
		free(image);
		return 0;
	}
	free(last);
	last = image;
	walk("/", 0);
	walk("", 0);
	return 0;
}
