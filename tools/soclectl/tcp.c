/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP connections, by name or address. */
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "soclectl.h"

int tcp_connect(const char *host, const char *port, const char **why)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int fd, err = getaddrinfo(host, port, &hints, &found);

	if (err != 0) {
		*why = gai_strerror(err);
		return -1;
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
		*why = strerror(errno);
		if (fd >= 0) {
			close(fd);
		}
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}
