/* SPDX-License-Identifier: ISC */
/* Addresses: reading, writing, networks. */

#include <sys/socket.h>

#include <arpa/inet.h>

#include "netaddr_fixture.h"

static void
test_parse_and_text(void **state)
{
	static const struct {
		const char	*in;
		const char	*out;
		bool		 ipv6;
	} good[] = {
		{ "0.0.0.0", "0.0.0.0", false },
		{ "127.0.0.1", "127.0.0.1", false },
		{ "192.0.2.1", "192.0.2.1", false },
		{ "255.255.255.255", "255.255.255.255", false },
		{ "::", "::", true },
		{ "::1", "::1", true },
		{ "1::", "1::", true },
		{ "2001:DB8::A", "2001:db8::a", true },
		{ "2001:db8:0:0:0:0:0:1", "2001:db8::1", true },
		{ "2001:0db8::0001", "2001:db8::1", true },
		{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", true },
		{ "64:ff9b::192.0.2.1", "64:ff9b::c000:201", true },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true },
		/* IPv4-mapped IPv6. */
		{ "::ffff:192.0.2.1", "192.0.2.1", false },
		{ "::FFFF:c000:0201", "192.0.2.1", false },
		{ "0:0:0:0:0:ffff:0:0", "0.0.0.0", false },
		/* Almost IPv4-mapped. */
		{ "::fffe:192.0.2.1", "::fffe:c000:201", true },
		{ "::1:ffff:192.0.2.1", "::1:ffff:c000:201", true },
		{ "1::ffff:192.0.2.1", "1::ffff:c000:201", true },
	};
	struct netaddr	 a;
	char		 text[NETADDR_TEXT];
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		a = address(good[i].in);
		netaddr_text(&a, text);
		assert_string_equal(text, good[i].out);
		assert_int_equal(a.ipv6, good[i].ipv6);
	}
}

static void
test_invalid_addresses(void **state)
{
	static const char *const	bad[] = {
		"", " ", "a", "localhost", "1", "1.2.3", "1.2.3.", "1.2.3.4.",
		"1.2.3.4.5", ".1.2.3.4", "1..3.4", "1.2.3.256", "1.2.3.-4",
		"1.2.3.+4", "1.2.3.1000", "01.2.3.4", "1.2.3.04", "0x1.2.3.4",
		"1.2.3.a", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4\n", "1.2.3.4:80",
		"1.2.3.4/32", "[1.2.3.4]", "16909060",
		":", ":::", "::1::", "1::2::3", ":1", "1:", "::g", "::12345",
		"1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
		"[::1]", "[::1]:80", "::1%lo", "fe80::1%1", " ::1", "::1 ",
		"::1/128", "::ffff:1.2.3", "::ffff:1.2.3.256",
		"::1.2.3.4:5", "1.2.3.4::",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001",
	};
	struct netaddr			a;
	size_t				i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		if (netaddr_parse(bad[i], &a))
			fail_msg("\"%s\" is no address", bad[i]);
	}
}

/* Random addresses, to text and back. */
static void
test_round_trips(void **state)
{
	struct netaddr	 a, b;
	char		 text[NETADDR_TEXT];
	unsigned	 seed = 1, i, k;

	(void)state;
	for (i = 0; i < 100000; i++) {
		memset(&a, 0, sizeof(a));
		a.ipv6 = i % 2 == 0;
		for (k = 0; k < (a.ipv6 ? 16 : 4); k++)
			a.bytes[k] = rand_r(&seed) % 3 == 0 ? 0 :
			    (unsigned char)rand_r(&seed);
		if (a.ipv6)		/* not IPv4-mapped */
			a.bytes[0] |= 1;
		memset(text, 'x', sizeof(text));
		netaddr_text(&a, text);
		b = address(text);
		if (!same(&a, &b))
			fail_msg("%s", text);
	}
}

static void
test_from_sockets(void **state)
{
	union {
		struct sockaddr_storage	 storage;
		struct sockaddr		 sa;
		struct sockaddr_in	 in;
		struct sockaddr_in6	 in6;
	} u;
	struct sockaddr_in	*exact;
	struct netaddr		 a, b;

	(void)state;
	memset(&u, 0xff, sizeof(u));
	u.in.sin_family = AF_INET;
	inet_pton(AF_INET, "192.0.2.1", &u.in.sin_addr);
	memset(&a, 0xff, sizeof(a));
	assert_true(netaddr_from(&u.sa, &a));
	assert_memory_equal(a.bytes, "\xc0\0\2\1\0\0\0\0\0\0\0\0\0\0\0",
	    sizeof(a.bytes));
	b = address("192.0.2.1");
	assert_true(same(&a, &b));
	/* Exactly as long as such a structure is. */
	exact = malloc(sizeof(*exact));
	*exact = u.in;
	assert_true(netaddr_from((struct sockaddr *)exact, &a));
	assert_true(same(&a, &b));
	free(exact);

	memset(&u, 0xff, sizeof(u));
	u.in6.sin6_family = AF_INET6;
	inet_pton(AF_INET6, "2001:db8::1", &u.in6.sin6_addr);
	assert_true(netaddr_from(&u.sa, &a));
	b = address("2001:db8::1");
	assert_true(same(&a, &b));
	inet_pton(AF_INET6, "::ffff:192.0.2.1", &u.in6.sin6_addr);
	assert_true(netaddr_from(&u.sa, &a));
	b = address("192.0.2.1");
	assert_true(same(&a, &b));
	assert_true(netaddr_key(&a) == netaddr_key(&b));

	u.sa.sa_family = AF_UNIX;
	assert_false(netaddr_from(&u.sa, &a));
	u.sa.sa_family = AF_UNSPEC;
	assert_false(netaddr_from(&u.sa, &a));
}

