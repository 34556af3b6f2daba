/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's caches, by the CPU, the device tree or a boot argument, and the
 * number of colours that the last level gives to pages.
 * docs/design/isolation.md. */
#include <core/boot.h>
#include <core/cache.h>
#include <core/dt.h>
#include <core/log.h>
#include <core/page.h>
#include <libs/error.h>
#include <libs/parse.h>
#include <string.h>

#define CACHE_LINE 64
#define CACHE_LINE_MIN 16
#define CACHE_LINE_MAX KIB(2)
#define ARGUMENT_MAX 48
#define COLOURS_MAX 64 /* bits of a colour_mask_t */

static struct cache_info caches[CACHE_MAX]; /* [I] after boot, as all here */
static unsigned int cache_count;
static const char *uncoloured = "the caches have not been looked at";
static struct cache_geometry argument;

static bool power_of_two(uint64_t n)
{
	return n && (n & (n - 1)) == 0;
}

unsigned int cache_colours(const struct cache_geometry *c)
{
	uint64_t way = (uint64_t)c->line * c->sets;

	if (!power_of_two(c->line) || !power_of_two(c->sets)) {
		return 0;
	}
	/* Of more than 64 colours only the low bits are used: pages that differ
	 * in these have different colours. */
	return (unsigned int)MIN(MAX(way / PAGE_SIZE, UINT64_C(1)),
				 (uint64_t)COLOURS_MAX);
}

static uint64_t number_at(const char *s, const char *end, bool *ok)
{
	char word[ARGUMENT_MAX];
	size_t n = (size_t)(end - s);
	uint64_t value = 0;

	*ok = *ok && n < sizeof(word);
	if (*ok) {
		memcpy(word, s, n);
		word[n] = '\0';
		*ok = parse_size(word, &value) == 0;
	}
	return value;
}

/* llc=SIZE,WAYS[,LINE]: a last-level cache that the CPU and the tree do not
 * report, or report wrongly. False, and no effect, if it is not valid. */
static bool take_argument(const char *value)
{
	uint64_t part[3] = { 0, 0, CACHE_LINE };
	unsigned int n = 0;
	bool ok = true;

	for (const char *s = value; ok; n++) {
		size_t len = strcspn(s, ",");

		if (n == ARRAY_SIZE(part)) {
			return false;
		}
		part[n] = number_at(s, s + len, &ok);
		if (s[len] == '\0') {
			n++;
			break;
		}
		s += len + 1;
	}
	ok = ok && n >= 2 && part[0] <= UINT32_MAX && part[1] <= UINT16_MAX &&
	     part[2] >= CACHE_LINE_MIN && part[2] <= CACHE_LINE_MAX &&
	     part[1] > 0 && part[0] % (part[1] * part[2]) == 0;
	if (!ok || !power_of_two(part[2]) ||
	    !power_of_two(part[0] / (part[1] * part[2]))) {
		return false;
	}
	argument = (struct cache_geometry){
		.kind = CACHE_UNIFIED,
		.line = (uint32_t)part[2],
		.ways = (uint32_t)part[1],
		.sets = (uint32_t)(part[0] / (part[1] * part[2])),
	};
	return true;
}

static const struct bootarg llc_arg = {
	.name = "llc=",
	.usage = "llc=SIZE,WAYS[,LINE]",
	.take = take_argument,
};
BOOTARG(llc_arg);

static void add(const struct cache_geometry *c, enum cache_source source)
{
	for (unsigned int i = 0; i < cache_count; i++) {
		/* Each CPU or cluster has such a cache. */
		if (memcmp(&caches[i].is, c, sizeof(*c)) == 0) {
			return;
		}
	}
	if (cache_count < ARRAY_SIZE(caches)) {
		caches[cache_count++] = (struct cache_info){ *c, source };
	}
}

static unsigned int last_level(void)
{
	unsigned int level = 0;

	for (unsigned int i = 0; i < cache_count; i++) {
		level = MAX(level, caches[i].is.level);
	}
	return level;
}

