/* SPDX-License-Identifier: ISC */
/* E-mail addresses: validation, and which two are the same. */

#ifndef UTILS_EMAIL_H
#define UTILS_EMAIL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Accepts the same e-mail addresses as Python's email-validator 1.3 (which
 * Pydantic's EmailStr uses) without its DNS queries, and gives them the same
 * normal form: dot-atoms (RFC 5322 section 3.2.3), with UTF-8 (RFC 6531 section
 * 3.3), at an internationalised host name (IDNA 2008 after the mapping of UTS
 * 46), not below a special-use domain (RFC 6761). Thread-safe.
 *
 * Two kinds are refused here though email-validator accepts them: domains with
 * characters newer than libidn2's Unicode, and xn--- labels that are not
 * Punycode (RFC 3492 section 6.2) although Python decodes them.
 */

/* Enough for every accepted address: at most 254 bytes and the NUL. */
#define EMAIL_MAX	320

/* Longer inputs, in bytes, are refused without being read. */
#define EMAIL_INPUT_MAX	1000

/*
 * Checks the NUL-terminated address `in` and writes its normal form into out:
 * the local part in NFC with its case kept; the domain in lower case and in
 * Unicode, even when given as xn--. Returns NULL when the address is accepted.
 * Otherwise returns a static phrase that says what is wrong and follows the
 * field's name ("must contain exactly one @"), and out is "". It also refuses
 * for lack of memory and when outsize is too small. out and in must not
 * overlap.
 */
const char	*email_normalise(const char *in, char *out, size_t outsize);

/*
 * Writes the mailbox that receives the address's mail, for limits: in lower
 * case, and without the "+tag" that many servers ignore. False when it does not
 * fit into size bytes.
 */
bool		 email_mailbox(const char *address, char *out, size_t size);

#endif
