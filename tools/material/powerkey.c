/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waits for the machine's power key, then becomes the program that is named:
 *	powerkey PROGRAM [ARG...]
 * Kernels with gpio-keys give the key as an input device. Debian's kernel for
 * clouds has no such driver, but does have the GPIO's: there it is read from
 * the line, number 3 as on QEMU's virt machine. Where there is neither it ends.
 * Bare system calls: the guest's system has no C library.
 */
#include <program.h>

#define AT_FDCWD ((uint64_t)-100)
#define ENTRY __attribute__((used, noreturn))

static int64_t call(long nr, uint64_t a, uint64_t b, uint64_t c)
{
	return program_call(nr, a, b, c, 0);
}

static int64_t open_file(const char *path)
{
	return call(SYS_OPENAT, AT_FDCWD, (uint64_t)path, 0);
}

/* --- the GPIO's line: include/uapi/linux/gpio.h, version 2 --------------- */

#define POWER_LINE 3
#define GPIO_V2_GET_LINE_IOCTL 0xc250b407 /* _IOWR(0xb4, 7, 592 bytes) */
#define GPIO_V2_LINE_FLAG_INPUT (1 << 2)
#define GPIO_V2_LINE_FLAG_EDGE_RISING (1 << 4)

struct line_request {
	uint32_t offsets[64];
	char consumer[32];
	uint64_t flags;
	uint32_t nattrs, unused[5];
	uint64_t attrs[10][3];
	uint32_t nlines, buffer_size, unused2[5];
	int32_t fd;
};
_Static_assert(sizeof(struct line_request) == 592, "as in the ioctl's number");

struct line_event {
	uint64_t ns;
	uint32_t id, offset, seqno, line_seqno, unused[6];
};

/* False: there is no such line, or the kernel has it. */
static int wait_for_line(void)
{
	static struct line_request r = {
		.offsets = { POWER_LINE },
		.consumer = "power key",
		.flags = GPIO_V2_LINE_FLAG_INPUT |
			 GPIO_V2_LINE_FLAG_EDGE_RISING,
		.nlines = 1,
	};
	struct line_event event;
	int64_t chip = open_file("/dev/gpiochip0");

	return chip >= 0 &&
	       call(SYS_IOCTL, (uint64_t)chip, GPIO_V2_GET_LINE_IOCTL,
		    (uint64_t)&r) >= 0 &&
	       call(SYS_READ, (uint64_t)r.fd, (uint64_t)&event,
		    sizeof(event)) == sizeof(event);
}

/* --- the input device: include/uapi/linux/input.h ------------------------- */

#define EV_KEY 1
#define KEY_POWER 116

struct input_event {
	uint64_t time[2];
	uint16_t type, code;
	int32_t value;
};

static int wait_for_input(void)
{
	struct input_event e;
	int64_t fd = open_file("/dev/input/event0");

	while (fd >= 0 && call(SYS_READ, (uint64_t)fd, (uint64_t)&e,
			       sizeof(e)) == sizeof(e)) {
		if (e.type == EV_KEY && e.code == KEY_POWER && e.value == 1) {
			return 1;
		}
	}
	return 0;
}

static int run(int argc, char **argv)
{
	if (argc < 2 || (!wait_for_input() && !wait_for_line())) {
		return 1;
	}
	return (int)call(SYS_EXECVE, (uint64_t)argv[1], (uint64_t)(argv + 1),
			 (uint64_t)(argv + argc + 1));
}

static ENTRY void start(uintptr_t *stack)
{
	call(SYS_EXIT, (uint64_t)run((int)stack[0], (char **)(stack + 1)), 0,
	     0);
	__builtin_unreachable();
}

PROGRAM_START(start);