static void add_from_cpu(void)
{
	struct cache_geometry found[CACHE_MAX];
	unsigned int n = arch_cache_levels(found, ARRAY_SIZE(found));

	for (unsigned int i = 0; i < n; i++) {
		add(&found[i], CACHE_FROM_CPU);
	}
}

static void add_node(const struct dt_cache *node, unsigned int level)
{
	struct cache_geometry c = {
		.level = level,
		.kind = CACHE_UNIFIED,
		.line = node->line ? node->line : CACHE_LINE,
		.sets = node->sets,
	};
	uint64_t way = (uint64_t)c.line * c.sets;

	if (way && node->size % way == 0) {
		c.ways = (uint32_t)(node->size / way);
	}
	add(&c, CACHE_FROM_TREE);
}

/* The CPU's registers are right for this CPU. The tree adds levels beyond them,
 * and the last levels of other CPUs. */
static void add_from_tree(unsigned int own)
{
	static struct dt_cpu cpus[CONFIG_MAX_CPUS];
	unsigned int n = dt_cpus(cpus, CONFIG_MAX_CPUS);

	for (unsigned int i = 0; i < n; i++) {
		struct dt_cache c = { .node = cpus[i].node };

		/* Level 1 is in the CPU's own node. */
		for (unsigned int level = 2; level < 2 + ARRAY_SIZE(caches) &&
					     dt_cache_next(c.node, &c);
		     level++) {
			unsigned int at = c.level ? c.level : level;

			if (at > own || (at == own && c.sets)) {
				add_node(&c, at);
			}
		}
	}
}

static const char *why_hashed(void)
{
	const struct cache_node *nodes;
	unsigned int n = arch_cache_hashed_nodes(&nodes);

	for (unsigned int i = 0; i < n; i++) {
		dt_node_t node = dt_next_compatible(-1, nodes[i].compatible);

		if (node >= 0 && dt_available(node)) {
			return nodes[i].why;
		}
	}
	return arch_cache_hashed();
}

/*
 * The number of colours; of several last-level caches (two clusters) the
 * smallest number, because pages of different colours by that one differ in
 * each. Returns the reason if pages cannot be coloured.
 */
static const char *last_colours(unsigned int *colours)
{
	unsigned int level = last_level();

	*colours = 1;
	if (level == 0) {
		return "the CPU tells of no caches; say llc=SIZE,WAYS[,LINE] in "
		       "the boot arguments";
	}
	for (unsigned int i = 0, found = 0; i < cache_count; i++) {
		const struct cache_geometry *c = &caches[i].is;
		unsigned int n = cache_colours(c);

		if (c->level != level || c->kind == CACHE_INSTRUCTION) {
			continue;
		}
		if (!c->sets) {
			return "the host's tree does not tell the cache-sets of "
			       "the last level; say llc=SIZE,WAYS[,LINE] in the "
			       "boot arguments";
		}
		if (!n) {
			return "the sets of the last level are no power of two, "
			       "so it is not address bits that choose one";
		}
		*colours = found ? MIN(*colours, n) : n;
		found = 1;
	}
	return *colours < 2 ? "a way of the last level is no larger than a "
			      "page, so all pages have one colour"
			    : NULL;
}

void cache_init(void)
{
	const char *why;
	unsigned int colours;

	add_from_cpu();
	add_from_tree(last_level());
	if (argument.sets) {
		argument.level = last_level() + 1;
		add(&argument, CACHE_FROM_ARGUMENT);
	}
	/* The boot argument implies that the cache is indexed by address
	 * bits. */
	why = argument.sets ? NULL : why_hashed();
	uncoloured = why ? why : last_colours(&colours);
	if (!uncoloured) {
		page_set_colours(colours);
	}
	log_debug("cache: %u colours of pages", page_colours());
}

const struct cache_info *cache_nth(unsigned int n)
{
	return n < cache_count ? &caches[n] : NULL;
}

const char *cache_uncoloured(void)
{
	return uncoloured;
}
