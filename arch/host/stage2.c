/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: stage 2 as a list of ranges, in pages of one size. */
#include <arch/mmu_path.h>
#include <arch/stage2.h>
#include <libs/error.h>
#include <stdlib.h>
#include <string.h>

#define MAX_IPA_BITS 40

unsigned int stage2_max_ipa_bits(void)
{
	return MAX_IPA_BITS;
}

unsigned int stage2_ipa_bits(uint64_t end)
{
	unsigned int bits = 32;

	while (bits <= MAX_IPA_BITS && end > BIT(bits)) {
		bits += 4;
	}
	return bits;
}

int stage2_init(struct stage2 *s2, unsigned int ipa_bits, colour_mask_t colours)
{
	(void)colours;
	if (ipa_bits < 32 || ipa_bits > MAX_IPA_BITS) {
		return -ERR_RANGE;
	}
	*s2 = (struct stage2){ .ipa_bits = (uint8_t)ipa_bits, .root_pages = 1 };
	s2->ranges = calloc(STAGE2_HOST_RANGES, sizeof(*s2->ranges));
	if (!s2->ranges) {
		return -ERR_NOMEM;
	}
	spin_init(&s2->lock, LOCK_STAGE2);
	return 0;
}

void stage2_fini(struct stage2 *s2)
{
	free(s2->ranges);
	*s2 = (struct stage2){ 0 };
}

static int check(const struct stage2 *s2, uint64_t ipa, uint64_t size)
{
	if (((ipa | size) & PAGE_MASK) || !size) {
		return -ERR_INVAL;
	}
	if (size > BIT(s2->ipa_bits) || ipa > BIT(s2->ipa_bits) - size) {
		return -ERR_RANGE;
	}
	return 0;
}

/* First range that ends after ipa. */
static unsigned int find(const struct stage2 *s2, uint64_t ipa)
{
	unsigned int i = 0;

	while (i < s2->nr && s2->ranges[i].ipa + s2->ranges[i].size <= ipa) {
		i++;
	}
	return i;
}

static int insert(struct stage2 *s2, unsigned int at, struct stage2_range r)
{
	if (s2->nr == STAGE2_HOST_RANGES) {
		return -ERR_NOMEM;
	}
	memmove(&s2->ranges[at + 1], &s2->ranges[at],
		(s2->nr - at) * sizeof(r));
	s2->ranges[at] = r;
	s2->nr++;
	return 0;
}

static void delete (struct stage2 *s2, unsigned int at)
{
	s2->nr--;
	memmove(&s2->ranges[at], &s2->ranges[at + 1],
		(s2->nr - at) * sizeof(s2->ranges[0]));
}

int stage2_map(struct stage2 *s2, ipa_t ipa, paddr_t pa, uint64_t size,
	       enum stage2_prot prot)
{
	int err = check(s2, ipa.v, size);
	unsigned long flags;
	unsigned int at;

	if (err || (pa.v & PAGE_MASK)) {
		return err ? err : -ERR_INVAL;
	}
	flags = spin_lock_irqsave(&s2->lock);
	at = find(s2, ipa.v);
	if (at < s2->nr && s2->ranges[at].ipa < ipa.v + size) {
		err = -ERR_EXIST;
	} else {
		err = insert(s2, at,
			     (struct stage2_range){ ipa.v, pa.v, size,
						    (int)prot });
	}
	spin_unlock_irqrestore(&s2->lock, flags);
	return err;
}

/* Cut the range that reaches across `ipa` in two there. */
static int cut(struct stage2 *s2, uint64_t ipa)
{
	unsigned int at = find(s2, ipa);
	struct stage2_range *r = &s2->ranges[at], rest;
	uint64_t head;
	int err;

	if (at == s2->nr || r->ipa >= ipa) {
		return 0;
	}
	head = ipa - r->ipa;
	rest = (struct stage2_range){ ipa, r->pa + head, r->size - head,
				      r->prot };
	err = insert(s2, at + 1, rest);
	if (!err) {
		s2->ranges[at].size = head;
	}
	return err;
}

int stage2_unmap(struct stage2 *s2, ipa_t ipa, uint64_t size)
{
	int err = check(s2, ipa.v, size);
	unsigned long flags;

	if (err) {
		return err;
	}
	flags = spin_lock_irqsave(&s2->lock);
	err = cut(s2, ipa.v);
	if (!err) {
		err = cut(s2, ipa.v + size);
	}
	while (!err) {
		unsigned int at = find(s2, ipa.v);

		if (at == s2->nr || s2->ranges[at].ipa >= ipa.v + size) {
			break;
		}
		delete (s2, at);
	}
	spin_unlock_irqrestore(&s2->lock, flags);
	return err;
}

/* A range as it was mapped. */
int stage2_protect(struct stage2 *s2, ipa_t ipa, uint64_t size,
		   enum stage2_prot prot)
{
	unsigned long flags = spin_lock_irqsave(&s2->lock);
	unsigned int at = find(s2, ipa.v);
	int err = -ERR_NOENT;

	if (at < s2->nr && s2->ranges[at].ipa == ipa.v &&
	    s2->ranges[at].size == size) {
		s2->ranges[at].prot = (int)prot;
		err = 0;
	}
	spin_unlock_irqrestore(&s2->lock, flags);
	return err;
}

int stage2_lookup(struct stage2 *s2, ipa_t ipa, paddr_t *pa,
		  enum stage2_prot *prot)
{
	unsigned int at = find(s2, ipa.v);

	if (at == s2->nr || s2->ranges[at].ipa > ipa.v) {
		return -ERR_FAULT;
	}
	*pa = PADDR(s2->ranges[at].pa + (ipa.v - s2->ranges[at].ipa));
	if (prot) {
		*prot = (enum stage2_prot)s2->ranges[at].prot;
	}
	return 0;
}

void stage2_get_stats(struct stage2 *s2, struct stage2_stats *st)
{
	*st = (struct stage2_stats){ 0 };
	for (unsigned int i = 0; i < s2->nr; i++) {
		st->pages_4k += s2->ranges[i].size >> PAGE_SHIFT;
	}
}

/* An entry a page; there are no tables. */
bool stage2_path(struct stage2 *s2, ipa_t ipa, struct mmu_path *out)
{
	uint64_t base = ALIGN_DOWN(ipa.v, PAGE_SIZE);
	enum stage2_prot prot;

	if (ipa.v >= BIT(s2->ipa_bits)) {
		return false;
	}
	*out = (struct mmu_path){ .base = base, .size = PAGE_SIZE };
	out->mapped = stage2_lookup(s2, IPA(base), &out->pa, &prot) == 0;
	out->ram = out->mapped && prot != STAGE2_DEVICE;
	return true;
}

int stage2_map_pieces(struct stage2 *s2, ipa_t ipa,
		      const struct stage2_piece *pieces, unsigned int n,
		      enum stage2_prot prot)
{
	int err = 0;

	for (unsigned int i = 0; i < n && !err; i++) {
		err = stage2_map(s2, ipa, pieces[i].pa, pieces[i].size, prot);
		ipa.v += pieces[i].size;
	}
	return err;
}
