/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between Linux guests by sockets of the family AF_VSOCK and type
 * SOCK_SEQPACKET, which keep their boundaries. Bare system calls: the guests of
 * the tests have no C library of their own.
 *
 *	vsock serve PORT		accept a connection, check what comes
 *					until its peer shuts down, then answer
 *	vsock send CID PORT COUNT	so many; shut down, print the answer
 *
 * Message i has size_of(i) bytes, most of which need several packets.
 */
#include "say.h"

#define AF_VSOCK 40
#define SOCK_SEQPACKET 5
#define SHUT_WR 1
#define CID_ANY UINT32_MAX
#define MESSAGE_MAX 100000

struct sockaddr_vm {
	uint16_t family, reserved;
	uint32_t port, cid;
	uint8_t zero[4];
};

struct iovec {
	void *base;
	uint64_t size;
};

struct msghdr {
	void *name;
	uint64_t namelen;
	struct iovec *iov;
	uint64_t iovlen;
	void *control;
	uint64_t controllen;
	uint64_t flags;
};

static uint8_t message[MESSAGE_MAX + 1];

static uint64_t size_of(uint64_t i)
{
	return 1 + i * 7919 % MESSAGE_MAX;
}

static uint8_t byte_of(uint64_t i, uint64_t at)
{
	return (uint8_t)(i + at * 31 + (at >> 8));
}

static int64_t transfer(long nr, uint64_t fd, void *data, uint64_t size)
{
	struct iovec iov = { data, size };
	struct msghdr msg = { .iov = &iov, .iovlen = 1 };

	return call(nr, fd, (uint64_t)&msg, 0);
}

/* One that is longer than any that is sent would be seen by its size. */
static bool message_good(uint64_t i, uint64_t size)
{
	if (size != size_of(i)) {
		return false;
	}
	for (uint64_t at = 0; at < size; at++) {
		if (message[at] != byte_of(i, at)) {
			return false;
		}
	}
	return true;
}

static uint64_t new_socket(void)
{
	int64_t fd = call(SYS_SOCKET, AF_VSOCK, SOCK_SEQPACKET, 0);

	check(fd, "socket");
	return (uint64_t)fd;
}

static void serve(uint32_t port)
{
	struct sockaddr_vm self = { .family = AF_VSOCK,
				    .port = port,
				    .cid = CID_ANY };
	uint64_t listener = new_socket(), i = 0, answer[2] = { 0, 0 };
	int64_t fd, size;

	check(call(SYS_BIND, listener, (uint64_t)&self, sizeof(self)), "bind");
	check(call(SYS_LISTEN, listener, 1, 0), "listen");
	print("listening\n");
	fd = call(SYS_ACCEPT, listener, 0, 0);
	check(fd, "accept");
	while ((size = transfer(SYS_RECVMSG, (uint64_t)fd, message,
				sizeof(message))) > 0) {
		answer[0] += message_good(i, (uint64_t)size);
		answer[1] += (uint64_t)size;
		i++;
	}
	check(size, "receive");
	print_number(i);
	print(" messages\n");
	check(transfer(SYS_SENDMSG, (uint64_t)fd, answer, sizeof(answer)),
	      "answer");
}

static void send_all(uint32_t cid, uint32_t port, uint64_t count)
{
	struct sockaddr_vm peer = { .family = AF_VSOCK,
				    .port = port,
				    .cid = cid };
	uint64_t fd = new_socket(), answer[2] = { 0, 0 };

	check(call(SYS_CONNECT, fd, (uint64_t)&peer, sizeof(peer)), "connect");
	for (uint64_t i = 0; i < count; i++) {
		for (uint64_t at = 0; at < size_of(i); at++) {
			message[at] = byte_of(i, at);
		}
		check(transfer(SYS_SENDMSG, fd, message, size_of(i)), "send");
	}
	check(call(SYS_SHUTDOWN, fd, SHUT_WR, 0), "shutdown");
	check(transfer(SYS_RECVMSG, fd, answer, sizeof(answer)), "receive");
	print_number(answer[0]);
	print(" good, ");
	print_number(answer[1]);
	print(" bytes\n");
}

/* Called by the entry point alone. */
void start(uintptr_t *stack);
__attribute__((used, noreturn)) void start(uintptr_t *stack)
{
	char **argv = (char **)(stack + 1);
	uintptr_t argc = stack[0];

	if (argc == 3 && is(argv[1], "serve")) {
		serve(number(argv[2]));
		leave(0);
	}
	if (argc == 5 && is(argv[1], "send")) {
		send_all(number(argv[2]), number(argv[3]), number(argv[4]));
		leave(0);
	}
	print("vsock serve PORT | vsock send CID PORT COUNT\n");
	leave(2);
}
PROGRAM_START(start);
