/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages, heap, pools and stage 2 on this machine, while everything else runs.
 */
#include <arch/mmu.h>
#include <arch/stage2.h>
#include <core/heap.h>
#include <core/page.h>
#include <core/thread.h>
#include <core/wbox.h>
#include <libs/error.h>
#include <string.h>

#define LIVE 64

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static uint64_t used_pages(void)
{
	struct page_stats st;

	heap_trim();
	page_get_stats(&st);
	return st.hypervisor + st.guests;
}

static bool all_zero(const uint64_t *p, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes / sizeof(*p); i++) {
		if (p[i]) {
			return false;
		}
	}
	return true;
}

static bool fill(struct wbox *w, paddr_t pa, uint64_t bytes)
{
	uint64_t *p = arch_phys_to_virt(pa);
	bool ok = all_zero(p, bytes);

	if (!ok) {
		wbox_fail(w, __FILE__, __LINE__, "not zeroed");
	}
	memset(p, 0x5a, bytes);
	return ok;
}

WBOX_TEST(page_stress, "page: random blocks are apart and zeroed")
{
	struct {
		paddr_t pa;
		unsigned int order;
		bool live;
	} b[LIVE] = { 0 };
	uint64_t before = used_pages(), x = 88172645463325252;

	for (unsigned int i = 0; i < 4000; i++) {
		unsigned int n = (unsigned int)(next_random(&x) % LIVE);

		if (b[n].live) {
			page_free(b[n].pa, b[n].order);
			b[n].live = false;
			continue;
		}
		b[n].order = (unsigned int)(next_random(&x) % 5);
		WB_ASSERT(page_alloc_zeroed(&b[n].pa, b[n].order,
					    PAGE_ANY_COLOUR) == 0);
		b[n].live = true;
		(void)fill(w, b[n].pa, PAGE_SIZE << b[n].order);
	}
	for (unsigned int n = 0; n < LIVE; n++) {
		if (b[n].live) {
			page_free(b[n].pa, b[n].order);
		}
	}
	WB_ASSERT(used_pages() == before);
}

static void heap_churn(struct wbox *w, uint64_t x)
{
	struct {
		uint8_t *p;
		size_t size;
	} live[LIVE] = { 0 };

	for (unsigned int i = 0; i < 4000; i++) {
		unsigned int n = (unsigned int)(next_random(&x) % LIVE);
		size_t size = next_random(&x) % (i % 9 ? 600 : 9000) + 1;

		if (live[n].p) {
			if (live[n].p[0] != (uint8_t)n ||
			    live[n].p[live[n].size - 1] != (uint8_t)n) {
				wbox_fail(w, __FILE__, __LINE__,
					  "heap object overwritten");
			}
			heap_free(live[n].p);
			live[n].p = NULL;
			continue;
		}
		live[n].p = heap_alloc(size);
		if (!live[n].p) {
			wbox_fail(w, __FILE__, __LINE__, "out of memory");
			continue;
		}
		live[n].size = size;
		memset(live[n].p, (int)n, size);
	}
	for (unsigned int n = 0; n < LIVE; n++) {
		heap_free(live[n].p);
	}
}

WBOX_TEST(heap_stress, "heap: random objects keep their contents")
{
	uint64_t before = used_pages();

	heap_churn(w, 12345);
	WB_ASSERT(used_pages() == before);
}

static struct wbox thread_run[4];

static void churn_thread(void *arg)
{
	unsigned int n = (unsigned int)(uintptr_t)arg;

	heap_churn(&thread_run[n], 777 + n);
}

/* On all CPUs at once, and every page comes back. */
WBOX_TEST(heap_threads, "heap: threads at once, every page comes back")
{
	static const struct thread_attr attr = {
		.name = "wbox-heap",
		.priority = 3,
		.joinable = true,
	};
	struct vcpu *t[ARRAY_SIZE(thread_run)];
	uint64_t before = used_pages();
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(t); n++) {
		thread_run[n] = (struct wbox){ 0 };
		if (thread_create(&t[n], &attr, churn_thread,
				  (void *)(uintptr_t)n)) {
			break;
		}
	}
	WB_ASSERT(n == ARRAY_SIZE(t));
	while (n--) {
		thread_join(t[n]);
		WB_ASSERT(!thread_run[n].failed);
	}
	WB_ASSERT(used_pages() == before);
}

WBOX_TEST(stack_cycles, "stack: every page comes back")
{
	uint64_t before = used_pages();

	for (unsigned int i = 0; i < 200; i++) {
		uint8_t *s = stack_alloc();

		WB_ASSERT(s);
		memset(s, 1, CONFIG_STACK_SIZE);
		stack_free(s);
	}
	WB_ASSERT(used_pages() == before);
}

/* This CPU's table walk agrees with the lookup in software. */
WBOX_TEST(stage2_map_unmap, "stage2: map, unmap, look up")
{
	uint64_t before = used_pages();
	struct stage2_stats st;
	enum stage2_prot prot;
	struct stage2 s2;
	paddr_t pa;

	WB_ASSERT(stage2_init(&s2, 32, PAGE_ANY_COLOUR) == 0);
	WB_ASSERT(stage2_map(&s2, IPA(GIB(1)), PADDR(GIB(1)), GIB(2),
			     STAGE2_RWX) == 0);
	WB_ASSERT(stage2_map(&s2, IPA(GIB(2)), PADDR(0), PAGE_SIZE,
			     STAGE2_RW) == -ERR_EXIST);
	WB_ASSERT(stage2_map(&s2, IPA(GIB(4)), PADDR(0), PAGE_SIZE,
			     STAGE2_RW) == -ERR_RANGE);
	WB_ASSERT(stage2_map(&s2, IPA(0x9000000), PADDR(0x9000000), PAGE_SIZE,
			     STAGE2_DEVICE) == 0);
	WB_ASSERT(stage2_unmap(&s2, IPA(GIB(1) + MIB(4)), PAGE_SIZE) == 0);
	WB_ASSERT(stage2_lookup(&s2, IPA(GIB(1) + MIB(4)), &pa, NULL) ==
		  -ERR_FAULT);
	WB_ASSERT(stage2_lookup(&s2, IPA(GIB(2) + 123), &pa, &prot) == 0 &&
		  pa.v == GIB(2) + 123 && prot == STAGE2_RWX);
	WB_ASSERT(stage2_lookup(&s2, IPA(0x9000008), &pa, &prot) == 0 &&
		  prot == STAGE2_DEVICE);
	stage2_get_stats(&s2, &st);
	WB_ASSERT(st.blocks_2m == 1023 &&
		  st.runs_64k * 16 + st.pages_4k == 512);
	stage2_fini(&s2);
	WB_ASSERT(used_pages() == before);
	WB_ASSERT(stage2_init(&s2, stage2_max_ipa_bits() + 1,
			      PAGE_ANY_COLOUR) == -ERR_RANGE);
	for (unsigned int bits = 32; bits <= stage2_max_ipa_bits(); bits++) {
		uint64_t last = BIT(bits) - PAGE_SIZE;

		WB_ASSERT(stage2_init(&s2, stage2_ipa_bits(last + 1),
				      PAGE_ANY_COLOUR) == 0);
		WB_ASSERT(stage2_map(&s2, IPA(last), PADDR(GIB(1)), PAGE_SIZE,
				     STAGE2_RWX) == 0);
		WB_ASSERT(stage2_lookup(&s2, IPA(last + 8), &pa, NULL) == 0 &&
			  pa.v == GIB(1) + 8);
		stage2_fini(&s2);
		WB_ASSERT(used_pages() == before);
	}
}
