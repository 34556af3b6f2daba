/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and writing network addresses. */
#include <libs/error.h>
#include <libs/netaddr.h>
#include <stdio.h>
#include <string.h>

static int digit_of(char c, unsigned int base)
{
	static const char digits[] = "0123456789abcdef";
	const char *at;

	if (c >= 'A' && c <= 'F') {
		c = (char)(c - 'A' + 'a');
	}
	at = c != '\0' ? strchr(digits, c) : NULL;
	return at != NULL && at < digits + base ? (int)(at - digits) : -1;
}

/* Read a number of 1 to `most` digits at *s and move *s behind it; -1 if there
 * is none. */
static int number(const char **s, unsigned int base, unsigned int most)
{
	int v = 0, d;
	unsigned int n = 0;

	for (; n < most && (d = digit_of(**s, base)) >= 0; n++, (*s)++) {
		v = v * (int)base + d;
	}
	return n == 0 || digit_of(**s, base) >= 0 ? -1 : v;
}

int netaddr_parse_mac(const char *s, uint8_t mac[6])
{
	for (unsigned int i = 0; i < 6; i++) {
		int hi, lo;

		if (i > 0 && *s++ != ':') {
			return -ERR_INVAL;
		}
		hi = digit_of(s[0], 16);
		lo = hi < 0 ? -1 : digit_of(s[1], 16);
		if (lo < 0) {
			return -ERR_INVAL;
		}
		mac[i] = (uint8_t)(hi << 4 | lo);
		s += 2;
	}
	return *s == '\0' ? 0 : -ERR_INVAL;
}

const char *netaddr_mac_text(char buf[NETADDR_MAC_TEXT], const uint8_t mac[6])
{
	(void)snprintf(buf, NETADDR_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x",
		       mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return buf;
}

int netaddr_parse_ipv4(const char *s, uint8_t ip[4])
{
	for (unsigned int i = 0; i < 4; i++) {
		int v;

		if (i > 0 && *s++ != '.') {
			return -ERR_INVAL;
		}
		v = number(&s, 10, 3);
		if (v < 0 || v > 255) {
			return -ERR_INVAL;
		}
		ip[i] = (uint8_t)v;
	}
	return *s == '\0' ? 0 : -ERR_INVAL;
}

/* Read groups of 16 bits, up to the end or to "::". Returns their number, or
 * -1. */
static int groups(const char **s, uint8_t *to, unsigned int max)
{
	unsigned int n = 0;

	while (**s != '\0' && strncmp(*s, "::", 2) != 0) {
		int v;

		if (n == max || (n > 0 && *(*s)++ != ':')) {
			return -1;
		}
		v = number(s, 16, 4);
		if (v < 0) {
			return -1;
		}
		to[2 * n] = (uint8_t)(v >> 8);
		to[2 * n + 1] = (uint8_t)v;
		n++;
	}
	return (int)n;
}

int netaddr_parse_ipv6(const char *s, uint8_t ip[16])
{
	uint8_t tail[16];
	int head, rest;

	memset(ip, 0, 16);
	head = groups(&s, ip, 8);
	if (head < 0 || *s == '\0') {
		return head == 8 ? 0 : -ERR_INVAL;
	}
	/* "::" stands for one group of zeroes or more. */
	s += 2;
	rest = head > 7 ? -1 : groups(&s, tail, 7 - (unsigned int)head);
	if (rest < 0 || *s != '\0') {
		return -ERR_INVAL;
	}
	memcpy(ip + 16 - 2 * rest, tail, 2 * (size_t)rest);
	return 0;
}
