/* SPDX-License-Identifier: ISC */
/* A certificate chain and its private key: PEM files, their text, and both. */

#ifndef WIRE_TLS_PAIR_H
#define WIRE_TLS_PAIR_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

#define TLS_FILE_MAX	65536	/* bytes of a PEM file */

/* The names of the files, for reading them and for messages. */
struct tls_files {
	const char	*cert;		/* the chain, the server's first */
	const char	*key;
};

/* The text of both. It holds the key: OPENSSL_cleanse() it. */
struct tls_text {
	size_t	 cert_len, key_len;
	char	 cert[TLS_FILE_MAX];
	char	 key[TLS_FILE_MAX];
};

struct tls_pair {
	X509		*leaf;
	STACK_OF(X509)	*chain;		/* what follows the leaf */
	EVP_PKEY	*key;
	int64_t		 begins, expires;	/* of the leaf: see timefmt.h */
};

/*
 * Reads both files. Never waits: what is no regular file is refused. Returns
 * NULL, or an error message that names the file. What is not read is zero, so
 * that equal files make equal texts, byte by byte.
 */
const char	*tls_text_read(const struct tls_files *, struct tls_text *);

/*
 * Parses the text, and checks that the key is that of the certificate. Never
 * asks for a passphrase. Returns NULL and a pair to be freed, or an error
 * message that names the file.
 */
const char	*tls_pair_parse(const struct tls_files *,
		    const struct tls_text *, struct tls_pair *);
void		 tls_pair_free(struct tls_pair *);

/* Returns NULL if the certificate is valid at that time, or why it is not. */
const char	*tls_pair_valid(const struct tls_files *,
		    const struct tls_pair *, int64_t now);

/* OpenSSL's reason for what has just failed; empties its queue of errors. */
const char	*tls_reason(void);

#endif
