/* SPDX-License-Identifier: ISC */
/* Passwords: hashing, verification, old hashes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <argon2.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "utils/password.h"

/* Made by passlib 1.7.4 with the bcrypt module, for "Correct-Horse1". */
static const char passlib_2b[] =
    "$2b$05$bmgHgds/ddsXhmqckKyqp.rzFlKSONciBvz53ucm8Xyy.7YWYqT66";
static const char passlib_2y[] =
    "$2y$05$LPFSVWymkT7w1mu.AmCMg.ksXi.6PPoLp/xVKX9J/qxXIjcg9TkfK";
static const char passlib_2a[] =
    "$2a$05$OfnIZj9z67lDBz44qnIgkui0WFP46o4k5NOR//12I5Av6yxts0hKS";
static const char passlib_cost_12[] =
    "$2b$12$HSAKqKtT977r2T01GvHKWucJcbUHcJu6cVBJgijSFl/cDFntTd3ry";
/* For "p\u00e4ssw\u00f6rd-\u20ac-\U0001f600". */
static const char passlib_utf8[] =
    "$2b$05$XFrbJVWiJUHlWyuyM0AcnODx6b/oYOKSZ4KKa54IQPenzy5UZtuAe";
/* For 72 times x and "tail". */
static const char passlib_long[] =
    "$2b$04$aqbg/SBYOtIBvxSGc13GjuvigQ9/R35ywGcHrKyuqDnd6e9AgjW7u";

static void
test_argon2(void **state)
{
	char	hash[PASSWORD_HASH_MAX], again[PASSWORD_HASH_MAX];

	(void)state;
	assert_int_equal(password_hash("Correct-Horse1", hash), 0);
	assert_memory_equal(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
	assert_int_equal(strlen(hash), 31 + 22 + 1 + 43);
	assert_int_equal(password_verify("Correct-Horse1", hash),
	    PASSWORD_RIGHT);
	assert_int_equal(password_verify("correct-Horse1", hash),
	    PASSWORD_WRONG);
	assert_int_equal(password_verify("Correct-Horse", hash),
	    PASSWORD_WRONG);
	assert_int_equal(password_verify("Correct-Horse11", hash),
	    PASSWORD_WRONG);
	assert_int_equal(password_verify("", hash), PASSWORD_WRONG);
	assert_int_equal(password_hash("Correct-Horse1", again), 0);
	assert_string_not_equal(hash, again);
}

static void
test_every_byte_counts(void **state)
{
	char	hash[PASSWORD_HASH_MAX], password[128];

	(void)state;
	memset(password, 'a', 127);
	password[127] = '\0';
	assert_int_equal(password_hash(password, hash), 0);
	assert_int_equal(password_verify(password, hash), PASSWORD_RIGHT);
	password[126] = 'b';
	assert_int_equal(password_verify(password, hash), PASSWORD_WRONG);
	password[126] = '\0';
	assert_int_equal(password_verify(password, hash), PASSWORD_WRONG);
}

static void
test_utf8(void **state)
{
	static const char	password[] =
	    "p\xc3\xa4ssw\xc3\xb6rd-\xe2\x82\xac-\xf0\x9f\x98\x80";
	char			hash[PASSWORD_HASH_MAX];

	(void)state;
	assert_int_equal(password_hash(password, hash), 0);
	assert_int_equal(password_verify(password, hash), PASSWORD_RIGHT);
	assert_int_equal(password_verify("passw\xc3\xb6rd", hash),
	    PASSWORD_WRONG);
	assert_int_equal(password_verify(password, passlib_utf8),
	    PASSWORD_RIGHT_REHASH);
}

static void
test_bcrypt(void **state)
{
	static const char *const hashes[] = { passlib_2a, passlib_2b,
	    passlib_2y, passlib_cost_12 };
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		assert_int_equal(password_verify("Correct-Horse1", hashes[i]),
		    PASSWORD_RIGHT_REHASH);
		assert_int_equal(password_verify("Correct-Horse2", hashes[i]),
		    PASSWORD_WRONG);
		assert_int_equal(password_verify("", hashes[i]),
		    PASSWORD_WRONG);
	}
}

/* bcrypt reads 72 bytes and libxcrypt refuses 512; we accept all. */
static void
test_bcrypt_long(void **state)
{
	char	password[1024];

	(void)state;
	memset(password, 'x', sizeof(password));
	password[72] = '\0';
	assert_int_equal(password_verify(password, passlib_long),
	    PASSWORD_RIGHT_REHASH);
	password[71] = '\0';
	assert_int_equal(password_verify(password, passlib_long),
	    PASSWORD_WRONG);
	password[71] = password[72] = 'x';
	password[sizeof(password) - 1] = '\0';
	assert_int_equal(password_verify(password, passlib_long),
	    PASSWORD_RIGHT_REHASH);
}

