/* SPDX-License-Identifier: ISC */
/* The header of the PROXY protocol: each field's borders, and truncations. */

/* sources: src/wire/wire_proxy.c */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "wire/proxy_fixture.h"
#include "wire/wire_proxy.h"

static struct proxy_header	header;

/* Reads from a copy of exactly that size, so that AddressSanitizer sees all. */
static enum proxy_result
parse(const char *bytes, size_t len)
{
	unsigned char		*copy = malloc(len > 0 ? len : 1);
	enum proxy_result	 result;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	memset(&header, 0x5a, sizeof(header));
	result = proxy_parse(copy, len, &header);
	free(copy);
	return (result);
}

static void
assert_client(const char *bytes, size_t len, const char *address)
{
	char	 text[NETADDR_TEXT];

	assert_int_equal(parse(bytes, len), PROXY_CLIENT);
	netaddr_text(&header.client, text);
	assert_string_equal(text, address);
}

static void
test_a_client_is_announced(void **state)
{
	(void)state;
	assert_client(TCP4_CLIENT, sizeof(TCP4_CLIENT) - 1, "203.0.113.9");
	assert_int_equal(header.len, 28);
	assert_client(TCP6_CLIENT, sizeof(TCP6_CLIENT) - 1, "2001:db8::9");
	assert_int_equal(header.len, 52);
}

/* What comes behind the header is no part of it. */
static void
test_the_bytes_behind_are_left(void **state)
{
	(void)state;
	assert_client(TCP4_CLIENT "\x16\x03\x01", sizeof(TCP4_CLIENT) + 2,
	    "203.0.113.9");
	assert_int_equal(header.len, 28);
}

static void
test_an_ipv4_mapped_client_is_ipv4(void **state)
{
	char	 bytes[] = TCP6_CLIENT;

	(void)state;
	memcpy(bytes + 16, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xcb\x00\x71\x09", 16);
	assert_client(bytes, sizeof(bytes) - 1, "203.0.113.9");
	assert_false(header.client.ipv6);
}

static void
test_every_truncation_waits(void **state)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
	} whole[] = {
		{ TCP4_CLIENT, sizeof(TCP4_CLIENT) - 1 },
		{ TCP6_CLIENT, sizeof(TCP6_CLIENT) - 1 },
		{ LOCAL_CHECK, sizeof(LOCAL_CHECK) - 1 },
	};
	size_t	 i, len;

	(void)state;
	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		for (len = 0; len < whole[i].len; len++) {
			assert_int_equal(parse(whole[i].bytes, len),
			    PROXY_MORE);
			assert_int_equal(header.len, len < PROXY_HEAD ?
			    PROXY_HEAD : whole[i].len);
		}
		assert_true(parse(whole[i].bytes, len) > PROXY_BAD);
		assert_int_equal(header.len, whole[i].len);
	}
}

/* TLS, HTTP and noise, from the first byte that tells. */
static void
test_what_begins_no_header(void **state)
{
	char	 bytes[] = TCP4_CLIENT;
	size_t	 i;

	(void)state;
	assert_int_equal(parse("\x16", 1), PROXY_NONE);
	assert_int_equal(parse("G", 1), PROXY_NONE);
	assert_int_equal(parse("PO", 2), PROXY_NONE);
	assert_int_equal(parse("PROPFIND ", 9), PROXY_NONE);
	assert_int_equal(parse("\r\nGET / HTTP/1.1\r\n", 18), PROXY_NONE);
	assert_int_equal(parse("\r\n\r\nG", 5), PROXY_NONE);
	for (i = 0; i < 12; i++) {
		bytes[i] ^= 1;
		assert_int_equal(parse(bytes, i + 1), PROXY_NONE);
		assert_int_equal(parse(bytes, sizeof(bytes) - 1), PROXY_NONE);
		bytes[i] ^= 1;
	}
}

static void
test_version_1_is_told(void **state)
{
	static const char	 text[] = "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n";
	size_t			 len;

	(void)state;
	for (len = 1; len < 6; len++)
		assert_int_equal(parse(text, len), PROXY_MORE);
	for (; len < sizeof(text); len++) {
		assert_int_equal(parse(text, len), PROXY_BAD);
		assert_string_equal(header.problem, "it is of version 1, and "
		    "only version 2 is read");
	}
}

