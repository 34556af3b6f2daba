/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows that say what a property of a guest description may be. The checker
 * works from them and the reference page is printed from them, so the two
 * cannot disagree. An emulator lists the properties of its own in such rows.
 */
#ifndef CORE_SCHEMA_H
#define CORE_SCHEMA_H

#include <libs/types.h>

struct config_parser;
struct schema_value;

/* What only the reference page says: the library that prints it has it, and an
 * image carries none of it. */
#ifdef CONFIG_ARCH_HOST
#define REFERENCE(text) text
#else
#define REFERENCE(text) NULL
#endif

enum schema_type {
	SCHEMA_FLAG,    /* present or not; no value */
	SCHEMA_U32,     /* one cell, min..max */
	SCHEMA_U64,     /* one or two cells, min..max */
	SCHEMA_LIST,    /* cells, each min..max */
	SCHEMA_TEXT,    /* a string of min..max characters */
	SCHEMA_NAME,    /* letters, digits, '-' and '_' */
	SCHEMA_PATH,    /* an absolute path of min..max characters */
	SCHEMA_CHOICE,  /* one of `choices` */
	SCHEMA_SIZE,    /* a string such as "256M", min..max bytes */
	SCHEMA_STRINGS, /* one or more strings */
	SCHEMA_BYTES,   /* min..max bytes */
	SCHEMA_REG,     /* address and size, one or more times */
	SCHEMA_IRQS,    /* type, number and flags, one or more times */
};

struct schema_prop {
	const char *node; /* which schema_node; NULL: an emulator's */
	const char *name;
	enum schema_type type;
	bool required;
	uint64_t min, max;
	uint64_t align;             /* of numbers; 0: any */
	const char *const *choices; /* NULL-terminated */
	const char *otherwise; /* REFERENCE(): what holds if it is left out */
	const char *doc;       /* REFERENCE(): one line */
	/* Where the value goes in struct guest_config; size 0: nowhere. */
	uint16_t offset, size, has;
	void (*take)(struct config_parser *p, const struct schema_value *v);
};

#endif
