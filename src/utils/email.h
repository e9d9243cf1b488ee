/* SPDX-License-Identifier: ISC */
/* E-mail addresses: validation, and which two are the same. */

#ifndef UTILS_EMAIL_H
#define UTILS_EMAIL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Accepts the e-mail addresses that Python's email-validator 2 (which
 * Pydantic's EmailStr uses) accepts without its DNS queries, and gives them the
 * same normal form: dot-atoms (RFC 5322 section 3.2.3), with UTF-8 (RFC 6531
 * section 3.3), at an internationalised host name (IDNA 2008 after the mapping
 * of UTS 46), not below a special-use domain (RFC 6761). Blanks at both ends do
 * not count. Thread-safe.
 *
 * These are refused here though email-validator accepts them: domains with
 * characters newer than libidn2's Unicode; xn-- labels that are not Punycode
 * (RFC 3492 section 6.2) although Python decodes them; characters in a domain
 * that UTS 46 leaves out without being format characters (U+034F, U+FE0F); more
 * than 64 characters before the @, which it refuses with strict=True only. And
 * INFO@, POSTMASTER@ and the other names of RFC 2142 keep their case: they have
 * the key of info@ and postmaster@ anyway.
 */

/* Enough for every accepted address: at most 254 bytes and the NUL. */
#define EMAIL_MAX	320

/* Longer inputs, in bytes, are refused without being read. */
#define EMAIL_INPUT_MAX	1000

/*
 * Checks the NUL-terminated address `in` and writes its normal form into out:
 * the local part in NFC with its case kept; the domain in lower case and in
 * Unicode, even when given as xn--. Returns NULL when the address is accepted.
 * Otherwise returns a phrase that says what is wrong and follows the field's
 * name ("must contain exactly one @"), good until the thread's next call, and
 * out is "". It also refuses for lack of memory and when outsize is too small.
 * out and in must not overlap.
 */
const char	*email_normalise(const char *in, char *out, size_t outsize);

/* Enough for the key of every address of 255 characters that is in use. */
#define EMAIL_KEY_MAX	1536

/*
 * Writes the key of an address into out: two addresses with one key are one
 * address, for accounts and for all limits. So every comparison goes by it.
 *
 * Any text has a key, also one that email_normalise() refuses: an address may
 * be older than its rules. Blanks at both ends do not count. What is before the
 * last @, or all of it, is in NFC and in the lower case of Unicode, without a
 * locale: U+0130 is not i, and U+00DF is not ss; a final sigma is a sigma. The
 * domain is that of email_normalise(), in which U+00DF and a final sigma make
 * another domain; if IDNA does not accept it, it is in NFC and lower case. A
 * key is its own key, and does not begin with a blank.
 *
 * False when the text or its key has size or EMAIL_KEY_MAX bytes or more, is
 * not UTF-8, or memory is short; out, of at least 1 byte, is "" then.
 * PostgreSQL indexes no longer ones. The keys of all users are stored: who
 * changes this function makes them anew in a migration.
 */
bool		 email_key(const char *text, char *out, size_t size);

/* Have both the same key? */
bool		 email_is_same(const char *, const char *);

/*
 * Writes the mailbox that receives the address's mail, for limits: its key,
 * without the "+tag" that many servers ignore. False when there is no @, and
 * when email_key() is.
 */
bool		 email_mailbox(const char *address, char *out, size_t size);

#endif