/* The salt's last character has four spare bits, which passlib used to set. */
static void
test_bcrypt_spare_bits(void **state)
{
	char	hash[sizeof(passlib_2b)];

	(void)state;
	memcpy(hash, passlib_2b, sizeof(hash));
	assert_int_equal(hash[28], '.');
	hash[28] = '/';
	assert_int_equal(password_verify("Correct-Horse1", hash),
	    PASSWORD_RIGHT_REHASH);
	assert_int_equal(password_verify("Correct-Horse2", hash),
	    PASSWORD_WRONG);
}

static void
test_bcrypt_limits(void **state)
{
	char	hash[sizeof(passlib_2b) + 1];
	size_t	i;
	static const char *const costs[] = { "00", "03", "17", "31", "32",
	    "99", " 5", "5$", "0x" };
	static const char	versions[] = "cxz1B$";

	(void)state;
	for (i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
		memcpy(hash, passlib_2b, sizeof(passlib_2b));
		memcpy(hash + 4, costs[i], 2);
		assert_int_equal(password_verify("Correct-Horse1", hash),
		    PASSWORD_UNREADABLE);
	}
	for (i = 0; versions[i] != '\0'; i++) {
		memcpy(hash, passlib_2b, sizeof(passlib_2b));
		hash[2] = versions[i];
		assert_int_equal(password_verify("Correct-Horse1", hash),
		    PASSWORD_UNREADABLE);
	}
	/* Every other length, and every byte that is not in the alphabet. */
	for (i = 0; i < sizeof(passlib_2b) - 1; i++) {
		memcpy(hash, passlib_2b, sizeof(passlib_2b));
		hash[i] = '\0';
		assert_int_equal(password_verify("Correct-Horse1", hash),
		    PASSWORD_UNREADABLE);
		hash[i] = ':';
		assert_int_equal(password_verify("Correct-Horse1", hash),
		    PASSWORD_UNREADABLE);
	}
	memcpy(hash, passlib_2b, sizeof(passlib_2b));
	memcpy(hash + 60, "a", 2);
	assert_int_equal(password_verify("Correct-Horse1", hash),
	    PASSWORD_UNREADABLE);
}

/* Only a weaker hash is replaced. OWASP calls five pairs equal. */
static void
test_argon2_rehash(void **state)
{
	static const struct {
		uint32_t	t, m, p, tag, salt, version;
		bool		weaker;
	} others[] = {
		{ 1, 19456, 1, 32, 16, ARGON2_VERSION_13, true },
		{ 2, 64, 1, 32, 16, ARGON2_VERSION_13, true },
		{ 4, 8959, 1, 32, 16, ARGON2_VERSION_13, true },
		{ 6, 7167, 1, 32, 16, ARGON2_VERSION_13, true },
		{ 2, 19456, 1, 16, 16, ARGON2_VERSION_13, true },
		{ 2, 19456, 1, 31, 16, ARGON2_VERSION_13, true },
		{ 2, 19456, 1, 32, 8, ARGON2_VERSION_13, true },
		{ 2, 19456, 1, 32, 15, ARGON2_VERSION_13, true },
		{ 3, 65536, 1, 32, 16, ARGON2_VERSION_10, true },
		{ 1, 47104, 1, 32, 16, ARGON2_VERSION_13, false },
		{ 3, 12288, 1, 32, 16, ARGON2_VERSION_13, false },
		{ 4, 9216, 1, 32, 16, ARGON2_VERSION_13, false },
		{ 5, 7168, 1, 32, 16, ARGON2_VERSION_13, false },
		{ 3, 19456, 1, 32, 16, ARGON2_VERSION_13, false },
		{ 2, 19456, 2, 32, 16, ARGON2_VERSION_13, false },
		{ 2, 19456, 1, 64, 16, ARGON2_VERSION_13, false },
		{ 1, 65536, 4, 32, 16, ARGON2_VERSION_13, false },
		{ 3, 65536, 4, 33, 16, ARGON2_VERSION_13, false },
	};
	char	hash[512];
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(argon2_hash(others[i].t, others[i].m,
		    others[i].p, "Correct-Horse1", 14, "somesaltsomesalt",
		    others[i].salt, NULL, others[i].tag, hash, sizeof(hash),
		    Argon2_id, others[i].version), ARGON2_OK);
		assert_int_equal(password_verify("Correct-Horse1", hash),
		    others[i].weaker ? PASSWORD_RIGHT_REHASH : PASSWORD_RIGHT);
		assert_int_equal(password_verify("Correct-Horse2", hash),
		    PASSWORD_WRONG);
	}
}

