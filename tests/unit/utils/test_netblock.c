/* SPDX-License-Identifier: ISC */
/* Blocks of addresses: which addresses they contain. */

#include "netaddr_fixture.h"

static struct netblock
block(const char *text)
{
	struct netblock	 b;
	const char	*what;

	memset(&b, 0xff, sizeof(b));
	if ((what = netblock_parse(text, &b)) != NULL)
		fail_msg("%s %s", text, what);
	return (b);
}

static void
test_blocks(void **state)
{
	static const struct {
		const char	*in;
		const char	*base;
		unsigned	 prefix;
	} good[] = {
		{ "192.0.2.0/24", "192.0.2.0", 24 },
		{ "192.0.2.1", "192.0.2.1", 32 },
		{ "192.0.2.1/32", "192.0.2.1", 32 },
		{ "0.0.0.0/0", "0.0.0.0", 0 },
		{ "128.0.0.0/1", "128.0.0.0", 1 },
		{ "192.0.2.0/23", "192.0.2.0", 23 },
		{ "192.0.2.2/31", "192.0.2.2", 31 },
		{ "2001:db8::/32", "2001:db8::", 32 },
		{ "2001:db8::1", "2001:db8::1", 128 },
		{ "2001:db8::1/128", "2001:db8::1", 128 },
		{ "::/0", "::", 0 },
		{ "8000::/1", "8000::", 1 },
		{ "2001:db8:0:0:8000::/65", "2001:db8:0:0:8000::", 65 },
		{ "::ffff:192.0.2.1", "192.0.2.1", 32 },
	};
	struct netblock	 b;
	struct netaddr	 a;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		b = block(good[i].in);
		a = address(good[i].base);
		if (!same(&b.base, &a) || b.prefix != good[i].prefix)
			fail_msg("%s", good[i].in);
	}
}

#define NO_ADDRESS	"is no IP address"
#define NO_PREFIX	"has no valid prefix length"
#define MAPPED		"is a block of IPv4: write it as one"
#define BITS		"has bits set beyond its prefix length"

static void
test_invalid_blocks(void **state)
{
	static const struct {
		const char	*in;
		const char	*what;
	} bad[] = {
		{ "", NO_ADDRESS },
		{ "/", NO_ADDRESS },
		{ "/24", NO_ADDRESS },
		{ "a/24", NO_ADDRESS },
		{ "192.0.2/24", NO_ADDRESS },
		{ " 192.0.2.0/24", NO_ADDRESS },
		{ "192.0.2.0 /24", NO_ADDRESS },
		{ "[2001:db8::]/32", NO_ADDRESS },
		{ "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/24",
		    NO_ADDRESS },
		{ "192.0.2.0/", NO_PREFIX },
		{ "192.0.2.0/ 24", NO_PREFIX },
		{ "192.0.2.0/24 ", NO_PREFIX },
		{ "192.0.2.0/+24", NO_PREFIX },
		{ "192.0.2.0/-1", NO_PREFIX },
		{ "192.0.2.0/a", NO_PREFIX },
		{ "192.0.2.0/24a", NO_PREFIX },
		{ "192.0.2.0/24/24", NO_PREFIX },
		{ "192.0.2.0/255.255.255.0", NO_PREFIX },
		{ "192.0.2.0/33", NO_PREFIX },
		{ "192.0.2.0/128", NO_PREFIX },
		{ "192.0.2.0/4294967320", NO_PREFIX },
		{ "192.0.2.0/18446744073709551640", NO_PREFIX },
		{ "2001:db8::/129", NO_PREFIX },
		{ "2001:db8::/1000", NO_PREFIX },
		/* An IPv4-mapped block counts as IPv4, which has 32 bits. */
		{ "::ffff:192.0.2.0/120", MAPPED },
		{ "::ffff:10.0.0.0/8", MAPPED },
		{ "192.0.2.1/24", BITS },
		{ "192.0.3.0/23", BITS },
		{ "192.0.2.0/0", BITS },
		{ "128.0.0.0/0", BITS },
		{ "192.0.2.1/31", BITS },
		{ "2001:db8::1/32", BITS },
		{ "2001:db8::1/127", BITS },
		{ "2001:db8:0:0:8000::/64", BITS },
		{ "::1/0", BITS },
	};
	struct netblock	 b;
	const char	*what;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		what = netblock_parse(bad[i].in, &b);
		if (what == NULL)
			fail_msg("\"%s\" is no block", bad[i].in);
		assert_string_equal(what, bad[i].what);
	}
}

static bool
has(const char *text, const char *member)
{
	struct netblock	 b = block(text);
	struct netaddr	 a = address(member);

	return (netblock_has(&b, &a));
}

static void
test_members(void **state)
{
	(void)state;
	assert_true(has("192.0.2.0/23", "192.0.2.0"));
	assert_true(has("192.0.2.0/23", "192.0.3.255"));
	assert_false(has("192.0.2.0/23", "192.0.4.0"));
	assert_false(has("192.0.2.0/23", "192.0.1.255"));
	assert_true(has("192.0.2.1", "192.0.2.1"));
	assert_false(has("192.0.2.1", "192.0.2.0"));
	assert_true(has("0.0.0.0/1", "127.255.255.255"));
	assert_false(has("0.0.0.0/1", "128.0.0.0"));
	assert_true(has("2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff"));
	assert_false(has("2001:db8::/64", "2001:db8:0:1::"));
	assert_true(has("2001:db8::/65", "2001:db8::7fff:ffff:ffff:ffff"));
	assert_false(has("2001:db8::/65", "2001:db8:0:0:8000::"));
	assert_true(has("2001:db8::/32", "2001:db8:ffff::"));
	/* All addresses of one family, and none of the other. */
	assert_true(has("0.0.0.0/0", "255.255.255.255"));
	assert_false(has("0.0.0.0/0", "::"));
	assert_true(has("::/0", "ffff::"));
	assert_false(has("::/0", "192.0.2.1"));
	assert_false(has("::/0", "0.0.0.0"));
	assert_true(has("192.0.2.0/24", "::ffff:192.0.2.1"));
	assert_false(has("c000:200::/24", "192.0.2.1"));
}

/* For each prefix length, exactly the bits before it count. */
static void
sweep(const char *text, unsigned bits)
{
	struct netaddr	 whole = address(text);
	struct netaddr	 a;
	struct netblock	 b;
	char		 line[NETADDR_TEXT + 8];
	unsigned	 prefix, bit;

	for (prefix = 0; prefix <= bits; prefix++) {
		a = whole;
		for (bit = prefix; bit < bits; bit++)
			a.bytes[bit / 8] &= (unsigned char)~(0x80 >> bit % 8);
		netaddr_text(&a, line);
		sprintf(line + strlen(line), "/%u", prefix);
		b = block(line);
		assert_int_equal(b.prefix, prefix);
		assert_true(netblock_has(&b, &a));
		assert_true(netblock_has(&b, &whole));
		for (bit = 0; bit < bits; bit++) {
			a = whole;
			a.bytes[bit / 8] ^= (unsigned char)(0x80 >> bit % 8);
			if (netblock_has(&b, &a) != (bit >= prefix))
				fail_msg("bit %u of %s", bit, line);
		}
	}
}

static void
test_every_prefix(void **state)
{
	(void)state;
	sweep("255.255.255.255", 32);
	sweep("170.85.170.85", 32);
	sweep("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128);
	sweep("aaaa:5555:aaaa:5555:aaaa:5555:aaaa:5555", 128);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_invalid_blocks),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_every_prefix),
	};

	return (cmocka_run_group_tests_name("netblock", tests, NULL, NULL));
}
