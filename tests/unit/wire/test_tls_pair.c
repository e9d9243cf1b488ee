/* SPDX-License-Identifier: ISC */
/* Which pairs may replace one that is served. */

/* sources: src/base/log_write.c */
/* sources: src/wire/tls.c src/wire/tls_context.c src/wire/tls_pair.c */
/* sources: src/wire/tls_tickets.c src/wire/tls_keymgr.c */
/* sources: src/wire/tls_renew.c src/wire/wire_settings.c src/base/metrics.c */
/* sources: src/base/log.c src/base/log_write.c src/base/jsonw.c */
/* sources: src/base/arena.c src/base/mem.c src/base/faults.c */
/* sources: tests/unit/fakes/log_fake.c */

#include "wire/tls_renew_fixture.h"

#include <fcntl.h>

#define OLD_GOES_ON	"; the old pair is still served: 30 days left, until "

/* Bad pairs. Each changes the files of a good new one. */

static void
append(const char *path, const char *text, size_t len)
{
	int	 fd = open(path, O_WRONLY | O_APPEND);

	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static void
replace(const char *path, const char *text)
{
	assert_int_equal(truncate(path, 0), 0);
	append(path, text, strlen(text));
}

static void
other_key(void)
{
	write_key_only(EVP_EC_gen("P-256"));
}

static void
other_type(void)
{
	write_key_only(EVP_RSA_gen(2048));
}

static void
halve(const char *path)
{
	struct stat	 st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size / 2), 0);
}

static void
half_cert(void)
{
	halve(cert);
}

static void
half_key(void)
{
	halve(key);
}

static void
half_chain(void)
{
	static const char	 begin[] = "-----BEGIN CERTIFICATE-----\nMIIB";

	append(cert, begin, strlen(begin));
}

static void
bad_chain(void)
{
	static const char	 bad[] = "-----BEGIN CERTIFICATE-----\nMIIB\n"
				    "-----END CERTIFICATE-----\n";

	append(cert, bad, strlen(bad));
}

static void
garbage_cert(void)
{
	replace(cert, "garbage\n");
}

static void
garbage_key(void)
{
	replace(key, "garbage\n");
}

static void
empty_cert(void)
{
	replace(cert, "");
}

static void
empty_key(void)
{
	replace(key, "");
}

static void
swapped(void)
{
	char	 other[80];

	snprintf(other, sizeof(other), "%s.other", cert);
	rename(cert, other);
	rename(key, cert);
	rename(other, key);
}

static void
write_new(long begins, long expires, EVP_PKEY *pkey)
{
	write_dated(pkey, NEW, begins, expires);
	EVP_PKEY_free(pkey);
}

static void
expired(void)
{
	write_new(-9 * DAY_S, -1, EVP_EC_gen("P-256"));
}

static void
not_yet(void)
{
	write_new(60, 9 * DAY_S, EVP_EC_gen("P-256"));
}

static void
encrypted(void)
{
	EVP_PKEY	*pkey = EVP_EC_gen("P-256");
	FILE		*f;

	write_dated(pkey, NEW, 0, DAY_S);
	assert_non_null(f = fopen(key, "w"));
	assert_int_equal(PEM_write_PrivateKey(f, pkey, EVP_aes_256_cbc(),
	    (const unsigned char *)"secret", 6, NULL, NULL), 1);
	fclose(f);
	EVP_PKEY_free(pkey);
}

static void
small_rsa(void)
{
	write_new(0, DAY_S, EVP_RSA_gen(1024));
}

static void
other_curve(void)
{
	write_new(0, DAY_S, EVP_EC_gen("secp256k1"));
}

static void
ed448(void)
{
	write_new(0, DAY_S, EVP_PKEY_Q_keygen(NULL, NULL, "ED448"));
}

static void
no_cert(void)
{
	unlink(cert);
}

static void
no_key(void)
{
	unlink(key);
}

static void
link_to_itself(void)
{
	unlink(cert);
	assert_int_equal(symlink(cert, cert), 0);
}

static void
fifo(void)
{
	alarm(20);		/* to wait for its writer is for ever */
	unlink(cert);
	assert_int_equal(mkfifo(cert, 0600), 0);
}

static void
device(void)
{
	unlink(key);
	assert_int_equal(symlink("/dev/zero", key), 0);
}

static void
directory(void)
{
	unlink(key);
	assert_int_equal(symlink("/", key), 0);
}

static void
large(void)
{
	assert_int_equal(truncate(cert, TLS_FILE_MAX + 1), 0);
}

