/* SPDX-License-Identifier: ISC */
/* Which e-mail addresses are the same: see email_key(). */

#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include <stdlib.h>
#include <string.h>

#include "utils/email.h"
#include "utils/email_parts.h"
#include "utils/utf8.h"

#define FINAL_SIGMA	"\xcf\x82"
#define SIGMA		"\xcf\x83"

/*
 * Writes the text in lower case and NFC, with a NUL, into out, and returns its
 * length; or size, when it does not fit. Case is folded without a locale.
 */
static size_t
fold(const char *text, size_t len, char *out, size_t size)
{
	uint8_t	*nfc, *lower = NULL;
	size_t	 nfc_len = 0, n = size;

	nfc = u8_normalize(UNINORM_NFC, (const uint8_t *)text, len, NULL,
	    &nfc_len);
	if (nfc != NULL)
		lower = u8_tolower(nfc, nfc_len, NULL, UNINORM_NFC, NULL, &n);
	if (lower == NULL || n >= size)
		n = size;
	else {
		memcpy(out, lower, n);
		out[n] = '\0';
	}
	free(nfc);
	free(lower);
	return (n);
}

/* Upper case does not tell which of the two it was. */
static void
unify_sigmas(char *text)
{
	while ((text = strstr(text, FINAL_SIGMA)) != NULL)
		memcpy(text, SIGMA, strlen(SIGMA));
}

/*
 * The same for a domain. One that IDNA accepts is in lower case then, and keeps
 * its final sigmas: with and without them, it is two domains.
 */
static size_t
fold_domain(const char *text, char *out, size_t size)
{
	struct email_domain	 domain;
	size_t			 n;

	if (email_domain_read(text, false, &domain) != NULL) {
		n = fold(text, strlen(text), out, size);
		if (n == size ||
		    email_domain_read(out, false, &domain) != NULL)
			return (n);
	}
	if (domain.len >= size)
		return (size);
	memcpy(out, domain.text, domain.len + 1);
	return (domain.len);
}

bool
email_key(const char *text, char *out, size_t size)
{
	char	 typed[EMAIL_KEY_MAX];
	char	*at;
	size_t	 len, n;

	out[0] = '\0';
	if (!utf8_valid(text, strlen(text)) ||
	    (len = utf8_strip(&text)) >= sizeof(typed))
		return (false);
	memcpy(typed, text, len);
	typed[len] = '\0';

	at = strrchr(typed, '@');
	n = fold(typed, at != NULL ? (size_t)(at - typed) : len, out, size);
	if (n < size)
		unify_sigmas(out);
	if (n < size && at != NULL) {
		out[n++] = '@';
		n = n < size && n + fold_domain(at + 1, out + n, size - n) <
		    size ? n : size;
	}
	if (n >= size)
		out[0] = '\0';
	return (n < size);
}

bool
email_mailbox(const char *address, char *out, size_t size)
{
	char	*at;
	size_t	 plus;

	if (!email_key(address, out, size) ||
	    (at = strrchr(out, '@')) == NULL)
		return (false);
	plus = strcspn(out, "+");
	if (plus > 0 && out + plus < at)
		memmove(out + plus, at, strlen(at) + 1);
	return (true);
}

bool
email_is_same(const char *one, const char *other)
{
	char	 key[EMAIL_KEY_MAX], other_key[EMAIL_KEY_MAX];

	return (email_key(one, key, sizeof(key)) &&
	    email_key(other, other_key, sizeof(other_key)) &&
	    strcmp(key, other_key) == 0);
}
