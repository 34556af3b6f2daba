/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's address space, as mapped on this machine. */
#include <arch/boot.h>
#include <arch/mmu.h>
#include <arch_impl/cpu.h>
#include <arch_impl/pgtable.h>
#include <arch_impl/sections.h>
#include <core/dt.h>
#include <core/page.h>
#include <core/thread.h>
#include <core/wbox.h>
#include <core/window.h>
#include <libs/error.h>
#include <string.h>

#include "arch/arm64/mmu/pte.h"

static uint64_t *root(void)
{
	return arch_phys_to_virt(
		PADDR(read_sysreg(ttbr0_el2) & GENMASK(47, 12)));
}

static uint64_t sum(const uint8_t *p, size_t n)
{
	uint64_t s = 0;

	while (n--) {
		s += *p++;
	}
	return s;
}

/* Every leaf of the tables, with the address it maps. */
struct visit {
	uint64_t leaves, executable, writable_executable, text_not_executable;
};

/* The code, and its first page at the physical address. */
static bool is_text(uint64_t va)
{
	return (va >= (uint64_t)__text_start && va < (uint64_t)__text_end) ||
	       va - mmu_image_loaded().v < PAGE_SIZE;
}

static void visit_leaf(struct visit *v, uint64_t pte, uint64_t va)
{
	bool exec = (pte & PTE_XN) == 0;

	v->leaves++;
	v->executable += exec;
	v->writable_executable += exec && !(pte & PTE_S1_RO);
	v->text_not_executable += exec != is_text(va);
}

static void visit_table(struct visit *v, const uint64_t *table,
			unsigned int level, uint64_t va)
{
	for (unsigned int i = 0; i < PTE_COUNT; i++) {
		uint64_t at = va + i * pte_span(level);
		uint64_t pte = table[i];

		if (pte_is_table(pte, level)) {
			visit_table(v, arch_phys_to_virt(PADDR(pte_addr(pte))),
				    level + 1, at);
		} else if (pte_is_valid(pte)) {
			visit_leaf(v, pte, at);
		}
	}
}

WBOX_TEST(mmu_wx, "mmu: nothing is writable and executable")
{
	struct visit v = { 0 };

	visit_table(&v, root(), 0, 0);
	WB_ASSERT(v.leaves > 0);
	WB_ASSERT(v.writable_executable == 0);
	/* Text, all of it, page by page; and nothing else. */
	WB_ASSERT(v.text_not_executable == 0);
	WB_ASSERT(v.executable ==
		  (uint64_t)(__text_end - __text_start) / PAGE_SIZE + 1);
}

/* Asks the CPU about an access without making it. */
static bool at_va(uint64_t va, bool write)
{
	unsigned long flags = arch_irq_save();
	uint64_t par;

	if (write) {
		__asm__ volatile("at s1e2w, %0" : : "r"(va) : "memory");
	} else {
		__asm__ volatile("at s1e2r, %0" : : "r"(va) : "memory");
	}
	isb();
	par = read_sysreg(par_el1);
	arch_irq_restore(flags);
	return (par & 1) == 0;
}

static bool at_ok(const void *p, bool write)
{
	return at_va((uintptr_t)p, write);
}

/* The last byte before a section's end. */
static bool at_last(const char *end, bool write)
{
	return at_va((uintptr_t)end - 1, write);
}

WBOX_TEST(mmu_sections, "mmu: sections have their rights")
{
	static uint64_t data = 1;

	WB_ASSERT(at_ok(__text_start, false));
	WB_ASSERT(!at_ok(__text_start, true));
	WB_ASSERT(!at_last(__text_end, true));
	WB_ASSERT(at_ok(__rodata_start, false));
	WB_ASSERT(!at_ok(__rodata_start, true));
	WB_ASSERT(!at_last(__rodata_end, true));
	WB_ASSERT(at_ok(&data, true));
	WB_ASSERT(at_last(__tables_start, true));
	WB_ASSERT(at_last(__image_start + image_size(), true));
	WB_ASSERT(!at_ok(__tables_start, false));
	/* The boot stack has nothing below it. */
	WB_ASSERT(at_ok(__boot_stack, true));
	WB_ASSERT(!at_last(__boot_stack, false));
	/* At their physical addresses nothing of them is written. */
	WB_ASSERT(!at_va(arch_virt_to_phys(&data).v, true));
	WB_ASSERT(!at_va(arch_virt_to_phys(__text_start).v, true));
	/* SCTLR_EL2: M, C, SA, I, WXN. */
	WB_ASSERT((read_sysreg(sctlr_el2) & SCTLR_EL2_MMU) == SCTLR_EL2_MMU);
	WB_ASSERT(read_sysreg(mair_el2) == MAIR_VALUE);
}

