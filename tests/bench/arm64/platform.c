/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the measuring guest's device tree, and its console. */
#include <libfdt.h>
#include <string.h>

#include "micro.h"

#define PSCI_SYSTEM_OFF 0x84000008u

struct platform platform;

static uint64_t cells(const fdt32_t *p, int n)
{
	uint64_t v = 0;

	while (n--) {
		v = v << 32 | fdt32_to_cpu(*p++);
	}
	return v;
}

/* Entry `index` of a node directly below the root or one level deeper with
 * an empty ranges: addresses as the root has them. */
static uint64_t reg(const void *fdt, int node, int index, uint64_t *size)
{
	int parent = fdt_parent_offset(fdt, node);
	int ac = fdt_address_cells(fdt, parent);
	int sc = fdt_size_cells(fdt, parent);
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, "reg", &len);

	if (!p || len < (index + 1) * (ac + sc) * 4) {
		return 0;
	}
	p += index * (ac + sc);
	if (size) {
		*size = cells(p + ac, sc);
	}
	return cells(p, ac);
}

static int find(const void *fdt, const char *const *compatible)
{
	int node = -1;

	for (; node < 0 && *compatible; compatible++) {
		node = fdt_node_offset_by_compatible(fdt, -1, *compatible);
	}
	return node;
}

static void find_cpus(const void *fdt)
{
	int cpus = fdt_path_offset(fdt, "/cpus");
	int ac = fdt_address_cells(fdt, cpus);
	int node;

	fdt_for_each_subnode(node, fdt, cpus) {
		const char *type = fdt_getprop(fdt, node, "device_type", NULL);
		const fdt32_t *p = fdt_getprop(fdt, node, "reg", NULL);

		if (!type || strcmp(type, "cpu") != 0 || !p) {
			continue;
		}
		if (platform.cpus++ == 1) {
			platform.second_mpidr = cells(p, ac);
		}
	}
}

/* Its registers are behind the window. */
static void find_doorbell(const void *fdt)
{
	static const char *const windows[] = { "socle,shared-memory", NULL };
	int node = find(fdt, windows);
	const fdt32_t *p = NULL;
	int len = 0;

	if (node >= 0) {
		p = fdt_getprop(fdt, node, "interrupts", &len);
	}
	if (p && len >= 8) {
		platform.doorbell = reg(fdt, node, 1, NULL);
		platform.doorbell_intid = 32 + fdt32_to_cpu(p[1]);
	}
}

/* The text after `name` in the boot arguments, up to a space, into buf. */
static void argument(const char *args, const char *name, char *buf, size_t size)
{
	const char *at = strstr(args, name);
	size_t n = 0;

	if (at) {
		for (at += strlen(name); *at && *at != ' ' && n + 1 < size;) {
			buf[n++] = *at++;
		}
	}
	buf[n] = '\0';
}

static void arguments(const void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen");
	const char *args = fdt_getprop(fdt, chosen, "bootargs", NULL);
	char rounds[12];

	if (!args) {
		return;
	}
	argument(args, "only=", platform.only, sizeof(platform.only));
	argument(args, "rounds=", rounds, sizeof(rounds));
	for (const char *p = rounds; *p >= '0' && *p <= '9'; p++) {
		platform.rounds = platform.rounds * 10 + (uint32_t)(*p - '0');
	}
}

void platform_init(const void *fdt)
{
	static const char *const uarts[] = { "arm,pl011", "arm,sbsa-uart",
					     NULL };
	static const char *const v2[] = { "arm,gic-400", "arm,cortex-a15-gic",
					  NULL };
	static const char *const v3[] = { "arm,gic-v3", NULL };
	static const char *const pscis[] = { "arm,psci-1.0", "arm,psci-0.2",
					     NULL };
	int node = find(fdt, uarts);
	const char *method;

	if (node >= 0) {
		platform.uart = reg(fdt, node, 0, NULL);
	}
	node = find(fdt, v2);
	if (node >= 0) {
		platform.gicc = reg(fdt, node, 1, NULL);
	} else {
		node = find(fdt, v3);
		platform.gicr = reg(fdt, node, 1, NULL);
	}
	platform.gicd = reg(fdt, node, 0, NULL);
	node = find(fdt, pscis);
	method = fdt_getprop(fdt, node, "method", NULL);
	platform.hvc = !method || strcmp(method, "hvc") == 0;
	find_cpus(fdt);
	find_doorbell(fdt);
	arguments(fdt);
	node = fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory",
					     7);
	if (node >= 0) {
		platform.ram = reg(fdt, node, 0, &platform.ram_size);
	}
}

int64_t psci(uint64_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	register uint64_t r0 __asm__("x0") = fn;
	register uint64_t r1 __asm__("x1") = a1;
	register uint64_t r2 __asm__("x2") = a2;
	register uint64_t r3 __asm__("x3") = a3;

	if (platform.hvc) {
		__asm__ volatile("hvc #0"
				 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
				 :
				 : "memory");
	} else {
		__asm__ volatile("smc #0"
				 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
				 :
				 : "memory");
	}
	return (int64_t)r0;
}

static void putc(char c)
{
	while (read32(platform.uart + 0x18) & 0x20) {}
	write32(platform.uart, (uint8_t)c);
}

void put(const char *s)
{
	for (; *s; s++) {
		if (*s == '\n') {
			putc('\r');
		}
		putc(*s);
	}
}

void put_number(uint64_t v)
{
	char buf[24];
	char *p = buf + sizeof(buf);

	*--p = '\0';
	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	put(p);
}

/* What libfdt's stack protector refers to. */
extern uintptr_t __stack_chk_guard;
uintptr_t __stack_chk_guard = 0x5bd1e995a7c3f200;
void __stack_chk_fail(void) __attribute__((noreturn));
void __stack_chk_fail(void)
{
	for (;;) {}
}
