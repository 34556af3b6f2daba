/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as text, and base64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include <libs/base64.h>
#include <libs/error.h>
#include <libs/netaddr.h>

static void test_mac(void **state)
{
	static const uint8_t want[6] = { 0x02, 0xaB, 0, 1, 0xff, 0x10 };
	static const char *const wrong[] = {
		"",
		"02",
		"02:ab:00:01:ff",
		"02:ab:00:01:ff:1",
		"02:ab:00:01:ff:10:",
		"02-ab-00-01-ff-10",
		"2:ab:0:1:ff:10",
		"02:ab:00:01:ff:1g",
		"02:ab:00:01:ff:100",
		" 2:ab:00:01:ff:10",
	};
	char text[NETADDR_MAC_TEXT];
	uint8_t mac[6];

	(void)state;
	assert_int_equal(netaddr_parse_mac("02:aB:00:01:fF:10", mac), 0);
	assert_memory_equal(mac, want, 6);
	assert_string_equal(netaddr_mac_text(text, mac), "02:ab:00:01:ff:10");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(netaddr_parse_mac(wrong[i], mac), -ERR_INVAL);
	}
}

static void test_ipv4(void **state)
{
	static const char *const texts[] = {
		"0.0.0.0",   "255.255.255.255", "10.0.0.1", "1.2.3",
		"1.2.3.4.5", "1.2.3.256",       "1..3.4",   "1.2.3.4 ",
		"a.b.c.d",   "1.2.3.1000",      "",
	};
	uint8_t ip[4], want[4];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int ok = inet_pton(AF_INET, texts[i], want);

		assert_int_equal(netaddr_parse_ipv4(texts[i], ip),
				 ok ? 0 : -ERR_INVAL);
		if (ok) {
			assert_memory_equal(ip, want, 4);
		}
	}
}

/* Compared with the C library's parser. */
static void test_ipv6(void **state)
{
	static const char *const texts[] = {
		"::",
		"::1",
		"1::",
		"fe80::1",
		"2001:db8:0:1:2:3:4:5",
		"1:2:3:4:5:6:7::",
		"::2:3:4:5:6:7:8",
		"1::8",
		"FE80::abCD",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1::2::3",
		":1",
		"1:",
		":::",
		"12345::",
		"g::",
		"1:2:3:4::5:6:7:8",
		"1:2:3:4:5:6:7:8::",
		"",
		"::1 ",
	};
	uint8_t ip[16], want[16];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int ok = inet_pton(AF_INET6, texts[i], want);

		if (netaddr_parse_ipv6(texts[i], ip) != (ok ? 0 : -ERR_INVAL)) {
			fail_msg("%s", texts[i]);
		}
		if (ok) {
			assert_memory_equal(ip, want, 16);
		}
	}
}

/* RFC 4648, 10. */
static void test_base64(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xff\xef\xbe", "/+++" },
	};
	char out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].in);

		assert_int_equal(base64_encode(out, cases[i].in, n),
				 strlen(cases[i].out));
		assert_memory_equal(out, cases[i].out, BASE64_LENGTH(n));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
