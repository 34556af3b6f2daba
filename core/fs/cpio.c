/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Newc cpio archives as a read-only file system.
 *
 * Mounting reads the archive twice: once to count, once to fill an index of all
 * objects. The index is sorted by directory and name, so that a lookup is a
 * binary search, and a directory's entries are adjacent. Directories that only
 * appear in paths are added. As in the archives that Linux unpacks at boot,
 * several archives may follow each other, and of two objects with the same path
 * the later one is used.
 *
 * Nothing in the image is trusted: each length is checked against what is left
 * of the image.
 */
#include <core/cpio.h>
#include <core/heap.h>
#include <libs/checked.h>
#include <libs/error.h>
#include <libs/sort.h>
#include <libs/wrapped.h>
#include <string.h>

#define CPIO_HEADER 110 /* magic, then 13 fields of 8 digits */
#define CPIO_TRAILER "TRAILER!!!"

/* File type bits of `mode`. */
#define CPIO_MODE_TYPE 0170000
#define CPIO_MODE_DIR 0040000
#define CPIO_MODE_FILE 0100000
#define CPIO_MODE_LINK 0120000

enum cpio_field {
	CPIO_INO,
	CPIO_MODE,
	CPIO_UID,
	CPIO_GID,
	CPIO_NLINK,
	CPIO_MTIME,
	CPIO_SIZE,
	CPIO_DEVMAJOR,
	CPIO_DEVMINOR,
	CPIO_RDEVMAJOR,
	CPIO_RDEVMINOR,
	CPIO_NAMESIZE,
	CPIO_CHECK,
	CPIO_FIELDS,
};

/* One object; the path "a/b/c" has the directory "a/b" and the name "c". */
struct cpio_node {
	const char *path; /* in the image, not terminated */
	const uint8_t *data;
	uint32_t size, mode, mtime;
	uint32_t ino, dev;
	uint32_t archive;      /* number of the archive in the image */
	uint32_t seq;          /* order in the image */
	uint16_t dir_len, len; /* of the directory, of the whole path */
	bool implied;          /* a directory without an entry of its own */
	bool shared;           /* a hard link: data may be elsewhere */
};

struct cpio {
	struct cpio_node *nodes;
	size_t count;
	struct cpio_node **links; /* only while mounting */
	size_t nlinks;
};

/* Reads the image sequentially. */
struct cpio_reader {
	const uint8_t *image;
	size_t size, at;
	uint32_t archive;
	const char *why;
};

/* One entry of the image. */
struct cpio_entry {
	uint32_t field[CPIO_FIELDS];
	const char *path; /* without a leading "/" or "./" */
	size_t len;       /* 0: the root itself */
	const uint8_t *data;
};

static int cpio_refuse(struct cpio_reader *r, const char *why)
{
	r->why = why;
	return -ERR_FORMAT;
}

static bool cpio_hex(const uint8_t *s, uint32_t *out)
{
	uint32_t v = 0;

	for (int i = 0; i < 8; i++) {
		uint8_t c = s[i], lower = c | 0x20;

		if (c >= '0' && c <= '9') {
			v = v << 4 | (uint32_t)(c - '0');
		} else if (lower >= 'a' && lower <= 'f') {
			v = v << 4 | (uint32_t)(lower - 'a' + 10);
		} else {
			return false;
		}
	}
	*out = v;
	return true;
}

/* No component may be empty, "." or "..". */
static int cpio_check_path(struct cpio_reader *r, const char *path, size_t len)
{
	size_t depth = 0;

	for (size_t at = 0; at <= len; depth++) {
		const char *end = memchr(path + at, '/', len - at);
		size_t n = end != NULL ? (size_t)(end - (path + at)) : len - at;

		if (n == 0 || (n == 1 && path[at] == '.') ||
		    (n == 2 && path[at] == '.' && path[at + 1] == '.')) {
			return cpio_refuse(r,
					   HINT("a path has an empty, . or .. "
						"component"));
		}
		at += n + 1;
	}
	if (depth > VFS_DEPTH_MAX) {
		return cpio_refuse(r,
				   HINT("a path has more than 32 components"));
	}
	return 0;
}

