/* SPDX-License-Identifier: GPL-2.0-or-later */
/* White-box: the libraries as compiled for the image, in its memory. */
#include <core/heap.h>
#include <core/wbox.h>
#include <libs/bitmap.h>
#include <libs/list.h>
#include <stdio.h>
#include <string.h>

#define AREA 600

/* Pattern, copy, compare; true if just [to, to + n) changed as it should. */
static bool copy_ok(uint8_t *area, size_t to, size_t from, size_t n)
{
	for (size_t i = 0; i < AREA; i++) {
		area[i] = (uint8_t)(i * 5 + 3);
	}
	memmove(area + to, area + from, n);
	for (size_t i = 0; i < AREA; i++) {
		size_t was = i >= to && i < to + n ? i - to + from : i;

		if (area[i] != (uint8_t)(was * 5 + 3)) {
			return false;
		}
	}
	return true;
}

WBOX_TEST(string_copies, "string: copies at any alignment and overlap")
{
	uint8_t *area = heap_alloc(AREA);
	bool ok = area != NULL;

	for (size_t to = 90; ok && to < 110; to++) {
		for (size_t n = 0; ok && n < 200; n += 7) {
			ok = copy_ok(area, to, 100, n) &&
			     copy_ok(area, to + 250, 100, n);
		}
	}
	heap_free(area);
	WB_ASSERT(ok);
}

WBOX_TEST(string_sets, "string: memset keeps to its bounds")
{
	uint8_t area[96];

	for (size_t at = 0; at < 9; at++) {
		for (size_t n = 0; n < 80; n++) {
			memset(area, 0, sizeof(area));
			memset(area + at, 0x5a, n);
			for (size_t i = 0; i < sizeof(area); i++) {
				WB_ASSERT_EQ(area[i],
					     i >= at && i < at + n ? 0x5a : 0);
			}
		}
	}
}

WBOX_TEST(string_compares, "string: comparison and search")
{
	WB_ASSERT(memcmp("abcdefgh1", "abcdefgh2", 8) == 0);
	WB_ASSERT(memcmp("abcdefgh1", "abcdefgh2", 9) < 0);
	WB_ASSERT(strcmp("a\xff", "a") > 0);
	WB_ASSERT(strstr("hypervisor", "visor") != NULL);
	WB_ASSERT_EQ(strnlen("four", 3), 3);
}

WBOX_TEST(printf_formats, "printf: what the log and the terminal rely on")
{
	char buf[64];

	WB_ASSERT_EQ(snprintf(buf, sizeof(buf), "%d|%5u|%-5u|%05x|%#llx", -7,
			      42U, 42U, 0xabU, 0x1122334455667788ULL),
		     39);
	WB_ASSERT(strcmp(buf, "-7|   42|42   |000ab|0x1122334455667788") == 0);
	WB_ASSERT_EQ(snprintf(buf, 4, "%s", "longer"), 6);
	WB_ASSERT(strcmp(buf, "lon") == 0);
}

struct item {
	unsigned int value;
	struct list node;
};

WBOX_TEST(list_order, "list: order is kept over insertion and removal")
{
	struct item items[4] = {
		{ .value = 0 }, { .value = 1 }, { .value = 2 }, { .value = 3 }
	};
	struct list l;
	struct item *it;
	unsigned int sum = 0;

	list_init(&l);
	WB_ASSERT(list_empty(&l));
	list_append(&l, &items[1].node);
	list_append(&l, &items[2].node);
	list_push(&l, &items[0].node);
	list_append(&l, &items[3].node);
	list_remove(&items[2].node);
	list_remove(&items[2].node);
	list_for_each(it, &l, node) {
		sum = sum * 10 + it->value;
	}
	WB_ASSERT_EQ(sum, 13);
}

WBOX_TEST(bitmap_ranges, "bitmap: ranges cross words")
{
	uint64_t BITMAP(map, 130) = { 0 };

	bitmap_set_range(map, 60, 10);
	for (size_t bit = 0; bit < 130; bit++) {
		WB_ASSERT(bitmap_test(map, bit) == (bit >= 60 && bit < 70));
	}
}
