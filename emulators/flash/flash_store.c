/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contents of emulated flash: those of an image, used in place, and zeros
 * beyond its end, as on QEMU's virt machine. Erased blocks are a bit each.
 * Changed pages are stored separately, at most FLASH_PAGES of them, in memory
 * that the caller provides: nothing here allocates, so that everything can be
 * done in a trap.
 */
#include "flash_store.h"

#include <arch/cpu.h>
#include <libs/error.h>
#include <string.h>

#define BANK_PAGES (FLASH_BANK_MAX / PAGE_SIZE)
#define BLOCK_PAGES (FLASH_BLOCK / PAGE_SIZE)

struct flash_free { /* in a page that is not in use */
	struct flash_free *next;
};

static uint32_t page_number(unsigned int bank, uint32_t off)
{
	return (uint32_t)(bank * BANK_PAGES + off / PAGE_SIZE);
}

/* Bytes of [off, off+n) up to the end of off's page. */
static size_t in_page(uint32_t off, size_t n)
{
	return MIN(n, PAGE_SIZE - off % PAGE_SIZE);
}

/* Index of the first changed page not below `number`. */
static uint32_t lower_bound(const struct flash_store *s, uint32_t number)
{
	uint32_t low = 0, high = s->npages, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (s->pages[mid].number < number) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

static uint8_t *find_page(const struct flash_store *s, uint32_t number)
{
	uint32_t i = lower_bound(s, number);

	if (i < s->npages && s->pages[i].number == number) {
		return s->pages[i].data;
	}
	return NULL;
}

static void get_in_page(const struct flash_store *s, unsigned int bank,
			uint32_t off, uint8_t *buf, size_t n)
{
	const uint8_t *page = find_page(s, page_number(bank, off));
	const uint8_t *image = s->banks[bank].image;
	uint64_t size = s->banks[bank].image_size;
	uint64_t at = off;

	if (page) {
		memcpy(buf, page + off % PAGE_SIZE, n);
		return;
	}
	if (bitmap_test(s->banks[bank].erased.bits, off / FLASH_BLOCK)) {
		memset(buf, 0xff, n);
		return;
	}
	memset(buf, 0, n);
	if (image && arch_index_below(&at, size)) {
		memcpy(buf, image + at, MIN(n, size - at));
	}
}

void flash_store_get(const struct flash_store *s, unsigned int bank,
		     uint32_t off, uint8_t *buf, size_t n)
{
	size_t part = in_page(off, n);

	get_in_page(s, bank, off, buf, part);
	if (part < n) {
		get_in_page(s, bank, off + (uint32_t)part, buf + part,
			    n - part);
	}
}

/* --- pool --------------------------------------------------------------- */

static void pool_put(struct flash_store *s, void *page)
{
	struct flash_free *p = page;

	p->next = s->pool;
	s->pool = p;
	s->npool++;
}

static void *pool_get(struct flash_store *s)
{
	struct flash_free *p = s->pool;

	s->pool = p->next;
	s->npool--;
	return p;
}

bool flash_store_give(struct flash_store *s, void *page)
{
	if (s->npages + s->npool >= FLASH_PAGES) {
		return false;
	}
	pool_put(s, page);
	return true;
}

void *flash_store_take_back(struct flash_store *s)
{
	if (s->npool > 0) {
		return pool_get(s);
	}
	return s->npages > 0 ? s->pages[--s->npages].data : NULL;
}

/* --- changes ------------------------------------------------------------ */

/* True if `data` clears any bit, all within a page. */
static bool changes(const struct flash_store *s, unsigned int bank,
		    uint32_t off, const uint8_t *data, size_t n)
{
	uint8_t now[64];
	size_t part, i;

	for (; n > 0; off += (uint32_t)part, data += part, n -= part) {
		part = MIN(n, sizeof(now));
		get_in_page(s, bank, off, now, part);
		for (i = 0; i < part; i++) {
			if (now[i] & ~data[i]) {
				return true;
			}
		}
	}
	return false;
}

/* Does programming this data, within a page, need a page from the pool? */
static bool needs_page(const struct flash_store *s, unsigned int bank,
		       uint32_t off, const uint8_t *data, size_t n)
{
	return n > 0 && !find_page(s, page_number(bank, off)) &&
	       changes(s, bank, off, data, n);
}

/* Make the page that contains `off` writable, with a page from the pool, which
 * has one. */
static uint8_t *add_page(struct flash_store *s, unsigned int bank, uint32_t off)
{
	uint32_t number = page_number(bank, off);
	uint32_t i = lower_bound(s, number);
	uint8_t *data = pool_get(s);

	get_in_page(s, bank, ALIGN_DOWN(off, (uint32_t)PAGE_SIZE), data,
		    PAGE_SIZE);
	memmove(&s->pages[i + 1], &s->pages[i],
		(s->npages - i) * sizeof(s->pages[0]));
	s->pages[i] = (struct flash_page){ number, data };
	s->npages++;
	return data;
}

static void program_in_page(struct flash_store *s, unsigned int bank,
			    uint32_t off, const uint8_t *data, size_t n)
{
	uint8_t *page = find_page(s, page_number(bank, off));

	if (!page) {
		if (!changes(s, bank, off, data, n)) {
			return;
		}
		page = add_page(s, bank, off);
	}
	for (size_t i = 0; i < n; i++) {
		page[off % PAGE_SIZE + i] &= data[i];
	}
}

int flash_store_program(struct flash_store *s, unsigned int bank, uint32_t off,
			const uint8_t *data, size_t n)
{
	size_t part = in_page(off, n);
	uint32_t off2 = off + (uint32_t)part;
	uint32_t needed = 0;

	needed += needs_page(s, bank, off, data, part);
	needed += needs_page(s, bank, off2, data + part, n - part);
	if (s->npages + needed > FLASH_PAGES) {
		return -ERR_NOSPC;
	}
	if (needed > s->npool) {
		return -ERR_NOMEM;
	}
	program_in_page(s, bank, off, data, part);
	if (part < n) {
		program_in_page(s, bank, off2, data + part, n - part);
	}
	return 0;
}

void flash_store_erase(struct flash_store *s, unsigned int bank, uint32_t block)
{
	uint32_t first = page_number(bank, block * FLASH_BLOCK);
	uint32_t from = lower_bound(s, first);
	uint32_t to = lower_bound(s, first + BLOCK_PAGES);

	bitmap_set(s->banks[bank].erased.bits, block);
	for (uint32_t i = from; i < to; i++) {
		pool_put(s, s->pages[i].data);
	}
	memmove(&s->pages[from], &s->pages[to],
		(s->npages - to) * sizeof(s->pages[0]));
	s->npages -= to - from;
}