static const struct {
	void		(*change)(void);
	const char	*phrase;
} bad[] = {
	{ other_key, "key.pem: it does not belong to the certificate " },
	{ other_type, "/cert.pem" OLD_GOES_ON },
	{ half_cert, "cannot use the certificate /tmp/" },
	{ half_key, "cannot use the private key /tmp/" },
	{ half_chain, "cannot use the certificate /tmp/" },
	{ bad_chain, "cannot use the certificate /tmp/" },
	{ garbage_cert, ": it has none in PEM" OLD_GOES_ON },
	{ garbage_key, "cannot use the private key /tmp/" },
	{ empty_cert, "cert.pem: it is empty" },
	{ empty_key, "key.pem: it is empty" },
	{ swapped, "cert.pem: it has none in PEM" },
	{ expired, "cert.pem: it expired on " },
	{ not_yet, "cert.pem: it is not valid before " },
	{ encrypted, "key.pem: it is encrypted: write it without a passphrase"
	    OLD_GOES_ON },
	{ small_rsa, "cert.pem: ee key too small" },
	{ other_curve, "cert.pem: no client could connect: " },
	{ ed448, "cert.pem: no client could connect: " },
	{ no_cert, "cert.pem: No such file or directory" OLD_GOES_ON },
	{ no_key, "key.pem: No such file or directory" OLD_GOES_ON },
	{ link_to_itself, "Too many levels of symbolic links" },
	{ fifo, "cert.pem: it is no regular file" },
	{ device, "key.pem: it is no regular file" },
	{ directory, "key.pem: it is no regular file" },
	{ large, "cert.pem: it is too large" },
};

static void
test_a_bad_pair_is_refused(void **state)
{
	SSL_CTX	*before = domain.ssl_ctx;
	size_t	 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_pair(EVP_EC_gen("P-256"), NEW);
		bad[i].change();
		assert_tick(1, true, "error", bad[i].phrase);
		assert_null(tick(30, false, NULL));
		assert_ptr_equal(domain.ssl_ctx, before);
		assert_int_equal(tls_served->slot->generation, 0);
		unlink(cert);
		unlink(key);
		write_pair(EVP_EC_gen("P-256"), NEW);
		assert_tick(1, true, "info", "is new, and served from now on: "
		    "30 days left, until ");
		assert_int_equal(serial_of(domain.ssl_ctx), NEW);
		teardown(state);
		setup(state);
		before = domain.ssl_ctx;
	}
}

/* Good pairs: in other keys, and with more than that in the files. */

static void
rsa(void)
{
	write_pair(EVP_RSA_gen(2048), NEW);
}

static void
p384(void)
{
	write_pair(EVP_EC_gen("P-384"), NEW);
}

static void
p521(void)
{
	write_pair(EVP_EC_gen("P-521"), NEW);
}

static void
ed25519(void)
{
	write_pair(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NEW);
}

static void
with_words(void)
{
	static const char	 words[] = "The authority of 2026\r\n";

	write_pair(EVP_EC_gen("P-256"), NEW);
	append(cert, words, strlen(words));
	append(key, words, strlen(words));
}

static void
with_chain(void)
{
	EVP_PKEY	*pkey = EVP_EC_gen("P-256");
	X509		*x = make_x509(pkey, 3, -9 * DAY_S, -1);
	FILE		*f;

	write_pair(EVP_EC_gen("P-256"), NEW);
	assert_non_null(f = fopen(cert, "a"));
	PEM_write_X509(f, x);
	fclose(f);
	X509_free(x);
	EVP_PKEY_free(pkey);
}

static void (*const good[])(void) = {
	rsa, p384, p521, ed25519, with_words, with_chain,
};

static void
test_good_pairs(void **state)
{
	STACK_OF(X509)	*chain;
	size_t		 i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		good[i]();
		assert_tick(1, true, "info", " is new, and served from now on");
		assert_int_equal(serial_of(domain.ssl_ctx), NEW);
		SSL_CTX_get0_chain_certs(domain.ssl_ctx, &chain);
		assert_int_equal(chain == NULL ? 0 : sk_X509_num(chain),
		    good[i] == with_chain);
		teardown(state);
		setup(state);
	}
}

#define PAIR_TEST(fn)							\
	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		PAIR_TEST(test_a_bad_pair_is_refused),
		PAIR_TEST(test_good_pairs),
	};

	return (cmocka_run_group_tests_name("tls_pair", tests, make_folder,
	    remove_folder));
}
