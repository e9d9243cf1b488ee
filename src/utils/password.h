/* SPDX-License-Identifier: ISC */
/* Passwords: hashing and checking (Argon2id, bcrypt). */

#ifndef UTILS_PASSWORD_H
#define UTILS_PASSWORD_H

/*
 * Password hashing: Argon2id (RFC 9106) with the parameters of OWASP, and
 * the verification of bcrypt hashes that passlib left in a database. Each
 * call holds about 19 MiB and some 20 ms of a CPU (a foreign hash: what its
 * parameters say, within the limits below), so it belongs on a task thread,
 * never on the loop. Thread-safe.
 */

/* Bytes of an encoded hash that this file makes, its NUL included. */
#define PASSWORD_HASH_MAX	256

enum password_verdict {
	PASSWORD_WRONG,
	PASSWORD_RIGHT,
	PASSWORD_RIGHT_REHASH,	/* right; store a new password_hash() of it */
	PASSWORD_UNREADABLE,	/* a hash of no known form */
	PASSWORD_ERROR		/* memory */
};

/*
 * Hashes a NUL-terminated password, all of its bytes, with a new random salt
 * into "$argon2id$v=19$m=19456,t=2,p=1$...". Returns 0, or -1 when memory
 * or OpenSSL's random bytes fail; out is then "".
 */
int	password_hash(const char *password, char out[static PASSWORD_HASH_MAX]);

/*
 * Compares a password with a hash, in constant time for hashes of the same
 * parameters. Understood are $argon2id$ (up to 1 GiB, 16 passes, 16 lanes)
 * and bcrypt's $2a$, $2b$ and $2y$ (cost 4 to 16; only the first 72 bytes of
 * the password count, as everywhere). Everything right that password_hash()
 * would not make today is PASSWORD_RIGHT_REHASH. Beyond the limits, and for
 * any other text, PASSWORD_UNREADABLE: a row of the database does not get to
 * name a price. An Argon2 hash with p > 1 starts p threads.
 */
enum password_verdict	password_verify(const char *password,
			    const char *hash);

/*
 * A hash by password_hash() of a random password nobody knows, to be
 * verified when there is no account, so that the answer takes as long. Made
 * by the first call, under pthread_once, and constant from then on: call it
 * once at boot, so that no request pays and forked workers share it. It
 * lives as long as the process. NULL when making it failed, for good;
 * password_verify(x, NULL) is PASSWORD_UNREADABLE.
 */
const char	*password_dummy_hash(void);

#endif
