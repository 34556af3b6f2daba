/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small workloads for Linux guests, and timing them. Bare system calls, so that
 * only the kernel is measured.
 *
 *	load boot			time since kernel start and power-on
 *	load seed			add entropy, for a kernel without any
 *	load time NAME PROGRAM ARG...	how long a program takes
 *	load fifo PROGRAM ARG...	in strict order, so that runs are alike
 *	load pipe N			N times there and back between processes
 *	load sleep N			N short sleeps
 *	load spin N			N times two instructions
 *	load mark NAME			a series of that name begins
 *	load begin			a round of it begins
 *	load end			and ends
 *
 * Results are lines `work NAME NANOSECONDS`. Series and rounds are for a plugin
 * in QEMU (tests/plugins/<arch>/marks.h), which has the results.
 */
#include <marks.h>
#include <program.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_MONOTONIC 1
#define CLOCK_BOOTTIME 7
#define SIGCHLD 17
#define SCHED_FIFO 1
#define SLEEP_NS 100000
#define AT_FDCWD ((uint64_t)-100)
#define O_WRONLY 1
#define RNDADDENTROPY 0x40085203

struct timespec {
	int64_t sec, nsec;
};

static void leave(int status) __attribute__((noreturn));
static void leave(int status)
{
	for (;;) {
		program_call(SYS_EXIT, (uint64_t)status, 0, 0, 0);
	}
}

static uint64_t clock(unsigned int which)
{
	struct timespec t = { 0 };

	program_call(SYS_CLOCK_GETTIME, which, (uint64_t)&t, 0, 0);
	return (uint64_t)t.sec * 1000000000u + (uint64_t)t.nsec;
}

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n]) {
		n++;
	}
	return n;
}

static void put(const char *s)
{
	program_call(SYS_WRITE, 1, (uint64_t)s, length(s), 0);
}

static void report(const char *name, uint64_t ns)
{
	char digits[24];
	char *p = digits + sizeof(digits);

	*--p = '\0';
	*--p = '\n';
	do {
		*--p = (char)('0' + ns % 10);
		ns /= 10;
	} while (ns);
	put("work ");
	put(name);
	put(" ");
	put(p);
}

static unsigned int number(const char *s)
{
	unsigned int n = 0;

	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (unsigned int)(*s - '0');
	}
	return n;
}

static int64_t fork(void)
{
	return program_call(SYS_CLONE, SIGCHLD, 0, 0, 0);
}

static int run_program(char **argv, char **env)
{
	program_call(SYS_EXECVE, (uint64_t)argv[0], (uint64_t)argv,
		     (uint64_t)env, 0);
	return 127;
}

static int run_in_order(char **argv, char **env)
{
	int priority = 1;

	program_call(SYS_SCHED_SETSCHEDULER, 0, SCHED_FIFO, (uint64_t)&priority,
		     0);
	return run_program(argv, env);
}

static int time_program(char **argv, char **env)
{
	uint64_t begin = clock(CLOCK_MONOTONIC);
	int64_t child = fork();
	uint32_t status = 0;

	if (child == 0) {
		leave(run_program(argv + 1, env));
	}
	program_call(SYS_WAIT4, (uint64_t)child, (uint64_t)&status, 0, 0);
	if (status != 0) {
		put(argv[0]);
		put(": failed\n");
		return 1;
	}
	report(argv[0], clock(CLOCK_MONOTONIC) - begin);
	return 0;
}

static int pass_back_and_forth(unsigned int n)
{
	int there[2], back[2];
	uint32_t status = 0;
	bool first;
	char c = 0;

	if (program_call(SYS_PIPE2, (uint64_t)there, 0, 0, 0) < 0 ||
	    program_call(SYS_PIPE2, (uint64_t)back, 0, 0, 0) < 0) {
		return 1;
	}
	first = fork() != 0;
	for (unsigned int i = 0; i < n; i++) {
		if (first) {
			program_call(SYS_WRITE, (uint64_t)there[1],
				     (uint64_t)&c, 1, 0);
		}
		program_call(SYS_READ, (uint64_t)(first ? back : there)[0],
			     (uint64_t)&c, 1, 0);
		if (!first) {
			program_call(SYS_WRITE, (uint64_t)back[1], (uint64_t)&c,
				     1, 0);
		}
	}
	if (first) {
		program_call(SYS_WAIT4, ~0ull, (uint64_t)&status, 0, 0);
	}
	return status != 0;
}

static int seed(void)
{
	static struct {
		int bits, bytes;
		uint8_t pool[64];
	} entropy = { .bits = 512, .bytes = 64 };
	int64_t fd = program_call(SYS_OPENAT, AT_FDCWD,
				  (uint64_t) "/dev/random", O_WRONLY, 0);

	return fd < 0 || program_call(SYS_IOCTL, (uint64_t)fd, RNDADDENTROPY,
				      (uint64_t)&entropy, 0) < 0;
}

static void series(const char *name)
{
	put("series ");
	put(name);
	put("\n");
	mark(MARK_SERIES);
}

/* A function of its own, for those that ask where time goes. */
__attribute__((noinline)) static int spin(uint64_t n)
{
	program_spin(n);
	return 0;
}

static int sleep_often(unsigned int n)
{
	struct timespec t = { 0, SLEEP_NS };

	for (unsigned int i = 0; i < n; i++) {
		program_call(SYS_NANOSLEEP, (uint64_t)&t, 0, 0, 0);
	}
	return 0;
}

void load_main(uint64_t *stack) __attribute__((noreturn, used));
void load_main(uint64_t *stack)
{
	uint64_t argc = stack[0];
	char **argv = (char **)(stack + 1);
	char what = argc > 1 ? argv[1][0] : '?';

	if (what == 'b' && argv[1][1] == 'o') {
		report("kernel", clock(CLOCK_BOOTTIME));
		report("boot", program_since_power());
		leave(0);
	}
	if (what == 't' && argc > 3) {
		leave(time_program(argv + 2, argv + argc + 1));
	}
	if (what == 'f' && argc > 2) {
		leave(run_in_order(argv + 2, argv + argc + 1));
	}
	if (what == 'p' && argc > 2) {
		leave(pass_back_and_forth(number(argv[2])));
	}
	if (what == 's' && argc == 2) {
		leave(seed());
	}
	if (what == 's' && argc > 2 && argv[1][1] == 'p') {
		leave(spin(number(argv[2])));
	}
	if (what == 's' && argc > 2) {
		leave(sleep_often(number(argv[2])));
	}
	if (what == 'm' && argc > 2) {
		series(argv[2]);
		leave(0);
	}
	if (what == 'b' && argv[1][1] == 'e') {
		mark(MARK_BEGIN);
		leave(0);
	}
	if (what == 'e') {
		mark(MARK_END);
		leave(0);
	}
	put("load: unknown command\n");
	leave(2);
}

PROGRAM_START(load_main);
