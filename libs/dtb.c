/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading device tree blobs (Devicetree Specification 0.4, 5). */
#include <libs/dtb.h>
#include <string.h>

#define MAGIC 0xd00dfeed
#define VERSION 17
#define HEADER 40
#define ALIGNMENT 8
#define DEPTH 64		/* of nodes that have a parent */

/* Words of the header, by number. */
enum { H_MAGIC, H_SIZE, H_STRUCT, H_STRINGS, H_RESERVED, H_VERSION,
       H_COMPATIBLE, H_BOOT_CPU, H_STRINGS_SIZE, H_STRUCT_SIZE };

enum { T_BEGIN = 1, T_END, T_PROP, T_NOP, T_DONE = 9 };

/* A tag as it lies there, for comparing without turning each around. */
#define RAW(tag) __builtin_bswap32(tag)

static inline uint32_t word(const void *p)
{
	return __builtin_bswap32(*(const uint32_t *)p);
}

static uint32_t header(const void *blob, unsigned int i)
{
	return word((const uint8_t *)blob + 4 * i);
}

static inline const uint8_t *structure(const void *blob)
{
	return (const uint8_t *)blob + header(blob, H_STRUCT);
}

/* --- acceptance ---------------------------------------------------------- */

struct limits {
	const uint8_t *at, *end;	/* of the structure */
	uint32_t names;			/* bytes of strings that end in a NUL */
};

static bool part_fits(const void *blob, uint32_t off, uint64_t size,
		      uint32_t align)
{
	uint32_t total = header(blob, H_SIZE);

	return off >= HEADER && off <= total && size <= total - off &&
	       off % align == 0;
}

static bool check_reserved(const void *blob)
{
	uint32_t off = header(blob, H_RESERVED);
	const uint64_t zero[2] = { 0 };

	for (; part_fits(blob, off, sizeof(zero), 8); off += sizeof(zero)) {
		if (memcmp((const uint8_t *)blob + off, zero,
			   sizeof(zero)) == 0) {
			return true;
		}
	}
	return false;
}

static const char *check_header(const void *blob, size_t size)
{
	if (!blob) {
		return "there is none";
	}
	if (((uintptr_t)blob & (ALIGNMENT - 1)) != 0) {
		return "not aligned to 8 bytes";
	}
	if (size < HEADER) {
		return "shorter than a header";
	}
	if (header(blob, H_MAGIC) != MAGIC) {
		return "does not begin with 0xd00dfeed";
	}
	if (header(blob, H_VERSION) < VERSION ||
	    header(blob, H_COMPATIBLE) > VERSION) {
		return "not of version 17 or compatible with it";
	}
	if (header(blob, H_SIZE) > size || header(blob, H_SIZE) > INT32_MAX) {
		return "cut short: longer than the memory it is in";
	}
	if (!part_fits(blob, header(blob, H_STRUCT),
		       header(blob, H_STRUCT_SIZE), 4) ||
	    !part_fits(blob, header(blob, H_STRINGS),
		       header(blob, H_STRINGS_SIZE), 1)) {
		return "structure or strings are not inside of it";
	}
	return check_reserved(blob) ? NULL :
				      "its memory reservations do not end";
}

static bool has_nul(uint32_t w)
{
	return ((w - 0x01010101u) & ~w & 0x80808080u) != 0;
}

/* A name ends with the word whose last byte is NUL, which skip_name() relies
 * on: padding is zeroes (5.4.1). */
static bool check_name(struct limits *l)
{
	for (; l->end - l->at >= 4; l->at += 4) {
		if (l->at[3] == 0) {
			l->at += 4;
			return true;
		}
		if (has_nul(word(l->at))) {
			return false;
		}
	}
	return false;
}

static bool check_prop(struct limits *l)
{
	uint32_t len, room;

	if (l->end - l->at < 8) {
		return false;
	}
	len = word(l->at);
	room = (uint32_t)(l->end - l->at) - 8;
	if (word(l->at + 4) >= l->names || len > room ||
	    ALIGN_UP((uint64_t)len, 4) > room) {
		return false;
	}
	l->at += 8 + ALIGN_UP(len, 4);
	return true;
}

