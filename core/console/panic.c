/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Panic: report, stop every CPU, follow the policy. */
#include <arch/cpu.h>
#include <core/hostcon.h>
#include <core/ksym.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/smp.h>
#include <core/vcpu.h>
#include <core/version.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PANIC_LOG_LINES 16
#define PANIC_MAX_FRAMES 32

static enum panic_policy policy = PANIC_HALT;
static uint32_t panic_cpu; /* CPU + 1 that owns the report; 0: none */
static unsigned int frames;

void panic_set_policy(enum panic_policy p)
{
	policy = p;
}

static void __printf(1, 0) vemit(const char *fmt, va_list ap)
{
	static char line[256];
	int n = vsnprintf(line, sizeof(line), fmt, ap);

	if (n > 0) {
		hostcon_panic_write((const uint8_t *)line,
				    MIN((size_t)n, sizeof(line) - 1));
	}
}

void panic_printf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vemit(fmt, ap);
	va_end(ap);
}

void panic_begin(const char *fmt, ...)
{
	struct percpu *cpu = this_cpu();
	uint32_t me = cpu ? cpu->id + 1 : 1;
	uint32_t none = 0;
	va_list ap;

	arch_irq_disable();
	if (!__atomic_compare_exchange_n(&panic_cpu, &none, me, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		/* Another CPU reports, or this one failed while reporting. */
		arch_cpu_halt();
	}
	smp_stop_others();
	panic_printf("\n*** PANIC on CPU %u: ", me - 1);
	va_start(ap, fmt);
	vemit(fmt, ap);
	va_end(ap);
	panic_printf("\n");
}

static void emit_frame(uintptr_t pc)
{
	char name[KSYM_NAME_SIZE];
	uint64_t off = 0;

	if (frames++ >= PANIC_MAX_FRAMES) {
		return;
	}
	if (!ksym_lookup(pc, name, sizeof(name), &off)) {
		panic_printf("  %016llx ?\n", (unsigned long long)pc);
		return;
	}
	panic_printf("  %016llx %s+0x%llx\n", (unsigned long long)pc, name,
		     (unsigned long long)off);
}

static void emit_log(const char *s, size_t n)
{
	hostcon_panic_write((const uint8_t *)s, n);
}

void panic_end(uintptr_t pc, uintptr_t fp)
{
	const struct vcpu *v = this_cpu() ? vcpu_current() : NULL;
	char id[48];

	panic_printf("running: %s\n", v ? v->name : "(boot)");
	if (IS_ENABLED(CONFIG_BACKTRACE)) {
		panic_printf("backtrace:\n");
		if (pc) {
			emit_frame(pc);
		}
		arch_backtrace(fp, emit_frame);
	}
	panic_printf("version %s, build id %s\nlast log lines:\n",
		     version_string(), version_build_id(id, sizeof(id)));
	log_dump_tail(PANIC_LOG_LINES, emit_log);
	if (policy == PANIC_REBOOT) {
		panic_printf("rebooting (panic=reboot)\n");
		arch_system_reset();
	}
	panic_printf("halted (panic=halt)\n");
	arch_cpu_halt();
}

void panic(const char *fmt, ...)
{
	char text[192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	panic_begin("%s", text);
	arch_panic_registers((uintptr_t)__builtin_return_address(0));
	/* The record of this frame has the caller's address. */
	panic_end(0, (uintptr_t)__builtin_frame_address(0));
}

void assert_failed(const char *cond, const char *file, int line)
{
	panic_begin("assertion failed: %s at %s:%d", cond, file, line);
	arch_panic_registers((uintptr_t)__builtin_return_address(0));
	panic_end(0, (uintptr_t)__builtin_frame_address(0));
}
