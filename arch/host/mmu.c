/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host: physical memory and the hypervisor's address space, by mmap. */
#define _GNU_SOURCE
#include <arch/mmu.h>
#include <arch/mmu_path.h>
#include <arch_impl/host_ram.h>
#include <libs/error.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef __SANITIZE_ADDRESS__
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif

/* A mapping in the window. */
struct mapping {
	uint64_t va, size, pa;
	enum mmu_prot prot;
	struct mapping *next;
};

uint64_t host_window;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mapping *mappings;

__attribute__((constructor(160))) static void host_window_init(void)
{
	/* The use links memory_given.c, if the test is not without it. */
	if (!host_memory_given) {
		host_die("host_memory_given");
	}
	host_window = (uintptr_t)host_reserve(MMU_WINDOW_SIZE);
}

#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>

void arch_mem_poison(const void *p, size_t size)
{
	ASAN_POISON_MEMORY_REGION(p, size);
}

void arch_mem_unpoison(const void *p, size_t size)
{
	ASAN_UNPOISON_MEMORY_REGION(p, size);
}
#else
void arch_mem_poison(const void *p, size_t size)
{
	(void)p;
	(void)size;
}

void arch_mem_unpoison(const void *p, size_t size)
{
	(void)p;
	(void)size;
}
#endif

void arch_zero_pages(void *va, size_t size)
{
	memset(va, 0, size);
}

void arch_zero_memory(void *va, size_t size)
{
	memset(va, 0, size);
}

void arch_cache_clean_inval(const void *va, size_t size)
{
	(void)va;
	(void)size;
}

size_t arch_cache_granule(void)
{
	return 64;
}

void arch_cache_sync_icache(const void *va, size_t size)
{
	(void)va;
	(void)size;
}

void arch_icache_forget(void)
{
}

/*
 * Registers of a test's device live in its fake physical memory, which can
 * always be accessed. What is mapped is recorded, a bit a page, and
 * arch_mmu_lookup() tells.
 */
static uint64_t device_pages[HOST_PHYS_SIZE / PAGE_SIZE / 64];

static void mark_device(paddr_t pa, uint64_t size, bool mapped)
{
	uint64_t end = MIN(pa.v + size, HOST_PHYS_SIZE);

	pthread_mutex_lock(&lock);
	for (uint64_t at = ALIGN_DOWN(pa.v, PAGE_SIZE); at < end;
	     at += PAGE_SIZE) {
		uint64_t page = at / PAGE_SIZE;

		device_pages[page / 64] &= ~BIT(page % 64);
		device_pages[page / 64] |= (uint64_t)mapped << page % 64;
	}
	pthread_mutex_unlock(&lock);
}

static bool is_device(uint64_t phys)
{
	uint64_t page = phys / PAGE_SIZE;

	return phys < HOST_PHYS_SIZE &&
	       (device_pages[page / 64] >> page % 64 & 1) != 0;
}

static bool in_window(uint64_t va, uint64_t size)
{
	return ((va | size) & PAGE_MASK) == 0 && size &&
	       va >= MMU_WINDOW_BASE &&
	       va - MMU_WINDOW_BASE <= MMU_WINDOW_SIZE &&
	       size <= MMU_WINDOW_SIZE - (va - MMU_WINDOW_BASE);
}

static struct mapping *find(uint64_t va, uint64_t size)
{
	for (struct mapping *m = mappings; m; m = m->next) {
		if (va < m->va + m->size && m->va < va + size) {
			return m;
		}
	}
	return NULL;
}

/* Nothing is executed here: RX is checked by arch_mmu_lookup() only. */
static int host_prot(enum mmu_prot prot)
{
	return prot == MMU_RO || prot == MMU_RX ? PROT_READ
						: PROT_READ | PROT_WRITE;
}

static int map_locked(uint64_t va, uint64_t pa, uint64_t size,
		      enum mmu_prot prot)
{
	struct mapping *m;

