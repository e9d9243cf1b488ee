/* SPDX-License-Identifier: ISC */
/* Whose address counts behind proxies; and request ids of clients. */

/* sources: app */

#include "client.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "middleware/middleware.h"
#include "wire/wire.h"

static struct netblock	proxies[2];

/* The address of a client whose connection comes from `peer`. */
static const char *
address(const char *peer, const char *lines)
{
	static struct ctx	 c;
	struct head_error	 error = { .kind = NULL };
	struct sockaddr_in	 from = { .sin_family = AF_INET };
	struct wire_request	*r = mem_calloc(1, sizeof(*r) + 8192);

	assert_non_null(r);
	r->text_len = (size_t)snprintf(r->text, 8192,
	    "GET / HTTP/1.1\r\nhost: a\r\n%s\r\n", lines);
	assert_true(r->text_len < 8192);
	assert_true(head_parse(&r->head, r->text, r->text_len, &error));
	memset(&c, 0, sizeof(c));
	c.sent = r;
	assert_int_equal(inet_pton(AF_INET, peer, &from.sin_addr), 1);
	client_address_assign(&c, (const struct sockaddr *)&from);
	wire_request_free(r);
	return (c.client);
}

static void
test_only_a_trusted_proxy_is_believed(void **state)
{
	(void)state;
#define SAYS(text)	"x-forwarded-for: " text "\r\n"
	static const struct {
		const char	*peer, *lines, *client;
	} cases[] = {
		{ "198.51.100.1", "", "198.51.100.1" },
		{ "198.51.100.1", SAYS("192.0.2.1"), "198.51.100.1" },
		{ "127.0.0.1", "", "127.0.0.1" },
		{ "127.0.0.1", SAYS("192.0.2.1"), "192.0.2.1" },
		/* The last one that is no proxy; those before it may lie. */
		{ "127.0.0.1", SAYS("192.0.2.9, 192.0.2.1"), "192.0.2.1" },
		{ "127.0.0.1", SAYS("192.0.2.9, 192.0.2.1, 10.0.0.7"),
		    "192.0.2.1" },
		{ "127.0.0.1", SAYS("10.0.0.7,10.0.0.8"), "10.0.0.7" },
		{ "127.0.0.1", SAYS("192.0.2.9") SAYS("192.0.2.1"),
		    "192.0.2.1" },
		{ "127.0.0.1", SAYS("192.0.2.9") SAYS("10.0.0.8"),
		    "192.0.2.9" },
		/* What is no address ends the list. */
		{ "127.0.0.1", SAYS("192.0.2.9, unknown"), "127.0.0.1" },
		{ "127.0.0.1", SAYS("192.0.2.9, unknown, 10.0.0.8"),
		    "10.0.0.8" },
		{ "127.0.0.1", SAYS("192.0.2.9, , 10.0.0.8"), "10.0.0.8" },
		{ "127.0.0.1", SAYS("192.0.2.9,"), "127.0.0.1" },
		{ "127.0.0.1", SAYS(""), "127.0.0.1" },
		/* Spaces, ports, IPv6. */
		{ "127.0.0.1", SAYS("x, \t192.0.2.1\t "), "192.0.2.1" },
		{ "127.0.0.1", SAYS("192.0.2.1:4711"), "192.0.2.1" },
		{ "127.0.0.1", SAYS("2001:db8::1"), "2001:db8::1" },
		{ "127.0.0.1", SAYS("[2001:db8::1]:4711"), "2001:db8::1" },
		{ "127.0.0.1", SAYS("[2001:db8::1]"), "2001:db8::1" },
		{ "127.0.0.1", SAYS("::ffff:192.0.2.1"), "192.0.2.1" },
		/* As long as an address may be with a port, and one more. */
		{ "127.0.0.1", SAYS("[0000:0000:0000:0000:0000:0000:255.255."
		    "255.255]:65535"), "::255.255.255.255" },
		{ "127.0.0.1", SAYS("[0000:0000:0000:0000:0000:ffff:255.255."
		    "255.255]:655351"), "127.0.0.1" },
		{ "127.0.0.1", SAYS("0000000000000000000000000000000000000000"
		    "0000000000000000000000000000000000000"), "127.0.0.1" },
	};
	size_t	 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(address(cases[i].peer, cases[i].lines),
		    cases[i].client) != 0)
			fail_msg("%s: %s, not %s, of %s", cases[i].peer,
			    address(cases[i].peer, cases[i].lines),
			    cases[i].client, cases[i].lines);
	}
}

/* A client's network: an IPv4 /24, an IPv6 /56. */
static struct ctx	in_network;

static void
test_networks(void **state)
{
	(void)state;
	netaddr_parse("192.0.2.129", &in_network.address);
	assert_string_equal(client_network(&in_network), "192.0.2.0/24");
	netaddr_parse("2001:db8:1:23ff::9", &in_network.address);
	assert_string_equal(client_network(&in_network),
	    "2001:db8:1:2300::/56");
	arena_free(&in_network.arena, false);
}

static void
test_request_ids(void **state)
{
	static const char	*const good[] = { "a", "Z-9", "-",
				    "0123456789abcdefABCDEFghijklmnopqrstuvwxyz"
				    "GHIJKLMNOPQRSTUVWXYZ-a" };
	static const char	*const bad[] = { "", "a b", "a_b", "a.b",
				    "\xc3\xa9", "a\"",
				    "0123456789abcdefABCDEFghijklmnopqrstuvwxyz"
				    "GHIJKLMNOPQRSTUVWXYZ-ab" };
	char			 id[REQUEST_ID_MAX + 1], other[sizeof(id)];
	size_t			 i;

	(void)state;
	assert_int_equal(strlen(good[3]), REQUEST_ID_MAX);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		request_id_assign(id, good[i]);
		assert_string_equal(id, good[i]);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		request_id_assign(id, bad[i]);
		assert_int_equal(strlen(id), 36);
		assert_int_equal(id[14], '7');
	}
	request_id_assign(id, NULL);
	request_id_assign(other, NULL);
	assert_int_equal(strlen(id), 36);
	assert_string_not_equal(id, other);
}

static int
trust(void **state)
{
	if (client_start(state) != 0)
		return (-1);
	netaddr_parse("127.0.0.0", &proxies[0].base);
	proxies[0].prefix = 8;
	netaddr_parse("10.0.0.0", &proxies[1].base);
	proxies[1].prefix = 8;
	wire_settings.proxies = proxies;
	wire_settings.nproxies = 2;
	return (0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		CLIENT_TEST(test_only_a_trusted_proxy_is_believed),
		CLIENT_TEST(test_networks),
		CLIENT_TEST(test_request_ids),
	};

	return (cmocka_run_group_tests_name("client_address", tests, trust,
	    NULL));
}