/* Instead of libargon2's: counts the hashes that are computed. */
static unsigned	nverified;

int
argon2id_verify(const char *encoded, const void *password, const size_t len)
{
	nverified++;
	return (argon2_verify(encoded, password, len, Argon2_id));
}

/* As a version before this one stored it. */
static void
hash_as_typed(const char *typed, char *hash, size_t size)
{
	assert_int_equal(argon2id_hash_encoded(2, 19456, 1, typed,
	    strlen(typed), "somesaltsomesalt", 16, 32, hash, size), ARGON2_OK);
}

#define NFC	"Jos\xc3\xa9-1815"
#define NFD	"Jose\xcc\x81-1815"
#define NBSP	"Jos\xc3\xa9\xc2\xa0" "1815"
#define BLANK	"Jos\xc3\xa9 1815"
#define FORMER	"\xe2\x84\xab ngstrom-1"	/* U+212B */
#define LATTER	"\xc3\x85 ngstrom-1"

/* What is typed on one device, and stored on another. */
static void
test_forms(void **state)
{
	static const struct {
		const char		*stored, *typed;
		enum password_verdict	 verdict;
		unsigned		 hashes;
	} cases[] = {
		{ NFC, NFC, PASSWORD_RIGHT, 1 },
		{ NFC, NFD, PASSWORD_RIGHT, 1 },
		{ NFD, NFD, PASSWORD_RIGHT_REHASH, 2 },
		{ NFD, NFC, PASSWORD_RIGHT_REHASH, 2 },
		{ "Jose-1815", NFC, PASSWORD_WRONG, 2 },
		{ "Jose-1815", NFD, PASSWORD_WRONG, 2 },
		{ BLANK, NBSP, PASSWORD_RIGHT, 1 },
		{ NBSP, NBSP, PASSWORD_RIGHT_REHASH, 2 },
		{ "x", NBSP, PASSWORD_WRONG, 3 },
		{ LATTER, FORMER, PASSWORD_RIGHT, 1 },
		{ FORMER, FORMER, PASSWORD_RIGHT_REHASH, 2 },
		{ FORMER, LATTER, PASSWORD_WRONG, 2 },
		{ "Jose-1815", "Jose-1815", PASSWORD_RIGHT, 1 },
		{ "Jose-1815", "Jose-1816", PASSWORD_WRONG, 1 },
		{ "Stra\xc3\x9f" "e", "Strasse", PASSWORD_WRONG, 1 },
		{ "x", "\xff\xfe", PASSWORD_WRONG, 1 },
		{ "\xff\xfe", "\xff\xfe", PASSWORD_RIGHT, 1 },
	};
	char	 hash[PASSWORD_HASH_MAX];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hash_as_typed(cases[i].stored, hash, sizeof(hash));
		nverified = 0;
		if (password_verify(cases[i].typed, hash) != cases[i].verdict ||
		    nverified != cases[i].hashes)
			fail_msg("case %zu: %u hashes", i, nverified);
	}
}

/* A hash is of the normal form, whatever was typed. */
static void
test_a_new_hash_is_of_the_normal_form(void **state)
{
	char	 hash[PASSWORD_HASH_MAX];

	(void)state;
	assert_int_equal(password_hash(NFD, hash), 0);
	assert_int_equal(argon2id_verify(hash, NFC, strlen(NFC)), ARGON2_OK);
	assert_int_equal(password_hash(NBSP, hash), 0);
	assert_int_equal(argon2id_verify(hash, BLANK, strlen(BLANK)),
	    ARGON2_OK);
}

/* The time without an account must be that of a wrong password. */
static void
test_the_dummy_takes_as_many_hashes(void **state)
{
	static const char *const typed[] = { "Jose-1815", NFC, NFD, NBSP,
	    FORMER };
	char		 hash[PASSWORD_HASH_MAX];
	unsigned	 n;
	size_t		 i;

	(void)state;
	hash_as_typed("another", hash, sizeof(hash));
	for (i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		nverified = 0;
		assert_int_equal(password_verify(typed[i], hash),
		    PASSWORD_WRONG);
		n = nverified;
		nverified = 0;
		assert_int_equal(password_verify(typed[i],
		    password_dummy_hash()), PASSWORD_WRONG);
		assert_int_equal(nverified, n);
	}
}

