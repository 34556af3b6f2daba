/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base types, attributes and small arithmetic used by every file. */
#ifndef LIBS_TYPES_H
#define LIBS_TYPES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Distinct address types: mixing them is a compile error. */
typedef struct {
	uint64_t v;
} paddr_t; /* host physical address */
typedef struct {
	uint64_t v;
} ipa_t; /* guest (intermediate) physical */
typedef struct {
	uint64_t v;
} vaddr_t; /* hypervisor virtual address */

/* A set of cache colours, a bit for each (core/include/core/colour.h). */
typedef uint64_t colour_mask_t;

#define PADDR(x) ((paddr_t){ (x) })
#define IPA(x) ((ipa_t){ (x) })
#define VADDR(x) ((vaddr_t){ (x) })

#define PAGE_SHIFT 12
#define PAGE_SIZE (UINT64_C(1) << PAGE_SHIFT)
#define PAGE_MASK (PAGE_SIZE - 1)

#define KIB(x) ((uint64_t)(x) << 10)
#define MIB(x) ((uint64_t)(x) << 20)
#define GIB(x) ((uint64_t)(x) << 30)

#define BIT(n) (UINT64_C(1) << (n))
/* Bits h..l set, both inclusive. */
#define GENMASK(h, l) ((~UINT64_C(0) >> (63 - (h))) & (~UINT64_C(0) << (l)))
/* Extract bits h..l of x. */
#define FIELD(x, h, l) (((uint64_t)(x)&GENMASK(h, l)) >> (l))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))
#define ALIGN_UP(x, a) ALIGN_DOWN((x) + ((__typeof__(x))(a)-1), a)
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a)-1)) == 0)
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define container_of(ptr, type, member) \
	((type *)((uintptr_t)(ptr)-offsetof(type, member)))

#define __must_check __attribute__((warn_unused_result))
#define __aligned(n) __attribute__((aligned(n)))
#define __packed __attribute__((packed))
#define __section(s) __attribute__((section(s)))
/* For a large array without initial values: it is placed behind all other data,
 * so that the rest is near the code. */
#define __bulk __section(".sbss.bulk")
#define __used __attribute__((used))
#define __unused __attribute__((unused))
#define __noreturn __attribute__((noreturn))
#define __noinline __attribute__((noinline))
/* Seldom called: compiled for size, and apart from what is called often. */
#define __cold __attribute__((cold))
#define __printf(f, a) __attribute__((format(printf, f, a)))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* One access, neither torn, repeated nor elided by the compiler. */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, val) (*(volatile __typeof__(x) *)&(x) = (val))

/*
 * IS_ENABLED(CONFIG_X): 1 if autoconf.h defines CONFIG_X to 1, else 0; an
 * expression, so that disabled code is still compiled and then dropped.
 */
#define IS_ENABLED(x) IS_ENABLED_1(x)
#define IS_ENABLED_1(x) IS_ENABLED_2(IS_ENABLED_ARG_##x)
#define IS_ENABLED_2(...) IS_ENABLED_3(__VA_ARGS__ 1, 0, 0)
#define IS_ENABLED_3(ignored, val, ...) val
#define IS_ENABLED_ARG_1 0,

#endif
