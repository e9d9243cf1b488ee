/* SPDX-License-Identifier: ISC */
/* The pairs that are served, between the files of TLS. */

#ifndef WIRE_TLS_SERVED_H
#define WIRE_TLS_SERVED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <openssl/sha.h>
#include <openssl/ssl.h>

#include "wire/tls_pair.h"

/* A new text, on its way from the parent to the workers. */
struct tls_slot {
	_Atomic unsigned	 generation;	/* odd: it is being written */
	struct tls_text		 text;
};

/*
 * A pair, and the context that all domains with these two files have. Made in
 * the parent, before the fork; each process replaces its own context.
 */
struct tls_served {
	struct tls_served	*next;
	struct tls_files	 files;
	SSL_CTX			*ctx;
	int64_t			 begins, expires;	/* see timefmt.h */
	unsigned char		 digest[SHA256_DIGEST_LENGTH];	/* its text's */

	struct tls_slot		*slot;		/* shared */
	unsigned		 generation;	/* what ctx was made of */

	/* In the parent: what was wrong with other files. */
	char			 problem[512];	/* "": nothing */
	unsigned char		 refused[SHA256_DIGEST_LENGTH];
	bool			 told;		/* it is in the log */
	bool			 failed;	/* in a worker: that is */
};

extern struct tls_served	*tls_served;	/* a list; NULL: no TLS */

void	tls_text_digest(const struct tls_text *,
	    unsigned char out[static SHA256_DIGEST_LENGTH]);

/*
 * Parses and checks a pair, makes its context and tries it. Sets the digest and
 * the times. A renewed pair must be valid now; at the start there is no other
 * one. Returns NULL, with an error message, if it is not good.
 */
SSL_CTX	*tls_accept(struct tls_served *, const struct tls_text *, bool renewed,
	    const char **problem);

/* Gives all domains that have the pair's old context the new one. */
void	tls_serve(struct tls_served *, SSL_CTX *);

/*
 * Writes "29 days left, until Thu, 03 Dec 2026 23:59:59 GMT", or "expired on
 * ..." or "not valid before ..." with the time.
 */
const char	*tls_left(const struct tls_served *);

/* Rounded down; negative when it has expired. */
int64_t	tls_days_left(const struct tls_served *);

#endif