	if (find(va, size)) {
		return -ERR_EXIST;
	}
	m = malloc(sizeof(*m));
	if (!m) {
		return -ERR_NOMEM;
	}
	if (mmap((void *)(uintptr_t)va, size, host_prot(prot),
		 MAP_SHARED | MAP_FIXED, host_ram_fd,
		 (off_t)pa) == MAP_FAILED) {
		host_die("mmap");
	}
	*m = (struct mapping){ va, size, pa, prot, mappings };
	mappings = m;
	return 0;
}

int arch_mmu_map(vaddr_t va, paddr_t pa, uint64_t size, enum mmu_prot prot)
{
	int err;

	if (!in_window(va.v, size) || (pa.v & PAGE_MASK)) {
		return -ERR_INVAL;
	}
	pthread_mutex_lock(&lock);
	err = map_locked(va.v, pa.v, size, prot);
	pthread_mutex_unlock(&lock);
	return err;
}

/* Whole mappings only, which is what the portable code does. */
int arch_mmu_unmap(vaddr_t va, uint64_t size)
{
	struct mapping **at, *m;

	if (!in_window(va.v, size)) {
		return -ERR_INVAL;
	}
	pthread_mutex_lock(&lock);
	for (at = &mappings; (m = *at) != NULL;) {
		if (m->va < va.v || m->va + m->size > va.v + size) {
			at = &m->next;
			continue;
		}
		*at = m->next;
		free(m);
	}
	if (find(va.v, size) ||
	    mmap((void *)(uintptr_t)va.v, size, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
		 0) == MAP_FAILED) {
		host_die("arch_mmu_unmap");
	}
	pthread_mutex_unlock(&lock);
	return 0;
}

int arch_mmu_protect(vaddr_t va, uint64_t size, enum mmu_prot prot)
{
	struct mapping *m;
	int err = -ERR_NOENT;

	pthread_mutex_lock(&lock);
	m = find(va.v, size);
	if (m && m->va == va.v && m->size == size) {
		m->prot = prot;
		err = mprotect((void *)(uintptr_t)va.v, size, host_prot(prot))
			      ? -ERR_NOMEM
			      : 0;
	}
	pthread_mutex_unlock(&lock);
	return err;
}

int arch_mmu_lookup(vaddr_t va, paddr_t *pa, enum mmu_prot *prot)
{
	uint64_t phys = va.v - (uintptr_t)host_phys;
	enum mmu_prot found = MMU_DEVICE;
	struct mapping *m;
	int err = -ERR_FAULT;

	pthread_mutex_lock(&lock);
	m = find(va.v, 1);
	if (m) {
		*pa = PADDR(m->pa + (va.v - m->va));
		found = m->prot;
		err = 0;
	} else if (is_device(phys)) {
		*pa = PADDR(phys);
		err = 0;
	}
	if (err == 0 && prot) {
		*prot = found;
	}
	pthread_mutex_unlock(&lock);
	return err;
}

/* The window alone, an entry a page; there are no tables. */
bool arch_mmu_path(vaddr_t va, struct mmu_path *out)
{
	enum mmu_prot prot;

	if (va.v - host_window >= MMU_WINDOW_SIZE) {
		return false;
	}
	*out = (struct mmu_path){ .base = ALIGN_DOWN(va.v, PAGE_SIZE),
				  .size = PAGE_SIZE };
	out->mapped = arch_mmu_lookup(VADDR(out->base), &out->pa, &prot) == 0;
	out->ram = out->mapped && prot != MMU_DEVICE;
	return true;
}

uint64_t host_window_mapped(void)
{
	uint64_t sum = 0;

	pthread_mutex_lock(&lock);
	for (struct mapping *m = mappings; m; m = m->next) {
		sum += m->size;
	}
	pthread_mutex_unlock(&lock);
	return sum;
}

volatile void *arch_mmu_map_device(paddr_t pa, uint64_t size)
{
	if (size == 0 || pa.v >= HOST_PHYS_SIZE) {
		return NULL;
	}
	mark_device(pa, size, true);
	return arch_phys_to_virt(pa);
}

void arch_mmu_unmap_device(paddr_t pa, uint64_t size)
{
	mark_device(pa, size, false);
}