/* "./a/b", "/a/b" and "a/b/" are a/b; "." is the root. */
static int cpio_clean_path(struct cpio_reader *r, struct cpio_entry *e,
			   const char *name, size_t len)
{
	if (memchr(name, '\0', len) != NULL) {
		return cpio_refuse(r, HINT("a name is shorter than it says"));
	}
	while (len > 0 && name[len - 1] == '/') {
		len--;
	}
	for (;;) {
		if (len > 0 && name[0] == '/') {
			name++;
			len--;
		} else if (len > 1 && name[0] == '.' && name[1] == '/') {
			name += 2;
			len -= 2;
		} else {
			break;
		}
	}
	e->path = name;
	e->len = len;
	if (len == 0 || (len == 1 && name[0] == '.')) {
		e->len = 0;
		return 0;
	}
	if (len >= VFS_PATH_MAX) {
		return cpio_refuse(r, HINT("a path is longer than 255 bytes"));
	}
	return cpio_check_path(r, name, len);
}

/* Take `n` bytes and the padding after them, to a multiple of 4. */
static const uint8_t *cpio_take(struct cpio_reader *r, size_t n)
{
	const uint8_t *p = r->image + r->at;

	if (!range_within(r->at, n, r->size)) {
		return NULL;
	}
	r->at = MIN(ALIGN_UP(r->at + n, (size_t)4), r->size);
	return p;
}

static int cpio_header(struct cpio_reader *r, struct cpio_entry *e)
{
	const uint8_t *h = r->image + r->at;

	if (r->size - r->at < CPIO_HEADER) {
		return cpio_refuse(r, HINT("it ends inside a header"));
	}
	if (memcmp(h, "070701", 6) != 0) {
		return cpio_refuse(r,
				   HINT("a header does not begin with 070701 "
					"(newc)"));
	}
	for (int i = 0; i < CPIO_FIELDS; i++) {
		if (!cpio_hex(h + 6 + 8 * i, &e->field[i])) {
			return cpio_refuse(r,
					   HINT("a header has digits that are "
						"not hexadecimal"));
		}
	}
	return 0;
}

/* The entry at r->at. 1: it was the trailer. */
static int cpio_entry(struct cpio_reader *r, struct cpio_entry *e)
{
	const uint8_t *p;
	size_t namesize;
	int ret = cpio_header(r, e);

	if (ret != 0) {
		return ret;
	}
	namesize = e->field[CPIO_NAMESIZE];
	if (namesize == 0 || namesize > r->size) {
		return cpio_refuse(r,
				   HINT("a name has no length or too great a "
					"length"));
	}
	p = cpio_take(r, CPIO_HEADER + namesize);
	if (p == NULL) {
		return cpio_refuse(r, HINT("it ends inside a name"));
	}
	p += CPIO_HEADER;
	if (p[namesize - 1] != '\0') {
		return cpio_refuse(r, HINT("a name is not terminated"));
	}
	if (namesize == sizeof(CPIO_TRAILER) &&
	    memcmp(p, CPIO_TRAILER, sizeof(CPIO_TRAILER)) == 0) {
		return 1;
	}
	e->data = cpio_take(r, e->field[CPIO_SIZE]);
	if (e->data == NULL) {
		return cpio_refuse(r, HINT("it ends inside a file"));
	}
	return cpio_clean_path(r, e, (const char *)p, namesize - 1);
}

/* After a trailer come zeros, then the end or another archive. True: there is
 * another. */
static bool cpio_next_archive(struct cpio_reader *r)
{
	while (r->at < r->size && r->image[r->at] == 0) {
		r->at++;
	}
	r->archive++;
	return r->at < r->size;
}

/* The next entry of any archive. 1: there is none. */
static int cpio_next(struct cpio_reader *r, struct cpio_entry *e)
{
	for (;;) {
		int ret = cpio_entry(r, e);

		if (ret <= 0) {
			return ret;
		}
		if (!cpio_next_archive(r)) {
			return 1;
		}
	}
}

