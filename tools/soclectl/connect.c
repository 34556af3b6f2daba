/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening the other end of a management channel. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "soclectl.h"

#define MANAGEMENT_PORT 1 /* daemons/management.c */
#define HOST_MAX 256

static int fail(const char *where, const char *why)
{
	fprintf(stderr, "soclectl: %s: %s\n", where, why);
	return -1;
}

static int use_socket(const char *where, int family, const void *address,
		      socklen_t size)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, address, size) != 0) {
		const char *why = strerror(errno);

		if (fd >= 0) {
			close(fd);
		}
		return fail(where, why);
	}
	return fd;
}

/* In a guest: the hypervisor's CID. */
static int open_vsock(const char *where)
{
	const struct sockaddr_vm address = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_HOST,
		.svm_port = MANAGEMENT_PORT,
	};

	return use_socket(where, AF_VSOCK, &address, sizeof(address));
}

static int open_path(const char *where)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(where) >= sizeof(address.sun_path)) {
		return fail(where, "the path is too long for a socket");
	}
	strcpy(address.sun_path, where);
	return use_socket(where, AF_UNIX, &address, sizeof(address));
}

static int open_device(const char *where)
{
	int fd = open(where, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios t;

	if (fd < 0) {
		return fail(where, strerror(errno));
	}
	if (tcgetattr(fd, &t) == 0) {
		cfmakeraw(&t);
		(void)tcsetattr(fd, TCSANOW, &t);
	}
	return fd;
}

static int open_tcp(const char *where, const char *colon)
{
	char host[HOST_MAX];
	const char *why = "the host's name is too long";
	int fd = -1;

	if ((size_t)(colon - where) < sizeof(host)) {
		(void)snprintf(host, sizeof(host), "%.*s", (int)(colon - where),
			       where);
		fd = tcp_connect(host, colon + 1, &why);
	}
	return fd >= 0 ? fd : fail(where, why);
}

int connect_to(const char *where)
{
	const char *colon = strrchr(where, ':');
	struct stat st;

	if (strcmp(where, "vsock") == 0) {
		return open_vsock(where);
	}
	if (stat(where, &st) == 0) {
		return S_ISCHR(st.st_mode) ? open_device(where)
					   : open_path(where);
	}
	if (colon != NULL && colon[1] != '\0' &&
	    strspn(colon + 1, "0123456789") == strlen(colon + 1)) {
		return open_tcp(where, colon);
	}
	return fail(where, strerror(errno));
}