/* Every value of the two bytes: which are refused, kept, or a client's. */
static void
test_each_command_and_family(void **state)
{
	char			 bytes[] = TCP6_CLIENT;
	enum proxy_result	 want;
	unsigned		 command, family;

	(void)state;
	for (command = 0; command < 256; command++) {
		for (family = 0; family < 256; family++) {
			bytes[12] = (char)command;
			bytes[13] = (char)family;
			want = command == 0x20 ? PROXY_KEEP :
			    command != 0x21 ? PROXY_BAD :
			    family >> 4 > 3 || (family & 0xf) > 2 ? PROXY_BAD :
			    family == 0x11 || family == 0x21 ? PROXY_CLIENT :
			    PROXY_KEEP;
			if (parse(bytes, sizeof(bytes) - 1) != want)
				fail_msg("%02x %02x", command, family);
			if (want == PROXY_BAD)
				assert_non_null(strstr(header.problem,
				    command >> 4 != 2 ? "version" :
				    command > 0x21 ? "command" : "family"));
		}
	}
}

/* The length: of the addresses at least, and not endless. */
static void
test_each_length(void **state)
{
	static const struct {
		char		 command, family;
		unsigned	 least;
	} kinds[] = {
		{ 0x20, 0x00, 0 }, { 0x20, 0x11, 0 }, { 0x21, 0x00, 0 },
		{ 0x21, 0x11, 12 }, { 0x21, 0x21, 36 }, { 0x21, 0x31, 0 },
		{ 0x21, 0x12, 0 },
	};
	static char	 bytes[PROXY_HEAD + 65535] = SIGNATURE;
	unsigned	 len;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bytes[12] = kinds[i].command;
		bytes[13] = kinds[i].family;
		for (len = 0; len < 65536; len += len < 64 ? 1 : 4031) {
			bytes[14] = (char)(len >> 8);
			bytes[15] = (char)len;
			if ((parse(bytes, PROXY_HEAD + len) == PROXY_BAD) !=
			    (len < kinds[i].least || len > 4096))
				fail_msg("kind %zu, length %u", i, len);
			if (len == 0)
				continue;
			assert_true(parse(bytes, PROXY_HEAD + len - 1) <=
			    PROXY_BAD);
		}
	}
	bytes[12] = 0x20;
	memcpy(bytes + 14, "\x10\x00", 2);
	assert_int_equal(parse(bytes, PROXY_HEAD + 4096), PROXY_KEEP);
	assert_int_equal(header.len, PROXY_HEAD + 4096);
	memcpy(bytes + 14, "\x10\x01", 2);
	assert_int_equal(parse(bytes, PROXY_HEAD), PROXY_BAD);
	assert_string_equal(header.problem, "it is too long");
}

/* TLVs stand behind the addresses, and are skipped. */
static void
test_what_stands_behind_the_addresses_is_skipped(void **state)
{
	char	 bytes[] = TCP4_CLIENT "\x03\x00\x04\xde\xad\xbe\xef";

	(void)state;
	bytes[15] = 12 + 7;
	assert_client(bytes, sizeof(bytes) - 1, "203.0.113.9");
	assert_int_equal(header.len, 28 + 7);
	assert_int_equal(parse(bytes, sizeof(bytes) - 2), PROXY_MORE);
	assert_int_equal(header.len, 28 + 7);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_a_client_is_announced),
		cmocka_unit_test(test_the_bytes_behind_are_left),
		cmocka_unit_test(test_an_ipv4_mapped_client_is_ipv4),
		cmocka_unit_test(test_every_truncation_waits),
		cmocka_unit_test(test_what_begins_no_header),
		cmocka_unit_test(test_version_1_is_told),
		cmocka_unit_test(test_each_command_and_family),
		cmocka_unit_test(test_each_length),
		cmocka_unit_test(
		    test_what_stands_behind_the_addresses_is_skipped),
	};

	return (cmocka_run_group_tests_name("wire_proxy", tests, NULL, NULL));
}