int cpio_walk(const void *image, size_t size,
	      void (*fn)(const char *path, size_t len, const void *data,
			 size_t bytes, void *arg),
	      void *arg)
{
	struct cpio_reader r = { .image = image, .size = size };
	struct cpio_entry e;
	int ret;

	while ((ret = cpio_next(&r, &e)) == 0) {
		if ((e.field[CPIO_MODE] & CPIO_MODE_TYPE) == CPIO_MODE_FILE) {
			fn(e.path, e.len, e.data, e.field[CPIO_SIZE], arg);
		}
	}
	return ret < 0 ? ret : 0;
}

static size_t cpio_depth(const struct cpio_entry *e)
{
	size_t n = e->len > 0;

	for (size_t i = 0; i < e->len; i++) {
		n += e->path[i] == '/';
	}
	return n;
}

/* The largest possible number of nodes and hard links. */
static int cpio_count(struct cpio_reader *r, size_t *nodes, size_t *links)
{
	struct cpio_entry e;
	int ret;

	*nodes = 0;
	*links = 0;
	while ((ret = cpio_next(r, &e)) == 0) {
		*nodes += cpio_depth(&e);
		*links += e.field[CPIO_NLINK] > 1;
	}
	return ret < 0 ? ret : 0;
}

static size_t cpio_dir_len(const char *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/') {
		len--;
	}
	return len > 0 ? len - 1 : 0;
}

static struct cpio_node *cpio_add(struct cpio *fs, const char *path, size_t len)
{
	struct cpio_node *node = &fs->nodes[fs->count];

	*node = (struct cpio_node){
		.path = path,
		.len = (uint16_t)len,
		.dir_len = (uint16_t)cpio_dir_len(path, len),
		.seq = (uint32_t)fs->count,
	};
	fs->count++;
	return node;
}

/* Add a node for the entry, and one for each directory in its path. */
static void cpio_add_entry(struct cpio *fs, const struct cpio_entry *e,
			   uint32_t archive)
{
	const uint32_t *f = e->field;
	struct cpio_node *node;

	for (size_t i = 0; i < e->len; i++) {
		if (e->path[i] == '/') {
			node = cpio_add(fs, e->path, i);
			node->implied = true;
			node->mode = CPIO_MODE_DIR | 0755;
		}
	}
	if (e->len == 0) {
		return;
	}
	node = cpio_add(fs, e->path, e->len);
	node->data = e->data;
	node->size = f[CPIO_SIZE];
	node->mode = f[CPIO_MODE];
	node->mtime = f[CPIO_MTIME];
	node->ino = f[CPIO_INO];
	node->dev = f[CPIO_DEVMAJOR] << 20 | f[CPIO_DEVMINOR];
	node->archive = archive;
	node->shared = f[CPIO_NLINK] > 1 &&
		       (f[CPIO_MODE] & CPIO_MODE_TYPE) == CPIO_MODE_FILE;
	if (node->shared) {
		fs->links[fs->nlinks++] = node;
	}
}

static int cpio_compare_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

/* Makes names of one file adjacent, the one with data first. */
static int cpio_compare_links(const void *va, const void *vb)
{
	const struct cpio_node *a = *(struct cpio_node *const *)va;
	const struct cpio_node *b = *(struct cpio_node *const *)vb;
	int c = cpio_compare_u32(a->archive, b->archive);

	c = c != 0 ? c : cpio_compare_u32(a->dev, b->dev);
	c = c != 0 ? c : cpio_compare_u32(a->ino, b->ino);
	c = c != 0 ? c : cpio_compare_u32(b->size, a->size);
	return c != 0 ? c : cpio_compare_u32(a->seq, b->seq);
}

/* Newc stores a hard-linked file's data with one of its names only. */
static void cpio_join_links(struct cpio *fs)
{
	sort(fs->links, fs->nlinks, sizeof(*fs->links), cpio_compare_links);
	for (size_t i = 1; i < fs->nlinks; i++) {
		const struct cpio_node *from = fs->links[i - 1];
		struct cpio_node *to = fs->links[i];

		if (to->size == 0 && to->archive == from->archive &&
		    to->dev == from->dev && to->ino == from->ino) {
			to->size = from->size;
			to->data = from->data;
		}
	}
}

static int cpio_compare_text(const char *a, size_t an, const char *b, size_t bn)
{
	int c = memcmp(a, b, MIN(an, bn));

	return c != 0 ? c : (an > bn) - (an < bn);
}

