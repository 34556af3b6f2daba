/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cpio file system and path resolution over it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/cpio.h>
#include <core/vfs.h>
#include <libs/error.h>

#define DIR 0040755
#define FILE_ 0100644
#define LINK 0120777
#define NODE 0020600

/* A reference, so that it is linked. */
static const struct filesystem *const tested __used = &cpio_filesystem;

/* An archive being written. */
static uint8_t image[65536];
static size_t at;
static uint32_t next_ino;

static void pad(void)
{
	while (at % 4 != 0) {
		image[at++] = 0;
	}
}

static void add_raw(const char *name, uint32_t mode, uint32_t ino,
		    uint32_t nlink, const char *data, size_t size)
{
	at += (size_t)sprintf((char *)image + at,
			      "070701%08X%08x%08X%08X%08X%08X%08X%08X%08X%08X"
			      "%08X%08X%08X",
			      ino, mode, 0, 0, nlink, 77, (unsigned int)size, 8,
			      1, 0, 0, (unsigned int)strlen(name) + 1, 0);
	memcpy(image + at, name, strlen(name) + 1);
	at += strlen(name) + 1;
	pad();
	memcpy(image + at, data, size);
	at += size;
	pad();
}

static void add(const char *name, uint32_t mode, const char *data)
{
	add_raw(name, mode, ++next_ino, 1, data, strlen(data));
}

static void begin(void)
{
	at = 0;
	next_ino = 0;
}

static void end(void)
{
	add_raw("TRAILER!!!", 0, 0, 1, "", 0);
}

/* Mount from a copy of the exact size, so that ASan finds any over-read. */
static uint8_t *copy;

static int mount_size(size_t size)
{
	free(copy);
	copy = malloc(size > 0 ? size : 1);
	assert_non_null(copy);
	memcpy(copy, image, size);
	return vfs_mount_root(copy, size);
}

static int mount_all(void)
{
	return mount_size(at);
}

static void check_file(const char *path, const char *want)
{
	char buf[128];
	int64_t n = vfs_read(path, 0, buf, sizeof(buf));

	assert_int_equal(n, strlen(want));
	assert_memory_equal(buf, want, strlen(want));
}

static void check_dir(const char *path, const char *want)
{
	char got[512] = "", name[64];
	unsigned int i;

	for (i = 0; vfs_readdir(path, i, name, sizeof(name)) == 0; i++) {
		strcat(got, name);
		strcat(got, " ");
	}
	assert_string_equal(got, want);
	assert_int_equal(vfs_readdir(path, i, name, sizeof(name)), -ERR_NOENT);
	assert_int_equal(vfs_readdir(path, UINT32_MAX, name, sizeof(name)),
			 -ERR_NOENT);
}

static void check_refused(const char *reason)
{
	assert_int_equal(mount_all(), -ERR_FORMAT);
	assert_non_null(strstr(vfs_mount_why(), reason));
}

static void test_tree(void **state)
{
	struct vfs_stat st;
	char name[3];

	(void)state;
	begin();
	add(".", DIR, "");
	add("./boot.cmd", FILE_, "guest list\n");
	add("images", DIR, "");
	add("images/Image", FILE_, "kernel");
	add("/images/a.cpio", FILE_, "");
	add("guests/deep/er/x.dtb", FILE_, "x");
	add("dev/console", NODE, "");
	end();
	assert_int_equal(mount_all(), 0);
	assert_string_equal(vfs_root_name(), "cpio");
	check_file("/boot.cmd", "guest list\n");
	check_file("/images/Image", "kernel");
	check_file("/images/a.cpio", "");
	check_file("/guests/deep/er/x.dtb", "x");
	check_dir("/", "boot.cmd dev guests images ");
	check_dir("/images", "Image a.cpio ");
	check_dir("/guests", "deep ");
	check_dir("/guests/deep/er/", "x.dtb ");
	assert_int_equal(vfs_stat("/boot.cmd", &st), 0);
	assert_int_equal(st.type, VFS_FILE);
	assert_int_equal(st.mode, 0644);
	assert_int_equal(st.size, 11);
	assert_int_equal(st.mtime, 77);
	assert_memory_equal(st.data, "guest list\n", 11);
	assert_int_equal(vfs_stat("/guests/deep", &st), 0);
	assert_int_equal(st.type, VFS_DIR);
	assert_int_equal(vfs_stat("/dev/console", &st), 0);
	assert_int_equal(st.type, VFS_OTHER);
	assert_int_equal(vfs_stat("/", &st), 0);
	assert_int_equal(st.type, VFS_DIR);
	assert_int_equal(vfs_readdir("/", 0, name, sizeof(name)), -ERR_NOSPC);
	assert_int_equal(vfs_readdir("/boot.cmd", 0, name, 3), -ERR_INVAL);
	assert_int_equal(vfs_read("/images", 0, name, 3), -ERR_INVAL);
}

