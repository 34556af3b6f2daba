/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding places in a guest's RAM for its images. */
#include <core/guest_place.h>
#include <libs/checked.h>
#include <libs/error.h>

static const struct config_range *bank_of(const struct place *p, uint64_t base,
					  uint64_t size)
{
	for (uint32_t i = 0; i < p->cfg->nmemory; i++) {
		const struct config_range *r = &p->cfg->memory[i];

		if (range_within(base - r->base, size, r->size)) {
			return r;
		}
	}
	return NULL;
}

static const struct config_range *overlapping(const struct config_range *r,
					      unsigned int count, uint64_t base,
					      uint64_t size)
{
	for (unsigned int i = 0; i < count; i++) {
		if (base < r[i].base + r[i].size && r[i].base < base + size) {
			return &r[i];
		}
	}
	return NULL;
}

static const struct config_range *taken(const struct place *p, uint64_t base,
					uint64_t size)
{
	return overlapping(p->used, p->nused, base, size);
}

/* What overlaps and is taken, or reserved by the description; or NULL. */
static const struct config_range *avoided(const struct place *p, uint64_t base,
					  uint64_t size)
{
	const struct config_range *r = taken(p, base, size);

	return r ? r
		 : overlapping(p->cfg->reserved, p->cfg->nreserved, base, size);
}

int place_claim(struct place *p, uint64_t base, uint64_t size)
{
	if (!bank_of(p, base, size)) {
		return -ERR_RANGE;
	}
	if (taken(p, base, size)) {
		return -ERR_EXIST;
	}
	p->used[p->nused++] = (struct config_range){ base, size };
	return 0;
}

/* The lowest free place in one bank at or above `at`. Each step skips one taken
 * range. */
static bool find_from(const struct place *p, const struct config_range *bank,
		      uint64_t at, uint64_t size, uint64_t align, uint64_t *out)
{
	const struct config_range *u;

	at = ALIGN_UP(at, align);
	while (range_within(at - bank->base, size, bank->size)) {
		u = avoided(p, at, size);
		if (!u) {
			*out = at;
			return true;
		}
		at = ALIGN_UP(u->base + u->size, align);
	}
	return false;
}

bool place_find(const struct place *p, uint64_t at, uint64_t size,
		uint64_t align, uint64_t *out)
{
	return find_from(p, &p->cfg->memory[0], at, size, align, out);
}

bool place_find_anywhere(const struct place *p, uint64_t size, uint64_t align,
			 uint64_t *out)
{
	for (uint32_t i = 0; i < p->cfg->nmemory; i++) {
		const struct config_range *r = &p->cfg->memory[i];

		if (find_from(p, r, r->base, size, align, out)) {
			return true;
		}
	}
	return false;
}

bool place_is_free(const struct place *p, uint64_t base, uint64_t size)
{
	return bank_of(p, base, size) && !avoided(p, base, size);
}
