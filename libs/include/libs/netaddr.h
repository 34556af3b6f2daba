/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network addresses as people write them. Pure. */
#ifndef LIBS_NETADDR_H
#define LIBS_NETADDR_H

#include <libs/types.h>

#define NETADDR_MAC_TEXT 18 /* "02:00:00:00:00:01" and its terminator */

/* Read six pairs of hexadecimal digits separated by colons; -ERR_INVAL
 * otherwise. */
int __must_check netaddr_parse_mac(const char *s, uint8_t mac[6]);
/* Write the address to buf, and return buf. */
const char *netaddr_mac_text(char buf[NETADDR_MAC_TEXT], const uint8_t mac[6]);
/* Read an IPv4 address in dotted decimal (RFC 1123, 2.1), or an IPv6 address
 * (RFC 4291, 2.2, without a dotted part); -ERR_INVAL otherwise. */
int __must_check netaddr_parse_ipv4(const char *s, uint8_t ip[4]);
int __must_check netaddr_parse_ipv6(const char *s, uint8_t ip[16]);

#endif
