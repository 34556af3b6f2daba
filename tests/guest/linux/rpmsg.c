/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RPMSG by Linux's character devices (Linux's include/uapi/linux/rpmsg.h). Bare
 * system calls: the guests of the tests have no C library of their own.
 *
 *	rpmsg endpoint SRC DST	a device /dev/rpmsgN that sends from SRC to DST
 *	rpmsg announce NAME SRC	a channel that peers are told of, its device
 *	rpmsg release NAME SRC	the end of it
 *	rpmsg echo DEVICE COUNT	give so many messages back
 *	rpmsg talk IN OUT COUNT	send so many to OUT, and check those that come
 *				from IN, which may be the same device
 *
 * Messages are those of tests/guest/arm64/rpmsg.c: a number, then bytes that
 * follow from it, as many as follow from it.
 */
#include "say.h"

#define AT_FDCWD ((uint64_t)-100)
#define O_RDWR 2
#define SIGCHLD 17
#define CONTROL "/dev/rpmsg_ctrl0"
#define ADDRESS_ANY UINT32_MAX
#define DATA_MAX 496

/* _IOW(0xb5, n, struct rpmsg_endpoint_info) */
#define RPMSG_CREATE_EPT_IOCTL 0x4028b501
#define RPMSG_CREATE_DEV_IOCTL 0x4028b503
#define RPMSG_RELEASE_DEV_IOCTL 0x4028b504

struct rpmsg_endpoint_info {
	char name[32];
	uint32_t src, dst;
};
_Static_assert(sizeof(struct rpmsg_endpoint_info) == 0x28, "as in the numbers");

static uint8_t message[DATA_MAX + 1];

static uint64_t open_device(const char *path)
{
	int64_t fd = call(SYS_OPENAT, AT_FDCWD, (uint64_t)path, O_RDWR);

	check(fd, path);
	return (uint64_t)fd;
}

static void control(uint32_t request, const char *name, uint32_t src,
		    uint32_t dst)
{
	struct rpmsg_endpoint_info info = { .src = src, .dst = dst };

	for (size_t i = 0; i < sizeof(info.name) - 1 && name[i] != '\0'; i++) {
		info.name[i] = name[i];
	}
	check(call(SYS_IOCTL, open_device(CONTROL), request, (uint64_t)&info),
	      CONTROL);
}

static uint8_t byte_of(uint32_t i, uint32_t at)
{
	return (uint8_t)((i * 2654435761U >> 13) + at * 7);
}

static uint32_t size_of(uint32_t i)
{
	return 8 + i * 37 % (DATA_MAX - 7);
}

static void send_all(uint64_t fd, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t size = size_of(i);

		__builtin_memcpy(message, &i, sizeof(i));
		for (uint32_t at = sizeof(i); at < size; at++) {
			message[at] = byte_of(i, at);
		}
		check(call(SYS_WRITE, fd, (uint64_t)message, size), "send");
	}
}

static bool message_good(uint32_t i, int64_t size)
{
	uint32_t said;

	__builtin_memcpy(&said, message, sizeof(said));
	if (size != size_of(i) || said != i) {
		return false;
	}
	for (uint32_t at = sizeof(said); at < size; at++) {
		if (message[at] != byte_of(i, at)) {
			return false;
		}
	}
	return true;
}

static int64_t receive(uint64_t fd)
{
	int64_t size = call(SYS_READ, fd, (uint64_t)message, sizeof(message));

	check(size, "receive");
	return size;
}

static void receive_all(uint64_t fd, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!message_good(i, receive(fd))) {
			print("not as it was sent: message ");
			print_number(i);
			print("\n");
			leave(1);
		}
	}
}

/* The other direction is a process of its own: neither waits for the other. */
static void talk(const char *in, const char *out, uint32_t count)
{
	uint64_t from = open_device(in);
	uint64_t to = is(in, out) ? from : open_device(out);
	int64_t child = call(SYS_CLONE, SIGCHLD, 0, 0);
	int32_t status = 1;

	check(child, "fork");
	if (child == 0) {
		send_all(to, count);
		leave(0);
	}
	receive_all(from, count);
	check(call(SYS_WAIT4, (uint64_t)child, (uint64_t)&status, 0), "wait");
	if (status != 0) {
		leave(1);
	}
	print_number(count);
	print(" each way\n");
}

static void echo(const char *device, uint32_t count)
{
	uint64_t fd = open_device(device);

	print("listening\n");
	for (uint32_t i = 0; i < count; i++) {
		int64_t size = receive(fd);

		check(call(SYS_WRITE, fd, (uint64_t)message, (uint64_t)size),
		      "answer");
	}
	print_number(count);
	print(" answered\n");
}

/* Called by the entry point alone. */
void start(uintptr_t *stack);
__attribute__((used, noreturn)) void start(uintptr_t *stack)
{
	char **argv = (char **)(stack + 1);
	const char *verb = stack[0] > 1 ? argv[1] : "";

	if (stack[0] == 4 && is(verb, "endpoint")) {
		control(RPMSG_CREATE_EPT_IOCTL, "endpoint", number(argv[2]),
			number(argv[3]));
	} else if (stack[0] == 4 && is(verb, "announce")) {
		control(RPMSG_CREATE_DEV_IOCTL, argv[2], number(argv[3]),
			ADDRESS_ANY);
	} else if (stack[0] == 4 && is(verb, "release")) {
		control(RPMSG_RELEASE_DEV_IOCTL, argv[2], number(argv[3]),
			ADDRESS_ANY);
	} else if (stack[0] == 4 && is(verb, "echo")) {
		echo(argv[2], number(argv[3]));
	} else if (stack[0] == 5 && is(verb, "talk")) {
		talk(argv[2], argv[3], number(argv[4]));
	} else {
		print("rpmsg endpoint SRC DST | announce NAME SRC | release NAME "
		      "SRC | echo DEVICE COUNT | talk IN OUT COUNT\n");
		leave(2);
	}
	leave(0);
}
PROGRAM_START(start);
