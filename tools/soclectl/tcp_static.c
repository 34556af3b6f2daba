/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replaces tcp.c where soclectl is linked statically: for names the C library
 * would load others. Addresses will do.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "soclectl.h"

int tcp_connect(const char *host, const char *port, const char **why)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
	};
	int fd;

	if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
		*why = "not an address, such as 192.0.2.1";
		return -1;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address,
			      sizeof(address)) != 0) {
		*why = strerror(errno);
		if (fd >= 0) {
			close(fd);
		}
		return -1;
	}
	return fd;
}