static void test_reads(void **state)
{
	char buf[8];

	(void)state;
	begin();
	add("f", FILE_, "0123456789");
	end();
	assert_int_equal(mount_all(), 0);
	assert_int_equal(vfs_read("/f", 3, buf, 4), 4);
	assert_memory_equal(buf, "3456", 4);
	assert_int_equal(vfs_read("/f", 8, buf, 8), 2);
	assert_memory_equal(buf, "89", 2);
	assert_int_equal(vfs_read("/f", 10, buf, 8), 0);
	assert_int_equal(vfs_read("/f", UINT64_MAX, buf, 8), 0);
}

static void test_paths(void **state)
{
	static const char *const missing[] = { "/x",   "/d/x",   "/f/x",
					       "/f/.", "/f/..",  "f",
					       "",     "/d/g/.." };
	struct vfs_stat st;
	char longer[VFS_PATH_MAX + 8];

	(void)state;
	begin();
	add("d/f", FILE_, "in d");
	add("d/g", FILE_, "g");
	add("f", FILE_, "in root");
	end();
	assert_int_equal(mount_all(), 0);
	check_file("//d///f", "in d");
	check_file("/d/./f", "in d");
	check_file("/d/../f", "in root");
	check_file("/../../f", "in root");
	check_file("/d/../d/../f", "in root");
	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		assert_int_equal(vfs_stat(missing[i], &st), -ERR_NOENT);
	}
	memset(longer, 'a', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(vfs_stat(longer, &st), -ERR_FORMAT);
}