/* By directory, then by the name in it. */
static int cpio_compare_paths(const struct cpio_node *a,
			      const struct cpio_node *b)
{
	size_t an = a->dir_len > 0 ? a->dir_len + 1U : 0;
	size_t bn = b->dir_len > 0 ? b->dir_len + 1U : 0;
	int c = cpio_compare_text(a->path, a->dir_len, b->path, b->dir_len);

	return c != 0 ? c
		      : cpio_compare_text(a->path + an, a->len - an,
					  b->path + bn, b->len - bn);
}

/* Of equal paths the one to be used comes last: implied nodes come before
 * listed ones, earlier ones before later ones. */
static int cpio_compare_nodes(const void *va, const void *vb)
{
	const struct cpio_node *a = va, *b = vb;
	int c = cpio_compare_paths(a, b);

	if (c == 0) {
		c = (int)b->implied - (int)a->implied;
	}
	return c != 0 ? c : cpio_compare_u32(a->seq, b->seq);
}

/* Sort, and keep one node for each path. */
static int cpio_index(struct cpio *fs, struct cpio_reader *r)
{
	bool inside = false; /* the present path contains something */
	size_t kept = 0;

	sort(fs->nodes, fs->count, sizeof(*fs->nodes), cpio_compare_nodes);
	for (size_t i = 0; i < fs->count; i++) {
		const struct cpio_node *node = &fs->nodes[i];

		inside |= node->implied;
		if (i + 1 < fs->count &&
		    cpio_compare_paths(node, node + 1) == 0) {
			continue;
		}
		if (inside && (node->mode & CPIO_MODE_TYPE) != CPIO_MODE_DIR) {
			return cpio_refuse(r,
					   HINT("a path leads through what is "
						"not a directory"));
		}
		inside = false;
		fs->nodes[kept++] = *node;
	}
	fs->count = kept;
	return 0;
}

static void cpio_unmount(void *vfs)
{
	struct cpio *fs = vfs;

	heap_free(fs->links);
	heap_free(fs->nodes);
	heap_free(fs);
}

static int cpio_fill(struct cpio *fs, struct cpio_reader *r)
{
	struct cpio_reader again = { .image = r->image, .size = r->size };
	size_t nodes, links;
	struct cpio_entry e;
	int ret = cpio_count(r, &nodes, &links);

	if (ret != 0) {
		return ret;
	}
	fs->nodes = heap_alloc_array(MAX(nodes, (size_t)1), sizeof(*fs->nodes));
	fs->links = heap_alloc_array(MAX(links, (size_t)1), sizeof(*fs->links));
	if (fs->nodes == NULL || fs->links == NULL) {
		r->why = "there is not enough memory for its index";
		return -ERR_NOMEM;
	}
	while (cpio_next(&again, &e) == 0) {
		cpio_add_entry(fs, &e, again.archive);
	}
	cpio_join_links(fs);
	heap_free(fs->links);
	fs->links = NULL;
	return cpio_index(fs, r);
}

/* Why it is not a newc archive, for files often mistaken for one; or NULL. */
static const char *cpio_foreign(const uint8_t *image, size_t size)
{
	static const struct {
		const char *magic;
		size_t n;
		const char *why;
	} others[] = {
		{ "070702", 6, "its format is crc; make it with -H newc" },
		{ "070707", 6, "its format is odc; make it with -H newc" },
		{ "\xc7\x71", 2, "its format is bin; make it with -H newc" },
	};
	const char *why;

	if (!IS_ENABLED(CONFIG_IMAGE_HINTS)) {
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (size >= others[i].n &&
		    memcmp(image, others[i].magic, others[i].n) == 0) {
			return others[i].why;
		}
	}
	why = compressed_why(image, size);
	return why ? why : container_why(image, size);
}

static int cpio_mount(void **out, const void *image, size_t size,
		      const char **why)
{
	struct cpio_reader r = { .image = image, .size = size };
	struct cpio *fs;
	int ret;

	*why = cpio_foreign(image, size);
	if (*why != NULL) {
		return -ERR_FORMAT;
	}
	if (size < 6 || memcmp(image, "070701", 6) != 0) {
		return -ERR_NOSUPP;
	}
	fs = heap_alloc(sizeof(*fs));
	if (fs == NULL) {
		*why = "there is not enough memory for its index";
		return -ERR_NOMEM;
	}
	ret = cpio_fill(fs, &r);
	if (ret != 0) {
		*why = r.why;
		cpio_unmount(fs);
		return ret;
	}
	*out = fs;
	return 0;
}

