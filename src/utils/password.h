/* SPDX-License-Identifier: ISC */
/* Passwords: hashing and verification (Argon2id, bcrypt). */

#ifndef UTILS_PASSWORD_H
#define UTILS_PASSWORD_H

/*
 * Hashes passwords with Argon2id (RFC 9106) and OWASP's parameters, and
 * verifies bcrypt hashes that passlib left in a database. Each call takes about
 * 19 MiB and 20 ms of a CPU (a hash made elsewhere: what its parameters say,
 * within the limits below). So call it on a task thread, never on the loop.
 * Thread-safe.
 *
 * The normal form of a password is hashed: see password_text.h.
 */

/* The size in bytes of a hash that this file makes, its NUL included. */
#define PASSWORD_HASH_MAX	256

enum password_verdict {
	PASSWORD_WRONG,
	PASSWORD_RIGHT,
	PASSWORD_RIGHT_REHASH,	/* right; store a new password_hash() of it */
	PASSWORD_UNREADABLE,	/* not a known kind of hash */
	PASSWORD_ERROR		/* no memory */
};

/*
 * Hashes the normal form of a password of up to PASSWORD_BYTES_MAX bytes, with
 * a new random salt, into "$argon2id$v=19$m=19456,t=2,p=1$...". Returns 0, or
 * -1 when memory is short or OpenSSL's random bytes fail; out is then "".
 */
int	password_hash(const char *password, char out[static PASSWORD_HASH_MAX]);

/*
 * Verifies a password against a hash, in constant time for hashes with the same
 * parameters. Supported are $argon2id$ (up to 1 GiB, 16 passes, 16 lanes) and
 * bcrypt's $2a$, $2b$ and $2y$ (cost 4 to 16; as everywhere, only the first 72
 * bytes of the password count). A right password gives PASSWORD_RIGHT_REHASH if
 * its hash is weaker than today's, or of another form of it. A stronger hash
 * stays. Beyond the limits, and for any other text, it is PASSWORD_UNREADABLE:
 * a database row must not decide how expensive a check is. An Argon2 hash with
 * p > 1 starts p threads.
 *
 * A password that is not in NFC, or has other forms, is tried in its normal
 * form, as it was typed, and in NFD: older hashes are of these. A form that is
 * the same as one before is not tried again, so plain ASCII costs one hash, and
 * a wrong password as many as it has forms, whatever the hash is.
 */
enum password_verdict	password_verify(const char *password,
			    const char *hash);

/*
 * Returns password_hash() of a random password that nobody knows. Verify
 * against it when there is no account, so that the response takes as long. The
 * first call makes it (pthread_once): call it once at start, so that no request
 * waits for it and forked workers share it. It lives as long as the process.
 * NULL, for good, when making it failed; password_verify(x, NULL) is
 * PASSWORD_UNREADABLE.
 */
const char	*password_dummy_hash(void);

#endif