static void test_links(void **state)
{
	struct vfs_stat st;
	char buf[64];

	(void)state;
	begin();
	add("bin", LINK, "usr/bin");
	add("usr/bin/sh", LINK, "../lib/shell");
	add("usr/lib/shell", FILE_, "#!");
	add("abs", LINK, "/usr/lib");
	add("loop", LINK, "loop");
	add("a", LINK, "b/x");
	add("b", LINK, "a/y");
	add("out", LINK, "../../../../usr/lib/shell");
	add("dangling", LINK, "nowhere");
	end();
	assert_int_equal(mount_all(), 0);
	check_file("/bin/sh", "#!");
	check_file("/abs/shell", "#!");
	check_file("/out", "#!");
	check_dir("/abs", "shell ");
	assert_int_equal(vfs_lstat("/bin", &st), 0);
	assert_int_equal(st.type, VFS_LINK);
	assert_int_equal(vfs_stat("/bin", &st), 0);
	assert_int_equal(st.type, VFS_DIR);
	assert_int_equal(vfs_readlink("/bin/sh", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "../lib/shell");
	assert_int_equal(vfs_readlink("/usr/lib/shell", buf, sizeof(buf)),
			 -ERR_INVAL);
	assert_int_equal(vfs_stat("/loop", &st), -ERR_FORMAT);
	assert_int_equal(vfs_stat("/a", &st), -ERR_FORMAT);
	assert_int_equal(vfs_stat("/dangling", &st), -ERR_NOENT);
	assert_int_equal(vfs_lstat("/dangling", &st), 0);
}

static void test_hard_links(void **state)
{
	(void)state;
	begin();
	add_raw("one", FILE_, 9, 3, "", 0);
	add_raw("empty", FILE_, 10, 2, "", 0);
	add_raw("two", FILE_, 9, 3, "", 0);
	add_raw("sub/three", FILE_, 9, 3, "data", 4);
	add_raw("empty2", FILE_, 10, 2, "", 0);
	end();
	/* The same inode number in another archive is another file. */
	add_raw("other", FILE_, 9, 2, "", 0);
	end();
	assert_int_equal(mount_all(), 0);
	check_file("/one", "data");
	check_file("/two", "data");
	check_file("/sub/three", "data");
	check_file("/empty", "");
	check_file("/empty2", "");
	check_file("/other", "");
}

static void test_several_archives(void **state)
{
	(void)state;
	begin();
	add("f", FILE_, "old");
	add("g", FILE_, "kept");
	end();
	memset(image + at, 0, 512);
	at += 512;
	add("f", FILE_, "new");
	end();
	memset(image + at, 0, 100);
	at += 100;
	assert_int_equal(mount_all(), 0);
	check_file("/f", "new");
	check_file("/g", "kept");
	check_dir("/", "f g ");
	image[at++] = 'x';
	check_refused("inside a header");
}

/* Every prefix of an archive is refused, and none is read beyond its end. */
static void test_truncated(void **state)
{
	(void)state;
	begin();
	add("dir/file", FILE_, "some data");
	add("link", LINK, "dir");
	end();
	for (size_t n = 0; n + 3 < at; n++) {
		assert_int_equal(mount_size(n), -ERR_FORMAT);
	}
	assert_int_equal(mount_all(), 0);
}

static void test_malformed(void **state)
{
	char deep[2 * 40 + 1];

	(void)state;
	begin();
	add("a/../b", FILE_, "");
	end();
	check_refused("..");
	begin();
	add("a//b", FILE_, "");
	end();
	check_refused("empty");
	begin();
	add("a", FILE_, "");
	add("a/b", FILE_, "");
	end();
	check_refused("not a directory");
	begin();
	add("a", FILE_, "");
	image[20] = 'g';
	end();
	check_refused("hexadecimal");
	begin();
	add("abc", FILE_, "");
	image[111] = '\0';
	end();
	check_refused("shorter");
	begin();
	add("abc", FILE_, "");
	memset(image + 94, 'F', 8);
	end();
	check_refused("too great");
	begin();
	add("abc", FILE_, "");
	image[113] = 'd';
	end();
	check_refused("terminated");
	begin();
	for (int i = 0; i < 40; i++) {
		memcpy(deep + 2 * i, "d/", 2);
	}
	deep[79] = '\0';
	add(deep, FILE_, "");
	end();
	check_refused("32 components");
}

static void test_foreign(void **state)
{
	(void)state;
	begin();
	memcpy(image, "\x1f\x8b\x08", 3);
	at = 100;
	check_refused("gzip");
	memcpy(image, "\x27\x05\x19\x56", 4);
	check_refused("uImage");
	memcpy(image, "070702", 6);
	check_refused("newc");
	memcpy(image, "hello!", 6);
	check_refused("not known");
	at = 0;
	check_refused("not known");
}

/* Names are ordered by their bytes, whatever their order in the archive. */
static void test_many(void **state)
{
	char name[32], path[40];
	struct vfs_stat st;

	(void)state;
	begin();
	for (int i = 0; i < 300; i++) {
		sprintf(name, "d%d/f%03d", i % 7, (i * 181) % 300);
		add(name, FILE_, name);
	}
	end();
	assert_int_equal(mount_all(), 0);
	for (int i = 0; i < 300; i++) {
		sprintf(name, "d%d/f%03d", i % 7, (i * 181) % 300);
		sprintf(path, "/%s", name);
		check_file(path, name);
	}
	check_dir("/", "d0 d1 d2 d3 d4 d5 d6 ");
	assert_int_equal(vfs_stat("/d1/f000", &st), -ERR_NOENT);
}

static int teardown(void **state)
{
	(void)state;
	free(copy);
	copy = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_hard_links),
		cmocka_unit_test(test_several_archives),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