WBOX_TEST(mmu_null, "mmu: address 0 is not mapped")
{
	paddr_t pa;

	WB_ASSERT(arch_mmu_lookup(VADDR(0), &pa, NULL) == -ERR_FAULT);
	WB_ASSERT(!at_ok(NULL, false));
}

WBOX_TEST(mmu_guard, "mmu: stacks have guard pages")
{
	uint8_t *s = stack_alloc();
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	WB_ASSERT(s);
	WB_ASSERT(at_ok(s, true));
	WB_ASSERT(at_ok(s + CONFIG_STACK_SIZE - 1, true));
	WB_ASSERT(!at_ok(s - 1, false));
	WB_ASSERT(!at_ok(s - CONFIG_STACK_SIZE, false));
	WB_ASSERT(!at_ok(s + CONFIG_STACK_SIZE, false));
	WB_ASSERT(sum(s, CONFIG_STACK_SIZE) == 0);
	s[0] = 1;
	stack_free(s);
	WB_ASSERT(!at_ok(s, false));
	/* Nor can the guard below this test's own stack be accessed. */
	WB_ASSERT(here >= MMU_WINDOW_BASE);
	here = ALIGN_DOWN(here, (uintptr_t)WINDOW_SLOT);
	WB_ASSERT(!at_ok((void *)(here + CONFIG_STACK_SIZE - 1), false));
	WB_ASSERT(at_ok((void *)(here + CONFIG_STACK_SIZE), true));
}

WBOX_TEST(mmu_map_unmap, "mmu: map, protect, unmap")
{
	vaddr_t va;
	paddr_t pa, found;
	enum mmu_prot prot;
	uint8_t *p, *alias;

	WB_ASSERT(page_alloc_zeroed(&pa, 1, PAGE_ANY_COLOUR) == 0);
	WB_ASSERT(window_alloc(&va, 2 * PAGE_SIZE) == 0);
	p = arch_phys_to_virt(pa);
	alias = arch_phys_to_virt(PADDR(va.v));
	WB_ASSERT(arch_mmu_map(va, pa, 2 * PAGE_SIZE, MMU_RW) == 0);
	WB_ASSERT(arch_mmu_map(va, pa, PAGE_SIZE, MMU_RW) == -ERR_EXIST);
	alias[PAGE_SIZE + 3] = 77;
	WB_ASSERT(p[PAGE_SIZE + 3] == 77);
	WB_ASSERT(arch_mmu_protect(va, PAGE_SIZE, MMU_RO) == 0);
	WB_ASSERT(!at_ok(alias, true));
	WB_ASSERT(at_ok(alias + PAGE_SIZE, true));
	WB_ASSERT(arch_mmu_lookup(VADDR(va.v + 5), &found, &prot) == 0 &&
		  found.v == pa.v + 5 && prot == MMU_RO);
	WB_ASSERT(arch_mmu_unmap(va, 2 * PAGE_SIZE) == 0);
	WB_ASSERT(!at_ok(alias, false));
	window_free(va, 2 * PAGE_SIZE);
	page_free(pa, 1);
}

/* What happens to a module: written, made executable, run, removed. */
WBOX_TEST(mmu_execute, "mmu: written code runs once it is executable")
{
	/* mov w0, #42; ret -- after a landing pad */
	static const uint32_t code[] = { 0xd503245f, 0x52800540, 0xd65f03c0 };
	vaddr_t va;
	paddr_t pa;
	uint32_t *p;
	int (*fn)(void);

	WB_ASSERT(page_alloc_zeroed(&pa, 0, PAGE_ANY_COLOUR) == 0);
	WB_ASSERT(window_alloc(&va, PAGE_SIZE) == 0);
	p = arch_phys_to_virt(pa);
	for (unsigned int i = 0; i < ARRAY_SIZE(code); i++) {
		p[i] = code[i];
	}
	arch_cache_sync_icache(p, sizeof(code));
	WB_ASSERT(arch_mmu_map(va, pa, PAGE_SIZE, MMU_RX) == 0);
	fn = (int (*)(void))va.v;
	WB_ASSERT(fn() == 42);
	WB_ASSERT(!at_ok((void *)va.v, true));
	WB_ASSERT(arch_mmu_unmap(va, PAGE_SIZE) == 0);
	window_free(va, PAGE_SIZE);
	page_free(pa, 0);
}