static const char *check_structure(struct limits *l)
{
	unsigned int depth = 0;
	bool root = false;

	while (l->end - l->at >= 4) {
		uint32_t tag = word(l->at);

		l->at += 4;
		/* All is in one root, which begins where everybody looks. */
		if (tag != T_NOP && (depth == 0) != (tag == T_BEGIN && !root) &&
		    !(tag == T_DONE && root)) {
			return "not one tree of nodes";
		}
		switch (tag) {
		case T_BEGIN:
			root = true;
			depth++;
			if (!check_name(l)) {
				return "a node's name has no proper end";
			}
			break;
		case T_END:
			depth--;
			break;
		case T_PROP:
			if (!check_prop(l)) {
				return "a property's name or value is not "
				       "inside of it";
			}
			break;
		case T_NOP:
			if (!root) {
				return "does not begin with the root";
			}
			break;
		case T_DONE:
			return depth == 0 ? NULL : "a node has no end";
		default:
			return "its structure has an unknown tag";
		}
	}
	return "its structure has no end";
}

const char *dtb_check(const void *blob, size_t size)
{
	const char *why = check_header(blob, size);
	const uint8_t *strings;
	struct limits l;

	if (why) {
		return why;
	}
	l.at = structure(blob);
	l.end = l.at + header(blob, H_STRUCT_SIZE);
	l.names = header(blob, H_STRINGS_SIZE);
	strings = (const uint8_t *)blob + header(blob, H_STRINGS);
	while (l.names > 0 && strings[l.names - 1] != 0) {
		l.names--;
	}
	return check_structure(&l);
}

/* --- nodes --------------------------------------------------------------- */

static const uint8_t *skip_name(const uint8_t *p)
{
	while (p[3] != 0) {
		p += 4;
	}
	return p + 4;
}

static inline const uint8_t *skip_prop(const uint8_t *p)
{
	return p + 8 + ALIGN_UP(word(p), 4);
}

/* Behind a node's own beginning. */
static inline const uint8_t *inside(const void *blob, int node)
{
	return skip_name(structure(blob) + node + 4);
}

int dtb_next(const void *blob, int node, int *depth)
{
	const uint8_t *start = structure(blob);
	const uint8_t *p = node >= 0 ? inside(blob, node) : start;
	int level = depth ? *depth : INT32_MAX / 2;

	for (;;) {
		uint32_t tag = *(const uint32_t *)p;

		p += 4;
		if (tag == RAW(T_PROP)) {
			p = skip_prop(p);
			continue;
		}
		if (tag == RAW(T_BEGIN)) {
			level++;
			break;
		}
		level -= tag == RAW(T_END);
		if (tag == RAW(T_DONE) || level < 0) {
			level = -1;
			p = start + 3;		/* DTB_NONE */
			break;
		}
	}
	if (depth) {
		*depth = level;
	}
	return (int)(p - start) - 4;
}

int dtb_first_child(const void *blob, int node)
{
	int depth = 0;
	int child = node < 0 ? DTB_NONE : dtb_next(blob, node, &depth);

	return depth == 1 ? child : DTB_NONE;
}

int dtb_next_child(const void *blob, int child)
{
	int depth = 1;

	do {
		child = dtb_next(blob, child, &depth);
	} while (child >= 0 && depth > 1);
	return depth == 1 ? child : DTB_NONE;
}

int dtb_parent(const void *blob, int node)
{
	int above[DEPTH];
	int depth = 0, at;

	if (node <= 0) {
		return DTB_NONE;
	}
	for (at = 0; at >= 0 && at < node; at = dtb_next(blob, at, &depth)) {
		if (depth < DEPTH) {
			above[depth] = at;
		}
	}
	return at == node && depth > 0 && depth <= DEPTH ? above[depth - 1] :
							  DTB_NONE;
}

const char *dtb_name(const void *blob, int node)
{
	return node < 0 ? "" : (const char *)structure(blob) + node + 4;
}

/* --- properties ---------------------------------------------------------- */

static bool prop_at(const void *blob, const uint8_t *p, struct dtb_prop *prop)
{
	while (word(p) == T_NOP) {
		p += 4;
	}
	if (word(p) != T_PROP) {
		return false;
	}
	prop->len = (int)word(p + 4);
	prop->name = (const char *)blob + header(blob, H_STRINGS) +
		     word(p + 8);
	prop->data = p + 12;
	prop->next = skip_prop(p + 4);
	return true;
}

