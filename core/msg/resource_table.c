/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the resource table of a coprocessor's firmware. All offsets and sizes
 * are the file's, so each is checked against what there is before it is used.
 */
#include <core/resource_table.h>
#include <core/virtio_ring.h>
#include <libs/checked.h>
#include <libs/error.h>
#include <string.h>

/* --- ELF (System V ABI; ELF-64 object file format) ------------------------ */

#define ELF_IDENT 16 /* bytes */
#define ELF_CLASS 4
#define ELF_CLASS_32 1
#define ELF_CLASS_64 2
#define ELF_DATA 5
#define ELF_DATA_LSB 1
#define ELF_HEADER_MAX 64
#define ELF_SECTION_MAX 64

/* Where fields are in files of the two classes; `word` bytes each, for
 * addresses, offsets and sizes. */
struct elf_layout {
	uint8_t word;
	uint8_t header, shoff, shentsize, shnum, shstrndx;
	uint8_t section, sh_addr, sh_offset, sh_size;
};

static const struct elf_layout elf32 = {
	.word = 4,
	.header = 52,
	.shoff = 32,
	.shentsize = 46,
	.shnum = 48,
	.shstrndx = 50,
	.section = 40,
	.sh_addr = 12,
	.sh_offset = 16,
	.sh_size = 20,
};
static const struct elf_layout elf64 = {
	.word = 8,
	.header = 64,
	.shoff = 40,
	.shentsize = 58,
	.shnum = 60,
	.shstrndx = 62,
	.section = 64,
	.sh_addr = 16,
	.sh_offset = 24,
	.sh_size = 32,
};

struct elf {
	const struct resource_file *file;
	const struct elf_layout *layout;
	uint64_t shoff;
	uint32_t shnum, shstrndx;
	uint64_t names, names_size; /* the section with sections' names */
};

struct elf_section {
	uint32_t name;
	uint64_t addr, offset, size;
};

static uint64_t get(const uint8_t *p, unsigned int bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0) {
		v = v << 8 | p[bytes];
	}
	return v;
}

static int bad(const char **why, const char *text)
{
	*why = text;
	return -ERR_FORMAT;
}

static int elf_open(struct elf *e, const struct resource_file *file,
		    const char **why)
{
	uint8_t h[ELF_HEADER_MAX];

	*e = (struct elf){ .file = file };
	if (!file->read(file->arg, 0, h, ELF_IDENT) ||
	    memcmp(h, "\177ELF", 4) != 0) {
		return bad(why, "it is not an ELF file");
	}
	if (h[ELF_DATA] != ELF_DATA_LSB) {
		return bad(why, "it is not little-endian");
	}
	if (h[ELF_CLASS] != ELF_CLASS_32 && h[ELF_CLASS] != ELF_CLASS_64) {
		return bad(why, "it is an ELF file of neither 32 nor 64 bits");
	}
	e->layout = h[ELF_CLASS] == ELF_CLASS_32 ? &elf32 : &elf64;
	if (!file->read(file->arg, 0, h, e->layout->header)) {
		return bad(why, "its ELF header is cut off");
	}
	e->shoff = get(h + e->layout->shoff, e->layout->word);
	e->shnum = (uint32_t)get(h + e->layout->shnum, 2);
	e->shstrndx = (uint32_t)get(h + e->layout->shstrndx, 2);
	if (get(h + e->layout->shentsize, 2) != e->layout->section ||
	    e->shnum > RESOURCE_SECTIONS_MAX || e->shstrndx >= e->shnum) {
		return bad(why, "it has no table of sections, or one with more "
				"than 512");
	}
	return 0;
}

static bool elf_section(const struct elf *e, uint32_t n,
			struct elf_section *out)
{
	uint8_t h[ELF_SECTION_MAX];
	uint64_t at;

	if (!checked_add(e->shoff, (uint64_t)n * e->layout->section, &at) ||
	    !e->file->read(e->file->arg, at, h, e->layout->section)) {
		return false;
	}
	out->name = (uint32_t)get(h, 4);
	out->addr = get(h + e->layout->sh_addr, e->layout->word);
	out->offset = get(h + e->layout->sh_offset, e->layout->word);
	out->size = get(h + e->layout->sh_size, e->layout->word);
	return true;
}

static bool elf_is_named(const struct elf *e, const struct elf_section *s,
			 const char *name)
{
	char text[16];
	size_t n = strlen(name) + 1;
	uint64_t at;

	return n <= sizeof(text) && range_within(s->name, n, e->names_size) &&
	       checked_add(e->names, s->name, &at) &&
	       e->file->read(e->file->arg, at, text, n) &&
	       memcmp(text, name, n) == 0;
}

static int elf_find(struct elf *e, const char *name, struct elf_section *out,
		    const char **why)
{
	if (!elf_section(e, e->shstrndx, out)) {
		return bad(why, "its table of sections is cut off");
	}
	e->names = out->offset;
	e->names_size = out->size;
	for (uint32_t i = 0; i < e->shnum; i++) {
		if (!elf_section(e, i, out)) {
			return bad(why, "its table of sections is cut off");
		}
		if (elf_is_named(e, out, name)) {
			return 0;
		}
	}
	return bad(why, "it has no section .resource_table");
}

/* --- the table ------------------------------------------------------------ */

/* struct resource_table, fw_rsc_hdr, fw_rsc_vdev, fw_rsc_vdev_vring: bytes, and
 * offsets of what we read. */
