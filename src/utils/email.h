/* SPDX-License-Identifier: ISC */
/* E-mail addresses: what is one, and which two are the same. */

#ifndef UTILS_EMAIL_H
#define UTILS_EMAIL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * E-mail addresses with the verdict and the normal form of Python's
 * email-validator 1.3 (which Pydantic's EmailStr uses) without its DNS
 * queries: dot-atoms (RFC 5322 section 3.2.3), with UTF-8 (RFC 6531 section
 * 3.3), at an internationalised host name (IDNA 2008 after the mapping of
 * UTS 46), not below a special-use domain (RFC 6761). Thread-safe.
 *
 * Refused here and accepted there, on purpose: a domain with characters
 * newer than libidn2's Unicode, and xn--- labels that are no Punycode (RFC
 * 3492 section 6.2) though Python decodes them.
 */

/* Room for every accepted address: at most 254 bytes and the NUL. */
#define EMAIL_MAX	320

/* Longer inputs, in bytes, are refused unread. */
#define EMAIL_INPUT_MAX	1000

/*
 * Checks the NUL-terminated address in and writes its normal form into out:
 * the local part in NFC and otherwise as it is, the domain in lower case and
 * in Unicode, also when it was given as xn--. Returns NULL when the address
 * is accepted; otherwise a static sentence part that says why not, to follow
 * the field's name ("must contain exactly one @"), and out is "". Memory
 * that cannot be had and an outsize too small are refusals, too. out and in
 * do not overlap.
 */
const char	*email_normalise(const char *in, char *out, size_t outsize);

/*
 * The mailbox that an address leads to, for limits: in lower case, and without
 * the "+tag" that many servers ignore. False when it does not fit.
 */
bool		 email_mailbox(const char *address, char *out, size_t size);

#endif
