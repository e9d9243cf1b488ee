/* SPDX-License-Identifier: ISC */
/* Reads and parses a certificate chain and its private key. */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "utils/start_error.h"
#include "utils/timefmt.h"
#include "wire/tls_pair.h"

#define CERTIFICATE	"the certificate"
#define KEY		"the private key"

const char *
tls_reason(void)
{
	const char	*reason;

	reason = ERR_reason_error_string(ERR_peek_error());
	ERR_clear_error();
	return (reason != NULL ? reason : "unknown error");
}

static const char *
unusable(const char *what, const char *file, const char *reason)
{
	return (start_error("cannot use %s %s: %s", what, file, reason));
}

/* Returns NULL, or why not. */
static const char *
read_regular(int fd, char *out, size_t *len)
{
	struct stat	 st;
	ssize_t		 n;

	if (fstat(fd, &st) == -1)
		return (strerror(errno));
	if (!S_ISREG(st.st_mode))
		return ("it is no regular file");
	if (st.st_size > TLS_FILE_MAX)
		return ("it is too large");
	while (*len < TLS_FILE_MAX) {
		n = read(fd, out + *len, TLS_FILE_MAX - *len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (strerror(errno));
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	return (*len == 0 ? "it is empty" : NULL);
}

/* O_NONBLOCK: to open a FIFO would wait for its writer. */
static const char *
read_file(const char *what, const char *file, char *out, size_t *len)
{
	const char	*why;
	int		 fd;

	if ((fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC)) == -1)
		return (unusable(what, file, strerror(errno)));
	why = read_regular(fd, out, len);
	close(fd);
	return (why != NULL ? unusable(what, file, why) : NULL);
}

const char *
tls_text_read(const struct tls_files *files, struct tls_text *text)
{
	const char	*problem;

	OPENSSL_cleanse(text, sizeof(*text));
	problem = read_file(CERTIFICATE, files->cert, text->cert,
	    &text->cert_len);
	if (problem != NULL)
		return (problem);
	return (read_file(KEY, files->key, text->key, &text->key_len));
}

/* OpenSSL would ask on the terminal. */
static int
refuse_passphrase(char *out, int size, int writing, void *asked)
{
	(void)out;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return (-1);
}

static const char *
failed(const char *what, const char *file, bool encrypted)
{
	const char	*reason = tls_reason();

	return (unusable(what, file, encrypted ?
	    "it is encrypted: write it without a passphrase" : reason));
}

static bool
is_end(void)
{
	unsigned long	 e = ERR_peek_last_error();

	return (ERR_GET_LIB(e) == ERR_LIB_PEM &&
	    ERR_GET_REASON(e) == PEM_R_NO_START_LINE);
}

/* The leaf, and what follows it. */
static const char *
parse_chain(BIO *in, const char *file, struct tls_pair *p)
{
	X509	*x;
	bool	 encrypted = false;

	p->leaf = PEM_read_bio_X509_AUX(in, NULL, refuse_passphrase,
	    &encrypted);
	if (p->leaf == NULL && !encrypted && is_end()) {
		ERR_clear_error();
		return (unusable(CERTIFICATE, file, "it has none in PEM"));
	}
	if (p->leaf == NULL || (p->chain = sk_X509_new_null()) == NULL)
		return (failed(CERTIFICATE, file, encrypted));
	while ((x = PEM_read_bio_X509(in, NULL, refuse_passphrase,
	    &encrypted)) != NULL) {
		if (sk_X509_push(p->chain, x) == 0) {
			X509_free(x);
			return (unusable(CERTIFICATE, file, "out of memory"));
		}
	}
	if (encrypted || !is_end())
		return (failed(CERTIFICATE, file, encrypted));
	ERR_clear_error();
	return (NULL);
}

static bool
read_time(const ASN1_TIME *time, int64_t *us)
{
	struct tm	 tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return (false);
	*us = (int64_t)timegm(&tm) * 1000000;
	return (true);
}

static const char *
parse(const struct tls_files *files, BIO *cert, BIO *key, struct tls_pair *p)
{
	const char	*problem;
	bool		 encrypted = false;

	if (cert == NULL || key == NULL)
		return ("cannot use the certificate: out of memory");
	if ((problem = parse_chain(cert, files->cert, p)) != NULL)
		return (problem);
	if (!read_time(X509_get0_notBefore(p->leaf), &p->begins) ||
	    !read_time(X509_get0_notAfter(p->leaf), &p->expires))
		return (unusable(CERTIFICATE, files->cert,
		    "its dates are not valid"));
	if ((p->key = PEM_read_bio_PrivateKey(key, NULL, refuse_passphrase,
	    &encrypted)) == NULL)
		return (failed(KEY, files->key, encrypted));
	if (X509_check_private_key(p->leaf, p->key) != 1)
		problem = start_error("cannot use " KEY " %s: it does not "
		    "belong to " CERTIFICATE " %s", files->key, files->cert);
	ERR_clear_error();
	return (problem);
}

const char *
tls_pair_parse(const struct tls_files *files, const struct tls_text *text,
    struct tls_pair *p)
{
	BIO		*cert, *key;
	const char	*problem;

	memset(p, 0, sizeof(*p));
	ERR_clear_error();
	cert = BIO_new_mem_buf(text->cert, (int)text->cert_len);
	key = BIO_new_mem_buf(text->key, (int)text->key_len);
	problem = parse(files, cert, key, p);
	BIO_free(cert);
	BIO_free(key);
	if (problem != NULL)
		tls_pair_free(p);
	return (problem);
}

void
tls_pair_free(struct tls_pair *p)
{
	X509_free(p->leaf);
	sk_X509_pop_free(p->chain, X509_free);
	EVP_PKEY_free(p->key);
	memset(p, 0, sizeof(*p));
}

const char *
tls_pair_valid(const struct tls_files *files, const struct tls_pair *p,
    int64_t now)
{
	char	 when[TIMEFMT_HTTP];

	if (now >= p->begins && now <= p->expires)
		return (NULL);
	timefmt_http(now < p->begins ? p->begins : p->expires, when);
	return (start_error("cannot use the certificate %s: it %s %s",
	    files->cert, now < p->begins ? "is not valid before" :
	    "expired on", when));
}