static void
test_garbage(void **state)
{
#define TAIL	"$c29tZXNhbHRzb21lc2FsdA$" \
		"CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	static const char *const garbage[] = {
		"", "$", "$2", "$2b", "$2b$", "plain", "*0", "!",
		"$1$abcdefgh$G9K6AAbQHjqmHW5WhNFJs0",
		"$5$rounds=5000$abc$def", "$6$abc$def", "$y$j9T$abc$def",
		"$argon2id$", "$argon2id$v=19$", "$argon2id$v=19$m=19456",
		"$argon2i$v=19$m=64,t=2,p=1" TAIL,
		"$argon2d$v=19$m=64,t=2,p=1" TAIL,
		"$argon2id$v=18$m=64,t=2,p=1" TAIL,
		"$argon2id$v=19$m=1048577,t=2,p=1" TAIL,
		"$argon2id$v=19$m=4294967295,t=2,p=1" TAIL,
		"$argon2id$v=19$m=4294967297,t=2,p=1" TAIL,
		"$argon2id$v=19$m=64,t=17,p=1" TAIL,
		"$argon2id$v=19$m=64,t=99999999999,p=1" TAIL,
		"$argon2id$v=19$m=64,t=0,p=1" TAIL,
		"$argon2id$v=19$m=64,t=2,p=17" TAIL,
		"$argon2id$v=19$m=64,t=2,p=0" TAIL,
		"$argon2id$v=19$m=1,t=2,p=1" TAIL,
		"$argon2id$v=19$m=064,t=2,p=1" TAIL,
		"$argon2id$v=19$m=-64,t=2,p=1" TAIL,
		"$argon2id$v=19$m= 64,t=2,p=1" TAIL,
		"$argon2id$v=19$t=2,m=64,p=1" TAIL,
		"$argon2id$v=19$m=64,t=2,p=1,x=1" TAIL,
		"$argon2id$v=19$m=64,t=2,p=1" TAIL "$",
		"$argon2id$v=19$m=64,t=2,p=1" TAIL "\n",
		"$argon2id$v=19$m=64,t=2,p=1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAA",
		"$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$",
		"$argon2id$v=19$m=64,t=2,p=1$$",
	};
	char	hash[1024];
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		if (password_verify("Correct-Horse1", garbage[i]) !=
		    PASSWORD_UNREADABLE)
			fail_msg("no error for \"%s\"", garbage[i]);
	}
	assert_int_equal(password_verify("Correct-Horse1", NULL),
	    PASSWORD_UNREADABLE);
	snprintf(hash, sizeof(hash), "%s", "$argon2id$v=19$m=64,t=2,p=1" TAIL);
	memset(hash + strlen(hash), 'A', 900);
	hash[1000] = '\0';
	assert_int_equal(password_verify("Correct-Horse1", hash),
	    PASSWORD_UNREADABLE);
}

static void *
dummy(void *arg)
{
	(void)arg;
	return ((void *)(uintptr_t)password_dummy_hash());
}

static void
test_dummy(void **state)
{
	pthread_t	threads[8];
	const char	*hash;
	void		*other;
	size_t		 i;

	(void)state;
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, dummy,
		    NULL), 0);
	hash = password_dummy_hash();
	assert_non_null(hash);
	for (i = 0; i < 8; i++) {
		pthread_join(threads[i], &other);
		assert_ptr_equal(hash, other);
	}
	assert_memory_equal(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
	assert_int_equal(password_verify("", hash), PASSWORD_WRONG);
	assert_int_equal(password_verify("Correct-Horse1", hash),
	    PASSWORD_WRONG);
}

static void *
many(void *arg)
{
	char	hash[PASSWORD_HASH_MAX];
	char	password[32];
	int	i;

	snprintf(password, sizeof(password), "password-%p", arg);
	for (i = 0; i < 3; i++) {
		if (password_hash(password, hash) != 0 ||
		    password_verify(password, hash) != PASSWORD_RIGHT ||
		    password_verify("other", hash) != PASSWORD_WRONG ||
		    password_verify("Correct-Horse1", passlib_2b) !=
		    PASSWORD_RIGHT_REHASH)
			return ("failed");
	}
	return (NULL);
}

static void
test_threads(void **state)
{
	pthread_t	threads[4];
	void		*failed;
	uintptr_t	 i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, many,
		    (void *)(i + 1)), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_argon2),
		cmocka_unit_test(test_every_byte_counts),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_bcrypt),
		cmocka_unit_test(test_bcrypt_long),
		cmocka_unit_test(test_bcrypt_spare_bits),
		cmocka_unit_test(test_bcrypt_limits),
		cmocka_unit_test(test_argon2_rehash),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_a_new_hash_is_of_the_normal_form),
		cmocka_unit_test(test_the_dummy_takes_as_many_hashes),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_dummy),
		cmocka_unit_test(test_threads),
	};

	return (cmocka_run_group_tests_name("password", tests, NULL, NULL));
}