/* Memory for guests is zeroed; what lies next to it does not change. */
WBOX_TEST(mmu_zero, "mmu: memory is zeroed past the caches")
{
	const unsigned int order = 10;
	const uint64_t size = PAGE_SIZE << order;
	paddr_t pa;
	uint64_t *p;

	WB_ASSERT(page_alloc(&pa, order, PAGE_ANY_COLOUR) == 0);
	p = arch_phys_to_virt(pa);
	memset(p, 0x5a, size);
	arch_zero_memory(p, size / 2);
	arch_zero_memory((uint8_t *)p + size / 2, PAGE_SIZE);
	for (uint64_t at = 0; at < size; at += sizeof(*p)) {
		uint64_t want = at < size / 2 + PAGE_SIZE
					? 0
					: UINT64_C(0x5a5a5a5a5a5a5a5a);

		if (p[at / sizeof(*p)] != want) {
			wbox_fail(w, __FILE__, __LINE__, "zero or not");
			break;
		}
	}
	page_free(pa, order);
}

WBOX_TEST(mmu_device, "mmu: RAM does not become a device")
{
	paddr_t pa;

	WB_ASSERT(page_alloc(&pa, 0, PAGE_ANY_COLOUR) == 0);
	WB_ASSERT(!arch_mmu_map_device(pa, PAGE_SIZE));
	page_free(pa, 0);
	WB_ASSERT(!arch_mmu_map_device(PADDR(MMU_WINDOW_BASE), PAGE_SIZE));
	WB_ASSERT(!arch_mmu_map_device(PADDR(~UINT64_C(0) - 10), 64));
	WB_ASSERT(!arch_mmu_map_device(PADDR(0x1000), 0));
}

/* A page of no device and no RAM, below 1 GiB. */
#define UNUSED_PAGE 0x3f000000

WBOX_TEST(mmu_unmap_device, "mmu: registers are unmapped")
{
	vaddr_t va = VADDR((uintptr_t)arch_phys_to_virt(PADDR(UNUSED_PAGE)));
	enum mmu_prot prot;
	paddr_t pa;

	WB_ASSERT(arch_mmu_lookup(va, &pa, NULL) == -ERR_FAULT);
	WB_ASSERT(arch_mmu_map_device(PADDR(UNUSED_PAGE + 8), 8));
	WB_ASSERT(arch_mmu_lookup(va, &pa, &prot) == 0 && prot == MMU_DEVICE);
	WB_ASSERT(at_ok((void *)va.v, false));
	arch_mmu_unmap_device(PADDR(UNUSED_PAGE), PAGE_SIZE);
	WB_ASSERT(arch_mmu_lookup(va, &pa, NULL) == -ERR_FAULT);
	WB_ASSERT(!at_ok((void *)va.v, false));
	/* Twice does no harm. */
	arch_mmu_unmap_device(PADDR(UNUSED_PAGE), PAGE_SIZE);
}

/* The early console's page stays: a panic writes there. */
WBOX_TEST(mmu_console_stays, "mmu: the early console stays mapped")
{
	struct dt_chosen chosen;
	uint64_t size;
	paddr_t pa, found;
	vaddr_t va;

	dt_get_chosen(&chosen);
	WB_ASSERT(dt_reg(chosen.stdout_node, 0, &pa, &size) == 0);
	va = VADDR((uintptr_t)arch_phys_to_virt(pa));
	WB_ASSERT(arch_mmu_lookup(va, &found, NULL) == 0);
	arch_mmu_unmap_device(PADDR(ALIGN_DOWN(pa.v, PAGE_SIZE)), PAGE_SIZE);
	WB_ASSERT(arch_mmu_lookup(va, &found, NULL) == 0 && found.v == pa.v);
}

/* enable.S: as many address bits as the CPU has, but 48 at most. */
WBOX_TEST(mmu_address_size, "mmu: TCR_EL2.PS is the CPU's PARange")
{
	uint64_t range = FIELD(read_sysreg(id_aa64mmfr0_el1), 3, 0);

	WB_ASSERT(FIELD(read_sysreg(tcr_el2), 18, 16) ==
		  MIN(range, (uint64_t)PARANGE_48));
	WB_ASSERT(arch_boot_ram_limit() ==
		  MIN(BIT(parange_bits((unsigned int)range)), MMU_WINDOW_BASE));
}