/* The index of the first node that is not less than `key`. */
static size_t cpio_lower_bound(const struct cpio *fs,
			       const struct cpio_node *key)
{
	size_t low = 0, high = fs->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (cpio_compare_paths(&fs->nodes[mid], key) < 0) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

/* The node of a path, or NULL. The root, "/", has none. */
static const struct cpio_node *cpio_find(const struct cpio *fs,
					 const char *path)
{
	size_t len = strlen(path), i;
	struct cpio_node key;

	if (len < 2 || len >= VFS_PATH_MAX) {
		return NULL;
	}
	key = (struct cpio_node){
		.path = path + 1,
		.len = (uint16_t)(len - 1),
		.dir_len = (uint16_t)cpio_dir_len(path + 1, len - 1),
	};
	i = cpio_lower_bound(fs, &key);
	if (i == fs->count || cpio_compare_paths(&fs->nodes[i], &key) != 0) {
		return NULL;
	}
	return &fs->nodes[i];
}

static enum vfs_type cpio_type(const struct cpio_node *node)
{
	switch (node->mode & CPIO_MODE_TYPE) {
	case CPIO_MODE_FILE:
		return VFS_FILE;
	case CPIO_MODE_DIR:
		return VFS_DIR;
	case CPIO_MODE_LINK:
		return VFS_LINK;
	default:
		return VFS_OTHER;
	}
}

static int cpio_stat(void *vfs, const char *path, struct vfs_stat *st)
{
	const struct cpio_node *node = cpio_find(vfs, path);

	if (strcmp(path, "/") == 0) {
		*st = (struct vfs_stat){ .type = VFS_DIR, .mode = 0755 };
		return 0;
	}
	if (node == NULL) {
		return -ERR_NOENT;
	}
	*st = (struct vfs_stat){
		.type = cpio_type(node),
		.mode = node->mode & 07777,
		.size = node->size,
		.mtime = node->mtime,
		.data = node->data,
	};
	return 0;
}

static int cpio_readdir(void *vfs, const char *path, unsigned int index,
			char *name, size_t size)
{
	const struct cpio *fs = vfs;
	size_t len = strlen(path + 1), skip = len > 0 ? len + 1 : 0, i;
	struct cpio_node key = { .path = path + 1,
				 .dir_len = (uint16_t)len,
				 .len = (uint16_t)skip };
	const struct cpio_node *dir = cpio_find(fs, path), *node;

	if (len > 0 && (dir == NULL || cpio_type(dir) != VFS_DIR)) {
		return dir == NULL ? -ERR_NOENT : -ERR_INVAL;
	}
	/* An empty name in a directory sorts before all of its entries. */
	i = cpio_lower_bound(fs, &key) + index;
	if (i >= fs->count) {
		return -ERR_NOENT;
	}
	node = &fs->nodes[i];
	if (cpio_compare_text(node->path, node->dir_len, path + 1, len) != 0) {
		return -ERR_NOENT;
	}
	if (node->len - skip >= size) {
		return -ERR_NOSPC;
	}
	memcpy(name, node->path + skip, node->len - skip);
	name[node->len - skip] = '\0';
	return 0;
}

static int64_t cpio_read(void *vfs, const char *path, uint64_t off, void *buf,
			 size_t n)
{
	const struct cpio_node *node = cpio_find(vfs, path);

	if (node == NULL) {
		return -ERR_NOENT;
	}
	if (off >= node->size) {
		return 0;
	}
	n = MIN(n, (size_t)(node->size - off));
	memcpy(buf, node->data + off, n);
	return (int64_t)n;
}

const struct filesystem cpio_filesystem = {
	.name = "cpio",
	.mount = cpio_mount,
	.unmount = cpio_unmount,
	.stat = cpio_stat,
	.readdir = cpio_readdir,
	.read = cpio_read,
};
FILESYSTEM(cpio_filesystem);