static uint64_t
key(const char *text)
{
	struct netaddr	 a = address(text);
	uint64_t	 n = netaddr_key(&a);

	assert_true(n != 0);
	return (n);
}

static void
test_keys(void **state)
{
	static const char *const	networks[] = {
		"0.0.0.0", "0.0.0.1", "1.0.0.0", "192.0.2.1", "192.0.2.2",
		"193.0.2.1", "255.255.255.255", "::", "2001:db8::",
		"2001:db8:0:1::", "2001:db9::", "2002:c000:201::", "fe80::",
		"64:ff9b::", "ffff:ffff:ffff:ffff::",
	};
	size_t				i, k;

	(void)state;
	for (i = 0; i < COUNT(networks); i++) {
		for (k = 0; k < COUNT(networks); k++)
			assert_int_equal(key(networks[i]) == key(networks[k]),
			    i == k);
	}
	assert_true(key("2001:db8:0:1::") == key("2001:db8:0:1::1"));
	assert_true(key("2001:db8:0:1::") ==
	    key("2001:db8:0:1:ffff:ffff:ffff:ffff"));
	assert_true(key("::") == key("::1"));
	assert_true(key("::ffff:192.0.2.1") == key("192.0.2.1"));
	/* The same bytes in the other family. */
	assert_true(key("192.0.2.1") != key("2001:db8:c000:201::"));
}

static void
test_networks(void **state)
{
	static const struct {
		const char	*address;
		unsigned	 bits;
		const char	*inside;
		const char	*outside;
		const char	*text;
	} cases[] = {
		{ "192.0.2.77", 24, "192.0.2.255", "192.0.3.77",
		    "192.0.2.0/24" },
		{ "192.0.2.77", 32, "192.0.2.77", "192.0.2.76",
		    "192.0.2.77/32" },
		{ "::ffff:192.0.2.77", 24, "192.0.2.0", "192.1.2.77",
		    "192.0.2.0/24" },
		{ "2001:db8:1:2345::1", 64, "2001:db8:1:2345:ffff::",
		    "2001:db8:1:2346::1", "2001:db8:1:2345::/64" },
		{ "2001:db8:1:2345::1", 56, "2001:db8:1:23ff::1",
		    "2001:db8:1:2445::1", "2001:db8:1:2300::/56" },
		{ "2001:db8:1:2345::1", 48, "2001:db8:1:ffff::1",
		    "2001:db8:2:2345::1", "2001:db8:1::/48" },
		{ "ffff:ffff:ffff:ffff::", 56, "ffff:ffff:ffff:ff00::",
		    "ffff:ffff:ffff:feff::", "ffff:ffff:ffff:ff00::/56" },
	};
	struct netaddr	 a, in, out;
	char		 text[NETWORK_TEXT];
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		a = address(cases[i].address);
		in = address(cases[i].inside);
		out = address(cases[i].outside);
		assert_true(netaddr_network(&a, cases[i].bits) ==
		    netaddr_network(&in, cases[i].bits));
		assert_true(netaddr_network(&a, cases[i].bits) !=
		    netaddr_network(&out, cases[i].bits));
		netaddr_network_text(&a, cases[i].bits, text);
		assert_string_equal(text, cases[i].text);
		netaddr_network_text(&in, cases[i].bits, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void
test_loopback(void **state)
{
	static const char *const inside[] = { "127.0.0.0", "127.0.0.1",
				    "127.255.255.255", "::1",
				    "::ffff:127.0.0.1" };
	static const char *const outside[] = { "126.255.255.255", "128.0.0.0",
				    "0.0.0.0", "::", "::2", "8000::1",
				    "7f00::" };
	struct netaddr	 a;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(inside); i++) {
		a = address(inside[i]);
		assert_true(netaddr_is_loopback(&a));
	}
	for (i = 0; i < COUNT(outside); i++) {
		a = address(outside[i]);
		assert_false(netaddr_is_loopback(&a));
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_parse_and_text),
		cmocka_unit_test(test_invalid_addresses),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_from_sockets),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_loopback),
	};

	return (cmocka_run_group_tests_name("netaddr", tests, NULL, NULL));
}