#define TABLE_HEADER 16
#define TABLE_NUM 4
#define ENTRY_HEADER 4
#define VDEV_SIZE 24
#define VDEV_DFEATURES 8
#define VDEV_CONFIG_LEN 16
#define VDEV_NUM_VRINGS 21
#define VRING_SIZE 20
#define VRING_ALIGN 4
#define VRING_NUM 8

static uint32_t get32(const struct resource_table *t, uint64_t at)
{
	return (uint32_t)get(t->bytes + at, 4);
}

static bool is_power_of_two(uint32_t v)
{
	return v != 0 && (v & (v - 1)) == 0;
}

static int parse_vring(struct resource_table *t, unsigned int n,
		       const char **why)
{
	struct resource_vring *v = &t->vring[n];

	v->at = t->vdev + VDEV_SIZE + n * VRING_SIZE;
	v->address = get32(t, v->at);
	v->align = get32(t, v->at + VRING_ALIGN);
	v->num = get32(t, v->at + VRING_NUM);
	if (!is_power_of_two(v->num) || v->num > RESOURCE_VRING_MAX) {
		return bad(why, "a vring's number of entries is not a power of "
				"two up to 256");
	}
	if (!is_power_of_two(v->align) || v->align < VIRTQ_USED_ALIGN ||
	    v->align > RESOURCE_ALIGN_MAX) {
		return bad(why, "a vring's alignment is not a power of two "
				"from 4 to 65536");
	}
	if (v->address != RESOURCE_ADDRESS_ANY &&
	    v->address % MAX(v->align, (uint32_t)VIRTQ_DESC_ALIGN) != 0) {
		return bad(why, "a vring's address is not a multiple of its "
				"alignment");
	}
	return 0;
}

/* The entry's content is at `at`, within the table. */
static int parse_vdev(struct resource_table *t, uint32_t at, const char **why)
{
	uint64_t need;
	int err = 0;

	if (!range_within(at, VDEV_SIZE, t->size)) {
		return bad(why, "a VirtIO device is cut off");
	}
	if (get32(t, at) != VIRTIO_ID_RPMSG) {
		t->ignored++;
		return 0;
	}
	if (t->vdev != 0) {
		return bad(why, "there are two RPMSG devices");
	}
	if (t->bytes[at + VDEV_NUM_VRINGS] != RESOURCE_VRINGS) {
		return bad(why, "the RPMSG device has not two vrings");
	}
	need = VDEV_SIZE + RESOURCE_VRINGS * VRING_SIZE +
	       (uint64_t)get32(t, at + VDEV_CONFIG_LEN);
	if (!range_within(at, need, t->size)) {
		return bad(why, "the RPMSG device is cut off");
	}
	t->vdev = at;
	t->features = get32(t, at + VDEV_DFEATURES);
	for (unsigned int n = 0; err == 0 && n < RESOURCE_VRINGS; n++) {
		err = parse_vring(t, n, why);
	}
	return err;
}

static int parse_entry(struct resource_table *t, uint32_t at, const char **why)
{
	if (!range_within(at, ENTRY_HEADER, t->size)) {
		return bad(why, "an entry is outside the table");
	}
	if (get32(t, at) != RESOURCE_VDEV) {
		t->ignored++;
		return 0;
	}
	return parse_vdev(t, at + ENTRY_HEADER, why);
}

/* `t->bytes` and `t->size` are set. */
static int parse_table(struct resource_table *t, const char **why)
{
	uint32_t n;
	int err = 0;

	t->vdev = 0;
	t->ignored = 0;
	if (t->size < TABLE_HEADER || t->size > RESOURCE_TABLE_MAX) {
		return bad(why, "its resource table is not of 16 to 1024 "
				"bytes");
	}
	if (get32(t, 0) != RESOURCE_VERSION) {
		return bad(why, "its resource table is not of version 1");
	}
	n = get32(t, TABLE_NUM);
	if (n > RESOURCE_ENTRIES_MAX ||
	    !range_within(TABLE_HEADER, 4 * (uint64_t)n, t->size)) {
		return bad(why, "its resource table has more entries than 64, "
				"or than it has room for");
	}
	for (uint32_t i = 0; err == 0 && i < n; i++) {
		uint32_t at = get32(t, TABLE_HEADER + 4 * (uint64_t)i);

		/* Else our writes would change the list itself. */
		err = at < TABLE_HEADER + 4 * n
			      ? bad(why, "an entry is in the table's header")
			      : parse_entry(t, at, why);
	}
	if (err == 0 && t->vdev == 0) {
		err = bad(why, "its resource table has no RPMSG device");
	}
	return err;
}

int resource_table_read(struct resource_table *t,
			const struct resource_file *file, const char **why)
{
	struct elf_section s;
	struct elf e;
	int err = elf_open(&e, file, why);

	if (err == 0) {
		err = elf_find(&e, ".resource_table", &s, why);
	}
	if (err != 0) {
		return err;
	}
	t->address = s.addr;
	/* One too long is refused for its length. */
	t->size = (uint32_t)MIN(s.size, (uint64_t)RESOURCE_TABLE_MAX + 1);
	if (t->size <= RESOURCE_TABLE_MAX &&
	    !file->read(file->arg, s.offset, t->bytes, t->size)) {
		return bad(why, "its resource table is cut off");
	}
	return parse_table(t, why);
}