bool dtb_first_prop(const void *blob, int node, struct dtb_prop *prop)
{
	return node >= 0 && prop_at(blob, inside(blob, node), prop);
}

bool dtb_next_prop(const void *blob, struct dtb_prop *prop)
{
	return prop_at(blob, prop->next, prop);
}

const void *dtb_prop(const void *blob, int node, const char *name, int *len)
{
	const char *names = (const char *)blob + header(blob, H_STRINGS);
	const uint8_t *p = node >= 0 ? inside(blob, node) : NULL;
	const char *own;

	for (; p; p = skip_prop(p + 4)) {
		while (word(p) == T_NOP) {
			p += 4;
		}
		if (word(p) != T_PROP) {
			break;
		}
		own = names + word(p + 8);
		if (own[0] == name[0] && strcmp(own, name) == 0) {
			if (len) {
				*len = (int)word(p + 4);
			}
			return p + 12;
		}
	}
	if (len) {
		*len = -1;
	}
	return NULL;
}

uint32_t dtb_phandle(const void *blob, int node)
{
	int len;
	const void *data = dtb_prop(blob, node, "phandle", &len);

	if (!data || len != 4) {
		data = dtb_prop(blob, node, "linux,phandle", &len);
	}
	return data && len == 4 ? word(data) : 0;
}

bool dtb_compatible(const void *blob, int node, const char *compatible)
{
	size_t n = strlen(compatible) + 1;
	int len;
	const char *s = dtb_prop(blob, node, "compatible", &len);

	while (len >= (int)n) {
		size_t step;

		if (s[0] == compatible[0] && memcmp(s, compatible, n) == 0) {
			return true;
		}
		step = strnlen(s, (size_t)len) + 1;
		s += step;
		len -= (int)step;
	}
	return false;
}

/* --- finding ------------------------------------------------------------- */

int dtb_by_phandle(const void *blob, uint32_t phandle)
{
	int node = phandle ? dtb_next(blob, DTB_NONE, NULL) : DTB_NONE;

	while (node >= 0 && dtb_phandle(blob, node) != phandle) {
		node = dtb_next(blob, node, NULL);
	}
	return node;
}

static int child_named(const void *blob, int node, const char *name, size_t n)
{
	bool whole = memchr(name, '@', n) != NULL;
	int child;

	dtb_for_each_child(child, blob, node) {
		const char *own = dtb_name(blob, child);

		if (own[0] == name[0] && strncmp(own, name, n) == 0 &&
		    (own[n] == '\0' || (own[n] == '@' && !whole))) {
			return child;
		}
	}
	return DTB_NONE;
}

static size_t component(const char *s, const char *end)
{
	const char *slash = memchr(s, '/', (size_t)(end - s));

	return (size_t)((slash ? slash : end) - s);
}

static int below(const void *blob, int node, const char *s, const char *end)
{
	while (node >= 0 && s < end) {
		size_t n = component(s, end);

		if (n > 0) {
			node = child_named(blob, node, s, n);
		}
		s += MIN(n + 1, (size_t)(end - s));
	}
	return node;
}

/* The property of /aliases whose name is the first `n` bytes. */
static int by_alias(const void *blob, const char *name, size_t n)
{
	struct dtb_prop p;
	bool found = dtb_first_prop(blob, child_named(blob, 0, "aliases", 7),
				    &p);

	while (found && !(strncmp(p.name, name, n) == 0 &&
			  p.name[n] == '\0')) {
		found = dtb_next_prop(blob, &p);
	}
	/* An alias of an alias is none (3.3). */
	if (!found || p.len <= 0 || p.data[0] != '/') {
		return DTB_NONE;
	}
	return below(blob, 0, (const char *)p.data, (const char *)p.data +
		     strnlen((const char *)p.data, (size_t)p.len));
}

int dtb_path(const void *blob, const char *path, size_t len)
{
	const char *end = path + len;
	size_t n;

	if (len == 0) {
		return DTB_NONE;
	}
	if (path[0] == '/') {
		return below(blob, 0, path, end);
	}
	n = component(path, end);
	return below(blob, by_alias(blob, path, n), path + n, end);
}

unsigned __int128 dtb_cells(const uint8_t *p, unsigned int cells)
{
	unsigned __int128 value = 0;

	for (unsigned int i = 0; i < cells * 4; i++) {
		value = (value << 8) | p[i];
	}
	return value;
}
